"""The limits of an export in tokens, and the number of a text's tokens.

They are those of the o200k encoding, counted without its library. o200k splits a text into pieces,
and merges the bytes of each piece by byte-pair encoding. Both are done here alike, so the number is
exact, except that a very long piece is merged in parts, which can only make it too high.
"""

import lzma
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, groupby, pairwise
from math import ceil
from operator import add
from pathlib import Path
from unicodedata import category

DEFAULT_BUDGET = 6000
MIN_TOKENS = 400
MAX_TOKENS = 1_000_000
# A prompt takes at most a tenth of a limit, but no less than the first of these and no more than
# the second.
MIN_PROMPT_TOKENS, MAX_PROMPT_TOKENS = 50, 100


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models, with its tokens for each of o200k. `docs/using.md` has the sources."""

    name: str
    label: str
    factor: float

    def count(self, tokens: int) -> int:
        """Return the family's tokens for tokens of o200k, rounded up."""
        return ceil(tokens * self.factor)

    def room(self, budget: int) -> int:
        """Return the tokens of o200k that fit a limit."""
        room = int(budget / self.factor)
        return room + 1 if self.count(room + 1) <= budget else room


GPT = Family("gpt", "GPT", 1.0)
FAMILIES = (
    GPT,
    Family("claude", "Claude", 1.7),
    Family("gemini", "Gemini", 1.15),
    Family("any", "Any model", 1.7),
)

# Pre-tokenization, as o200k does it: a word includes one symbol or space before it and ends before
# a capital letter, digits are grouped by three, symbols include the line ends after them, and the
# last space of a run belongs to the next piece.

# Python's \s also includes the four ASCII separators, which are symbols in o200k.
_BLANK = r"\t-\r " + "\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_KINDS = {"Lu": "upper", "Lt": "upper", "Ll": "lower", "L": "either", "M": "mark", "N": "digit"}
# There are no letters or digits from here on, except for the variation selectors, which are marks.
_LETTERS_END = 0x40000
_VARIATION_SELECTORS = range(0xE0100, 0xE01F0)
# Up to this many foreign letters, a pattern is compiled for the text.
_MAX_LETTERS_IN_PATTERN = 300


def split_pieces(text: str) -> list[str]:
    """Split the text into pieces, which together are the whole text."""
    if text.isascii():
        return _pieces_of("", r"\t-\r ").findall(text)
    foreign = sorted(
        letter for letter in set(text) if letter > "\x7f" and _kind(letter) != "symbol"
    )
    if len(foreign) <= _MAX_LETTERS_IN_PATTERN:
        return _pieces_of("".join(foreign)).findall(text)
    beyond = "".join(letter for letter in foreign if letter > "\uffff")
    return _pieces(beyond if len(beyond) <= _MAX_LETTERS_IN_PATTERN else None).findall(text)


@lru_cache(maxsize=16)
def _pieces(beyond: str | None = None) -> re.Pattern[str]:
    """Return a pattern for all characters, or for the basic plane and those in `beyond`.

    Python uses a table for characters of the basic plane, but a slow list for the others.
    """
    every = (*range(0x80, _LETTERS_END), *_VARIATION_SELECTORS)
    letters = every if beyond is None else (*range(0x80, 0x10000), *map(ord, beyond))
    return _compile(map(chr, letters))


@lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    code = ord(letter)
    if code >= _LETTERS_END and code not in _VARIATION_SELECTORS:
        return "symbol"
    name = category(letter)
    return _KINDS.get(name) or _KINDS.get(name[0], "symbol")


def _compile(foreign: Iterable[str], blank: str = _BLANK) -> re.Pattern[str]:
    kinds = {"upper": "A-Z", "lower": "a-z", "digit": "0-9"}
    kinds |= dict.fromkeys(("either", "mark", "symbol"), "")
    for kind, group in groupby(foreign, _kind):
        run = list(group)
        is_range = ord(run[-1]) - ord(run[0]) == len(run) - 1
        kinds[kind] += f"{run[0]}-{run[-1]}" if is_range else "".join(run)
    upper, lower, digit, either, mark, _symbol = kinds.values()
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


# A pattern for ASCII and a few other characters only, which is many times faster
_pieces_of = lru_cache(maxsize=256)(_compile)

# The vocabulary: the length of each token in order of rank, then all tokens

_VOCABULARY = Path(__file__).parent / "o200k.xz"
_VOCABULARY_SIZE = 199_998


@cache
def ranks() -> dict[bytes, int]:
    """Return the rank of each token; neighbors that are the lowest token together merge first."""
    data = lzma.decompress(_VOCABULARY.read_bytes())
    ends = accumulate(data[:_VOCABULARY_SIZE], initial=_VOCABULARY_SIZE)
    return {data[start:end]: rank for rank, (start, end) in enumerate(pairwise(ends))}


_MAX_CACHED_LENGTH = 40
_PART_LENGTH = 256
_NEVER = 1 << 30


def estimate_tokens(text: str) -> int:
    """Return the number of tokens of a text, or for very long words, slightly more."""
    return sum(_costs(text))


def tokens_within(text: str, limit: int) -> int | None:
    """Return the number of tokens of a text, or None as soon as there are more than `limit`."""
    beginning = text[: 4 * limit]
    # Cutting a text can split its last word into at most that many tokens more.
    if len(text) > len(beginning) and sum(_costs(beginning)) > limit + _PART_LENGTH:
        return None
    total = 0
    for cost in _costs(text):
        total += cost
        if total > limit:
            return None
    return total


def _costs(text: str) -> Iterator[int]:
    for piece, times in Counter(split_pieces(text)).items():
        cost = _cached_cost if len(piece) <= _MAX_CACHED_LENGTH else _cached_long_cost
        yield times * cost(piece)


def _cost(piece: str) -> int:
    data = piece.encode("utf-8", "surrogatepass")
    if data in ranks():
        return 1
    if len(data) <= _PART_LENGTH:
        return _merged(data)
    # Merging takes quadratic time, so a long piece is merged in parts. Each seam costs one token
    # more, because the tokenizer can merge differently there.
    parts = (data[start : start + _PART_LENGTH] for start in range(0, len(data), _PART_LENGTH))
    return min(len(data), sum(_cached_part(part) + 1 for part in parts) - 1)


def _merged(data: bytes) -> int:
    """Merge the bytes in order of rank, and return how many tokens are left."""
    rank = ranks().get
    groups = [data[at : at + 1] for at in range(len(data))]
    pairs = [rank(pair, _NEVER) for pair in map(add, groups, groups[1:])]
    while pairs and (lowest := min(pairs)) < _NEVER:
        at = pairs.index(lowest)
        groups[at] += groups.pop(at + 1)
        del pairs[at]
        if at:
            pairs[at - 1] = rank(groups[at - 1] + groups[at], _NEVER)
        if at < len(pairs):
            pairs[at] = rank(groups[at] + groups[at + 1], _NEVER)
    return len(groups)


_cached_cost = lru_cache(maxsize=1 << 16)(_cost)
# The levels of detail that are tried repeat the same few long pieces, and parts of them.
_cached_long_cost = lru_cache(maxsize=256)(_cost)
_cached_part = lru_cache(maxsize=4096)(_merged)
