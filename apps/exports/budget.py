"""Fitting an export into a number of tokens, the same facts for every format."""

from collections.abc import Callable, Iterator

from apps.exports import json_format, markdown, xml_format
from apps.exports import text as exports_text
from apps.exports.facts import LADDER, Detail, Document
from apps.exports.tokens import is_within

LEAST_TOKENS = 400
MOST_TOKENS = 1_000_000


def fit(build: Callable[[Detail], Document], budget: int) -> Document:
    """The richest document whose costliest format has at most `budget` estimated tokens.

    `build` writes the facts of one detail. The choice depends on nothing but the facts. Raises
    `ValueError` when even the bare header is too long, which no budget from `LEAST_TOKENS` meets.
    """
    low, high = 0, len(LADDER)
    best: Document | None = None
    while low < high:
        middle = (low + high) // 2
        document = build(LADDER[middle])
        if _fits(document, budget):
            best, high = document, middle
        else:
            low = middle + 1
    if best is None:
        raise ValueError(f"The header alone is longer than {budget} tokens.")
    return best


def _fits(document: Document, budget: int) -> bool:
    return all(is_within(text, budget) for text in every_format(document))


def every_format(document: Document) -> Iterator[str]:
    """All four, the one that is mostly the longest first, and each only when it is asked for."""
    yield json_format.render(document, inside_block=True)
    yield xml_format.render(document)
    yield markdown.render(document)
    yield exports_text.render(document)
