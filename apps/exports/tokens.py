"""An upper estimate of a text's tokens in the o200k encoding, without its tokenizer.

o200k splits a text into pieces, and merges the bytes of each piece by byte-pair encoding. The
split is the same here. Of the merges, only the first are known, down to a depth that depends on
the kind of character; what they merge is also merged in the end. Known tokens limit what remains:
two neighbors that are one token together cannot both remain. The estimate is the highest number
of tokens that this allows, so a smaller vocabulary raises it but never makes it too low.
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

# Pre-tokenization, as o200k does it: a word includes one symbol or space before it and ends before
# a capital letter, digits are grouped by three, symbols include the line ends after them, and the
# last space of a run belongs to the next piece.

_ASCII = {"upper": "A-Z", "lower": "a-z", "digit": "0-9"}
# Python's \s also includes the four ASCII separators, which are symbols in o200k.
_BLANK = r"\t-\r " + "\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_KINDS = {
    "Lu": "upper",
    "Lt": "upper",
    "Ll": "lower",
    "L": "either",
    "M": "mark",
    "N": "digit",
}
# There are no letters or digits from here on, except for the variation selectors, which are marks.
_LETTERS_END = 0x40000
_VARIATION_SELECTORS = range(0xE0100, 0xE01F0)
# Up to this many foreign letters, a pattern is compiled for the text.
_MAX_LETTERS_IN_PATTERN = 300


def split_pieces(text: str) -> list[str]:
    """Split the text into pieces, which together are the whole text."""
    if text.isascii():
        return _ascii_pieces().findall(text)
    foreign = sorted(
        letter for letter in set(text) if letter > "\x7f" and _kind(letter) != "symbol"
    )
    if len(foreign) <= _MAX_LETTERS_IN_PATTERN:
        return _pieces_of("".join(foreign)).findall(text)
    beyond = "".join(letter for letter in foreign if letter > "\uffff")
    return (_pieces(beyond) if len(beyond) <= _MAX_LETTERS_IN_PATTERN else _pieces()).findall(text)


@cache
def _ascii_pieces() -> re.Pattern[str]:
    return _compile({**_ASCII, "blank": r"\t-\r "})


@lru_cache(maxsize=256)
def _pieces_of(foreign: str) -> re.Pattern[str]:
    """Return a pattern for these foreign characters only, which is many times faster."""
    kinds = {**_ASCII, "blank": _BLANK}
    for letter in foreign:
        kinds[_kind(letter)] = kinds.get(_kind(letter), "") + letter
    return _compile(kinds)


@lru_cache(maxsize=16)
def _pieces(beyond: str | None = None) -> re.Pattern[str]:
    """Return a pattern for all characters, or for the basic plane and those in `beyond`.

    Python uses a table for characters of the basic plane, but a slow list for the others.
    """
    kinds = {**_ASCII, "blank": _BLANK}
    every = (*range(0x80, _LETTERS_END), *_VARIATION_SELECTORS)
    letters = every if beyond is None else (*range(0x80, 0x10000), *map(ord, beyond))
    for kind, group in groupby(map(chr, letters), _kind):
        run = list(group)
        is_range = ord(run[-1]) - ord(run[0]) == len(run) - 1
        kinds[kind] = kinds.get(kind, "") + (f"{run[0]}-{run[-1]}" if is_range else "".join(run))
    return _compile(kinds)


@lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    code = ord(letter)
    if code >= _LETTERS_END and code not in _VARIATION_SELECTORS:
        return "symbol"
    name = category(letter)
    return _KINDS.get(name) or _KINDS.get(name[0], "symbol")


def _compile(kinds: dict[str, str]) -> re.Pattern[str]:
    upper, lower, digit, blank = (kinds[kind] for kind in ("upper", "lower", "digit", "blank"))
    either, mark = kinds.get("either", ""), kinds.get("mark", "")
    begin, end = f"[{upper}{either}{mark}]", f"[{lower}{either}{mark}]"
    # A mark is not a letter before a word or between symbols.
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


# The vocabulary, which was found by measuring o200k
#
# `joins.txt` lists the byte sequences that are merged first, in order. For each kind of character
# it is complete down to a depth (`_COMPLETE_DEPTHS`), which the upper bound relies on. `words.txt`
# lists further tokens, in any selection. Its sections begin with the forms in which the words
# below are one token; X stands for the capitalized word.

_HERE = Path(__file__).parent
# How whitespace is written in the files.
_WHITESPACE = str.maketrans("·␉␊␍", " \t\n\r")
# Every run of spaces up to this length is one token, and so are these runs of symbols.
_MAX_SPACES = 79
_RULERS, _RULER_LENGTHS = "-=*_#./", (4, 8, 16, 32, 64)
# How many of the merges are complete, for the characters from this one on.
_COMPLETE_DEPTHS = (
    ("\x00", 3175),  # symbols
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
    ("\u2000", 3175),  # symbols
    ("\u3000", 4363),  # kana
    ("\u3400", 5416),  # Han
    ("\ua000", 5358),  # Hangul
    ("\ud800", 3175),
)


@cache
def merge_ranks() -> dict[str, int]:
    """Return the rank of each merged sequence, with bytes as Latin-1 characters."""
    sequences = (_HERE / "joins.txt").read_text("utf-8").split()
    return {_decoded(sequence): rank for rank, sequence in enumerate(sequences)}


@cache
def known_tokens() -> frozenset[str]:
    """Return all sequences that are known to be one token, with bytes as Latin-1 characters."""
    tokens = {*merge_ranks(), *(" " * count for count in range(1, _MAX_SPACES + 1))}
    tokens.update(symbol * length for symbol in _RULERS for length in _RULER_LENGTHS)
    for digits in (1, 2, 3):
        tokens.update(map("".join, product("0123456789", repeat=digits)))
    for section in (_HERE / "words.txt").read_text("utf-8").strip().split("\n\n"):
        forms, words = section.split("\n", 1)
        for form in forms.split("|"):
            tokens.update(_decoded(_in_form(form, word)) for word in words.split())
    return frozenset(tokens)


def complete_merges(character: str) -> int:
    """Return how many merges include all those that involve this character."""
    key = (character, len(merge_ranks()))
    return _COMPLETE_DEPTHS[bisect_right(_COMPLETE_DEPTHS, key) - 1][1]


def _in_form(form: str, word: str) -> str:
    return form[:-1] + (word.capitalize() if form[-1] == "X" else word)


def _decoded(sequence: str) -> str:
    """Decode a sequence of the files, in which Braille patterns stand for single bytes."""
    if sequence.isascii():
        return sequence
    return "".join(map(_decoded_character, sequence.translate(_WHITESPACE)))


def _decoded_character(character: str) -> str:
    if "\u2800" <= character <= "\u28ff":
        return chr(ord(character) - 0x2800)
    return character.encode().decode("latin-1")


# The estimate

_MAX_CACHED_LENGTH = 40
_PART_LENGTH = 128
_NEVER = 1 << 30
_IMPOSSIBLE = -_NEVER


def estimate_tokens(text: str) -> int:
    """Return an upper estimate of the tokens of a text."""
    return sum(_costs(text))


def is_within(text: str, tokens: int) -> bool:
    """Return whether the estimate is within `tokens`, stopping as soon as that is certain."""
    if len(text.encode("utf-8", "surrogatepass")) <= tokens:
        return True  # no token is shorter than a byte
    return all(total <= tokens for total in accumulate(_costs(text)))


def _costs(text: str) -> Iterator[int]:
    for piece, times in Counter(split_pieces(text)).items():
        cost = _cached_cost if len(piece) <= _MAX_CACHED_LENGTH else _cached_long_cost
        yield times * cost(piece)


def _cost(piece: str) -> int:
    if piece.isascii():
        data, known = piece, _NEVER
    else:
        data = piece.encode("utf-8", "surrogatepass").decode("latin-1")
        known = _known_merges(piece)
    if data in known_tokens():
        return 1
    if len(data) <= _PART_LENGTH:
        return _max_tokens(_merge(data, known))
    # Merging takes quadratic time, so a long piece is merged in parts. Each seam costs one token
    # more, because the tokenizer can merge differently there.
    parts = (data[start : start + _PART_LENGTH] for start in range(0, len(data), _PART_LENGTH))
    return min(len(data), sum(_max_tokens(_merge(part, known)) + 1 for part in parts) - 1)


_cached_cost = lru_cache(maxsize=1 << 16)(_cost)
# The formats of one export, and the levels of detail tried, repeat the same few long pieces.
_cached_long_cost = lru_cache(maxsize=256)(_cost)


def _known_merges(piece: str) -> int:
    """Return how many merges are complete for all characters of the piece.

    A space or symbol before a word does not count.
    """
    has_prefix = piece[0].isascii() and not piece[0].isalpha()
    return min(map(complete_merges, set(piece[has_prefix:])))


def _merge(data: str, known: int) -> list[str]:
    """Merge the bytes by the first `known` merges, in order of rank, and return the groups."""
    rank = merge_ranks().get
    groups = list(data)
    ranks = [rank(pair, _NEVER) for pair in map(add, data, data[1:])]
    while ranks and (lowest := min(ranks)) < known:
        at = ranks.index(lowest)
        groups[at] += groups.pop(at + 1)
        del ranks[at]
        if at:
            ranks[at - 1] = rank(groups[at - 1] + groups[at], _NEVER)
        if at < len(ranks):
            ranks[at] = rank(groups[at] + groups[at + 1], _NEVER)
    return groups


def _max_tokens(groups: list[str]) -> int:
    """Return the highest number of tokens of which no two neighbors are a known token together.

    Dynamic programming from the left: for each position, the maximum if the last token consists
    of one group, of two, or of more (for which the rule is not checked).
    """
    known = known_tokens().__contains__
    pairs = list(map(add, groups, groups[1:]))
    if not any(map(known, pairs)):
        return len(groups)
    if len(groups) <= 3:
        return len(groups) - 1
    triples = list(map(add, pairs, groups[2:]))
    # Whether the two, three, or four groups that end at a position are a known token.
    is_pair = (True, *map(known, pairs))
    is_triple = (True, True, *map(known, triples))
    is_four = (True, True, True, *map(known, map(add, triples, groups[3:])))
    # The maxima at the last position, at the one before it, and at any earlier one.
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
