"""An incident: many customers, their events in one window, and the failures they share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from apps.events.answer import Notice
from apps.events.event import Event, EventBody, Issue
from apps.events.grouping import Problem
from apps.events.query import Customer


class FindingState(StrEnum):
    """How sure a customer's events are.

    `ANSWERED`: all of them are there. `CAPPED`: others may be missing. `UNANSWERABLE`: Sentry
    could not be asked for this customer.
    """

    ANSWERED = "answered"
    CAPPED = "capped"
    UNANSWERABLE = "unanswerable"


@dataclass(frozen=True, slots=True)
class IncidentCustomer:
    """A customer of an incident, and the line of the list that names them."""

    line: int
    customer: Customer


@dataclass(frozen=True, slots=True)
class Finding:
    """A customer's events in the window, newest first. `why` is a sentence unless answered.

    `was_seen` says whether Sentry has any event of theirs, at any time; None if that is unknown.
    """

    line: int
    events: tuple[Event, ...] = ()
    state: FindingState = FindingState.ANSWERED
    why: str = ""
    was_seen: bool | None = None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """What Sentry has on the customers of one batch: a finding for each of them.

    `issues` are those that came along; the others are read for the whole incident.
    """

    findings: tuple[Finding, ...]
    issues: tuple[Issue, ...] = ()
    notices: tuple[Notice, ...] = ()
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Baseline:
    """How usual failures are: of `customers` not in the list, how many had each issue, by its ID.

    They are customers with errors in the time of the same length before the window. There is no
    baseline if `customers` is 0, and `notices` say why.
    """

    customers: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Rest:
    """What is read once the batches are answered. `was_seen` is by line.

    `bodies` are those of the events that represent an issue in a release, by event ID.
    """

    was_seen: Mapping[int, bool | None] = field(default_factory=dict)
    baseline: Baseline = field(default_factory=Baseline)
    issues: tuple[Issue, ...] = ()
    bodies: Mapping[str, EventBody] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure that the customers on `lines` had.

    `problem` has the events of all of them. `baseline` is the share of other customers with errors
    who had it before, None if unknown; `is_noise` if it is about as usual among those.
    `representatives` are IDs of events with a body, one for each issue and release.
    """

    problem: Problem
    sentence: str
    issues: tuple[str, ...]
    lines: tuple[int, ...]
    first_event: Event
    last_event: Event
    releases: tuple[str, ...] = ()
    baseline: float | None = None
    is_noise: bool = False
    representatives: tuple[str, ...] = ()
