"""The record of one lookup: who asked what, when, with which outcome, and the redacted answer.

Beside it the customer as typed, and with whom the lookup is shared.
"""

import uuid

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone

from apps.crypto import SealedField, Unreadable, seal_as, unseal_as
from apps.lookups.choices import How, Origin, Outcome
from apps.lookups.export_models import ExportPreset, ExportRecord
from apps.lookups.findings import LookupDay, LookupIssue, LookupProject
from apps.lookups.indexes import review_indexes

__all__ = [
    "ExportPreset",
    "ExportRecord",
    "How",
    "Lookup",
    "LookupDay",
    "LookupIssue",
    "LookupProject",
    "LookupShare",
    "Origin",
    "Outcome",
    "TypedCustomer",
]


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
        db_index=False,
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
    calls_saved = models.PositiveIntegerField(
        default=0, help_text="What a shared answer had cost whoever asked for it."
    )
    beside = models.JSONField(
        default=dict, blank=True, help_text="What was found beside the events, and not read."
    )
    duration_ms = models.PositiveIntegerField(null=True)
    from_cache = models.BooleanField(default=False)

    cache_key = models.CharField(max_length=100, db_index=True)
    cached_until = models.DateTimeField(null=True, blank=True)
    marker = models.CharField(max_length=32)
    snapshot = SealedField(null=True, editable=False)
    has_answer = models.BooleanField(
        default=False, help_text="Whether an answer was kept, which may be gone by now."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Until when the answer and the typed customer are kept."
    )
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = review_indexes()
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
        permissions = (("forget_customer", "Can erase customer data"),)

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
