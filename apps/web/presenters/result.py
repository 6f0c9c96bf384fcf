"""The result page and lists as plain values. Text from events is escaped by the templates."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.events import query
from apps.events.answer import Answer, NoticeCode, OtherOccurrences, Progress
from apps.events.event import Event
from apps.events.filtering import EventFilter, filter_problems
from apps.events.grouping import Problem, groups_in, problems_of
from apps.events.identifier import field_name, reading_of
from apps.events.observations import troubles_of
from apps.events.rules.rule import zone_of_customer
from apps.events.summary import headline, summarize, summarize_group
from apps.lookups.answers import LookupState, NewSince, Projects, sees_all_projects
from apps.lookups.models import Lookup, Outcome
from apps.lookups.records import customer_of
from apps.web.access import admin_origin, home_url, may_look_up, site_origin
from apps.web.presenters import formatting as fmt
from apps.web.presenters import issue
from apps.web.presenters.brief import Brief
from apps.web.presenters.filters import filter_form
from apps.web.presenters.formatting import Clock
from apps.web.presenters.story import related_view, story_view
from apps.web.presenters.timeline import Timeline, hints_of

# A result without errors: what was searched, and what to try next.

_WIDER = {15: "± 15 minutes", 60: "± 1 hour", 1440: "± 1 day"}

_LASTING = frozenset(
    (
        NoticeCode.FLAVOR_LIMITS,
        NoticeCode.ENVIRONMENT_UNKNOWN,
        NoticeCode.RETENTION,
        NoticeCode.OTHER_PROJECTS,
        NoticeCode.UNCLEAR_CUSTOMER,
    )
)


def nothing_view(answer: Answer, zone: ZoneInfo) -> dict[str, Any]:
    """Return the `nothing` of `lookups/_nothing.html`, in the agent's zone.

    `wider` are windows to try: minutes and label. `advice` is for an incomplete result, and
    `is_unclear` says that only what was typed made it incomplete.
    """
    question, occurrences = answer.question, answer.nearby
    kind = question.customer.kind
    fields = [field_name(field) for field in question.customer.only_fields or question.fields]
    if kind == query.CustomerKind.IDENTIFIER_OR_HEX:
        fields += ["event ID", "trace ID"]
    is_issue = kind == query.CustomerKind.IDENTIFIER_OR_ISSUE
    not_issue = ", not as the short ID of an issue" if is_issue else ""
    moment = question.window.moment
    others = occurrences.events if occurrences and occurrences.problem is None else ()
    distance = min((abs(one.timestamp - moment) for one in others), default=timedelta())
    return {
        "fields": f"{query.listed(fields)}{not_issue}",
        "projects": query.listed(answer.searched.projects),
        "environments": query.listed(answer.searched.environments),
        "wider": [
            (minutes, label)
            for minutes, label in _WIDER.items()
            if minutes > question.window.minutes
            and not answer.is_unknown_customer
            and distance <= timedelta(minutes=minutes)
        ],
        "seen": _other_times(answer, occurrences, zone)
        if occurrences and answer.complete
        else None,
        "is_unclear": {notice.code for notice in answer.notices} == {NoticeCode.UNCLEAR_CUSTOMER},
        "advice": "Refreshing can’t change that. Try a different window or identifier."
        if all(notice.code in _LASTING for notice in answer.notices)
        else "Refresh in a few minutes, or search a different window.",
    }


def _other_times(answer: Answer, occurrences: OtherOccurrences, zone: ZoneInfo) -> dict[str, Any]:
    began = fmt.local_minute(occurrences.since, zone)
    window, last = answer.question.window, occurrences.last
    nearest = filter(None, (occurrences.before, occurrences.after))
    return {
        "found": occurrences,
        "is_unknown": answer.is_unknown_customer,
        "since": replace(began, text=began.text.rpartition(",")[0]),  # with the full time on hover
        "days": (occurrences.until - occurrences.since).days,
        "last": _other_event(last, window, zone) if last else None,
        "nearest": [_other_event(event, window, zone) for event in nearest],
        "began": began.text,
        "until": fmt.local_minute(occurrences.until, zone).text,
    }


def _other_event(event: Event, window: query.Window, zone: ZoneInfo) -> dict[str, Any]:
    is_before = event.timestamp < window.start
    gap = window.start - event.timestamp if is_before else event.timestamp - window.end
    side = "before" if is_before else "after"
    return {
        "time": fmt.local_minute(event.timestamp, zone),
        "clock": Clock(window.moment, zone).text(event.timestamp)[:-3],
        "distance": f"{query.format_duration(gap.total_seconds())} {side} the window",
        "sentence": fmt.typeset(summarize(event)),
        "level": fmt.level_mark(event.level),
        "project": fmt.clipped(event.project or "", 80),
        "typed": fmt.typed_in(event.timestamp, zone),
    }


# Moves to another time, and lists of lookups.


def move_buttons(question: query.Question, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield the possible moves as their buttons: the posted value, the label, and a hint."""
    buttons = {
        query.Move.EARLIER: ("10 min earlier", "the same window, ten minutes earlier"),
        query.Move.LATER: ("10 min later", "the same window, ten minutes later"),
        query.Move.WIDER: ("Wider, {window}", "a wider window around the same time"),
        query.Move.NOW: ("Look up now", "the same customer, right now"),
    }
    for move, (label, hint) in buttons.items():
        if moved := query.apply_move(question, move, now):
            window = fmt.half_window(moved.window.minutes)
            yield move.value, label.format(window=window), hint


