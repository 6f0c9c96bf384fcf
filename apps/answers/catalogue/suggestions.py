"""Previews of known errors, suggestions for new ones, and feedback, all from stored results."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.accounts.models import projects_of
from apps.answers.models import Feedback
from apps.crypto import keyed_hash
from apps.events.answer import Answer
from apps.events.observations import troubles_of
from apps.known_errors.catalogue import current_catalogue
from apps.known_errors.matching import Entry, build_catalogue, match
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import Pattern
from apps.lookups import cache
from apps.lookups.access import manageable_by
from apps.lookups.answers import Projects, stored_answer
from apps.lookups.models import Lookup, LookupIssue

PREVIEW_DAYS = 30
MAX_PREVIEW_S = 4.0
MAX_COUNTED = 10_000
MAX_HITS = 50
_BATCH_SIZE = 50
_MAX_TITLE = 120


@dataclass(frozen=True, slots=True)
class Hit:
    """A matching problem; with the lookup's ID if the reader can open it."""

    asked_at: datetime
    project: str
    title: str
    issue_id: str
    lookup: UUID | None


@dataclass(slots=True)
class Preview:
    """The matches of an entry, and how many lookups were checked.

    Of `total` lookups, up to `MAX_COUNTED` (`has_more`: there are more), the newest `checked` were
    tried; `unread` of these have no stored result, and `unchecked` results took too long.
    `is_narrowed`: only lookups with the pattern's issue or project were candidates, which excludes
    deleted results.
    """

    is_narrowed: bool
    total: int
    has_more: bool
    checked: int = 0
    unread: int = 0
    unchecked: int = 0
    lookups: int = 0
    customers: set[str] = field(default_factory=set)
    hits: list[Hit] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Return the number of results that were read."""
        return self.checked - self.unread

    @property
    def is_complete(self) -> bool:
        """Return whether all lookups were checked."""
        return self.checked == self.total and not self.has_more


def preview_of(entry: Entry, reader: User) -> Preview:
    """Match this entry against recent lookups in the reader's projects, within `MAX_PREVIEW_S`."""
    projects, may_open = projects_of(reader), manageable_by(reader)
    ids, is_narrowed = _candidates(entry.pattern, projects)
    preview = Preview(is_narrowed, min(len(ids), MAX_COUNTED), len(ids) > MAX_COUNTED)
    catalogue, zone = build_catalogue([entry]), ZoneInfo(settings.TIME_ZONE)
    deadline = time.monotonic() + MAX_PREVIEW_S
    for lookup in _lookups(ids[:MAX_COUNTED]):
        if time.monotonic() > deadline:
            break
        preview.checked += 1
        answer = stored_answer(lookup, projects)
        if answer is None:
            preview.unread += 1
            continue
        known = match(catalogue, answer, zone=zone)
        preview.unchecked += bool(known.unchecked)
        if known.matches:
            preview.lookups += 1
            preview.customers.add(lookup.customer_hash)
            opened = lookup.uuid if may_open(lookup.user_id) else None
            issue_ids = sorted({one.issue_id for one in known.matches})
            for issue_id in issue_ids[: MAX_HITS - len(preview.hits)]:
                title, project = _describe(answer, issue_id)
                hit = Hit(lookup.created_at, project, title[:_MAX_TITLE], issue_id, opened)
                preview.hits.append(hit)
    return preview


def _candidates(pattern: Pattern, projects: Projects) -> tuple[Sequence[int], bool]:
    """Return the IDs of lookups that can match, newest first, and whether they were narrowed."""
    since = timezone.now() - timedelta(days=PREVIEW_DAYS)
    found = _found(since, projects)
    if pattern.project:
        found = found.filter(project=pattern.project)
    if pattern.issue.isdecimal():
        found = found.filter(issue_id=pattern.issue)
    if projects is None and not pattern.project and not pattern.issue.isdecimal():
        lookups = Lookup.objects.filter(created_at__gte=since, events__gt=0)
        newest = lookups.order_by("-created_at", "-pk").values_list("pk", flat=True)
        return list(newest[: MAX_COUNTED + 1]), False
    rows = found.order_by("-asked_at", "-lookup_id").values_list("lookup_id", flat=True)
    distinct = dict.fromkeys(rows[: 3 * MAX_COUNTED].iterator())
    return list(distinct)[: MAX_COUNTED + 1], True


def _lookups(ids: Sequence[int]) -> Iterator[Lookup]:
    for first in range(0, len(ids), _BATCH_SIZE):
        batch = ids[first : first + _BATCH_SIZE]
        by_id = Lookup.objects.in_bulk(batch)
        yield from (by_id[one] for one in batch if one in by_id)


