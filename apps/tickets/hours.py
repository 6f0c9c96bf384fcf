"""Which hours a written time can mean, and how far around it to look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import ceil

from apps.events.query import MAX_WINDOW_MINUTES
from apps.tickets.clock_seen import MIDNIGHT, ClockSeen

ROUGH_MINUTES = 15
EDGE_MINUTES = 60

# From and to which hour of the day; beyond 24 is the next day's morning.
PART_HOURS = {
    "morning": (6.0, 12.0),
    "midday": (11.0, 14.0),
    "afternoon": (12.0, 18.0),
    "evening": (18.0, 24.0),
    "night": (18.0, 30.0),
    "small hours": (0.0, 6.0),
    "": (0.0, 24.0),
}
_FITTING = {
    "morning": frozenset(range(12)),
    "midday": frozenset(range(11, 15)),
    "afternoon": frozenset(range(12, 21)),  # Spanish: "las 8 de la tarde"
    "evening": frozenset(range(16, 24)),
    "night": frozenset((*range(18, 24), *range(6))),
    "small hours": frozenset(range(7)),
}


@dataclass(frozen=True, slots=True)
class Style:
    """How this text writes its times: whether any has am or pm, or an hour above 12."""

    has_meridiem: bool = False
    has_24h: bool = False

    @classmethod
    def of(cls, clocks: Sequence[ClockSeen]) -> "Style":
        """As its times show it."""
        return cls(
            has_meridiem=any(clock.meridiem in ("am", "pm") for clock in clocks),
            has_24h=any(clock.is_24h or clock.is_padded for clock in clocks if not clock.meridiem),
        )


def hours_of(clock: ClockSeen, part: str, style: Style, *, is_machine: bool) -> tuple[int, ...]:
    """Each hour of the day, 0 to 23, that it can mean; 24 is the midnight that ends the day."""
    if clock.meridiem == MIDNIGHT:
        return (0, 24)
    if clock.meridiem:
        return (_with_meridiem(clock.hour, clock.meridiem),)
    if clock.is_24h or is_machine:
        return (clock.hour,)
    if not (clock.is_whole_hour or clock.is_spelled) and style.has_24h and not style.has_meridiem:
        return (clock.hour,)
    both = (clock.hour % 12, clock.hour % 12 + 12)
    fitting = tuple(hour for hour in both if hour in _FITTING.get(part, both))
    return fitting or both


def last_of(clock: ClockSeen, first_hour: int) -> tuple[int, int] | None:
    """The end of a range as hour and minute, after its first hour; None where it is no range."""
    if clock.until is None:
        return None
    hour, minute, meridiem = clock.until
    if meridiem in ("am", "pm"):
        hour = _with_meridiem(hour, meridiem)
    elif first_hour >= 12 and hour < 12 and not clock.is_24h:
        hour += 12
    return hour, minute


def minutes_of(clock: ClockSeen) -> int | None:
    """How far to look to each side of a single time: None where it is exact."""
    if clock.bound:
        return EDGE_MINUTES
    return ROUGH_MINUTES if clock.about or clock.is_whole_hour else None


def instants(day: date, hour: int, minute: int, second: int, zone: tzinfo) -> list[datetime]:
    """The moments, in UTC, at which clocks of that zone show this: one, and two around a change.

    Where the clocks skip the hour, the two are an hour apart around it: what it was by the old
    time and what it was by the new.
    """
    start = datetime(day.year, day.month, day.day, hour % 24, minute, second, tzinfo=zone)
    start += timedelta(days=hour // 24)
    both = (start.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted(set(both))


def is_skipped(day: date, hour: int, minute: int, zone: tzinfo) -> bool:
    """Whether the clocks of that zone never showed this time."""
    local = datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=zone)
    back = local.astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) != local.replace(tzinfo=None)


def middle(start: datetime, end: datetime, latest: datetime) -> tuple[datetime, int] | None:
    """The middle of a stretch and half its length in minutes, rounded up.

    What lies after `latest` is cut off; None when all of it does. At most a day to each side.
    """
    end = min(end, latest)
    if start >= end:
        return None
    centre = (start + (end - start) / 2).replace(second=0, microsecond=0)
    half = ceil((end - centre).total_seconds() / 60)
    return centre, max(1, min(half, MAX_WINDOW_MINUTES))


def part_of_day(day: date, part: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """From when to when that part of the day lasted, in UTC."""
    first, last = PART_HOURS[part]
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (
        (midnight + timedelta(hours=first)).astimezone(UTC),
        (midnight + timedelta(hours=last)).astimezone(UTC),
    )


def _with_meridiem(hour: int, meridiem: str) -> int:
    if hour > 12 or hour == 0:
        return hour
    return hour % 12 + (12 if meridiem == "pm" else 0)
