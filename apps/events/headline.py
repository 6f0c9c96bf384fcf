"""The answer in one breath: what failed, how often, from when to when, and how sure that is."""

from datetime import datetime
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.summary import summarize_group
from apps.events.timeline import Group, group_by_issue


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
