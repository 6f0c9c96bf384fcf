"""How long ago something was, as people write it: two hours ago, vor 10 Minuten, just now."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from apps.tickets.words import NUMBERS, folded, one_of


@dataclass(frozen=True, slots=True)
class DurationSeen:
    """How long before the ticket: "two hours ago"."""

    start: int
    end: int
    text: str
    back: timedelta


_COUNT = (
    r"(?P<count>[0-9]{1,3}|an?|a\sfew|a\scouple\sof|half\san|"
    rf"einer|einem|une?|una|{one_of(NUMBERS)})"
)
_UNIT = (
    r"(?P<unit>min(?:ute[ns]?|uto|s)?|minutos|hours?|hrs?|h|stunden?|heures?|horas?|"
    r"days?|tage?n?|jours?|d[ií]as?)"
)
_AGO = re.compile(
    rf"(?<!\w){_COUNT}\s{{0,2}}{_UNIT}\sago(?!\w)|(?<!\w)(?P<now>just\snow|right\snow|gerade\seben|soeben|à\sl['\u2019]instant|ahora\smismo)(?!\w)",
    re.IGNORECASE,
)
_BACK = re.compile(rf"(?<!\w)(?:vor|il\sy\sa|hace)\s{_COUNT}\s{{1,2}}{_UNIT}(?!\w)", re.IGNORECASE)


def durations_in(text: str) -> list[DurationSeen]:
    """All "two hours ago"; days ago are found by `days_in`."""
    seen = []
    for pattern in (_AGO, _BACK):
        for found in pattern.finditer(text):
            unit = _unit(found)
            if unit != "days":
                back = timedelta(**{unit: _count(found)})
                seen.append(DurationSeen(found.start(), found.end(), found[0], back))
    return sorted(seen, key=lambda one: one.start)


def days_ago_in(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """All "three days ago" that count in whole days, and how many."""
    for pattern in (_AGO, _BACK):
        for found in pattern.finditer(text):
            if _unit(found) == "days" and _count(found) <= 365 and "few" not in found[0]:
                yield found, int(_count(found))


def _unit(found: re.Match[str]) -> str:
    unit = folded(found.groupdict().get("unit") or "m")
    if unit.startswith("m"):
        return "minutes"
    return "days" if unit[0] in "dtj" else "hours"


def _count(found: re.Match[str]) -> float:
    written = folded(found["count"] or "")
    if not written:
        return 0
    if written.isdecimal():
        return int(written)
    return {"a few": 5, "a couple of": 2, "half an": 0.5}.get(written) or NUMBERS.get(written, 1)
