"""The export as Markdown, in which no text of an event can become markup."""

import re
from dataclasses import replace

from apps.exports.blocks import AUTHORS, UNKNOWN, Block, blocks
from apps.exports.escaping import enclose, longest_run, one_line
from apps.exports.facts import Document

# One of them replaces each space in recorded text, if words are marked.
_SIGNS = "^~¦§\ue000"
_PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*|\d{1,20}")


def render(document: Document) -> str:
    """Return the prompt, then everything else inside the marked block."""
    parts = list(blocks(document, inline))
    sign = ""
    if document.datamarking:
        parts, sign = _marked(parts)
    note = f"In recorded text, {sign} stands for a space." if sign else ""
    text = "\n".join(map(_block, parts))
    return f"{document.preset.prompt}{enclose(text, document.marker, note)}"


def _marked(parts: list[Block]) -> tuple[list[Block], str]:
    """Return the blocks with a mark for each space in recorded text, and the mark.

    Whatever is written with spaces is then ours or the support team's. The mark is the first one
    that the text doesn't contain.
    """
    recorded = {letter for one in parts if one.source == "event" for letter in "".join(one.lines)}
    sign = next((sign for sign in _SIGNS if sign not in recorded), _SIGNS[-1])
    return [
        replace(one, lines=[line.replace(" ", sign) for line in one.lines])
        if one.source == "event"
        else one
        for one in parts
    ], sign


def _block(block: Block) -> str:
    """Return our lines as Markdown, and those of others in a fence longer than any in them."""
    text = "\n".join(block.lines)
    heading = f"# {block.heading}\n" if block.heading else ""
    if block.source == "triage":
        return f"{heading}{text}"
    fence = "`" * max(3, longest_run(text, "`") + 1)
    return f"{heading}{fence}{AUTHORS[block.source]}\n{text}\n{fence}"


def inline(text: str | None) -> str:
    """Return the text on one line, as a plain word or in a code span that it cannot end."""
    if text is None:
        return UNKNOWN
    line = one_line(text)
    if _PLAIN_WORD.fullmatch(line):
        return line
    if not line:
        return "(empty)"
    fence = "`" * (longest_run(line, "`") + 1)
    space = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{space}{line}{space}{fence}"
