"""A failure in brief, and what to tell the customer: for a result, or for a shared failure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.answers import reply
from apps.answers.templates import About
from apps.events import observations, releases, summary
from apps.events.activity_text import Kind
from apps.events.answer import Answer, KnownMatch, Replay, Signal
from apps.events.breadcrumb_text import bare_url
from apps.events.correlation import Reason
from apps.events.event import Issue, LogEntry
from apps.events.grouping import Problem
from apps.events.observations import Observation
from apps.events.query import counted, listed
from apps.events.rules.rule import Place
from apps.events.summary import Handling
from apps.web.presenters import formatting as fmt
from apps.web.presenters import story
from apps.web.presenters.formatting import Clock
from apps.web.presenters.issue import customers_text

_PLACES = {
    Place.SERVER: "our server",
    Place.APP: "our app",
    Place.SERVICE: "another service",
    Place.SERVER_OR_SERVICE: "our server or another service",
    Place.BANK: "the customer’s bank",
    Place.INPUT: "what was entered or sent",
    Place.SIGN_IN: "what was entered, or our server",
    Place.BETWEEN: "between the customer and our server",
    Place.APP_OR_DEVICE: "our app or the customer’s device",
    Place.NETWORK: "the customer’s connection",
    Place.BROWSER: "the customer’s browser",
    Place.DEVICE: "the customer’s device",
}
_STOPPED = {
    Handling.STOPPED: "yes",
    Handling.REFUSED: "yes, that step",
    Handling.HANDLED: "no, the app kept going",
    Handling.UNCAUGHT: "unknown",
    None: "unknown",
}
_STILL = "we don’t know whether it still happens"
_REPLY = "Reply; escalate if it continues."
_KNOWN = "Reply; it’s known."
_ESCALATE = "Escalate, then reply."
_CHECK_PAYMENT = "Check whether it was charged, then reply."
_NEXT_IF_KNOWN = {
    releases.CustomerFixState.NOT_PLANNED: _KNOWN,
    releases.CustomerFixState.PLANNED: _KNOWN,
    releases.CustomerFixState.OVERDUE: "Check whether the fix shipped.",
    releases.CustomerFixState.NEWER: "Ask them to update.",
    releases.CustomerFixState.BACK: "Escalate; it may be back.",
    releases.CustomerFixState.UNSURE: "Check whether they have the fix.",
}

_TO_MANY = (
    *(("The customer is", "They are"), ("the customer is", "they are")),
    *(("the customer was", "they were"), ("the customer has", "they have")),
)

Row = tuple[str, str]


class Brief:
    """The first screen of an answer, whose problems are in the order of the page.

    `answers` are about the headline's problem, and `messages` are the customer's. `reply` is for
    the customer, and `next` for the agent; `next_link` leads outside of the page.
    """

    def __init__(
        self, answer: Answer, problems: Sequence[Problem], *, zone: ZoneInfo, today: date
    ) -> None:
        first = problems[0] if problems else None
        replay = None if first else _replay_with_idle_clicks(answer)
        clock, server = Clock(answer.question.window.moment, zone), answer.searched.server
        longest = story.MAX_QUOTE if first else story.MAX_MESSAGE
        if first:
            self.answers = tuple(_answers(answer, problems, clock, today))
            self.next = _next(answer, problems, today)
        else:
            self.answers = tuple(_answers_without_errors(answer, clock, today))
            self.next = _next_without_errors(answer, clock, today)
        self.messages = [
            story.feedback_step(one, clock, server, longest) for one in story.messages(answer)
        ]
        self.reply = _reply_text(answer, first, zone, today)
        self.next_link = fmt.safe_link(replay.permalink) if replay else ""


def failure_brief(
    answer: Answer, problem: Problem, versions: Sequence[str], *, zone: ZoneInfo, today: date
) -> tuple[tuple[Row, ...], str]:
    """Return the answers about a failure that many customers share, and what comes next."""
    events = problem.cause.events
    if len(versions) > 1:  # then nothing may depend on the release
        events = tuple(
            replace(one, release=None, body=one.body and replace(one.body, release=None))
            for one in events
        )
    problem = replace(problem, cause=replace(problem.cause, events=events))
    place = summary.place_of(problem.placed)
    stopped = _STOPPED[summary.worst_handling(problem)]
    if summary.has_crashed(problem):
        stopped = "yes, the app crashed"
    rows = [("Where it failed", _PLACES[place] if place else "unknown"), ("Stopped them", stopped)]
    status = _status(answer, problem, Clock(answer.question.window.moment, zone), today)
    for one, many in _TO_MANY:
        status = status.replace(one, many)
    rows += [("Status", fmt.clipped(status, 200))] if status else []
    step = _CHECK_PAYMENT if summary.may_have_paid(problem) else _next_for(answer, problem, today)
    return tuple(rows), step


def _replay_with_idle_clicks(answer: Answer) -> Replay | None:
    return next((one for one in answer.beside.replays if one.dead_clicks or one.rage_clicks), None)


def _answers(
    answer: Answer, problems: Sequence[Problem], clock: Clock, today: date
) -> Iterator[Row]:
    """Yield the answers about the first problem, which is named if there are others."""
    problem = problems[0]
    place = summary.place_of(problem.placed)
    has_others = sum(not one.is_noise for one in problems) > 1
    where = "Where problem 1 happened" if has_others else "Where it failed"
    yield where, _PLACES[place] if place else "unknown"
    own = story.own_steps(answer, clock)
    yield "Stopped the customer", _stopped(problem, own)
    yield "Customers", _customers(problems, clock.moment)
    if status := _status(answer, problem, clock, today):
        yield "Status", fmt.clipped(status, 200)
    yield "Just before", story.just_before(answer, problem, own, clock)


def _answers_without_errors(answer: Answer, clock: Clock, today: date) -> Iterator[Row]:
    """Yield what logs and requests show, or a session replay with clicks that did nothing."""
    replay = _replay_with_idle_clicks(answer)
    for one in observations.troubles_of(answer)[:1]:
        if not one.is_note:
            yield "Where it failed", _PLACES[one.place] if one.place else "unknown"
            yield "Stopped the customer", _stopped_by(one, answer)
        yield "When", _when(one, clock)
        source = "Log" if isinstance(one.rows[0], LogEntry) else "Request"
        yield source, fmt.clipped(one.target, 120)
        if not one.names_customer:
            yield "Names the customer", "no, but it’s in their trace"
        yield "Customers", "not counted without an error"
        known = answer.known.for_issue(one.rows[0].id)[:1]
        for match in known:
            yield "Status", _known(match, one.rows[0].release, today)
        if not known:
            none = "" if answer.known.unchecked else "no known error matches; "
            now = "it worked after that" if one.has_worked_later else _STILL
            yield "Status", f"{none}{now}"
        yield "Just before", _before(one, answer, clock)
        return
    if replay is None:
        return
    urls = dict.fromkeys(replay.urls[-2:])
    pages = ", then ".join(fmt.clipped(bare_url(url), 60) for url in urls)
    yield "Where it failed", "unknown; no error was recorded"
    clicks = replay.dead_clicks or 0
    of_no_use = f"; {counted(clicks, 'click')} had no effect" if clicks else ""
    yield "Stopped the customer", f"unknown{of_no_use}"
    yield "Customers", "not counted without an error"
    yield "Status", _STILL
    where = f"was on {pages}" if pages else "in the session replay"
    yield "Just before", f"{where} (recorded from {clock.text(replay.started_at)})"


def _when(one: Observation, clock: Clock) -> str:
    """Return the time, both times, or from when to when it was repeated."""
    began, *_others, last = map(clock.text, (one.at, *one.moments))
    if one.times <= 2:
        return began if one.times == 1 else f"{began} and {last}"
    return f"{began} to {last}, {observations.times_text(one.times)}"


def _stopped_by(one: Observation, answer: Answer) -> str:
    """Return whether the customer's own request failed, and did not work later."""
    if one.has_worked_later:
        return "no, it worked after that"
    if (
        one.kind is Kind.FAILED
        and isinstance(one.rows[0], LogEntry)
        and _worked_before(one, answer)
    ):
        return "not at first; a later step failed"
    has_failed = one.kind in (Kind.FAILED, Kind.REFUSED) and one.is_own
    is_final = has_failed and Signal.SPANS in answer.beside.surely
    has_reason = one.kind is Kind.REFUSED and one.names_customer and one.also
    return "yes, that step" if is_final or has_reason else "unknown"


