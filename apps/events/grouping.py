"""Placing events on a line of time and in lanes, without any drawing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.events.answer import Answer
from apps.events.event import Event, Issue
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import CLIENT, is_behind_the_scenes, side_of

# Which problem an agent should see first, and which is only noise in the background.

NEAR = timedelta(minutes=1)
CLOSE = timedelta(minutes=5)

_OFTEN = 3
_SLIGHT = 5
_LEVEL = {"fatal": 4, "error": 2, "warning": 0, "info": -4, "debug": -6}


def worth(events: Sequence[Event], handled: bool | None, moment: datetime) -> int:
    """How much the events of one issue may have to do with the customer's trouble; more is more.

    `events` are newest first, `handled` is whether the program dealt with all of them.
    """
    level = max(_LEVEL.get(event.level or "error", 2) for event in events)
    caught = {False: 3, None: 1, True: 0}[handled]
    facing = 2 if faces_customer(events[0]) else 0
    again = 1 if len(events) >= _OFTEN else 0
    rule = rule_for(events[0])
    slight = -_SLIGHT if rule and rule.slight else 0
    return level + caught + facing + again + slight + _nearness(events, moment)


def is_noise(events: Sequence[Event], handled: bool | None, moment: datetime) -> bool:
    """Notes and warnings that the program went on from, and that are no known kind of failure.

    A warning of a known kind counts as noise unless it came within a minute of the moment, or
    tells that a payment or a sign-in failed: programs only warn of what they expect.
    """
    if handled is False or any(event.level not in _QUIET for event in events):
        return False
    rule = rule_for(events[0])
    if rule is None or rule.broad or rule.slight:
        return True
    tells_a_deed = rule.deed is not None and any(event.level == "warning" for event in events)
    return not (tells_a_deed or _distance(events, moment) <= NEAR)


_QUIET = frozenset(("warning", "info", "debug"))


def faces_customer(event: Event) -> bool:
    """Whether it happened where a customer waits: in their browser or app, or in an answer."""
    if is_behind_the_scenes(event):
        return False
    has_request = event.body is not None and event.body.request is not None
    return side_of(event) in CLIENT or has_request or "/" in (event.transaction or "")


def _nearness(events: Sequence[Event], moment: datetime) -> int:
    away = _distance(events, moment)
    return 4 if away <= NEAR else 2 if away <= CLOSE else 0


def _distance(events: Sequence[Event], moment: datetime) -> timedelta:
    return min(abs(event.timestamp - moment) for event in events)


UNGROUPED = "unknown"


@dataclass(frozen=True, slots=True)
class Group:
    """The events of one issue, newest first. `is_noise`: nothing the customer will have noticed."""

    issue_id: str
    issue: Issue | None
    events: tuple[Event, ...]
    is_noise: bool = False

    @property
    def newest(self) -> Event:
        """The event that happened last."""
        return self.events[0]

    @property
    def title(self) -> str:
        """The technical title, from the issue or else from its newest event."""
        return (self.issue and self.issue.title) or self.newest.title or "Untitled error"

    @property
    def handled(self) -> bool | None:
        """False when any event was not caught, True when all known ones were, else None."""
        known = {event.handled for event in self.events} - {None}
        return None if not known else known == {True}


def nearest_first(events: tuple[Event, ...], moment: datetime) -> list[Event]:
    """Events by their distance to the moment; ties by time, then id, so that it is stable."""
    return sorted(events, key=lambda event: (distance(event, moment), event.timestamp, event.id))


def distance(event: Event, moment: datetime) -> float:
    """Seconds between the event and the moment, never negative."""
    return abs((event.timestamp - moment).total_seconds())


def group_by_issue(answer: Answer) -> list[Group]:
    """The answer's events by issue, the most telling first and the noise last.

    Where there is nothing but noise, nothing is called so.
    """
    issues = {issue.id: issue for issue in answer.issues}
    by_issue: dict[str, list[Event]] = defaultdict(list)
    for event in answer.events:
        by_issue[event.issue_id or UNGROUPED].append(event)
    groups = [
        Group(issue_id=issue_id, issue=issues.get(issue_id), events=tuple(events))
        for issue_id, events in by_issue.items()
    ]
    moment = answer.question.window.moment
    ordered = sorted(groups, key=lambda group: _place(group, moment))
    loud: list[Group] = []
    noise: list[Group] = []
    for group in ordered:
        if is_noise(group.events, group.handled, moment):
            noise.append(replace(group, is_noise=True))
        else:
            loud.append(group)
    return loud + noise if loud else ordered


def _place(group: Group, moment: datetime) -> tuple[int, float, str]:
    nearest = min(distance(event, moment) for event in group.events)
    return (-worth(group.events, group.handled, moment), nearest, group.issue_id)
