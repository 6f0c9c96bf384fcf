"""Reading one of GlitchTip's lists of full events back to a moment, page by page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from apps.events.event import Event
from apps.events.query import Question
from apps.sentry.client import MOST_PAGES
from apps.sentry.errors import SentryError
from apps.sentry.glitchtip_api import PER_PAGE, Page, Received, cursor_before, received_event
from apps.sentry.glitchtip_pages import Pager
from apps.sentry.search import matched_fields

# Events are received after they happened, as far as clocks agree that well.
SKEW: Final = timedelta(minutes=15)
# A device that takes its local time for UTC is at most 14 hours ahead.
MOST_SKEW: Final = timedelta(hours=15)
# How late an event may come in when a list is entered in its middle.
LATE: Final = timedelta(days=1)


@dataclass
class Strip:
    """One list, last received first, read back to before the window.

    `found` are the customer's events in the window, `failed` is the error that broke it off, and
    `saw` is told of what was found after each page.
    """

    pager: Pager
    question: Question
    slugs: Mapping[str, str]
    project: str | None
    saw: Callable[[Iterable[Event]], None]
    found: dict[str, Event] = field(default_factory=dict)
    failed: SentryError | None = None
    unreadable: int = 0
    is_done: bool = False
    since: datetime = field(init=False)
    _oldest: datetime | None = None
    _newest: datetime | None = None
    _hits: int | None = None
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.since = self.question.window.start - SKEW

    @property
    def limits(self) -> list[str]:
        """What could hide events, in sentences."""
        return self.pager.limits

    @property
    def is_empty(self) -> bool:
        """Whether the list has no event at all."""
        return not self._seen and not self.unreadable

    @property
    def pages_ahead(self) -> float:
        """About how many pages it is to the beginning of the window, going on like so far."""
        if self.is_done or self._oldest is None or self._newest is None:
            return 0.0
        read = max((self._newest - self._oldest).total_seconds(), 1.0)
        guess = self.pager.pages * (self._oldest - self.since).total_seconds() / read
        return guess if self._hits is None else min(guess, self._hits / PER_PAGE)

    def start(self) -> None:
        """Read the first page. Raises a `SentryError`."""
        self._take(self.pager.read())

    def read_on(self) -> None:
        """Read to the end, entering near the window where the way there is too long.

        An error is kept in `failed`: what was read before it counts.
        """
        try:
            if not self.pager.pages:
                self.start()
            if self.pages_ahead > MOST_PAGES:
                self._enter_near_the_window()
            while not self.is_done and self.pager.pages < MOST_PAGES:
                self._take(self.pager.read())
        except SentryError as error:
            self.failed = error
        if not self.is_done and self.failed is None:
            self.limits.append(f"Of one long list only {MOST_PAGES} pages were read.")

    def _enter_near_the_window(self) -> None:
        until = self.question.window.end + LATE
        if self._oldest is None or until >= self._oldest:
            return
        self.pager.jump(cursor_before(until))
        self.limits.append("Events that arrived more than a day late were not searched.")

    def _take(self, page: Page) -> None:
        self._hits = page.hits
        fresh = [row for row in page.rows if self._add(row)]
        self.saw(self.found.values())
        self.pager.turn(page, has_moved=bool(fresh))
        reached = self._oldest is not None and self._oldest < self.since
        self.is_done = reached or self.pager.has_ended

    def _add(self, row: object) -> bool:
        """Whether this row was not there before."""
        received = received_event(row, self.question.fields, self.slugs, self.project)
        if received is None:
            self.unreadable += 1
            return True
        if received.event.id in self._seen:
            return False
        self._seen.add(received.event.id)
        self._note_time(received)
        if self._is_wanted(received.event):
            self.found[received.event.id] = received.event
        return True

    def _note_time(self, received: Received) -> None:
        """How far back the list has been read; a clock that runs ahead makes us read further."""
        if received.at is None:
            return
        self._oldest = min(received.at, self._oldest or received.at)
        self._newest = max(received.at, self._newest or received.at)
        ahead = received.event.timestamp - received.at
        if SKEW < ahead <= MOST_SKEW:
            self.since = min(self.since, self.question.window.start - ahead - SKEW)

    def _is_wanted(self, event: Event) -> bool:
        question = self.question
        return (
            question.window.contains(event.timestamp)
            and (not question.environments or (event.environment or "") in question.environments)
            and bool(matched_fields(event, question.customer))
        )
