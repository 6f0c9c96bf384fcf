"""The result page and the lists that lead to it, as plain values for the templates.

There is no HTML here: everything from events is text, which the templates escape.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.events.answer import Answer, Call, Notice, NoticeCode, OtherOccurrences, Progress
from apps.events.event import Event
from apps.events.filtering import EventFilter, filter_problems, number_problems
from apps.events.grouping import Problem, groups_in, problems_of
from apps.events.identifier import field_name, reading_of
from apps.events.observations import troubles_of
from apps.events.query import (
    EXACTLY,
    CustomerKind,
    Move,
    Question,
    Window,
    apply_move,
    counted,
    format_duration,
)
from apps.events.rules.rule import zone_of_customer
from apps.events.summary import headline, summarize, summarize_group
from apps.lookups.answers import LookupState, NewSince, Projects, sees_all_projects
from apps.lookups.models import Lookup, Outcome
from apps.lookups.records import customer_of
from apps.web.access import admin_origin, home_url, may_look_up, site_origin
from apps.web.presenters.brief import Brief, brief_of
from apps.web.presenters.filters import FilterForm, filter_form
from apps.web.presenters.formatting import (
    LevelMark,
    LocalTime,
    also_in,
    clipped,
    grouped,
    half_window,
    in_utc_too,
    level_mark,
    listed,
    local_clock,
    local_minute,
    local_moment,
    shortened,
    typed_in,
    typeset,
    visible,
)
from apps.web.presenters.issue import (
    FULL,
    EventView,
    GivenFeedback,
    IssueCard,
    KnownView,
    Limits,
    issue_card,
    known_troubles,
    known_views,
    present_event,
    unchecked_text,
)
from apps.web.presenters.story import RelatedView, StoryView, related_view, story_view
from apps.web.presenters.timeline import Timeline, hints_of, timeline_of
from apps.web.theme import theme_of

# A result without errors: what was searched, and what to try next.

_SIMILAR = 0.85
_WIDER = {15: "± 15 minutes", 60: "± 1 hour", 1440: "± 1 day"}


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """An error outside the window. `clock` is for a button, `typed` for the lookup form."""

    time: LocalTime
    clock: str
    distance: str
    sentence: str
    level: LevelMark
    project: str
    typed: str


@dataclass(frozen=True, slots=True)
class OtherTimes:
    """The customer's errors at other times.

    `is_never` means that there are none at all, `last` is None if the newest one is unknown.
    `empty_sides` are sentences about the sides without errors, `retention` is one about how far
    back Sentry's data goes, and `problem` says why other times could not be searched.
    """

    is_never: bool
    since: LocalTime
    days: int
    last: OtherEvent | None
    nearest: tuple[OtherEvent, ...]
    empty_sides: tuple[str, ...]
    retention: str
    advice: str
    problem: str


@dataclass(frozen=True, slots=True)
class NothingFound:
    """What was searched without finding anything. `wider` are windows to try: minutes and label.

    `advice` says what can help if the result is incomplete, and `is_unclear` that only what was
    typed makes it so.
    """

    fields: str
    projects: str
    environments: str
    wider: tuple[tuple[int, str], ...]
    seen: OtherTimes | None
    is_unclear: bool
    advice: str


_LASTING = frozenset(
    (
        NoticeCode.FLAVOR_LIMITS,
        NoticeCode.ENVIRONMENT_UNKNOWN,
        NoticeCode.RETENTION,
        NoticeCode.OTHER_PROJECTS,
        NoticeCode.UNCLEAR_CUSTOMER,
    )
)


def nothing_view(answer: Answer, zone: ZoneInfo, *, customer: str) -> NothingFound:
    """Return the section of an empty result, in the agent's zone. `customer` is as typed.

    An incomplete result claims nothing about other times.
    """
    question, occurrences = answer.question, answer.nearby
    return NothingFound(
        fields=searched_fields(question),
        projects=listed(answer.searched.projects),
        environments=listed(answer.searched.environments),
        wider=tuple(
            (minutes, label)
            for minutes, label in _WIDER.items()
            if minutes > question.window.minutes
            and not answer.is_unknown_customer
            and _reaches_an_error(occurrences, question, minutes)
        ),
        seen=_seen(answer, occurrences, zone, customer)
        if occurrences and answer.complete
        else None,
        is_unclear={notice.code for notice in answer.notices} == {NoticeCode.UNCLEAR_CUSTOMER},
        advice="Refreshing can’t change that. Try a different window or identifier."
        if all(notice.code in _LASTING for notice in answer.notices)
        else "Refresh in a few minutes, or search a different window.",
    )


def _reaches_an_error(
    occurrences: OtherOccurrences | None, question: Question, minutes: int
) -> bool:
    """Return whether a window of that size has one of the errors at other times, if any."""
    if occurrences is None or occurrences.problem is not None or not occurrences.events:
        return True
    moment, reach = question.window.moment, timedelta(minutes=minutes)
    return any(abs(event.timestamp - moment) <= reach for event in occurrences.events)


def searched_fields(question: Question) -> str:
    """Return what the customer was searched as: user ID, email, and username."""
    kind = question.customer.kind
    fields = [field_name(field) for field in question.customer.only_fields or question.fields]
    if kind == CustomerKind.IDENTIFIER_OR_HEX:
        fields += ["event ID", "trace ID"]
    not_searched = ", not as the short ID of an issue"
    return listed(fields) + not_searched * (kind == CustomerKind.IDENTIFIER_OR_ISSUE)


def _seen(
    answer: Answer, occurrences: OtherOccurrences, zone: ZoneInfo, customer: str
) -> OtherTimes:
    window = answer.question.window
    before, after, last = (
        _other_event(event, window, zone) if event else None
        for event in (occurrences.before, occurrences.after, occurrences.last)
    )
    days = (occurrences.until - occurrences.since).days
    return OtherTimes(
        is_never=occurrences.is_never,
        since=_day(occurrences.since, zone),
        days=days,
        last=last,
        nearest=tuple(event for event in (before, after) if event),
        empty_sides=_empty_sides(occurrences, zone),
        retention=_retention(occurrences, days, zone),
        advice=_advice(customer) if answer.is_unknown_customer else "",
        problem=occurrences.problem or "",
    )


def _other_event(event: Event, window: Window, zone: ZoneInfo) -> OtherEvent:
    is_before = event.timestamp < window.start
    gap = window.start - event.timestamp if is_before else event.timestamp - window.end
    side = "before" if is_before else "after"
    return OtherEvent(
        time=local_minute(event.timestamp, zone),
        clock=local_clock(event.timestamp, zone, day_of=window.moment).text[:-3],
        distance=f"{format_duration(gap.total_seconds())} {side} the window",
        sentence=typeset(summarize(event)),
        level=level_mark(event.level),
        project=clipped(event.project or "", 80),
        typed=typed_in(event.timestamp, zone),
    )


def _empty_sides(occurrences: OtherOccurrences, zone: ZoneInfo) -> tuple[str, ...]:
    if occurrences.is_never or occurrences.problem:
        return ()
    until = local_minute(occurrences.until, zone).text
    sentences = []
    if occurrences.before is None:
        since = local_minute(occurrences.since, zone).text
        sentences.append(f"We found no errors before the window, back to {since}.")
    if occurrences.after is None:
        sentences.append(f"We found no errors after the window, up to {until}.")
    return tuple(sentences)


def _retention(occurrences: OtherOccurrences, days: int, zone: ZoneInfo) -> str:
    """Return how far back Sentry's data goes, or "" if that was not searched."""
    if not occurrences.covers_retention or occurrences.problem:
        return ""
    since = _day(occurrences.since, zone).text
    return (
        f"We assume that Sentry keeps errors for {counted(days, 'day')}, so we don’t know what "
        f"happened before {since}."
    )


