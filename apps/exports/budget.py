"""Fitting an export into a number of tokens, the same facts for every format."""

from collections.abc import Callable, Iterator

from apps.exports import as_json, as_markdown, as_text, as_xml
from apps.exports.detail import LADDER, Detail
from apps.exports.facts import Document
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
    yield as_json.render(document, inside_block=True)
    yield as_xml.render(document)
    yield as_markdown.render(document)
    yield as_text.render(document)
