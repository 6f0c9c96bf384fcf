"""What is known already about a problem, and why it is taken for that one. Written by people here.

None of it comes from an event: a match says which rule fitted, never the text that it fitted.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class FixState(StrEnum):
    """How far the fix is."""

    OPEN = "open"
    PLANNED = "planned"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read more; `address` is http or https."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of the catalogue. `reply` is what to tell the customer, `planned_for` a day."""

    slug: str
    title: str
    explanation: str
    reply: str = ""
    workaround: str = ""
    state: FixState = FixState.OPEN
    planned_for: date | None = None
    fixed_in: str = ""
    owner: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """That this issue is known. `why` are the rules that fitted, in words, the surest first."""

    known: Known
    issue_id: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownErrors:
    """What the catalogue says of an answer: for each issue the best match first.

    `unchecked` counts the entries that there was no time for; then nothing surely is unknown.
    """

    matches: tuple[KnownMatch, ...] = ()
    unchecked: int = 0

    def of(self, issue_id: str) -> tuple[KnownMatch, ...]:
        """The matches of one issue, the best first."""
        return tuple(match for match in self.matches if match.issue_id == issue_id)