def _advice(customer: str) -> str:
    """Suggest another identifier to try."""
    other = "the user ID instead of the email" if "@" in customer else "the email instead"
    return (
        "The app may use a different identifier for this customer. Check the spelling, or try "
        f"{other}."
    )


def _day(when: datetime, zone: ZoneInfo) -> LocalTime:
    """Return the date only, with the full time on hover."""
    moment = local_minute(when, zone)
    return LocalTime(moment.text.rpartition(",")[0], moment.utc, moment.iso)


# Moves to another time, and lists of lookups.


@dataclass(frozen=True, slots=True)
class MoveButton:
    """A button that looks up another time: the posted value, its label, and a hint."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RecentLookup:
    """A lookup in a list. `owner` is given only for those of other people."""

    lookup_id: str
    customer: str
    moment: LocalTime
    zone: str
    window: str
    outcome: str
    age: str
    owner: str = ""


def move_buttons(question: Question, now: datetime) -> tuple[MoveButton, ...]:
    """Return the possible moves, in the order of their buttons."""
    labels = {
        Move.EARLIER: ("10 min earlier", "the same window, ten minutes earlier"),
        Move.LATER: ("10 min later", "the same window, ten minutes later"),
        Move.NOW: ("Look up now", "the same customer, right now"),
    }
    buttons = []
    for move in (Move.EARLIER, Move.LATER, Move.WIDER, Move.NOW):
        moved = apply_move(question, move, now)
        if moved is None:
            continue
        wider = f"Wider, {half_window(moved.window.minutes)}"
        label, hint = labels.get(move) or (wider, "a wider window around the same time")
        buttons.append(MoveButton(move.value, label, hint))
    return tuple(buttons)


def recent_view(
    lookups: Sequence[Lookup], projects: Projects, now: datetime
) -> tuple[RecentLookup, ...]:
    """Return lookups as rows. Counts are only for readers who can see every searched project."""
    return tuple(
        RecentLookup(
            lookup_id=str(lookup.uuid),
            customer=visible(lookup.customer),
            moment=local_moment(lookup.moment, ZoneInfo(lookup.zone)),
            zone=lookup.zone,
            window=half_window(lookup.minutes),
            outcome=_outcome(lookup)
            if sees_all_projects(lookup, projects)
            else "only your projects",
            age=f"{format_duration((now - lookup.created_at).total_seconds())} ago",
        )
        for lookup in lookups
    )


def near_names(lookup: Lookup, others: Sequence[Lookup]) -> tuple[str, ...]:
    """Return the customers of other lookups with errors whose names are like this lookup's."""
    own = lookup.customer.casefold()
    names = {
        one.customer.casefold(): one.customer for one in others if one.outcome == Outcome.FOUND
    }
    names.pop(own, None)
    return tuple(names[name] for name in get_close_matches(own, names, cutoff=_SIMILAR))


