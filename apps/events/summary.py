"""Plain sentences about events, problems, and results, made of our own words only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from apps.events.activity_text import Kind, duration_text
from apps.events.answer import Answer, Signal
from apps.events.event import Event, LogEntry, Span
from apps.events.grouping import Group, Problem, order_names, problems_of
from apps.events.log_text import LogReader
from apps.events.observations import MAX_ROWS, Observation, observations_of, troubles_of
from apps.events.once import found_once
from apps.events.query import CustomerKind, Window, counted, format_duration, listed, lower_first
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import (
    CLIENT,
    US,
    Place,
    Reading,
    Rule,
    Side,
    UserAction,
    may_have_changed,
    side_of,
    user_action_of,
    was_refused,
)

# Events arrive within ten minutes (see `SETTLED_AFTER`), and never before they happen.
_LATE = timedelta(minutes=10)
_EARLY = timedelta(minutes=-1)
_AT_ONCE = timedelta(seconds=5)
_AT_EDGE = timedelta(seconds=5)
_OFTEN = 10


def summarize(event: Event) -> str:
    """Return what failed, and what the customer was doing if that is known."""
    rule, action = rule_for(event), user_action_of(event)
    sentence = _failure(event, rule)
    if action is None or (rule and rule.action):
        return sentence
    return f"While {action.value}: {lower_first(sentence)}"


def summarize_failure(event: Event) -> str:
    """Return the sentence of `summarize` without what the customer was doing."""
    return _failure(event, rule_for(event))


def _failure(event: Event, rule: Rule | None) -> str:
    if rule:
        return rule.sentence_for(side_of(event))
    us = US[side_of(event)].capitalize()
    if event.level in ("info", "debug"):
        return f"{us} only logged a note."
    if event.handled is True or event.level == "warning":
        return f"{us} noted a problem and kept going."
    if event.level is None and event.handled is None and not event.details.exceptions:
        return f"{us} recorded something."
    where = "in" if side_of(event) in (Side.DEVICE, Side.UNKNOWN) else "on"
    return f"Something {where} {lower_first(us)} failed."


def is_specific(event: Event) -> bool:
    """Return whether the sentence names a kind of failure, rather than only that there was one."""
    rule = rule_for(event)
    return rule is not None and not rule.broad


def may_have_paid(problem: Problem) -> bool:
    """Return whether a payment may have gone through although it failed for the customer."""
    rules = map(rule_for, (group.summarized for group in problem.groups))
    return any(rule is not None and rule.may_have_paid for rule in rules)


def concerns_payment(problem: Problem, doubtful: Iterable[Problem]) -> bool:
    """Return whether one of the payments with an unknown outcome may be the problem's.

    Names of orders settle it; without them, anything about paying or ordering may be, and a failure
    of an unknown step unless it says what it is about, such as signing in.
    """
    names = order_names(problem.events)
    event = problem.summarized
    rule = rule_for(event)
    action = user_action_of(event) or (rule.action if rule else None)
    is_unknown = action is None and (rule is None or rule.reads is not Reading.STATEMENT)
    is_paying = is_unknown or place_of(event) is Place.BANK or action in _PAYING
    for one in doubtful:
        others = order_names(one.events)
        if one.issue_id == problem.issue_id or names & others:
            return True
        if is_paying and not (names and others):
            return True
    return False


_PAYING = (UserAction.PAYING, UserAction.CHECKING_OUT, UserAction.ORDERING)


def place_of(event: Event) -> Place | None:
    """Return where it failed; None without a matching rule."""
    rule = rule_for(event)
    return rule.place_for(side_of(event)) if rule else None


class Handling(StrEnum):
    """What the program did about an error, the mildest first."""

    HANDLED = "The app handled it and kept going."
    REFUSED = "The app kept going, but this step failed."
    UNCAUGHT = "The app did not catch it."
    STOPPED = "It stopped what the customer was doing."


def handling_of(event: Event) -> Handling | None:
    """Return whether the program handled the error; None if unknown.

    An unhandled error stopped the customer only if it ended a request or the program.
    """
    handled = event.details.handled if event.handled is None else event.handled
    if handled is None:
        return None
    if handled:
        # What the customer sent was refused, which the program may have logged as an error.
        is_error = event.level in ("error", "fatal")
        is_refused = was_refused(event) or (
            is_error and place_of(event) in (Place.INPUT, Place.BANK) and may_have_changed(event)
        )
        return Handling.REFUSED if is_refused else Handling.HANDLED
    ended_request = side_of(event) is Side.SERVER and event.details.request
    crashed = side_of(event) in CLIENT and event.level == "fatal"
    return Handling.STOPPED if ended_request or crashed else Handling.UNCAUGHT


@found_once
def summarize_group(group: Group | Problem) -> str:
    """Return the sentence of a group, or of a problem's cause, as if it had the worst level."""
    return summarize(group.summarized)


