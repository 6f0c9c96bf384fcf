"""The pieces a text is cut into before anything in it is joined: the same as o200k's.

A word takes one sign or blank before it along and begins anew at a capital; digits go by three;
signs stay with the line ends behind them; the last blank of a run belongs to what follows.
"""

import re
from functools import cache, lru_cache
from itertools import groupby
from unicodedata import category

_ASCII = {"upper": "A-Z", "lower": "a-z", "digit": "0-9"}
# Python's own \s also holds the four separators of ASCII, which are signs for o200k.
_BLANK = r"\t-\r " + "\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_KINDS = {
    "Lu": "upper",
    "Lt": "upper",
    "Ll": "lower",
    "L": "either",
    "M": "mark",
    "N": "digit",
}
# No letter and no digit stands beyond, except the marks that choose a variant of the one before.
_LETTERS_END = 0x40000
_VARIANTS = range(0xE0100, 0xE01F0)
# A pattern of this many letters of a text is made anew for it; for more there is one of them all.
_FEW = 300


def cut(text: str) -> list[str]:
    """All of the text, piece by piece."""
    if text.isascii():
        return _ascii_pieces().findall(text)
    foreign = sorted(letter for letter in set(text) if letter > "\x7f" and _kind(letter) != "sign")
    if len(foreign) <= _FEW:
        return _pieces_of("".join(foreign)).findall(text)
    beyond = "".join(letter for letter in foreign if letter > "\uffff")
    return (_pieces(beyond) if len(beyond) <= _FEW else _pieces()).findall(text)


@cache
def _ascii_pieces() -> re.Pattern[str]:
    return _compiled({**_ASCII, "blank": r"\t-\r "})


@lru_cache(maxsize=256)
def _pieces_of(foreign: str) -> re.Pattern[str]:
    """For a text that has these letters, marks and digits beyond ASCII: many times faster."""
    kinds = {**_ASCII, "blank": _BLANK}
    for letter in foreign:
        kinds[_kind(letter)] = kinds.get(_kind(letter), "") + letter
    return _compiled(kinds)


@lru_cache(maxsize=16)
def _pieces(beyond: str | None = None) -> re.Pattern[str]:
    """For every character there is, or of those beyond the basic plane for these alone.

    Python looks characters of the basic plane up in a table, and goes through a list of the others.
    """
    kinds = {**_ASCII, "blank": _BLANK}
    of_all = (*range(0x80, _LETTERS_END), *_VARIANTS)
    letters = of_all if beyond is None else (*range(0x80, 0x10000), *map(ord, beyond))
    for kind, same in groupby(map(chr, letters), _kind):
        run = list(same)
        are_next = ord(run[-1]) - ord(run[0]) == len(run) - 1
        kinds[kind] = kinds.get(kind, "") + (f"{run[0]}-{run[-1]}" if are_next else "".join(run))
    return _compiled(kinds)


@lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    code = ord(letter)
    if code >= _LETTERS_END and code not in _VARIANTS:
        return "sign"
    name = category(letter)
    return _KINDS.get(name) or _KINDS.get(name[0], "sign")


def _compiled(kinds: dict[str, str]) -> re.Pattern[str]:
    upper, lower, digit, blank = (kinds[kind] for kind in ("upper", "lower", "digit", "blank"))
    either, mark = kinds.get("either", ""), kinds.get("mark", "")
    begin, end = f"[{upper}{either}{mark}]", f"[{lower}{either}{mark}]"
    # A mark is no letter when it stands before a word or between signs.
    letter_or_digit = upper + lower + either + digit
    before, short = rf"[^\r\n{letter_or_digit}]?", "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    return re.compile(
        rf"{before}{begin}*{end}+{short}"
        rf"|{before}{begin}+{end}*{short}"
        rf"|[{digit}]{{1,3}}"
        rf"| ?[^{blank}{letter_or_digit}]+[\r\n/]*"
        rf"|[{blank}]*[\r\n]+"
        rf"|[{blank}]+(?![^{blank}])"
        rf"|[{blank}]+"
    )
