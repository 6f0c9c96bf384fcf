"""App configuration of the known-error catalog."""

from django.apps import AppConfig


class KnownErrorsConfig(AppConfig):
    """Configure the catalog of known errors."""

    name = "apps.known_errors"
    label = "known_errors"
    verbose_name = "Known errors"
    default_auto_field = "django.db.models.BigAutoField"
