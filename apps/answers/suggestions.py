"""Issues that several lookups of different customers met, and that no entry in use fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Coalesce

from apps.accounts.permissions import projects_of
from apps.crypto import keyed_hash
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import match
from apps.lookups import shared
from apps.lookups.findings import LookupIssue
from apps.lookups.keepers import keeps
from apps.lookups.models import Lookup
from apps.lookups.reading import Projects, kept_answer

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
    found = _found(since, projects).order_by()
    counted = (
        found.annotate(which=Coalesce("issue_id", Value("")))
        .values("which")
        .annotate(lookups=Count("lookup_id"))
        .filter(lookups__gte=LEAST_CUSTOMERS)
        .order_by("-lookups", "which")
    )
    most = list(counted.values_list("which", "lookups")[:_TRIED])
    of_most = found.filter(issue_id__in=[issue for issue, _lookups in most]).values("issue_id")
    customers = dict(
        of_most.annotate(customers=Count("customer_hash", distinct=True)).values_list(
            "issue_id", "customers"
        )
    )
    rows = [(issue, lookups, customers.get(issue, 0)) for issue, lookups in most]
    rows = [row for row in rows if row[2] >= LEAST_CUSTOMERS]
    shared.put(key, [list(row) for row in rows], _KEPT_S)
    return rows


def _found(since: datetime, projects: Projects) -> QuerySet[LookupIssue]:
    found = LookupIssue.objects.filter(asked_at__gte=since)
    return found if projects is None else found.filter(project__in=projects)


def _newest(issue_id: str, since: datetime, projects: Projects) -> Sequence[LookupIssue]:
    found = _found(since, projects).filter(issue_id=issue_id)
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
