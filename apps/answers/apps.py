"""Configuration of the answers app."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig


class AnswersConfig(AppConfig):
    """Drafts, deliveries, and feedback on known errors."""

    name = "apps.answers"
    label = "answers"
    verbose_name = "Answers"
    default_auto_field = "django.db.models.BigAutoField"
    jobs = ("apps.answers.webhook",)

    def ready(self) -> None:
        """Delete drafts together with the results they are based on."""
        from apps.lookups.models import results_deleted

        results_deleted.connect(_delete_bodies, dispatch_uid="answers.drop_bodies")


def _delete_bodies(lookup_ids: Iterable[int], **_signal: Any) -> None:
    from apps.answers.webhook import delete_bodies  # most commands don't need it

    delete_bodies(list(lookup_ids))
