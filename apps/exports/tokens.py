"""How many tokens a text costs, estimated from above without a tokenizer.

o200k cuts a text into pieces and joins the bytes of each, the earliest of its joins first, until
no two neighbours are one of its tokens. Here the cuts are the same. Of the joins only the earliest
are known, as many as `vocabulary` holds for each kind of character; so each group that they leave
is whole in the end as well. What may become of the groups is limited by the tokens that are known:
two neighbours that are one together cannot both be left. The dearest end that this allows is the
price, so that knowing less makes it higher, never too low.
"""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from operator import add

from apps.exports.cuts import cut
from apps.exports.vocabulary import complete_joins, joins, one_token

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
