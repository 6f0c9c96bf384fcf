"""Matching the catalog of known errors against a result, in bounded time.

Nearly every pattern fails on nearly every event, so failing must be cheap. One RE2 set per field
searches for the literals that the patterns require; only the patterns whose literals occur are
evaluated. The set holds short literals only, because a set of whole expressions can take minutes.
"""

import heapq
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import TypeVar
from zoneinfo import ZoneInfo

import re2

from apps.events.answer import Answer, CatalogEntry, KnownErrors, KnownMatch
from apps.events.event import Event, Issue, LogEntry, Span, time_of
from apps.events.grouping import UNGROUPED
from apps.events.observations import troubles_of
from apps.known_errors.patterns import Comparison, Field, Pattern, TextRule, compile_expression

# Index of a result: every distinct value with the set of events that have it.
#
# A set of events is an int with one bit per event, which makes set operations fast. Here, the rows
# of logs and requests that show trouble are events as well, each observation being an issue.

_MAX_TEXT_LENGTH = 1000
Value = TypeVar("Value")


class Column:
    """The texts of one field: per event as (text, folded text), and the events of each text."""

    def __init__(self, texts: Iterable[Iterable[str | None]]) -> None:
        """Index one field. Events repeat: the texts of many are read once."""
        rows = [tuple(row) for row in texts]
        pairs: dict[tuple[str | None, ...], tuple[tuple[str, str], ...]] = {}
        self.plain: dict[str, int] = defaultdict(int)
        self.folded: dict[str, int] = defaultdict(int)
        for row, events in _event_sets((row,) for row in rows).items():
            distinct = sorted({text[:_MAX_TEXT_LENGTH] for text in row if text})
            pairs[row] = tuple((text, text.casefold()) for text in distinct)
            for text, folded in pairs[row]:
                self.plain[text] |= events
                self.folded[folded] |= events
        self.by_event = [pairs[row] for row in rows]

    def where(self, events: int, fits: Callable[[str, str], bool]) -> int:
        """Return the events with a text that fits; each distinct text is tested once."""
        matching, tested = 0, set()
        while events:
            first = (events & -events).bit_length() - 1
            for text, folded in self.by_event[first]:
                if text not in tested:
                    tested.add(text)
                    if fits(text, folded):
                        matching |= self.plain[text]
            events &= ~(matching | 1 << first)
        return matching


class EventIndex:
    """The events of a result by their values; `zone` decides which day an event belongs to.

    `issue_names` are case-folded IDs and short IDs.
    """

    def __init__(self, answer: Answer, zone: ZoneInfo) -> None:
        by_id = {issue.id: issue for issue in answer.issues}
        events = [_event(event, by_id.get(event.issue_id or "")) for event in answer.events]
        events += _troubles(answer)
        self.all_events = (1 << len(events)) - 1
        self.issue_of = [event.issue_id for event in events]
        self.issues = _event_sets((event.issue_id,) for event in events)
        self.issue_names = _event_sets(event.names for event in events)
        self.projects = _event_sets((event.project,) for event in events)
        self.releases = _event_sets((event.release,) for event in events)
        self.days = _event_sets((event.at.astimezone(zone).date(),) for event in events)
        self.texts = {name: Column(event.texts.get(name, ()) for event in events) for name in Field}

    def issues_of(self, events: int) -> Iterator[tuple[str, int]]:
        """Yield the issues of these events, each with the set of all its events."""
        while events:
            first = (events & -events).bit_length() - 1
            issue_id = self.issue_of[first]
            issue_events = self.issues[issue_id]
            yield issue_id, issue_events
            events &= ~issue_events


@dataclass(frozen=True, slots=True)
class _Indexed:
    """What is indexed of an event, or of a row that shows trouble."""

    issue_id: str
    at: datetime
    project: str
    release: str
    texts: Mapping[Field, Iterable[str | None]]
    names: frozenset[str] = frozenset()


def _event(event: Event, issue: Issue | None) -> _Indexed:
    body, title = event.body, event.title or ""
    exceptions = body.exceptions if body else ()
    messages = [event.message, body.message if body else None, title]
    short_id, issue_title = (issue.short_id, issue.title) if issue else (None, None)
    return _Indexed(
        issue_id=event.issue_id or UNGROUPED,
        at=event.timestamp,
        project=event.project or (issue.project if issue else None) or "",
        release=event.release or (body and body.release) or "",
        texts={
            # Without a body, the title begins with the type.
            Field.TYPE: [one.type for one in exceptions] or [title.partition(": ")[0]],
            Field.MESSAGE: [*(one.value for one in exceptions), *messages, issue_title],
            Field.CULPRIT: [body.culprit if body else None, event.culprit, event.transaction],
        },
        names=frozenset(name.casefold() for name in (event.issue_id, short_id) if name),
    )


