"""What the drawing of the timeline is made of: a lane per problem, its marks, and the moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Deploy
from apps.events.breadcrumb_text import step_times
from apps.events.event import Event
from apps.events.filtering import Numbered, Shown, Span, events_of
from apps.events.query import Window
from apps.events.summary import core_of, summarize_group
from apps.web.clock import local_clock
from apps.web.level import LevelMark, level_mark
from apps.web.timeline_axis import (
    NEAR,
    Label,
    Scale,
    Tick,
    across,
    anchored,
    ticks,
    whole_of,
)
from apps.web.timeline_beside import Density, Releases, density, deploys_shown, releases
from apps.web.wording import clipped, counted

MOST_LANES = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """One event, or several too close to tell apart (`count`), linked to the first of them."""

    x: float
    href: str
    level: LevelMark
    count: int
    label: str

    @property
    def across(self) -> str:
        """The place as an SVG length."""
        return across(self.x)


@dataclass(frozen=True, slots=True)
class Lane:
    """The marks of one problem. `label` is short, `name` is the whole sentence."""

    number: int
    label: str
    name: str
    href: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing. `levels` are those in it, worst first; `lanes_left_out` are only listed.

    `left` and `right` are the epoch seconds at the edges of the axis. `moment` is None where it
    lies outside, and `elsewhere` says so.
    """

    left: int
    right: int
    moment: Label | None
    elsewhere: str
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    lanes_left_out: int
    levels: tuple[LevelMark, ...]
    releases: Releases
    density: Density | None
    description: str


def timeline_of(answer: Answer, left: Sequence[Numbered], shown: Shown, zone: ZoneInfo) -> Timeline:
    """The drawing of an answer; `left` are the problems that `shown` leaves of it."""
    window = answer.question.window
    span = shown.span or whole_of(window)
    return draw_timeline(
        left,
        window,
        zone,
        span=span,
        deploys=deploys_shown(answer.beside.deploys, span, shown),
        steps=step_times(answer.events),
    )


def draw_timeline(
    problems: Sequence[Numbered],
    window: Window,
    zone: ZoneInfo,
    *,
    span: Span | None = None,
    deploys: Sequence[Deploy] = (),
    steps: Sequence[datetime] = (),
) -> Timeline:
    """Lanes in the order of the problems, events from left to right, over the span or the window.

    `deploys` are in order of time and lie in the span; `steps` are when the customer did something.
    """
    scale = Scale(span or whole_of(window), zone)
    events = events_of(problems)
    levels = {level_mark(event.level) for event in events}
    drawn = problems[:MOST_LANES]
    went_live = releases(deploys, scale)
    place = scale.x(window.moment)
    is_in = scale.span.contains(window.moment)
    told = f"{local_clock(window.moment, zone).text} reported"
    return Timeline(
        left=round(scale.at(0)),
        right=round(scale.at(100)),
        moment=anchored(place, told) if is_in else None,
        elsewhere="" if is_in else _elsewhere(window.moment, scale),
        ticks=ticks(scale, free=(place,) if is_in else ()),
        lanes=tuple(
            _lane(number, label, group.events, scale)
            for (number, group), label in zip(drawn, _labels(drawn), strict=True)
        ),
        lanes_left_out=max(0, len(problems) - MOST_LANES),
        levels=tuple(sorted(levels, key=lambda level: level.rank)),
        releases=went_live,
        density=density(steps, scale),
        description=_description(scale, len(problems), len(events), len(deploys)),
    )


def _elsewhere(moment: datetime, scale: Scale) -> str:
    when = local_clock(moment, scale.zone, day_of=scale.span.start).text
    side = "before" if moment < scale.span.start else "after"
    return f"Reported at {when}, {side} what is drawn"


def _description(scale: Scale, problems: int, events: int, deploys: int) -> str:
    start, end = (
        local_clock(edge, scale.zone, day_of=scale.span.start).text
        for edge in (scale.span.start, scale.span.end)
    )
    also = f", {counted(deploys, 'release')} went live" if deploys else ""
    return (
        f"From {start} to {end} {scale.zone.key}: {counted(problems, 'problem')}, "
        f"{counted(events, 'event')}{also}. The same events are listed below."
    )


def _labels(problems: Sequence[Numbered]) -> list[tuple[str, str]]:
    """What failed, and that with what was tried; where two are the same, the technical titles."""
    cores = [core_of(group.newest)[:-1] for _number, group in problems]
    labels = []
    for core, (_number, group) in zip(cores, problems, strict=True):
        sentence = summarize_group(group)
        if cores.count(core) == 1:
            labels.append((core, sentence))
        else:
            title = clipped(group.title, 80)
            labels.append((title, f"{title}: {sentence}"))
    return labels


def _lane(number: int, label: tuple[str, str], events: Sequence[Event], scale: Scale) -> Lane:
    return Lane(
        number=number,
        label=label[0],
        name=label[1],
        href=f"#issue-{number}",
        marks=tuple(_mark(near, scale) for near in _neighbours(events, scale)),
    )


def _neighbours(events: Sequence[Event], scale: Scale) -> list[list[Event]]:
    """Events in time order, those that would lie on top of each other together."""
    together: list[list[Event]] = []
    for event in sorted(events, key=lambda event: (event.timestamp, event.id)):
        if together and scale.x(event.timestamp) - scale.x(together[-1][0].timestamp) < NEAR:
            together[-1].append(event)
        else:
            together.append([event])
    return together


def _mark(events: Sequence[Event], scale: Scale) -> Mark:
    first, last = events[0], events[-1]
    level = min((level_mark(event.level) for event in events), key=lambda level: level.rank)
    began, ended = (local_clock(event.timestamp, scale.zone).text for event in (first, last))
    if len(events) == 1:
        label = f"{began}, {level.word}: {clipped(first.title or 'untitled', 120)}"
    else:
        label = f"{counted(len(events), 'event')}, {began} to {ended}, worst: {level.word}"
    if not scale.span.contains(first.timestamp):
        label = f"Outside the window: {label}"
    return Mark(
        x=scale.x(first.timestamp),
        href=f"#event-{first.id}",
        level=level,
        count=len(events),
        label=label,
    )
