"""Writing an answer out: redacted, short, complete, and safe against what events hold.

Pure: an `Answer` goes in, text comes out. Redaction has happened before.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from apps.events.answer import Answer
from apps.events.grouping import group_by_issue
from apps.exports import json_format, markdown, xml_format
from apps.exports import text as exports_text
from apps.exports.budget import LEAST_TOKENS, MOST_TOKENS, fit
from apps.exports.document import Setting, build
from apps.exports.facts import EVERYTHING, LADDER, NO_PRESET, Document, Omission, Preset, held_back
from apps.exports.tokens import estimate_tokens

Format = Literal["markdown", "xml", "json", "text"]

__all__ = [
    "DEFAULT_BUDGET",
    "ExportRefused",
    "Format",
    "Omission",
    "Preset",
    "Rendered",
    "estimate_tokens",
    "render",
]

DEFAULT_BUDGET = 6000
_KINDS: dict[str, tuple[str, str]] = {
    "markdown": ("text/markdown", "md"),
    "xml": ("application/xml", "xml"),
    "json": ("application/json", "json"),
    "text": ("text/plain", "txt"),
}


class ExportRefused(ValueError):
    """What was asked cannot be exported; the message says why in a plain sentence."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished export. `tokens` is an estimate, rather too high than too low."""

    text: str
    tokens: int
    omitted: tuple[Omission, ...]
    media_type: str
    suffix: str


def render(  # noqa: PLR0913 - each is a choice of whoever asks, and all are named
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
    today: date | None = None,
) -> Rendered:
    """Write a redacted answer out.

    `marker` is 8 to 40 random letters and digits, new for each lookup. `budget` is in estimated
    tokens; without one, JSON holds everything as it came, and the other formats their richest
    form. JSON is plain data without the preset's question, unless `inside_block` asks for the
    form that is copied for a language model. With `issue_id` only that issue is told. `today` is
    the reader's day, by which the fix of a known error is told.

    Raises `ExportRefused` for an unknown format or issue, for a budget out of bounds and for a
    preset whose question does not fit into it, and `ValueError` for an unfit marker.
    """
    _check(format, budget, preset)
    setting = Setting(
        marker=marker,
        customer=customer,
        lookup_id=lookup_id,
        from_cache=from_cache,
        zone=zone,
        preset=preset,
        budget=budget,
        issue_id=issue_id,
        today=today,
    )
    if issue_id and issue_id not in {group.issue_id for group in group_by_issue(answer)}:
        raise ExportRefused("The lookup has no problem with that ID.")
    document = _document(answer, setting, plain=format == "json" and not inside_block)
    text = _written(document, format, inside_block=inside_block)
    media_type, suffix = _KINDS[format]
    return Rendered(text, estimate_tokens(text), document.omitted, media_type, suffix)


def _check(format: str, budget: int | None, preset: Preset) -> None:
    if format not in _KINDS:
        raise ExportRefused(
            f"There is no export format with that name. Choose one of: {', '.join(_KINDS)}."
        )
    if budget is not None and not LEAST_TOKENS <= budget <= MOST_TOKENS:
        raise ExportRefused(f"The token limit must be from {LEAST_TOKENS} to {MOST_TOKENS} tokens.")
    if budget is not None and preset.tokens > held_back(budget):
        raise ExportRefused(
            f"The prompt takes about {preset.tokens} tokens, but a limit of {budget} tokens "
            f"leaves only {held_back(budget)} for it. Choose a higher limit or a shorter "
            "prompt."
        )


def _document(answer: Answer, setting: Setting, *, plain: bool) -> Document:
    if setting.budget is not None:
        room = setting.budget - held_back(setting.budget)
        without = replace(setting, preset=NO_PRESET)
        document = fit(lambda detail: build(answer, setting=without, detail=detail), room)
        return replace(document, preset=setting.preset)
    return build(answer, setting=setting, detail=EVERYTHING if plain else LADDER[0])


def _written(document: Document, format: Format, *, inside_block: bool) -> str:
    if format == "json":
        return json_format.render(document, inside_block=inside_block)
    writers = {"markdown": markdown.render, "xml": xml_format.render, "text": exports_text.render}
    return writers[format](document)
