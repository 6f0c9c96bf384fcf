"""Times as the pages print them: in the agent's zone, with UTC beside, and relative to a moment."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from apps.events.query import duration

_MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A point in time: `text` is local, `utc` is for the hover, `iso` for machines."""

    text: str
    utc: str
    iso: str


def local_clock(when: datetime, zone: ZoneInfo, *, day_of: datetime | None = None) -> LocalTime:
    """The time of day to the second; with its date where that differs from `day_of`'s."""
    local = when.astimezone(zone)
    text = f"{local:%H:%M:%S}"
    if day_of is not None and day_of.astimezone(zone).date() != local.date():
        text = f"{_date(local)}, {text}"
    return _local_time(when, text)


def local_minute(when: datetime, zone: ZoneInfo) -> LocalTime:
    """Date and time to the minute: 20 Nov 2026, 14:05."""
    local = when.astimezone(zone)
    return _local_time(when, f"{_date(local)}, {local:%H:%M}")


def local_moment(when: datetime, zone: ZoneInfo) -> LocalTime:
    """Date and time as asked: to the minute, with seconds only where they are not 0."""
    local = when.astimezone(zone)
    return _local_time(when, f"{_date(local)}, {_short(local)}")


def in_utc_too(when: datetime, zone: ZoneInfo) -> str:
    """The moment in both zones: 14:05 Europe/Berlin = 13:05 UTC."""
    local, utc = when.astimezone(zone), when.astimezone(UTC)
    if zone.key == "UTC":
        return f"{_short(utc)} UTC"
    day = "" if local.date() == utc.date() else f" on {_date(utc)}"
    return f"{_short(local)} {zone.key} = {_short(utc)} UTC{day}"


def in_both(when: datetime, zone: ZoneInfo) -> str:
    """A time to the second with its date, in the zone and in UTC."""
    local, utc = when.astimezone(zone), when.astimezone(UTC)
    told = f"{_date(local)}, {local:%H:%M:%S} {zone.key}"
    if zone.key == "UTC":
        return told
    day = "" if local.date() == utc.date() else f"{_date(utc)}, "
    return f"{told} = {day}{utc:%H:%M:%S} UTC"


def also_in(when: datetime, zone: ZoneInfo, *, day_of: ZoneInfo) -> str:
    """The moment in somebody else's zone, with its date where that is not the one of `day_of`."""
    local = when.astimezone(zone)
    day = "" if local.date() == when.astimezone(day_of).date() else f" on {_date(local)}"
    return f"{_short(local)}{day} {zone.key}"


def typed_in(when: datetime, zone: ZoneInfo) -> str:
    """The moment as the form takes it; with its offset where the clocks repeat that hour."""
    local = when.astimezone(zone)
    plain = local.replace(tzinfo=None)
    offsets = {plain.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    return (local if len(offsets) > 1 else plain).isoformat(sep=" ", timespec="seconds")


def today_in(zone: str) -> date:
    """Which day it is there now."""
    return timezone.now().astimezone(ZoneInfo(zone)).date()


def half_window(minutes: int) -> str:
    """How far a window reaches to each side: ± 5 min, ± 2 h, ± 1 day."""
    return f"± {minutes_long(minutes)}"


def minutes_long(minutes: int) -> str:
    """So many minutes as one says them: 10 min, 2 h, 1 day."""
    if minutes % _MINUTES_A_DAY == 0:
        days = minutes // _MINUTES_A_DAY
        return f"{days} day{'s' if days > 1 else ''}"
    return f"{minutes // 60} h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes} min"


def relative(when: datetime, moment: datetime, *, at: str) -> str:
    """How long before or after the moment; `at` is the word for the moment itself."""
    seconds = (when - moment).total_seconds()
    if abs(seconds) < 0.5:
        return at
    return f"{duration(seconds)} {'before' if seconds < 0 else 'after'}"


def _local_time(when: datetime, text: str) -> LocalTime:
    utc = when.astimezone(UTC)
    return LocalTime(text, f"{utc:%Y-%m-%d %H:%M:%S} UTC", f"{utc:%Y-%m-%dT%H:%M:%S}Z")


def _date(local: datetime) -> str:
    return f"{local.day} {local:%b %Y}"


def _short(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
