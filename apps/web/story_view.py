"""What the customer did and what happened to them, in one line of time, for the result page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.breadcrumb_text import Told, all_told, merged
from apps.events.event import Event
from apps.events.grouping import Group
from apps.events.query import duration
from apps.events.summary import summarize
from apps.web.clock import local_clock, relative
from apps.web.steps import Step, step_of
from apps.web.wording import counted

MOST_STEPS = 150

_LONGEST_TEXT = 200
_BEFORE_FAILURE = 3
_SHORTEST_FOLD = 4
_PAUSE = timedelta(minutes=2)
_AT = "at the moment"

_Happened = tuple[datetime, Told | Event]
_Placed = tuple[datetime, Step]


@dataclass(frozen=True, slots=True)
class StoryPart:
    """Steps in a row; quiet ones stand behind a click with this `summary`."""

    steps: tuple[Step, ...]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class StoryView:
    """The parts, oldest first. `left_out` steps far from the moment are not printed."""

    parts: tuple[StoryPart, ...]
    left_out: int
    read_of: str


def story_view(answer: Answer, groups: Sequence[Group], zone: ZoneInfo) -> StoryView | None:
    """The story of an answer; None where no event that was read tells of a step."""
    moment = answer.question.window.moment
    told = merged(all_told([(event, False) for event in answer.events]))
    if not told:
        return None
    noise = {event.id for group in groups if group.is_noise for event in group.events}
    loud = [event for event in answer.events if event.id not in noise]
    happened: list[_Happened] = [(one.place[0], one) for one in told]
    happened += [
        ((event.body and event.body.happened_at) or event.timestamp, event) for event in loud
    ]
    shown = _nearest(happened, moment)
    steps = [(at, _step(at, one, moment, zone)) for at, one in shown]
    return StoryView(
        parts=tuple(_parts(_paused(_joined(steps)))),
        left_out=len(happened) - len(shown),
        read_of=_read_of(answer),
    )


def _read_of(answer: Answer) -> str:
    read, listed = answer.bodies_read, len(answer.events)
    if read == listed:
        return ""
    return (
        f"From the {counted(read, 'event')} nearest the reported time; {listed - read} were not "
        "read."
    )


def _nearest(happened: Sequence[_Happened], moment: datetime) -> list[_Happened]:
    in_order = sorted(happened, key=lambda pair: pair[0])
    by_distance = sorted(in_order, key=lambda pair: abs(pair[0] - moment))[:MOST_STEPS]
    return sorted(by_distance, key=lambda pair: pair[0])


def _step(at: datetime, one: Told | Event, moment: datetime, zone: ZoneInfo) -> Step:
    if isinstance(one, Told):
        return step_of(
            one.crumb, one.event, origin=moment, at=_AT, zone=zone, longest=_LONGEST_TEXT
        )
    return Step(
        relative=relative(at, moment, at=_AT),
        time=local_clock(at, zone, day_of=moment),
        words=summarize(one),
        has_failed=True,
        href=f"#event-{one.id}",
    )


def _joined(steps: Sequence[_Placed]) -> Iterator[_Placed]:
    """Three or more of the same in a row as one, which says how often."""
    for _same, run in groupby(steps, key=lambda one: (one[1].words, one[1].text, one[1].outcome)):
        (at, first), *more = run
        if len(more) < 2:
            yield from ((at, first), *more)
            continue
        until = more[-1][1].time
        times = f"{len(more) + 1} times{f', until {until.text}' if until else ''}"
        yield at, replace(first, outcome=", ".join(filter(None, (first.outcome, times))))


def _paused(steps: Iterator[_Placed]) -> Iterator[Step]:
    before: datetime | None = None
    for at, step in steps:
        gap = at - before if before else timedelta()
        before = at
        yield replace(step, pause=duration(gap.total_seconds())) if gap >= _PAUSE else step


def _parts(steps: Iterator[Step]) -> Iterator[StoryPart]:
    """What failed and the steps just before it stand open; long quiet runs are folded."""
    line = list(steps)
    failures = [place for place, step in enumerate(line) if step.has_failed]
    is_open = {
        place for failure in failures for place in range(failure - _BEFORE_FAILURE, failure + 1)
    }
    open_steps: list[Step] = []
    for opened, run in groupby(enumerate(line), key=lambda pair: pair[0] in is_open):
        part = tuple(step for _place, step in run)
        if opened or len(part) < _SHORTEST_FOLD:
            open_steps += part
            continue
        if open_steps:
            yield StoryPart(tuple(open_steps))
            open_steps = []
        yield StoryPart(part, _summary(part))
    if open_steps:
        yield StoryPart(tuple(open_steps))


def _summary(steps: Sequence[Step]) -> str:
    times = [step.time.text for step in steps if step.time]
    when = f", {times[0]} to {times[-1]}" if times else ""
    return f"{counted(len(steps), 'step')} without problems{when}"
