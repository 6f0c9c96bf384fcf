"""What is known of o200k, by measuring it: groups that join early, and groups that are one token.

`joins.txt` holds the groups of bytes that are joined first, the earliest first, and for each kind
of character all of them down to some depth: the estimate is an upper bound because none is left
out. `words.txt` may hold any groups that are one token, in parts; the first line of each part has
the forms in which its words are one, X being the word with a capital.
"""

from bisect import bisect_right
from functools import cache
from itertools import product
from pathlib import Path

_HERE = Path(__file__).parent
# How blanks are written in the files.
_BLANKS = str.maketrans("·␉␊␍", " \t\n\r")
# Every run of spaces up to this length is one token, and so are these runs of signs.
_SPACES = 79
_RULERS, _RULER_LENGTHS = "-=*_#./", (4, 8, 16, 32, 64)
# How many of the joins hold all that there are, for the characters from this one on.
_COMPLETE = (
    ("\x00", 3175),  # signs
    ("A", 1715),
    ("[", 3175),
    ("a", 1715),
    ("{", 3175),
    ("\xc0", 1715),  # Latin
    ("\u0370", 3503),  # Greek
    ("\u0400", 4624),  # Cyrillic
    ("\u0530", 2285),  # Armenian
    ("\u0590", 3175),  # Hebrew
    ("\u0600", 3834),  # Arabic
    ("\u0800", 2285),
    ("\u0900", 5089),  # Devanagari
    ("\u0980", 2285),  # other scripts of India
    ("\u0e00", 5089),  # Thai
    ("\u0e80", 2285),
    ("\u2000", 3175),  # signs
    ("\u3000", 4363),  # kana
    ("\u3400", 5416),  # Han
    ("\ua000", 5358),  # Hangul
    ("\ud800", 3175),
)


@cache
def joins() -> dict[str, int]:
    """Which groups are joined, and when; each byte is written as the character of its number."""
    shown = (_HERE / "joins.txt").read_text("utf-8").split()
    return {_bytes_of(group): order for order, group in enumerate(shown)}


@cache
def one_token() -> frozenset[str]:
    """All groups that are known to be one token, written in the same way."""
    found = {*joins(), *(" " * count for count in range(1, _SPACES + 1))}
    found.update(sign * length for sign in _RULERS for length in _RULER_LENGTHS)
    for digits in (1, 2, 3):
        found.update(map("".join, product("0123456789", repeat=digits)))
    for part in (_HERE / "words.txt").read_text("utf-8").strip().split("\n\n"):
        forms, words = part.split("\n", 1)
        for form in forms.split("|"):
            found.update(_bytes_of(_in_form(form, word)) for word in words.split())
    return frozenset(found)


def complete_joins(sign: str) -> int:
    """So many of the joins hold all in which this character has a part."""
    return _COMPLETE[bisect_right(_COMPLETE, (sign, len(joins()))) - 1][1]


def _in_form(form: str, word: str) -> str:
    return form[:-1] + (word.capitalize() if form[-1] == "X" else word)


def _bytes_of(shown: str) -> str:
    """A byte that is no character by itself is shown as the Braille pattern of its number."""
    if shown.isascii():
        return shown
    return "".join(map(_bytes_of_sign, shown.translate(_BLANKS)))


def _bytes_of_sign(sign: str) -> str:
    if "\u2800" <= sign <= "\u28ff":
        return chr(ord(sign) - 0x2800)
    return sign.encode().decode("latin-1")
