"""Which known errors an answer holds, within a bounded time however many patterns there are.

Almost no pattern fits almost no event, so that the work is to say no. All texts that must stand in
what a pattern fits are looked for at once, in one automaton for each field; only where one stands,
the pattern itself is asked. The automaton holds plain short texts and nothing else: one of whole
expressions can take minutes.
"""

import heapq
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import re2

from apps.events.answer import Answer, Known, KnownErrors, KnownMatch
from apps.events.event import Event, Issue
from apps.events.grouping import UNGROUPED
from apps.known_errors.patterns import Field, Pattern, TextRule, Way, compiled

# What patterns look at in an answer: each value once, with the events that have it.
#
# A set of events is an int with a bit for each, so that sets are joined at the speed of numbers.

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


MOST_MATCHES = 5
# Of this thread's own time, so that a busy machine leaves nothing unchecked.
SECONDS = 0.04
_ENTRY_SECONDS = 0.005
_NEEDLE = 12
_MEMORY = 64 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A known error with what it looks like; both days belong to its time."""

    known: Known
    pattern: Pattern
    valid_from: date | None = None
    valid_until: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """Whether it speaks of errors of that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class _Needles:
    """The texts that must stand in one field, and the entries that each stands for."""

    automaton: Any
    entries: tuple[tuple[int, ...], ...]

    def candidates(self, folded: str) -> Iterable[int]:
        """The entries that may fit this text."""
        always = len(self.entries)
        numbers = self.automaton.Match(folded)
        if always not in numbers:  # it fits every text, so the engine ran out of memory
            numbers = range(always)
        return (entry for number in numbers if number != always for entry in self.entries[number])


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, the surest first, and the ways to those that may fit.

    `unusable` are further ones whose patterns cannot be asked: they count as not checked.
    """

    entries: tuple[Entry, ...] = ()
    by_issue: dict[str, tuple[int, ...]] = field(default_factory=dict)
    needles: dict[Field, _Needles] = field(default_factory=dict)
    loose: tuple[int, ...] = ()
    unusable: int = 0


def catalogue_of(entries: Iterable[Entry]) -> Catalogue:
    """Prepare the entries, which takes some 50 ms for a thousand; keep it for many answers."""
    ordered = tuple(
        sorted(entries, key=lambda one: (one.pattern.weight, one.known.slug), reverse=True)
    )
    by_issue: dict[str, list[int]] = defaultdict(list)
    by_needle: dict[Field, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    loose = []
    for number, entry in enumerate(ordered):
        if entry.pattern.issue:
            by_issue[entry.pattern.issue.casefold()].append(number)
            continue
        rules = [rule for rule in entry.pattern.texts if rule.needles]
        if not rules:
            loose.append(number)
            continue
        surest = max(rules, key=lambda rule: min(map(len, _longest(rule))))
        for needle in _longest(surest):
            by_needle[surest.field][needle[-_NEEDLE:]].append(number)
    return Catalogue(
        entries=ordered,
        by_issue={issue: tuple(numbers) for issue, numbers in by_issue.items()},
        needles={name: _needles(found) for name, found in by_needle.items()},
        loose=tuple(loose),
    )


def _longest(rule: TextRule) -> list[str]:
    return [max(row, key=len) for row in rule.needles]


def _needles(found: dict[str, list[int]]) -> _Needles:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    automaton = re2.Set.SearchSet(options)
    for needle in found:
        automaton.Add(re2.escape(needle))
    automaton.Add("")
    automaton.Compile()
    return _Needles(automaton, tuple(tuple(numbers) for numbers in found.values()))


def match(
    catalogue: Catalogue, answer: Answer, *, zone: ZoneInfo, seconds: float = SECONDS
) -> KnownErrors:
    """The known errors in an answer, for each issue the surest first, at most five.

    `zone` is where days begin; `seconds` of the thread's own time are taken, and no more than that
    and what one pattern takes for one text.
    """
    if not answer.events:
        return KnownErrors()
    ends = time.thread_time() + seconds
    return _Search(catalogue, sight_of(answer, zone), ends).run()


class _TooSlow(Exception):
    """A pattern has used up its share of time."""


@dataclass(slots=True)
class _Search:
    """One search: what it found so far, which events still look for a match, when it must end."""

    catalogue: Catalogue
    sight: Sight
    ends: float
    found: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    unchecked: int = 0

    def run(self) -> KnownErrors:
        """Ask the surest entries first; what there is no time for is counted."""
        entries = self.catalogue.entries
        looking = self.sight.everyone
        for number, candidates in self._candidates():
            if time.thread_time() > self.ends:
                self.unchecked += len(entries) - number
                break
            if candidates & looking:
                looking &= ~self._note(number, self._fitting(entries[number], candidates & looking))
        matches = (
            KnownMatch(entries[number].known, issue_id, entries[number].pattern.reasons)
            for issue_id, numbers in self.found.items()
            for number in numbers
        )
        return KnownErrors(tuple(matches), self.unchecked + self.catalogue.unusable)

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """Each entry that may fit, with the events it may fit, in the order of the entries."""
        sets: dict[int, int] = defaultdict(int)
        for name, events in self.sight.issue_names.items():
            for number in self.catalogue.by_issue.get(name, ()):
                sets[number] |= events
        for place, needles in self.catalogue.needles.items():
            for folded, events in self.sight.texts[place].folded.items():
                if time.thread_time() > self.ends:
                    self.unchecked = len(self.catalogue.entries)
                    return iter(())
                for number in needles.candidates(folded):
                    sets[number] |= events
        loose = ((number, self.sight.everyone) for number in self.catalogue.loose)
        return heapq.merge(sorted(sets.items()), loose)

    def _note(self, number: int, events: int) -> int:
        """Remember a match for the issues of these events; returns the events that have enough."""
        enough = 0
        for issue_id, all_of_it in self.sight.issues_of(events):
            self.found[issue_id].append(number)
            if len(self.found[issue_id]) == MOST_MATCHES:
                enough |= all_of_it
        return enough

    def _fitting(self, entry: Entry, events: int) -> int:
        """Those of the events that all rules of the entry fit."""
        pattern, sight = entry.pattern, self.sight
        if pattern.issue:
            events &= sight.issue_names.get(pattern.issue.casefold(), 0)
        if pattern.project:
            events &= sight.projects.get(pattern.project, 0)
        if entry.valid_from or entry.valid_until:
            events &= _union(all_ for day, all_ in sight.days.items() if entry.is_valid_on(day))
        try:
            for rule in pattern.texts:
                events &= self._fitting_text(rule, sight.texts[rule.field], events)
        except _TooSlow:
            self.unchecked += 1
            return 0
        if events and (pattern.release_from or pattern.release_until):
            releases = sight.releases.items()
            events &= _union(all_ for name, all_ in releases if pattern.covers(name or None))
        return events

    def _fitting_text(self, rule: TextRule, column: Column, events: int) -> int:
        if rule.way is Way.EXACT:
            return column.folded.get(rule.folded, 0)
        rows = rule.needles
        if rule.way is Way.CONTAINS:
            return column.where(events, lambda _text, folded: _stands_in(folded, rows))
        expression = compiled(rule.value)
        ends = min(self.ends, time.thread_time() + _ENTRY_SECONDS)

        def fits(text: str, folded: str) -> bool:
            if rows and not _stands_in(folded, rows):
                return False
            if time.thread_time() > ends:
                raise _TooSlow
            return expression.search(text) is not None

        return column.where(events, fits)


def _stands_in(folded: str, rows: Iterable[Iterable[str]]) -> bool:
    return any(all(needle in folded for needle in row) for row in rows)


def _union(sets: Iterable[int]) -> int:
    union = 0
    for one in sets:
        union |= one
    return union
