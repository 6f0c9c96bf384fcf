"""What Sentry holds beside the customer's errors: replays, feedback, errors of the same traces."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from apps.events.event import Event
from apps.events.question import Window


class Signal(StrEnum):
    """A further thing that Sentry may know about the customer's minutes. Each is optional."""

    REPLAYS = "replays"
    FEEDBACK = "feedback"
    TRACES = "traces"


@dataclass(frozen=True, slots=True)
class Replay:
    """A recording of the customer's screen. Times are UTC; counts are None where not known."""

    id: str
    started_at: datetime
    finished_at: datetime | None = None
    urls: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    errors: int | None = None
    dead_clicks: int | None = None
    rage_clicks: int | None = None
    permalink: str | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the customer wrote into the application's own feedback form. `id` is its issue's."""

    id: str
    sent_at: datetime
    message: str
    name: str | None = None
    email: str | None = None
    url: str | None = None
    project: str | None = None
    event_id: str | None = None
    permalink: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A signal that could not be read, or not whole, in a plain sentence."""

    signal: Signal
    message: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found beside the events.

    `read` names the signals that Sentry answered in full; of those alone an empty list means that
    there is nothing. `trace_errors` happened in a trace of the customer and name no user.
    """

    replays: tuple[Replay, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    trace_errors: tuple[Event, ...] = ()
    read: tuple[Signal, ...] = ()
    unread: tuple[Unread, ...] = ()
    calls: int = 0

    def in_window(self, window: Window) -> "Beside":
        """What of it belongs to a narrower window."""
        return replace(
            self,
            replays=tuple(
                replay
                for replay in self.replays
                if replay.started_at <= window.end
                and (replay.finished_at or replay.started_at) >= window.start
            ),
            feedback=tuple(one for one in self.feedback if window.contains(one.sent_at)),
            trace_errors=tuple(one for one in self.trace_errors if window.contains(one.timestamp)),
        )

    def with_later(self, later: "Beside") -> "Beside":
        """Together with what was read later of the signals that were unread before."""
        return Beside(
            replays=later.replays or self.replays,
            feedback=later.feedback or self.feedback,
            trace_errors=later.trace_errors or self.trace_errors,
            read=tuple(dict.fromkeys((*self.read, *later.read))),
            unread=later.unread,
            calls=self.calls + later.calls,
        )
