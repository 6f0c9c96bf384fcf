"""Which events of an answer somebody wants to see. Numbers of problems stay those of the whole."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from apps.events.event import Event
from apps.events.grouping import Group
from apps.events.summary import summarize

LEVELS = ("fatal", "error", "warning", "info", "debug")
NOT_KNOWN = "(not known)"

Numbered = tuple[int, Group]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a window, both edges included, UTC; `end` is later than `start`."""

    start: datetime
    end: datetime

    def contains(self, when: datetime) -> bool:
        """Whether an event of this second lies in it."""
        return self.start <= when.replace(microsecond=0) <= self.end


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be shown; a field that is empty leaves nothing out.

    `NOT_KNOWN` as project or environment stands for events that name none.
    """

    project: str = ""
    level: str = ""
    environment: str = ""
    issue_id: str = ""
    text: str = ""
    span: Span | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Shown()

    def fits(self, event: Event) -> bool:
        """Whether the event is to be shown; its problem is not looked at."""
        return (
            (not self.project or project_of(event) == self.project)
            and (not self.level or level_of(event) == self.level)
            and (not self.environment or environment_of(event) == self.environment)
            and (self.span is None or self.span.contains(event.timestamp))
        )


def numbered(groups: Sequence[Group]) -> tuple[Numbered, ...]:
    """All problems with their numbers, which begin at 1."""
    return tuple(enumerate(groups, start=1))


def kept(problems: Sequence[Numbered], shown: Shown) -> tuple[Numbered, ...]:
    """The problems that still have events, each with those that are to be shown.

    Text is found in titles, sentences, messages, exceptions and culprits, whatever its case.
    """
    if shown.is_everything:
        return tuple(problems)
    sought = folded(shown.text)
    left = []
    for number, group in problems:
        if shown.issue_id and group.issue_id != shown.issue_id:
            continue
        events = tuple(
            event
            for event in group.events
            if shown.fits(event) and (not sought or _says(event, group, sought))
        )
        if events:
            left.append((number, replace(group, events=events)))
    return tuple(left)


def events_of(problems: Iterable[Numbered]) -> tuple[Event, ...]:
    """The events of these problems, in no order."""
    return tuple(event for _number, group in problems for event in group.events)


def project_of(event: Event) -> str:
    """The event's project, or `NOT_KNOWN`."""
    return event.project or NOT_KNOWN


def environment_of(event: Event) -> str:
    """The event's environment, or `NOT_KNOWN`."""
    return event.environment or (event.body and event.body.environment) or NOT_KNOWN


def level_of(event: Event) -> str:
    """One of `LEVELS`; what is not known counts as an error, as it does for Sentry."""
    return event.level if event.level in LEVELS else "error"


def folded(text: str) -> str:
    """The text as it is compared: composed (NFC), without the difference of capitals."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _says(event: Event, group: Group, sought: str) -> bool:
    return any(sought in folded(text) for text in _texts(event, group) if text)


def _texts(event: Event, group: Group) -> Iterator[str | None]:
    yield from (event.title, group.title, event.message, event.culprit)
    if event.body:
        yield from (event.body.message, event.body.culprit)
        for one in event.body.exceptions:
            yield f"{one.type}: {one.value}" if one.type and one.value else one.type or one.value
    yield summarize(event)