def _before(one: Observation, answer: Answer, clock: Clock) -> str:
    """Return the last step before it that worked, and the last thing at all if that is later."""
    worked = _worked_before(one, answer)
    earlier = (
        other
        for other in observations.observations_of(answer)
        if other.names_customer and other.until < one.at and not other.is_note
    )
    last = max(earlier, key=lambda other: other.until, default=None)
    if not last:
        is_read = answer.complete and answer.beside.has_all_activity
        return "nothing recorded just before" if is_read else "unknown; not everything was read"
    steps = dict.fromkeys(step for step in (worked, last) if step)
    return ", then ".join(story.observation_phrase(step, clock) for step in steps)


def _worked_before(one: Observation, answer: Answer) -> Observation | None:
    worked = (
        other
        for other in observations.observations_of(answer)
        if other.kind is Kind.WORKED
        and other.names_customer
        and other.at < one.at
        and not other.sentence.startswith(story.UNNAMED)
        and not other.target.startswith("GET ")  # what a page can do on its own
    )
    return max(worked, key=lambda other: other.at, default=None)


def _next(answer: Answer, problems: Sequence[Problem], today: date) -> str:
    """Return what usually comes next; it claims nothing about the error."""
    step = _next_for(answer, problems[0], today)
    paid = [str(one.number) for one in problems if summary.may_have_paid(one)]
    if summary.may_have_paid(problems[0]):
        step = _CHECK_PAYMENT
    elif paid:
        step = f"{step} Check whether they were charged: {_named(paid)}."
    others: dict[str, list[str]] = {}
    for one in problems[1:]:
        others.setdefault(_kind_of(answer, one, today), []).append(str(one.number))
    known = others.pop("known", [])
    if step.startswith("Escalate"):
        others = {why: numbers for why, numbers in others.items() if why == _BACK}
    elif step == _REPLY and others.keys() & {_CRASH, _BACK, _OPEN}:
        step = "Reply."
    for why in (_CRASH, _OPEN, _BACK):
        if why in others:
            step = f"{step} Escalate {_named(others[why])}: {why}."
    if known and step == _KNOWN:
        return f"Reply; {_named(['1', *known])} are known."
    are = "is" if len(known) == 1 else "are"
    return f"{step} {_named(known).capitalize()} {are} known." if known else step


