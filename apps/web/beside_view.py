"""What stands beside the errors, as the result page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Beside, Deploy, Feedback, Replay, Signal
from apps.events.event import Event
from apps.events.query import Window, duration
from apps.events.releases import short_release
from apps.web.clock import LocalTime, local_clock, relative
from apps.web.level import LevelMark, level_mark
from apps.web.wording import clipped, counted, listed, safe_link

_MOST_PAGES = 5
_MOST_RELEASES = 5
_LONGEST_TEXT = 2000
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
        message=clipped(feedback.message, _LONGEST_TEXT),
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
