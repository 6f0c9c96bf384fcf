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

from apps.events.answer import Answer, Call, Notice, NoticeCode
from apps.events.event import Event
from apps.events.filtering import Shown, kept, numbered
from apps.events.grouping import Group, group_by_issue
from apps.events.query import Question, duration
from apps.events.rules.rule import zone_of_customer
from apps.events.summary import headline
from apps.lookups.models import Lookup
from apps.web.access import home_of, may_look_up, review_address, site_address
from apps.web.beside_view import BesideView, beside_view
from apps.web.clock import LocalTime, also_in, in_utc_too, local_clock, local_moment, typed_in
from apps.web.event_view import EventView, view_of_event
from apps.web.flow_view import MoveButton, move_buttons
from apps.web.issue_card import IssueCard, issue_card
from apps.web.known_view import KnownSummary, Said, known_summary, known_views
from apps.web.nothing_view import NothingFound, nothing_view, searched_fields
from apps.web.presenters.filters import FilterForm, filter_form
from apps.web.stack_view import FULL, Limits
from apps.web.story_view import StoryView, story_view
from apps.web.theme import theme_of
from apps.web.timeline_svg import Timeline, timeline_of
from apps.web.wording import counted, grouped, visible

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