_CRASH, _OPEN, _BACK = "a crash", "no fix known", "fixed, but may be back"


def _kind_of(answer: Answer, problem: Problem, today: date) -> str:
    """Return why a problem other than the first should be escalated, `known`, or ""."""
    if reply.is_back(problem, answer, today):
        return _BACK
    if problem.known_in(answer.known):
        return "known"
    is_slight = problem.is_noise or problem.worst_level not in ("fatal", "error")
    if (
        is_slight
        or summary.may_have_paid(problem)
        or not _next_for(answer, problem, today).startswith("Escalate")
    ):
        return ""
    return _CRASH if summary.has_crashed(problem) else _OPEN


def _named(numbers: Sequence[str]) -> str:
    return f"{'problem' if len(numbers) == 1 else 'problems'} {listed(numbers)}"


def _next_for(answer: Answer, problem: Problem, today: date) -> str:
    for match in problem.known_in(answer.known)[:1]:
        group = problem.group_of(match.issue_id)
        return _NEXT_IF_KNOWN[
            releases.customer_fix_state(match.known, releases.customer_release(group), today)
        ]
    if (releases.issue_fix_text(problem.cause) or "").endswith("older"):
        return "Ask them to update."
    if reply.is_back(problem, answer, today):
        return _NEXT_IF_KNOWN[releases.CustomerFixState.BACK]
    if not reply.needs_engineers(problem):
        return _REPLY
    assignee = problem.issue.assignee if problem.issue else None
    if assignee:
        return f"Escalate; {fmt.clipped(assignee, 80)} is assigned to it."
    return _ESCALATE


def _next_without_errors(answer: Answer, clock: Clock, today: date) -> str:
    if _replay_with_idle_clicks(answer):
        return "Escalate with the session replay, then reply."
    for trouble in observations.troubles_of(answer)[:1]:
        return _next_for_trouble(answer, trouble, today)
    if answer.is_unknown_customer:
        return "Check the spelling, and ask for another identifier."
    times = [_minute(event.timestamp, clock) for event in reply.errors_nearby(answer)]
    if times:
        were = "was an error" if len(times) == 1 else "were errors"
        return f"Confirm the time; there {were} at {listed(times)}."
    return "Confirm the time and time zone."


def _next_for_trouble(answer: Answer, trouble: Observation, today: date) -> str:
    row = trouble.rows[0]
    for match in answer.known.for_issue(row.id)[:1]:
        return _NEXT_IF_KNOWN[releases.customer_fix_state(match.known, row.release, today)]
    if observations.may_have_paid_in(trouble):
        return _CHECK_PAYMENT
    if not trouble.is_clear:
        return "Check what logs and requests show below."
    return _REPLY if reply.is_for_the_customer(trouble) else _ESCALATE


