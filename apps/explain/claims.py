"""Parse the model's answer line by line into causes and remarks.

The answer is untrusted: texts are truncated, and invisible or direction-changing characters are
made visible.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from apps.exports.escaping import Neutralizer, truncate

Confidence = Literal["high", "medium", "low", "unknown"]

MAX_LINES = 40
_MAX_LINE = 8000
_MAX_TEXT, _MAX_ID = 1000, 80
_MAX_EVENTS = 12
_MIN_PREFIX = 8


@dataclass(frozen=True, slots=True)
class Cause:
    """A likely cause. `events` are IDs of events, logs, and spans in the message.

    `unknown_events` were cited, but weren't in it.
    """

    text: str
    confidence: Confidence
    events: tuple[str, ...]
    unknown_events: tuple[str, ...]
    confirm: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that isn't in the requested format."""

    text: str


Line = Cause | Remark


class AnswerReader:
    """Parse an answer that arrives in pieces."""

    def __init__(self, nonce: str, event_ids: frozenset[str]) -> None:
        """`event_ids` are the lowercase IDs of the events, logs, and spans in the message."""
        self._neutraliser = Neutralizer(nonce)
        self._ids = event_ids
        self._rest = ""
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Return whether the maximum number of lines has been read."""
        return self._count >= MAX_LINES

    def read(self, piece: str) -> Iterator[Line]:
        """Yield the lines that this piece completes."""
        self._rest += piece
        while "\n" in self._rest and not self.is_full:
            line, _end, self._rest = self._rest.partition("\n")
            yield from self._read_line(line)
        if len(self._rest) > _MAX_LINE and not self.is_full:
            line, self._rest = self._rest, ""
            yield from self._read_line(line)

    def end(self) -> Iterator[Line]:
        """Yield the last line, at the end of the answer."""
        line, self._rest = self._rest, ""
        if not self.is_full:
            yield from self._read_line(line)

    def _read_line(self, line: str) -> Iterator[Line]:
        line = line.strip().rstrip(",").rstrip()
        if not line or line.startswith("```") or line in ("[", "]"):
            return  # markup around JSON
        self._count += 1
        yield self._cause(_values(line)) or Remark(self._clean(line, _MAX_TEXT))

    def _cause(self, values: Mapping[str, object]) -> Cause | None:
        text = values.get("cause")
        if not isinstance(text, str) or not text.strip():
            return None
        cited = list(dict.fromkeys(_cited(values.get("events"))))[:_MAX_EVENTS]
        found = {one: self._event_id(one) for one in cited}
        confirm = values.get("confirm")
        return Cause(
            text=self._clean(text, _MAX_TEXT),
            confidence=_confidence(values.get("confidence")),
            events=tuple(dict.fromkeys(event for event in found.values() if event)),
            unknown_events=tuple(
                self._clean(one, _MAX_ID) for one, event in found.items() if not event
            ),
            confirm=self._clean(confirm, _MAX_TEXT) if isinstance(confirm, str) else "",
        )

    def _event_id(self, cited: str) -> str | None:
        """Return the ID that was cited in full or by an unambiguous prefix."""
        cited = cited.strip().strip("`").lower()
        if cited in self._ids:
            return cited
        if len(cited) < _MIN_PREFIX:
            return None
        found = [one for one in self._ids if one.startswith(cited)]
        return found[0] if len(found) == 1 else None

    def _clean(self, text: str, limit: int) -> str:
        return truncate(self._neutraliser.clean(text.strip()), limit)


def _values(line: str) -> Mapping[str, object]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _cited(events: object) -> Iterator[str]:
    for one in events if isinstance(events, list) else [events]:
        if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip():
            yield str(one)


def _confidence(value: object) -> Confidence:
    word = value.strip().lower() if isinstance(value, str) else ""
    known: dict[str, Confidence] = {"high": "high", "medium": "medium", "low": "low"}
    return known.get(word, "unknown")
