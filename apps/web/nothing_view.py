"""An answer without errors as its page prints it: where was looked, and where to look next."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Nearby
from apps.events.event import Event
from apps.events.query import CustomerKind, Question, Window, duration
from apps.events.summary import summarize
from apps.web.clock import LocalTime, local_clock, local_minute, typed_in
from apps.web.level import LevelMark, level_mark
from apps.web.wording import clipped, field_name, listed

_WIDER = {15: "± 15 minutes", 60: "± 1 hour", 1440: "± 1 day"}


@dataclass(frozen=True, slots=True)
class Sight:
    """An error outside the window: its time, how a button calls it, and as the form takes it."""

    time: LocalTime
    clock: str
    distance: str
    sentence: str
    level: LevelMark
    project: str
    typed: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the customer at other times.

    `last` is None where the newest error of all is not known, `is_never` says that there is none.
    `silences` are sentences about the sides on which there surely is nothing, `kept` one about how
    long errors are kept, and `problem` why it could not be found out.
    """

    is_never: bool
    since: LocalTime
    days: int
    last: Sight | None
    nearest: tuple[Sight, ...]
    silences: tuple[str, ...]
    kept: str
    advice: str
    problem: str


@dataclass(frozen=True, slots=True)
class NothingFound:
    """Where was looked in vain. `wider` are windows in minutes worth trying, with their words."""

    fields: str
    projects: str
    environments: str
    wider: tuple[tuple[int, str], ...]
    seen: Seen | None


def nothing_view(answer: Answer, zone: ZoneInfo, *, customer: str) -> NothingFound:
    """The section of an empty answer, in the agent's zone. `customer` is as typed.

    An answer that is not complete claims nothing about other times, whatever was known once.
    """
    question, nearby = answer.question, answer.nearby
    return NothingFound(
        fields=searched_fields(question),
        projects=listed(answer.searched.projects),
        environments=listed(answer.searched.environments),
        wider=tuple(
            (wide, word) for wide, word in _WIDER.items() if wide > question.window.minutes
        ),
        seen=_seen(nearby, question.window, zone, customer) if nearby and answer.complete else None,
    )


def searched_fields(question: Question) -> str:
    """As what the customer was looked for: user ID, email, and username."""
    by_kind = {CustomerKind.EVENT: "event ID", CustomerKind.TRACE: "trace ID"}
    kind = question.customer.kind
    if kind in by_kind:
        return by_kind[kind]
    fields = [field_name(field) for field in question.fields]
    if kind == CustomerKind.IDENTIFIER_OR_HEX:
        fields += ["event ID", "trace ID"]
    return listed(fields)


def _seen(nearby: Nearby, window: Window, zone: ZoneInfo, customer: str) -> Seen:
    before, after, last = (
        _sight(event, window, zone) if event else None
        for event in (nearby.before, nearby.after, nearby.last)
    )
    days = (nearby.until - nearby.since).days
    return Seen(
        is_never=nearby.is_never,
        since=_day(nearby.since, zone),
        days=days,
        last=last,
        nearest=tuple(sight for sight in (before, after) if sight),
        silences=_silences(nearby, zone),
        kept=_kept(nearby, days, zone),
        advice=_advice(customer),
        problem=nearby.problem or "",
    )


def _sight(event: Event, window: Window, zone: ZoneInfo) -> Sight:
    is_before = event.timestamp < window.start
    gap = window.start - event.timestamp if is_before else event.timestamp - window.end
    side = "before" if is_before else "after"
    return Sight(
        time=local_minute(event.timestamp, zone),
        clock=local_clock(event.timestamp, zone, day_of=window.moment).text[:-3],
        distance=f"{duration(gap.total_seconds())} {side} the window",
        sentence=summarize(event),
        level=level_mark(event.level),
        project=clipped(event.project or "", 80),
        typed=typed_in(event.timestamp, zone),
    )


def _silences(nearby: Nearby, zone: ZoneInfo) -> tuple[str, ...]:
    if nearby.is_never or nearby.problem:
        return ()
    until = local_minute(nearby.until, zone).text
    sentences = []
    if nearby.before is None:
        since = local_minute(nearby.since, zone).text
        sentences.append(f"We found no errors before the window, back to {since}.")
    if nearby.after is None:
        sentences.append(f"We found no errors after the window, up to {until}.")
    return tuple(sentences)


def _kept(nearby: Nearby, days: int, zone: ZoneInfo) -> str:
    """How far back anything can be known; nothing to say where it was not looked so far."""
    if not nearby.is_of_all_time or nearby.problem:
        return ""
    since = _day(nearby.since, zone).text
    kept = f"We assume that Sentry keeps errors for {days} days"
    return f"{kept}, so we don't know what happened before {since}."


def _advice(customer: str) -> str:
    """Another name to try."""
    other = "the user ID instead of the email" if "@" in customer else "the email instead"
    return (
        "The app may use a different identifier for this customer. Check the spelling, or try "
        f"{other}."
    )


def _day(when: datetime, zone: ZoneInfo) -> LocalTime:
    """The date alone, with the whole time on hover."""
    moment = local_minute(when, zone)
    return LocalTime(moment.text.rpartition(",")[0], moment.utc, moment.iso)
