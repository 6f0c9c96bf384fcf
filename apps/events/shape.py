"""A kind of secret that is told by its text, and how it is found."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_CONTEXT = 64


@dataclass(frozen=True, slots=True)
class Found:
    """A match with what stands around it. `before` starts with the name the text stands under."""

    value: str
    before: str
    after: str
    match: re.Match[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret told by its text. `hints`: it can only be there when one of them is.

    The pattern's group `value`, or else all it matched, is hidden when `holds` says so.
    `starts` tells where alone it can begin, for those that a search of the whole text would cost
    more; it is given the text, the text in lower case and the hints.
    """

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    holds: Callable[[Found], bool] = lambda _found: True
    starts: Callable[[str, str, tuple[str, ...]], Iterable[int]] | None = None

    def spans(self, text: str, lowered: str, name: str) -> list[tuple[int, int]]:
        """Where it stands in the text, in order; `lowered` is the text in lower case."""
        if self.hints and not any(map(lowered.__contains__, self.hints)):
            return []
        if self.starts and len(lowered) == len(text):
            return self._at(self.starts(text, lowered, self.hints), text, name)
        return self._anywhere(text, name)

    def _anywhere(self, text: str, name: str) -> list[tuple[int, int]]:
        """A rejected match may still begin before another, so the search goes on one letter
        further. Patterns are bounded, so this stays linear.
        """
        spans, position = [], 0
        while match := self.pattern.search(text, position):
            span = self._span(match, name)
            position = match.start() + 1
            if span:
                spans.append(span)
                position = max(span[1], position)
        return spans

    def _at(self, starts: Iterable[int], text: str, name: str) -> list[tuple[int, int]]:
        spans, done = [], 0
        for start in starts:
            match = self.pattern.match(text, start) if start >= done else None
            span = self._span(match, name) if match else None
            if span:
                spans.append(span)
                done = span[1]
        return spans

    def _span(self, match: re.Match[str], name: str) -> tuple[int, int] | None:
        start, end = match.span("value" if "value" in self.pattern.groupindex else 0)
        return (start, end) if self.holds(_found(match, start, end, name)) else None


def at_hints(_text: str, lowered: str, hints: tuple[str, ...]) -> list[int]:
    """For patterns that begin with one of their hints."""
    return sorted({place for hint in hints for place in places(lowered, hint)})


def places(text: str, part: str) -> Iterator[int]:
    """Where the part stands in the text."""
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _found(match: re.Match[str], start: int, end: int, name: str) -> Found:
    text = match.string
    before = text[max(0, start - _CONTEXT) : start]
    if name and start < _CONTEXT:
        before = f"{name}: {before}"
    return Found(text[start:end], before, text[end : end + _CONTEXT], match)


def begins(first: str, *, unless_after: str = "A-Za-z0-9.-", ahead: str = "") -> str:
    r"""`first` where no letter of `unless_after` stands before it, or an escape does: `\n`, `%3D`.

    It is looked back from behind `first`, so that the search can leap from one to the next;
    `ahead` is what must follow anyway and is cheaper to tell.
    """
    escaped = rf"(?<=\\[nrt]{first})|(?<=%[0-9A-Fa-f]{{2}}{first})|(?<=\\u[0-9a-f]{{4}}{first})"
    cheaper = f"(?={ahead})" if ahead else ""
    return rf"{first}{cheaper}(?:(?<![{unless_after}]{first})|{escaped})"