def recent_view(
    lookups: Sequence[Lookup], projects: Projects, now: datetime
) -> list[dict[str, Any]]:
    """Return the rows of `lookups/_recent.html`, with counts for those who see every project."""
    rows = []
    for lookup in lookups:
        age = query.format_duration((now - lookup.created_at).total_seconds())
        is_whole = sees_all_projects(lookup, projects)
        outcome = _outcome(lookup) if is_whole else "only your projects"
        rows.append({"lookup": lookup, "outcome": outcome, "age": f"{age} ago"})
    return rows


def near_names(lookup: Lookup, others: Sequence[Lookup]) -> tuple[str, ...]:
    """Return the customers of other lookups with errors whose names are like this lookup's."""
    own = lookup.customer.casefold()
    names = {
        one.customer.casefold(): one.customer for one in others if one.outcome == Outcome.FOUND
    }
    names.pop(own, None)
    return tuple(names[name] for name in get_close_matches(own, names, cutoff=0.85))


def _outcome(lookup: Lookup) -> str:
    """Return what was found, with the number of problems; older lookups only know their issues."""
    if lookup.purged_at:
        return "deleted"
    if lookup.outcome == Outcome.NOTHING:
        return "no error events"
    found = query.counted(lookup.issues or 0, "issue")
    if lookup.problems is not None:
        found = query.counted(lookup.problems, "problem")
    if lookup.outcome == Outcome.FOUND:
        return found
    is_partial = lookup.outcome == Outcome.INCOMPLETE and lookup.issues
    return f"{found}, incomplete" if is_partial else str(Outcome(lookup.outcome).label)


def since_text(since: NewSince | None, now: datetime) -> str:
    """Return how many events are new since the person last looked, or "" if unknown."""
    if since is None:
        return ""
    age = query.format_duration((now - since.looked_at).total_seconds())
    when = f"since you last looked ({age} ago)"
    return f"{query.counted(since.new, 'new event')} {when}" if since.new else f"nothing new {when}"


# The result page.

MAX_OPEN_ISSUES = 10
THEME_COOKIE, THEMES = "triage_theme", ("light", "dark")


def site(request: HttpRequest) -> dict[str, object]:
    """Return the context of every page: the demo, the theme, and what this person can do."""
    user, theme = getattr(request, "user", None), request.COOKIES.get(THEME_COOKIE, "")
    return {
        "demo": settings.DEMO,
        "site_origin": site_origin(request),
        "admin_origin": admin_origin(request),
        "theme": theme if theme in THEMES else "",  # by default, that of the device
        "version": settings.TRIAGE_VERSION,
        "home": SimpleLazyObject(lambda: home_url(request)),
        "can_look_up": SimpleLazyObject(lambda: may_look_up(request)),
        "can_audit": user is not None and user.has_perm("audit.view_entry"),
        "can_explain": settings.LLM is not None
        and user is not None
        and user.has_perm("explain.ask_model"),
        "can_review": user is not None and user.has_perm("lookups.view_lookup"),
    }


