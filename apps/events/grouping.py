"""Grouping events by issue and by failure, ranked by what matters to the customer."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, pairwise

from apps.events.answer import Answer, KnownErrors, KnownMatch
from apps.events.correlation import Reason, correlate, find_origin
from apps.events.event import Event, Issue
from apps.events.once import found_once
from apps.events.rules.engine import rule_for
from apps.events.rules.rule import (
    ANSWERS,
    CLIENT,
    CUSTOMERS_SIDE,
    Place,
    UserAction,
    is_background_work,
    path_that_failed,
    side_of,
    user_action_of,
)

UNGROUPED = "unknown"

_VERY_NEAR = timedelta(minutes=1)
_NEAR = timedelta(minutes=5)
_FAR = timedelta(minutes=30)
_DAY = timedelta(days=1)
_LEVEL_ORDER = {"fatal": 4, "error": 2, "warning": 0, "info": -4, "debug": -6}
_QUIET_LEVELS = frozenset(("warning", "info", "debug"))


def worst_level(levels: Iterable[str | None]) -> str | None:
    """Return the worst of the levels; an unknown one is worse than a warning."""
    return max(levels, key=lambda level: _LEVEL_ORDER.get(level or "", 1))


class _Events:
    """What a group and a problem can say about their events, which are newest first."""

    __slots__ = ()
    events: tuple[Event, ...]

    @property
    def newest(self) -> Event:
        return self.events[0]

    @property
    def worst_level(self) -> str | None:
        """The worst level of the events."""
        return worst_level(event.level for event in self.events)

    @property
    def handled(self) -> bool | None:
        """False if any event is unhandled, True if all known ones are handled, else None."""
        known = {event.handled for event in self.events} - {None}
        return None if not known else known == {True}


@dataclass(frozen=True, slots=True)
class Group(_Events):
    """The events of one issue, newest first. The customer hardly notices a group of noise."""

    issue_id: str
    issue: Issue | None
    events: tuple[Event, ...]
    is_noise: bool = False

    @property
    def title(self) -> str:
        """The technical title, from the issue or else from the newest event."""
        return (self.issue and self.issue.title) or self.newest.title or "Untitled error"

    @property
    def clearest(self) -> Event:
        """The newest event that was read in full, or else the newest: it says most."""
        return next((event for event in self.events if event.body), self.newest)

    @property
    @found_once
    def summarized(self) -> Event:
        """The clearest event as if it had the worst level, because it stands for all of them."""
        event, level = self.clearest, self.worst_level
        return event if event.level == level else replace(event, level=level)


@dataclass(frozen=True, slots=True)
class Joined:
    """A group of events that the same failure caused, and the reason for joining it.

    Unless `is_whole`, other events of the same issue are part of other problems.
    """

    group: Group
    reason: Reason
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Problem(_Events):
    """One failure: the issue that caused it, and the other issues of its events.

    `events` are those of all issues, newest first. `twins` maps the ID of an event to that of
    the event that stands for the same occurrence. `origin` is the error behind the cause's newest
    event, if it names no customer. `number` is its place on the page, from 1.
    """

    cause: Group
    others: tuple[Joined, ...]
    events: tuple[Event, ...]
    is_noise: bool = False
    twins: Mapping[str, str] = field(default_factory=dict)
    origin: Event | None = None
    number: int = 1

    @property
    def issue_id(self) -> str:
        """The ID of the cause's issue, which names the problem."""
        return self.cause.issue_id

    @property
    def issue(self) -> Issue | None:
        return self.cause.issue

    @property
    def groups(self) -> tuple[Group, ...]:
        """The cause, then the others."""
        return (self.cause, *(joined.group for joined in self.others))

    @property
    def issue_ids(self) -> tuple[str, ...]:
        """The IDs of all its issues, the cause's first."""
        return tuple(group.issue_id for group in self.groups)

    @property
    def event_ids(self) -> frozenset[str]:
        return frozenset(event.id for event in self.events)

    @property
    def title(self) -> str:
        return self.cause.title

    @property
    def summarized(self) -> Event:
        """The cause's clearest event, or its origin if that says more, with the worst level."""
        event = self.cause.summarized
        rule = rule_for(event)
        return event if rule and rule.action else self.placed

    @property
    @found_once
    def placed(self) -> Event:
        """The event that says where it failed: the origin, or else the cause's clearest event."""
        event = self.cause.summarized
        return replace(self.origin, level=event.level) if self.origin else event

    @property
    def times(self) -> int:
        """How often the failure occurred; two records of one occurrence count once."""
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
        """Return the group with this issue, or else the cause."""
        return next((one for one in self.groups if one.issue_id == issue_id), self.cause)


