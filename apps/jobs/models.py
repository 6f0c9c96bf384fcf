"""Work to do, a row for each unit, the processes that do it, and what all processes count."""

from django.db import models
from django.db.models import Index, Q
from django.db.models.functions import Now


class Job(models.Model):
    """A unit of work. `kind` names its handler, `key` what it is about, without personal data.

    While it runs, a worker holds it until `lease_until`; after that, another worker begins again.
    Times are those of the database, because the clocks of machines differ. `requester` says whose
    it is, if several take turns.
    """

    class State(models.TextChoices):
        """Progress of the work. A failed job runs again only when someone asks for it."""

        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "canceled"

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_holder = models.CharField(max_length=150, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    requester = models.CharField(max_length=60, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    begun_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=("kind", "key"), name="jobs_once")]
        indexes = [
            Index(
                fields=("due_at",), condition=Q(state__in=("waiting", "failed")), name="jobs_due"
            ),
            Index(fields=("lease_until",), condition=Q(state="running"), name="jobs_leased"),
            Index(fields=("requester", "begun_at"), name="jobs_in_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}".strip()


class Worker(models.Model):
    """A worker process, with its last heartbeat."""

    name = models.CharField(max_length=100, unique=True)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """A number that all processes add to (`apps/metrics.py`)."""

    name = models.CharField(max_length=150, unique=True)
    value = models.FloatField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
