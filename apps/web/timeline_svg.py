"""Where things stand in the drawing of the timeline. Across is per cent, to fit any page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.events.event import Event
from apps.events.question import Window
from apps.events.summary import summarize_group
from apps.events.timeline import Group, fraction_of_window
from apps.web.clock import local_clock
from apps.web.level import LevelMark, level_mark
from apps.web.wording import clipped, counted

MOST_LANES = 12

_MARGIN = 4.0
_NEAR = 2.8
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
_MOST_TICKS = 6


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
        return f"{self.x:.2f}%"


@dataclass(frozen=True, slots=True)
class Lane:
    """The marks of one problem."""

    label: str
    href: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis."""

    across: str
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing. `levels` are those in it, worst first; `lanes_left_out` are only listed."""

    moment: str
    moment_label: str
    ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    lanes_left_out: int
    levels: tuple[LevelMark, ...]
    description: str


def draw_timeline(groups: Sequence[Group], window: Window, zone: ZoneInfo) -> Timeline:
    """Lanes in the order of the groups, events from left to right."""
    events = [event for group in groups for event in group.events]
    levels = {level_mark(event.level) for event in events}
    shown = groups[:MOST_LANES]
    start, end = (local_clock(edge, zone).text for edge in (window.start, window.end))
    return Timeline(
        moment=f"{_x(window.moment, window):.2f}%",
        moment_label=f"{local_clock(window.moment, zone).text} reported",
        ticks=_ticks(window, zone),
        lanes=tuple(
            _lane(number, label, group, window, zone)
            for number, (label, group) in enumerate(
                zip(_labels(shown), shown, strict=True), start=1
            )
        ),
        lanes_left_out=max(0, len(groups) - MOST_LANES),
        levels=tuple(sorted(levels, key=lambda level: level.rank)),
        description=(
            f"From {start} to {end} {zone.key}: {counted(len(groups), 'problem')}, "
            f"{counted(len(events), 'event')}. The same events are listed below."
        ),
    )


def _labels(groups: Sequence[Group]) -> list[str]:
    """The plain sentences; where one stands for several problems, their technical titles."""
    sentences = [summarize_group(group) for group in groups]
    return [
        sentence if sentences.count(sentence) == 1 else clipped(group.title, 80)
        for sentence, group in zip(sentences, groups, strict=True)
    ]


def _lane(number: int, label: str, group: Group, window: Window, zone: ZoneInfo) -> Lane:
    return Lane(
        label=label,
        href=f"#issue-{number}",
        marks=tuple(_mark(near, window, zone) for near in _neighbours(group.events, window)),
    )


def _neighbours(events: Sequence[Event], window: Window) -> list[list[Event]]:
    """Events in time order, those that would lie on top of each other together."""
    together: list[list[Event]] = []
    for event in sorted(events, key=lambda event: (event.timestamp, event.id)):
        x = _x(event.timestamp, window)
        if together and x - _x(together[-1][0].timestamp, window) < _NEAR:
            together[-1].append(event)
        else:
            together.append([event])
    return together


def _mark(events: Sequence[Event], window: Window, zone: ZoneInfo) -> Mark:
    first, last = events[0], events[-1]
    level = min((level_mark(event.level) for event in events), key=lambda level: level.rank)
    began, ended = (local_clock(event.timestamp, zone).text for event in (first, last))
    if len(events) == 1:
        label = f"{began}, {level.word}: {clipped(first.title or 'untitled', 120)}"
    else:
        label = f"{counted(len(events), 'event')}, {began} to {ended}, worst: {level.word}"
    if not window.contains(first.timestamp):
        label = f"Outside the window: {label}"
    return Mark(
        x=_x(first.timestamp, window),
        href=f"#event-{first.id}",
        level=level,
        count=len(events),
        label=label,
    )


def _x(when: datetime, window: Window) -> float:
    return _MARGIN + fraction_of_window(when, window) * (100 - 2 * _MARGIN)


def _ticks(window: Window, zone: ZoneInfo) -> tuple[Tick, ...]:
    """Round local times inside the window; none where the reported moment stands."""
    span_min = window.minutes * 2
    step_min = next((step for step in _STEPS_MIN if span_min / step <= _MOST_TICKS), 720)
    ticks = []
    for local in _round_times(window.start.astimezone(zone), timedelta(minutes=step_min)):
        when = local.astimezone(UTC)
        if when > window.end:
            break
        x = _x(when, window)
        if abs(x - _x(window.moment, window)) > _NEAR:
            label = f"{local:%H:%M}" if local.hour or local.minute else f"{local.day} {local:%b}"
            ticks.append(Tick(f"{x:.2f}%", label))
    return tuple(ticks)


def _round_times(start: datetime, step: timedelta) -> Iterator[datetime]:
    """Wall-clock times from the last midnight on, so that they stay round when clocks change."""
    local = start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    while True:
        if local.astimezone(UTC) >= start.astimezone(UTC):
            yield local
        local += step
