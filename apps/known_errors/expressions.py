"""Expressions that people write: RE2, whose time is linear, within limits of our own.

https://github.com/google/re2/wiki/Syntax
"""

import re
from collections.abc import Sequence
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
    ("missing )", "A bracket ( is opened and never closed."),
    ("unexpected )", "A bracket ) closes nothing. Write \\) for the letter itself."),
    ("missing ]", "A bracket [ is opened and never closed. Write \\[ for the letter itself."),
    ("trailing \\", "It ends in a single \\. Write \\\\ for the letter itself."),
    ("no argument for repetition", "Something is to be repeated, but there is nothing before it."),
    ("bad repetition operator", "Two signs of repetition follow each other, such as **."),
    ("invalid repetition size", "A repetition may count to 1000 at most."),
    ("invalid character class range", "A range in [...] runs backwards, such as [z-a]."),
    ("pattern too large", "It is too large. Use fewer repetitions with numbers."),
)
_INSTEAD = "write what must stand there, and use a second rule for the rest."
_BACK_REFERENCE = re.compile(r"invalid escape sequence: \\[1-9]")


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


def required(expression: str) -> tuple[tuple[str, ...], ...]:
    """What must stand, in folded letters, in whatever the expression fits: all texts of one row.

    Empty where that is not surely known. Only plain ASCII outside of all brackets counts.
    """
    flags = _FLAGS.match(expression)
    tokens = _tokens(expression[flags.end() :] if flags else expression)
    rows = tuple(tuple(filter(None, _runs(branch))) for branch in _branches(tokens))
    return rows if all(rows) else ()


def _tokens(expression: str) -> list[tuple[str, str]]:
    """Kind and text of each part; none at all where something is not surely understood."""
    tokens, at = [], 0
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        if found is None or "\\Q" in found[0]:
            return []
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
        at = found.end()
    return tokens


def _branches(tokens: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """What stands outside of all groups, by its alternatives; a group is one part of it."""
    branches: list[list[tuple[str, str]]] = [[]]
    depth = 0
    for kind, text in tokens:
        depth += (kind == "open") - (kind == "close")
        if depth == 0 and kind == "or":
            branches.append([])
        elif depth == 0:
            branches[-1].append((kind, text))
    return branches


def _runs(branch: Sequence[tuple[str, str]]) -> list[str]:
    """The runs of letters that stand there as they are; what may be missing is not among them."""
    runs = [""]
    for kind, text in branch:
        if kind in ("letter", "escaped") and text.isascii():
            runs[-1] += text.casefold()
            continue
        if kind == "repeat" and not text.startswith("+"):
            runs[-1] = runs[-1][:-1]
        runs.append("")
    return runs
