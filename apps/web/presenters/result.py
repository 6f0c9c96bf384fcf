"""An answer as its page prints it: sentences, times in the agent's zone, places in the drawing.

No HTML here: what comes from events is text, and the templates escape it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.events.answer import Answer, Call, Nearby, Notice, NoticeCode
from apps.events.event import Event
from apps.events.filtering import Shown, kept, numbered
from apps.events.grouping import Group, group_by_issue
from apps.events.query import CustomerKind, Move, Question, Window, duration, moved
from apps.events.rules.rule import zone_of_customer
from apps.events.summary import headline, summarize
from apps.lookups.answers import Projects, Since, sees_all_of
from apps.lookups.models import Lookup, Outcome
from apps.web.access import home_of, may_look_up, review_address, site_address
from apps.web.presenters.filters import FilterForm, filter_form
from apps.web.presenters.formatting import (
    LevelMark,
    LocalTime,
    also_in,
    clipped,
    counted,
    field_name,
    grouped,
    half_window,
    in_utc_too,
    level_mark,
    listed,
    local_clock,
    local_minute,
    local_moment,
    minutes_long,
    typed_in,
    visible,
)
from apps.web.presenters.issue import (
    FULL,
    EventView,
    IssueCard,
    KnownSummary,
    Limits,
    Said,
    issue_card,
    known_summary,
    known_views,
    view_of_event,
)
from apps.web.presenters.story import BesideView, StoryView, beside_view, story_view
from apps.web.presenters.timeline import Timeline, timeline_of
from apps.web.theme import theme_of

# An answer without errors as its page prints it: where was looked, and where to look next.

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


# Where a result leads on to, and where the person has been.


@dataclass(frozen=True, slots=True)
class MoveButton:
    """A place to go to: what is posted, and what stands on the button."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RecentLookup:
    """A lookup to come back to."""

    lookup_id: str
    customer: str
    moment: LocalTime
    zone: str
    window: str
    outcome: str
    age: str
    whose: str = ""


def move_buttons(question: Question, now: datetime) -> tuple[MoveButton, ...]:
    """The moves that lead somewhere, in the order in which they stand."""
    span = minutes_long(2 * question.window.minutes)
    labels = {
        Move.EARLIER: (f"{span} earlier", "the window before this one"),
        Move.LATER: (f"{span} later", "the window after this one"),
        Move.NOW: ("Look up now", "the same customer, right now"),
    }
    buttons = []
    for move in (Move.EARLIER, Move.LATER, Move.WIDER, Move.NOW):
        onward = moved(question, move, now)
        if onward is None:
            continue
        label, hint = labels.get(move) or (half_window(onward.window.minutes), "a wider window")
        buttons.append(MoveButton(move.value, label, hint))
    return tuple(buttons)


def recent_view(
    lookups: Sequence[Lookup], projects: Projects, now: datetime
) -> tuple[RecentLookup, ...]:
    """The person's last lookups as rows. Counts are only for who may see all that was searched."""
    return tuple(
        RecentLookup(
            lookup_id=str(lookup.uuid),
            customer=visible(lookup.customer),
            moment=local_moment(lookup.moment, ZoneInfo(lookup.zone)),
            zone=lookup.zone,
            window=half_window(lookup.minutes),
            outcome=_outcome(lookup) if sees_all_of(lookup, projects) else "only your projects",
            age=f"{duration((now - lookup.created_at).total_seconds())} ago",
        )
        for lookup in lookups
    )


def shared_view(
    lookups: Sequence[Lookup], projects: Projects, now: datetime
) -> tuple[RecentLookup, ...]:
    """Lookups of others as rows, with whose they are."""
    rows = recent_view(lookups, projects, now)
    return tuple(
        replace(row, whose=f"by {lookup.user or lookup.system_user or 'a deleted account'}")
        for row, lookup in zip(rows, lookups, strict=True)
    )


