"""A time of day as it was seen, and the words around one."""

import re
from dataclasses import dataclass

from apps.tickets.words import NUMBERS, folded

MIDNIGHT = "midnight"


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """A time of day as written. `meridiem` is "am", "pm" or "" where none stands.

    `about` is the word that makes it rough ("around"), `bound` one that makes it an edge
    ("before"); `is_spelled`: in words, "half past four"; `until` is the end of a range. `is_24h`:
    written so that no am or pm is missing.
    """

    start: int
    end: int
    text: str
    hour: int
    minute: int = 0
    second: int | None = None
    meridiem: str = ""
    about: str = ""
    bound: str = ""
    is_whole_hour: bool = False
    is_padded: bool = False
    is_24h: bool = False
    is_spelled: bool = False
    until: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A part of a day: "morning", "midday", "afternoon", "evening" or "night"."""

    start: int
    end: int
    text: str
    part: str


ROUGH_WORDS = (
    r"approximately|around|about|approx\.?|roughly|circa|ca\.?|nearly|almost|~|gegen|etwa|ungefähr|"
    r"environ|vers|hacia|sobre"
)
EDGE_WORDS = r"before|after|until|till|by|nach|vor|bis|avant|après"
START_WORDS = r"since|from|seit|ab|depuis|desde"
_BEFORE = re.compile(
    rf"(?<!\w)(?:(?P<about>{ROUGH_WORDS})|(?P<bound>{EDGE_WORDS}))"
    r"(?:\s{1,3}(?:at|um|à|las|a\slas))?\s{0,3}\Z",
    re.IGNORECASE,
)

MERIDIEM = r"[ap](?:m|\.\s?m\.?)(?!\w)"


def rough_before(text: str, start: int) -> tuple[str, str]:
    """The word before this place that makes a time rough, and the one that makes it an edge."""
    found = _BEFORE.search(text, max(0, start - 24), start)
    return (found["about"] or "", found["bound"] or "") if found else ("", "")


def meridiem_of(written: str | None) -> str:
    """am, pm or nothing, of any way to write it."""
    return f"{written[0].lower()}m" if written else ""


def number_of(written: str) -> int:
    """The number of digits or of a word."""
    return int(written) if written.isdecimal() else NUMBERS[folded(written)]
