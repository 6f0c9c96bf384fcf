"""Fitting an export to a token limit, with the same facts in every format."""

from bisect import bisect_left
from collections.abc import Callable, Iterator

from apps.exports import json_format, markdown, xml_format
from apps.exports import text as exports_text
from apps.exports.facts import LADDER, Detail, Document
from apps.exports.tokens import is_within

MIN_TOKENS = 400
MAX_TOKENS = 1_000_000


def fit(build: Callable[[Detail], Document], budget: int, *, reserved: int = 0) -> Document:
    """Return the most detailed document whose formats all fit `budget`, in estimated tokens.

    `build` makes the document of a level of detail. Plain JSON can also use what is `reserved`,
    because it never has a prompt. Raises `ValueError` if even the bare header
    is too long, which cannot happen from `MIN_TOKENS` up.
    """

    def fits(detail: Detail) -> bool:
        texts = render_all(build(detail))
        is_plain_within = is_within(next(texts), budget + reserved)
        return is_plain_within and all(is_within(text, budget) for text in texts)

    level = bisect_left(LADDER, True, key=fits)
    if level == len(LADDER):
        raise ValueError(f"The header alone is longer than {budget} tokens.")
    return build(LADDER[level])


def render_all(document: Document) -> Iterator[str]:
    """Yield plain JSON, then all four formats, lazily and the usually longest ones first."""
    yield json_format.render(document)
    yield json_format.render(document, inside_block=True)
    yield xml_format.render(document)
    yield markdown.render(document)
    yield exports_text.render(document)
