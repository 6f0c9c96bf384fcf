"""What patterns look at in an answer: each value once, with the events that have it.

A set of events is an int with a bit for each, so that sets are joined at the speed of numbers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.event import Event, Issue
from apps.events.grouping import UNGROUPED
from apps.known_errors.patterns import Field

_LONGEST_TEXT = 1000
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Column:
    """The texts of one field: of each event as (text, folded text), and where each stands."""

    of_event: tuple[tuple[tuple[str, str], ...], ...]
    plain: dict[str, int]
    folded: dict[str, int]

    def where(self, events: int, fits: Callable[[str, str], bool]) -> int:
        """Those of the events that have a text which fits; each text is asked once."""
        fitting, asked = 0, set()
        while events:
            first = (events & -events).bit_length() - 1
            for text, folded in self.of_event[first]:
                if text not in asked:
                    asked.add(text)
                    if fits(text, folded):
                        fitting |= self.plain[text]
            events &= ~(fitting | 1 << first)
        return fitting


@dataclass(frozen=True, slots=True)
class Sight:
    """All events by what they have. `issue_names` are folded ids and short ids."""

    everyone: int
    issue_of: tuple[str, ...]
    issues: dict[str, int]
    issue_names: dict[str, int]
    projects: dict[str, int]
    releases: dict[str, int]
    days: dict[date, int]
    texts: dict[Field, Column]

    def issues_of(self, events: int) -> Iterator[tuple[str, int]]:
        """The issues that these events belong to, each with all of its events."""
        while events:
            first = (events & -events).bit_length() - 1
            issue_id = self.issue_of[first]
            all_of_it = self.issues[issue_id]
            yield issue_id, all_of_it
            events &= ~all_of_it


def sight_of(answer: Answer, zone: ZoneInfo) -> Sight:
    """What there is to look at; days are those of the zone."""
    known = {issue.id: issue for issue in answer.issues}
    events = [(event, known.get(event.issue_id or "")) for event in answer.events]
    return Sight(
        everyone=(1 << len(events)) - 1,
        issue_of=tuple(event.issue_id or UNGROUPED for event, _issue in events),
        issues=_by((event.issue_id or UNGROUPED,) for event, _issue in events),
        issue_names=_by(_issue_names(event, issue) for event, issue in events),
        projects=_by((_project(event, issue),) for event, issue in events),
        releases=_by((_release(event),) for event, _issue in events),
        days=_by((event.timestamp.astimezone(zone).date(),) for event, _issue in events),
        texts={
            Field.TYPE: _column(_types(event) for event, _issue in events),
            Field.MESSAGE: _column(_messages(event, issue) for event, issue in events),
            Field.CULPRIT: _column(_culprits(event) for event, _issue in events),
        },
    )


def _by(values: Iterable[Iterable[Value]]) -> dict[Value, int]:
    sets: dict[Value, int] = defaultdict(int)
    for place, found in enumerate(values):
        for value in found:
            sets[value] |= 1 << place
    return dict(sets)


def _column(texts: Iterable[Iterable[str | None]]) -> Column:
    told = [{text[:_LONGEST_TEXT] for text in found if text} for found in texts]
    plain = _by(told)
    folded = {text: text.casefold() for text in plain}
    return Column(
        of_event=tuple(tuple((text, folded[text]) for text in sorted(found)) for found in told),
        plain=plain,
        folded=_by({folded[text] for text in found} for found in told),
    )


def _issue_names(event: Event, issue: Issue | None) -> set[str]:
    names = (event.issue_id, issue.short_id if issue else None)
    return {name.casefold() for name in names if name}


def _project(event: Event, issue: Issue | None) -> str:
    return event.project or (issue.project if issue else None) or ""


def _release(event: Event) -> str:
    return event.release or (event.body.release if event.body else None) or ""


def _types(event: Event) -> list[str | None]:
    """Of an event that was not read in full, the title begins with it."""
    raised = event.body.exceptions if event.body else ()
    return [one.type for one in raised] or [(event.title or "").partition(": ")[0]]


def _messages(event: Event, issue: Issue | None) -> list[str | None]:
    body = event.body
    values = [one.value for one in body.exceptions] if body else []
    told = body.message if body else None
    return [*values, event.message, told, event.title, issue.title if issue else None]


def _culprits(event: Event) -> list[str | None]:
    return [event.body.culprit if event.body else None, event.culprit, event.transaction]
