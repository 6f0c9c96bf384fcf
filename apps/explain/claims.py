"""The model's answer line by line: causes with what they rest on, and whatever else it wrote.

All of it is text of a stranger: it is cut, and what hides or turns text is made visible.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from apps.exports.escaping import Neutraliser, cut

Confidence = Literal["high", "medium", "low", "not told"]

MOST_LINES = 40
_LONGEST_LINE = 8000
_LONGEST_TEXT, _LONGEST_ID = 1000, 80
_MOST_EVENTS = 12
_SHORTEST_START = 8


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. `events` stand in what was sent, `strangers` were named but stand nowhere."""

    text: str
    confidence: Confidence
    events: tuple[str, ...]
    strangers: tuple[str, ...]
    confirm: str

    @property
    def rests_on_nothing(self) -> bool:
        """Whether no event of the result carries it."""
        return not self.events


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that is not in the form that was asked for."""

    text: str


Line = Cause | Remark


class Reader:
    """Takes the answer's pieces and gives the lines that are whole by then."""

    def __init__(self, marker: str, event_ids: frozenset[str]) -> None:
        """`event_ids` are those that stand in what was sent."""
        self._neutraliser = Neutraliser(marker)
        self._ids = event_ids
        self._rest = ""
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Whether as many lines came as are shown."""
        return self._count >= MOST_LINES

    def read(self, piece: str) -> Iterator[Line]:
        """The lines that this piece ends."""
        self._rest += piece
        while "\n" in self._rest and not self.is_full:
            line, _end, self._rest = self._rest.partition("\n")
            yield from self._read_line(line)
        if len(self._rest) > _LONGEST_LINE and not self.is_full:
            line, self._rest = self._rest, ""
            yield from self._read_line(line)

    def end(self) -> Iterator[Line]:
        """What is left when nothing more comes."""
        line, self._rest = self._rest, ""
        if not self.is_full:
            yield from self._read_line(line)

    def _read_line(self, line: str) -> Iterator[Line]:
        line = line.strip().rstrip(",").rstrip()
        if not line or line.startswith("```") or line in ("[", "]"):
            return  # what models put around JSON says nothing
        self._count += 1
        yield self._cause(_values(line)) or Remark(self._clean(line, _LONGEST_TEXT))

    def _cause(self, values: Mapping[str, object]) -> Cause | None:
        text = values.get("cause")
        if not isinstance(text, str) or not text.strip():
            return None
        named = list(dict.fromkeys(_named(values.get("events"))))[:_MOST_EVENTS]
        found = {one: self._event(one) for one in named}
        confirm = values.get("confirm")
        return Cause(
            text=self._clean(text, _LONGEST_TEXT),
            confidence=_confidence(values.get("confidence")),
            events=tuple(dict.fromkeys(event for event in found.values() if event)),
            strangers=tuple(
                self._clean(one, _LONGEST_ID) for one, event in found.items() if not event
            ),
            confirm=self._clean(confirm, _LONGEST_TEXT) if isinstance(confirm, str) else "",
        )

    def _event(self, named: str) -> str | None:
        """The event of that id, or the only one whose id begins so."""
        told = named.strip().strip("`").lower()
        if told in self._ids:
            return told
        if len(told) < _SHORTEST_START:
            return None
        found = [one for one in self._ids if one.startswith(told)]
        return found[0] if len(found) == 1 else None

    def _clean(self, text: str, limit: int) -> str:
        return cut(self._neutraliser.clean(text.strip()), limit)


def _values(line: str) -> Mapping[str, object]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _named(events: object) -> Iterator[str]:
    for one in events if isinstance(events, list) else [events]:
        if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip():
            yield str(one)


def _confidence(told: object) -> Confidence:
    word = told.strip().lower() if isinstance(told, str) else ""
    known: dict[str, Confidence] = {"high": "high", "medium": "medium", "low": "low"}
    return known.get(word, "not told")
