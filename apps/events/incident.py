"""An incident: many customers, their events in one window, and the failures they share."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from itertools import permutations
from math import sqrt

from apps.events.answer import Answer, Notice, SearchScope
from apps.events.correlation import Reason
from apps.events.event import Event, EventBody, Issue
from apps.events.grouping import UNGROUPED, Group, Joined, Problem, problems_of
from apps.events.query import Customer, Question, Window
from apps.events.rules.engine import rule_for
from apps.events.summary import summarize_failure


class FindingState(StrEnum):
    """How sure a customer's events are.

    `ANSWERED`: all of them are there. `CAPPED`: others may be missing. `UNANSWERABLE`: this
    customer could not be looked up in Sentry.
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
    """How common failures are: of `customers` not in the list, how many had each issue, by its ID.

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

    `problem` has the events of all of them, and is noise if it is about as common among other
    customers with errors; `baseline` is the share of those who had it before, None if unknown.
    `representatives` are IDs of events with a body, one for each issue and release; `releases` are
    in the order in which they first failed.
    """

    problem: Problem
    sentence: str
    lines: tuple[int, ...]
    releases: tuple[str, ...]
    baseline: float | None
    representatives: tuple[str, ...]

    @property
    def is_slight(self) -> bool:
        """Whether it was only noted, or is of a kind that stops no one."""
        rule = rule_for(self.problem.cause.clearest)
        is_note = self.problem.worst_level in ("info", "debug")
        return is_note or (rule is not None and rule.slight)


# The arithmetic: which customers share what, and how common that is.

MIN_BASELINE = 20
_TWICE = 2
_BEYOND_CHANCE = 1.64  # standard errors: by chance, one in twenty differences is larger
_TOGETHER = timedelta(minutes=1)
_MAX_OF_ISSUE = 10
_WORD = re.compile(r"[^\W\d_]{3,}")
_MOST_TEXT = 500


# An issue, those that caused it, and why; the lines and events of a failure by issue.
Causes = Mapping[str, Mapping[str, Reason]]
Parts = dict[str, list[tuple[int, Event]]]


def shared_failures(
    findings: Sequence[Finding],
    issues: Sequence[Issue],
    bodies: Mapping[str, EventBody],
    baseline: Baseline,
) -> tuple[Failure, ...]:
    """Return the failures of all customers, those that stand out from the baseline first.

    They are sorted by how many customers have them beyond the usual share: a ratio would put a
    failure of three customers first if no one had it before. Slight failures come after all others,
    and noise comes last.
    """
    by_line = {
        finding.line: tuple(
            replace(event, body=bodies[event.id]) if event.id in bodies else event
            for event in finding.events
        )
        for finding in findings
    }
    causes = _find_causes(by_line)
    known = {issue.id: issue for issue in issues}
    with_events = sum(1 for events in by_line.values() if events)
    failures = _by_error(_by_cause(by_line, causes))
    places = Counter(issue_id for parts in failures.values() for issue_id in parts)
    ranked = []
    for cause, parts in failures.items():
        own = [one for one in parts if one == cause or not causes.get(one)]
        had = len(_lines_of(*(parts[one] for one in own)))
        usual = min(sum(baseline.failures.get(one, 0) for one in own), baseline.customers)
        share = usual / baseline.customers if baseline.customers else None
        is_noise = _is_noise(had, with_events, usual, baseline.customers)
        problem = replace(_problem(cause, parts, known, causes, places), is_noise=is_noise)
        lines = sorted(_lines_of(*parts.values()))
        read = {(one.issue_id, one.release): one.id for one in problem.events if one.body}
        failure = Failure(
            problem=problem,
            sentence=summarize_failure(problem.summarized),
            lines=tuple(lines),
            releases=tuple(
                dict.fromkeys(one.release for one in reversed(problem.events) if one.release)
            ),
            baseline=share,
            representatives=tuple(read.values()),
        )
        usual_less = (share or 0.0) * with_events - had
        ranked.append((is_noise, failure.is_slight, usual_less, -len(lines), cause, failure))
    return tuple(one[-1] for one in sorted(ranked, key=lambda one: one[:-1]))


def _is_noise(had: int, of: int, usual: int, customers: int) -> bool:
    """Return whether a failure is about as common among others as among the list's customers.

    It is unless its share is four times theirs, or at least twice by more than chance explains:
    counts of two or three vary that much. Too few others prove nothing.
    """
    if not usual or customers < MIN_BASELINE or not of:
        return False
    share, theirs = had / of, usual / customers
    both = (had + usual) / (of + customers)
    error = sqrt(both * (1 - both) * (1 / of + 1 / customers))
    least = _TWICE if share - theirs > _BEYOND_CHANCE * error else 2 * _TWICE
    return share < least * theirs


