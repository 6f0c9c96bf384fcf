"""The lookups application."""

from django.apps import AppConfig


class LookupsConfig(AppConfig):
    """Lookups and their review."""

    name = "apps.lookups"
    label = "lookups"
    default_auto_field = "django.db.models.BigAutoField"
