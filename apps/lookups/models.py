"""Lookups and what belongs to them: typed customers, shares, findings, statistics, and exports."""

import uuid
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.dispatch import Signal
from django.utils import timezone

from apps.crypto import SealedField, Unreadable, seal_as, unseal_as
from apps.exports.facts import NO_PRESET, Preset
from apps.exports.tokens import MAX_PROMPT_TOKENS


class Origin(models.TextChoices):
    """The source of a request."""

    WEB = "web", "web page"
    API = "api", "API"
    MCP = "mcp", "assistant (MCP)"
    CLI = "cli", "command line"


class Outcome(models.TextChoices):
    """The outcome of a lookup."""

    PENDING = "pending", "not run yet"
    FOUND = "found", "found"
    NOTHING = "nothing", "no error events (confirmed)"
    INCOMPLETE = "incomplete", "incomplete"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "stopped"


class LookupState(StrEnum):
    """The state of a lookup."""

    WAITING = "waiting"
    RUNNING = "asking"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PURGED = "purged"


class ExportMethod(models.TextChoices):
    """How an export left Triage."""

    COPIED = "copied", "copied"
    DOWNLOADED = "downloaded", "downloaded"
    PRINTED = "printed", "sent to a program or terminal"


class ExportRecord(models.Model):
    """An export of a lookup: by whom and in which form, without its content."""

    lookup = models.ForeignKey("lookups.Lookup", models.CASCADE, related_name="exports")
    at = models.DateTimeField("exported", default=timezone.now, db_index=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="exports")
    system_user = models.CharField(max_length=100, blank=True)
    origin = models.CharField("source", max_length=3, choices=Origin)
    how = models.CharField(max_length=10, choices=ExportMethod)
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
        verbose_name = "export"
        default_permissions = ()  # permission to view lookups covers them; no one edits them

    def __str__(self) -> str:
        return f"Export {self.pk}"


