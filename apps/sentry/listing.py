"""List the customer's events, read their bodies, and say what is missing."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event, EventBody, Issue
from apps.events.query import CustomerKind, Question, counted
from apps.sentry import errors
from apps.sentry.client import FULL_PER_PAGE, Scope, SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.parsing import Project, event_id_of, is_empty_body, parse_body
from apps.sentry.search import Search, fields_naming, id_fields, judged, search_for

# Notices: what a result must say about itself, for the agent.

# Events can arrive this long after they happened.
_SETTLING = timedelta(minutes=10)


def detail_notices(
    missing: Mapping[str, Sequence[Event]],
    short_ids: Mapping[str, str | None],
    facts_failed: Collection[errors.SentryError],
) -> tuple[Notice, ...]:
    """Return notices on event bodies, missing for these reasons, and issues that were not read."""
    notices = []
    for reason, events in missing.items():
        count = "one event" if len(events) == 1 else f"{len(events)} events"
        ids = dict.fromkeys(event.issue_id for event in events if event.issue_id)
        where = [short_ids.get(issue_id) or issue_id for issue_id in ids]
        in_issues = (
            f" in {', '.join(where[:5])}{' and others' if where[5:] else ''}" if where else ""
        )
        message = f"The details of {count}{in_issues} could not be read: {reason}"
        notices.append(Notice(NoticeCode.PARTIAL_BODIES, message))
    for error in list(facts_failed)[:1]:
        message = f"We couldn't read how many customers have these problems: {error.message}"
        notices.append(Notice(NoticeCode.SIGNAL_MISSING, message))
    return tuple(notices)


def skipped_notices(failed: Mapping[str, errors.SentryError]) -> tuple[Notice, ...]:
    """Return a notice for each project (by slug) that could not be searched."""
    return tuple(
        Notice(NoticeCode.PROJECT_SKIPPED, f"The project {slug} was not searched: {error.message}")
        for slug, error in failed.items()
    )


def environment_notices(
    question: Question, searched: Sequence[Project], events: Sequence[Event]
) -> tuple[Notice, ...]:
    """Return a notice for each environment that neither a project nor a found event has.

    Nothing would be found there, which says nothing about the customer.
    """
    known = {name for project in searched for name in project.environments or ()}
    known |= {event.environment for event in events if event.environment}
    is_listed = all(project.environments is not None for project in searched)
    message = (
        "There is no environment {} in the projects that were searched."
        if is_listed
        else "We couldn’t check whether there is an environment {}."
    )
    return tuple(
        Notice(NoticeCode.ENVIRONMENT_UNKNOWN, message.format(name))
        for name in question.environments
        if name not in known
    )


def identifier_notices(question: Question, projects: Sequence[Project]) -> tuple[Notice, ...]:
    """Return a notice if what was typed is an event's ID, or may be the short ID of an issue."""
    customer = question.customer
    slug, _, _number = customer.identifier.casefold().rpartition("-")
    slugs = {project.slug.casefold() for project in projects}
    if customer.kind == CustomerKind.EVENT:
        message = (
            "We found no event with this ID where we searched. It may be too old, or Sentry never "
            "stored it. Look up the customer instead."
        )
    elif customer.kind == CustomerKind.IDENTIFIER_OR_ISSUE and slug in slugs:
        message = (
            "What was typed looks like the short ID of an issue, not like a customer. Open the "
            "issue in Sentry, and look up the customer of one of its events."
        )
    else:
        return ()
    return (Notice(NoticeCode.UNCLEAR_CUSTOMER, message),)


def window_notices(question: Question, config: SentryConfig, now: datetime) -> tuple[Notice, ...]:
    """Return notices on a window that is too recent or reaches back too far."""
    notices = []
    if question.window.end + _SETTLING > now:
        state = "is still open" if question.window.end > now else "has only just ended"
        message = f"The window {state}: errors may still arrive. Check again later."
        notices.append(Notice(NoticeCode.WINDOW_OPEN, message))
    if question.window.start < now - timedelta(days=config.retention_days):
        notices.append(retention_notice(config))
    return tuple(notices)


def retention_notice(config: SentryConfig) -> Notice:
    return Notice(
        NoticeCode.RETENTION,
        f"The window goes back further than the {config.retention_days} days that Sentry is "
        "assumed to keep events, so earlier events may no longer be there.",
    )