def worst_handling(problem: Problem) -> Handling | None:
    """Return the handling of the worst group; one unhandled event makes it unhandled."""
    found = (handling_of(replace(one.clearest, handled=one.handled)) for one in problem.groups)
    return max(found, key=(None, *Handling).index)


def headline(answer: Answer, zone: ZoneInfo) -> str:
    """Return the first sentence of a page: what failed, how often, from when to when in the zone.

    An incomplete result says "so far" or "at least".
    """
    problems = problems_of(answer)
    is_trace = answer.question.customer.kind == CustomerKind.TRACE
    whose = "in this trace" if is_trace else "for this customer"
    if not problems:
        if answer.complete:
            return _no_errors(answer, whose)
        seen, detail = _seen_instead(answer)
        but = f", but {seen}" if seen else ""
        if answer.is_only_pending:
            return f"No errors {whose} so far{but}.{detail}"
        if not seen:
            return "No errors were found, but the result is incomplete."
        return f"No errors were found{but}. The result is incomplete.{detail}"
    loud = [problem for problem in problems if not problem.is_noise]
    first, *others = loud
    common = common_failure(loud)
    if common:
        return _headline_of_several(common, loud, answer, zone)
    often = _how_often(first.times, first.events[-1], first.newest, answer, zone)
    sentence = f"{summarize_group(first)[:-1]}, {often}"
    crash = " The app crashed." if has_crashed(first) and not says_it_ended(sentence) else ""
    return f"{sentence}.{crash}{_more(others)}"


def _more(others: Sequence[Problem]) -> str:
    if not others:
        return ""
    more = "was 1 other problem" if len(others) == 1 else f"were {len(others)} other problems"
    among = "" if len(others) == 1 else " among them"
    also = f", with a crash{among}" if any(map(has_crashed, others)) else ""
    return f" There {more}{also}."


def common_failure(problems: Sequence[Problem]) -> tuple[str, tuple[Problem, ...]] | None:
    """Return what the first problem and others made fail together, and these problems.

    All of them were steps of one order, or all of them ended the app. If two happened at once,
    they may have been one failure, and nothing is certain. `problems` have no noise.
    """
    failed = tuple(filter(has_failed, problems))
    for name in order_names(problems[0].events):
        same = tuple(one for one in failed if name in order_names(one.events))
        if _are_several(same, problems[0]):
            return f"The same {name[0]} failed", same
    ended = tuple(filter(_has_ended, problems))
    if not _are_several(ended, problems[0]):
        return None
    closed = " or {} closed" if any("closed" in summarize_group(one) for one in ended) else ""
    is_one = len({one.newest.project for one in ended}) == 1
    us, was = ("The app", "was") if is_one else ("Our apps", "were")
    return f"{us} crashed{closed.format(was)}", ended


def has_failed(problem: Problem) -> bool:
    """Return whether it failed for the customer, as far as the program or the call shows."""
    return problem.handled is False or was_refused(problem.cause.clearest)


def _are_several(same: Sequence[Problem], first: Problem) -> bool:
    """Return whether these are several failures for certain, and begin with the first problem."""
    times = sorted((event.timestamp, one.issue_id) for one in same for event in one.events)
    at_once = any(
        issue != next_issue and next_at - at <= _AT_ONCE
        for (at, issue), (next_at, next_issue) in pairwise(times)
    )
    return len(same) > 1 and same[0] is first and not at_once


def _has_ended(problem: Problem) -> bool:
    """Return whether it ended the app; of a program without a known device, only by its error."""
    is_fatal = problem.handled is False and problem.worst_level == "fatal"
    return has_crashed(problem) or (is_fatal and says_it_ended(summarize_group(problem)))


def _headline_of_several(
    common: tuple[str, tuple[Problem, ...]], loud: Sequence[Problem], answer: Answer, zone: ZoneInfo
) -> str:
    """Return how often the same thing failed, then why it did in the first problem's case."""
    failed, same = common
    first = same[0]
    events = sorted(chain(*(one.events for one in same)), key=lambda one: one.timestamp)
    how_often = _how_often(sum(one.times for one in same), events[0], events[-1], answer, zone)
    newest = first.newest.timestamp
    is_last = newest == events[-1].timestamp
    when = "The last time" if is_last else f"At {_clock(newest.astimezone(zone), answer, zone)}"
    cause = summarize_failure(first.summarized)
    others = [one for one in loud if one not in same]
    return f"{failed} {how_often}. {when}, {lower_first(cause)}{_more(others)}"


