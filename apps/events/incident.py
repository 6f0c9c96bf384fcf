"""An incident: many customers, their events in one window, and the failures they share."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from math import sqrt
from typing import Final

from apps.events.answer import Answer, Notice, SearchScope
from apps.events.event import Event, EventBody, Issue
from apps.events.grouping import UNGROUPED, Group, Joined, Problem, problems_of
from apps.events.halves import Reason
from apps.events.query import DEFAULT_FIELDS, Customer, Question, Window
from apps.events.summary import summarize_failure


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
class IncidentScope:
    """When and where to look for the customers of an incident, and in which fields."""

    window: Window
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    fields: tuple[str, ...] = DEFAULT_FIELDS

    def question(self, customer: Customer) -> Question:
        """Return the question of a lookup of one customer."""
        return Question(customer, self.window, self.projects, self.environments, self.fields)


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


# The arithmetic: which customers share what, and how usual that is.

MIN_BASELINE: Final = 20
_TWICE = 2
_BEYOND_CHANCE = 1.64  # standard errors: by chance, one in twenty differences is larger
_TOGETHER = timedelta(minutes=1)
_MAX_RELEASES = 10


def shared_failures(
    findings: Sequence[Finding],
    issues: Sequence[Issue],
    bodies: Mapping[str, EventBody],
    baseline: Baseline,
) -> tuple[Failure, ...]:
    """Return the failures of all customers, those that stand out from the baseline first.

    First comes the one that most customers have who would not have it if it were as usual as
    before: a ratio would put what three have first if nobody had it before. Noise comes last.
    """
    by_line = _with_bodies(findings, bodies)
    by_issue = _by_issue(by_line)
    causes = _causes(by_line, by_issue)
    known = {issue.id: issue for issue in issues}
    members: dict[str, list[str]] = defaultdict(list)
    for issue_id in by_issue:
        members[causes[issue_id][0] if issue_id in causes else issue_id].append(issue_id)
    with_events = sum(1 for events in by_line.values() if events)
    ranked = []
    for cause, own in members.items():
        lines = sorted({line for one in own for line in by_issue[one]})
        had = len(by_issue[cause])
        usual = baseline.failures.get(cause, 0)
        share = usual / baseline.customers if baseline.customers else None
        is_noise = _is_noise(had, with_events, usual, baseline.customers)
        problem = _problem(cause, own, by_issue, known, causes, is_noise=is_noise)
        failure = Failure(
            problem=problem,
            sentence=summarize_failure(problem.summarized),
            issues=problem.issue_ids,
            lines=tuple(lines),
            first_event=problem.events[-1],
            last_event=problem.events[0],
            releases=_releases(problem.events),
            baseline=share,
            is_noise=is_noise,
            representatives=tuple(one.id for one in problem.events if one.body),
        )
        ranked.append((is_noise, (share or 0.0) * with_events - had, -len(lines), cause, failure))
    return tuple(one[-1] for one in sorted(ranked, key=lambda one: one[:-1]))


def _is_noise(had: int, of: int, usual: int, customers: int) -> bool:
    """Return whether a failure is about as usual among others as among the customers of the list.

    It is unless its share is four times theirs, or at least twice by more than chance explains:
    counts of two or three vary that much. Of too few others, nothing can be concluded.
    """
    if not usual or customers < MIN_BASELINE or not of:
        return False
    share, theirs = had / of, usual / customers
    both = (had + usual) / (of + customers)
    error = sqrt(both * (1 - both) * (1 / of + 1 / customers))
    least = _TWICE if share - theirs > _BEYOND_CHANCE * error else 2 * _TWICE
    return share < least * theirs


def _with_bodies(
    findings: Iterable[Finding], bodies: Mapping[str, EventBody]
) -> dict[int, tuple[Event, ...]]:
    """Return each line's events, with the bodies that were read."""
    return {
        finding.line: tuple(
            replace(event, body=bodies[event.id]) if event.id in bodies else event
            for event in finding.events
        )
        for finding in findings
    }


def _by_issue(by_line: Mapping[int, Sequence[Event]]) -> dict[str, dict[int, list[Event]]]:
    """Return the events of each issue by line."""
    by_issue: dict[str, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for line, events in by_line.items():
        for event in events:
            by_issue[event.issue_id or UNGROUPED][line].append(event)
    return by_issue


def _problem(
    cause: str,
    own: Iterable[str],
    by_issue: Mapping[str, Mapping[int, Sequence[Event]]],
    known: Mapping[str, Issue],
    causes: Mapping[str, tuple[str, Reason]],
    *,
    is_noise: bool,
) -> Problem:
    """Return the failure as one problem with the events of all customers; each event once."""
    groups = {}
    for issue_id in own:
        events = {event.id: event for part in by_issue[issue_id].values() for event in part}
        groups[issue_id] = Group(issue_id, known.get(issue_id), _newest_first(events.values()))
    others = (Joined(group, causes[one][1]) for one, group in groups.items() if one != cause)
    return Problem(
        cause=groups[cause],
        others=tuple(others),
        events=_newest_first(event for group in groups.values() for event in group.events),
        is_noise=is_noise,
    )


def _newest_first(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: (event.timestamp, event.id), reverse=True))


