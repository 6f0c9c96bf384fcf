"""The export as plain text for a terminal; control characters are spelled out already."""

from collections.abc import Iterator

from apps.exports.blocks import AUTHORS, Block, blocks
from apps.exports.escaping import one_line
from apps.exports.facts import Document


def render(document: Document) -> str:
    """Return the facts of the other formats, with those by others indented under their source."""
    lines = [document.preset.instruction, ""] if document.preset.instruction else []
    for block in blocks(document, one_line):
        lines += _lines(block)
    return "\n".join(lines) + "\n"


def _lines(block: Block) -> Iterator[str]:
    if block.heading:
        yield from ("", block.heading)
    if block.source == "triage":
        yield from block.lines
        return
    yield f"  [{AUTHORS[block.source]}]"
    yield from (f"  {line}" for line in block.lines)