def says_it_ended(sentence: str) -> bool:
    """Return whether a sentence says already that the app crashed or was closed."""
    return "crash" in sentence or "closed the app" in sentence


def has_crashed(problem: Problem) -> bool:
    """Return whether any of its errors ended the app on the customer's device, or their page."""
    return any(
        one.handled is False and one.worst_level == "fatal" and side_of(one.clearest) in CLIENT
        for one in problem.groups
    )


def _no_errors(answer: Answer, whose: str) -> str:
    """Return the headline of a complete result without errors, with any contrary evidence."""
    related, nearby = answer.beside, answer.nearby
    clicks = sum(one.dead_clicks or 0 for one in related.replays)
    seen, detail = _seen_instead(answer)
    signs = (
        f"{counted(clicks, 'click')} in a session replay did nothing" if clicks else "",
        "the customer wrote to us" if related.feedback else "",
        seen,
    )
    if any(signs):
        where = "" if seen else f" {whose} in this window"
        return f"No errors{where}, but {', and '.join(filter(None, signs))}.{detail}"
    is_trace = answer.question.customer.kind == CustomerKind.TRACE
    if nearby and answer.is_unknown_customer and not is_trace:
        days = counted((nearby.until - nearby.since).days, "day")
        return f"We have not seen this customer where we searched: no errors in the last {days}."
    if activity := _unseen_text(answer):
        return f"No errors{activity}."
    return f"No errors {whose} in this window."


_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _seen_instead(answer: Answer) -> tuple[str, str]:
    """Return `two requests failed` or what one showed, and a sentence with the worst; or two ""."""
    troubles = [one for one in troubles_of(answer) if not one.is_note]
    if not troubles:
        return "", ""
    text = troubles[0].full_text
    if len(troubles) == 1:
        clause, _period, rest = text.partition(". ")
        return lower_first(clause).removesuffix("."), f" {rest}".rstrip()
    by_kind = ([one for one in troubles if one.kind is kind] for kind in Kind)
    return listed(_counted(same) for same in by_kind if same), f" {text}"


def _counted(same: Sequence[Observation]) -> str:
    count, kind = sum(one.times for one in same), same[0].kind
    number = _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"
    plural, up_to = ("s", "up to ") if count > 1 else ("", "")
    if kind is Kind.WARNING:
        return f"our systems flagged {number} thing{plural}"
    is_request = all(isinstance(one.rows[0], Span) for one in same) and kind is not Kind.SLOW
    noun = f"{number} {'request' if is_request else 'step'}{plural}"
    if kind is Kind.SLOW:
        longest = max((one.until - one.at).total_seconds() for one in same) * 1000
        return f"{noun} took {up_to}{duration_text(longest)}"
    if kind is Kind.REFUSED:
        return f"{noun} {'were' if count > 1 else 'was'} refused"
    return f"{noun} failed"


_WORDS = {Signal.LOGS: "logs", Signal.SPANS: "requests"}


def _unseen_text(answer: Answer) -> str:
    """Return what logs and requests without any trouble mean, or "" if they were not requested."""
    beside, server = answer.beside, answer.searched.server
    is_trace = answer.question.customer.kind == CustomerKind.TRACE
    of_these = "in this trace" if is_trace else "from this customer"
    absent = [one for one in _WORDS if one in {signal.signal for signal in beside.absent}]
    unread = [one for one in _WORDS if one in {signal.signal for signal in beside.unread}]
    asked = [one for one in _WORDS if one in beside.asked and one not in absent]
    unread += [one for one in asked if one not in beside.surely and one not in unread]
    if len(beside.activity) > MAX_ROWS:
        unread = unread or asked
    if unread:
        words = _listed(unread, "and")
        return f", but not all {words} {of_these} could be read: we can’t tell what happened"
    if not asked:
        return f"; {server} has no {_listed(absent, 'or')} for us to check" if absent else ""
    if not (beside.logs or beside.spans):
        words = _listed(asked, "or")
        return f", and {server} has no {words} {of_these} at that time: we can’t tell what happened"
    observations = observations_of(answer)
    requests, noted = _notes(observations)
    but = f", but {noted}" if noted else ""
    has_worked = any(one.kind is Kind.WORKED and one.names_customer for one in observations)
    is_accepted = any(span.http_status == 202 for span in beside.spans)  # to be done later
    if requests or is_accepted or not has_worked:
        clear = "clear " if requests else ""
        return f", and what {server} recorded {of_these} shows no {clear}failure{but}"
    if any(
        span.status not in (None, "ok", "unset") or (span.http_status or 0) >= 400
        for span in beside.spans
    ):
        apart = ", apart from background and repeated ones"
        return f"; the requests {of_these} at that time worked{apart}{but}"
    recorded = "every request" if noted or asked == [Signal.SPANS] else "everything"
    return f"; {recorded} that {server} recorded {of_these} at that time worked{but}"