def _problem(
    cause: str,
    parts: Parts,
    known: Mapping[str, Issue],
    causes: Causes,
    places: Mapping[str, int],
) -> Problem:
    """Return the failure as one problem with the events of all customers; each event once."""
    groups = {}
    for issue_id, part in parts.items():
        events = {event.id: event for _line, event in part}
        groups[issue_id] = Group(issue_id, known.get(issue_id), _newest_first(events.values()))
    others = (
        Joined(
            group,
            next(iter(causes.get(one, {}).values()), Reason.OTHER_RELEASE),
            is_whole=places[one] == 1,
        )
        for one, group in groups.items()
        if one != cause
    )
    return Problem(
        cause=groups[cause],
        others=tuple(others),
        events=_newest_first(event for group in groups.values() for event in group.events),
    )


def _lines_of(*parts: Iterable[tuple[int, Event]]) -> set[int]:
    return {line for part in parts for line, _event in part}


def _newest_first(events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: (event.timestamp, event.id), reverse=True))


# What joins issues: the bodies of a few customers, as on their result pages.


def _find_causes(by_line: Mapping[int, Sequence[Event]]) -> Causes:
    """Return the issues that others caused, where bodies show that.

    Issues that any customer's bodies keep apart within a trace stay apart. An issue that is a cause
    for one customer and caused by another for the next is not a cause.
    """
    found: dict[tuple[str, str], Reason] = {}
    apart: set[tuple[str | None, str | None]] = set()
    for events in by_line.values():
        read = [event for event in events if event.body]
        if len({event.issue_id for event in read}) < 2:
            continue
        place: dict[str, str] = {}
        for problem in problems_of(_answer(read)):
            place |= dict.fromkeys(problem.event_ids, problem.issue_id)
            for joined in problem.others:
                found[joined.group.issue_id, problem.issue_id] = joined.reason
        apart |= {
            (one.issue_id, other.issue_id)
            for one, other in permutations(read, 2)
            if place[one.id] != place[other.id] and _is_close(one, other, is_traced=True)
        }
    caused = {issue_id for issue_id, cause in found.keys() - apart}
    causes: dict[str, dict[str, Reason]] = defaultdict(dict)
    for (issue_id, cause), reason in found.items():
        if (issue_id, cause) not in apart and cause not in caused:
            causes[issue_id][cause] = reason
    return causes


def _is_close(one: Event, other: Event, *, is_traced: bool = False) -> bool:
    is_one_trace = bool(one.trace_id) and one.trace_id == other.trace_id
    return _wait(one, other) <= _TOGETHER and (is_one_trace or not is_traced)


def _by_cause(by_line: Mapping[int, Sequence[Event]], causes: Causes) -> dict[str, Parts]:
    """Return the events of each failure, by the issue that caused it.

    An event belongs to the nearest of its causes in its customer's list. Without one it stays
    alone, unless its issue has a single cause, which most customers with the issue have.
    """
    found: dict[str, Parts] = defaultdict(lambda: defaultdict(list))
    for line, events in by_line.items():
        for event in events:
            issue_id = event.issue_id or UNGROUPED
            found[_cause_of(event, events, causes)][issue_id].append((line, event))
    for issue_id in [one for one in found if len(causes.get(one, {})) == 1]:
        [cause] = causes[issue_id]
        joined = _lines_of(found.get(cause, {}).get(issue_id, []))
        alone = _lines_of(found[issue_id][issue_id])
        if joined and len(joined) >= len(alone - joined):
            found[cause][issue_id] += found.pop(issue_id)[issue_id]
    return found


def _by_error(failures: dict[str, Parts]) -> dict[str, Parts]:
    """Join failures that are one error in different releases; the largest names them.

    Sentry begins another issue when a new version changes the stack trace.
    """
    joined: dict[str, Parts] = {}
    alike: dict[object, list[_Error]] = defaultdict(list)
    for cause in sorted(failures, key=lambda one: (-len(_lines_of(failures[one][one])), one)):
        error = _error_of(cause, [event for _line, event in failures[cause][cause]])
        is_known = error.where is not None and None not in error.releases
        same = (one for one in alike[error.where] if is_known and one.is_alike(error))
        first = next(same, None)
        if first is None:
            joined[cause] = failures[cause]
            alike[error.where].append(error)
            continue
        first.releases.update(error.releases)
        for issue_id, part in failures[cause].items():
            joined[first.cause][issue_id] += part
    return joined


