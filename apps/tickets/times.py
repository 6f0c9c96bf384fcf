"""Find times of day and time zones in a text, and work out what they can mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from math import ceil
from zoneinfo import ZoneInfo

from apps.events.query import MAX_WINDOW_MINUTES, iana_zones
from apps.tickets.text import (
    COMPOUND_PARTS,
    NUMBERS,
    PARTS,
    WORDS,
    TextSpan,
    by_phrase,
    normalize,
    read_all,
    read_patterns,
    readers,
    word_set,
)

_FILE = read_patterns("times.toml")
MIDNIGHT = "midnight"
_ROUGH_MINUTES = 15
_EDGE_MINUTES = 60
_PART_HOURS: dict[str, tuple[int, int, int, int]] = WORDS["part_hours"]


@dataclass(frozen=True, slots=True)
class ClockToken(TextSpan):
    """A time of day as written.

    `meridiem` is "am", "pm", "midnight" or "". `about` is the word that makes the time
    approximate ("around"), `bound` one that makes it a limit ("before"). `is_spelled` marks a time
    in words ("half past four"), `is_24h` one that can't be a.m. or p.m. `until` is the end of a
    range: hour, minute, meridiem.
    """

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

    def possible_hours(self, part: str, *, is_24h_text: bool) -> tuple[int, ...]:
        """Return each hour from 0 to 23 that can be meant; 24 is midnight at the day's end."""
        if self.meridiem == MIDNIGHT:
            return (0, 24)
        if self.meridiem:
            return (_with_meridiem(self.hour, self.meridiem),)
        is_exact = not (self.is_whole_hour or self.is_spelled)
        if self.is_24h or (is_exact and is_24h_text):
            return (self.hour,)
        both = (self.hour % 12, self.hour % 12 + 12)
        *_, first, last = _PART_HOURS[part]
        fitting = tuple(hour for hour in both if first <= hour < last or first <= hour + 24 < last)
        return fitting or both

    def end_of_range(self, first_hour: int) -> tuple[int, int] | None:
        """Return hour and minute at which the range ends, or None for a single time."""
        if self.until is None:
            return None
        hour, minute, meridiem = self.until
        if meridiem in ("am", "pm"):
            hour = _with_meridiem(hour, meridiem)
        elif first_hour >= 12 and hour < 12 and not self.is_24h:
            hour += 12
        return hour, minute

    @property
    def search_minutes(self) -> int | None:
        """How far to search on each side of a single time; None if it is exact."""
        if self.bound:
            return _EDGE_MINUTES
        return _ROUGH_MINUTES if self.about or self.is_whole_hour else None


def _with_meridiem(hour: int, meridiem: str) -> int:
    if hour > 12 or hour == 0:
        return hour
    return hour % 12 + (12 if meridiem == "pm" else 0)


@dataclass(frozen=True, slots=True)
class PartToken(TextSpan):
    """A part of a day, as a key of `_PART_HOURS`."""

    part: str


_BEFORE = _FILE.compile("before", re.IGNORECASE)


def qualifiers_before(text: str, start: int) -> tuple[str, str]:
    """Return the words before this place that make a time approximate or a limit, or ""."""
    found = _BEFORE.search(text, max(0, start - 24), start)
    return (found["about"] or "", found["bound"] or "") if found else ("", "")


def _meridiem(written: str | None) -> str:
    return f"{written[0].lower()}m" if written else ""


def _number(written: str) -> int:
    return int(written) if written.isdecimal() else NUMBERS[normalize(written)]


# Times in words: half past four, ten past nine, halb 4, y media, noon, midnight.

_MINUTES = by_phrase(WORDS["minutes"], int)
_AFTER_HOUR = {**_MINUTES, "fifteen": 15, "thirty": 30, "forty": 40, "fifty": 50}
_SPELLED_MINUTES = by_phrase(WORDS["minutes_before_hour"], int) | {"half": -30}
_SPELLED_MINUTES |= by_phrase(WORDS["minutes_after_hour"], int)
_TIME_BEFORE = _FILE.compile("time_before", re.IGNORECASE)
_PART = _FILE.compile("part", re.IGNORECASE)