def _releases(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the releases in the order in which they first failed."""
    return tuple(dict.fromkeys(event.release for event in reversed(events) if event.release))


# What joins issues: the bodies of a few customers, as on their result pages.


def _causes(
    by_line: Mapping[int, Sequence[Event]], by_issue: Mapping[str, Mapping[int, Sequence[Event]]]
) -> dict[str, tuple[str, Reason]]:
    """Return the issues that are always another half of one cause's failure, with the reason.

    Only a few events have a body. Where these show one cause and no other, the issue belongs to
    it for all customers, if at least half of those with the issue also have the cause nearby.
    """
    found: dict[str, dict[str, Reason]] = defaultdict(dict)
    for events in by_line.values():
        if any(event.body for event in events) and len({one.issue_id for one in events}) > 1:
            for problem in problems_of(_answer(events)):
                for joined in problem.others:
                    whole = problem.issue_id if joined.is_whole else ""
                    found[joined.group.issue_id][whole] = joined.reason
    pairs = {
        issue_id: next(iter(causes.items()))
        for issue_id, causes in found.items()
        if len(causes) == 1
    }
    sure = {one: pair for one, pair in pairs.items() if _are_together(one, pair[0], by_issue)}
    return {one: (_root(one, sure), reason) for one, (_cause, reason) in sure.items()}


def _root(issue_id: str, pairs: Mapping[str, tuple[str, Reason]]) -> str:
    """Follow causes to the first one; of two that are each other's cause, take the smaller ID."""
    path = [issue_id]
    while path[-1] in pairs:
        cause = pairs[path[-1]][0]
        if cause in path:
            return min(path[path.index(cause) :])
        path.append(cause)
    return path[-1]


def _are_together(
    issue_id: str, cause: str, by_issue: Mapping[str, Mapping[int, Sequence[Event]]]
) -> bool:
    own, others = by_issue.get(issue_id, {}), by_issue.get(cause, {})
    both = sum(1 for line in own if _distance(own[line], others.get(line, ())) <= _TOGETHER)
    return both > 0 and 2 * both >= len(own)


def _distance(events: Iterable[Event], others: Iterable[Event]) -> timedelta:
    times = [other.timestamp for other in others]
    gaps = (abs(event.timestamp - time) for event in events for time in times)
    return min(gaps, default=timedelta.max)


def _answer(events: Sequence[Event]) -> Answer:
    """Return a customer's events as the result of a lookup, for what such a result is read by."""
    moment = events[0].timestamp
    question = Question(Customer(""), Window(moment, 1))
    return Answer(question, SearchScope(""), tuple(events), (), False, moment, len(events))


# Which events stand for an issue in a release.


def representative_events(
    findings: Sequence[Finding], baseline: Baseline, *, most: int
) -> tuple[Event, ...]:
    """Return one event for each release of the issues that stand out, up to `most` issues.

    Customers are preferred who have the most of these issues at about the same time: their events
    show which issues are halves of one failure.
    """
    by_line = {finding.line: finding.events for finding in findings}
    by_issue = _by_issue(by_line)
    with_events = sum(1 for events in by_line.values() if events)

    def rank(issue_id: str) -> tuple[bool, float, str]:
        had, usual = len(by_issue[issue_id]), baseline.failures.get(issue_id, 0)
        share = usual / baseline.customers if baseline.customers else 0.0
        is_noise = _is_noise(had, with_events, usual, baseline.customers)
        return (is_noise, share * with_events - had, issue_id)

    chosen = sorted((one for one in by_issue if one != UNGROUPED), key=rank)[:most]
    near = _near_issues(by_line, set(chosen))
    found: list[Event] = []
    for issue_id in chosen:
        best: dict[str | None, tuple[tuple[object, ...], Event]] = {}
        for line, events in sorted(by_issue[issue_id].items()):
            for event in events:
                key = (-len(near[line, event.id]), line)
                if event.release not in best or key < best[event.release][0]:
                    best[event.release] = (key, event)
        newest = sorted((one for _key, one in best.values()), key=lambda one: one.timestamp)
        found += newest[-_MAX_RELEASES:]
    return tuple(found)


def _near_issues(
    by_line: Mapping[int, Sequence[Event]], chosen: set[str]
) -> Mapping[tuple[int, str], set[str]]:
    """Return the other chosen issues that the customer has at about the time of an event."""
    near: dict[tuple[int, str], set[str]] = defaultdict(set)
    for line, events in by_line.items():
        own = [event for event in events if event.issue_id in chosen]
        for event in own:
            for other in own:
                is_near = abs(event.timestamp - other.timestamp) <= _TOGETHER
                if is_near and other.issue_id and other.issue_id != event.issue_id:
                    near[line, event.id].add(other.issue_id)
    return near
