"""What the customer did, and the data related to their errors, as the result page shows them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Deploy, Feedback, RelatedData, Replay, Signal
from apps.events.breadcrumb_text import PlacedBreadcrumb, merge_breadcrumbs, place_breadcrumbs
from apps.events.event import Event
from apps.events.grouping import Problem
from apps.events.query import Window, counted, format_duration
from apps.events.releases import short_release
from apps.events.summary import summarize
from apps.web.presenters.formatting import (
    LevelMark,
    LocalTime,
    clipped,
    level_mark,
    local_clock,
    relative,
    safe_link,
)
from apps.web.presenters.issue import Step, step_of

MAX_STEPS = 150

_MAX_CRUMB_TEXT = 200
_BEFORE_FAILURE = 3
_MIN_FOLD = 4
_PAUSE = timedelta(minutes=2)
_AT = "at that time"

_Happened = tuple[datetime, PlacedBreadcrumb | Event]
_Placed = tuple[datetime, Step]


@dataclass(frozen=True, slots=True)
class StoryPart:
    """Steps in a row. Uneventful ones are behind a click and have a `summary`."""

    steps: tuple[Step, ...]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class StoryView:
    """The parts, oldest first. `left_out` counts steps too far from the reported time."""

    parts: tuple[StoryPart, ...]
    left_out: int
    read_of: str


def story_view(answer: Answer, problems: Sequence[Problem], zone: ZoneInfo) -> StoryView | None:
    """Return the story of an answer, or None if the events that were read have no steps."""
    moment = answer.question.window.moment
    breadcrumbs = merge_breadcrumbs(place_breadcrumbs([(event, False) for event in answer.events]))
    if not breadcrumbs:
        return None
    noise = {event.id for one in problems if one.is_noise for event in one.events}
    loud = [event for event in answer.events if event.id not in noise]
    happened: list[_Happened] = [(one.position[0], one) for one in breadcrumbs]
    happened += [
        ((event.body and event.body.happened_at) or event.timestamp, event) for event in loud
    ]
    shown = _nearest(happened, moment)
    steps = [(at, _step(at, one, moment, zone)) for at, one in shown]
    return StoryView(
        parts=tuple(_fold(_add_pauses(_join_repeats(steps)))),
        left_out=len(happened) - len(shown),
        read_of=_read_of(answer),
    )


def _read_of(answer: Answer) -> str:
    read = answer.bodies_read
    unread = len(answer.events) - read
    if not unread:
        return ""
    others = f"{counted(unread, 'other')} {'was' if unread == 1 else 'were'} not read"
    return f"From the {counted(read, 'event')} nearest the reported time; {others}."


def _nearest(happened: Sequence[_Happened], moment: datetime) -> list[_Happened]:
    in_order = sorted(happened, key=lambda pair: pair[0])
    by_distance = sorted(in_order, key=lambda pair: abs(pair[0] - moment))[:MAX_STEPS]
    return sorted(by_distance, key=lambda pair: pair[0])


def _step(at: datetime, one: PlacedBreadcrumb | Event, moment: datetime, zone: ZoneInfo) -> Step:
    if isinstance(one, PlacedBreadcrumb):
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


def _join_repeats(steps: Sequence[_Placed]) -> Iterator[_Placed]:
    """Join three or more equal steps in a row into one that says how often."""
    for _same, run in groupby(steps, key=lambda one: (one[1].words, one[1].text, one[1].outcome)):
        (at, first), *more = run
        if len(more) < 2:
            yield from ((at, first), *more)
            continue
        until = more[-1][1].time
        times = f"{len(more) + 1} times{f', until {until.text}' if until else ''}"
        yield at, replace(first, outcome=", ".join(filter(None, (first.outcome, times))))


def _add_pauses(steps: Iterator[_Placed]) -> Iterator[Step]:
    before: datetime | None = None
    for at, step in steps:
        gap = at - before if before else timedelta()
        before = at
        yield replace(step, pause=format_duration(gap.total_seconds())) if gap >= _PAUSE else step


def _fold(steps: Iterator[Step]) -> Iterator[StoryPart]:
    """Keep failures and the steps just before them open; fold long uneventful runs."""
    line = list(steps)
    failures = [index for index, step in enumerate(line) if step.has_failed]
    is_open = {
        index for failure in failures for index in range(failure - _BEFORE_FAILURE, failure + 1)
    }
    open_steps: list[Step] = []
    for stays_open, run in groupby(enumerate(line), key=lambda pair: pair[0] in is_open):
        part = tuple(step for _index, step in run)
        if stays_open or len(part) < _MIN_FOLD:
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


# Related data.

_MAX_PAGES = 5
_MAX_RELEASES = 5
_MAX_RELATED_TEXT = 2000


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """A message from the customer. `about` is their name and page."""

    time: LocalTime
    relative: str
    message: str
    about: str
    permalink: str


@dataclass(frozen=True, slots=True)
class ReplayView:
    """A session replay."""

    start: LocalTime
    end: LocalTime | None
    facts: tuple[str, ...]
    pages: tuple[str, ...]
    permalink: str


@dataclass(frozen=True, slots=True)
class TraceErrorView:
    """A related error: of the same traces, but without a customer."""

    id: str
    time: LocalTime
    relative: str
    level: LevelMark
    title: str
    project: str


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release around the reported time: a sentence, to be followed by the time."""

    sentence: str
    time: LocalTime


