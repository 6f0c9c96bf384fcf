"""An escalation as a person edited it, with personal data and secrets taken out."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

from apps.events.ledger import Ledger
from apps.events.redaction import redact_text

_FIRST_NUMBER = 1001  # far from the aliases that stand in the draft already
_ALIASES = re.compile(r"(<[a-z][a-z-]{1,20}(?:-\d{1,6})?>)")


@dataclass(frozen=True, slots=True)
class Checked:
    """The text, and how much of which kind was hidden in it."""

    text: str
    hidden: dict[str, int]


def checked(text: str, *, drafted: str, names: Collection[str]) -> Checked:
    """Redact the lines that are not as they were drafted: what was drafted is redacted already.

    `names` is what the customer is known by.
    """
    own = frozenset(drafted.split("\n"))
    ledger = Ledger(frozenset(names), first_number=_FIRST_NUMBER)
    pieces = []
    for is_own, lines in groupby(text.split("\n"), key=own.__contains__):
        joined = "\n".join(lines)
        pieces.append(joined if is_own else _redacted(joined, ledger))
    return Checked("\n".join(pieces), dict(Counter(ledger.counts)))


def _redacted(text: str, ledger: Ledger) -> str:
    """What is hidden already stays as it is, even where the customer is called by its number."""
    parts = _ALIASES.split(text)
    return "".join(
        part if place % 2 else redact_text(part, ledger) for place, part in enumerate(parts)
    )