def _outcome(lookup: Lookup) -> str:
    if lookup.purged_at:
        return "deleted"
    if lookup.outcome == Outcome.FOUND:
        return counted(lookup.issues or 0, "problem")
    if lookup.outcome == Outcome.NOTHING:
        return "no errors"
    if lookup.outcome == Outcome.INCOMPLETE and lookup.issues:
        return f"{counted(lookup.issues, 'problem')}, incomplete"
    return str(Outcome(lookup.outcome).label)


def since_words(since: Since | None, now: datetime) -> str:
    """What is new since the person looked; empty where that cannot be told."""
    if since is None:
        return ""
    when = f"since you looked {duration((now - since.looked_at).total_seconds())} ago"
    return f"{counted(since.new, 'new event')} {when}" if since.new else f"nothing new {when}"


MOST_OPEN_ISSUES = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as the page repeats it; `typed` is the moment as the form takes it."""

    customer: str
    moment: LocalTime
    both_zones: str
    minutes: int
    start: LocalTime
    end: LocalTime
    zone: str
    typed: str
    moves: tuple[MoveButton, ...] = ()
    for_customer: str = ""


@dataclass(frozen=True, slots=True)
class Calls:
    """What the answer cost, for the admin."""

    summary: str
    rows: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class ResultPage:
    """What `lookups/detail.html` prints. `folded` and `noise` are the issues behind a click."""

    title: str
    headline: str
    asked: Asked
    facts: tuple[str, ...]
    complete: bool
    is_young: bool
    notices: tuple[Notice, ...]
    known: KnownSummary
    timeline: Timeline | None
    filter: FilterForm | None
    groups: tuple[IssueCard, ...]
    folded: tuple[IssueCard, ...]
    noise: tuple[IssueCard, ...]
    nothing: NothingFound | None
    searched_fields: str
    story: StoryView | None
    beside: BesideView | None
    calls: Calls
    zone: str


def site(request: HttpRequest) -> dict[str, object]:
    """What every page needs to know: the demo, and what this person may do."""
    user = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        "site_address": site_address(request),
        "review_address": review_address(request),
        "theme": theme_of(request),
        "home": SimpleLazyObject(lambda: home_of(request)),
        "can_look_up": SimpleLazyObject(lambda: may_look_up(user)),
        "can_audit": user is not None and user.has_perm("audit.view_entry"),
        "can_explain": settings.LLM is not None
        and user is not None
        and user.has_perm("explain.ask_model"),
        "can_review": user is not None and user.has_perm("lookups.view_lookup"),
    }


def result_page(
    answer: Answer,
    lookup: Lookup,
    *,
    zone: ZoneInfo,
    now: datetime,
    shown: Shown | None = None,
    said: Said | None = None,
) -> ResultPage:
    """The page of an answer, in the agent's zone, as old as it is `now`.

    `shown` leaves events out of the timeline and the problems; all else is about the whole answer.
    `said` is what the reader said of its known errors.
    """
    shown = shown or Shown()
    window = answer.question.window
    groups = group_by_issue(answer)
    problems = numbered(groups)
    left = kept(problems, shown)
    hidden = {number for number, _group in problems} - {number for number, _group in left}
    known = known_views(answer, problems, zone=zone, now=now, said=said, hidden=hidden)
    loud, noise = (
        tuple(
            issue_card(number, group, window=window, zone=zone, known=known.get(group.issue_id, ()))
            for number, group in left
            if group.is_noise is is_noise
        )
        for is_noise in (False, True)
    )
    if not loud:
        loud, noise = noise, ()
    return ResultPage(
        title=_title(answer, sum(not group.is_noise for group in groups)),
        headline=headline(answer, zone),
        asked=replace(
            asked_of(answer.question, lookup, zone),
            moves=move_buttons(answer.question, now),
            for_customer=_for_customer(answer, zone),
        ),
        facts=_facts(answer, lookup, groups, now),
        complete=answer.complete,
        is_young=answer.has_notice(NoticeCode.WINDOW_OPEN),
        notices=answer.notices,
        known=known_summary(answer, problems, known),
        story=story_view(answer, groups, zone),
        nothing=None if groups else nothing_view(answer, zone, customer=lookup.customer),
        searched_fields=searched_fields(answer.question),
        timeline=timeline_of(answer, left, shown, zone) if groups else None,
        filter=filter_form(answer, problems, shown, left, zone) if groups else None,
        groups=loud[:MOST_OPEN_ISSUES],
        folded=loud[MOST_OPEN_ISSUES:],
        noise=noise,
        beside=beside_view(answer, zone),
        calls=_calls(answer),
        zone=zone.key,
    )


def event_view(event: Event, *, answer: Answer, zone: ZoneInfo, limits: Limits = FULL) -> EventView:
    """One event of an answer, by itself."""
    return view_of_event(event, window=answer.question.window, zone=zone, limits=limits)


def _calls(answer: Answer) -> Calls:
    if not answer.call_log:
        return Calls("no calls to Sentry; the result came from the cache", ())
    took = f"{grouped(answer.duration_ms)} ms"
    beside = f", and {counted(answer.beside.calls, 'call')} beside" if answer.beside.calls else ""
    return Calls(f"{counted(answer.calls, 'call')} to Sentry, {took}{beside}", answer.call_log)


def _title(answer: Answer, problems: int) -> str:
    """For the browser's tab, without a word about the customer."""
    if answer.events:
        return counted(problems, "problem")
    return "No errors" if answer.complete else "Not sure yet"


