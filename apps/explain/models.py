"""That a model was asked, and what a day has cost. Nothing of what was sent or answered."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class State(models.TextChoices):
    """How far asking the model got."""

    ASKING = "asking", "in progress, or never finished"
    COMPLETE = "complete", "complete"
    CUT = "cut", "cut off"
    FAILED = "failed", "failed"


class Explanation(models.Model):
    """That somebody had a model explain a lookup. The text stands nowhere, only its digest."""

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
    state = models.CharField(max_length=10, choices=State, default=State.ASKING)
    problem = models.CharField(max_length=40, blank=True)
    tokens_in = models.PositiveIntegerField(help_text="Set aside at first, then what was used.")
    tokens_out = models.PositiveIntegerField(help_text="Set aside at first, then what was used.")
    cost = models.BigIntegerField(help_text="In millionths of the currency of the prices.")
    is_told = models.BooleanField(
        default=False, help_text="Whether the server told what was used; else it is the most."
    )

    class Meta:
        ordering = ("-at", "-pk")
        default_permissions = ("view",)
        permissions = (("ask_model", "Can ask a language model to explain a result"),)

    def __str__(self) -> str:
        return f"Explanation {self.pk}"


class Spending(models.Model):
    """What one day has used, what is set aside for calls under way included."""

    day = models.DateField(primary_key=True)
    tokens = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Spending of {self.day}"