class ResultPage:
    """The context of `lookups/_result.html` in the agent's zone.

    `folded` and `noise` are problems behind a click. `known` are the known errors of what failed
    without an error. Only the timeline and problems follow the filter.
    """

    def __init__(
        self,
        answer: Answer,
        lookup: Lookup,
        *,
        zone: ZoneInfo,
        now: datetime,
        event_filter: EventFilter | None = None,
        feedback: issue.GivenFeedback | None = None,
    ) -> None:
        event_filter, today = event_filter or EventFilter(), now.astimezone(zone).date()
        clock = Clock(answer.question.window.moment, zone)
        problems = problems_of(answer)
        shown = filter_problems(problems, event_filter)
        hidden = {one.number for one in problems} - {one.number for one in shown}
        known = issue.known_views(
            answer, problems, zone=zone, today=today, feedback=feedback, hidden=hidden
        )
        hints = hints_of(problems)
        totals = {one.issue_id: len(one.events) for one in groups_in(problems)}
        alike = Counter(map(summarize_group, problems))
        loud: list[issue.IssueCard] = []
        noise: list[issue.IssueCard] = []
        for one in shown:
            title = fmt.shortened(one.title, 60) if alike[summarize_group(one)] > 1 else ""
            card = issue.IssueCard(
                one,
                clock,
                known=known.get(one.issue_id, ()),
                totals=totals,
                hint=hints.get(one.issue_id) or title,
            )
            (noise if one.is_noise else loud).append(card)
        if not loud:
            loud, noise = noise, []
        has_timeline = problems or troubles_of(answer)
        self.title = _title(answer, sum(not one.is_noise for one in problems))
        self.headline = fmt.typeset(headline(answer, zone))
        self.summary = _summary(answer, lookup, clock, now)
        self.facts = tuple(_facts(answer, problems))
        self.answer = answer
        self.is_young = answer.has_notice(NoticeCode.WINDOW_OPEN)
        self.notices = [
            replace(one, message=fmt.typeset(one.message))
            for one in answer.event_notices(fmt.visible(lookup.customer))
        ]
        self.brief = Brief(answer, problems, zone=zone, today=today)
        self.known = issue.known_troubles(answer, zone=zone, today=today, feedback=feedback)
        self.has_known = bool(known or self.known)
        self.timeline = Timeline(answer, shown, event_filter, zone) if has_timeline else None
        self.filter = filter_form(answer, event_filter, shown, zone) if problems else None
        self.groups = loud[:MAX_OPEN_ISSUES]
        self.folded = loud[MAX_OPEN_ISSUES:]
        self.noise = noise
        self.nothing = None if problems else nothing_view(answer, zone)
        self.story = story_view(answer, problems, zone)
        self.related = related_view(answer, zone)
        self.zone = zone.key


def _title(answer: Answer, problems: int) -> str:
    """Return the title of the browser tab, which must not name the customer."""
    if answer.events:
        return query.counted(problems, "problem")
    return "No errors" if answer.complete else "Not sure yet"


def _summary(answer: Answer, lookup: Lookup, clock: Clock, now: datetime) -> dict[str, Any]:
    """Return the lookup as the page repeats it. `exactly` is the customer for a literal reading."""
    question, typed, zone = answer.question, lookup.customer, clock.zone
    window, own_zone = question.window, zone_of_customer(answer.events)
    reading = reading_of(typed, customer_of(lookup)) if typed else ""
    is_exact = typed.casefold().startswith(query.EXACTLY)
    has_other_reading = bool(reading) and question.customer.is_named and not is_exact
    offsets = {window.moment.astimezone(one).utcoffset() for one in (zone, own_zone or zone)}
    return {
        "reading": fmt.visible(reading),
        "exactly": f"{query.EXACTLY}{typed}" if has_other_reading else "",
        "moment": fmt.local_moment(window.moment, zone),
        "both_zones": fmt.in_utc_too(window.moment, zone),
        "minutes": window.minutes,
        "start": clock.time(window.start),
        "end": clock.time(window.end),
        "typed": fmt.typed_in(window.moment, zone),
        "moves": list(move_buttons(question, now)),
        "for_customer": fmt.also_in(window.moment, own_zone, day_of=zone)
        if own_zone and len(offsets) > 1
        else "",
    }


