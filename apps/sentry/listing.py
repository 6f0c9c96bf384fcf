"""The list of the customer's events: every page, every row checked, no event twice."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event, EventBody, Issue
from apps.events.query import CustomerKind, Question
from apps.sentry.client import Scope, SentryClient
from apps.sentry.config import (
    SentryBadResponse,
    SentryConfig,
    SentryError,
    SentryNotFound,
    SentryOneProjectOnly,
    SentryOutsideRetention,
    SentryRejectedQuery,
    SentryTimeout,
)
from apps.sentry.parsing import Project, event_id_of, parse_body
from apps.sentry.search import Search, matched_fields, names_anybody

# What an answer must say about itself, in sentences for the agent.

SETTLING = timedelta(minutes=10)


def detail_notices(
    missing: int,
    where: Sequence[str],
    failed: Sequence[SentryError],
    facts_failed: Sequence[SentryError],
) -> tuple[Notice, ...]:
    """What was not read beside the list: bodies of how many events, of which issues, and facts."""
    notices = []
    if missing > 0:
        reason = failed[0].message if failed else "Sentry did not send them."
        count = "one event" if missing == 1 else f"{missing} events"
        named = f" in {', '.join(where[:5])}{' and others' if where[5:] else ''}" if where else ""
        message = f"The details of {count}{named} could not be read: {reason}"
        notices.append(Notice(NoticeCode.PARTIAL_BODIES, message))
    if facts_failed:
        message = (
            f"We couldn't read how many customers have these problems: {facts_failed[0].message}"
        )
        notices.append(Notice(NoticeCode.SIGNAL_MISSING, message))
    return tuple(notices)


def skipped_notices(failed: Sequence[tuple[str, SentryError]]) -> tuple[Notice, ...]:
    """One for each project (by slug) that could not be searched."""
    return tuple(
        Notice(NoticeCode.PROJECT_SKIPPED, f"The project {slug} was not searched: {error.message}")
        for slug, error in failed
    )


def environment_notices(question: Question, asked: Sequence[Project]) -> tuple[Notice, ...]:
    """A name that no project has would find nothing, which says nothing about the customer.

    Where Sentry does not list environments, nothing can be told.
    """
    known = {name for project in asked for name in project.environments}
    if not known:
        return ()
    return tuple(
        Notice(
            NoticeCode.ENVIRONMENT_UNKNOWN,
            f"There is no environment {name} in the projects that were searched.",
        )
        for name in question.environments
        if name not in known
    )


def window_notices(question: Question, config: SentryConfig, now: datetime) -> tuple[Notice, ...]:
    """What the window's own place in time says about the answer."""
    notices = []
    if question.window.end + SETTLING > now:
        over = "is still open" if question.window.end > now else "has only just ended"
        message = f"The window {over}: errors may still arrive. Please look again later."
        notices.append(Notice(NoticeCode.WINDOW_OPEN, message))
    if question.window.start < now - timedelta(days=config.retention_days):
        notices.append(retention_notice(config))
    return tuple(notices)


def retention_notice(config: SentryConfig) -> Notice:
    return Notice(
        NoticeCode.RETENTION,
        f"The window goes back further than the {config.retention_days} days that Sentry is "
        "assumed to keep events, so earlier events may be gone.",
    )


# Calls side by side, within the time of the whole lookup.

T = TypeVar("T")


def crew(client: SentryClient) -> ThreadPoolExecutor:
    """As many threads as calls may run at a time, and one that waits for the others."""
    return ThreadPoolExecutor(client.config.max_parallel + 1, thread_name_prefix="sentry")


def within(client: SentryClient, future: Future[T]) -> T:
    """The future's result, or `SentryTimeout` when the lookup's time is over."""
    try:
        return future.result(timeout=client.deadline.left())
    except FutureTimeout as error:
        raise SentryTimeout("Sentry did not answer in time.") from error


def outcomes(
    client: SentryClient, pool: ThreadPoolExecutor, calls: Sequence[Callable[[], T]]
) -> list[T | SentryError]:
    """What each call gave, or its error, in the order of the calls. Raises nothing of Sentry's."""
    futures = [pool.submit(call) for call in calls]
    gathered: list[T | SentryError] = []
    for future in futures:
        outcome = _outcome(client, future)
        gathered.append(outcome)
    return gathered


def parted(client: SentryClient, futures: Sequence[Future[T]]) -> tuple[list[T], list[SentryError]]:
    """What came back in time, and the errors of the rest."""
    gathered: list[T] = []
    failed: list[SentryError] = []
    for future in futures:
        outcome = _outcome(client, future)
        if isinstance(outcome, SentryError):
            failed.append(outcome)
        else:
            gathered.append(outcome)
    return gathered, failed


def _outcome(client: SentryClient, future: Future[T]) -> T | SentryError:
    try:
        return within(client, future)
    except SentryError as error:
        return error


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


# Full bodies of listed events: ten a page from their issue, one by one where that misses some.


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies by event id, and why others are missing."""

    by_id: dict[str, EventBody] = field(default_factory=dict)
    failed: tuple[SentryError, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bodies to read of one issue: of `events`, or of others as near.

    Where several events share the edge's second, whichever of the `listed` ids come first serve
    as well. `search` and `scope` are those that found the events.
    """

    issue_id: str | None
    events: Sequence[Event]
    listed: Collection[str]
    search: Search
    scope: Scope


def read_bodies(client: SentryClient, wanted: Wanted) -> Bodies:
    """As many bodies as events are wanted. Raises no `SentryError`, but tells of each."""
    found: dict[str, EventBody] = {}
    failed: list[SentryError] = []
    if wanted.issue_id:
        try:
            _from_issue(client, wanted.issue_id, wanted, found)
        except (SentryNotFound, SentryBadResponse, SentryRejectedQuery) as error:
            failed.append(error)  # this list is no good, but the events can be read singly
        except SentryError as error:
            return Bodies(found, (error,))
    missing = [event for event in wanted.events if event.id not in found]
    for event in missing[: len(wanted.events) - len(found)]:
        try:
            found[event.id] = read_single_body(client, event)
        except SentryError as error:
            failed.append(error)
    return Bodies(found, tuple(failed))


def _from_issue(
    client: SentryClient, issue_id: str, wanted: Wanted, found: dict[str, EventBody]
) -> None:
    """Page through the issue between the first and last event, while that finds some.

    Adds to `found` as it goes, so that an error on a later page costs only what was not read.
    """
    times = [event.timestamp for event in wanted.events]
    span = replace(wanted.scope, start=min(times), end=max(times) + timedelta(seconds=1))
    for page in client.issue_events(issue_id, wanted.search.text, span):
        before = len(found)
        for body in page:
            event_id = event_id_of(body)
            if event_id in wanted.listed and event_id and len(found) < len(wanted.events):
                found[event_id] = parse_body(body)
        if len(found) in (before, len(wanted.events)):
            return


def read_single_body(client: SentryClient, event: Event) -> EventBody:
    """The body of one event from its project. Raises a `SentryError`."""
    if event.project is None:
        raise SentryNotFound("Sentry does not say which project the event belongs to.")
    return parse_body(client.project_event(event.project, event.id))


def merge_body(event: Event, body: EventBody) -> Event:
    """The event with its body, and with what the row did not know taken from it."""
    return replace(
        event,
        body=body,
        message=event.message or body.message,
        culprit=event.culprit or body.culprit,
        handled=event.handled if event.handled is not None else body.handled,
        release=event.release or body.release,
        environment=event.environment or body.environment,
        trace_id=event.trace_id or body.trace_id,
    )
