"""Configuration of the explain app."""

from django.apps import AppConfig


class ExplainConfig(AppConfig):
    """Explanations by a language model."""

    name = "apps.explain"
    label = "explain"
    verbose_name = "Explanations"
    default_auto_field = "django.db.models.BigAutoField"
