"""Exports of a redacted result as Markdown, JSON, and plain text.

The package does no I/O. Everything in an export is neutralized and fits a token limit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from apps.events.answer import Answer
from apps.events.grouping import UNGROUPED
from apps.events.once import rule_cache
from apps.exports import json_format
from apps.exports.document import DocumentBuilder, fit
from apps.exports.facts import EVERYTHING, NO_LIMITS, NO_PRESET, Document, Omission, Preset
from apps.exports.markdown import markdown_text, plain_text
from apps.exports.tokens import (
    DEFAULT_BUDGET,
    FAMILIES,
    GPT,
    MAX_PROMPT_TOKENS,
    MAX_TOKENS,
    MIN_PROMPT_TOKENS,
    MIN_TOKENS,
    Family,
    estimate_tokens,
)

Format = Literal["markdown", "json", "text"]

# Media type, file suffix, and writer
_FORMATS: dict[str, tuple[str, str, Callable[[Document], str]]] = {
    "markdown": ("text/markdown", "md", markdown_text),
    "json": ("application/json", "json", json_format.render),
    "text": ("text/plain", "txt", plain_text),
}


class ExportRefused(ValueError):
    """An export that is impossible: a sentence for the page, and the field to change."""

    def __init__(self, sentence: str, field: str = "budget") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished export. `tokens` are those of the chosen family of models."""

    text: str
    tokens: int
    omitted: tuple[Omission, ...]
    media_type: str
    suffix: str


def family_named(name: str) -> Family:
    """Return the family of models with that name. Raise `ExportRefused` if there is none."""
    for family in FAMILIES:
        if family.name == name:
            return family
    known = ", ".join(family.name for family in FAMILIES)
    message = f"There is no family of models with that name. Choose one of: {known}."
    raise ExportRefused(message, "model")


def render(  # noqa: PLR0913 - independent, keyword-only options
    answer: Answer,
    *,
    format: Format,
    marker: str,
    budget: int | None = DEFAULT_BUDGET,
    preset: Preset = NO_PRESET,
    customer: str = "<customer>",
    lookup_id: str | None = None,
    from_cache: bool = False,
    zone: str = "UTC",
    inside_block: bool = False,
    issue_id: str | None = None,
    event_id: str | None = None,
    today: date | None = None,
    family: Family = GPT,
    datamarking: bool = False,
) -> Rendered:
    """Render a redacted result.

    `marker` is a nonce of 8 to 40 random letters and digits, new for each lookup. `budget` is the
    limit in tokens; without one, JSON contains everything unchanged, and the other
    formats have the highest level of detail. JSON is plain data without the prompt, unless
    `inside_block` requests the form for a language model. With `issue_id`, only the problem
    with that issue is included, and with `event_id`, only that event of it. `today` is the reader's
    date, or else the day Sentry was queried; it decides the wording about planned fixes. `budget`
    and the tokens of the result are those of `family`. With `datamarking`, Markdown has a mark in
    place of each space in recorded text.

    Raises `ExportRefused` for an unknown format or issue, for a budget out of range, and for a
    prompt that does not fit, and `ValueError` for an invalid marker.
    """
    if format not in _FORMATS:
        raise ExportRefused(
            f"There is no export format with that name. Choose one of: {', '.join(_FORMATS)}."
        )
    if budget is not None:
        check_budget(budget, family, preset)
    ids = {event.issue_id or UNGROUPED for event in answer.events}
    if issue_id and issue_id not in ids:
        raise ExportRefused("The lookup has no problem with that ID.")
    if event_id and not any(event.id == event_id for event in answer.events):
        raise ExportRefused("The lookup has no event with that ID.")
    media_type, suffix, write = _FORMATS[format]
    if format == "json" and inside_block:
        write = json_format.render_block
    with rule_cache():
        builder = DocumentBuilder(
            answer,
            marker,
            customer=customer,
            lookup_id=lookup_id,
            from_cache=from_cache,
            zone=zone,
            preset=preset,
            issue_id=issue_id,
            event_id=event_id,
            today=today,
            datamarking=datamarking,
        )
        if budget is None:
            document = builder.build(EVERYTHING if write is json_format.render else NO_LIMITS)
            text = write(document)
            tokens = estimate_tokens(text)
        else:
            document, text, tokens = fit(builder.build, write, family.room(budget), family.count)
    return Rendered(text, family.count(tokens), document.omitted, media_type, suffix)


def check_budget(budget: int, family: Family, preset: Preset = NO_PRESET) -> None:
    """Raise `ExportRefused` for a limit that is out of range, or too low for the prompt."""
    least, highest = family.count(MIN_TOKENS), MAX_TOKENS
    if not least <= budget <= highest:
        raise ExportRefused(f"The token limit must be from {least:,} to {highest:,} tokens.")
    taken = family.count(preset.tokens)
    left = min(MAX_PROMPT_TOKENS, max(MIN_PROMPT_TOKENS, budget // 10))
    if taken > left:
        raise ExportRefused(
            f"The prompt takes about {taken} tokens, but a limit of {budget:,} tokens leaves only "
            f"{left} for it. Choose a higher limit or a shorter prompt."
        )
