"""What Sentry holds beside the customer's errors: replays, feedback, errors of the same traces,
and the releases that went live.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from apps.events.event import Event
from apps.events.question import Window

LONGEST_REPLAY = timedelta(hours=1)
LONGEST_BEFORE = timedelta(days=1)


class Signal(StrEnum):
    """A further thing that Sentry may know about the customer's minutes. Each is optional."""

    REPLAYS = "replays"
    FEEDBACK = "feedback"
    TRACES = "traces"
    DEPLOYS = "deploys"


@dataclass(frozen=True, slots=True)
class Replay:
    """A recording of the customer's screen. Times are UTC; counts are None where not known.

    `identities` are what it names the customer by, until it is redacted.
    """

    id: str
    started_at: datetime
    finished_at: datetime | None = None
    urls: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    errors: int | None = None
    dead_clicks: int | None = None
    rage_clicks: int | None = None
    permalink: str | None = None
    identities: tuple[tuple[str, str], ...] = ()

    def runs_in(self, window: Window) -> bool:
        """Whether it overlaps the window; one whose end is not known may run for an hour."""
        if self.started_at > window.end:
            return False
        return (self.finished_at or self.started_at + LONGEST_REPLAY) >= window.start


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the customer wrote into the application's own feedback form. `id` is its issue's.

    `identities` are what it names the customer by, until it is redacted.
    """

    id: str
    sent_at: datetime
    message: str
    name: str | None = None
    email: str | None = None
    url: str | None = None
    project: str | None = None
    permalink: str | None = None
    identities: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Deploy:
    """A release that went live at `at` (UTC); the environment where Sentry was told of it.

    Where `is_told` is false nobody told Sentry that it went live: it first knew of it then.
    """

    version: str
    at: datetime
    project: str | None = None
    environment: str | None = None
    is_told: bool = True


def deploys_around(
    deploys: Sequence[Deploy], window: Window, projects: Collection[str | None]
) -> tuple[Deploy, ...]:
    """Those of the window, and of each project the last one in the day before it, oldest first."""
    ordered = sorted(
        (deploy for deploy in deploys if deploy.project in projects),
        key=lambda deploy: (deploy.at, deploy.project or "", deploy.version),
    )
    earliest = window.start - LONGEST_BEFORE
    before = {one.project: one for one in ordered if earliest <= one.at < window.start}
    return tuple(
        deploy
        for deploy in ordered
        if window.contains(deploy.at) or before.get(deploy.project) == deploy
    )


@dataclass(frozen=True, slots=True)
class Unread:
    """A signal that could not be read, or not whole, in a plain sentence.

    `can_retry` is whether asking again can help, `is_late` that it only took too long.
    """

    signal: Signal
    message: str
    can_retry: bool = True
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found beside the events.

    `surely` names the signals of which all there is was read: of those alone an empty list means
    that there is nothing. `trace_errors` happened in a trace of the customer and name nobody.
    """

    replays: tuple[Replay, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    trace_errors: tuple[Event, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    asked: tuple[Signal, ...] = ()
    surely: tuple[Signal, ...] = ()
    unread: tuple[Unread, ...] = ()
    calls: int = 0

    def in_window(self, window: Window, events: Sequence[Event]) -> "Beside":
        """What of it belongs to a narrower window, and to the traces of the events in it."""
        traces = {event.trace_id for event in events}
        projects = {event.project for event in events}
        return replace(
            self,
            replays=tuple(replay for replay in self.replays if replay.runs_in(window)),
            feedback=tuple(one for one in self.feedback if window.contains(one.sent_at)),
            trace_errors=tuple(
                error
                for error in self.trace_errors
                if window.contains(error.timestamp) and error.trace_id in traces
            ),
            deploys=deploys_around(self.deploys, window, projects),
        )

    def with_later(self, later: "Beside") -> "Beside":
        """Together with what was read later of signals that were not read before."""
        again = set(later.asked)
        still = tuple(one for one in self.unread if one.signal not in again)
        return Beside(
            replays=later.replays or self.replays,
            feedback=later.feedback or self.feedback,
            trace_errors=later.trace_errors or self.trace_errors,
            deploys=later.deploys or self.deploys,
            asked=tuple(dict.fromkeys((*self.asked, *later.asked))),
            surely=tuple(dict.fromkeys((*self.surely, *later.surely))),
            unread=(*still, *later.unread),
            calls=self.calls + later.calls,
        )