# Parallel calls, within the deadline of the whole lookup.

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Fetch:
    """What the steps of one lookup have in common.

    Its pool has a thread for each parallel call, and one that waits.
    """

    def __init__(
        self, client: SentryClient, question: Question, searched: Sequence[Project]
    ) -> None:
        self.client = client
        self.question = question
        self.searched = tuple(searched)
        self.search = search_for(question)
        self.scope = scope_of(client, question, searched)
        threads = client.config.max_parallel + 1
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="sentry")

    def result(self, future: Future[T]) -> T:
        """Return the future's result. Raise `SentryTimeout` if the lookup's time is up."""
        try:
            return future.result(timeout=self.client.deadline.left())
        except FutureTimeout as error:
            raise errors.SentryTimeout("Sentry did not answer in time.") from error

    def run_all(
        self, calls: Mapping[K, Callable[[], T]]
    ) -> tuple[dict[K, T], dict[K, errors.SentryError]]:
        """Run the calls and return their results, and the errors of those that failed."""
        return self.results({key: self.pool.submit(call) for key, call in calls.items()})

    def results(
        self, futures: Mapping[K, Future[T]]
    ) -> tuple[dict[K, T], dict[K, errors.SentryError]]:
        """Wait for the futures and return their results, and the errors of those that failed."""
        found: dict[K, T] = {}
        failed: dict[K, errors.SentryError] = {}
        for key, future in futures.items():
            try:
                found[key] = self.result(future)
            except errors.SentryError as error:
                failed[key] = error
        return found, failed

    def close(self) -> None:
        """Start no further call, and wait for none."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def scope_of(client: SentryClient, question: Question, searched: Sequence[Project]) -> Scope:
    """Return the scope; it has projects only if not all of them are searched."""
    is_narrowed = bool(question.projects or client.config.projects)
    return Scope(
        start=question.window.start,
        end=question.window.end + timedelta(seconds=1),
        project_ids=tuple(project.id for project in searched) if is_narrowed else (),
        environments=question.environments,
    )


# The list: read every page, check every row, list no event twice.


@dataclass(frozen=True, slots=True)
class Listing:
    """The customer's events. `total` is None if there are more and Sentry can't count them.

    `issues` came with the list and need not be requested again.
    """

    events: tuple[Event, ...] = ()
    total: int | None = 0
    notices: tuple[Notice, ...] = ()
    complete: bool = True
    issues: tuple[Issue, ...] = ()


PARTLY_SEARCHED = Notice(
    NoticeCode.INCOMPLETE_LIST, "Sentry searched only a part of its events, so some may be missing."
)


def list_events(fetch: Fetch) -> Listing:
    """Return the customer's events from the events table, in one search or one per project.

    Raise a `SentryError` if nothing at all could be read.
    """
    try:
        listing = _read_projects(fetch)
    except errors.SentryOutsideRetention:
        return Listing(complete=False, notices=(retention_notice(fetch.client.config),))
    if fetch.client.is_partial:
        listing = replace(listing, total=None, notices=(*listing.notices, PARTLY_SEARCHED))
    return _with_event_by_id(fetch, listing) if not listing.events else listing


def _read_projects(fetch: Fetch) -> Listing:
    client, searched, search = fetch.client, fetch.searched, fetch.search
    if not client.one_project or len(searched) < 2:
        try:
            return _read_table(fetch, search, fetch.scope)
        except errors.SentryOneProjectOnly:
            if len(searched) < 2:
                raise
            client.one_project = True
    scopes = {one.slug: replace(fetch.scope, project_ids=(one.id,)) for one in searched}
    calls = {slug: partial(_read_table, fetch, search, scope) for slug, scope in scopes.items()}
    read, failed = fetch.run_all(calls)
    if not read:
        raise next(iter(failed.values()))
    return _merged(read.values(), skipped_notices(failed), client.config.max_events)


def _merged(parts: Collection[Listing], skipped: Sequence[Notice], limit: int) -> Listing:
    """Merge the projects' lists and cap the result: each has its own newest events."""
    by_id = {event.id: event for part in parts for event in part.events}
    totals = [part.total for part in parts if part.total is not None]
    total = sum(totals) if len(totals) == len(parts) and not skipped else None
    notices = [notice for part in parts for notice in part.notices]
    others = (notice for notice in notices if notice.code != NoticeCode.CAPPED)
    listing = Listing(newest_first(by_id.values()), total, (*skipped, *others))
    was_capped = any(notice.code == NoticeCode.CAPPED for notice in notices)
    return capped(listing, limit) if was_capped or len(by_id) > limit else listing


