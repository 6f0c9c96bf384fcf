"""What a shape of text is: a pattern, a check of what it finds, and hints that speed it up.

Also the lists of words and patterns that the shapes need.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from apps.events.patterns import PatternFile


@cache
def read_patterns(name: str) -> PatternFile:
    """Return a TOML file of this package."""
    return PatternFile.read(name, beside=__file__)


WORDS = read_patterns("words.toml").tables
_CONTEXT = 64
# Honest texts have fewer candidates of a shape than one in so many characters.
_MIN_CANDIDATES = 48
_CHARACTERS_EACH = 25


def words(name: str) -> tuple[str, ...]:
    """Return a list of `words.toml`."""
    return tuple(WORDS[name].split())


class TooDense(Exception):
    """A text has so many candidates that checking them would take too long."""


def is_dense(text: str, candidates: int) -> bool:
    """Return whether these are more candidates of one shape than any honest text has."""
    return candidates > _MIN_CANDIDATES and candidates > len(text) // _CHARACTERS_EACH


def check_density(text: str, candidates: int) -> None:
    """Raise `TooDense` if the text has too many candidates of one shape."""
    if is_dense(text, candidates):
        raise TooDense


class Found(NamedTuple):
    """The position of a secret in a text, and its kind."""

    start: int
    end: int
    kind: str


class Candidate(NamedTuple):
    """A match with its surroundings; `before` begins with the name of the value, if it is near."""

    value: str
    before: str
    after: str
    match: re.Match[str]


Check = Callable[[Candidate], bool]
Starts = Callable[[str, list[int]], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret that is recognized by its text.

    The pattern's group `value`, or else the whole match, is hidden if `is_secret` confirms it.
    Lowercase `hints` speed up the search: without any of them in the text, there is no match.
    `starts` returns the only possible positions of a match from the text and the positions of the
    hints, where that is faster than searching the whole text.
    """

    kind: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    is_secret: Check = lambda _candidate: True
    starts: Starts | None = None

    def find(self, text: str, lowered: str, name: str) -> list[Found]:
        """Return what is in the text, in order; `lowered` is the text in lowercase.

        Raise `TooDense` if the text has more candidates than any honest one.
        """
        if self.starts is None:
            return self._find_all(text, name) if self._has_few_matches(text) else []
        hints = self._positions_of_hints(lowered) if len(lowered) == len(text) else None
        if hints is None:
            return self._find_all(text, name)
        secrets, done, number = [], 0, 0
        for start in self.starts(text, hints):
            match = self.pattern.match(text, start) if start >= done else None
            if match is None:
                continue
            number += 1
            check_density(text, number)
            secret = self._checked(match, name)
            if secret:
                secrets.append(secret)
                done = secret.end
        return secrets

    def _positions_of_hints(self, lowered: str) -> list[int] | None:
        """Return them in order; None if they are so many that a search is faster."""
        found: set[int] = set()
        for hint in self.hints:
            position = lowered.find(hint)
            while position >= 0:
                found.add(position)
                if is_dense(lowered, len(found)):
                    return None
                position = lowered.find(hint, position + 1)
        return sorted(found)

    def _has_few_matches(self, text: str) -> bool:
        """Return whether there are any; count them, as checking takes longer than finding."""
        number = 0
        for number, _match in enumerate(self.pattern.finditer(text), 1):
            check_density(text, number)
        return number > 0

    def _find_all(self, text: str, name: str) -> list[Found]:
        """Search the whole text; after a rejected match, resume one character further."""
        secrets, position, number = [], 0, 0
        while match := self.pattern.search(text, position):
            number += 1
            check_density(text, number)
            secret = self._checked(match, name)
            position = match.start() + 1
            if secret:
                secrets.append(secret)
                position = max(secret.end, position)
        return secrets

    def _checked(self, match: re.Match[str], name: str) -> Found | None:
        start, end = match.span("value" if "value" in self.pattern.groupindex else 0)
        text = match.string
        before = text[max(0, start - _CONTEXT) : start]
        if name and start < _CONTEXT:
            before = f"{name}: {before}"
        candidate = Candidate(text[start:end], before, text[end : end + _CONTEXT], match)
        return Found(start, end, self.kind) if self.is_secret(candidate) else None


class ShapeGroup:
    """Shapes that are searched one after another; each of their hints is looked for once."""

    def __init__(self, *shapes: Shape) -> None:
        self._shapes = tuple((1 << number, shape) for number, shape in enumerate(shapes))
        self._without_hint = sum(bit for bit, shape in self._shapes if not shape.hints)
        self._by_hint = tuple(
            (hint, sum(bit for bit, shape in self._shapes if hint in shape.hints))
            for hint in sorted({hint for shape in shapes for hint in shape.hints})
        )

    def relevant(self, lowered: str) -> list[Shape]:
        """Return the shapes that can match the text, which is in lowercase."""
        bits = self._without_hint
        for hint, bits_of_hint in self._by_hint:
            if hint in lowered:
                bits |= bits_of_hint
        return [shape for bit, shape in self._shapes if bits & bit] if bits else []


def at_hints(_text: str, hints: list[int]) -> list[int]:
    """Return the positions of the hints, for patterns that begin with one."""
    return hints


def bounded_start(first: str, *, unless_after: str = "A-Za-z0-9.-", ahead: str = "") -> str:
    r"""Return a pattern for `first`, unless it follows one of `unless_after`.

    It may follow an escape such as `\n` or `%3D`. The lookbehind comes after `first`, so that the
    search can skip from one `first` to the next. `ahead` is a cheap lookahead for what follows.
    """
    escaped = rf"(?<=\\[nrt]{first})|(?<=%[0-9A-Fa-f]{{2}}{first})|(?<=\\u[0-9a-f]{{4}}{first})"
    cheaper = f"(?={ahead})" if ahead else ""
    return rf"{first}{cheaper}(?:(?<![{unless_after}]{first})|{escaped})"


_SHAPE_KEYS = frozenset(
    ("kind", "pattern", "match_case", "hints", "check", "starts", "anywhere", "start")
)


def read_shapes(
    file: PatternFile,
    table: str,
    checks: Mapping[str | None, Check],
    *,
    starts: Mapping[str, Starts] = {},
    hints: Mapping[str, tuple[str, ...]] = {},
    **parts: str,
) -> tuple[Shape, ...]:
    """Return the shapes of a table, whose rows name their checks and starts.

    A row's matches begin with a hint, unless it has other `starts`, or can be `anywhere`. `{start}`
    in its pattern is the `bounded_start` that it describes. Raise ValueError for unknown keys.
    """
    shapes = []
    for row in file.tables[table]:
        if unknown := row.keys() - _SHAPE_KEYS:
            raise ValueError(f"no key of a shape is named {', '.join(sorted(unknown))}")
        start = {"start": bounded_start(**row["start"])} if "start" in row else {}
        pattern = file.expand(row["pattern"], **start, **parts)
        flags = re.NOFLAG if row.get("match_case") else re.IGNORECASE
        hinted = row.get("hints", ())
        own_starts = starts[row["starts"]] if "starts" in row else at_hints
        shapes.append(
            Shape(
                kind=row.get("kind", "secret"),
                pattern=re.compile(pattern, flags),
                hints=hints[hinted] if isinstance(hinted, str) else tuple(hinted),
                is_secret=checks[row.get("check")],
                starts=None if row.get("anywhere") else own_starts,
            )
        )
    return tuple(shapes)
