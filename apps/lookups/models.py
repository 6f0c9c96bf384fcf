"""The record of one lookup: who asked what, when, with which outcome, and the redacted answer.

Beside it what was exported of it, and the questions that may go before an export.
"""

import uuid

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from apps.exports import Preset
from apps.exports.presets import MOST_QUESTION_TOKENS, NO_PRESET
from apps.vault.fields import SealedField
from apps.vault.sealing import Unreadable, seal_as, unseal_as


class Origin(models.TextChoices):
    """Through which door the lookup came."""

    WEB = "web", "web page"
    API = "api", "API"
    CLI = "cli", "command line"


class Outcome(models.TextChoices):
    """How a lookup ended, as far as it has."""

    PENDING = "pending", "not asked yet"
    FOUND = "found", "found"
    NOTHING = "nothing", "surely none"
    INCOMPLETE = "incomplete", "incomplete"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "stopped by a person"


class How(models.TextChoices):
    """What became of an export."""

    COPIED = "copied", "copied"
    DOWNLOADED = "downloaded", "downloaded"
    PRINTED = "printed", "handed to a program or a terminal"


class Lookup(models.Model):
    """One look at one customer, of whom only a keyed hash stands here.

    What was typed and what was found are sealed, and go when `expires_at` has come.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="lookups",
    )
    origin = models.CharField(max_length=3, choices=Origin)
    system_user = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    customer_hash = models.CharField(max_length=64, db_index=True)
    moment = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    zone = models.CharField(max_length=64)
    projects = models.JSONField(default=list)
    environments = models.JSONField(default=list)
    fresh = models.BooleanField(default=False, help_text="Asked Sentry past the shared copy.")
    redacted = models.BooleanField(default=True)

    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PENDING)
    problem = models.CharField(max_length=30, blank=True)
    problem_detail = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    events = models.PositiveIntegerField(null=True)
    issues = models.PositiveIntegerField(null=True)
    bodies = models.PositiveIntegerField(null=True)
    calls = models.PositiveIntegerField(default=0)
    beside = models.JSONField(
        default=dict, blank=True, help_text="What was found beside the events, and not read."
    )
    duration_ms = models.PositiveIntegerField(null=True)
    from_cache = models.BooleanField(default=False)

    cache_key = models.CharField(max_length=100, db_index=True)
    cached_until = models.DateTimeField(null=True, blank=True)
    marker = models.CharField(max_length=32)
    snapshot = SealedField(null=True, editable=False)
    expires_at = models.DateTimeField(
        null=True,
        blank=True,
        db_index=True,
        help_text="Until when the answer and the typed customer are kept.",
    )
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (
            models.Index(
                fields=("expires_at",),
                name="lookups_kept_until",
                condition=models.Q(snapshot__isnull=False),
            ),
        )
        permissions = (
            ("export_unredacted", "Can export lookups without redaction"),
            ("open_any_lookup", "Can open lookups of other people"),
            ("purge_lookup", "Can remove the kept answers of lookups"),
            ("refresh_lookup", "Can ask Sentry again for a lookup"),
        )

    def __str__(self) -> str:
        return f"Lookup {self.uuid}"

    @property
    def audit_target(self) -> str:
        """What the audit trail calls this lookup."""
        return f"lookup {self.uuid}"

    @property
    def customer(self) -> str:
        """As it was typed; empty once its time is over, it is erased, or no key opens it."""
        try:
            return "" if self.is_expired else self.typed.as_typed
        except (TypedCustomer.DoesNotExist, Unreadable):
            return ""

    @property
    def is_expired(self) -> bool:
        """Whether the time is over for which something is kept."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_removed(self) -> bool:
        """Whether there is no answer any more, and none shall be asked for."""
        return self.purged_at is not None or self.is_expired