# After this many rows of others with similar identifiers, a narrower search is used.
MAX_OTHERS = 150
_AS_TYPED = Notice(
    NoticeCode.INCOMPLETE_LIST,
    "The identifiers of many other customers start with the same characters, so we searched only "
    "for what you typed. Events that spell it with different capitals may be missing.",
)


def _read_table(fetch: Fetch, search: Search, scope: Scope) -> Listing:
    """Read page after page until the list ends or exceeds the limit.

    If the search finds nothing but the customer's events, a further page certainly exceeds it.
    """
    client, limit = fetch.client, fetch.client.config.max_events
    table = _Table(fetch.question)
    try:
        for page, continues in client.event_rows(search.text, scope, fetch.question.fields):
            table.add(page)
            client.progress_tracker.record_page(table.events.values())
            if len(table.events) + (continues and search.exact) > limit:
                total = _count(fetch, search, scope)
                return capped(replace(table.listing(), total=total), limit)
            if search.narrower and table.others >= MAX_OTHERS:
                listing = _read_table(fetch, search.narrower, scope)
                if not search.narrower.exact:
                    return listing
                return _merged([table.listing(), listing], [_AS_TYPED], limit)
    except errors.SentryError as error:
        if not table.events:
            raise
        count = counted(len(table.events), "event")
        table.problems.append(f"The list ended early, after {count}: {error.message}")
    return table.listing()


@dataclass
class _Table:
    """The customer's rows of the pages read so far, each event once; `others` counts other rows."""

    question: Question
    events: dict[str, Event] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unreadable: int = 0
    others: int = 0

    def add(self, page: Sequence[Event | None]) -> None:
        for row in page:
            if row and (row.id in self.events or not self.question.window.contains(row.timestamp)):
                continue
            event = judged(row, self.question.customer)
            if event is None:
                self.unreadable += 1
            elif event.matched_on:
                self.events[event.id] = event
            else:
                self.others += 1

    def listing(self) -> Listing:
        problems = list(self.problems)
        if self.unreadable:
            problems.append(
                f"{counted(self.unreadable, 'row')} of Sentry's list could not be read."
            )
        return Listing(
            events=newest_first(self.events.values()),
            total=None if problems else len(self.events),
            notices=tuple(Notice(NoticeCode.INCOMPLETE_LIST, text) for text in problems),
        )


def newest_first(events: Iterable[Event]) -> tuple[Event, ...]:
    """Sort events newest first, those of the same second by ID."""
    return tuple(sorted(events, key=lambda event: (event.timestamp, event.id), reverse=True))


def _count(fetch: Fetch, search: Search, scope: Scope) -> int | None:
    """Return the number of the customer's events, or None if Sentry can't count them."""
    customer = fetch.question.customer
    if customer.hex_id and not search.exact:  # counts have no event and trace IDs to check
        return None
    try:
        counts = fetch.client.event_counts(search.text, scope, fetch.question.fields)
    except errors.SentryError:
        return None
    return sum(
        count for identities, count in counts if search.exact or fields_naming(customer, identities)
    )


def capped(listing: Listing, limit: int) -> Listing:
    """Return the newest events up to the limit, with a notice on how many there are."""
    total = f"{listing.total:,}" if listing.total else f"more than {limit:,}"
    message = f"Only the newest {limit:,} of {total} events are listed. Narrow the window."
    notices = (*listing.notices, Notice(NoticeCode.CAPPED, message))
    return replace(listing, events=listing.events[:limit], notices=notices)


def _with_event_by_id(fetch: Fetch, listing: Listing) -> Listing:
    """Add the event whose ID was entered, at any time, if it is in the searched scope."""
    question = fetch.question
    if "id" not in id_fields(question.customer):
        return listing
    try:
        event = fetch.client.event_by_id(question.customer.hex_id or "", question.fields)
    except errors.SentryError as error:
        return replace(listing, notices=(*listing.notices, event_id_notice(error)))
    slugs = {project.slug for project in fetch.searched}
    if event is None or (event.project and event.project not in slugs):
        return listing
    return with_event(listing, event, question)