def asked_of(question: Question, lookup: Lookup, zone: ZoneInfo) -> Asked:
    """What was asked, in the agent's zone."""
    window = question.window
    return Asked(
        customer=visible(lookup.customer),
        moment=local_moment(window.moment, zone),
        both_zones=in_utc_too(window.moment, zone),
        minutes=window.minutes,
        start=local_clock(window.start, zone, day_of=window.moment),
        end=local_clock(window.end, zone, day_of=window.moment),
        zone=zone.key,
        typed=typed_in(window.moment, zone),
    )


def _for_customer(answer: Answer, zone: ZoneInfo) -> str:
    """What the customer's own clock showed at the moment, where their device tells its zone."""
    own = zone_of_customer(answer.events)
    moment = answer.question.window.moment
    if own is None or moment.astimezone(own).utcoffset() == moment.astimezone(zone).utcoffset():
        return ""
    return also_in(moment, own, day_of=zone)


def _facts(
    answer: Answer, lookup: Lookup, groups: Sequence[Group], now: datetime
) -> tuple[str, ...]:
    """How much, how sure, how old."""
    seconds = (now - answer.fetched_at).total_seconds()
    age = duration(seconds)
    if lookup.from_cache:
        read = f"from a copy {age} old"
    else:
        read = "read from Sentry just now" if seconds < 1 else f"read from Sentry {age} ago"
    found = (*_problems(groups), _events(answer)) if answer.events else ()
    return (*found, *_also(answer), "complete" if answer.complete else "incomplete", read)


def _problems(groups: Sequence[Group]) -> tuple[str, ...]:
    noise = sum(group.is_noise for group in groups)
    problems = counted(len(groups) - noise, "problem")
    return (problems, f"{grouped(noise)} more in the background") if noise else (problems,)


def _also(answer: Answer) -> tuple[str, ...]:
    """What else there is of this customer, further down the page."""
    beside = answer.beside
    counts = (
        (len(beside.feedback), "message from the customer", "messages from the customer"),
        (len(beside.replays), "session replay", "session replays"),
        (len(beside.trace_errors), "related error", "related errors"),
    )
    return tuple(counted(count, one, many) for count, one, many in counts if count)


def _events(answer: Answer) -> str:
    listed_events, total = len(answer.events), answer.events_total
    if total is None:
        return f"at least {counted(listed_events, 'event')}"
    if total > listed_events:
        return f"{grouped(listed_events)} of {counted(total, 'event')}"
    return counted(listed_events, "event")