class Choosable(models.Model):
    """A text that admins write, and that people choose by its label."""

    label = models.CharField(
        max_length=60, help_text="The name people see in the list, in a few words."
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower numbers come first.")
    is_active = models.BooleanField(
        "in use", default=True, help_text="Whether people can choose it."
    )
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label


class ExportPreset(Choosable):
    """A prompt to put before the data of an export. It never changes the data."""

    name = models.SlugField(
        max_length=40,
        unique=True,
        help_text="Used in links and on the command line, such as bug-report. It can't be changed "
        "later.",
    )
    instruction = models.TextField(
        max_length=2000,
        help_text="What the model reads before the data. Say what to write, for whom, and how "
        "long, and ask it to mark its guesses. Don't repeat facts: they follow, and no prompt "
        f"changes them. Up to about {MAX_PROMPT_TOKENS} tokens, roughly 60 words.",
    )

    class Meta:
        ordering = ("position", "name")
        verbose_name = "prompt"

    @property
    def audit_target(self) -> str:
        return f"export preset {self.name}"

    def clean(self) -> None:
        """Refuse a prompt that is too long, and the name reserved for no prompt.

        Line breaks, which browsers send as two characters, become one, as in a file.
        """
        self.instruction = "\n".join(self.instruction.strip().splitlines())
        if self.name == NO_PRESET.name:
            raise ValidationError({"name": "This name is reserved for “no prompt.”"})
        tokens = self.as_preset().tokens
        if tokens > MAX_PROMPT_TOKENS:
            limit = f"the limit for a prompt is {MAX_PROMPT_TOKENS}"
            sentence = f"This takes about {tokens} tokens, and {limit}. Shorten it."
            raise ValidationError({"instruction": sentence})

    def as_preset(self) -> Preset:
        return Preset(self.name, self.label, self.instruction)


# Data for filters and statistics under Manage. Issues and projects are stored as long as the
# result. They repeat the lookup's time and customer hash, so one index is enough to count them.

MAX_TITLE_LENGTH = 200
# Sent with `lookup_ids` in the transaction that deletes the results of these lookups, so that
# higher layers delete what they made from them.
results_deleted = Signal()
# Sent with `customer_hash` and whether to `erase`; receivers count, as `records.StoredCounts` does,
# what higher layers store for that customer, and erase it in the same transaction.
customer_data = Signal()
# Sent with `now` and whether to `delete`, so that higher layers delete what has expired; receivers
# return how many results that is.
pruning = Signal()


_NEWEST = ("created_at", "id")
_COUNTED = ("user", "outcome", "from_cache", "calls", "calls_saved", "duration_ms", "id")


def _index(name: str, *fields: str, condition: Q | None = None) -> Index:
    return Index(fields=fields, name=f"lookups_{name}", condition=condition)


class LookupProject(models.Model):
    """A project that a lookup searched by choice or found events in."""

    lookup = models.ForeignKey("lookups.Lookup", models.CASCADE, related_name="found_projects")
    project = models.CharField(max_length=100)
    asked_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [UniqueConstraint(fields=("lookup", "project"), name="lookups_project_once")]
        indexes = [_index("project_asked", "project", "asked_at", "lookup")]

    def __str__(self) -> str:
        return self.project


class LookupIssue(models.Model):
    """An issue that a lookup found, with its number of events and redacted title."""

    lookup = models.ForeignKey("lookups.Lookup", models.CASCADE, related_name="found_issues")
    issue_id = models.CharField(max_length=100)
    project = models.CharField(max_length=100, blank=True)
    sealed_title = SealedField()
    events = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    customer_hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [UniqueConstraint(fields=("lookup", "issue_id"), name="lookups_issue_once")]
        indexes = [
            _index("issue_asked", "asked_at", "issue_id", "lookup"),
            _index("issue_of", "issue_id", "asked_at", "lookup", "customer_hash"),
        ]

    def __str__(self) -> str:
        return f"Issue {self.issue_id}"

    @property
    def title(self) -> str:
        """Return the title, or an empty text if no key decrypts it."""
        try:
            return unseal_as(_title_context(self.issue_id), bytes(self.sealed_title)).decode()
        except Unreadable:
            return ""


class LookupDay(models.Model):
    """The statistics of a past day (UTC), so it is counted only once.

    `counts` has a row per person, outcome, and origin of the result, as `DayCount` in
    `admin.statistics` reads them; `highest_id` is the newest lookup that existed at that time.
    """

    day = models.DateField(primary_key=True)
    highest_id = models.BigIntegerField()
    counts = models.JSONField(default=list)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Day {self.day}"


class Lease(models.Model):
    """The right to query Sentry for a question, which processes share while the cache is lost."""

    cache_key = models.CharField(max_length=100, primary_key=True)
    token = models.CharField(max_length=32)
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.cache_key


def sealed_title(issue_id: str, title: str) -> bytes:
    """Encrypt the title for the rows of this issue."""
    return seal_as(_title_context(issue_id), title[:MAX_TITLE_LENGTH].encode())


def _title_context(issue_id: str) -> str:
    return f"title of issue {issue_id}"


def delete_findings(lookup_ids: Collection[int]) -> None:
    """Delete the issues and projects found by these lookups, along with their results."""
    LookupIssue.objects.filter(lookup_id__in=lookup_ids).delete()
    LookupProject.objects.filter(lookup_id__in=lookup_ids).delete()
    results_deleted.send(sender=LookupIssue, lookup_ids=lookup_ids)


class Lookup(models.Model):
    """A lookup of one customer, who is stored here as a keyed hash only.

    The typed customer and the result are encrypted, and are deleted after `expires_at`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="lookups", db_index=False
    )
    origin = models.CharField(max_length=3, choices=Origin)
    system_user = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    customer_hash = models.CharField(max_length=64)
    moment = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    zone = models.CharField(max_length=64)
    projects = models.JSONField(default=list)
    environments = models.JSONField(default=list)
    fresh = models.BooleanField(default=False, help_text="Whether the cache was skipped.")
    redacted = models.BooleanField(default=True)

    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.PENDING)
    problem = models.CharField(max_length=30, blank=True)
    problem_detail = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    events = models.PositiveIntegerField(null=True)
    issues = models.PositiveIntegerField(null=True)
    # Without a constraint: adding one reads the whole table, with all results.
    problems = models.IntegerField(null=True, help_text="Without those in the background.")
    bodies = models.PositiveIntegerField(null=True)
    calls = models.PositiveIntegerField(default=0)
    calls_saved = models.PositiveIntegerField(
        default=0, help_text="The calls that a result from cache had needed."
    )
    beside = models.JSONField(
        default=dict, blank=True, help_text="The related data found, and what could not be read."
    )
    duration_ms = models.PositiveIntegerField(null=True)
    from_cache = models.BooleanField(default=False)

    cache_key = models.CharField(max_length=100, db_index=True)
    cached_until = models.DateTimeField(null=True, blank=True)
    marker = models.CharField(max_length=32)
    snapshot = SealedField(null=True, editable=False)
    has_answer = models.BooleanField(
        default=False, help_text="Whether a result was stored, which may be deleted by now."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Until when the result and the typed customer are stored."
    )
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        # For the list under Manage, each of its filters, the statistics, and what expires.
        indexes = [
            _index("newest", *_NEWEST),
            _index("by_user", "user", *_NEWEST),
            _index("by_outcome", "outcome", *_NEWEST),
            _index("by_origin", "origin", *_NEWEST),
            _index("by_customer_hash", "customer_hash", *_NEWEST),
            _index("by_system", "system_user", *_NEWEST, condition=~Q(system_user="")),
            _index("unredacted", *_NEWEST, condition=Q(redacted=False)),
            _index("purged", *_NEWEST, condition=Q(purged_at__isnull=False)),
            _index(
                "without_answer", *_NEWEST, condition=Q(purged_at__isnull=True, has_answer=False)
            ),
            _index("cached_until", "cached_until", condition=Q(cached_until__isnull=False)),
            _index("expires_at", "expires_at"),
            _index("kept_until", "expires_at", condition=Q(snapshot__isnull=False)),
            _index("counted", "created_at", *_COUNTED, "customer_hash"),
        ]
        permissions = (
            ("export_unredacted", "Can export lookups without redaction"),
            ("open_any_lookup", "Can open lookups of other people"),
            ("purge_lookup", "Can remove the kept answers of lookups"),
            ("refresh_lookup", "Can ask Sentry again for a lookup"),
            ("extend_lookup", "Can keep the answers of lookups for longer"),
        )

    def __str__(self) -> str:
        return f"Lookup {self.uuid}"

    @property
    def audit_target(self) -> str:
        return f"lookup {self.uuid}"

    @property
    def customer(self) -> str:
        """Return the customer as typed, or an empty text if expired, erased, or unreadable."""
        try:
            return "" if self.is_expired else self.typed.as_typed
        except (TypedCustomer.DoesNotExist, Unreadable):
            return ""

    @property
    def is_expired(self) -> bool:
        """Return whether the retention of the result is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_removed(self) -> bool:
        """Return whether the result was deleted, so that it must not be queried again."""
        return self.purged_at is not None or self.is_expired

    @property
    def end(self) -> LookupState | None:
        """Return how it ended, or None if something is left to query."""
        if self.is_removed:
            return LookupState.PURGED
        if self.outcome == Outcome.CANCELLED:
            return LookupState.CANCELLED
        return None if self.snapshot is None else LookupState.DONE


class TypedCustomer(models.Model):
    """The customer of a lookup as typed, encrypted, in a separate row that can be erased."""

    lookup = models.OneToOneField(Lookup, models.CASCADE, primary_key=True, related_name="typed")
    customer_hash = models.CharField(max_length=64, db_index=True)
    sealed = SealedField()

    class Meta:
        default_permissions = ()
        permissions = (("forget_customer", "Can erase customer data"),)

    def __str__(self) -> str:
        return f"Customer of lookup {self.lookup_id}"

    @classmethod
    def of(cls, lookup: Lookup, typed: str) -> "TypedCustomer":
        """Return an unsaved row for this lookup, which refers to it from now on."""
        return cls(
            lookup=lookup,
            customer_hash=lookup.customer_hash,
            sealed=seal_as(f"customer of {lookup.audit_target}", typed.encode()),
        )

    @property
    def as_typed(self) -> str:
        """Return the decrypted text. Raise `Unreadable`."""
        return unseal_as(f"customer of {self.lookup.audit_target}", bytes(self.sealed)).decode()


class Share(models.Model):
    """Permission for another person or a team to read a lookup, or another `target`."""

    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="shared_%(app_label)s"
    )
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="shared_%(app_label)s"
    )
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ("-at", "-pk")
        default_permissions = ()  # the target decides who can share it

    def __str__(self) -> str:
        return f"Share {self.pk}"

    @property
    def reader(self) -> str:
        """Return the username, or the word "team" and the team's name."""
        return f"team {self.group}" if self.group else str(self.user)

    @property
    def target(self) -> Any:
        """Return what is shared: it has an owner, `audit_target`, and `shares`."""
        raise NotImplementedError


def share_constraint(name: str) -> models.CheckConstraint:
    """Return the constraint that a share is with either a person or a team."""
    person = Q(user__isnull=False, group__isnull=True)
    team = Q(user__isnull=True, group__isnull=False)
    return models.CheckConstraint(condition=person | team, name=name)


class LookupShare(Share):
    """Permission for another person or a team to read a lookup."""

    lookup = models.ForeignKey(Lookup, models.CASCADE, related_name="shares")

    class Meta(Share.Meta):
        abstract = False
        constraints = (share_constraint("shared_with_a_person_or_a_team"),)

    @property
    def target(self) -> Lookup:
        return self.lookup