def event_id_notice(error: errors.SentryError) -> Notice:
    """Return the notice that the event whose ID was entered could not be read."""
    message = f"We couldn't check whether this is an event ID: {error.message}"
    return Notice(NoticeCode.INCOMPLETE_LIST, message)


def with_event(listing: Listing, event: Event, question: Question) -> Listing:
    """Return the listing with the event whose ID was entered, even if outside the window.

    It is left out if only other environments are searched.
    """
    if question.environments and event.environment not in question.environments:
        return listing
    notices = listing.notices
    if not question.window.contains(event.timestamp):
        message = (
            f"This event happened at {event.timestamp:%Y-%m-%d %H:%M:%S} UTC, outside the window. "
            "It's shown because you entered its ID."
        )
        notices = (*notices, Notice(NoticeCode.OUTSIDE_WINDOW, message))
    found = replace(event, matched_on=("id",))
    return replace(listing, events=(found,), total=1, notices=notices)


# Bodies: ten per call from the list of their issue, then one by one those that are missing there.

_NOT_SENT = "Sentry didn't send them."


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies by event ID, and the reasons why others could not be read."""

    by_id: dict[str, EventBody]
    failed: dict[str, str]


def batches_of(events: Sequence[Event]) -> list[list[Event]]:
    """Return batches that `read_batch` can read: up to ten events of one issue."""
    by_issue: dict[str, list[Event]] = {}
    for event in events:
        if event.issue_id:
            by_issue.setdefault(event.issue_id, []).append(event)
    return [
        own[start : start + FULL_PER_PAGE]
        for own in by_issue.values()
        for start in range(0, len(own), FULL_PER_PAGE)
    ]


def read_batch(client: SentryClient, batch: Sequence[Event]) -> Bodies:
    """Return what the list of the issue has; events in neither part can be read one by one.

    Follow pages as long as they add bodies, and accept none but those of the batch.
    """
    times = [event.timestamp for event in batch]
    scope = Scope(min(times), max(times) + timedelta(seconds=1))
    ids = [event.id for event in batch]
    sent: dict[str, object] = {}
    failed: dict[str, str] = {}
    try:
        for page in client.issue_events(batch[0].issue_id or "", ids, scope):
            before = len(sent)
            sent |= {found: body for body in page if (found := event_id_of(body)) in ids and found}
            if len(sent) in (before, len(ids)):
                break
    except (errors.SentryNotFound, errors.SentryBadResponse, errors.SentryRejectedQuery):
        pass
    except errors.SentryError as error:
        failed = {event_id: error.message for event_id in ids if event_id not in sent}
    failed |= {event_id: _NOT_SENT for event_id, body in sent.items() if is_empty_body(body)}
    return Bodies(
        {event_id: parse_body(body) for event_id, body in sent.items() if event_id not in failed},
        failed,
    )


def collect_bodies(
    fetch: Fetch, wanted: Sequence[Event], batches: Sequence[tuple[Sequence[Event], Future[Bodies]]]
) -> Bodies:
    """Wait for the batches and read the wanted events that none of them decided."""
    by_id: dict[str, EventBody] = {}
    failed: dict[str, str] = {}
    for batch, future in batches:
        try:
            read = fetch.result(future)
        except errors.SentryError as error:
            failed |= {event.id: error.message for event in batch}
        else:
            by_id |= read.by_id
            failed |= read.failed
    undecided = [event for event in wanted if event.id not in by_id and event.id not in failed]
    fetch.client.slots.announce(len(undecided))
    calls = {event.id: partial(read_single_body, fetch.client, event) for event in undecided}
    single, unread = fetch.run_all(calls)
    return Bodies(by_id | single, failed | {key: error.message for key, error in unread.items()})


def read_single_body(client: SentryClient, event: Event) -> EventBody:
    """Return the body of one event, from its project or else its issue. Raise a `SentryError`."""
    body = _sent_body(client, event)
    if event_id_of(body) not in (event.id, None):
        raise errors.SentryBadResponse("Sentry sent another event.")
    if is_empty_body(body):
        raise errors.SentryNotFound(_NOT_SENT)
    return parse_body(body)


def _sent_body(client: SentryClient, event: Event) -> object:
    if event.project:
        try:
            return client.project_event(event.project, event.id)
        except errors.SentryNotFound:
            if not event.issue_id:
                raise
    if not event.issue_id:
        raise errors.SentryNotFound("Sentry doesn't say which project the event belongs to.")
    return client.issue_event(event.issue_id, event.id)
