"""Models of draft templates, deliveries, and feedback on known errors."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from apps.answers.templates import VARIABLES, Kind
from apps.crypto import SealedField, Unreadable, seal_as, unseal_as
from apps.known_errors.patterns import TextRefused, check_variables
from apps.lookups.models import Choosable


class DraftTemplate(Choosable):
    """A template of drafts: text with variables in braces."""

    kind = models.CharField(
        "type", max_length=10, choices=Kind, help_text="It can't be changed later."
    )
    name = models.SlugField(
        max_length=40,
        unique=True,
        help_text="Used in links, such as bug-report. It can't be changed later.",
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

    class Meta:
        ordering = ("-kind", "position", "name")

    @property
    def audit_target(self) -> str:
        """Return the template's name in the audit trail."""
        return f"draft template {self.name}"

    def clean(self) -> None:
        """Refuse unknown variables, and report them for their fields."""
        self.body = "\n".join(line.rstrip() for line in self.body.strip().splitlines())
        if self.kind not in list(Kind):
            return
        refused = {}
        for field in ("subject", "body"):
            try:
                check_variables(getattr(self, field), VARIABLES[Kind(self.kind)])
            except TextRefused as error:
                refused[field] = str(error)
        if refused:
            raise ValidationError(refused)


class Handover(models.Model):
    """A draft sent to the webhook. Its encrypted body is deleted once it has arrived.

    `next_try` is the time of the next attempt, and also the lease of a running one.
    """

    class State(models.TextChoices):
        """Progress of the delivery."""

        WAITING = "waiting", "waiting"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "canceled"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lookup = models.ForeignKey("lookups.Lookup", on_delete=models.CASCADE, related_name="handovers")
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField("sent", default=timezone.now, db_index=True)
    sealed = SealedField(null=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True, blank=True, default=timezone.now)
    problem = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField("arrived", null=True, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name, verbose_name_plural = "delivery", "deliveries"
        default_permissions = ()  # the permission to view lookups covers them
        indexes = (
            models.Index(
                fields=("next_try",),
                condition=models.Q(state="waiting"),
                name="answers_handover_due",
            ),
        )

    def __str__(self) -> str:
        return f"Delivery {self.uuid}"

    @property
    def message_id(self) -> str:
        """Return the ID by which receivers recognize repeated attempts."""
        return f"msg_{self.uuid.hex}"

    @property
    def has_body(self) -> bool:
        """Return whether the draft is still stored, and so can be sent."""
        return self.sealed is not None

    def encrypt_body(self, body: bytes) -> None:
        """Set the encrypted body, unsaved."""
        self.sealed = seal_as(self.message_id, body)

    def body(self) -> bytes:
        """Return the decrypted body. Raise `Unreadable`."""
        if self.sealed is None:
            raise Unreadable
        return unseal_as(self.message_id, bytes(self.sealed))


class Feedback(models.Model):
    """Whether a known error was right for an issue of a lookup, according to one person."""

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
