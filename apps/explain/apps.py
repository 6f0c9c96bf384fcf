"""The application of explanations by a language model."""

from django.apps import AppConfig


class ExplainConfig(AppConfig):
    """What was asked of a model, and what it cost."""

    name = "apps.explain"
    label = "explain"
    verbose_name = "Explanations"
    default_auto_field = "django.db.models.BigAutoField"