def shared_view(
    lookups: Sequence[Lookup], projects: Projects, now: datetime
) -> tuple[RecentLookup, ...]:
    """Return lookups of other people as rows with their owners."""
    rows = recent_view(lookups, projects, now)
    return tuple(
        replace(row, owner=f"by {lookup.user or lookup.system_user or 'a deleted account'}")
        for row, lookup in zip(rows, lookups, strict=True)
    )


def _outcome(lookup: Lookup) -> str:
    if lookup.purged_at:
        return "deleted"
    if lookup.outcome == Outcome.FOUND:
        return _problem_count(lookup)
    if lookup.outcome == Outcome.NOTHING:
        return "no error events"
    if lookup.outcome == Outcome.INCOMPLETE and lookup.issues:
        return f"{_problem_count(lookup)}, incomplete"
    return str(Outcome(lookup.outcome).label)


def _problem_count(lookup: Lookup) -> str:
    """Return the number of problems as on the result; older lookups only know their issues."""
    if lookup.problems is None:
        return counted(lookup.issues or 0, "issue")
    return counted(lookup.problems, "problem")


def since_text(since: NewSince | None, now: datetime) -> str:
    """Return how many events are new since the person last looked, or "" if unknown."""
    if since is None:
        return ""
    age = format_duration((now - since.looked_at).total_seconds())
    when = f"since you last looked ({age} ago)"
    return f"{counted(since.new, 'new event')} {when}" if since.new else f"nothing new {when}"


# The result page.

MAX_OPEN_ISSUES = 10


@dataclass(frozen=True, slots=True)
class LookupSummary:
    """The lookup as the page repeats it. `typed` is the reported time for the lookup form.

    `reading` says how the customer was read; `exactly` is the customer for the literal reading.
    """

    customer: str
    reading: str
    exactly: str
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
    """The calls to Sentry behind a result, for the admin."""

    summary: str
    rows: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class ResultPage:
    """The context of `lookups/_result.html`. `folded` and `noise` are problems behind a click.

    `known` are the known errors of what failed without an error.
    """

    title: str
    headline: str
    summary: LookupSummary
    facts: tuple[str, ...]
    complete: bool
    is_young: bool
    notices: tuple[Notice, ...]
    brief: Brief
    has_known: bool
    known: tuple[tuple[str, KnownView], ...]
    unchecked: str
    timeline: Timeline | None
    filter: FilterForm | None
    groups: tuple[IssueCard, ...]
    folded: tuple[IssueCard, ...]
    noise: tuple[IssueCard, ...]
    nothing: NothingFound | None
    searched_fields: str
    story: StoryView | None
    related: RelatedView | None
    calls: Calls
    zone: str


