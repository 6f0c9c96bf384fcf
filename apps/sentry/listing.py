"""The list of the customer's events: every page, every row checked, no event twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event
from apps.events.question import CustomerKind, Question
from apps.sentry.client import Scope, SentryClient
from apps.sentry.errors import SentryError, SentryOutsideRetention
from apps.sentry.notices import retention_notice
from apps.sentry.search import Search, matched_fields


@dataclass(frozen=True, slots=True)
class Listing:
    """What the events table gave. `total` is None when more exist and nobody could count them."""

    events: tuple[Event, ...] = ()
    total: int | None = 0
    notices: tuple[Notice, ...] = ()
    complete: bool = True


def list_events(
    client: SentryClient, question: Question, search: Search, scope: Scope, slugs: set[str]
) -> Listing:
    try:
        listing = _read_table(client, question, search, scope)
    except SentryOutsideRetention:
        return Listing(complete=False, notices=(retention_notice(client.config),))
    if not listing.events and question.customer.hex_id:
        return _find_by_id(client, question, listing, slugs)
    return listing


def _read_table(client: SentryClient, question: Question, search: Search, scope: Scope) -> Listing:
    """Read every page, keep each row that is surely this customer's, once, up to the limit."""
    table = _Table(question)
    try:
        for page in client.event_rows(search.text, scope, question.fields):
            table.add(page)
            if len(table.events) > client.config.max_events:
                return _capped(client, table.newest_first(), search, scope)
    except SentryOutsideRetention:
        raise
    except SentryError as error:
        if not table.events:
            raise
        table.broke_off(error)
    return table.listing()


@dataclass
class _Table:
    """The customer's rows as the pages come in; an event that stands on two pages counts once."""

    question: Question
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

    def broke_off(self, error: SentryError) -> None:
        self.problems.append(f"The list broke off after {len(self.events)} events: {error.message}")

    def newest_first(self) -> tuple[Event, ...]:
        newest = sorted(self.events.values(), key=lambda e: (e.timestamp, e.id), reverse=True)
        return tuple(newest)

    def listing(self) -> Listing:
        problems = list(self.problems)
        if self.unreadable:
            problems.append(f"{self.unreadable} rows of Sentry's list could not be read.")
        return Listing(
            events=self.newest_first(),
            total=None if problems else len(self.events),
            notices=tuple(Notice(NoticeCode.INCOMPLETE_LIST, text) for text in problems),
        )


def _capped(
    client: SentryClient, newest: tuple[Event, ...], search: Search, scope: Scope
) -> Listing:
    """The newest events up to the limit, with the whole number if Sentry can tell it."""
    limit = client.config.max_events
    total = None
    if search.exact:
        try:
            total = client.event_count(search.text, scope)
        except SentryError:
            total = None
    known = f"{total:,}" if total else f"more than {limit:,}"
    message = f"Only the newest {limit:,} of {known} events are listed. Please narrow the window."
    return Listing(
        events=newest[:limit],
        total=total,
        notices=(Notice(NoticeCode.CAPPED, message),),
    )


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
        message = f"Whether this is the id of an event could not be found out: {error.message}"
        notice = Notice(NoticeCode.INCOMPLETE_LIST, message)
        return replace(listing, notices=(*listing.notices, notice))
    if event is None or (event.project and event.project not in slugs):
        return listing
    notices = listing.notices
    if not question.window.contains(event.timestamp):
        message = (
            f"This event happened at {event.timestamp:%Y-%m-%d %H:%M:%S} UTC, outside the window. "
            "It is shown because its id was given."
        )
        notices = (*notices, Notice(NoticeCode.OUTSIDE_WINDOW, message))
    found = replace(event, matched_on=("id",))
    return replace(listing, events=(found,), total=1, notices=notices)
