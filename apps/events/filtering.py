"""Filtering the events of a result. Problems keep their numbers in the whole result."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from apps.events.event import Event
from apps.events.grouping import UNGROUPED, Problem
from apps.events.summary import summarize

LEVELS = ("fatal", "error", "warning", "info", "debug")
UNKNOWN = "(not known)"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A part of a window in UTC, both ends included."""

    start: datetime
    end: datetime

    def contains(self, when: datetime) -> bool:
        """Return whether the timestamp's second is in the range."""
        return self.start <= when.replace(microsecond=0) <= self.end


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Criteria for events; an empty field matches all.

    `UNKNOWN` as project, environment, or level matches events without one.
    """

    project: str = ""
    level: str = ""
    environment: str = ""
    issue_id: str = ""
    text: str = ""
    span: TimeRange | None = None

    @property
    def is_empty(self) -> bool:
        return self == EventFilter()

    def matches(self, event: Event) -> bool:
        """Return whether the event matches the criteria other than issue and text."""
        return (
            (not self.project or project_of(event) == self.project)
            and (not self.level or level_of(event) == self.level)
            and (not self.environment or environment_of(event) == self.environment)
            and (self.span is None or self.span.contains(event.timestamp))
        )


def filter_problems(problems: Sequence[Problem], criteria: EventFilter) -> tuple[Problem, ...]:
    """Return the problems with matching events, each reduced to those events.

    The text is searched for in titles, sentences, messages, exceptions, and culprits,
    case-insensitively.
    """
    if criteria.is_empty:
        return tuple(problems)
    text = fold_case(criteria.text)
    matching = []
    for problem in problems:
        if criteria.issue_id not in ("", problem.issue_id):
            continue
        events = tuple(
            event
            for event in problem.events
            if criteria.matches(event)
            and (not text or any(text in fold_case(part) for part in _texts(event, problem)))
        )
        if events:
            matching.append(replace(problem, events=events))
    return tuple(matching)


def events_in(problems: Iterable[Problem]) -> tuple[Event, ...]:
    """Return the events of these problems."""
    return tuple(event for problem in problems for event in problem.events)


def project_of(event: Event) -> str:
    """Return the event's project, or `UNKNOWN`."""
    return event.project or UNKNOWN


def environment_of(event: Event) -> str:
    """Return the event's environment, or `UNKNOWN`."""
    return event.environment or event.details.environment or UNKNOWN


def level_of(event: Event) -> str:
    """Return one of `LEVELS`, or `UNKNOWN`."""
    return event.level if event.level in LEVELS else UNKNOWN


def fold_case(text: str) -> str:
    """Normalize the text (NFC) for case-insensitive comparison."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _texts(event: Event, problem: Problem) -> Iterator[str]:
    own, body = problem.group_of(event.issue_id or UNGROUPED), event.details
    texts = (event.title, own.title, event.message, event.culprit, body.message, body.culprit)
    yield from filter(None, texts)
    for one in body.exceptions:
        yield ": ".join(filter(None, (one.type, one.value)))
    yield summarize(event)
