"""The customer's errors nearest to a window in which there are none."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from apps.events.event import Event


@dataclass(frozen=True, slots=True)
class Nearby:
    """The nearest error before and after the window, and the newest of all.

    It was looked from `since` to `until` (UTC). None means that there surely is no such error in
    that time, unless a `problem` says in a plain sentence why it could not be found out; what was
    found is sure all the same. `last` is None too where only a part of the time was looked
    through, which then found the nearest ones.
    """

    since: datetime
    until: datetime
    before: Event | None = None
    after: Event | None = None
    last: Event | None = None
    problem: str | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """What was found, each once."""
        found = (self.before, self.after, self.last)
        return tuple({event.id: event for event in found if event}.values())

    @property
    def is_never(self) -> bool:
        """Whether the customer surely has no error at all in that time."""
        return not self.events and self.problem is None

    @property
    def is_of_all_time(self) -> bool:
        """Whether it was looked back to where Sentry's memory ends."""
        return self.last is not None or not self.events

    def with_each(self, change: Callable[[Event], Event]) -> "Nearby":
        """The same with each event changed, the change made once for each of them."""
        by_id = {event.id: change(event) for event in self.events}
        before, after, last = (
            event and by_id[event.id] for event in (self.before, self.after, self.last)
        )
        return replace(self, before=before, after=after, last=last)
