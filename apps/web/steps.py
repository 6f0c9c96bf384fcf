"""What the customer did before an event: its breadcrumbs in words and relative time."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.events.breadcrumbs import told_by
from apps.events.event import Breadcrumb, Event
from apps.events.spoken import Actor, spoken
from apps.web.clock import LocalTime, local_clock, relative
from apps.web.stack_view import Limits
from apps.web.wording import clipped

ACTORS = {
    Actor.CUSTOMER: "",
    Actor.PAGE: "the page ",
    Actor.APP: "the app ",
    Actor.SERVER: "our server ",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `has_failed` is said in words and marked.

    `raw` is what the program itself noted, where it is printed and says something else.
    """

    relative: str
    time: LocalTime | None
    words: str
    text: str
    outcome: str
    has_failed: bool
    is_customers: bool
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """The steps, oldest first; `left_out` earlier ones are not printed."""

    steps: tuple[Step, ...]
    left_out: int


def story_of(
    crumbs: Sequence[Breadcrumb], *, event: Event, zone: ZoneInfo, limits: Limits
) -> Story:
    """The last steps before the event."""
    telling = [crumb for crumb in crumbs if crumb.message or crumb.data or crumb.category]
    shown = telling[-limits.steps :]
    return Story(
        steps=tuple(_step(crumb, event, zone, limits) for crumb in shown),
        left_out=len(telling) - len(shown),
    )


def _step(crumb: Breadcrumb, event: Event, zone: ZoneInfo, limits: Limits) -> Step:
    when = crumb.timestamp
    happened = (event.body and event.body.happened_at) or event.timestamp
    said = spoken(crumb, event)
    raw = (told_by(crumb) or "") if limits.raw_steps else ""
    return Step(
        relative=relative(when, happened, at="just then") if when else "",
        time=local_clock(when, zone, day_of=event.timestamp) if when else None,
        words=f"{ACTORS[said.actor]}{said.words}",
        text=clipped(said.text, limits.text),
        outcome=said.outcome,
        has_failed=said.has_failed,
        is_customers=said.actor is Actor.CUSTOMER,
        raw="" if raw.lower() == said.text.lower() else clipped(raw, limits.text),
    )
