"""The course of one answer, noted by itself as it goes and looked at by others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TypeVar

from apps.events.answer import MOST_SIGHTINGS, Progress, Sighting
from apps.events.event import Event
from apps.events.summary import summarize

T = TypeVar("T")


@dataclass
class Course:
    """What one answer has done so far. Safe to use from several threads.

    Sentences are made when somebody looks, by whoever looks, and not by the answer itself.
    """

    _events: dict[str, Event] = field(default_factory=dict)
    _sentences: dict[str, str] = field(default_factory=dict)
    _left: set[str | None] = field(default_factory=set)
    _pages: int = 0
    _done: int = 0
    _known: int | None = None
    _lock: Lock = field(default_factory=Lock)

    def saw_page(self, events: Iterable[Event]) -> None:
        """A page of a list was read, with these events of the customer in all so far."""
        with self._lock:
            if self._known is None:
                self._pages += 1
                self._events.update((event.id, event) for event in events)

    def listed(
        self, events: Sequence[Event], problems: Iterable[str | None], *, others: int
    ) -> None:
        """The list has ended. Of these problems something is left to read; `others` are calls."""
        with self._lock:
            self._events = {event.id: event for event in events}
            self._left = set(problems)
            self._done, self._known = 1, 1 + len(self._left) + others

    def step(self, call: Callable[[], T]) -> Callable[[], T]:
        """The call as a step that counts as done when it ends, however it ends."""
        return self._then(call, lambda: None)

    def reading(self, problem: str | None, call: Callable[[], T]) -> Callable[[], T]:
        """The same for the call that reads what is left of a problem."""
        return self._then(call, lambda: self._left.discard(problem))

    def _then(self, call: Callable[[], T], note: Callable[[], None]) -> Callable[[], T]:
        def stepped() -> T:
            try:
                return call()
            finally:
                with self._lock:
                    self._done += 1
                    note()

        return stepped

    def progress(self) -> Progress:
        """How far it is now."""
        with self._lock:
            events, is_listed = tuple(self._events.values()), self._known is not None
            problems = {event.issue_id for event in events}
            told = Progress(
                done=self._done,
                known=self._known,
                pages=self._pages,
                read=len(problems) - len(self._left) if is_listed else 0,
                problems=len(problems) if is_listed else None,
                events_found=len(events),
            )
        newest = sorted(events, key=lambda one: (one.timestamp, one.id), reverse=True)
        return replace(told, newest=tuple(map(self._sighting, newest[:MOST_SIGHTINGS])))

    def _sighting(self, event: Event) -> Sighting:
        sentence = self._sentences.get(event.id)
        if sentence is None:
            sentence = self._sentences[event.id] = summarize(event)
        return Sighting(event.id, event.timestamp, event.level, sentence)
