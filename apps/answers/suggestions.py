"""Issues that several lookups of different customers met, and that no entry in use fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, Value
from django.db.models.functions import Coalesce

from apps.accounts.teams import projects_of
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import match
from apps.lookups import shared
from apps.lookups.findings import LookupIssue
from apps.lookups.keepers import keeps
from apps.lookups.models import Lookup
from apps.lookups.reading import Projects, kept_answer
from apps.vault.hashing import keyed_hash

DAYS = 30
MOST = 30
LEAST_CUSTOMERS = 2
_TRIED = 100
_TRIED_LOOKUPS = 5
_KEPT_S = 600


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An issue without an entry; `lookup` is one that the reader may open, if there is any."""

    issue_id: str
    title: str
    project: str
    lookups: int
    customers: int
    lookup: UUID | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The suggestions, most lookups first; `unread` issues keep no answer to judge them by."""

    rows: tuple[Suggestion, ...]
    unread: int


def suggestions_for(reader: User, now: datetime) -> Suggestions:
    """What a lead could write next, of the projects they may see. The counts may be 10 min old."""
    projects = projects_of(reader)
    since = now - timedelta(days=DAYS)
    may_open = keeps(reader)
    rows, unread = [], 0
    for issue_id, lookups, customers in _counted(since, projects):
        found = _newest(issue_id, since, projects)
        known = _is_known(issue_id, found, projects)
        unread += known is None
        if known is False:
            first = found[0]
            opened = _openable(found, may_open)
            rows.append(
                Suggestion(issue_id, first.title, first.project, lookups, customers, opened)
            )
        if len(rows) == MOST:
            break
    return Suggestions(tuple(rows), unread)


def _counted(since: datetime, projects: Projects) -> list[tuple[str, int, int]]:
    """Issue, number of lookups and of customers: the most frequent, kept for a few minutes."""
    scope = "all" if projects is None else ",".join(sorted(projects))
    key = f"catalogue/suggestions/{keyed_hash('triage.suggestions', scope)}"
    held = shared.get(key)
    if isinstance(held, list) and all(isinstance(row, list) and len(row) == 3 for row in held):
        return [(str(issue), int(lookups), int(customers)) for issue, lookups, customers in held]
    found = LookupIssue.objects.filter(asked_at__gte=since)
    if projects is not None:
        found = found.filter(project__in=projects)
    counted = (
        found.annotate(which=Coalesce("issue_id", Value("")))
        .order_by()
        .values("which")
        .annotate(lookups=Count("pk"), customers=Count("customer_hash", distinct=True))
        .filter(customers__gte=LEAST_CUSTOMERS)
        .order_by("-lookups", "-customers", "which")
    )
    rows = list(counted.values_list("which", "lookups", "customers")[:_TRIED])
    shared.put(key, [list(row) for row in rows], _KEPT_S)
    return rows


def _newest(issue_id: str, since: datetime, projects: Projects) -> Sequence[LookupIssue]:
    found = LookupIssue.objects.filter(issue_id=issue_id, asked_at__gte=since)
    if projects is not None:
        found = found.filter(project__in=projects)
    return list(found.select_related("lookup").order_by("-asked_at", "-pk")[:_TRIED_LOOKUPS])


def _is_known(issue_id: str, found: Sequence[LookupIssue], projects: Projects) -> bool | None:
    """Whether an entry in use fits the newest answer that is kept; None where none is."""
    for one in found:
        answer = kept_answer(one.lookup, projects)
        if answer is not None:
            known = match(current_catalogue(), answer, zone=ZoneInfo(settings.TIME_ZONE))
            return bool(known.of(issue_id))
    return None


def _openable(found: Sequence[LookupIssue], may_open: Callable[[int | None], bool]) -> UUID | None:
    lookups: list[Lookup] = [one.lookup for one in found]
    return next((one.uuid for one in lookups if may_open(one.user_id)), None)