def _troubles(answer: Answer) -> Iterator[_Indexed]:
    """Yield the rows of each trouble; what worked is never a known error."""
    for trouble in troubles_of(answer):
        for row in trouble.rows:
            texts: Mapping[Field, Iterable[str | None]] = (
                {Field.LOG: (row.message,)}
                if isinstance(row, LogEntry)
                else {Field.REQUEST: _request_texts(row)}
            )
            yield _Indexed(
                trouble.rows[0].id, time_of(row), row.project or "", row.release or "", texts
            )


def _request_texts(span: Span) -> Iterator[str | None]:
    """Yield what was requested, and also with the response: `POST /pay 402 invalid_argument`."""
    status = " ".join(filter(None, (str(span.http_status or ""), span.status)))
    for text in (span.description, span.transaction):
        yield text
        yield f"{text} {status}" if text and status else None


def _event_sets(values_by_event: Iterable[Iterable[Value]]) -> dict[Value, int]:
    sets: dict[Value, int] = defaultdict(int)
    for number, values in enumerate(values_by_event):
        for value in values:
            sets[value] |= 1 << number
    return dict(sets)


MAX_MATCHES = 5
# CPU time of the thread, so that a busy machine leaves no entry unchecked.
TIME_LIMIT_S = 0.04
_RULE_TIME_LIMIT_S = 0.005
_MAX_LITERAL_LENGTH = 12
_MAX_SET_MEMORY = 64 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A known error with its pattern and the days it applies to, both inclusive."""

    known: CatalogEntry
    pattern: Pattern
    valid_from: date | None = None
    valid_until: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """Return whether the entry applies to errors of that day."""
        return (self.valid_from or day) <= day <= (self.valid_until or day)


class _LiteralIndex:
    """The literals required in one field, and the numbers of the entries that require each."""

    def __init__(self, entries: dict[str, list[int]]) -> None:
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        options.max_mem = _MAX_SET_MEMORY
        self._automaton = re2.Set.SearchSet(options)
        for literal in entries:
            self._automaton.Add(re2.escape(literal))
        self._automaton.Add("")  # matches every text, which proves that the search was complete
        self._automaton.Compile()
        self._entries = tuple(map(tuple, entries.values()))

    def candidates(self, folded: str) -> Iterable[int]:
        """Yield the entries that can match this text."""
        always = len(self._entries)
        numbers = self._automaton.Match(folded)
        if always not in numbers:  # the empty literal is missing: RE2 ran out of memory
            numbers = range(always)
        return (entry for number in numbers if number != always for entry in self._entries[number])


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, most specific first, with indexes for finding candidates.

    `unfiltered` are the entries without a required literal, which are evaluated for every result.
    `unusable` counts further entries with an invalid pattern; they are reported as unchecked.
    """

    entries: tuple[Entry, ...] = ()
    by_issue: dict[str, tuple[int, ...]] = field(default_factory=dict)
    literals: dict[Field, _LiteralIndex] = field(default_factory=dict)
    unfiltered: tuple[int, ...] = ()
    unusable: int = 0


