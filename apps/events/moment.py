"""Reading a moment that a person typed or pasted. What is ambiguous is refused, never guessed."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_EPOCH = re.compile(r"\d{9,10}(?:\.\d{1,6})?")
_EPOCH_MILLISECONDS = re.compile(r"\d{12,13}")
_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)"
    r"\s?(?P<offset>Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.IGNORECASE,
)
_CLOCK_SKEW = timedelta(minutes=1)
_EARLIEST = datetime(2000, 1, 2, tzinfo=UTC)


class MomentRefused(ValueError):
    """The text names no single moment; the message says why in a plain sentence."""


def parse_moment(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Read ISO 8601 (with `Z`, an offset, or local to `zone`) or epoch seconds; return UTC.

    `now` is aware; a moment more than a minute after it is refused.
    Raises `MomentRefused` for empty, unreadable, impossible, ambiguous and future input.
    """
    typed = text.strip()
    if not typed:
        raise MomentRefused("Enter when it happened, for example 2026-11-20 14:05.")
    moment = _from_epoch(typed) or _from_iso(typed, zone)
    if moment is None:
        raise MomentRefused(
            "We can't read this time. Use 2026-11-20 14:05, a time with its offset such as "
            "2026-11-20T14:05:00+01:00, or epoch seconds."
        )
    if moment <= _EARLIEST:
        raise MomentRefused(f"{typed} is too long ago: errors from then are no longer stored.")
    if moment > now + _CLOCK_SKEW:
        raise MomentRefused(
            f"This time is in the future: in {zone.key} it is now "
            f"{now.astimezone(zone):%Y-%m-%d %H:%M}."
        )
    return moment


def parse_zone(name: str) -> ZoneInfo | None:
    """The time zone of that IANA name, or None when there is none."""
    return ZoneInfo(name) if name in known_zones() else None


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all IANA zones, read once: finding them walks the file system."""
    return frozenset(available_timezones())


def _from_epoch(typed: str) -> datetime | None:
    if _EPOCH.fullmatch(typed):
        return datetime.fromtimestamp(float(typed), UTC)
    if _EPOCH_MILLISECONDS.fullmatch(typed):
        return datetime.fromtimestamp(int(typed) / 1000, UTC)
    return None


def _from_iso(typed: str, zone: ZoneInfo) -> datetime | None:
    found = _ISO.fullmatch(typed)
    if not found:
        return None
    clock = found["time"].replace(",", ".")
    if clock[1] == ":":
        clock = f"0{clock}"
    try:
        local = datetime.fromisoformat(f"{found['day']}T{clock}")
        if found["offset"]:
            with_offset = f"{local.isoformat()}{found['offset'].upper()}"
            return datetime.fromisoformat(with_offset).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MomentRefused(
            f"{typed} does not exist: please check the day, the hour and the minute."
        ) from error
    return _from_local(local, zone) if local.year >= _EARLIEST.year else _EARLIEST


def _from_local(local: datetime, zone: ZoneInfo) -> datetime:
    """Attach the zone; refuse hours that a clock change skipped or repeated (a UTC round trip)."""
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise MomentRefused(
            f"{local:%H:%M} did not exist on {local:%Y-%m-%d} in {zone.key}: the clocks were put "
            "forward. Please check the time, or add its offset."
        )
    raise MomentRefused(
        f"{local:%H:%M} happened twice on {local:%Y-%m-%d} in {zone.key}: the clocks were put "
        f"back. Please add the offset: {_with_offset(first)} for the first time, "
        f"{_with_offset(second)} for the second."
    )


def _with_offset(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")
