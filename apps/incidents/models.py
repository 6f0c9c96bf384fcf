"""Incidents: many customers looked up at once, in batches that survive restarts."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.dispatch import receiver
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.crypto import SealedField, Unreadable, seal_as, unseal_as
from apps.events.query import Window
from apps.lookups.models import Origin, Share, customer_data, pruning, share_constraint


class Incident(models.Model):
    """A list of customers and one window. What Sentry had on each is in the lines, redacted.

    `left_out` counts the other lines of the list, by the reason. `sealed_rest` is what was read for
    all customers once the batches were answered.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="incidents",
    )
    token = models.ForeignKey(
        ApiToken, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    origin = models.CharField(max_length=3, choices=Origin)
    system_user = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    moment = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    zone = models.CharField(max_length=64)
    projects = models.JSONField(default=list)
    environments = models.JSONField(default=list)
    left_out = models.JSONField(default=dict)
    marker = models.CharField(max_length=32)
    sealed_rest = SealedField(null=True, editable=False)
    redaction_version = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        default_permissions = ()
        permissions = (("add_incident", "Can look up many customers at once"),)

    def __str__(self) -> str:
        return f"Incident {self.uuid}"

    @property
    def audit_target(self) -> str:
        """Return the name of this incident in the audit trail."""
        return f"incident {self.uuid}"

    @property
    def is_expired(self) -> bool:
        """Return whether the retention of the result is over."""
        return self.expires_at <= timezone.now()

    @property
    def state(self) -> str:
        """Return finished, cancelled, or running."""
        if self.cancelled_at:
            return "cancelled"
        return "finished" if self.finished_at else "running"

    @property
    def is_over(self) -> bool:
        """Return whether nothing will be added to the result."""
        return self.state != "running"

    @property
    def window(self) -> Window:
        """The window that is searched for all customers."""
        return Window(self.moment, self.minutes)

    def seal(self, part: str, content: bytes) -> bytes:
        """Encrypt a part of this incident, for no other place."""
        return seal_as(f"{part} of {self.audit_target}", content)

    def unseal(self, part: str, sealed: bytes | None) -> bytes | None:
        """Decrypt a part of this incident. Return None if there is none or it's unreadable."""
        if not sealed:
            return None
        try:
            return unseal_as(f"{part} of {self.audit_target}", bytes(sealed))
        except Unreadable:
            return None


class IncidentBatch(models.Model):
    """Customers who are looked up together: one unit of work with one result.

    `sealed_answer` is without the findings, which are in the lines; `problem` is a sentence if
    Sentry could not be asked.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    ended_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    sealed_answer = SealedField(null=True, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=("incident", "number"), name="incidents_batch_once")
        ]

    def __str__(self) -> str:
        return f"Batch {self.number}"


class IncidentLine(models.Model):
    """A customer of an incident. Both texts are None once the customer's data is erased."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="lines")
    batch = models.ForeignKey(IncidentBatch, on_delete=models.CASCADE, related_name="lines")
    line = models.PositiveIntegerField()
    customer_hash = models.CharField(max_length=64, db_index=True)
    sealed_customer = SealedField(null=True, editable=False)
    sealed_finding = SealedField(null=True, editable=False)

    class Meta:
        ordering = ("line",)
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=("incident", "line"), name="incidents_line_once")
        ]

    def __str__(self) -> str:
        return f"Line {self.line}"

    def customer_in(self, incident: Incident) -> str:
        """Return the customer as typed, or an empty text if erased or unreadable."""
        typed = incident.unseal(f"customer {self.line}", self.sealed_customer)
        return (typed or b"").decode()


class IncidentShare(Share):
    """Permission for another person or a team to read an incident."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="shares")

    class Meta(Share.Meta):
        abstract = False
        constraints = (share_constraint("incident_shared_with_a_person_or_a_team"),)

    @property
    def target(self) -> Incident:
        """Return the shared incident."""
        return self.incident


# What lookups do with the data of customers, done here as well.


@receiver(customer_data, dispatch_uid="incidents.customer_data")
def _customer_data(customer_hash: str, *, erase: bool, **_signal: Any) -> tuple[int, ...]:
    """Count what is stored for a customer, and erase it: their lines stay, and name no one."""
    lines = IncidentLine.objects.filter(customer_hash=customer_hash)
    stored = lines.filter(sealed_customer__isnull=False)
    names, answers = stored.count(), stored.filter(sealed_finding__isnull=False).count()
    if erase:
        stored.update(sealed_customer=None, sealed_finding=None)
    return (lines.count(), answers, names, 0)


@receiver(pruning, dispatch_uid="incidents.pruning")
def _prune(now: datetime, *, delete: bool, **_signal: Any) -> int:
    """Delete the incidents that have expired, and return how many results they have."""
    expired = Incident.objects.filter(expires_at__lte=now)
    lines = IncidentLine.objects.filter(incident__in=expired, sealed_finding__isnull=False)
    count = lines.count()
    if delete:
        expired.delete()
    return count