def find_parts(text: str) -> list[PartToken]:
    """Return all words for parts of a day."""
    names = {"part": PARTS, "compound": COMPOUND_PARTS}
    return [
        PartToken(*one.span(), names[str(one.lastgroup)][normalize(one[one.lastindex or 0])])
        for one in _PART.finditer(text)
    ]


def _token(
    found: re.Match[str], hour: int, minute: int = 0, start: int | None = None
) -> ClockToken:
    start = found.start() if start is None else start
    groups = found.groupdict()
    about, bound = qualifiers_before(found.string, start)
    return ClockToken(
        start=start,
        end=found.end(),
        text=found.string[start : found.end()].strip(),
        hour=hour,
        minute=minute,
        second=int(groups["second"]) if groups.get("second") else None,
        meridiem=_meridiem(groups.get("meridiem") or groups.get("short")),
        about=about or groups.get("ish") or groups.get("ish_after") or "",
        bound=bound,
    )


def _half(found: re.Match[str]) -> ClockToken | None:
    """Read "half past three" and "quarter to 4"; German "halb 4" is half an hour before 4."""
    hour = _number(found["hour"])
    minutes = hour * 60 + _minutes_of(normalize(found["word"]))
    if not 1 <= hour <= 12:
        return None
    return replace(_token(found, minutes // 60 or 12, minutes % 60), is_spelled=True)


def _minutes_of(word: str) -> int:
    if word in _SPELLED_MINUTES:
        return _SPELLED_MINUTES[word]
    count, *_, direction = word.replace("twenty five", "twenty-five").split()
    minutes = int(count) if count.isdecimal() else _MINUTES[count]
    return minutes if direction in ("past", "nach") else -minutes


def _named(found: re.Match[str]) -> ClockToken:
    meridiem = MIDNIGHT if found["midnight"] else "pm"
    return replace(_token(found, 12), meridiem=meridiem, is_whole_hour=True)


def _clock(found: re.Match[str]) -> ClockToken | None:
    groups, text, start = found.groupdict(), found.string, found.start("hour")
    hour = _number(groups["hour"])
    spelled = normalize(groups.get("minutes") or "").replace("-", " ").split()
    minute = int(groups.get("minute") or 0) + sum(_AFTER_HOUR.get(word, 0) for word in spelled)
    token = _token(found, hour, minute, start)
    at = _TIME_BEFORE.search(text, max(0, found.start() - 16), found.start())
    is_explicit = bool(groups.get("word") or token.meridiem or token.about or at)
    is_length = groups["hour"] == "0" and groups.get("sep") == ":"  # a call of 0:43
    if hour > 23 or ((groups.get("sep") == "." or is_length) and not is_explicit):
        return None
    return replace(
        token,
        is_whole_hour="minute" not in groups and not spelled,
        is_padded=groups["hour"].startswith("0"),
        is_24h=token.second is not None or hour == 0 or hour > 12,
        is_spelled=not groups["hour"].isdecimal(),
    )


def _japanese(found: re.Match[str]) -> ClockToken | None:
    """Read "14時5分", "午後2時半" and "午後2:05"; others are read like those of other languages."""
    hour, is_spelled = int(found["hour"]), not found["minute"]
    if hour > 23 or not (is_spelled or found["half"]):
        return None
    minute = 30 if found["thirty"] else int(found["minute"] or found["minute2"] or 0)
    return replace(
        _token(found, hour, minute),
        meridiem={"午前": "am", "午後": "pm"}.get(found["half"] or "", ""),
        is_whole_hour=is_spelled and not (found["minute2"] or found["thirty"]),
        is_24h=hour == 0 or hour > 12,
    )


def _range(found: re.Match[str]) -> ClockToken | None:
    """Read a range; its first time takes a.m. or p.m. from the second."""
    first, last = int(found["hour"]), int(found["hour2"])
    ending = _meridiem(found["meridiem2"])
    is_explicit = bool(ending or found["word"] or (found["minute"] and found["minute2"]))
    joins = normalize(found["to"]) in ("and", "und", "et", "y")
    if not (found["between"] or (is_explicit and not joins)) or max(first, last) > 23:
        return None
    beginning = _meridiem(found["meridiem"]) or ending
    if not found["meridiem"] and ending and first % 12 > last % 12:
        beginning = "am" if ending == "pm" else "pm"
    if first > 12 and last < first:
        return None
    return replace(
        _token(found, first, int(found["minute"] or 0), found.start("hour")),
        meridiem=beginning,
        is_padded=found["hour"].startswith("0"),
        is_24h=max(first, last) > 12 or first == 0,
        until=(last, int(found["minute2"] or 0), ending or beginning),
    )


def _digits(found: re.Match[str]) -> ClockToken | None:
    """Read a time without a separator: "1405hrs", and the six digits of a program's timestamp."""
    token = _clock(found)
    return token and replace(token, is_24h=True)


# In this order: what is read first is not read again.
_READERS = readers(
    _FILE,
    {
        "range": _range,
        **dict.fromkeys(("half", "half_after"), _half),
        **dict.fromkeys(("digits", "packed", "file_name"), _digits),
        "spaced": _clock,
        "japanese": _japanese,
        **dict.fromkeys(("with_minutes", "with_word", "spelled", "spelled_at"), _clock),
        **dict.fromkeys(("after_word", "with_h", "rough_hour", "alone"), _clock),
        "named": _named,
    },
)


def find_clocks(text: str) -> list[ClockToken]:
    """Return all times of day in the order of the text; none overlap."""
    return read_all(text, _READERS)


def are_24h(clocks: Sequence[ClockToken]) -> bool:
    """Return whether a text writes its times with 24 hours: one above 12, and no a.m. or p.m."""
    if any(one.meridiem in ("am", "pm") for one in clocks):
        return False
    return any((one.is_24h or one.is_padded) and not one.meridiem for one in clocks)


def utc_instants(day: date, hour: int, minute: int, second: int, zone: tzinfo) -> list[datetime]:
    """Return when clocks in the zone show this time, in UTC: two instants around a clock change.

    If the clocks skip this hour, the two are the times by the old and by the new offset.
    """
    start = datetime(day.year, day.month, day.day, hour % 24, minute, second, tzinfo=zone)
    start += timedelta(days=hour // 24)
    return sorted({start.replace(fold=fold).astimezone(UTC) for fold in (0, 1)})


def is_skipped(day: date, hour: int, minute: int, zone: tzinfo) -> bool:
    """Return whether clocks in the zone never showed this time."""
    local = datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=zone)
    back = local.astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) != local.replace(tzinfo=None)


def middle_and_half(
    start: datetime, end: datetime, latest: datetime
) -> tuple[datetime, int] | None:
    """Return the middle of a span and half its length in minutes, rounded up, one day at most.

    Cut off what lies after `latest`; return None if nothing is left.
    """
    end = min(end, latest)
    if start >= end:
        return None
    middle = (start + (end - start) / 2).replace(second=0, microsecond=0)
    half = ceil((end - middle).total_seconds() / 60)
    return middle, max(1, min(half, MAX_WINDOW_MINUTES))


def part_of_day(day: date, part: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return start and end of that part of the day, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    start, end = (midnight + timedelta(hours=hour) for hour in _PART_HOURS[part][:2])
    return start.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ZoneOption:
    """A time zone that the words can mean, and how the page describes it."""

    label: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class ZoneToken(TextSpan):
    """A time zone in the text; without `options` it is unknown.

    `is_uncertain` marks a place that need not be the clock's. `is_offset` marks Z or digits, as
    programs write them after each time.
    """

    text: str
    options: tuple[ZoneOption, ...]
    is_universal: bool = False
    is_uncertain: bool = False
    is_offset: bool = False


_PLACES = by_phrase(WORDS["places"], str)
_NOT_PLACES, _NOT_ABBREVIATIONS = word_set("not_places"), word_set("not_zones")
_OFFSET = _FILE.compile("offset")
_ABBREVIATION = re.compile(r",?\s{0,2}[(\[]?(?P<name>[A-Z]{2,4})(?![\w+-])[)\]]?")
_ZULU = re.compile(r"\s?Z(?![\w.]\w)(?!\w)")
_IANA = re.compile(r",?\s{0,2}\(?(?P<name>[A-Z][a-z]{2,12}/[A-Z][A-Za-z_/-]{2,30})\)?")
_PLACE = _FILE.compile("place", re.IGNORECASE)
_TIME_IN = _FILE.compile("time_in", re.IGNORECASE)
_US_ZONE = re.compile(r",?\s{0,2}\(?(?P<place>Eastern|Central|Mountain|Pacific)(?!\w|\s[A-Z])\)?")
_IN_PLACE = _FILE.compile("in_place")
_IN_BRACKETS = re.compile(r"\s{0,2}\((?P<place>[^\W\d_]{2,14}(?:[ -][^\W\d_]{2,14})?)\)")
_BARE_PLACE = _FILE.compile("bare_place")
_WRITTEN_IN = _FILE.compile("written_in")
_ALL_TIMES = _FILE.compile("all_times", re.IGNORECASE | re.MULTILINE)


def zone_at(text: str, at: int, *, after_iso: bool = False) -> ZoneToken | None:
    """Return the zone directly after a time that ends at `at`, or None.

    After a time in ISO 8601 (`after_iso`), "-05:00" is an offset and not a range.
    """
    if zulu := _ZULU.match(text, at):
        options = (ZoneOption("UTC", UTC),)
        return _zone_token(text, at, zulu.end(), options, is_universal=True, is_offset=True)
    return (
        _offset_at(text, at, after_iso=after_iso)
        or _abbreviation_at(text, at)
        or _place_at(text, at)
    )


_MENTIONED = _FILE.compile("mentioned_zone")


def find_zones(text: str) -> list[ZoneToken]:
    """Return the abbreviations of zones anywhere in the text: "we are on EST"."""
    found = (_abbreviation_at(text, one.start()) for one in _MENTIONED.finditer(text))
    return [token for token in found if token]


def is_utc(zone: ZoneToken) -> bool:
    """Return whether it can only mean UTC, which programs write whatever the writer's zone is."""
    return all(one.zone.utcoffset(None) == timedelta(0) for one in zone.options)


def zone_of_all_times(text: str) -> ZoneToken | None:
    """Return the zone of a sentence such as "All times are in CET", or None."""
    tokens = (zone_at(text, found.end()) for found in _ALL_TIMES.finditer(text))
    return next((replace(token, is_uncertain=False) for token in tokens if token), None)


def zone_of_writer(text: str) -> ZoneToken | None:
    """Return the uncertain zone of a place the writer mentions ("I'm in Sydney"), or None."""
    places = (_place_token(text, found.start("one"), found) for found in _WRITTEN_IN.finditer(text))
    return next(filter(None, places), None)


def _offset_at(text: str, at: int, *, after_iso: bool) -> ZoneToken | None:
    found = _OFFSET.match(text, at)
    if not found or int(found["hours"]) > 14:
        return None
    minutes = found["minutes"] or ""
    is_in_full = len(found["hours"]) == 2 and minutes != ""
    is_range = found["sign"] == "-" and ":" in minutes
    if not (found["name"] or after_iso or (is_in_full and not is_range)):
        return None
    sign, digits = "+" if found["sign"] == "+" else "-", minutes.lstrip(":")
    ahead = timedelta(hours=int(found["hours"]), minutes=int(digits or 0))
    label = f"UTC{sign}{found['hours']}{digits and f':{digits}'}"
    options = (ZoneOption(label, timezone(ahead if sign == "+" else -ahead)),)
    return _zone_token(text, at, found.end(), options, is_universal=True, is_offset=True)


def _abbreviation_at(text: str, at: int) -> ZoneToken | None:
    found = _ABBREVIATION.match(text, at)
    if not found:
        return None
    name = found["name"]
    meanings = WORDS["zones"].get(name)
    if not meanings:
        looks_like_one = len(name) > 2 and name[-1] == "T" and name not in _NOT_ABBREVIATIONS
        return _zone_token(text, at, found.end(), ()) if looks_like_one else None
    options = []
    for meaning in meanings:
        if isinstance(meaning, str):
            options.append(ZoneOption(WORDS["zone_labels"][meaning], ZoneInfo(meaning)))
        else:
            label = name if name == "UTC" else f"{name} as UTC{meaning:+g}"
            options.append(ZoneOption(label, timezone(timedelta(hours=meaning))))
    return _zone_token(text, at, found.end(), tuple(options), is_universal=name in ("UTC", "GMT"))


def _place_at(text: str, at: int) -> ZoneToken | None:
    key = _IANA.match(text, at)
    if key and key["name"] in iana_zones():
        return _zone_token(text, at, key.end(), (ZoneOption(key["name"], ZoneInfo(key["name"])),))
    for pattern in (_TIME_IN, _PLACE, _US_ZONE, _IN_BRACKETS, _IN_PLACE):
        found = pattern.match(text, at)
        if not found:
            continue
        options = _zones_of(found["place"])
        if options:
            is_uncertain = pattern is _IN_PLACE
            return _zone_token(text, at, found.end(), options, is_uncertain=is_uncertain)
        if pattern is _PLACE and _looks_like_place(found["place"]):
            return _zone_token(text, at, found.end(), ())
    bare = _BARE_PLACE.match(text, at)  # "3 pm Sydney"
    return _place_token(text, at, bare) if bare else None


def _place_token(text: str, start: int, found: re.Match[str]) -> ZoneToken | None:
    """Return the uncertain zone of a place of two words or one, or None."""
    for name in ("two", "one"):
        options = _zones_of(found[name] or "")
        if options:
            return _zone_token(text, start, found.end(name), options, is_uncertain=True)
    return None


def _zones_of(place: str) -> tuple[ZoneOption, ...]:
    name = place.casefold()
    keys = (_PLACES[name],) if name in _PLACES else _cities().get(name, ())
    return tuple(ZoneOption(key, ZoneInfo(key)) for key in keys)


def _looks_like_place(words: str) -> bool:
    first, *_ = words.split()
    is_name = all(word[0].isupper() for word in words.split()) and not words.isupper()
    return is_name and first.casefold() not in _NOT_PLACES


def _zone_token(
    text: str, at: int, end: int, options: tuple[ZoneOption, ...], **kind: bool
) -> ZoneToken:
    return ZoneToken(at, end, text[at:end].strip(" ,()[]\n\t\r"), options, **kind)


@cache
def _cities() -> dict[str, tuple[str, ...]]:
    """Return zone keys by the lowercase name of their city: "new york" is America/New_York."""
    cities: dict[str, tuple[str, ...]] = {}
    for key in sorted(iana_zones()):
        area, slash, city = key.rpartition("/")
        if slash and not area.startswith(("Etc", "SystemV", "posix", "right", "US", "Brazil")):
            name = city.replace("_", " ").casefold()
            cities[name] = (*cities.get(name, ()), key)
    return cities
