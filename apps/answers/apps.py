"""The application of ready answers."""

from django.apps import AppConfig


class AnswersConfig(AppConfig):
    """What people make of results."""

    name = "apps.answers"
    label = "answers"
    verbose_name = "Answers"
    default_auto_field = "django.db.models.BigAutoField"
