"""The timeline: a lane of marks per problem, the axis, releases, and the customer's activity."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TypeVar
from zoneinfo import ZoneInfo

from apps.events import filtering
from apps.events.answer import Answer, Deploy
from apps.events.breadcrumb_text import step_times
from apps.events.event import Event
from apps.events.grouping import Problem, worst_level
from apps.events.observations import Observation, troubles_of
from apps.events.query import Window, counted
from apps.events.releases import short_release
from apps.events.summary import summarize_failure, summarize_group
from apps.web.presenters import formatting as fmt
from apps.web.presenters.formatting import Clock

# The axis.

Span = filtering.TimeRange | Window
_Timed = TypeVar("_Timed", Event, Deploy, tuple[datetime, Observation])

MARGIN = 4.0
MIN_DISTANCE = 2.8

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_FINEST_S = 900  # every zone is a whole number of these away from UTC


@dataclass(frozen=True, slots=True)
class Scale:
    """The mapping of times to positions, in percent of the width."""

    span: Span
    zone: ZoneInfo

    def x(self, when: datetime) -> float:
        """Return the position of a time between the margins; outside times are at the edge."""
        length = (self.span.end - self.span.start).total_seconds()
        ratio = (when - self.span.start).total_seconds() / length
        return MARGIN + min(1.0, max(0.0, ratio)) * (100 - 2 * MARGIN)

    def across(self, when: datetime) -> str:
        """Return the position of a time as an SVG length."""
        return f"{self.x(when):.2f}%"

    def clock(self, when: datetime) -> str:
        """Return the local time of day."""
        return f"{when.astimezone(self.zone):%H:%M:%S}"

    def at(self, x: float) -> float:
        """Return the epoch seconds at a position, also within the margins."""
        start, end = self.span.start.timestamp(), self.span.end.timestamp()
        return start + (x - MARGIN) / (100 - 2 * MARGIN) * (end - start)


@dataclass(frozen=True, slots=True)
class Label:
    """A text on the axis. `anchor` keeps it inside the drawing."""

    across: str
    anchor: str
    text: str


def _ticks(scale: Scale, free: tuple[float, ...]) -> tuple[tuple[str, str], ...]:
    """Return round local times, with seconds in a short span, away from positions in `free`."""
    step = tick_step(scale.span, 6)
    if step < 60:
        step = tick_step(scale.span, 4)
    names = TimeLabels(scale.span, scale.zone, seconds=step < 60)
    return tuple(
        (scale.across(when), names.short(when))
        for when in round_times(scale.span, scale.zone, step)
        if all(abs(scale.x(when) - x) > MIN_DISTANCE for x in free)
    )


def tick_step(span: Span, limit: int) -> int:
    """Return the smallest round number of seconds that fits into the span up to `limit` times."""
    length = (span.end - span.start).total_seconds()
    return next((step for step in _STEPS_S if length / step <= limit), _STEPS_S[-1])


def round_times(span: Span, zone: ZoneInfo, step_s: int) -> Iterator[datetime]:
    """Yield the times (UTC) in the span that are round in the zone, in repeated hours too."""
    stride = min(step_s, _FINEST_S)
    second = -(-int(span.start.timestamp()) // stride) * stride
    while second <= span.end.timestamp():
        when = datetime.fromtimestamp(second, UTC)
        local = when.astimezone(zone)
        if (local.hour * 3600 + local.minute * 60 + local.second) % step_s == 0:
            yield when
        second += stride


class TimeLabels:
    """Labels that are unique within a span, even if the clocks change in it."""

    def __init__(self, span: Span, zone: ZoneInfo, *, seconds: bool) -> None:
        start, end = span.start.astimezone(zone), span.end.astimezone(zone)
        clock = "%H:%M:%S" if seconds else "%H:%M"
        self._zone = zone
        self._clock = clock if start.utcoffset() == end.utcoffset() else f"{clock} %Z"
        self._has_days = start.date() != end.date()

    def short(self, when: datetime) -> str:
        """Return the time of day, or the day at midnight, for an axis."""
        local = when.astimezone(self._zone)
        if self._has_days and local.time() == time():
            return _day(local)
        return local.strftime(self._clock)

    def full(self, when: datetime) -> str:
        """Return the time of day, with its day if the span has several."""
        local = when.astimezone(self._zone)
        clock = local.strftime(self._clock)
        return f"{_day(local)}, {clock}" if self._has_days else clock


def _day(local: datetime) -> str:
    return f"{local.day} {local:%b}"


# Releases, and what the customer did.

BUCKETS = 60

_HEIGHT = 16
_MIN_BAR_HEIGHT = 3
_FLAG_WIDTH = 2.0
_CHARACTER_WIDTH = 0.9  # percent of the drawing on a wide page; narrow ones show no labels
_MAX_VERSION_LENGTH = 18


@dataclass(frozen=True, slots=True)
class Density:
    """The customer's activity: bars as one path, `BUCKETS` wide and 16 high, and in words."""

    path: str
    steps: str
    description: str