@dataclass(frozen=True, slots=True)
class _Error:
    """The error of a failure: what was raised, where, and the words of its message, if known."""

    cause: str
    releases: set[str | None]
    where: object = None
    words: frozenset[str] = frozenset()

    def is_alike(self, other: "_Error") -> bool:
        """Return whether it can be the same error in other releases."""
        has_same_words = 2 * len(self.words & other.words) >= len(self.words | other.words)
        return has_same_words and self.releases.isdisjoint(other.releases)


def _error_of(cause: str, events: Sequence[Event]) -> _Error:
    releases = {event.release for event in events}
    for event in events:
        frame = event.details.crash_frame
        if frame and frame.file and frame.function:
            raised = event.details.exceptions[0]
            where = (event.project, event.culprit, raised.type, frame.file, frame.function)
            words = frozenset(_WORD.findall((raised.value or "")[:_MOST_TEXT]))
            if raised.type:
                return _Error(cause, releases, where, words)
    return _Error(cause, releases)


def _cause_of(event: Event, events: Sequence[Event], causes: Causes) -> str:
    own = causes.get(event.issue_id or "", {})
    near = [one for one in events if one.issue_id in own and _is_close(event, one)]
    ranks = [(not _is_close(event, one, is_traced=True), _wait(event, one)) for one in near]
    nearest = {one.issue_id for one, rank in zip(near, ranks, strict=True) if rank == min(ranks)}
    return (nearest.pop() if len(nearest) == 1 else None) or event.issue_id or UNGROUPED


def _wait(one: Event, other: Event) -> timedelta:
    return abs(one.timestamp - other.timestamp)


def _answer(events: Sequence[Event]) -> Answer:
    """Return a customer's events as the result of a lookup, for functions that read results."""
    moment = events[0].timestamp
    question = Question(Customer(""), Window(moment, 1))
    return Answer(question, SearchScope(""), tuple(events), (), False, moment, len(events))


# Which events stand for an issue in a release.


def representative_events(
    findings: Sequence[Finding], baseline: Baseline, *, most: int
) -> tuple[Event, ...]:
    """Return events for each release of the issues that stand out, up to `most` issues.

    There is one for each issue that the same customer has next to it: both events show whether
    one failure caused them.
    """
    by_issue: dict[str, set[int]] = defaultdict(set)
    for finding in findings:
        for event in finding.events:
            if event.issue_id:
                by_issue[event.issue_id].add(finding.line)
    with_events = sum(1 for finding in findings if finding.events)

    def rank(issue_id: str) -> tuple[bool, float, str]:
        had, usual = len(by_issue[issue_id]), baseline.failures.get(issue_id, 0)
        share = usual / baseline.customers if baseline.customers else 0.0
        is_noise = _is_noise(had, with_events, usual, baseline.customers)
        return (is_noise, share * with_events - had, issue_id)

    chosen = dict.fromkeys(sorted(by_issue, key=rank)[:most])
    best: dict[str, dict[tuple[str | None, str | None], Event]] = {one: {} for one in chosen}
    often: Counter[tuple[str | None, str | None]] = Counter()
    for finding in sorted(findings, key=lambda one: one.line):
        own = [event for event in finding.events if event.issue_id in chosen]
        nearest = [(_nearest(event, own), event) for event in own]
        for (_traced, _wait, other), event in sorted(nearest, key=lambda one: one[0][:2]):
            key = (event.release, other)
            often[event.issue_id, other] += 1
            best[event.issue_id or ""].setdefault(key, event)
    return tuple(event for issue_id in chosen for event in _most_telling(best[issue_id], often))


def _nearest(event: Event, events: Iterable[Event]) -> tuple[bool, timedelta, str | None]:
    """Return the nearest other issue, whether it shares no trace, and how near it is."""
    near = (
        (not _is_close(event, one, is_traced=True), _wait(event, one), one.issue_id)
        for one in events
        if one.issue_id and one.issue_id != event.issue_id and _is_close(event, one)
    )
    return min(near, default=(True, timedelta.max, None))


def _most_telling(
    found: Mapping[tuple[str | None, str | None], Event],
    often: Mapping[tuple[str | None, str | None], int],
) -> list[Event]:
    """Return up to ten of an issue's events: one per release first, then by the issues nearby."""
    ranked = sorted(found.items(), key=lambda one: -often[one[1].issue_id, one[0][1]])
    first: dict[str | None, Event] = {}
    for (release, _other), event in ranked:
        first.setdefault(release, event)
    newest = sorted(first.values(), key=lambda one: one.timestamp, reverse=True)
    rest = [event for _key, event in ranked]
    return list({event.id: event for event in (*newest, *rest)}.values())[:_MAX_OF_ISSUE]
