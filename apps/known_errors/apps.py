"""The application of the catalogue."""

from django.apps import AppConfig


class KnownErrorsConfig(AppConfig):
    """Known errors and their history."""

    name = "apps.known_errors"
    label = "known_errors"
    verbose_name = "Known errors"
    default_auto_field = "django.db.models.BigAutoField"
