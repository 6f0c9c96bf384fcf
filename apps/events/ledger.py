"""Which alias stands for which value, so that a redacted story stays readable."""

import re
from collections import Counter
from urllib.parse import unquote

CUSTOMER_ALIAS = "<customer>"
SHORTEST_IN_TEXT = 3

_NUMBERS = frozenset(("card", "iban", "phone", "ssn", "mac"))
_GAPS = re.compile(r"[\W_]+")
_ALREADY_HIDDEN = re.compile(r"<[a-z-]{2,20}(?:-\d{1,6})?>|\[Filtered\]|\[REDACTED\]")


class Ledger:
    """Which alias stands for which value in one answer, and how often each kind was hidden."""

    def __init__(self, customer_values: frozenset[str], *, first_number: int = 1) -> None:
        self._first_number = first_number
        self.counts: Counter[str] = Counter()
        self._aliases: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._customer = frozenset(value.casefold() for value in customer_values if value)
        self._long_enough = sorted(
            (value for value in self._customer if len(value) >= SHORTEST_IN_TEXT),
            key=len,
            reverse=True,
        )
        joined = "|".join(re.escape(value) for value in self._long_enough)
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
        key = _same_for_all_spellings(kind, value)
        if key not in self._aliases:
            self._aliases[key] = f"<{kind}-{self._first_number + self._numbers[kind]}>"
            self._numbers[kind] += 1
        return self._aliases[key]

    def is_customer(self, value: str) -> bool:
        """Whether the whole value is one of the customer's own identifiers."""
        plain = value.strip().casefold()
        return plain in self._customer or ("%" in plain and unquote(plain) in self._customer)

    def hide_customer(self, text: str, *, but_numbers: bool = False) -> str:
        """Put the alias in place of each of the customer's identifiers in running text.

        `but_numbers` spares what could as well be a part of a version.
        """
        if self._customer_in_text is None or not self._may_name_the_customer(text):
            return text
        pieces, position = [], 0
        for match in self._customer_in_text.finditer(text):
            if but_numbers and match.group().isdigit():
                continue
            pieces += [text[position : match.start()], CUSTOMER_ALIAS]
            position = match.end()
            self.counts["customer"] += 1
        return "".join([*pieces, text[position:]])

    def _may_name_the_customer(self, text: str) -> bool:
        """A search for plain words first: it is many times faster than the pattern."""
        folded = text.casefold()
        return any(value in folded for value in self._long_enough)


def _same_for_all_spellings(kind: str, value: str) -> str:
    """One value under two names, or written in two ways, is one value with one alias."""
    if kind in _NUMBERS:
        return _GAPS.sub("", unquote(value)).casefold()
    return (unquote(value) if "%" in value else value).casefold()
