"""The list of the customer's events: every page, every row checked, no event twice."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event, Issue
from apps.events.query import CustomerKind, Question
from apps.sentry.client import Scope, SentryClient
from apps.sentry.errors import SentryError, SentryOneProjectOnly, SentryOutsideRetention
from apps.sentry.notices import retention_notice, skipped_notices
from apps.sentry.parallel import outcomes
from apps.sentry.parsing import Project
from apps.sentry.search import Search, matched_fields, names_anybody


@dataclass(frozen=True, slots=True)
class Listing:
    """The customer's events. `total` is None when more exist and nobody could count them.

    `issues` are facts that came along with the list and need not be asked for again.
    """

    events: tuple[Event, ...] = ()
    total: int | None = 0
    notices: tuple[Notice, ...] = ()
    complete: bool = True
    issues: tuple[Issue, ...] = ()


def list_events(
    client: SentryClient,
    pool: ThreadPoolExecutor,
    question: Question,
    search: Search,
    scope: Scope,
    asked: Sequence[Project],
) -> Listing:
    """The customer's events by the events table, in one search or one for each project asked.

    Raises a `SentryError` when nothing could be read at all.
    """
    try:
        listing = _read(client, pool, question, search, scope, asked)
    except SentryOutsideRetention:
        return Listing(complete=False, notices=(retention_notice(client.config),))
    if not listing.events and question.customer.hex_id:
        return _find_by_id(client, question, listing, {project.slug for project in asked})
    return listing


def _read(
    client: SentryClient,
    pool: ThreadPoolExecutor,
    question: Question,
    search: Search,
    scope: Scope,
    asked: Sequence[Project],
) -> Listing:
    if not client.one_project or len(asked) < 2:
        try:
            return _read_table(client, question, search, scope)
        except SentryOneProjectOnly:
            if len(asked) < 2:
                raise
            client.one_project = True
    calls = [
        partial(_read_table, client, question, search, replace(scope, project_ids=(project.id,)))
        for project in asked
    ]
    read: list[Listing] = []
    failed: list[tuple[str, SentryError]] = []
    for project, outcome in zip(asked, outcomes(client, pool, calls), strict=True):
        if isinstance(outcome, SentryError):
            failed.append((project.slug, outcome))
        else:
            read.append(outcome)
    if not read:
        raise failed[0][1]
    return _merged(read, skipped_notices(failed), client.config.max_events)


def _merged(parts: Sequence[Listing], skipped: Sequence[Notice], limit: int) -> Listing:
    """The projects' lists as one, capped anew: each of them has its own newest events."""
    by_id = {event.id: event for part in parts for event in part.events}
    totals = [part.total for part in parts if part.total is not None]
    is_counted = len(totals) == len(parts) and not skipped
    told = [notice for part in parts for notice in part.notices]
    notices = (*skipped, *(notice for notice in told if notice.code != NoticeCode.CAPPED))
    total = sum(totals) if is_counted else None
    listing = Listing(newest_first(by_id.values()), total, notices)
    was_capped = any(notice.code == NoticeCode.CAPPED for notice in told)
    return capped(listing, limit) if was_capped or len(by_id) > limit else listing


def _read_table(client: SentryClient, question: Question, search: Search, scope: Scope) -> Listing:
    """Read every page, keep each row that is surely this customer's, once, up to the limit."""
    table = _Table(question, search)
    try:
        for page in client.event_rows(search.text, scope, question.fields):
            table.add(page)
            client.course.saw_page(table.events.values())
            if len(table.events) > client.config.max_events:
                return _counted(client, table.listing(), search, scope)
    except SentryError as error:
        if not table.events:
            raise
        table.broke_off(error)
    return table.listing()


@dataclass
class _Table:
    """The customer's rows as the pages come in; an event that stands on two pages counts once."""

    question: Question
    search: Search
    events: dict[str, Event] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unreadable: int = 0

    def add(self, page: Sequence[Event | None]) -> None:
        for row in page:
            if row is None:
                self.unreadable += 1
            elif row.id not in self.events and self.question.window.contains(row.timestamp):
                matched = matched_fields(row, self.question.customer)
                if matched:
                    self.events[row.id] = replace(row, matched_on=matched)
                elif self.search.exact and not names_anybody(row, self.question.customer):
                    self.unreadable += 1

    def broke_off(self, error: SentryError) -> None:
        self.problems.append(f"The list broke off after {len(self.events)} events: {error.message}")

    def listing(self) -> Listing:
        problems = list(self.problems)
        if self.unreadable:
            problems.append(f"{self.unreadable} rows of Sentry's list could not be read.")
        return Listing(
            events=newest_first(self.events.values()),
            total=None if problems else len(self.events),
            notices=tuple(Notice(NoticeCode.INCOMPLETE_LIST, text) for text in problems),
        )


def newest_first(events: Iterable[Event]) -> tuple[Event, ...]:
    """The newest first; within one second by id."""
    return tuple(sorted(events, key=lambda event: (event.timestamp, event.id), reverse=True))


def _counted(client: SentryClient, listing: Listing, search: Search, scope: Scope) -> Listing:
    """The newest events up to the limit, with the whole number if Sentry can tell it."""
    total = None
    if search.exact:
        try:
            total = client.event_count(search.text, scope)
        except SentryError:
            total = None
    return capped(replace(listing, total=total), client.config.max_events)


def capped(listing: Listing, limit: int) -> Listing:
    """The newest events up to the limit, and a notice that says of how many."""
    known = f"{listing.total:,}" if listing.total else f"more than {limit:,}"
    message = f"Only the newest {limit:,} of {known} events are listed. Please narrow the window."
    notices = (*listing.notices, Notice(NoticeCode.CAPPED, message))
    return replace(listing, events=listing.events[:limit], notices=notices)


def _find_by_id(
    client: SentryClient, question: Question, listing: Listing, slugs: set[str]
) -> Listing:
    """The event whose id was typed, wherever in time it lies, if it is in a searched project."""
    hex_id = question.customer.hex_id
    if hex_id is None or question.customer.kind == CustomerKind.TRACE:
        return listing
    try:
        event = client.event_by_id(hex_id, question.fields)
    except SentryError as error:
        message = f"We couldn't check whether this is an event ID: {error.message}"
        notice = Notice(NoticeCode.INCOMPLETE_LIST, message)
        return replace(listing, notices=(*listing.notices, notice))
    if event is None or (event.project and event.project not in slugs):
        return listing
    if question.environments and event.environment not in question.environments:
        return listing
    return with_event(listing, event, question)


def with_event(listing: Listing, event: Event, question: Question) -> Listing:
    """The listing of just the event whose id was given, wherever in time it lies."""
    notices = listing.notices
    if not question.window.contains(event.timestamp):
        message = (
            f"This event happened at {event.timestamp:%Y-%m-%d %H:%M:%S} UTC, outside the window. "
            "It's shown because you entered its ID."
        )
        notices = (*notices, Notice(NoticeCode.OUTSIDE_WINDOW, message))
    found = replace(event, matched_on=("id",))
    return replace(listing, events=(found,), total=1, notices=notices)