def _notes(observations: Sequence[Observation]) -> tuple[str, str]:
    """Return what was noted about requests, along with what programs logged, as a clause."""
    notes = [one for one in observations if one.is_note]
    said = [one for one in notes if isinstance(one.rows[0], Span)]
    logged = [
        log
        for one in notes
        if one not in said
        for row in one.rows
        if isinstance(row, LogEntry) and (log := LogReader(row)).is_loud
    ]
    errors = sum(log.is_error for log in logged)
    counts = (("error", errors), ("warning", len(logged) - errors))
    words = " and ".join(counted(count, noun) for noun, count in counts if count)
    first = said[0].full_text.partition(". ")[0].removesuffix(".") if said else ""
    first += ", and then worked" if said and said[0].has_worked_later else ""
    more = f" ({len(said) - 1} more like this)" if said[1:] else ""
    requests = f"{lower_first(first)}{more}" if said else ""
    return requests, ", and ".join(
        filter(None, (requests, words and f"our systems logged {words}"))
    )


def _listed(signals: Sequence[Signal], joined_by: str) -> str:
    return f" {joined_by} ".join(_WORDS[one] for one in signals)


def _how_often(count: int, first: Event, last: Event, answer: Answer, zone: ZoneInfo) -> str:
    began, ended = (event.timestamp.astimezone(zone) for event in (first, last))
    times = "once" if count == 1 else f"{count} times"
    if answer.is_only_pending:
        times = f"{times} so far,"
    elif not answer.complete:
        times = f"at least {times}"
    clocks = [_clock(when, answer, zone) for when in (began, ended)]
    if began.utcoffset() != ended.utcoffset():
        clocks = [f"{clock} {when:%Z}" for clock, when in zip(clocks, (began, ended), strict=True)]
    if clocks[0] == clocks[1]:
        return f"{times} at {clocks[0]}"
    window = answer.question.window
    if fills_window(count, first.timestamp, last.timestamp, window):
        return f"{times} in these {counted(2 * window.minutes, 'minute')}"
    return f"{times} between {clocks[0]} and {clocks[1]}"


def fills_window(count: int, first: datetime, last: datetime, window: Window) -> bool:
    """Return whether it seems to have happened before or after the window as well.

    If it occurred often, the distance to the edge says nothing unless it exceeds the usual ones.
    """
    usual = 3 * (last - first) / (count - 1) if count >= _OFTEN else timedelta()
    return min(first - window.start, window.end - last) <= max(usual, _AT_EDGE)


def _clock(when: datetime, answer: Answer, zone: ZoneInfo) -> str:
    is_same_day = when.date() == answer.question.window.moment.astimezone(zone).date()
    return f"{when:%H:%M}" if is_same_day else f"{when.day} {when:%b}, {when:%H:%M}"


def arrival_text(event: Event) -> str | None:
    """Return `received 3 days later` if Sentry received the event at quite another time."""
    wait = _wait(event)
    if wait is None:
        return None
    side = "later" if wait > timedelta() else "earlier"
    return f"received {format_duration(wait.total_seconds())} {side}"


def delay_text(event: Event) -> str | None:
    """Say what it means if Sentry received the event long after its time, or before it."""
    wait = _wait(event)
    if wait is None:
        return None
    owners = {Side.SERVER: "our server", Side.BROWSER: "the device", Side.DEVICE: "the device"}
    clock = f"{owners.get(side_of(event), 'the app')}’s clock"
    length = format_duration(wait.total_seconds())
    if wait < timedelta():
        return (
            f"Sentry received this event {length} before its time: {clock} was ahead, so it "
            "happened earlier than shown."
        )
    return (
        f"Sentry received this event {length} after its time: {clock} was wrong, or the event "
        "waited in a queue. If the clock was wrong, it happened later than shown."
    )


def _wait(event: Event) -> timedelta | None:
    """Return the time from event to receipt, unless it is unknown or as usual."""
    received = event.details.received_at
    if received is None:
        return None
    wait = received - (event.details.happened_at or event.timestamp)
    return None if _EARLY <= wait <= _LATE else wait
