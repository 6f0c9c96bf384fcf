"""What the customer did and what happened to them, in one line of time, for the result page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Beside, Deploy, Feedback, Replay, Signal
from apps.events.breadcrumb_text import Told, all_told, merged
from apps.events.event import Event
from apps.events.grouping import Group
from apps.events.query import Window, duration
from apps.events.releases import short_release
from apps.events.summary import summarize
from apps.web.presenters.formatting import (
    LevelMark,
    LocalTime,
    clipped,
    counted,
    level_mark,
    listed,
    local_clock,
    relative,
    safe_link,
)
from apps.web.presenters.issue import Step, step_of

MOST_STEPS = 150

_MAX_CRUMB_TEXT = 200
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
            one.crumb, one.event, origin=moment, at=_AT, zone=zone, longest=_MAX_CRUMB_TEXT
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


# What stands beside the errors, as the result page shows it.

_MOST_PAGES = 5
_MOST_RELEASES = 5
_MAX_RELATED_TEXT = 2000
_NOTHING = {
    Signal.REPLAYS: "session replay",
    Signal.FEEDBACK: "feedback",
}


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """What the customer wrote; `about` is where they were."""

    time: LocalTime
    relative: str
    message: str
    about: str
    permalink: str


@dataclass(frozen=True, slots=True)
class ReplayView:
    """A recording of the customer's screen: from when to when, and what is seen in it."""

    start: LocalTime
    end: LocalTime | None
    facts: tuple[str, ...]
    pages: tuple[str, ...]
    permalink: str


@dataclass(frozen=True, slots=True)
class TraceErrorView:
    """An error behind the customer's errors that names no customer itself."""

    id: str
    time: LocalTime
    relative: str
    level: LevelMark
    title: str
    project: str


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release around the moment, in a sentence without its end: the time itself."""

    sentence: str
    time: LocalTime


@dataclass(frozen=True, slots=True)
class BesideView:
    """`more_releases` are those further from the moment, in words; `nothing` is a sentence about
    what Sentry surely does not have; `unread` are sentences.
    """

    feedback: tuple[FeedbackView, ...]
    replays: tuple[ReplayView, ...]
    trace_errors: tuple[TraceErrorView, ...]
    releases: tuple[ReleaseView, ...]
    more_releases: str
    nothing: str
    unread: tuple[str, ...]
    can_retry: bool
    is_late: bool


def beside_view(answer: Answer, zone: ZoneInfo) -> BesideView | None:
    """The section beside the errors, in the agent's zone; None when there is nothing to say."""
    beside, window = answer.beside, answer.question.window
    releases = _releases(beside.deploys, window, zone)
    view = BesideView(
        feedback=tuple(_feedback(one, window, zone) for one in beside.feedback),
        replays=tuple(_replay(one, window, zone) for one in beside.replays),
        trace_errors=tuple(_trace_error(one, window, zone) for one in beside.trace_errors),
        releases=releases,
        more_releases=_more(len(beside.deploys) - len(releases)),
        nothing=_nothing(beside) if answer.complete else "",
        unread=tuple(one.message for one in beside.unread),
        can_retry=any(one.can_retry for one in beside.unread),
        is_late=any(one.is_late for one in beside.unread),
    )
    parts = (*(view.feedback, view.replays, view.trace_errors), releases, view.nothing, view.unread)
    return view if any(parts) else None


def _nothing(beside: Beside) -> str:
    found = {Signal.REPLAYS: beside.replays, Signal.FEEDBACK: beside.feedback}
    missing = [
        f"no {name}"
        for signal, name in _NOTHING.items()
        if signal in beside.surely and not found[signal]
    ]
    where = "for this customer where we searched"
    return f"Sentry has {listed(missing)} {where}." if missing else ""


def _feedback(feedback: Feedback, window: Window, zone: ZoneInfo) -> FeedbackView:
    about = [f"as {feedback.name}" if feedback.name else "", feedback.url or ""]
    return FeedbackView(
        time=local_clock(feedback.sent_at, zone, day_of=window.moment),
        relative=relative(feedback.sent_at, window.moment, at="at that moment"),
        message=clipped(feedback.message, _MAX_RELATED_TEXT),
        about=clipped(", on ".join(filter(None, about)), 300),
        permalink=safe_link(feedback.permalink),
    )


def _replay(replay: Replay, window: Window, zone: ZoneInfo) -> ReplayView:
    ended = replay.finished_at
    facts = [duration((ended - replay.started_at).total_seconds())] if ended else []
    facts += [counted(replay.errors, "error")] if replay.errors else []
    facts += [counted(replay.rage_clicks, "rage click")] if replay.rage_clicks else []
    facts += [
        counted(replay.dead_clicks, "click that did nothing", "clicks that did nothing")
        if replay.dead_clicks
        else ""
    ]
    pages = tuple(dict.fromkeys(clipped(url, 200) for url in replay.urls))
    hidden = len(pages) - _MOST_PAGES
    return ReplayView(
        start=local_clock(replay.started_at, zone, day_of=window.moment),
        end=local_clock(ended, zone, day_of=window.moment) if ended else None,
        facts=tuple(filter(None, facts)),
        pages=(*pages[:_MOST_PAGES], *([f"and {hidden} more"] if hidden > 0 else [])),
        permalink=safe_link(replay.permalink),
    )


def _releases(deploys: Sequence[Deploy], window: Window, zone: ZoneInfo) -> tuple[ReleaseView, ...]:
    """Those nearest to the moment, in order of time."""
    nearest = sorted(deploys, key=lambda deploy: abs(deploy.at - window.moment))
    return tuple(
        ReleaseView(_went_live(deploy, window), local_clock(deploy.at, zone, day_of=window.moment))
        for deploy in sorted(nearest[:_MOST_RELEASES], key=lambda deploy: deploy.at)
    )


def _went_live(deploy: Deploy, window: Window) -> str:
    """Where nobody told Sentry that it went live, only when Sentry first knew of it is sure."""
    named = " ".join(filter(None, (deploy.project, short_release(deploy.version))))
    where = f" in {deploy.environment}" if deploy.environment else ""
    what = f"went live{where}" if deploy.is_told else "first appeared in Sentry"
    when = relative(deploy.at, window.moment, at="at that moment")
    return clipped(f"{named} {what} {when}", 300)


def _more(count: int) -> str:
    return f"and {counted(count, 'more release')}" if count > 0 else ""


def _trace_error(event: Event, window: Window, zone: ZoneInfo) -> TraceErrorView:
    return TraceErrorView(
        id=event.id,
        time=local_clock(event.timestamp, zone, day_of=window.moment),
        relative=relative(event.timestamp, window.moment, at="at that moment"),
        level=level_mark(event.level),
        title=clipped(event.title or "Untitled error", 200),
        project=clipped(event.project or "", 80),
    )
