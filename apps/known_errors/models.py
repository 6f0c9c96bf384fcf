"""The entries of the catalog, with their history of versions."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from apps.events.answer import CatalogEntry, FixState, Link
from apps.known_errors.matching import Entry
from apps.known_errors.patterns import parse_pattern

_SLUG = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?\Z",
    "Use lowercase letters, digits, and dashes, such as card-declined.",
)


class KnownError(models.Model):
    """A known error: its pattern, its explanation, and the reply to the customer.

    `pattern` has the form that `patterns.parse_pattern` reads, `links` is a list of
    `{"label": ..., "address": ...}`, and `reply` can contain `patterns.REPLY_VARIABLES`.
    """

    class State(models.TextChoices):
        """Progress of the fix."""

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
        """Return the name of this entry in the audit trail."""
        return f"known error {self.slug}"

    @property
    def known(self) -> CatalogEntry:
        """Return the parts that are shown with a match."""
        return CatalogEntry(
            slug=self.slug,
            title=self.title,
            explanation=self.explanation,
            reply=self.reply,
            workaround=self.workaround,
            state=FixState(self.state),
            planned_for=self.planned_for,
            fixed_in=self.fixed_in,
            owner=self.owner,
            links=tuple(Link(link["label"], link["address"]) for link in self.links),
        )

    @property
    def entry(self) -> Entry:
        """Return the entry for matching. Raises `PartRefused` for an invalid pattern."""
        return Entry(self.known, parse_pattern(self.pattern), self.valid_from, self.valid_until)
