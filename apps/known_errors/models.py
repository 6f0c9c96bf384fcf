"""The entries of the catalogue. Each version of an entry is kept."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from apps.events.answer import FixState, Known, Link
from apps.known_errors.matching import Entry
from apps.known_errors.patterns import Pattern, pattern_from

_SLUG = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?\Z",
    "Use lowercase letters, digits, and dashes, such as card-declined.",
)


class KnownError(models.Model):
    """One known error: what it looks like, what it is, what to tell the customer.

    `pattern` holds plain values as `patterns.pattern_from` reads them, `links` a list of
    `{"label": ..., "address": ...}`. `reply` may hold the variables of a reply.
    """

    class State(models.TextChoices):
        """How far the fix is."""

        OPEN = FixState.OPEN, "open"
        PLANNED = FixState.PLANNED, "fix planned"
        FIXED = FixState.FIXED, "fixed in a release"

    slug = models.CharField("name", max_length=80, unique=True, validators=[_SLUG])
    title = models.CharField(max_length=120)
    pattern = models.JSONField(default=dict)
    explanation = models.TextField(max_length=4000)
    reply = models.TextField("what to tell the customer", max_length=4000, blank=True)
    workaround = models.TextField(max_length=4000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    planned_for = models.DateField("fix planned for", null=True, blank=True)
    fixed_in = models.CharField("fixed in release", max_length=200, blank=True)
    owner = models.CharField(max_length=120, blank=True)
    links = models.JSONField(default=list, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    is_active = models.BooleanField("in use", default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(auto_now=True, db_index=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    history = HistoricalRecords(excluded_fields=["changed_at", "created_at", "changed_by"])

    class Meta:
        ordering = ("title", "slug")
        default_permissions = ("view", "add", "change")

    def __str__(self) -> str:
        return self.title

    @property
    def audit_target(self) -> str:
        """What the audit trail calls this entry."""
        return f"known error {self.slug}"

    @property
    def looks_like(self) -> Pattern:
        """The pattern. Raises `PatternRefused` for one that today's rules refuse."""
        return pattern_from(self.pattern)

    @property
    def known(self) -> Known:
        """What is told of it."""
        return Known(
            slug=self.slug,
            title=self.title,
            explanation=self.explanation,
            reply=self.reply,
            workaround=self.workaround,
            state=FixState(self.state),
            planned_for=self.planned_for,
            fixed_in=self.fixed_in,
            owner=self.owner,
            links=tuple(Link(one["label"], one["address"]) for one in self.links),
        )

    @property
    def entry(self) -> Entry:
        """As the matching takes it. Raises `PatternRefused`."""
        return Entry(self.known, self.looks_like, self.valid_from, self.valid_until)