def nearest_first(events: Iterable[Event], moment: datetime) -> list[Event]:
    """Sort events by their distance to `moment`; break ties by time, then ID."""
    return sorted(
        events, key=lambda event: (abs(event.timestamp - moment), event.timestamp, event.id)
    )


def group_by_issue(answer: Answer) -> list[Group]:
    """Group events by issue, the most relevant first and noise last, unless everything is noise."""
    issues = {issue.id: issue for issue in answer.issues}
    by_issue: dict[str, list[Event]] = defaultdict(list)
    for event in answer.events:
        by_issue[event.issue_id or UNGROUPED].append(event)
    groups = [
        Group(issue_id=issue_id, issue=issues.get(issue_id), events=tuple(events))
        for issue_id, events in by_issue.items()
    ]
    moment = answer.question.window.moment
    groups.sort(key=lambda one: _rank((one,), len(one.events), answer))
    marked = [replace(group, is_noise=_is_noise(group, moment)) for group in groups]
    if all(group.is_noise for group in marked):
        return groups
    return sorted(marked, key=lambda group: group.is_noise)


@found_once
def problems_of(answer: Answer) -> Sequence[Problem]:
    """Return the failures of a result, the most relevant first and noise last.

    A group of noise is no part of another failure. If every failure is noise, none is marked.
    """
    groups = group_by_issue(answer)
    moment = answer.question.window.moment
    loud = [event for one in groups if not _is_noise(one, moment) for event in one.events]
    caused = correlate(loud)
    parts: dict[str, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for group in groups:
        for event in group.events:
            root = caused[event.id].root_cause if event.id in caused else event
            parts[root.issue_id or UNGROUPED][group.issue_id].append(event)
    by_id = {group.issue_id: group for group in groups}
    problems = []
    for cause, by_issue in parts.items():
        own = {one: replace(by_id[one], events=tuple(events)) for one, events in by_issue.items()}
        others = tuple(
            Joined(group, caused[group.newest.id].reason, is_whole=group == by_id[issue_id])
            for issue_id, group in own.items()
            if issue_id != cause
        )
        all_events = _newest_first(*(group.events for group in own.values()))
        problem = Problem(
            cause=own[cause],
            others=others,
            events=all_events,
            is_noise=own[cause].is_noise,
            twins={event.id: caused[event.id].twin for event in all_events if event.id in caused},
            origin=_origin(own[cause].clearest, answer.beside.trace_errors),
        )
        problems.append(problem)
    problems.sort(key=lambda one: (one.is_noise, *_rank(one.groups, one.times, answer)))
    return [replace(one, number=number) for number, one in enumerate(problems, 1)]


def _origin(event: Event, errors: Sequence[Event]) -> Event | None:
    """Return the error of our server behind one that only says that our server failed."""
    rule = rule_for(event)
    is_behind = rule is not None and rule.place in (Place.SERVER, Place.SERVER_OR_SERVICE)
    if side_of(event) not in CLIENT or not is_behind:
        return None
    found = find_origin(event, errors)
    own = found and rule_for(found)
    return found if own and not own.broad else None


# What customers order or ask for, by the words of a path before its ID.
_ORDERS = tuple(
    (re.compile(words), name)
    for words, name in (
        (r"orders?|bestellung(?:en)?|auftr[aä]ge?|commandes?|pedidos?|ordini?|zamowienia", "order"),
        (r"bookings?|reservations?|buchung(?:en)?|r[eé]servations?|reservas?", "booking"),
        (r"carts?|baskets?|warenkorb|panier", "cart"),
        (r"invoices?|rechnung(?:en)?|factures?|facturas?|fatture?", "invoice"),
        (r"claims?|returns?|shipments?|subscriptions?|appointments?|imports?", ""),
    )
)


def order_names(events: Iterable[Event]) -> frozenset[tuple[str, str]]:
    """Return the (kind, ID) pairs of orders and the like that every one of the events is about."""
    names = [_order_names(event) for event in events]
    return frozenset.intersection(*names) if names else frozenset()


def _order_names(event: Event) -> frozenset[tuple[str, str]]:
    """Return what the request that failed names: `order`, `B-11` for `/orders/B-11/pay`."""
    parts = [part.lower() for part in path_that_failed(event).split("/")]
    return frozenset(
        (name or kind.removesuffix("s"), number)
        for kind, number in pairwise(parts)
        for words, name in _ORDERS
        if words.fullmatch(kind) and any(map(str.isdigit, number))
    )


def find_problem(problems: Iterable[Problem], issue_id: str) -> Problem | None:
    """Return the problem that the issue caused, or else the first that it is part of."""
    own = [problem for problem in problems if issue_id in problem.issue_ids]
    return min(own, key=lambda problem: problem.issue_id != issue_id, default=None)


def groups_in(problems: Iterable[Problem]) -> list[Group]:
    """Return the groups of all events of the problems, each issue once."""
    groups: dict[str, Group] = {}
    for problem in problems:
        for group in problem.groups:
            first = groups.get(group.issue_id)
            groups[group.issue_id] = (
                replace(group, events=_newest_first(first.events, group.events)) if first else group
            )
    return list(groups.values())


def _newest_first(*parts: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted(chain(*parts), key=lambda event: event.timestamp, reverse=True))


# How likely a failure is what the customer's report is about; higher is likelier.

_STOPPED = {False: 5, None: 3, True: 2}
_UNSEEN = {False: 1, None: 0, True: 0}
_UNCLEAR = {False: 3, None: 1, True: 1}
_REFUSED = 4
_LEVEL_SCORES = {"warning": -2, "info": -6, "debug": -8}
_ACTION_SCORES = {UserAction.PAYING: 4, UserAction.CHECKING_OUT: 1, UserAction.ORDERING: 1}
_SLIGHT = -6
_OTHER_CAUSE = -2


def _rank(groups: Sequence[Group], times: int, answer: Answer) -> tuple[int, int, timedelta, str]:
    """Return the sort key of a failure: what stopped the customer, money, repeats.

    A known error and one that is new or back count a little, and so does nearness to the reported
    time.
    """
    moment = answer.question.window.moment
    cause = groups[0]
    distance = min(_distance(one, moment) for one in groups)
    score = max(map(_severity, groups)) + max(map(_action_score, groups))
    score += min(times, 3) - 1 + (times >= 10)
    score += any(answer.known.for_issue(one.issue_id) for one in groups)
    score += any(_is_fresh(one.issue, moment) for one in groups)
    score += 2 if distance <= _VERY_NEAR else 1 if distance <= _NEAR else 0
    score -= 2 if distance > _FAR else 0
    rule = rule_for(cause.clearest)
    if rule and rule.slight:
        score += _SLIGHT
    elif rule and rule.place in CUSTOMERS_SIDE:
        score += _OTHER_CAUSE
    return (-score, -times, distance, cause.issue_id)


def _severity(group: Group) -> int:
    """Score how much it stopped the customer; a call that was refused stopped them as well."""
    event, handled = group.clearest, group.handled
    side, level = side_of(event), group.worst_level
    extra = 1 if level == "fatal" and handled is False else _LEVEL_SCORES.get(level or "", 0)
    if is_background_work(event):
        return _UNSEEN[handled] + extra
    # Where a customer waits: in their browser or app, or for a request.
    if not (side in CLIENT or event.details.request or "/" in (event.transaction or "")):
        return _UNCLEAR[handled] + extra
    rule = rule_for(event)
    is_refused = side in CLIENT and rule is not None and rule.place in ANSWERS
    return max(_STOPPED[handled], _REFUSED if is_refused and handled is not None else 0) + extra


def _action_score(group: Group) -> int:
    rule = rule_for(group.clearest)
    action = (rule and rule.action) or user_action_of(group.clearest)
    return _ACTION_SCORES.get(action, 0) if action else 0


def _is_fresh(issue: Issue | None, moment: datetime) -> bool:
    if issue is None:
        return False
    is_new = issue.first_seen is not None and issue.first_seen >= moment - _DAY
    return is_new or issue.substatus in ("new", "regressed")


def _is_noise(group: Group, moment: datetime) -> bool:
    """Return whether all events are notes and warnings that matter little to the customer.

    A warning of a specific kind is no noise within a minute of `moment`, or if its rule names a
    user action such as a payment: programs only warn of what they expect.
    """
    if group.handled is False or any(event.level not in _QUIET_LEVELS for event in group.events):
        return False
    rule = rule_for(group.clearest)
    if rule is None or rule.broad or rule.slight:
        return True
    has_warning = any(event.level == "warning" for event in group.events)
    warns_of_action = rule.action is not None and has_warning
    return not (warns_of_action or _distance(group, moment) <= _VERY_NEAR)


def _distance(group: Group, moment: datetime) -> timedelta:
    return min(abs(event.timestamp - moment) for event in group.events)
