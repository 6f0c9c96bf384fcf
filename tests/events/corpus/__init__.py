"""The corpus of secrets and lookalikes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.redaction.engine import Ledger, redact_text

_ALIAS = re.compile(r"<[a-z-]+-\d+>")
_PART = re.compile(r"[^\W_]{4,}")
_PIECE = re.compile("«(.+?)»")


@dataclass(frozen=True, slots=True)
class Row:
    """A text with the pieces that must be redacted, or must survive."""

    origin: str
    kind: str
    text: str
    pieces: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The redacted text."""
        return redact_text(self.text, Ledger(frozenset()))

    @property
    def leaks(self) -> tuple[str, ...]:
        """The pieces that survived, whole or with a word of four or more characters."""
        shown, around = _ALIAS.sub("", self.shown), self.text
        for piece in self.pieces:
            around = around.replace(piece, " ")
        return tuple(
            piece
            for piece in self.pieces
            if piece in shown
            or any(shown.count(part) > around.count(part) for part in _PART.findall(piece))
        )

    @property
    def is_damaged(self) -> bool:
        """Whether something was redacted that must survive."""
        shown = self.shown
        return not all(piece in shown for piece in self.pieces) or (
            self.pieces == (self.text,) and shown != self.text
        )


def rows(pattern: str) -> Iterator[Row]:
    """Yield the rows of the files that match the pattern, such as `secrets_*`."""
    for path in sorted(Path(__file__).parent.glob(f"{pattern}.tsv")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            kind, marked = line.replace("·", "").replace("⏎", "\n").split("\t", 1)
            text = _PIECE.sub(r"\1", marked)
            pieces = tuple(_PIECE.findall(marked)) or (text,)
            yield Row(f"{path.name}:{number}", kind, text, pieces)
