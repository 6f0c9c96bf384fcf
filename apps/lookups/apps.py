"""App configuration."""

from django.apps import AppConfig


class LookupsConfig(AppConfig):
    """Lookups, and their pages under Manage."""

    name = "apps.lookups"
    label = "lookups"
    default_auto_field = "django.db.models.BigAutoField"
