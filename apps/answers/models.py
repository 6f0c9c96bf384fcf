"""What people said of known errors: whether one was what the customer had."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.answers.draft_models import DraftTemplate, Handover

__all__ = ["DraftTemplate", "Feedback", "Handover"]


class Feedback(models.Model):
    """What a person said of one known error for one issue of a lookup; the last word counts."""

    known_error = models.ForeignKey(
        "known_errors.KnownError", on_delete=models.CASCADE, related_name="feedback"
    )
    lookup = models.ForeignKey(
        "lookups.Lookup", on_delete=models.CASCADE, related_name="known_feedback"
    )
    issue_id = models.CharField(max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="known_feedback"
    )
    helped = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=("known_error", "lookup", "issue_id", "user"), name="answers_feedback_once"
            )
        ]

    def __str__(self) -> str:
        return f"Feedback {self.pk}"