def filter_deploys(
    deploys: Sequence[Deploy], span: Span, event_filter: filtering.EventFilter
) -> tuple[Deploy, ...]:
    """Return the deploys in the span that match the filter, or lack what it is about, by time."""
    project, environment = event_filter.project, event_filter.environment
    return tuple(
        deploy
        for deploy in sorted(deploys, key=lambda deploy: deploy.at)
        if span.contains(deploy.at)
        and project in ("", filtering.UNKNOWN, deploy.project or project)
        and environment in ("", filtering.UNKNOWN, deploy.environment or environment)
    )


def release_marks(deploys: Sequence[Deploy], scale: Scale) -> tuple[Label, ...]:
    """Return marks for deploys by time, joined if they would touch, with labels that fit."""
    clusters = _clusters(deploys, [deploy.at for deploy in deploys], scale)
    positions = [scale.x(cluster[0].at) for cluster in clusters]
    marks: list[Label] = []
    free_from = 0.0
    for cluster, x, next_x in zip(clusters, positions, [*positions[1:], 200.0], strict=False):
        releases = len({deploy.version for deploy in cluster})
        text = counted(releases, "release")
        if releases == 1:
            version = short_release(cluster[0].version)
            is_long = len(version) > _MAX_VERSION_LENGTH
            text = fmt.visible(f"{version[: _MAX_VERSION_LENGTH - 1]}…" if is_long else version)
        width = _FLAG_WIDTH + len(text) * _CHARACTER_WIDTH
        is_left = x + width > 100
        start, end = (x - width, x) if is_left else (x, x + width)
        has_room = start >= free_from and end <= next_x
        position = scale.across(cluster[0].at)
        marks.append(Label(position, "end" if is_left else "start", text if has_room else ""))
        free_from = max(x, end) if has_room else x
    return tuple(marks)


def _clusters(
    items: Sequence[_Timed], times: Sequence[datetime], scale: Scale
) -> list[list[_Timed]]:
    """Group items, which are in order of their times, so that no two groups overlap."""
    clusters: list[list[_Timed]] = []
    first_x = -MIN_DISTANCE
    for item, x in zip(items, map(scale.x, times), strict=True):
        if clusters and x - first_x < MIN_DISTANCE:
            clusters[-1].append(item)
        else:
            clusters.append([item])
            first_x = x
    return clusters


