"""Grouping events by issue and by failure, ranked by what matters to the customer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain

from apps.events.answer import Answer, KnownErrors, KnownMatch
from apps.events.event import Event, Issue
from apps.events.halves import Half, Reason, find_halves
from apps.events.rules.engine import once, rule_for
from apps.events.rules.rule import CLIENT, is_background_work, side_of

UNGROUPED = "unknown"

_VERY_NEAR = timedelta(minutes=1)
_NEAR = timedelta(minutes=5)
_REPEATED = 3
_SLIGHT_PENALTY = 5
_LEVEL_SCORES = {"fatal": 4, "error": 2, "warning": 0, "info": -4, "debug": -6}
_HANDLED_SCORES = {False: 3, None: 1, True: 0}
_QUIET_LEVELS = frozenset(("warning", "info", "debug"))


@dataclass(frozen=True, slots=True)
class Group:
    """The events of one issue, newest first. The customer hardly notices a group of noise."""

    issue_id: str
    issue: Issue | None
    events: tuple[Event, ...]
    is_noise: bool = False

    @property
    def newest(self) -> Event:
        """The newest event."""
        return self.events[0]

    @property
    def title(self) -> str:
        """The technical title, from the issue or else from the newest event."""
        return (self.issue and self.issue.title) or self.newest.title or "Untitled error"

    @property
    def worst_level(self) -> str | None:
        """The worst level of the events; an unknown one is worse than a warning."""
        return _worst_level(self.events)

    @property
    def summarized(self) -> Event:
        """The newest event as if it had the worst level, because it stands for all of them."""
        return replace(self.newest, level=self.worst_level)

    @property
    def handled(self) -> bool | None:
        """False if any event is unhandled, True if all known ones are handled, else None."""
        return _handled(self.events)


@dataclass(frozen=True, slots=True)
class Joined:
    """A group that is another half of a problem's failure, and the reason for joining it.

    Unless `is_whole`, other events of the same issue are part of other problems.
    """

    group: Group
    reason: Reason
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure: the issue that caused it, and the issues that are other halves of it.

    `events` are those of all halves, newest first. `twins` maps the ID of an event to that of
    the event that stands for the same occurrence.
    """

    cause: Group
    others: tuple[Joined, ...]
    events: tuple[Event, ...]
    is_noise: bool = False
    twins: Mapping[str, str] = field(default_factory=dict)

    @property
    def issue_id(self) -> str:
        """The ID of the cause's issue, which names the problem."""
        return self.cause.issue_id

    @property
    def issue(self) -> Issue | None:
        """The cause's issue."""
        return self.cause.issue

    @property
    def groups(self) -> tuple[Group, ...]:
        """The cause, then its other halves."""
        return (self.cause, *(joined.group for joined in self.others))

    @property
    def issue_ids(self) -> tuple[str, ...]:
        """The IDs of all its issues, the cause's first."""
        return tuple(group.issue_id for group in self.groups)

    @property
    def event_ids(self) -> frozenset[str]:
        """The IDs of its events."""
        return frozenset(event.id for event in self.events)

    @property
    def newest(self) -> Event:
        """The newest event of any half."""
        return self.events[0]

    @property
    def title(self) -> str:
        """The technical title of the cause."""
        return self.cause.title

    @property
    def worst_level(self) -> str | None:
        """The worst level of the events of any half."""
        return _worst_level(self.events)

    @property
    def summarized(self) -> Event:
        """The cause's newest event, as if it had the cause's worst level."""
        return self.cause.summarized

    @property
    def handled(self) -> bool | None:
        """False if any event is unhandled, True if all known ones are handled, else None."""
        return _handled(self.events)

    @property
    def times(self) -> int:
        """How often the failure occurred; two halves of one occurrence count once."""
        return len({self.twins.get(event.id, event.id) for event in self.events})

    def known_in(self, known: KnownErrors) -> tuple[KnownMatch, ...]:
        """Return the problem's known errors, those of the cause first, each once.

        Those of an issue that is only partly in the problem may be about the other part.
        """
        first: dict[str, KnownMatch] = {}
        whole = (joined.group.issue_id for joined in self.others if joined.is_whole)
        for issue_id in (self.issue_id, *whole):
            for match in known.for_issue(issue_id):
                first.setdefault(match.known.slug, match)
        return tuple(first.values())

    def group_of(self, issue_id: str) -> Group:
        """Return the half with this issue, or else the cause."""
        return next((one for one in self.groups if one.issue_id == issue_id), self.cause)


def nearest_first(events: Iterable[Event], moment: datetime) -> list[Event]:
    """Sort events by their distance to `moment`; break ties by time, then ID."""
    return sorted(
        events, key=lambda event: (abs(event.timestamp - moment), event.timestamp, event.id)
    )


