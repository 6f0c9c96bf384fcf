"""How many tokens a text costs, estimated from above without a tokenizer's own vocabulary.

The figures were measured against o200k. A common word costs one, three digits cost one; what is
not known to stay whole is priced by the most that letters, signs and bytes of its kind can cost.
"""

import re
from functools import lru_cache
from math import ceil

from apps.exports.vocabulary import NAMES, PIECES, WORDS

_PIECE = re.compile(
    r"(?P<digits>[0-9]{1,3})"
    r"|(?P<before>[^A-Za-z0-9\r\n\x80-\U0010ffff])?(?P<letters>[A-Z]?[a-z]+|[A-Z]+(?![a-z]))"
    r"|(?P<signs> ?[^\sA-Za-z0-9\x80-\U0010ffff]+[\r\n/]*)"
    r"|(?P<blanks>\s*[\r\n]+|\s+(?!\S)|\s+)"
    r"|(?P<other>[\x80-\U0010ffff]|.)",
    re.DOTALL,
)
_RARE_PAIR = re.compile(
    r"(?=bq|gk|gq|jv|jz|kq|kz|lq|nq|qf|qg|qj|qk|qv|qz|rj|tq|wq|wz|xg|xj|xk|xq|xv|xw|yq|zj|zq|zv)"
)
# Runs of signs that are common in exports, as they are spelled in JSON.
_SIGNS_IN_ONE = frozenset(
    (
        '":"', '","', '":', '",', '":[', '"},', '{"', "[{", "}]", "},", "],", '"]', '"}',
        "[]", "{}", "()", '("', '")', "'(", "')", "('", "):", ").", "),", ");", "=>", "->", "==",
        "!=", "::", "//", "://", "/>", "</", ">", '">', '="', "...", "..", "--", "---", "**", "||",
        "&&", "`.", "`,", "`:", "```", "~~~", '"},{"', ',"', ",\n", ">\n", '">\n',
        '"/>\n', "`\n", "`;", " (-", ':"', '.","', ";\n", ".\n", ":\n", '"\n', ")\n", "},\n",
        "}\n", '",\n', '"},\n', "{\n", " (+", " {", " [", ' "', " '", " (", " <", " -", " =",
        " `", " |", " +", " :", " &", " $", " /", " #", " @", " *", " .", " >", " !", " ?", " //",
        " ...", " ==", " =>", " ->", " {}", " []", " ()", " --", " !=", " &&", " ||", '="-',
        '":{"',
        " |\n", "`).", "`)", "](", ")`", '"`', '="+',
    )
)  # fmt: skip
_SIGNS_IN_TWO = frozenset(
    (
        '":[{"', '":{', '"},"', '"}],"', '"],"', '":[],"', '/","', '/">', '/">\n', "`),", "/`;",
        '/"},\n',
    )
)  # fmt: skip
# One token each, or two: the letters of the scripts most texts are written in.
_CHEAP_LETTERS = (
    (0xA0, 0xDE, 1.6), (0xDF, 0xFF, 1.3), (0x3B1, 0x3C9, 1), (0x410, 0x44F, 1), (0x5D0, 0x5EA, 1),
    (0x621, 0x63A, 1.1), (0x641, 0x652, 1.1), (0x80, 0x7FF, 2), (0x4E00, 0x9FA5, 2),
    (0x3041, 0x30FF, 2),
)  # fmt: skip
_DEAR_HAN_PAGES = frozenset((0x5D, 0x6A, 0x87, 0x88, 0x97, 0x9B, 0x9C, 0x9D, 0x9F))


def estimate_tokens(text: str) -> int:
    """About how many tokens a language model reads in this text; rather too many than too few."""
    return ceil(sum(map(_price, _PIECE.findall(text))))


@lru_cache(maxsize=1 << 16)
def _price(piece: tuple[str, str, str, str, str, str]) -> float:
    digits, before, letters, signs, blanks, other = piece
    if digits:
        return 1
    if letters:
        return _price_of_word(before, letters)
    if signs:
        return _price_of_signs(signs)
    if blanks:
        return _price_of_blanks(blanks)
    return _price_of_letter(ord(other))


def _price_of_word(before: str, letters: str) -> float:
    if before + letters in PIECES:
        return 1
    lowered = letters.lower()
    known = lowered in WORDS and (letters.islower() or letters.istitle())
    if known:
        whole = not before or before == " " or (before in "._" and letters in NAMES)
        return 1 if whole else 2
    apart = 0 if not before or (before == " " and len(letters) != 2) else 1
    if before == " " and len(letters) == 2:
        apart = 0 if lowered in _COMMON_PAIRS else 1
    return apart + _price_of_letters(letters)


_COMMON = "of to in is it by as at on or an be we no if do my up so me he id us js py ms ok go"
_COMMON_PAIRS = frozenset(_COMMON.split())


def _price_of_letters(letters: str) -> float:
    """Known words inside first, longest from the left; the rest as if no three letters join.

    One more for words that were put together: a tokenizer may cut them elsewhere.
    """
    price, rest = 0.0, letters
    while known := _known_start(rest):
        price, rest = price + 1, rest[known:]
    together = 1 if price and (price > 1 or rest) else 0
    return price + together + (_price_of_unknown(rest) if rest else 0)


def _known_start(letters: str) -> int:
    """How long the longest common word is with which the letters start; 0 when there is none."""
    for end in range(min(len(letters), 14), 3, -1):
        if letters[:end].lower() in WORDS and not letters[:end].isupper():
            return end
    return 0


def _price_of_unknown(letters: str) -> float:
    if len(letters) == 1:
        return 1
    if letters.islower():
        rare = len(_RARE_PAIR.findall(letters))
        return min(
            len(letters),
            ceil(len(letters) * 2 / 3 + rare / 2) if len(letters) > 2 else 1 + min(rare, 1),
        )
    return ceil(len(letters) * 0.85)


def _price_of_signs(signs: str) -> float:
    if signs in _SIGNS_IN_ONE:
        return 1
    if signs in _SIGNS_IN_TWO:
        return 2
    body = signs.strip(" \r\n")
    ends = len(signs) - len(signs.rstrip("\r\n"))
    if body in _SIGNS_IN_ONE:
        return 1 + ends + (signs[0] == " ")
    if len(body) > 3 and len(set(body)) == 1:
        return ceil(len(body) / 2) + ends
    return len(body) + ends


def _price_of_blanks(blanks: str) -> float:
    """Only runs of one usual blank stay together."""
    alike = len(set(blanks)) == 1 and blanks[0] in " \n\t"
    return 1 + len(blanks) // 16 if alike else len(blanks.encode())


def _price_of_letter(code: int) -> float:
    if 0x4E00 <= code <= 0x9FA5 and code >> 8 in _DEAR_HAN_PAGES:
        return 3
    for first, last, price in _CHEAP_LETTERS:
        if first <= code <= last:
            return price
    return 3 if code < 0x10000 else 4
