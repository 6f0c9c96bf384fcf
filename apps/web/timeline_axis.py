"""The line of time under the drawing: where a time stands, and round times to name on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.events.filtering import Span
from apps.events.query import Window

MARGIN = 4.0
NEAR = 2.8
MOST_TICKS = 6
MOST_TICKS_WITH_SECONDS = 4

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_FINEST_S = 900  # every zone is a whole number of these away from UTC


@dataclass(frozen=True, slots=True)
class Scale:
    """What part of time is drawn; across is per cent, to fit any page."""

    span: Span
    zone: ZoneInfo

    def x(self, when: datetime) -> float:
        """Where a time stands, from the left margin to the right one; outside is at the edge."""
        whole = (self.span.end - self.span.start).total_seconds()
        place = (when - self.span.start).total_seconds() / whole
        return MARGIN + min(1.0, max(0.0, place)) * (100 - 2 * MARGIN)

    def at(self, x: float) -> float:
        """The epoch seconds at a place, also in the margins."""
        start, end = self.span.start.timestamp(), self.span.end.timestamp()
        return start + (x - MARGIN) / (100 - 2 * MARGIN) * (end - start)


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis."""

    across: str
    label: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place on the axis; `anchor` keeps it inside the drawing."""

    across: str
    anchor: str
    text: str


def whole_of(window: Window) -> Span:
    """The window as a span."""
    return Span(window.start, window.end)


def across(x: float) -> str:
    """A place as an SVG length."""
    return f"{x:.2f}%"


def anchored(x: float, text: str) -> Label:
    """A label centred at its place, or beside it near the edges."""
    return Label(across(x), "start" if x < 14 else "end" if x > 86 else "middle", text)


def ticks(scale: Scale, *, free: tuple[float, ...] = ()) -> tuple[Tick, ...]:
    """Round local times, to the second where the span is short; none at the places in `free`."""
    step = fitting_step(scale.span, MOST_TICKS)
    if step < 60:
        step = fitting_step(scale.span, MOST_TICKS_WITH_SECONDS)
    names = ClockNames(scale.span, scale.zone, seconds=step < 60)
    return tuple(
        Tick(across(scale.x(when)), names.short(when))
        for when in round_times(scale.span, scale.zone, step)
        if all(abs(scale.x(when) - place) > NEAR for place in free)
    )


def fitting_step(span: Span, most: int) -> int:
    """The smallest round number of seconds of which at most that many fit into the span."""
    whole = (span.end - span.start).total_seconds()
    return next((step for step in _STEPS_S if whole / step <= most), _STEPS_S[-1])


def round_times(span: Span, zone: ZoneInfo, step_s: int) -> Iterator[datetime]:
    """Times (UTC) in the span that are round on the zone's clocks, an hour told twice as well."""
    stride = min(step_s, _FINEST_S)
    second = -(-int(span.start.timestamp()) // stride) * stride
    while second <= span.end.timestamp():
        when = datetime.fromtimestamp(second, UTC)
        local = when.astimezone(zone)
        if (local.hour * 3600 + local.minute * 60 + local.second) % step_s == 0:
            yield when
        second += stride


class ClockNames:
    """Names times so that no two of a span have one name, also where the clocks change in it."""

    def __init__(self, span: Span, zone: ZoneInfo, *, seconds: bool) -> None:
        start, end = span.start.astimezone(zone), span.end.astimezone(zone)
        clock = "%H:%M:%S" if seconds else "%H:%M"
        self._zone = zone
        self._clock = clock if start.utcoffset() == end.utcoffset() else f"{clock} %Z"
        self._has_days = start.date() != end.date()

    def short(self, when: datetime) -> str:
        """The time of day; at midnight the day alone. For an axis, where the order is seen."""
        local = when.astimezone(self._zone)
        if self._has_days and local.time() == time():
            return _day(local)
        return local.strftime(self._clock)

    def full(self, when: datetime) -> str:
        """The time of day, with its day where the span has several."""
        local = when.astimezone(self._zone)
        clock = local.strftime(self._clock)
        return f"{_day(local)}, {clock}" if self._has_days else clock


def _day(local: datetime) -> str:
    return f"{local.day} {local:%b}"


def around(window: Window, minutes: int) -> Span:
    """That many minutes to each side of the moment, inside the window."""
    reach = timedelta(minutes=min(minutes, window.minutes))
    return Span(window.moment - reach, window.moment + reach)