def _stopped(problem: Problem, own: Sequence[story.OwnStep]) -> str:
    """Return whether the program stopped, and what the customer did then."""
    after = story.just_after(problem, own)
    then = f"; they {after}" if after else ""
    if summary.has_crashed(problem):
        ended = "closed" if "closed the app" in summary.summarize_group(problem) else "crashed"
        return f"yes, the app {ended}{then}"
    stopped = _STOPPED[summary.worst_handling(problem)]
    if stopped == "unknown" and any(one.reason is Reason.TRIED_AGAIN for one in problem.others):
        stopped, then = "yes, that step", then or "; they tried again"
    is_other_step = stopped == "yes" and then and "again" not in then
    return f"{stopped}{', that request' if is_other_step else ''}{then}"


def _customers(problems: Sequence[Problem], moment: datetime) -> str:
    """Return how many have had the first problem, its trend, and any far more widespread one.

    Sentry counts the customers of each issue, so those of several are at least as many.
    """
    first, loud = problems[0], [one for one in problems if not one.is_noise]
    group, users = first.cause, _users(first)
    trends = releases.issue_trends(group.issue, moment) if group.issue else ()
    at_least = "at least " if any(one.is_whole for one in first.others) else ""
    so_far = f"{at_least}{fmt.grouped(users)} so far"
    who = so_far if users > 1 else customers_text(group) or "unknown"
    text = ", ".join((who, *(one for one in trends if not one.startswith("new"))))
    widest = max(loud, key=_users)
    if _users(widest) >= 2 * max(users, 1):
        return f"problem 1: {text}; problem {widest.number}: {fmt.grouped(_users(widest))}"
    is_first = widest is problems[0] and not summary.common_failure(loud)
    return text if is_first else f"problem 1: {text}"


def _users(problem: Problem) -> int:
    """Return how many have had any of its issues, at least."""
    issues = (problem.issue, *(one.group.issue for one in problem.others if one.is_whole))
    return max((one.users_affected or 0 for one in issues if one), default=0)


def _status(answer: Answer, problem: Problem, clock: Clock, today: date) -> str:
    """Return the state of the fix, by the known error or else by Sentry's issue."""
    for match in problem.known_in(answer.known)[:1]:
        return _known(match, releases.customer_release(problem.group_of(match.issue_id)), today)
    group = problem.cause
    if text := releases.issue_fix_text(group):
        return text
    if group.issue and (text := releases.issue_status_text(group.issue)):
        return ", ".join((text, *_seen(problem, group.issue, answer.fetched_at, clock)))
    release = releases.customer_release(group)
    return f"unknown; they were on {release}" if release else ""


def _known(match: KnownMatch, release: str | None, today: date) -> str:
    fix = releases.describe_fix(match.known, release, today)
    return f"Known: {fmt.clipped(match.known.title, 90)}. {fmt.typeset(fix)}"


def _seen(problem: Problem, issue: Issue, read_at: datetime | None, clock: Clock) -> Iterator[str]:
    """Yield when any issue was first seen if the issue was new, and when last, for any customer.

    A day is left out if it is that of the reported time, and the answer's, or was just said.
    """
    issues = [issue, *(one.group.issue for one in problem.others if one.is_whole)]
    first = [one.first_seen for one in issues if one and one.first_seen]
    last = [one.last_seen for one in issues if one and one.last_seen]
    began = None
    if issue.first_seen and any(
        one.startswith("new") for one in releases.issue_trends(issue, clock.moment)
    ):
        began = min(first)
        yield f"first seen {_minute(began, clock, read_at)}"
    if last and max(last) >= problem.newest.timestamp:
        seen = "last" if began else "last seen"
        of_day = max(last).astimezone(clock.zone)
        if began and began.astimezone(clock.zone).date() == of_day.date():
            yield f"{seen} {of_day:%H:%M}"
        else:
            yield f"{seen} {_minute(max(last), clock, read_at)}"


def _minute(when: datetime, clock: Clock, read_at: datetime | None = None) -> str:
    """Return the time to the minute, with its date unless it is the day of the report or result."""
    day = when.astimezone(clock.zone).date()
    if read_at is None or day == read_at.astimezone(clock.zone).date():
        return clock.text(when)[:-3]
    return fmt.local_minute(when, clock.zone).text


def _reply_text(answer: Answer, problem: Problem | None, zone: ZoneInfo, today: date) -> str:
    """Return the sentences of a reply, without greeting and closing."""
    if problem is None and answer.is_unknown_customer:
        return reply.OTHER_IDENTIFIER
    issue_ids = (problem.issue_id,) if problem else ()
    values = reply.reply_values(About(answer, issue_ids, zone, today, marker=""))
    first = values["known_reply"] or f"{values['happened']} {values['how_often']}"
    parts = (first, values["fix"], values["workaround"], values["next"], values["unsure"])
    return fmt.typeset(" ".join(" ".join(filter(None, parts)).split()))
