"""Configuration of the answers app."""

from django.apps import AppConfig


class AnswersConfig(AppConfig):
    """Drafts, deliveries, and feedback on known errors."""

    name = "apps.answers"
    label = "answers"
    verbose_name = "Answers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Delete drafts together with the results they are based on."""
        from apps.answers.webhook import delete_bodies
        from apps.lookups.models import results_deleted

        results_deleted.connect(
            lambda lookup_ids, **_more: delete_bodies(list(lookup_ids)),
            weak=False,
            dispatch_uid="answers.drop_bodies",
        )
