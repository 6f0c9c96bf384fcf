"""Placing events on a line of time and in lanes, without any drawing."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from apps.events.answer import Answer
from apps.events.event import Event, Issue
from apps.events.worth import is_noise, worth

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
