"""The application of ready answers."""

from django.apps import AppConfig


class AnswersConfig(AppConfig):
    """What people make of results."""

    name = "apps.answers"
    label = "answers"
    verbose_name = "Answers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What was handed over goes with the answer that it was made of."""
        from apps.answers.webhook import drop_bodies
        from apps.lookups.models import answers_dropped

        answers_dropped.connect(
            lambda lookup_ids, **_more: drop_bodies(list(lookup_ids)),
            weak=False,
            dispatch_uid="answers.drop_bodies",
        )