class TypedCustomer(models.Model):
    """The customer of a lookup as typed, sealed: a row of its own, which can be erased."""

    lookup = models.OneToOneField(
        Lookup, on_delete=models.CASCADE, primary_key=True, related_name="typed"
    )
    customer_hash = models.CharField(max_length=64, db_index=True)
    sealed = SealedField()

    class Meta:
        default_permissions = ()
        permissions = (("forget_customer", "Can have customers forgotten"),)

    def __str__(self) -> str:
        return f"Customer of lookup {self.lookup_id}"

    @classmethod
    def of(cls, lookup: Lookup, typed: str) -> "TypedCustomer":
        """The row for this lookup, not saved yet; from now on the lookup knows it."""
        return cls(
            lookup=lookup,
            customer_hash=lookup.customer_hash,
            sealed=seal_as(f"customer of {lookup.audit_target}", typed.encode()),
        )

    @property
    def as_typed(self) -> str:
        """What was typed. Raises `Unreadable`."""
        place = f"customer of {self.lookup.audit_target}"
        return unseal_as(place, bytes(self.sealed)).decode()


class LookupShare(models.Model):
    """That a lookup may be read by one more person, or by the people of a team."""

    lookup = models.ForeignKey(Lookup, on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="shared_lookups",
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="shared_lookups"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        default_permissions = ()  # who may share is told by the lookup
        constraints = (
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group__isnull=True)
                | models.Q(user__isnull=True, group__isnull=False),
                name="shared_with_a_person_or_a_team",
            ),
        )

    def __str__(self) -> str:
        return f"Share {self.pk}"

    @property
    def reader(self) -> str:
        """The person's or the team's name, with a word on which of both it is."""
        return f"team {self.group}" if self.group else str(self.user)


class ExportRecord(models.Model):
    """That somebody took an export of a lookup, and in which form; nothing of what it says."""

    lookup = models.ForeignKey(Lookup, on_delete=models.CASCADE, related_name="exports")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="exports",
    )
    system_user = models.CharField(max_length=100, blank=True)
    origin = models.CharField(max_length=3, choices=Origin)
    how = models.CharField(max_length=10, choices=How)
    format = models.CharField(max_length=10)
    preset = models.CharField(max_length=40)
    budget = models.PositiveIntegerField(null=True, help_text="Empty for everything.")
    tokens = models.PositiveIntegerField(help_text="About how many the text has.")
    issue_id = models.CharField(max_length=100, blank=True, help_text="Only this problem, if any.")
    redacted = models.BooleanField(default=True)
    reason = models.CharField(
        max_length=200, blank=True, help_text="Why it was needed without redaction."
    )

    class Meta:
        ordering = ("-at", "-pk")
        default_permissions = ()  # who may view lookups may view them; nobody edits them

    def __str__(self) -> str:
        return f"Export {self.pk}"


class ExportPreset(models.Model):
    """A question that people may put before an export. It never changes the facts."""

    name = models.SlugField(
        max_length=40,
        unique=True,
        help_text="For links and the command line, such as bug-report. It stays as it is.",
    )
    label = models.CharField(max_length=60, help_text="What people choose, in a few words.")
    instruction = models.TextField(
        max_length=2000,
        help_text=(
            "What the model is told before the data. Say what to write, for whom and how long, "
            "and have guesses marked. Do not repeat facts: they follow, and no question changes "
            f"them. At most about {MOST_QUESTION_TOKENS} tokens, some 60 words."
        ),
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Low numbers come first.")
    is_active = models.BooleanField(default=True, help_text="Whether it is offered.")
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
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Refuse a question that is too long, and the name that stands for no question.

        Browsers send a line's end as two characters; one is kept, so that the text of a page and
        of a file stay the same.
        """
        self.instruction = "\n".join(self.instruction.strip().splitlines())
        if self.name == NO_PRESET.name:
            raise ValidationError({"name": "This name stands for no question at all."})
        tokens = self.as_preset().tokens
        if tokens > MOST_QUESTION_TOKENS:
            raise ValidationError(
                {
                    "instruction": f"This takes about {tokens} tokens, and a question may take "
                    f"{MOST_QUESTION_TOKENS}. Please shorten it."
                }
            )

    def as_preset(self) -> Preset:
        """The question as an export takes it."""
        return Preset(self.name, self.label, self.instruction)
