"""Times, numbers, lists, and levels as the pages print them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from apps.events.query import counted, format_duration


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A point in time: `text` is local, `utc` is for the hover, `iso` for machines.

    If it was compared with another time, `relative` is how long before or after that it is.
    """

    text: str
    utc: str
    iso: str
    relative: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """Times of day in an agent's zone, compared with the reported time, which is called `at`."""

    moment: datetime
    zone: ZoneInfo
    at: str = "at that time"

    def time(self, when: datetime) -> LocalTime:
        """Return the time of day, with its date if that differs from the reported time's."""
        local = when.astimezone(self.zone)
        is_same_day = local.date() == self.moment.astimezone(self.zone).date()
        text = f"{local:%H:%M:%S}" if is_same_day else f"{_date(local)}, {local:%H:%M:%S}"
        seconds = (when - self.moment).total_seconds()
        side = "before" if seconds < 0 else "after"
        relative = self.at if abs(seconds) < 0.5 else f"{format_duration(seconds)} {side}"
        return replace(_local_time(when, text), relative=relative)

    def text(self, when: datetime) -> str:
        """Return the text of the time of day."""
        return self.time(when).text


def local_minute(when: datetime, zone: ZoneInfo) -> LocalTime:
    """Return the date and time to the minute: 20 Nov 2026, 14:05."""
    local = when.astimezone(zone)
    return _local_time(when, f"{_date(local)}, {local:%H:%M}")


def local_moment(when: datetime, zone: ZoneInfo) -> LocalTime:
    """Return the date and time of a lookup: to the minute, with seconds only if they are not 0."""
    local = when.astimezone(zone)
    return _local_time(when, f"{_date(local)}, {_short(local)}")


def in_utc_too(when: datetime, zone: ZoneInfo) -> str:
    """Return a time in the zone and in UTC: 14:05 Europe/Berlin = 13:05 UTC."""
    local, utc = when.astimezone(zone), when.astimezone(UTC)
    if zone.key == "UTC":
        return f"{_short(utc)} UTC"
    day = "" if local.date() == utc.date() else f" on {_date(utc)}"
    return f"{_short(local)} {zone.key} = {_short(utc)} UTC{day}"


def in_both(when: datetime, zone: ZoneInfo) -> str:
    """Return a time to the second with its date, in the zone and in UTC."""
    local, utc = when.astimezone(zone), when.astimezone(UTC)
    text = f"{_date(local)}, {local:%H:%M:%S} {zone.key}"
    if zone.key == "UTC":
        return text
    day = "" if local.date() == utc.date() else f"{_date(utc)}, "
    return f"{text} = {day}{utc:%H:%M:%S} UTC"


def also_in(when: datetime, zone: ZoneInfo, *, day_of: ZoneInfo) -> str:
    """Return a time in another zone, with its date if that differs from the one in `day_of`."""
    local = when.astimezone(zone)
    day = "" if local.date() == when.astimezone(day_of).date() else f" on {_date(local)}"
    return f"{_short(local)}{day} {zone.key}"


def typed_in(when: datetime, zone: ZoneInfo) -> str:
    """Return a time as the form takes it, with its offset if the clocks repeat that hour."""
    local = when.astimezone(zone)
    plain = local.replace(tzinfo=None)
    offsets = {plain.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    return (local if len(offsets) > 1 else plain).isoformat(sep=" ", timespec="seconds")


def today_in(zone: str) -> date:
    """Return today's date in the zone."""
    return timezone.now().astimezone(ZoneInfo(zone)).date()


def half_window(minutes: int) -> str:
    """Return the half width of a window in the largest fitting unit: ± 5 min, ± 2 h, ± 1 day."""
    if minutes % 1440 == 0:
        return f"± {counted(minutes // 1440, 'day')}"
    return f"± {minutes // 60} h" if minutes % 60 == 0 else f"± {minutes} min"


def _local_time(when: datetime, text: str) -> LocalTime:
    utc = when.astimezone(UTC)
    return LocalTime(text, f"{utc:%Y-%m-%d %H:%M:%S} UTC", f"{utc:%Y-%m-%dT%H:%M:%S}Z")


def _date(local: datetime) -> str:
    return f"{local.day} {local:%b %Y}"


def _short(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


# Numbers, lists, and JSON values.

_BIDI_CONTROLS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"},
    **dict.fromkeys((*range(0x7F, 0xA0), *_BIDI_CONTROLS), "\ufffd"),
}


def grouped(number: int) -> str:
    """Return a whole number with its thousands separated: 12,345."""
    return f"{number:,}"


def visible(text: str) -> str:
    """Replace terminal and bidirectional control characters with visible symbols."""
    return text.translate(_VISIBLE)


_APOSTROPHE = re.compile(r"(?<=\w)'(?=(?:s|t|re|ve|ll|d)\b)")


def typeset(sentence: str) -> str:
    """Return one of our own sentences with typographic apostrophes."""
    return _APOSTROPHE.sub("’", sentence)


def clipped(text: str, limit: int) -> str:
    """Return the text with visible control characters, cut at the limit with a note on the rest."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit])} … ({grouped(len(text) - limit)} more characters)"


def shortened(text: str, limit: int) -> str:
    """Return the text with visible control characters, cut at the limit with an ellipsis."""
    return visible(text if len(text) <= limit else f"{text[:limit]}…")


def plain_value(value: object) -> str:
    """Return any JSON value as text."""
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def safe_link(address: str | None) -> str:
    """Return the URL if it is a web address, else ""."""
    url = address or ""
    return url if url.lower().startswith(("https://", "http://")) else ""


_REDACTED_KINDS = {
    "email": ("email", "emails"),
    "card": ("card number", "card numbers"),
    "ip": ("IP address", "IP addresses"),
    "mac": ("device address", "device addresses"),
    "iban": ("IBAN", "IBANs"),
    "ssn": ("social security number", "social security numbers"),
    "address": ("postal address", "postal addresses"),
    "jwt": ("sign-in token", "sign-in tokens"),
    "private-key": ("private key", "private keys"),
    "user": ("username", "usernames"),
    "phone": ("phone number", "phone numbers"),
    "unchecked": ("text that took too long to check", "texts that took too long to check"),
}


def redaction_receipt(counts: Mapping[str, int]) -> str:
    """Return what was redacted, such as "Hidden: 3 emails, 1 card number"."""
    parts = []
    for kind, count in counts.items():
        if kind == "customer" or not count:
            continue
        one, many = _REDACTED_KINDS.get(kind, (kind, f"{kind}s"))
        parts.append(counted(count, one, many))
    if counts.get("customer"):
        times = counts["customer"]
        parts.append(f"the customer{f' ({grouped(times)} times)' if times > 1 else ''}")
    return f"Hidden: {', '.join(parts)}" if parts else "Nothing had to be hidden"


# Levels have a shape and a word, because color alone is not accessible.


@dataclass(frozen=True, slots=True)
class LevelMark:
    """`shape` is one of fatal, error, unknown, warning, info."""

    shape: str
    word: str


_MARKS = {word: LevelMark(word, word) for word in ("fatal", "error", "warning", "info")}
_MARKS["debug"] = LevelMark("info", "debug")
_UNKNOWN_LEVEL = LevelMark("unknown", "level unknown")


def level_mark(level: str | None) -> LevelMark:
    """Return the mark of a level."""
    return _MARKS.get(level or "", _UNKNOWN_LEVEL)
