"""Exports of a redacted result as Markdown, JSON, and plain text.

The package does no I/O. Everything in an export is neutralized and fits a token limit.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from apps.events import summary
from apps.events.answer import Answer
from apps.events.grouping import group_by_issue
from apps.exports import json_format, markdown
from apps.exports import text as exports_text
from apps.exports.document import MAX_TOKENS, MIN_TOKENS, Setting, build, fit
from apps.exports.facts import (
    EVERYTHING,
    LADDER,
    NO_PRESET,
    Document,
    Omission,
    Preset,
    reserved_for_prompt,
)
from apps.exports.tokens import estimate_tokens

Format = Literal["markdown", "json", "text"]

__all__ = [
    "DEFAULT_BUDGET",
    "ExportRefused",
    "Format",
    "Preset",
    "Rendered",
    "code_version",
    "estimate_tokens",
    "render",
]

DEFAULT_BUDGET = 6000
# Media type and file suffix
_FORMATS: dict[str, tuple[str, str]] = {
    "markdown": ("text/markdown", "md"),
    "json": ("application/json", "json"),
    "text": ("text/plain", "txt"),
}


class ExportRefused(ValueError):
    """An export that is impossible; the message is a sentence for the page."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished export. `tokens` is an upper estimate."""

    text: str
    tokens: int
    omitted: tuple[Omission, ...]
    media_type: str
    suffix: str


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
    today: date | None = None,
) -> Rendered:
    """Render a redacted result.

    `marker` is a nonce of 8 to 40 random letters and digits, new for each lookup. `budget` is the
    limit in estimated tokens; without one, JSON contains everything unchanged, and the other
    formats have the highest level of detail. JSON is plain data without the prompt, unless
    `inside_block` requests the form for a language model. With `issue_id`, only the problem
    with that issue is included. `today` is the reader's date, which decides the wording about
    planned fixes.

    Raises `ExportRefused` for an unknown format or issue, for a budget out of range, and for a
    prompt that does not fit, and `ValueError` for an invalid marker.
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
    write = _writer(format, inside_block=inside_block)
    document, text = _document(answer, setting, write, plain=write is json_format.render)
    media_type, suffix = _FORMATS[format]
    return Rendered(text, estimate_tokens(text), document.omitted, media_type, suffix)


@cache
def code_version() -> str:
    """Return a digest of the code that decides what is in an export."""
    events, exports = Path(summary.__file__).parent, Path(__file__).parent
    files = sorted((*events.rglob("*.py"), *exports.glob("*.py")))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _check(format: str, budget: int | None, preset: Preset) -> None:
    if format not in _FORMATS:
        raise ExportRefused(
            f"There is no export format with that name. Choose one of: {', '.join(_FORMATS)}."
        )
    if budget is not None and not MIN_TOKENS <= budget <= MAX_TOKENS:
        raise ExportRefused(
            f"The token limit must be from {MIN_TOKENS:,} to {MAX_TOKENS:,} tokens."
        )
    if budget is not None and preset.tokens > reserved_for_prompt(budget):
        raise ExportRefused(
            f"The prompt takes about {preset.tokens} tokens, but a limit of {budget:,} tokens "
            f"leaves only {reserved_for_prompt(budget)} for it. Choose a higher limit or a shorter "
            "prompt."
        )


def _document(
    answer: Answer, setting: Setting, write: Callable[[Document], str], *, plain: bool
) -> tuple[Document, str]:
    if setting.budget is None:
        detail = EVERYTHING if plain else LADDER[0]
        document = build(answer, setting=setting, detail=detail)
        return document, write(document)
    room = setting.budget - reserved_for_prompt(setting.budget)
    bare = replace(setting, preset=NO_PRESET)
    document = fit(lambda detail: build(answer, setting=bare, detail=detail), write, room)
    document = replace(document, preset=setting.preset)
    return document, write(document)


def _writer(format: Format, *, inside_block: bool) -> Callable[[Document], str]:
    if format == "json":
        return json_format.render_block if inside_block else json_format.render
    return markdown.render if format == "markdown" else exports_text.render
