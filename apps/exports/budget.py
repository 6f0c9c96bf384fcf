"""Fitting an export to a token limit."""

from bisect import bisect_left
from collections.abc import Callable

from apps.exports.facts import LADDER, Detail, Document
from apps.exports.tokens import is_within

MIN_TOKENS = 400
MAX_TOKENS = 1_000_000


def fit(
    build: Callable[[Detail], Document], write: Callable[[Document], str], budget: int
) -> Document:
    """Return the most detailed document whose text fits `budget`, in estimated tokens.

    `build` makes the document of a level of detail, and `write` its text. Raises `ValueError` if
    even the bare header is too long, which cannot happen from `MIN_TOKENS` up.
    """
    documents: dict[Detail, Document] = {}

    def fits(detail: Detail) -> bool:
        documents[detail] = build(detail)
        return is_within(write(documents[detail]), budget)

    # Most results fit as a whole.
    level = 0 if fits(LADDER[0]) else bisect_left(LADDER, True, lo=1, key=fits)
    if level == len(LADDER):
        raise ValueError(f"The header alone is longer than {budget} tokens.")
    return documents[LADDER[level]]