@dataclass(frozen=True, slots=True)
class RelatedView:
    """The related data.

    `more_releases` counts releases further from the reported time. `nothing` says what Sentry
    certainly does not have. `unread` are sentences about what could not be read.
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


def related_view(answer: Answer, zone: ZoneInfo) -> RelatedView | None:
    """Return the section in the agent's zone, or None if there is nothing to say."""
    related, window = answer.beside, answer.question.window
    releases = _releases(related.deploys, window, zone)
    more = len(related.deploys) - len(releases)
    view = RelatedView(
        feedback=tuple(_feedback(one, window, zone) for one in related.feedback),
        replays=tuple(_replay(one, window, zone) for one in related.replays),
        trace_errors=tuple(_trace_error(one, window, zone) for one in related.trace_errors),
        releases=releases,
        more_releases=f"and {counted(more, 'more release')}" if more else "",
        nothing=_absences(related) if answer.complete else "",
        unread=tuple(one.message for one in related.unread),
        can_retry=any(one.can_retry for one in related.unread),
        is_late=any(one.is_late for one in related.unread),
    )
    parts = (*(view.feedback, view.replays, view.trace_errors), releases, view.nothing, view.unread)
    return view if any(parts) else None


def _absences(related: RelatedData) -> str:
    """Return what certainly doesn't exist; of replays, Sentry's search can miss some."""
    if Signal.FEEDBACK not in related.surely or related.feedback:
        return ""
    return "Sentry has no feedback for this customer where we searched."


def _feedback(feedback: Feedback, window: Window, zone: ZoneInfo) -> FeedbackView:
    about = [f"as {feedback.name}" if feedback.name else "", feedback.url or ""]
    return FeedbackView(
        time=local_clock(feedback.sent_at, zone, day_of=window.moment),
        relative=relative(feedback.sent_at, window.moment, at=_AT),
        message=clipped(feedback.message, _MAX_RELATED_TEXT),
        about=clipped(", on ".join(filter(None, about)), 300),
        permalink=safe_link(feedback.permalink),
    )


def _replay(replay: Replay, window: Window, zone: ZoneInfo) -> ReplayView:
    ended = replay.finished_at
    facts = [format_duration((ended - replay.started_at).total_seconds())] if ended else []
    facts += [counted(replay.errors, "error")] if replay.errors else []
    facts += [counted(replay.rage_clicks, "rage click")] if replay.rage_clicks else []
    facts += [
        counted(replay.dead_clicks, "click that did nothing", "clicks that did nothing")
        if replay.dead_clicks
        else ""
    ]
    pages = tuple(dict.fromkeys(clipped(url, 200) for url in replay.urls))
    hidden = len(pages) - _MAX_PAGES
    return ReplayView(
        start=local_clock(replay.started_at, zone, day_of=window.moment),
        end=local_clock(ended, zone, day_of=window.moment) if ended else None,
        facts=tuple(filter(None, facts)),
        pages=(*pages[:_MAX_PAGES], *([f"and {hidden} more"] if hidden > 0 else [])),
        permalink=safe_link(replay.permalink),
    )


def _releases(deploys: Sequence[Deploy], window: Window, zone: ZoneInfo) -> tuple[ReleaseView, ...]:
    """Return the releases nearest to the reported time, in order of time."""
    nearest = sorted(deploys, key=lambda deploy: abs(deploy.at - window.moment))
    return tuple(
        ReleaseView(_went_live(deploy, window), local_clock(deploy.at, zone, day_of=window.moment))
        for deploy in sorted(nearest[:_MAX_RELEASES], key=lambda deploy: deploy.at)
    )


def _went_live(deploy: Deploy, window: Window) -> str:
    """Return the sentence. Without a deploy in Sentry, only its first appearance there is known."""
    name = " ".join(filter(None, (deploy.project, short_release(deploy.version))))
    where = f" in {deploy.environment}" if deploy.environment else ""
    what = f"went live{where}" if deploy.is_told else "first appeared in Sentry"
    when = relative(deploy.at, window.moment, at=_AT)
    return clipped(f"{name} {what} {when}", 300)


def _trace_error(event: Event, window: Window, zone: ZoneInfo) -> TraceErrorView:
    return TraceErrorView(
        id=event.id,
        time=local_clock(event.timestamp, zone, day_of=window.moment),
        relative=relative(event.timestamp, window.moment, at=_AT),
        level=level_mark(event.level),
        title=clipped(event.title or "Untitled error", 200),
        project=clipped(event.project or "", 80),
    )
