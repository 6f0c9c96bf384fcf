"""Which lookups of the last thirty days a pattern would have hit. It reads, and asks nobody."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.permissions import projects_of
from apps.answers.models import Feedback
from apps.crypto import keyed_hash
from apps.events.answer import Answer
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import Catalogue, Entry, catalogue_of, match
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import Pattern
from apps.lookups import cache
from apps.lookups.access import keeps
from apps.lookups.answers import Projects, kept_answer
from apps.lookups.models import Lookup, LookupIssue

PREVIEW_DAYS = 30
SECONDS = 4.0
MOST_COUNTED = 10_000
MOST_SHOWN = 50
_AT_A_TIME = 50
_LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Hit:
    """A problem of a lookup that the pattern fits; the lookup's id where the reader may open it."""

    asked_at: datetime
    project: str
    title: str
    issue_id: str
    lookup: UUID | None


@dataclass(slots=True)
class Preview:
    """What was found, and how far was looked: of `total` lookups the newest `looked` were tried,
    and `unread` of these keep no answer any more.

    `is_narrowed`: only lookups with fitting issues or projects were candidates, and what was
    removed is not among them. `unchecked` answers took too long.
    """

    is_narrowed: bool
    total: int = 0
    looked: int = 0
    unread: int = 0
    unchecked: int = 0
    lookups: int = 0
    customers: set[str] = field(default_factory=set)
    hits: list[Hit] = field(default_factory=list)

    @property
    def is_more_than_counted(self) -> bool:
        """Whether there are more lookups than were counted."""
        return self.total > MOST_COUNTED

    @property
    def told_total(self) -> int:
        """How many there are, as far as was counted."""
        return min(self.total, MOST_COUNTED)

    @property
    def read(self) -> int:
        """How many answers were read."""
        return self.looked - self.unread

    @property
    def is_whole(self) -> bool:
        """Whether every lookup that there is was looked at."""
        return self.looked == self.total


def preview_of(entry: Entry, reader: User) -> Preview:
    """What this entry alone would have hit, the newest lookups first, for some seconds at most.

    Only the reader's projects are looked into.
    """
    projects = projects_of(reader)
    ids, is_narrowed = _candidates(
        entry.pattern, projects, timezone.now() - timedelta(days=PREVIEW_DAYS)
    )
    preview = Preview(is_narrowed, total=len(ids))
    search = _Search(preview, catalogue_of([entry]), projects, keeps(reader))
    ends = time.monotonic() + SECONDS
    for lookup in _lookups(ids[:MOST_COUNTED]):
        if time.monotonic() > ends:
            break
        search.look_at(lookup)
    return preview


def _candidates(
    pattern: Pattern, projects: Projects, since: datetime
) -> tuple[Sequence[int], bool]:
    """The lookups that can be hit at all, the newest first, and whether they are a choice."""
    found = LookupIssue.objects.filter(asked_at__gte=since)
    if projects is not None:
        found = found.filter(project__in=projects)
    if pattern.project:
        found = found.filter(project=pattern.project)
    if pattern.issue.isdecimal():
        found = found.filter(issue_id=pattern.issue)
    if projects is None and not pattern.project and not pattern.issue.isdecimal():
        lookups = Lookup.objects.filter(created_at__gte=since, events__gt=0)
        newest = lookups.order_by("-created_at", "-pk").values_list("pk", flat=True)
        return list(newest[: MOST_COUNTED + 1]), False
    rows = found.order_by("-asked_at", "-lookup_id").values_list("lookup_id", flat=True)
    distinct = dict.fromkeys(rows[: 3 * MOST_COUNTED].iterator())
    return list(distinct)[: MOST_COUNTED + 1], True


def _lookups(ids: Sequence[int]) -> Iterator[Lookup]:
    for first in range(0, len(ids), _AT_A_TIME):
        some = ids[first : first + _AT_A_TIME]
        by_id = Lookup.objects.in_bulk(some)
        yield from (by_id[one] for one in some if one in by_id)


@dataclass(frozen=True, slots=True)
class _Search:
    preview: Preview
    catalogue: Catalogue
    projects: Projects
    may_open: Callable[[int | None], bool]

    def look_at(self, lookup: Lookup) -> None:
        """Match one lookup's answer, and note what it says."""
        self.preview.looked += 1
        answer = kept_answer(lookup, self.projects)
        if answer is None:
            self.preview.unread += 1
            return
        known = match(self.catalogue, answer, zone=ZoneInfo(settings.TIME_ZONE))
        self.preview.unchecked += bool(known.unchecked)
        if known.matches:
            self.preview.lookups += 1
            self.preview.customers.add(lookup.customer_hash)
            self._note(lookup, answer, {one.issue_id for one in known.matches})

    def _note(self, lookup: Lookup, answer: Answer, issue_ids: set[str]) -> None:
        opened = lookup.uuid if self.may_open(lookup.user_id) else None
        issues = {issue.id: issue for issue in answer.issues}
        for issue_id in sorted(issue_ids)[: MOST_SHOWN - len(self.preview.hits)]:
            issue = issues.get(issue_id)
            event = next((one for one in answer.events if one.issue_id == issue_id), None)
            title = (issue and issue.title) or (event and event.title) or ""
            project = (event and event.project) or (issue and issue.project) or ""
            at = lookup.created_at
            self.preview.hits.append(Hit(at, project, title[:_LONGEST_TITLE], issue_id, opened))


# Issues that several lookups of different customers met, and that no entry in use fits.

SUGGESTION_DAYS = 30
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
    since = now - timedelta(days=SUGGESTION_DAYS)
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
    held = cache.get(key)
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
    cache.put(key, [list(row) for row in rows], _KEPT_S)
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


# What people say of known errors: whether one was what the customer had.


def say(person: User, lookup: Lookup, *, issue_id: str, slug: str, helped: bool) -> None:
    """Keep the person's word on that known error for that issue; it replaces their earlier one.

    Whether the entry fits the issue is for the caller to see to. Raises `KnownError.DoesNotExist`.
    """
    Feedback.objects.update_or_create(
        known_error=KnownError.objects.get(slug=slug),
        lookup=lookup,
        issue_id=issue_id,
        user=person,
        defaults={"helped": helped, "at": timezone.now()},
    )


def said_by(person: User, lookup: Lookup) -> dict[tuple[str, str], bool]:
    """Whether each known error helped, as this person said: by issue id and the entry's slug."""
    words = Feedback.objects.filter(user=person, lookup=lookup)
    return {
        (issue_id, slug): helped
        for issue_id, slug, helped in words.values_list("issue_id", "known_error__slug", "helped")
    }
