"""Plain words for a support agent: what failed, without the jargon. Rules only, no guessing."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.grouping import Group, group_by_issue
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import CLIENT, Rule, Side, Where, deed_of, side_of


def summarize(event: Event) -> str:
    """What the customer tried, if that is known, and what failed. Only words of our tables."""
    rule, deed = rule_for(event), deed_of(event)
    core = _core(event, rule)
    if deed is None or (rule and rule.deed):
        return core
    return f"While {deed.value}: {core[0].lower()}{core[1:]}"


def core_of(event: Event) -> str:
    """The sentence of `summarize` without what the customer tried."""
    return _core(event, rule_for(event))


def _core(event: Event, rule: Rule | None) -> str:
    return rule.core(side_of(event)) if rule else _honest(event)


def is_specific(event: Event) -> bool:
    """Whether the sentence tells one kind of failure, rather than that there was one."""
    rule = rule_for(event)
    return rule is not None and not rule.broad


def place_of(event: Event) -> Where | None:
    """Where it failed; None when no rule tells."""
    rule: Rule | None = rule_for(event)
    return rule.place(side_of(event)) if rule else None


def caught(event: Event) -> str | None:
    """Whether the program caught it, in a sentence of its own; None when that is not known.

    What nothing caught stopped the customer only where it ended an answer or the program.
    """
    handled = event.handled if event.handled is not None else event.body and event.body.handled
    if handled is None:
        return None
    if handled:
        return "The app handled it and kept going."
    answering = side_of(event) is Side.SERVER and event.body and event.body.request
    crashed = side_of(event) in CLIENT and event.level == "fatal"
    if answering or crashed:
        return "It stopped what the customer was doing."
    return "The app did not catch it."


def _honest(event: Event) -> str:
    if event.level in ("info", "debug"):
        return "The program only logged a note."
    if event.handled is True or event.level == "warning":
        return "The program noted a problem and carried on."
    return "Something in the program failed."


def summarize_group(group: Group) -> str:
    """One plain sentence for an issue, told from its newest event."""
    return summarize(group.newest)


def caught_in(group: Group) -> str | None:
    """`caught` for an issue: one event that nothing caught is enough."""
    return caught(replace(group.newest, handled=group.handled))


# The answer in one breath: what failed, how often, from when to when, and how sure that is.


def headline(answer: Answer, zone: ZoneInfo) -> str:
    """The page's first sentence: what, how often, from when to when in the zone.

    What may not be all is told "so far" or "at least"; of nothing it says how sure that is.
    """
    groups = group_by_issue(answer)
    if not groups:
        return (
            "No errors for this customer in this window."
            if answer.complete
            else _none_so_far(answer)
        )
    first, *others = (group for group in groups if not group.is_noise)
    sentence = f"{summarize_group(first)[:-1]}, {_how_often(first, answer, zone)}"
    if not others:
        return f"{sentence}."
    more = "was 1 other problem" if len(others) == 1 else f"were {len(others)} other problems"
    return f"{sentence}. There {more}."


def _how_often(group: Group, answer: Answer, zone: ZoneInfo) -> str:
    began, ended = (event.timestamp.astimezone(zone) for event in (group.events[-1], group.newest))
    count = len(group.events)
    times = "once" if count == 1 else f"{count} times"
    if answer.only_waits:
        times = f"{times} so far,"
    elif not answer.complete:
        times = f"at least {times}"
    clocks = [_clock(when, answer, zone) for when in (began, ended)]
    if began.utcoffset() != ended.utcoffset():
        clocks = [f"{clock} {when:%Z}" for clock, when in zip(clocks, (began, ended), strict=True)]
    if clocks[0] == clocks[1]:
        return f"{times} at {clocks[0]}"
    return f"{times} between {clocks[0]} and {clocks[1]}"


def _clock(when: datetime, answer: Answer, zone: ZoneInfo) -> str:
    is_that_day = when.date() == answer.question.window.moment.astimezone(zone).date()
    return f"{when:%H:%M}" if is_that_day else f"{when.day} {when:%b}, {when:%H:%M}"


def _none_so_far(answer: Answer) -> str:
    if answer.only_waits:
        return "No errors for this customer so far."
    return "No errors were found, but the answer is not complete."
