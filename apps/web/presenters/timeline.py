"""What the drawing of the timeline is made of: a lane per problem, its marks, and the moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Deploy
from apps.events.breadcrumb_text import step_times
from apps.events.event import Event
from apps.events.filtering import NOT_KNOWN, Numbered, Shown, Span, events_of
from apps.events.query import Window
from apps.events.releases import short_release
from apps.events.summary import core_of, summarize_group
from apps.web.presenters.formatting import (
    LevelMark,
    LocalTime,
    clipped,
    counted,
    level_mark,
    listed,
    local_clock,
)

# The line of time under the drawing: where a time stands, and round times to name on it.

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


# What stands along the line of time beside the errors: releases, and what the customer did.

BUCKETS = 60

_HEIGHT = 16
_LEAST = 3
_FLAG = 2.0
_LETTER = 0.9  # per cent of the drawing on a wide page; narrow ones show no labels
_LONGEST_VERSION = 18
_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Release:
    """One or several releases that went live at about the same time, in words."""

    time: LocalTime
    text: str
    happened: str


@dataclass(frozen=True, slots=True)
class Releases:
    """The marks of releases, and all of them in words. A label is empty where there is no room."""

    marks: tuple[Label, ...] = ()
    told: tuple[Release, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Density:
    """How much the customer did when: bars as one path over `BUCKETS` by 16, and in words."""

    path: str
    steps: str
    description: str


def deploys_shown(deploys: Sequence[Deploy], span: Span, shown: Shown) -> tuple[Deploy, ...]:
    """Those inside the drawing, oldest first, of the chosen project and environment.

    One that names no project or environment may belong to any.
    """
    return tuple(
        deploy
        for deploy in sorted(deploys, key=lambda deploy: deploy.at)
        if span.contains(deploy.at)
        and shown.project in ("", NOT_KNOWN, deploy.project or shown.project)
        and shown.environment in ("", NOT_KNOWN, deploy.environment or shown.environment)
    )


def releases(deploys: Sequence[Deploy], scale: Scale) -> Releases:
    """Marks for deploys in order of time; those that would touch are joined to one."""
    together: list[list[Deploy]] = []
    for deploy in deploys:
        if together and scale.x(deploy.at) - scale.x(together[-1][0].at) < NEAR:
            together[-1].append(deploy)
        else:
            together.append([deploy])
    places = [scale.x(near[0].at) for near in together]
    marks: list[Label] = []
    free_from = 0.0
    for near, place, after in zip(together, places, [*places[1:], 200.0], strict=False):
        text = _mark_text(near)
        width = _FLAG + len(text) * _LETTER
        is_left = place + width > 100
        start, end = (place - width, place) if is_left else (place, place + width)
        has_room = start >= free_from and end <= after
        marks.append(Label(across(place), "end" if is_left else "start", text if has_room else ""))
        free_from = max(place, end) if has_room else place
    return Releases(
        marks=tuple(marks),
        told=tuple(_told(near, scale) for near in together[:_MOST_NAMED]),
        left_out=sum(len(near) for near in together[_MOST_NAMED:]),
    )


def release_text(deploy: Deploy) -> str:
    """The release and where it went live: 2.14.0 (web, production)."""
    where = ", ".join(clipped(part, 60) for part in (deploy.project, deploy.environment) if part)
    version = clipped(short_release(deploy.version), 80)
    return f"{version} ({where})" if where else version


def density(steps: Sequence[datetime], scale: Scale) -> Density | None:
    """Bars for the customer's steps inside the drawing; None where there are none."""
    span = scale.span
    length = (span.end - span.start).total_seconds() / BUCKETS
    counts = [0] * BUCKETS
    for step in steps:
        place = int((step - span.start).total_seconds() // length)
        if 0 <= place < BUCKETS or step == span.end:
            counts[min(place, BUCKETS - 1)] += 1
    most = max(counts)
    if not most:
        return None
    bars = (
        f"M{place} {_HEIGHT}v-{_LEAST + (_HEIGHT - _LEAST) * count / most:.0f}h1V{_HEIGHT}z"
        for place, count in enumerate(counts)
        if count
    )
    names = ClockNames(span, scale.zone, seconds=length < 10)
    busiest = span.start + (span.end - span.start) * ((counts.index(most) + 0.5) / BUCKETS)
    told = counted(sum(counts), "step")
    around = f", most around {names.full(busiest)}" if sum(counts) > 1 else ""
    return Density("".join(bars), told, f"What the customer did: {told}{around}")


def _mark_text(near: Sequence[Deploy]) -> str:
    versions = dict.fromkeys(deploy.version for deploy in near)
    if len(versions) > 1:
        return counted(len(versions), "release")
    version = short_release(near[0].version)
    short = version if len(version) <= _LONGEST_VERSION else f"{version[: _LONGEST_VERSION - 1]}…"
    return clipped(short, _LONGEST_VERSION)


def _told(near: Sequence[Deploy], scale: Scale) -> Release:
    first = near[0].at
    when = local_clock(first, scale.zone, day_of=scale.span.start)
    names = tuple(dict.fromkeys(release_text(deploy) for deploy in near))
    more = len(names) - _MOST_NAMED
    shown = names if more <= 0 else (*names[:_MOST_NAMED], f"{more} more")
    is_told = all(deploy.is_told for deploy in near)
    happened = "went live" if is_told else "went live or first appeared in Sentry"
    return Release(when, listed(shown), happened)


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