def group_by_issue(answer: Answer) -> list[Group]:
    """Group the result's events by issue, the most relevant first and noise last.

    If every group is noise, none is marked as such.
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
    groups.sort(key=lambda one: (-_relevance(one, moment), _distance(one, moment), one.issue_id))
    marked = [replace(group, is_noise=_is_noise(group, moment)) for group in groups]
    if all(group.is_noise for group in marked):
        return groups
    return sorted(marked, key=lambda group: group.is_noise)


def problems_of(answer: Answer) -> list[Problem]:
    """Return the failures of a result, the most relevant first and noise last.

    A group of noise is no half of another failure. If every failure is noise, none is marked.
    """
    return list(once(_find_problems, answer))


def _find_problems(answer: Answer) -> list[Problem]:
    groups = group_by_issue(answer)
    moment = answer.question.window.moment
    loud = [event for one in groups if not _is_noise(one, moment) for event in one.events]
    halves = find_halves(loud)
    parts: dict[str, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for group in groups:
        for event in group.events:
            half = halves.get(event.id)
            cause = (half.root.issue_id or UNGROUPED) if half else group.issue_id
            parts[cause][group.issue_id].append(event)
    by_id = {group.issue_id: group for group in groups}
    problems = [_problem(cause, own, by_id, halves) for cause, own in parts.items()]

    def rank(problem: Problem) -> tuple[bool, int, timedelta, str]:
        relevance = max(_relevance(group, moment) for group in problem.groups)
        distance = min(_distance(group, moment) for group in problem.groups)
        return (problem.is_noise, -relevance, distance, problem.issue_id)

    return sorted(problems, key=rank)


def _problem(
    cause: str,
    parts: Mapping[str, Sequence[Event]],
    groups: Mapping[str, Group],
    halves: Mapping[str, Half],
) -> Problem:
    """Return the problem with this cause, given its events by issue."""
    own = {
        issue_id: replace(groups[issue_id], events=tuple(events))
        for issue_id, events in parts.items()
    }
    others = tuple(
        Joined(group, halves[group.newest.id].reason, is_whole=group == groups[issue_id])
        for issue_id, group in own.items()
        if issue_id != cause
    )
    return Problem(
        cause=own[cause],
        others=others,
        events=_newest_first(*(group.events for group in own.values())),
        is_noise=own[cause].is_noise,
        twins={
            event.id: halves[event.id].twin
            for group in own.values()
            for event in group.events
            if event.id in halves
        },
    )


def find_problem(problems: Iterable[Problem], issue_id: str) -> Problem | None:
    """Return the problem that the issue caused, or else the first that it is part of."""
    own = [problem for problem in problems if issue_id in problem.issue_ids]
    return min(own, key=lambda problem: problem.issue_id != issue_id, default=None)


def groups_in(problems: Iterable[Problem]) -> list[Group]:
    """Return the groups of all events of the problems: causes with their other halves."""
    groups: dict[str, Group] = {}
    for problem in problems:
        for group in problem.groups:
            first = groups.get(group.issue_id)
            groups[group.issue_id] = (
                replace(group, events=_newest_first(first.events, group.events)) if first else group
            )
    return list(groups.values())


def _newest_first(*parts: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events of all parts, newest first."""
    return tuple(sorted(chain(*parts), key=lambda event: event.timestamp, reverse=True))


def _worst_level(events: Iterable[Event]) -> str | None:
    levels = [event.level for event in events]
    return max(levels, key=lambda level: _LEVEL_SCORES.get(level or "", 1))


def _handled(events: Iterable[Event]) -> bool | None:
    known = {event.handled for event in events} - {None}
    return None if not known else known == {True}


def _relevance(group: Group, moment: datetime) -> int:
    """Score how likely the group is what the customer's report is about; higher is likelier."""
    score = max(_LEVEL_SCORES.get(event.level or "error", 2) for event in group.events)
    score += _HANDLED_SCORES[group.handled]
    if _faces_customer(group.newest):
        score += 2
    if len(group.events) >= _REPEATED:
        score += 1
    rule = rule_for(group.newest)
    if rule and rule.slight:
        score -= _SLIGHT_PENALTY
    distance = _distance(group, moment)
    return score + (4 if distance <= _VERY_NEAR else 2 if distance <= _NEAR else 0)


def _is_noise(group: Group, moment: datetime) -> bool:
    """Return whether all events are notes and warnings that matter little to the customer.

    A warning of a specific kind is no noise within a minute of `moment`, or if its rule names a
    user action such as a payment: programs only warn of what they expect.
    """
    if group.handled is False or any(event.level not in _QUIET_LEVELS for event in group.events):
        return False
    rule = rule_for(group.newest)
    if rule is None or rule.broad or rule.slight:
        return True
    has_warning = any(event.level == "warning" for event in group.events)
    warns_of_action = rule.action is not None and has_warning
    return not (warns_of_action or _distance(group, moment) <= _VERY_NEAR)


def _faces_customer(event: Event) -> bool:
    """Return whether it happened where a customer waits: in their browser or app, or a request."""
    if is_background_work(event):
        return False
    has_request = event.body is not None and event.body.request is not None
    return side_of(event) in CLIENT or has_request or "/" in (event.transaction or "")


def _distance(group: Group, moment: datetime) -> timedelta:
    return min(abs(event.timestamp - moment) for event in group.events)