def build_catalogue(entries: Iterable[Entry]) -> Catalogue:
    """Index the entries. A thousand take about 50 ms, so reuse the catalog."""
    ordered = tuple(
        sorted(entries, key=lambda entry: (entry.pattern.weight, entry.known.slug), reverse=True)
    )
    by_issue: dict[str, list[int]] = defaultdict(list)
    by_literal: dict[Field, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    unfiltered = []
    for number, entry in enumerate(ordered):
        if entry.pattern.issue:
            by_issue[entry.pattern.issue.casefold()].append(number)
            continue
        rules = [rule for rule in entry.pattern.texts if rule.literals]
        if not rules:
            unfiltered.append(number)
            continue
        rarest = max(rules, key=lambda rule: min(map(len, _longest_literals(rule))))
        for literal in _longest_literals(rarest):
            by_literal[rarest.field][literal[-_MAX_LITERAL_LENGTH:]].append(number)
    return Catalogue(
        entries=ordered,
        by_issue={issue: tuple(numbers) for issue, numbers in by_issue.items()},
        literals={name: _LiteralIndex(found) for name, found in by_literal.items()},
        unfiltered=tuple(unfiltered),
    )


def _longest_literals(rule: TextRule) -> list[str]:
    """Return the longest literal of each alternative; a match contains one of them."""
    return [max(row, key=len) for row in rule.literals]


def match(
    catalogue: Catalogue, answer: Answer, *, zone: ZoneInfo, seconds: float = TIME_LIMIT_S
) -> KnownErrors:
    """Return the known errors of each issue and trouble, most specific first, to `MAX_MATCHES`.

    `zone` decides which day an event belongs to. `seconds` limits the thread's CPU time; it can
    be exceeded by what one pattern takes for one text.
    """
    if not (answer.events or answer.beside.logs or answer.beside.spans):
        return KnownErrors()
    index = EventIndex(answer, zone)
    return _MatchRun(catalogue, index, time.thread_time() + seconds).run()


class _TooSlow(Exception):
    """A rule has used up its time limit."""


@dataclass(slots=True)
class _MatchRun:
    """One run: entry numbers `found` per issue, `unchecked` entries, and the CPU-time deadline."""

    catalogue: Catalogue
    index: EventIndex
    deadline: float
    found: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    unchecked: int = 0

    def run(self) -> KnownErrors:
        """Evaluate the most specific entries first, and count those left at the deadline."""
        entries = self.catalogue.entries
        open_events = self.index.all_events
        for number, candidates in self._candidates():
            if time.thread_time() > self.deadline:
                self.unchecked += len(entries) - number
                break
            if candidates & open_events:
                matching = self._matching_events(entries[number], candidates & open_events)
                open_events &= ~self._add_match(number, matching)
        matches = (
            KnownMatch(entries[number].known, issue_id, entries[number].pattern.reasons)
            for issue_id, numbers in self.found.items()
            for number in numbers
        )
        return KnownErrors(tuple(matches), self.unchecked + self.catalogue.unusable)

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """Yield each candidate entry with the events it can match, in the order of the entries."""
        sets: dict[int, int] = defaultdict(int)
        for issue_name, events in self.index.issue_names.items():
            for number in self.catalogue.by_issue.get(issue_name, ()):
                sets[number] |= events
        for name, literals in self.catalogue.literals.items():
            for folded, events in self.index.texts[name].folded.items():
                if time.thread_time() > self.deadline:
                    self.unchecked = len(self.catalogue.entries)
                    return iter(())
                for number in literals.candidates(folded):
                    sets[number] |= events
        unfiltered = ((number, self.index.all_events) for number in self.catalogue.unfiltered)
        return heapq.merge(sorted(sets.items()), unfiltered)

    def _add_match(self, number: int, events: int) -> int:
        """Add a match to the issues of these events; return the events that have enough matches."""
        done = 0
        for issue_id, issue_events in self.index.issues_of(events):
            self.found[issue_id].append(number)
            if len(self.found[issue_id]) == MAX_MATCHES:
                done |= issue_events
        return done

    def _matching_events(self, entry: Entry, events: int) -> int:
        pattern, index = entry.pattern, self.index
        if pattern.issue:
            events &= index.issue_names.get(pattern.issue.casefold(), 0)
        if pattern.project:
            events &= index.projects.get(pattern.project, 0)
        if entry.valid_from or entry.valid_until:
            events &= _union(found for day, found in index.days.items() if entry.is_valid_on(day))
        try:
            for rule in pattern.texts:
                events &= self._matching_text(rule, index.texts[rule.field], events)
        except _TooSlow:
            self.unchecked += 1
            return 0
        if events and (pattern.release_from or pattern.release_until):
            releases = index.releases.items()
            events &= _union(found for name, found in releases if pattern.covers(name))
        return events

    def _matching_text(self, rule: TextRule, column: Column, events: int) -> int:
        if rule.comparison is Comparison.EXACT:
            return column.folded.get(rule.folded, 0)
        rows = rule.literals
        if rule.comparison is Comparison.CONTAINS:
            return column.where(events, lambda _text, folded: _contains(folded, rows))
        expression = compile_expression(rule.value)
        deadline = min(self.deadline, time.thread_time() + _RULE_TIME_LIMIT_S)

        def fits(text: str, folded: str) -> bool:
            if rows and not _contains(folded, rows):
                return False
            if time.thread_time() > deadline:
                raise _TooSlow
            return expression.search(text) is not None

        return column.where(events, fits)


def _contains(folded: str, rows: Iterable[Iterable[str]]) -> bool:
    return any(all(literal in folded for literal in row) for row in rows)


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
