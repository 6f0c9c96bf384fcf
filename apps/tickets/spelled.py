"""Times of day in words: half past four, ten past nine, halb 4, y media, noon, midnight."""

import re

from apps.tickets.clock_seen import (
    MERIDIEM,
    MIDNIGHT,
    ClockSeen,
    meridiem_of,
    number_of,
    rough_before,
)
from apps.tickets.words import NUMBERS, folded, one_of

_MINUTES = {"five": 5, "ten": 10, "twenty": 20, "twenty-five": 25, "twenty five": 25}
_MINUTES |= {"fünf": 5, "zehn": 10, "zwanzig": 20}
_HALF = re.compile(
    rf"(?<!\w)(?P<word>half\spast|(?:{one_of(_MINUTES)}|[1-5]?[0-9])\s(?:minutes\s)?(?:past|to|nach|vor)|quarter\spast|quarter\sto|viertel\snach|viertel\svor|halb)\s"
    rf"(?P<hour>[01]?[0-9]|{one_of(NUMBERS)})(?!\w|[:.,][0-9])"
    rf"(?:\s{{0,2}}(?P<meridiem>{MERIDIEM})|\suhr(?!\w))?",
    re.IGNORECASE,
)
_HALF_BEHIND = re.compile(
    rf"(?<!\w)(?:las|à|vers)\s(?P<hour>[01]?[0-9]|{one_of(NUMBERS)})(?:\s?(?:h|heures?|horas?))?\s"
    rf"(?P<word>y\smedia|y\scuarto|menos\scuarto|et\sdemie|et\squart|moins\sle\squart)(?!\w)"
    rf"(?P<meridiem>(?!))?",
    re.IGNORECASE,
)
_HALVES = {"half past": 30, "quarter past": 15, "quarter to": -15}
_HALVES |= {"y media": 30, "et demie": 30, "y cuarto": 15, "et quart": 15}
_HALVES |= {"menos cuarto": -15, "moins le quart": -15}
_HALVES |= {"viertel nach": 15, "viertel vor": -15, "halb": -30}
_NAMED = re.compile(
    r"(?<!\w)(?:(?P<noon>noon|midday|mediod[ií]a|(?<=à\s)midi)|(?P<midnight>midnight|mitternacht|minuit|"
    r"medianoche))(?!\w)",
    re.IGNORECASE,
)


def halves_in(text: str) -> list[ClockSeen]:
    """Half past three, quarter to 4; German "halb 4" is half an hour before it."""
    seen = []
    for found in (*_HALF.finditer(text), *_HALF_BEHIND.finditer(text)):
        hour = number_of(found["hour"])
        minutes = hour * 60 + _minutes_of(folded(found["word"]))
        if not 1 <= hour <= 12:
            continue
        about, bound = rough_before(text, found.start())
        seen.append(
            ClockSeen(
                start=found.start(),
                end=found.end(),
                text=found[0].strip(),
                hour=minutes // 60 or 12,
                minute=minutes % 60,
                meridiem=meridiem_of(found["meridiem"]),
                about=about,
                bound=bound,
                is_spelled=True,
            )
        )
    return seen


def _minutes_of(word: str) -> int:
    """By how much the words lie behind the hour, or before it."""
    if word in _HALVES:
        return _HALVES[word]
    count, *_, way = word.replace("twenty five", "twenty-five").split()
    minutes = int(count) if count.isdecimal() else _MINUTES[count]
    return minutes if way in ("past", "nach") else -minutes


def named_in(text: str) -> list[ClockSeen]:
    seen = []
    for found in _NAMED.finditer(text):
        about, bound = rough_before(text, found.start())
        meridiem = MIDNIGHT if found["midnight"] else "pm"
        seen.append(
            ClockSeen(
                start=found.start(),
                end=found.end(),
                text=found[0],
                hour=12,
                meridiem=meridiem,
                about=about,
                bound=bound,
                is_whole_hour=True,
            )
        )
    return seen