def _describe(answer: Answer, issue_id: str) -> tuple[str, str]:
    """Return the title and the project of an issue, or of trouble without an error."""
    for trouble in troubles_of(answer):
        if trouble.rows[0].id == issue_id:
            return trouble.sentence, trouble.rows[0].project or ""
    issue = next((one for one in answer.issues if one.id == issue_id), None)
    event = next((one for one in answer.events if one.issue_id == issue_id), None)
    title = (issue and issue.title) or (event and event.title) or ""
    return title, (event and event.project) or (issue and issue.project) or ""


# Suggestions: issues that several customers had, and that no entry in use matches.

SUGGESTION_DAYS = 30
MAX_SUGGESTIONS = 30
MIN_CUSTOMERS = 2
_MAX_ISSUES = 100
_MAX_LOOKUPS = 5
_CACHE_S = 600


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An issue without an entry; `lookup` is one that the reader can open, if there is one."""

    issue_id: str
    title: str
    project: str
    lookups: int
    customers: int
    lookup: UUID | None


def suggestions_for(reader: User, now: datetime) -> tuple[list[Suggestion], int]:
    """Suggest issues of projects that the reader can see, most lookups first.

    Also return the number of issues without a stored result to check. Counts can be 10 minutes old.
    """
    projects, may_open = projects_of(reader), manageable_by(reader)
    since = now - timedelta(days=SUGGESTION_DAYS)
    rows, unread = [], 0
    for issue_id, lookups, customers in _counted(since, projects):
        newest = _found(since, projects).filter(issue_id=issue_id).select_related("lookup")
        found = list(newest.order_by("-asked_at", "-pk")[:_MAX_LOOKUPS])
        known = _is_known(issue_id, found, projects)
        unread += known is None
        if known is False:
            first = found[0]
            openable = (one.lookup.uuid for one in found if may_open(one.lookup.user_id))
            facts = (lookups, customers, next(openable, None))
            rows.append(Suggestion(issue_id, first.title, first.project, *facts))
        if len(rows) == MAX_SUGGESTIONS:
            break
    return rows, unread


def _counted(since: datetime, projects: Projects) -> list[tuple[str, int, int]]:
    """Return the most frequent issues with their numbers of lookups and customers, cached."""
    scope = "all" if projects is None else ",".join(sorted(projects))
    key = f"catalogue/suggestions/{keyed_hash('triage.suggestions', scope)}"
    cached = cache.get(key)
    if isinstance(cached, list) and all(isinstance(row, list) and len(row) == 3 for row in cached):
        return [(str(issue), int(lookups), int(customers)) for issue, lookups, customers in cached]
    found = _found(since, projects).order_by()
    counted = (
        found.annotate(which=Coalesce("issue_id", Value("")))
        .values("which")
        .annotate(lookups=Count("lookup_id"))
        .filter(lookups__gte=MIN_CUSTOMERS)
        .order_by("-lookups", "which")
    )
    top = list(counted.values_list("which", "lookups")[:_MAX_ISSUES])
    of_top = found.filter(issue_id__in=[issue for issue, _lookups in top]).values("issue_id")
    of_top = of_top.annotate(customers=Count("customer_hash", distinct=True))
    customers = dict(of_top.values_list("issue_id", "customers"))
    rows = [(issue, lookups, customers.get(issue, 0)) for issue, lookups in top]
    rows = [row for row in rows if row[2] >= MIN_CUSTOMERS]
    cache.put(key, [list(row) for row in rows], _CACHE_S)
    return rows


def _found(since: datetime, projects: Projects) -> QuerySet[LookupIssue]:
    found = LookupIssue.objects.filter(asked_at__gte=since)
    return found if projects is None else found.filter(project__in=projects)


def _is_known(issue_id: str, found: Sequence[LookupIssue], projects: Projects) -> bool | None:
    """Return whether an entry matches the newest stored result; None without any."""
    for one in found:
        answer = stored_answer(one.lookup, projects)
        if answer is not None:
            known = match(current_catalogue(), answer, zone=ZoneInfo(settings.TIME_ZONE))
            return bool(known.for_issue(issue_id))
    return None


# Feedback.


def save_feedback(person: User, lookup: Lookup, *, issue_id: str, slug: str, helped: bool) -> None:
    """Save or replace the person's feedback on a known error for an issue.

    The caller checks that the entry matches the issue. Raise `KnownError.DoesNotExist`.
    """
    Feedback.objects.update_or_create(
        known_error=KnownError.objects.get(slug=slug),
        lookup=lookup,
        issue_id=issue_id,
        user=person,
        defaults={"helped": helped, "at": timezone.now()},
    )


def feedback_by(person: User, lookup: Lookup) -> dict[tuple[str, str], bool]:
    """Return the person's feedback, by issue ID and slug."""
    feedback = Feedback.objects.filter(user=person, lookup=lookup)
    rows = feedback.values_list("issue_id", "known_error__slug", "helped")
    return {(issue_id, slug): helped for issue_id, slug, helped in rows}
