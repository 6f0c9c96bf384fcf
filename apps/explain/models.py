"""Models of explanations and daily spending, without any text that was sent or received."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class ExplanationState(models.TextChoices):
    """Progress of an explanation."""

    ASKING = "asking", "in progress, or never finished"
    COMPLETE = "complete", "complete"
    CUT = "cut", "cut off"
    FAILED = "failed", "failed"


class Explanation(models.Model):
    """One explanation of a lookup. Of the text sent, only a digest is stored."""

    lookup = models.ForeignKey(
        "lookups.Lookup", on_delete=models.CASCADE, related_name="explanations"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="explanations",
    )
    at = models.DateTimeField(default=timezone.now, db_index=True)
    model = models.CharField(max_length=100)
    host = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the message that was sent.")
    state = models.CharField(
        max_length=10, choices=ExplanationState, default=ExplanationState.ASKING
    )
    problem = models.CharField(max_length=40, blank=True)
    tokens_in = models.PositiveIntegerField(help_text="The maximum at first, then the usage.")
    tokens_out = models.PositiveIntegerField(help_text="The maximum at first, then the usage.")
    cost = models.BigIntegerField(help_text="In millionths of the currency of the prices.")
    is_told = models.BooleanField(
        "reported by the server",
        default=False,
        help_text="Whether the server reported the usage. If not, it's the maximum.",
    )

    class Meta:
        ordering = ("-at", "-pk")
        default_permissions = ("view",)
        permissions = (("ask_model", "Can ask a language model to explain a result"),)

    def __str__(self) -> str:
        return f"Explanation {self.pk}"


class Spending(models.Model):
    """Usage of one day, including reservations for running calls. Costs are in millionths."""

    day = models.DateField(primary_key=True)
    tokens = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Spending of {self.day}"
