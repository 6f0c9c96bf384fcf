"""One row of the tables of plain words, and how it is held against an event.

A rule fits a clue when one of the things it looks at is there and all its conditions hold.
Patterns read small letters and are bounded, so that a text costs no more than its length.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache

from apps.events.clues import CLIENT, Clue, Side
from apps.events.deeds import Deed

__all__ = ["CLIENT", "ON_SERVER", "Deed", "Example", "Rule", "Side", "Where", "names"]

ON_SERVER = frozenset((Side.SERVER,))


class Where(Enum):
    """The place where it failed, as a page may say it."""

    SERVER = "our server"
    SERVICE = "another service"
    NETWORK = "the customer's connection"
    BROWSER = "the customer's browser"
    DEVICE = "the customer's device"
    APP = "the app itself"


@dataclass(frozen=True, slots=True)
class Example:
    """The shape of an event that only its rule tells first: `Type: message` and the platform."""

    title: str
    platform: str = "python"
    message: str | None = None
    mechanism: str | None = None
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence, and what it is told from.

    `{Us}` and `{us}` in the sentence become our server, the page, the app or the program.
    `where` is None where the failing program itself is the place.

    It looks at: `types`, bare names of exceptions; `says`, a pattern for the line `type: message`;
    `statuses` of HTTP; `calls`, a pattern for an exception's module and innermost functions;
    `files`, one for the address of the file it was raised in; `mechanisms` of the SDK. Conditions:
    `sides`, and `paying` for a line that speaks of a payment service. `vague` rules are asked only
    when no other fits any part of the event; `broad` ones say too little to count as specific; a
    `slight` failure is seldom what a customer means, so that others come first. `deed` is what the
    sentence tells already, so that it is not said twice.
    """

    sentence: str
    where: Where | None
    example: Example
    says: str = ""
    types: frozenset[str] = frozenset()
    statuses: frozenset[int] = frozenset()
    calls: str = ""
    files: str = ""
    mechanisms: frozenset[str] = frozenset()
    sides: frozenset[Side] = frozenset()
    paying: bool = False
    vague: bool = False
    broad: bool = False
    slight: bool = False
    deed: Deed | None = None

    def fits(self, clue: Clue) -> bool:
        """Whether the rule tells what the clue means."""
        return self._may(clue) and (self._is_named(clue) or self._reads(clue))

    def _may(self, clue: Clue) -> bool:
        return (not self.sides or clue.side in self.sides) and (not self.paying or clue.paying)

    def _is_named(self, clue: Clue) -> bool:
        return (
            clue.name in self.types
            or clue.status in self.statuses
            or clue.mechanism in self.mechanisms
        )

    def _reads(self, clue: Clue) -> bool:
        if self.says and _pattern(self.says).search(clue.line):
            return True
        if self.files and _pattern(self.files).search(clue.file):
            return True
        return bool(self.calls and _pattern(self.calls).search(clue.calls))

    def core(self, side: Side) -> str:
        """The sentence for this side, without what the customer tried."""
        us = _US[side]
        return self.sentence.replace("{Us}", us[0].upper() + us[1:]).replace("{us}", us)

    def place(self, side: Side) -> Where:
        """Where it failed."""
        if self.where in (Where.BROWSER, Where.DEVICE) and side in CLIENT:
            return Where.DEVICE if side is Side.DEVICE else Where.BROWSER
        if self.where:
            return self.where
        return Where.SERVER if side is Side.SERVER else Where.APP


_US = {
    Side.SERVER: "our server",
    Side.BROWSER: "the page",
    Side.DEVICE: "the app",
    Side.UNKNOWN: "the program",
}


def names(listed: str) -> frozenset[str]:
    """The names in a text, for tables that are to be read."""
    return frozenset(listed.lower().split())


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Only the tables' own patterns get here, so this cannot grow."""
    return re.compile(text)