def site(request: HttpRequest) -> dict[str, object]:
    """Return the context of every page: the demo, the theme, and what this person can do."""
    user = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        "site_origin": site_origin(request),
        "admin_origin": admin_origin(request),
        "theme": theme_of(request),
        "version": settings.TRIAGE_VERSION,
        "home": SimpleLazyObject(lambda: home_url(request)),
        "can_look_up": SimpleLazyObject(lambda: may_look_up(request)),
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
    event_filter: EventFilter | None = None,
    feedback: GivenFeedback | None = None,
) -> ResultPage:
    """Return the page of an answer, in the agent's zone, with its age at `now`.

    `event_filter` applies only to the timeline and the problems; the rest is about the whole
    answer. `feedback` is the reader's, on its known errors.
    """
    event_filter = event_filter or EventFilter()
    window = answer.question.window
    found = problems_of(answer)
    problems = number_problems(found)
    visible_problems = filter_problems(problems, event_filter)
    hidden = {number for number, _ in problems} - {number for number, _ in visible_problems}
    known = known_views(answer, problems, zone=zone, now=now, feedback=feedback, hidden=hidden)
    quiet = known_troubles(answer, zone=zone, now=now, feedback=feedback)
    hints, totals = hints_of(found), {one.issue_id: len(one.events) for one in groups_in(found)}
    alike = Counter(map(summarize_group, found))
    loud, noise = (
        tuple(
            issue_card(
                number,
                one,
                window=window,
                zone=zone,
                known=known.get(one.issue_id, ()),
                totals=totals,
                hint=hints.get(one.issue_id)
                or (shortened(one.title, 60) if alike[summarize_group(one)] > 1 else ""),
            )
            for number, one in visible_problems
            if one.is_noise is is_noise
        )
        for is_noise in (False, True)
    )
    if not loud:
        loud, noise = noise, ()
    return ResultPage(
        title=_title(answer, sum(not one.is_noise for one in found)),
        headline=typeset(headline(answer, zone)),
        summary=replace(
            summarize_lookup(answer.question, lookup, zone),
            moves=move_buttons(answer.question, now),
            for_customer=_for_customer(answer, zone),
        ),
        facts=_facts(answer, found),
        complete=answer.complete,
        is_young=answer.has_notice(NoticeCode.WINDOW_OPEN),
        notices=tuple(
            replace(one, message=typeset(one.message))
            for one in answer.event_notices(visible(lookup.customer))
        ),
        brief=brief_of(answer, found, zone=zone, today=now.astimezone(zone).date()),
        has_known=bool(known or quiet),
        known=quiet,
        unchecked=unchecked_text(answer.known.unchecked),
        story=story_view(answer, found, zone),
        nothing=None if found else nothing_view(answer, zone, customer=lookup.customer),
        searched_fields=searched_fields(answer.question),
        timeline=timeline_of(answer, visible_problems, event_filter, zone)
        if found or troubles_of(answer)
        else None,
        filter=filter_form(answer, problems, event_filter, visible_problems, zone)
        if found
        else None,
        groups=(
            *loud[:1],
            *(replace(card, is_folded=True) for card in loud[1:MAX_OPEN_ISSUES]),
        ),
        folded=loud[MAX_OPEN_ISSUES:],
        noise=noise,
        related=related_view(answer, zone),
        calls=_calls(answer),
        zone=zone.key,
    )


def event_view(event: Event, *, answer: Answer, zone: ZoneInfo, limits: Limits = FULL) -> EventView:
    """Return one event of an answer for a page of its own."""
    return present_event(event, window=answer.question.window, zone=zone, limits=limits)


def _calls(answer: Answer) -> Calls:
    server = answer.searched.server
    if not answer.call_log:
        return Calls(f"no calls to {server}; the result came from the cache", ())
    calls = f"{counted(answer.calls, 'call')} to {server}, {grouped(answer.duration_ms)} ms"
    related = answer.beside.calls
    more = f", and {counted(related, 'call')} for related data" if related else ""
    return Calls(f"{calls}{more}", answer.call_log)


def _title(answer: Answer, problems: int) -> str:
    """Return the title of the browser tab, which must not name the customer."""
    if answer.events:
        return counted(problems, "problem")
    return "No errors" if answer.complete else "Not sure yet"


def summarize_lookup(question: Question, lookup: Lookup, zone: ZoneInfo) -> LookupSummary:
    """Return the lookup in the agent's zone."""
    window, typed = question.window, lookup.customer
    reading = reading_of(typed, customer_of(lookup)) if typed else ""
    is_exact = typed.casefold().startswith(EXACTLY)
    has_other_reading = bool(reading) and question.customer.is_named and not is_exact
    return LookupSummary(
        customer=visible(lookup.customer),
        reading=visible(reading),
        exactly=f"{EXACTLY}{lookup.customer}" if has_other_reading else "",
        moment=local_moment(window.moment, zone),
        both_zones=in_utc_too(window.moment, zone),
        minutes=window.minutes,
        start=local_clock(window.start, zone, day_of=window.moment),
        end=local_clock(window.end, zone, day_of=window.moment),
        zone=zone.key,
        typed=typed_in(window.moment, zone),
    )


