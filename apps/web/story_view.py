"""What the customer did and what happened to them, in one line of time, for the result page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.durations import duration
from apps.events.event import Event
from apps.events.spoken import Actor, Spoken, spoken
from apps.events.story import Told, all_told, merged
from apps.events.summary import summarize
from apps.events.timeline import Group
from apps.web.clock import LocalTime, local_clock, relative
from apps.web.steps import ACTORS
from apps.web.wording import clipped, counted

MOST_STEPS = 150

_LONGEST_TEXT = 200
_BEFORE_FAILURE = 3
_SHORTEST_FOLD = 4
_PAUSE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One thing that happened. `href` leads to the event where the step is an error.

    `pause` is said before it where nothing is known to have happened for a while.
    """

    at: datetime
    relative: str
    time: LocalTime | None
    words: str
    text: str
    outcome: str
    has_failed: bool
    is_customers: bool
    href: str = ""
    pause: str = ""


@dataclass(frozen=True, slots=True)
class StoryPart:
    """Steps in a row; quiet ones stand behind a click with this `summary`."""

    steps: tuple[StoryStep, ...]
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
    steps = [_step_told(one, moment, zone) for one in told]
    if not steps:
        return None
    noise = {event.id for group in groups if group.is_noise for event in group.events}
    loud = [event for event in answer.events if event.id not in noise]
    steps += [_step_of_error(event, moment, zone) for event in loud]
    steps.sort(key=lambda step: step.at)
    shown = _nearest(steps, moment)
    return StoryView(
        parts=tuple(_parts(_paused(_joined(shown)))),
        left_out=len(steps) - len(shown),
        read_of=_read_of(answer),
    )


def _read_of(answer: Answer) -> str:
    read, listed = answer.bodies_read, len(answer.events)
    if read == listed:
        return ""
    return f"From the {counted(read, 'event')} nearest the moment; {listed - read} were not read."


def _step_told(one: Told, moment: datetime, zone: ZoneInfo) -> StoryStep:
    said: Spoken = spoken(one.crumb, one.event)
    at = one.place[0]
    known = one.crumb.timestamp is not None
    return StoryStep(
        at=at,
        relative=relative(at, moment, at="at the moment") if known else "",
        time=local_clock(at, zone, day_of=moment) if known else None,
        words=f"{ACTORS[said.actor]}{said.words}",
        text=clipped(said.text, _LONGEST_TEXT),
        outcome=said.outcome,
        has_failed=said.has_failed,
        is_customers=said.actor is Actor.CUSTOMER,
    )


def _step_of_error(event: Event, moment: datetime, zone: ZoneInfo) -> StoryStep:
    at = (event.body and event.body.happened_at) or event.timestamp
    return StoryStep(
        at=at,
        relative=relative(at, moment, at="at the moment"),
        time=local_clock(at, zone, day_of=moment),
        words=summarize(event),
        text="",
        outcome="",
        has_failed=True,
        is_customers=False,
        href=f"#event-{event.id}",
    )


def _nearest(steps: Sequence[StoryStep], moment: datetime) -> list[StoryStep]:
    by_distance = sorted(steps, key=lambda step: abs(step.at - moment))[:MOST_STEPS]
    return sorted(by_distance, key=lambda step: step.at)


def _joined(steps: Sequence[StoryStep]) -> Iterator[StoryStep]:
    """Three or more of the same in a row as one, which says how often."""
    for _same, run in groupby(steps, key=lambda one: (one.words, one.text, one.outcome)):
        first, *more = run
        if len(more) < 2:
            yield from (first, *more)
            continue
        until = more[-1].time
        times = f"{len(more) + 1} times{f', until {until.text}' if until else ''}"
        yield replace(first, outcome=", ".join(filter(None, (first.outcome, times))))


def _paused(steps: Iterator[StoryStep]) -> Iterator[StoryStep]:
    before: datetime | None = None
    for step in steps:
        gap = step.at - before if before else timedelta()
        before = step.at
        yield replace(step, pause=duration(gap.total_seconds())) if gap >= _PAUSE else step


def _parts(steps: Iterator[StoryStep]) -> Iterator[StoryPart]:
    """What failed and the steps just before it stand open; long quiet runs are folded."""
    line = list(steps)
    failures = [place for place, step in enumerate(line) if step.has_failed]
    is_open = {
        place for failure in failures for place in (*range(failure - _BEFORE_FAILURE, failure + 1),)
    }
    open_steps: list[StoryStep] = []
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


def _summary(steps: Sequence[StoryStep]) -> str:
    times = [step.time.text for step in steps if step.time]
    when = f", {times[0]} to {times[-1]}" if times else ""
    return f"{counted(len(steps), 'step')} without trouble{when}"
