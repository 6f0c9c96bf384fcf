"""How many tokens a text costs, estimated from above without a tokenizer.

o200k cuts a text into pieces and joins the bytes of each, the earliest of its joins first, until
no two neighbours are one of its tokens. Here the cuts are the same. Of the joins only the earliest
are known, as many as `vocabulary` holds for each kind of character; so each group that they leave
is whole in the end as well. What may become of the groups is limited by the tokens that are known:
two neighbours that are one together cannot both be left. The dearest end that this allows is the
price, so that knowing less makes it higher, never too low.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import accumulate, groupby, product
from operator import add
from pathlib import Path
from unicodedata import category

# The pieces a text is cut into before anything in it is joined: the same as o200k's.
#
# A word takes one sign or blank before it along and begins anew at a capital; digits go by three;
# signs stay with the line ends behind them; the last blank of a run belongs to what follows.

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


# What is known of o200k, by measuring it: groups that join early, and groups that are one token.
#
# `joins.txt` holds the groups of bytes that are joined first, the earliest first, and for each
# kind of character all of them down to some depth: the estimate is an upper bound because none is
# left out. `words.txt` may hold any groups that are one token, in parts; the first line of each
# part has the forms in which its words are one, X being the word with a capital.

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


_LONGEST_KEPT = 40
_PART = 128
_NEVER = 1 << 30
_IMPOSSIBLE = -_NEVER


def estimate_tokens(text: str) -> int:
    """About how many tokens a language model reads in this text; rather too many than too few."""
    return sum(_prices(text))


def is_within(text: str, tokens: int) -> bool:
    """Whether the estimate is at most so many, told without counting on when that is clear."""
    if len(text.encode("utf-8", "surrogatepass")) <= tokens:
        return True  # no token is shorter than a byte
    return all(total <= tokens for total in accumulate(_prices(text)))


def _prices(text: str) -> Iterator[int]:
    for piece, times in Counter(cut(text)).items():
        price = _kept_price if len(piece) <= _LONGEST_KEPT else _price_of_long
        yield times * price(piece)


def _price(piece: str) -> int:
    if piece.isascii():
        data, known = piece, _NEVER
    else:
        # Each character of this is one byte of the piece.
        data = piece.encode("utf-8", "surrogatepass").decode("latin-1")
        known = _known_joins(piece)
    if data in one_token():
        return 1
    if len(data) <= _PART:
        return _most_left(_joined(data, known))
    # Joining costs the square of the length. So a long piece is joined in parts, and each seam
    # costs one more, because the tokenizer may join otherwise there.
    parts = (data[start : start + _PART] for start in range(0, len(data), _PART))
    return min(len(data), sum(_most_left(_joined(part, known)) + 1 for part in parts) - 1)


_kept_price = lru_cache(maxsize=1 << 16)(_price)
# The formats of one export, and the steps of fitting it, repeat the same few long pieces.
_price_of_long = lru_cache(maxsize=256)(_price)


def _known_joins(piece: str) -> int:
    """How many of the joins are all that there are for this piece: for the least known character.

    The blank or sign before a word counts as one of its letters.
    """
    takes_one_along = piece[0].isascii() and not piece[0].isalpha()
    return min(map(complete_joins, set(piece[takes_one_along:])))


def _joined(data: str, known: int) -> list[str]:
    """What the first joins leave of these bytes, always the earliest of them first."""
    order = joins().get
    groups = list(data)
    orders = [order(pair, _NEVER) for pair in map(add, data, data[1:])]
    while orders and (earliest := min(orders)) < known:
        at = orders.index(earliest)
        groups[at] += groups.pop(at + 1)
        del orders[at]
        if at:
            orders[at - 1] = order(groups[at - 1] + groups[at], _NEVER)
        if at < len(orders):
            orders[at] = order(groups[at] + groups[at + 1], _NEVER)
    return groups


def _most_left(groups: list[str]) -> int:
    """How many tokens can become of the groups at most if no two neighbours may be one together.

    Counted from the left for each place: the most that can end there when the last one is made of
    one group, of two, or of more, about which nothing is asked.
    """
    known = one_token().__contains__
    pairs = list(map(add, groups, groups[1:]))
    if not any(map(known, pairs)):
        return len(groups)
    if len(groups) <= 3:
        return len(groups) - 1
    triples = list(map(add, pairs, groups[2:]))
    # Whether the two, three or four groups that end at a place are known to be one token.
    is_pair = (True, *map(known, pairs))
    is_triple = (True, True, *map(known, triples))
    is_four = (True, True, True, *map(known, map(add, triples, groups[3:])))
    # The most at the last place, at the one before it, and at any place earlier than both.
    one, two, more = 1, _IMPOSSIBLE, _IMPOSSIBLE
    one_before, two_before, more_before = _IMPOSSIBLE, _IMPOSSIBLE, 0
    earlier = _IMPOSSIBLE
    for at in range(1, len(groups)):
        after_one, after_two = more, more_before
        if two > after_one and not is_triple[at]:
            after_one = two
        if one > after_one and not is_pair[at]:
            after_one = one
        if two_before > after_two and not is_four[at]:
            after_two = two_before
        if one_before > after_two and not is_triple[at]:
            after_two = one_before
        after_more = earlier
        earlier = max(earlier, one_before, two_before, more_before)
        one_before, two_before, more_before = one, two, more
        one, two, more = after_one + 1, after_two + 1, after_more + 1
    return max(one, two, more)
