"""The record of one lookup: who asked what, when, with which outcome, and the redacted answer."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


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


class Lookup(models.Model):
    """One look at one customer. The customer as typed stands only here, not in the address."""

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

    customer = models.CharField(max_length=2000, help_text="As it was typed.")
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
    snapshot = models.BinaryField(null=True, editable=False)
    purged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        permissions = (
            ("open_any_lookup", "Can open lookups of other people"),
            ("purge_lookup", "Can remove the kept answers of lookups"),
            ("refresh_lookup", "Can ask Sentry again for a lookup"),
        )

    def __str__(self) -> str:
        return f"Lookup {self.uuid}"