def _facts(answer: Answer, problems: Sequence[Problem]) -> Iterator[str]:
    """Yield the facts below the headline. Of related data, they count what isn't shown at once."""
    related, has_events = answer.beside, bool(answer.events)
    if answer.complete:
        yield "complete list of events" if has_events else "search complete"
    else:
        yield "incomplete"
    if has_events:
        yield query.counted(sum(not problem.is_noise for problem in problems), "problem")
        yield _events(answer)
        is_partial = len(answer.events) > answer.bodies_read
        if is_partial and not answer.has_notice(NoticeCode.PARTIAL_BODIES):
            yield f"{fmt.grouped(answer.bodies_read)} read in full"
    counts = [
        (len(related.feedback), 1, "message from the customer", "messages from the customer"),
        (len(related.replays), int(has_events), "session replay", "session replays"),
        (len(related.trace_errors), 0, "related error", "related errors"),
    ]
    if not has_events:
        counts.append((len(related.logs), 0, "log entry", "log entries"))
        counts.append((len(related.spans), 0, "request record", "request records"))
    for count, shown_at_once, one, many in counts:
        if count > shown_at_once:
            yield query.counted(count, one, many)
    if any(not one.is_late for one in related.unread):
        yield "related data incomplete"


def source_text(lookup: Lookup, server: str, fetched_at: datetime, now: datetime) -> str:
    """Return where the result comes from, and how old it is."""
    seconds = (now - fetched_at).total_seconds()
    age = query.format_duration(seconds)
    if lookup.from_cache:
        return f"from cache, {age} old"
    return f"read from {server} {'just now' if seconds < 1 else f'{age} ago'}"


def _events(answer: Answer) -> str:
    """Return how many events the answer has, and how many there are if that is known."""
    count, total = len(answer.events), answer.events_total
    if total is not None and total > count:
        return f"{fmt.grouped(count)} of {query.counted(total, 'event')}"
    return f"{'at least ' if total is None else ''}{query.counted(count, 'event')}"


# The progress of a running lookup.


def progress_data(lookup: Lookup, state: LookupState, progress: Progress) -> dict[str, Any]:
    """Return the progress as JSON data: only numbers, times, and our own sentences.

    `share` is the part that is done, from 0 to 1. `known` is null until all events are listed.
    """
    clock = Clock(lookup.moment, ZoneInfo(lookup.zone))
    hidden = progress.events_found - len(progress.newest)
    return {
        "state": state,
        "done": progress.done,
        "known": progress.known,
        "share": round(progress.share, 3),
        "sentence": _progress_sentence(state, progress),
        "events_found": progress.events_found,
        "more": f"and {query.counted(hidden, 'earlier event')}" if hidden > 0 else "",
        "events": [
            {
                "id": one.id,
                "time": clock.text(one.timestamp),
                "iso": clock.time(one.timestamp).iso,
                "level": fmt.level_mark(one.level).word,
                "sentence": one.sentence,
            }
            for one in progress.newest
        ],
    }


def _progress_sentence(state: LookupState, progress: Progress) -> str:
    """Return the progress in words, which never claim that there is nothing to find."""
    if state == LookupState.WAITING:
        return "Waiting for a free connection to Sentry."
    if not progress.events_found:
        return (
            "Asking Sentry for this customer’s events."
            if progress.known is None
            else "Nearly done."
        )
    events = query.counted(progress.events_found, "event")
    if progress.problems is None:
        return f"{events} so far."
    problems = query.counted(progress.problems, "problem")
    return f"{fmt.grouped(progress.read)} of {problems} read, {events}"
