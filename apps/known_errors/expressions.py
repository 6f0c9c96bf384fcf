"""Expressions that people write: RE2, whose time is linear, within limits of our own.

https://github.com/google/re2/wiki/Syntax
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import re2

LONGEST = 500
# A program of so many instructions takes about 2 ms for the longest text, at its very worst.
_LARGEST_PROGRAM = 1000
_MEMORY = 1 << 20

_EXPLAINED = (
    ("invalid perl operator: (?=", "Looking ahead, (?=...), is not supported: {instead}"),
    ("invalid perl operator: (?!", "Looking ahead, (?!...), is not supported: {instead}"),
    ("invalid perl operator: (?<", "Looking back, (?<...), is not supported: {instead}"),
    ("invalid escape sequence: \\Z", "Write \\z for the end of the text, not \\Z."),
    ("missing )", "An opening ( has no closing )."),
    ("unexpected )", "A closing ) has no opening (. Write \\) for the character itself."),
    ("missing ]", "An opening [ has no closing ]. Write \\[ for the character itself."),
    ("trailing \\", "It ends with a single \\. Write \\\\ for the character itself."),
    ("no argument for repetition", "A repetition sign has nothing before it to repeat."),
    ("bad repetition operator", "There are two repetition signs in a row, such as **."),
    ("invalid repetition size", "A repetition can go up to 1000."),
    ("invalid character class range", "A range in [...] runs backwards, such as [z-a]."),
    ("pattern too large", "It is too large. Use fewer repetitions with counts."),
)
_INSTEAD = "write what must be there, and use a second rule for the rest."
_BACK_REFERENCE = re.compile(r"invalid escape sequence: \\[1-9]")


Rows = Sequence[tuple[str, ...]]
Token = tuple[str, str]
_MOST_ROWS = 16


class ExpressionRefused(ValueError):
    """An expression that cannot be used; the text says why, and what to do."""


def compiled(expression: str) -> Any:
    """The compiled expression, which ignores upper and lower case. Raises `ExpressionRefused`."""
    if len(expression) > LONGEST:
        raise ExpressionRefused(f"It is longer than {LONGEST} letters.")
    try:
        found = _compiled(expression)
    except re2.error as refused:
        raise ExpressionRefused(_explained(refused)) from None
    if found.programsize > _LARGEST_PROGRAM:
        raise ExpressionRefused(_EXPLAINED[-1][1])
    return found


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    return re2.compile(expression, options)


def _explained(refused: Exception) -> str:
    said = refused.args[0] if refused.args else ""
    said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if _BACK_REFERENCE.match(said):
        return "Referring back to a group, such as \\1, is not supported."
    known = (told for sign, told in _EXPLAINED if said.startswith(sign))
    told = next(known, f"The engine (RE2) refuses it: {said}.")
    return told.format(instead=_INSTEAD) if "{instead}" in told else told


_FLAGS = re.compile(r"\(\?[ims]+\)")
_TOKEN = re.compile(
    r"(?P<sign>\\[dDwWsSbB]|[.^$])"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<class>\[\^?\]?(?:\\.|[^\[\]\\])*\])"
    r"|(?P<open>\((?:\?:|\?P<[A-Za-z0-9_]+>|(?!\?)))"
    r"|(?P<close>\))"
    r"|(?P<or>\|)"
    r"|(?P<repeat>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)"
    r"|(?P<letter>[^\\\[(){}])"
)


def required(expression: str) -> Rows:
    """What must stand, in folded letters, in whatever the expression fits: all texts of one row.

    Empty where that is not surely known. Only plain ASCII counts.
    """
    flags = _FLAGS.match(expression)
    tokens = _tokens(expression[flags.end() :] if flags else expression)
    rows = _rows_of(iter([*tokens, ("close", ")")]))
    return tuple(rows) if all(rows) else ()


def _tokens(expression: str) -> list[Token]:
    """Kind and text of each part; none at all where something is not surely understood."""
    tokens, at = [], 0
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None or "\\Q" in found[0]:
            return []
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
        at = found.end()
    return tokens


def _rows_of(tokens: Iterator[Token]) -> list[tuple[str, ...]]:
    """The rows of the alternatives up to the bracket that closes them, which is taken too."""
    alternatives: list[tuple[str, ...]] = []
    rows: list[tuple[str, ...]] = [()]
    # What came last: a run of letters or the rows of a group, and not yet sure to be there.
    run: str = ""
    group: list[tuple[str, ...]] = [()]
    for kind, text in tokens:
        if kind in ("letter", "escaped") and text.isascii():
            rows, group = _joined(rows, group), [()]
            run += text.casefold()
            continue
        if kind == "repeat" and not text.startswith("+"):
            run, group = run[:-1], [()]
        rows = _joined(_joined(rows, group), [(run,)] if run else [()])
        run, group = "", _rows_of(tokens) if kind == "open" else [()]
        if kind in ("or", "close"):
            alternatives += rows
            rows = [()]
        if kind == "close":
            break
    return alternatives


def _joined(rows: Rows, others: Rows) -> list[tuple[str, ...]]:
    """Each row with each other one; of too many the others are left out."""
    if len(rows) * len(others) > _MOST_ROWS:
        return list(rows)
    return [(*row, *other) for row in rows for other in others]