def density(steps: Sequence[datetime], scale: Scale) -> Density | None:
    """Return the customer's steps within the span as bars, or None without any."""
    span = scale.span
    length = (span.end - span.start).total_seconds() / BUCKETS
    counts = [0] * BUCKETS
    for step in steps:
        bucket = int((step - span.start).total_seconds() // length)
        if 0 <= bucket < BUCKETS or step == span.end:
            counts[min(bucket, BUCKETS - 1)] += 1
    highest = max(counts)
    if not highest:
        return None
    room = _HEIGHT - _MIN_BAR_HEIGHT
    bars = (
        f"M{bucket} {_HEIGHT}v-{_MIN_BAR_HEIGHT + room * count / highest:.0f}h1V{_HEIGHT}z"
        for bucket, count in enumerate(counts)
        if count
    )
    names = TimeLabels(span, scale.zone, seconds=length < 10)
    busiest = span.start + (span.end - span.start) * ((counts.index(highest) + 0.5) / BUCKETS)
    total = counted(sum(counts), "step")
    peak = f", most around {names.full(busiest)}" if sum(counts) > 1 else ""
    return Density("".join(bars), total, f"Recorded: {total}{peak}")


MAX_LANES = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """An event or observation, or `count` of them too close together, linked to the first one."""

    across: str
    href: str
    count: int
    label: str
    level: fmt.LevelMark | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """The marks of one problem, or of several that nothing distinguishes. `name` is a sentence."""

    number: str
    label: str
    name: str
    marks: tuple[Mark, ...]
    is_noise: bool


class Timeline:
    """The drawing of an answer with the problems that the filter leaves.

    `lanes_left_out` counts problems without a lane, `seen` are observations. `ticks` have a place
    and a text. `left` and `right` are the epoch seconds at the edges. `moment` is None if the
    reported time is outside, as `elsewhere` then says.
    """

    def __init__(
        self,
        answer: Answer,
        problems: Sequence[Problem],
        event_filter: filtering.EventFilter,
        zone: ZoneInfo,
    ) -> None:
        moment = answer.question.window.moment
        span = event_filter.span or answer.question.window
        scale = Scale(span, zone)
        deploys = filter_deploys(answer.beside.deploys, span, event_filter)
        seen = filter_observations(troubles_of(answer), event_filter)
        start, end, asked_about = (
            Clock(span.start, zone).text(when) for when in (span.start, span.end, moment)
        )
        x, is_inside = scale.x(moment), span.contains(moment)
        side = "before" if moment < span.start else "after"
        anchor = "start" if x < 14 else "end" if x > 86 else "middle"  # keeps it in the drawing
        label = Label(scale.across(moment), anchor, f"{scale.clock(moment)} asked about")
        counts = [
            counted(sum(not one.is_noise for one in problems), "problem"),
            counted(len(filtering.events_in(problems)), "event"),
        ]
        if deploys:
            counts.append(f"{counted(len(deploys), 'release')} went live")
        if seen:
            counts.append(f"{counted(len(seen), 'finding')} in logs and requests")
        outside = f"The reported time, {asked_about}, is {side} this range"
        self.left = round(scale.at(0))
        self.right = round(scale.at(100))
        self.moment = label if is_inside else None
        self.elsewhere = "" if is_inside else outside
        self.ticks = _ticks(scale, (x,) if is_inside else ())
        self.lanes = list(_lanes(problems[:MAX_LANES], scale))
        self.lanes_left_out = max(0, len(problems) - MAX_LANES)
        self.releases = release_marks(deploys, scale)
        self.density = density(step_times(answer), scale)
        self.description = f"From {start} to {end} {zone.key}: {', '.join(counts)}."
        self.seen = _seen_marks(seen, scale)


def filter_observations(
    observations: Sequence[Observation], event_filter: filtering.EventFilter
) -> tuple[Observation, ...]:
    """Return the observations that match the filter, oldest first; none has a level or an issue."""
    if event_filter.level or event_filter.issue_id:
        return ()
    project, environment = event_filter.project, event_filter.environment
    text = filtering.fold_case(event_filter.text)
    return tuple(
        one
        for one in sorted(observations, key=lambda one: (one.at, one.rows[0].id))
        if (event_filter.span is None or any(map(event_filter.span.contains, one.moments)))
        and any(project in ("", row.project or filtering.UNKNOWN) for row in one.rows)
        and any(environment in ("", row.environment or filtering.UNKNOWN) for row in one.rows)
        and text in filtering.fold_case(f"{one.full_text} {one.target}")
    )


def _seen_marks(observations: Sequence[Observation], scale: Scale) -> tuple[Mark, ...]:
    marks = sorted(
        ((at, one) for one in observations for at in one.moments if scale.span.contains(at)),
        key=lambda mark: (mark[0], mark[1].rows[0].id),
    )
    return tuple(
        Mark(
            across=scale.across(cluster[0][0]),
            href=f"#{observation_anchor(cluster[0][1])}",
            count=len(cluster),
            label=" ".join(f"{scale.clock(at)}: {one.sentence}" for at, one in cluster[:5]),
        )
        for cluster in _clusters(marks, [at for at, _one in marks], scale)
    )


def observation_anchor(one: Observation) -> str:
    """Return the ID of an observation's step in the story."""
    return f"seen-{one.rows[0].id}"


def _lanes(problems: Sequence[Problem], scale: Scale) -> Iterator[Lane]:
    """Yield the lanes. Problems with the same label share one, except for the first problem."""
    hints = hints_of(problems)
    lanes: dict[tuple[str, bool, bool], list[Problem]] = {}
    for problem in problems:
        hint = hints.get(problem.issue_id, "")
        label = fmt.typeset(summarize_failure(problem.summarized)[:-1])
        label += f" ({hint})" if hint else ""
        lanes.setdefault((label, problem.number == 1, problem.is_noise), []).append(problem)
    for (label, _is_first, is_noise), own in lanes.items():
        names = (f"{fmt.typeset(summarize_group(one))} {fmt.clipped(one.title, 80)}" for one in own)
        yield Lane(
            number=_range([one.number for one in own]),
            label=label,
            name=" ".join(names),
            marks=tuple(_marks([event for one in own for event in _occurrences(one)], scale)),
            is_noise=is_noise,
        )


def _range(numbers: Sequence[int]) -> str:
    """Return `2`, `2-4`, or `2, 5`."""
    first, last = numbers[0], numbers[-1]
    if last - first == len(numbers) - 1 > 0:
        return f"{first}-{last}"
    return ", ".join(map(str, numbers))


def hints_of(problems: Sequence[Problem]) -> dict[str, str]:
    """Return what distinguishes problems with the same sentence, by issue: projects or files."""
    same: dict[str, list[Problem]] = {}
    for problem in problems:
        same.setdefault(summarize_failure(problem.summarized), []).append(problem)
    hints = {}
    for alike in same.values():
        names = [problem.newest.project or "" for problem in alike]
        if len(set(names)) == 1:
            names = [_file(problem) for problem in alike]
            if len(set(names)) < max(2, len(alike)):
                continue
        own = zip(alike, names, strict=True)
        hints.update({one.issue_id: fmt.clipped(name, 40) for one, name in own if name})
    return hints


def _file(problem: Problem) -> str:
    """Return the name of the file that failed, without its folders."""
    body = problem.cause.newest.body
    frame = body.exceptions[0].crash_frame if body and body.exceptions else None
    return re.split(r"[/\\]", frame.file or "")[-1] if frame else ""


def _occurrences(problem: Problem) -> list[Event]:
    """Return the events without those that another event of the same occurrence represents."""
    ids = {event.id for event in problem.events}
    return [
        event
        for event in problem.events
        if problem.twins.get(event.id, event.id) == event.id or problem.twins[event.id] not in ids
    ]


def _marks(events: Sequence[Event], scale: Scale) -> Iterator[Mark]:
    in_order = sorted(events, key=lambda event: (event.timestamp, event.id))
    for cluster in _clusters(in_order, [event.timestamp for event in in_order], scale):
        first, count = cluster[0], len(cluster)
        level = fmt.level_mark(worst_level(event.level for event in cluster))
        began, ended = scale.clock(first.timestamp), scale.clock(cluster[-1].timestamp)
        if count == 1:
            label = f"{began}, {level.word}: {fmt.clipped(first.title or 'untitled', 120)}"
        else:
            label = f"{counted(count, 'event')}, {began} to {ended}, worst: {level.word}"
        if not scale.span.contains(first.timestamp):
            label = f"Outside the window: {label}"
        yield Mark(scale.across(first.timestamp), f"#event-{first.id}", count, label, level)
