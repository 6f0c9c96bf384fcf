"""Breadcrumbs in words and relative time: one by itself, and those before an event."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.breadcrumb_text import Actor, spoken
from apps.events.event import Breadcrumb, Event, told_by
from apps.web.clock import LocalTime, local_clock, relative
from apps.web.stack_view import Limits
from apps.web.wording import clipped

_ACTORS = {
    Actor.CUSTOMER: "",
    Actor.PAGE: "the page ",
    Actor.APP: "the app ",
    Actor.SERVER: "our server ",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `has_failed` is said in words and marked.

    `raw` is what the program itself noted, where it is printed and says something else; `href`
    leads to the event where the step is an error. `pause` is said before it where nothing is known
    to have happened for a while.
    """

    relative: str
    time: LocalTime | None
    words: str
    text: str = ""
    outcome: str = ""
    has_failed: bool = False
    is_customers: bool = False
    raw: str = ""
    href: str = ""
    pause: str = ""


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
    happened = (event.body and event.body.happened_at) or event.timestamp
    step = step_of(crumb, event, origin=happened, at="just then", zone=zone, longest=limits.text)
    raw = (told_by(crumb) or "") if limits.raw_steps else ""
    is_other = raw.lower() != step.text.lower()
    return replace(step, raw=clipped(raw, limits.text)) if is_other else step


def step_of(
    crumb: Breadcrumb, event: Event, *, origin: datetime, at: str, zone: ZoneInfo, longest: int
) -> Step:
    """The crumb of an event in words, told from the origin; `at` is the word for that itself."""
    said, when = spoken(crumb, event), crumb.timestamp
    return Step(
        relative=relative(when, origin, at=at) if when else "",
        time=local_clock(when, zone, day_of=origin) if when else None,
        words=f"{_ACTORS[said.actor]}{said.words}",
        text=clipped(said.text, longest),
        outcome=said.outcome,
        has_failed=said.has_failed,
        is_customers=said.actor is Actor.CUSTOMER,
    )
