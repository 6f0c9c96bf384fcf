"""What people said of known errors: whether one was what the customer had."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from apps.answers.templates import VARIABLES, Kind
from apps.crypto import SealedField, Unreadable, seal_as, unseal_as
from apps.known_errors.patterns import TextRefused, check_variables

# The templates of drafts, and drafts that were handed over to another program.


class DraftTemplate(models.Model):
    """What a draft is made of: text with variables in braces."""

    class For(models.TextChoices):
        """Whom the draft is for."""

        REPLY = Kind.REPLY, "reply to the customer"
        ESCALATION = Kind.ESCALATION, "escalation to engineering"

    kind = models.CharField(
        "type", max_length=10, choices=For, help_text="It can't be changed later."
    )
    name = models.SlugField(
        max_length=40,
        unique=True,
        help_text="Used in links, such as bug-report. It can't be changed later.",
    )
    label = models.CharField(
        max_length=60, help_text="The name people see in the list, in a few words."
    )
    subject = models.CharField(max_length=150, help_text="One line. It can contain variables.")
    body = models.TextField(
        "text",
        max_length=6000,
        help_text=(
            "If all the variables in a line are empty, the line is left out. So is a heading "
            "with nothing left below it. In an escalation, a line that starts with # is a "
            "heading."
        ),
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower numbers come first.")
    is_active = models.BooleanField(
        "in use", default=True, help_text="Whether people can choose it."
    )
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ("-kind", "position", "name")

    def __str__(self) -> str:
        return self.label

    @property
    def audit_target(self) -> str:
        """What the audit trail calls this row."""
        return f"draft template {self.name}"

    def clean(self) -> None:
        """Refuse variables that are not there to be had, each in its field."""
        self.body = "\n".join(line.rstrip() for line in self.body.strip().splitlines())
        if self.kind not in list(Kind):
            return
        refused = {}
        for field in ("subject", "body"):
            try:
                check_variables(getattr(self, field), VARIABLES[Kind(self.kind)])
            except TextRefused as problem:
                refused[field] = str(problem)
        if refused:
            raise ValidationError(refused)


class Handover(models.Model):
    """A draft that was handed over, sealed until it has arrived; then only that it did stays.

    `next_try` is when it may be tried next; whoever tries moves it on first.
    """

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "waiting"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lookup = models.ForeignKey("lookups.Lookup", on_delete=models.CASCADE, related_name="handovers")
    kind = models.CharField(max_length=10, choices=DraftTemplate.For)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now, db_index=True)
    sealed = SealedField(null=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True, blank=True, default=timezone.now)
    problem = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        default_permissions = ()  # who may view lookups may view them
        indexes = (
            models.Index(
                fields=("next_try",),
                condition=models.Q(state="waiting"),
                name="answers_handover_due",
            ),
        )

    def __str__(self) -> str:
        return f"Handover {self.uuid}"

    @property
    def message_id(self) -> str:
        """What receivers tell it by; it stays the same for each try."""
        return f"msg_{self.uuid.hex}"

    @property
    def has_body(self) -> bool:
        """Whether it could be tried again."""
        return self.sealed is not None

    def keep(self, body: bytes) -> None:
        """Seal what is to be sent; it is not saved yet."""
        self.sealed = seal_as(self.message_id, body)

    def body(self) -> bytes:
        """What is to be sent. Raises `Unreadable`."""
        if self.sealed is None:
            raise Unreadable
        return unseal_as(self.message_id, bytes(self.sealed))


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