def _for_customer(answer: Answer, zone: ZoneInfo) -> str:
    """Return the reported time in the customer's zone, if their device sent a different one."""
    own = zone_of_customer(answer.events)
    moment = answer.question.window.moment
    if own is None or moment.astimezone(own).utcoffset() == moment.astimezone(zone).utcoffset():
        return ""
    return also_in(moment, own, day_of=zone)


def _facts(answer: Answer, problems: Sequence[Problem]) -> tuple[str, ...]:
    """Return short facts about the result: how complete, and how much."""
    loud = sum(not problem.is_noise for problem in problems)
    unread = len(answer.events) > answer.bodies_read
    unread = unread and not answer.has_notice(NoticeCode.PARTIAL_BODIES)
    read = (f"{grouped(answer.bodies_read)} read in full",) if unread else ()
    found = (counted(loud, "problem"), _events(answer), *read) if answer.events else ()
    listed_all = "complete list of events" if answer.events else "search complete"
    is_short = any(not one.is_late for one in answer.beside.unread)
    return (
        listed_all if answer.complete else "incomplete",
        *found,
        *_related(answer),
        *(("related data incomplete",) if is_short else ()),
    )


def source_text(lookup: Lookup, server: str, fetched_at: datetime, now: datetime) -> str:
    """Return where the result comes from, and how old it is."""
    seconds = (now - fetched_at).total_seconds()
    age = format_duration(seconds)
    if lookup.from_cache:
        return f"from cache, {age} old"
    return f"read from {server} {'just now' if seconds < 1 else f'{age} ago'}"


def _related(answer: Answer) -> tuple[str, ...]:
    """Return the counts of the related data that the first screen doesn't show by itself.

    It quotes a single message, and the story shows what goes with errors.
    """
    related, has_events = answer.beside, bool(answer.events)
    counts = (
        (len(related.feedback), 1, "message from the customer", "messages from the customer"),
        (len(related.replays), int(has_events), "session replay", "session replays"),
        (len(related.trace_errors), 0, "related error", "related errors"),
        (0 if has_events else len(related.logs), 0, "log entry", "log entries"),
        (0 if has_events else len(related.spans), 0, "request record", "request records"),
    )
    return tuple(counted(count, one, many) for count, least, one, many in counts if count > least)


def _events(answer: Answer) -> str:
    count, total = len(answer.events), answer.events_total
    if total is None:
        return f"at least {counted(count, 'event')}"
    if total > count:
        return f"{grouped(count)} of {counted(total, 'event')}"
    return counted(count, "event")


# The progress of a running lookup.


def progress_data(lookup: Lookup, state: LookupState, progress: Progress) -> dict[str, Any]:
    """Return the progress as JSON data: only numbers, times, and our own sentences.

    `share` is the part that is done, from 0 to 1. `known` is null until all events are listed.
    """
    zone = ZoneInfo(lookup.zone)
    hidden = progress.events_found - len(progress.newest)
    return {
        "state": state,
        "done": progress.done,
        "known": progress.known,
        "share": round(progress.share, 3),
        "sentence": _progress_sentence(state, progress),
        "events_found": progress.events_found,
        "more": f"and {counted(hidden, 'earlier event')}" if hidden > 0 else "",
        "events": [
            {
                "id": one.id,
                "time": local_clock(one.timestamp, zone, day_of=lookup.moment).text,
                "iso": local_clock(one.timestamp, zone).iso,
                "level": level_mark(one.level).word,
                "sentence": one.sentence,
            }
            for one in progress.newest
        ],
    }


def _progress_sentence(state: LookupState, progress: Progress) -> str:
    """Return the progress in words, such as "2 of 5 problems read, 14 events".

    It never claims that there is nothing to find.
    """
    if state == LookupState.WAITING:
        return "Waiting for a free connection to Sentry."
    if not progress.events_found:
        return (
            "Asking Sentry for this customer’s events."
            if progress.known is None
            else "Nearly done."
        )
    events = counted(progress.events_found, "event")
    if progress.problems is None:
        return f"{events} so far."
    problems = counted(progress.problems, "problem")
    return f"{grouped(progress.read)} of {problems} read, {events}"
