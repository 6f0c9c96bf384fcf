"""Plain sentences about events, problems, and results, made of our own words only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, pairwise
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.grouping import Group, Problem, order_names, problems_of
from apps.events.observations import seen_instead, unseen_text
from apps.events.query import CustomerKind, Window, counted, format_duration
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import (
    CLIENT,
    US,
    Place,
    Rule,
    Side,
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
    return f"While {action.value}: {sentence[0].lower()}{sentence[1:]}"


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
        return f"{us} noted a problem and carried on."
    has_exception = event.body is not None and event.body.exceptions
    if event.level is None and event.handled is None and not has_exception:
        return f"{us} recorded something."
    return f"Something in {us[0].lower()}{us[1:]} failed."


def is_specific(event: Event) -> bool:
    """Return whether the sentence names a kind of failure, rather than only that there was one."""
    rule = rule_for(event)
    return rule is not None and not rule.broad


def may_have_paid(problem: Problem) -> bool:
    """Return whether a payment may have gone through although it failed for the customer."""
    rules = map(rule_for, (group.summarized for group in problem.groups))
    return any(rule is not None and rule.may_have_paid for rule in rules)


def place_of(event: Event) -> Place | None:
    """Return where it failed; None without a matching rule."""
    rule = rule_for(event)
    return rule.place_for(side_of(event)) if rule else None


def handling_text(event: Event) -> str | None:
    """Describe whether the program handled the error; None if unknown.

    An unhandled error stopped the customer only if it ended a request or the program.
    """
    handled = event.handled if event.handled is not None else event.body and event.body.handled
    if handled is None:
        return None
    if handled:
        return _REFUSED if was_refused(event) else _HANDLED
    ended_request = side_of(event) is Side.SERVER and event.body and event.body.request
    crashed = side_of(event) in CLIENT and event.level == "fatal"
    if ended_request or crashed:
        return _STOPPED
    return _UNCAUGHT


_HANDLED = "The app handled it and kept going."
_REFUSED = "The app kept going, but this step failed."
_STOPPED = "It stopped what the customer was doing."
_UNCAUGHT = "The app did not catch it."
_HANDLING = (None, _HANDLED, _REFUSED, _UNCAUGHT, _STOPPED)


def summarize_group(group: Group | Problem) -> str:
    """Return the sentence of the newest event, as if it had the worst level of the group.

    For a problem, that is its cause.
    """
    return summarize(group.summarized)


def handling_text_of(problem: Problem) -> str | None:
    """Return `handling_text` of the half that was handled worst.

    One unhandled event makes a half unhandled.
    """
    texts = (handling_text(replace(one.clearest, handled=one.handled)) for one in problem.groups)
    return max(texts, key=_HANDLING.index)


_PARTIAL = "No errors were found, but the result is incomplete."


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
        seen, detail = seen_instead(answer)
        but = f", but {seen}" if seen else ""
        if answer.is_only_pending:
            return f"No errors {whose} so far{but}.{detail}"
        return f"No errors were found{but}. The result is incomplete.{detail}" if seen else _PARTIAL
    loud = [problem for problem in problems if not problem.is_noise]
    first, *others = loud
    common = common_failure(loud)
    if common:
        return _headline_of_several(common, loud, answer, zone)
    sentence = f"{summarize_group(first)[:-1]}, {_frequency(first, answer, zone)}"
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
    failed = tuple(filter(_has_failed, problems))
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


def _has_failed(problem: Problem) -> bool:
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
    is_last = first.newest.timestamp == events[-1].timestamp
    when = "The last time" if is_last else f"At {_clock(_local(first.newest, zone), answer, zone)}"
    cause = summarize_failure(first.summarized)
    others = [one for one in loud if one not in same]
    return f"{failed} {how_often}. {when}, {cause[0].lower()}{cause[1:]}{_more(others)}"


def says_it_ended(sentence: str) -> bool:
    """Return whether a sentence says already that the app crashed or was closed."""
    return "crash" in sentence or "closed the app" in sentence


def has_crashed(problem: Problem) -> bool:
    """Return whether any half ended the app on the customer's device, or their page."""
    return any(
        one.handled is False and one.worst_level == "fatal" and side_of(one.clearest) in CLIENT
        for one in problem.groups
    )


def _no_errors(answer: Answer, whose: str) -> str:
    """Return the headline of a complete result without errors, with what speaks against it."""
    related, nearby = answer.beside, answer.nearby
    clicks = sum(one.dead_clicks or 0 for one in related.replays)
    seen, detail = seen_instead(answer)
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
    if activity := unseen_text(answer):
        return f"No errors{activity}."
    return f"No errors {whose} in this window."


def _frequency(problem: Problem, answer: Answer, zone: ZoneInfo) -> str:
    """Return `3 times between 14:03 and 14:07`."""
    return _how_often(problem.times, problem.events[-1], problem.newest, answer, zone)


def _how_often(count: int, first: Event, last: Event, answer: Answer, zone: ZoneInfo) -> str:
    began, ended = _local(first, zone), _local(last, zone)
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
    """Return whether it seems to have gone on before or after the window.

    If it occurred often, the distance to the edge says nothing unless it exceeds the usual ones.
    """
    usual = 3 * (last - first) / (count - 1) if count >= _OFTEN else timedelta()
    return min(first - window.start, window.end - last) <= max(usual, _AT_EDGE)


def _local(event: Event, zone: ZoneInfo) -> datetime:
    return event.timestamp.astimezone(zone)


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
    clock = f"{_CLOCKS.get(side_of(event), 'the app’s')} clock"
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


_CLOCKS = {
    Side.SERVER: "our server’s",
    Side.BROWSER: "the device’s",
    Side.DEVICE: "the device’s",
}


def _wait(event: Event) -> timedelta | None:
    """Return the time from event to receipt, unless it is unknown or as usual."""
    received = event.body.received_at if event.body else None
    if event.body is None or received is None:
        return None
    wait = received - (event.body.happened_at or event.timestamp)
    return None if _EARLY <= wait <= _LATE else wait
