"""Which alias stands for which value, so that a redacted story stays readable."""

import re
from collections import Counter

CUSTOMER_ALIAS = "<customer>"
SHORTEST_IN_TEXT = 3

_ALREADY_HIDDEN = re.compile(r"<[a-z-]{2,20}(?:-\d{1,6})?>|\[Filtered\]|\[REDACTED\]")


class Ledger:
    """Which alias stands for which value in one answer, and how often each kind was hidden."""

    def __init__(self, customer_values: frozenset[str], *, first_number: int = 1) -> None:
        self._first_number = first_number
        self.counts: Counter[str] = Counter()
        self._aliases: dict[tuple[str, str], str] = {}
        self._numbers: Counter[str] = Counter()
        self._customer = frozenset(value.casefold() for value in customer_values if value)
        long_enough = sorted(
            (value for value in self._customer if len(value) >= SHORTEST_IN_TEXT),
            key=len,
            reverse=True,
        )
        joined = "|".join(re.escape(value) for value in long_enough)
        self._customer_in_text = (
            re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if joined else None
        )

    def alias(self, kind: str, value: str) -> str:
        """The stand-in for a value of this kind; counts it."""
        if not value.strip() or _ALREADY_HIDDEN.fullmatch(value):
            return value
        if self.is_customer(value):
            self.counts["customer"] += 1
            return CUSTOMER_ALIAS
        self.counts[kind] += 1
        key = (kind, value.casefold())
        if key not in self._aliases:
            self._aliases[key] = f"<{kind}-{self._first_number + self._numbers[kind]}>"
            self._numbers[kind] += 1
        return self._aliases[key]

    def is_customer(self, value: str) -> bool:
        """Whether the whole value is one of the customer's own identifiers."""
        return value.strip().casefold() in self._customer

    def hide_customer(self, text: str) -> str:
        """Put the alias in place of each of the customer's identifiers in running text."""
        if self._customer_in_text is None:
            return text
        hidden, count = self._customer_in_text.subn(CUSTOMER_ALIAS, text)
        self.counts["customer"] += count
        return hidden
