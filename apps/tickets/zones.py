"""Find time zones in a text, and what they can mean."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from apps.events.query import any_case, iana_zones
from apps.tickets.text import WORDS, Span, by_phrase, word_set


@dataclass(frozen=True, slots=True)
class ZoneOption:
    """A time zone that the words can mean, and how the page describes it."""

    label: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class ZoneToken(Span):
    """A time zone in the text; without `options` it is unknown.

    `is_uncertain` marks a place that need not be the clock's. `is_offset` marks Z or digits, as
    programs write them after each time.
    """

    text: str
    options: tuple[ZoneOption, ...]
    is_universal: bool = False
    is_uncertain: bool = False
    is_offset: bool = False


_PLACES = by_phrase(WORDS["places"])
_NOT_PLACES, _NOT_ABBREVIATIONS = word_set("not_places"), word_set("not_zones")

_OFFSET = re.compile(
    r"\s{0,2}\(?(?P<name>UTC|GMT)?\s?(?P<sign>[+\u2212-])(?P<hours>[01]?[0-9])"
    r"(?P<minutes>:?[0-5][0-9])?(?![\w:.])\)?"
)
_ABBREVIATION = re.compile(r",?\s{0,2}[(\[]?(?P<name>[A-Z]{2,4})(?![\w+-])[)\]]?")
_ZULU = re.compile(r"\s?Z(?![\w.]\w)(?!\w)")
_IANA = re.compile(r",?\s{0,2}\(?(?P<name>[A-Z][a-z]{2,12}/[A-Z][A-Za-z_/-]{2,30})\)?")
_PLACE = any_case(
    r",?\s{0,2}\(?(?:in\s)?(?:(?:the|our|my)\s)?(?P<place>[^\W\d_][^\W\d_.]{0,14}"
    r"(?:[ -][^\W\d_]{2,14}){0,2}?)(?:\s(?:local|standard|daylight))?\s(?:time|zeit)"
    r"(?!\w|\s?[:(])\)?"
)
_TIME_IN = any_case(
    r",?\s{0,2}\(?(?:(?:local\s)?time\sin|heure\sde|hora\sde|zeit\sin|uhrzeit\sin)\s"
    r"(?P<place>[^\W\d_]{2,14}(?:[ -][^\W\d_]{2,14}){0,2})\)?"
)
_US_ZONE = re.compile(r",?\s{0,2}\(?(?P<place>Eastern|Central|Mountain|Pacific)(?!\w|\s[A-Z])\)?")
_IN_PLACE = re.compile(
    r",?\s{1,2}(?:here\s)?in\s(?P<place>[A-Z][^\W\d_]{2,14}(?:\s[A-Z][^\W\d_]{2,14})?)"
)
_IN_BRACKETS = re.compile(r"\s{0,2}\((?P<place>[^\W\d_]{2,14}(?:[ -][^\W\d_]{2,14})?)\)")
_BARE_PLACE = re.compile(
    r",?\s{1,2}\(?(?P<two>(?P<one>[A-Z][^\W\d_]{1,14})(?:\s[A-Z][^\W\d_]{2,14})?)(?!\w)"
)
_WRITTEN_IN = re.compile(
    r"(?<!\w)(?:I['\u2019]?m|I\sam|we['\u2019]?re|we\sare|is|based|located|living|lives|writing|office|team|"
    r"wohne|bin|sind|suis|sommes|estoy|estamos)\s(?:based\s|here\s|located\s|writing\s)?"
    r"(?:in|from|aus|à|en)\s(?P<two>(?P<one>[A-Z][^\W\d_]{1,14})(?:\s[A-Z][^\W\d_]{2,14})?)(?!\w)"
)
_ALL_TIMES = any_case(
    r"\b(?:all\s(?:the\s)?times|times\sare|times\sin)(?:\sare)?(?:\sin)?|"
    r"^[ \t>*|]{0,12}(?:time|uhrzeit|heure|hora)[^\n:(\[]{0,24}(?=[(\[][A-Z])|"
    r"\b(?:tz|time\s?zone|zeitzone|fuseau\shoraire|zona\shoraria)\s?:",
    re.MULTILINE,
)


def zone_at(text: str, at: int, *, after_iso: bool = False) -> ZoneToken | None:
    """Return the zone directly after a time that ends at `at`, or None.

    After a time in ISO 8601 (`after_iso`), "-05:00" is an offset and not a range.
    """
    if zulu := _ZULU.match(text, at):
        option = ZoneOption("UTC", UTC)
        return ZoneToken(at, zulu.end(), "Z", (option,), is_universal=True, is_offset=True)
    return (
        _offset_at(text, at, after_iso=after_iso)
        or _abbreviation_at(text, at)
        or _place_at(text, at)
    )


_MENTIONED = re.compile(
    rf"(?<![\w/+-])(?:{'|'.join(one for one in WORDS['zones'] if len(one) > 2)})(?![\w/+-])"
)


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
    digits = (found["minutes"] or "").lstrip(":")
    is_written_out = len(found["hours"]) == 2 and bool(digits) and found["sign"] != "-"
    is_mail = len(found["hours"]) == 2 and len(found["minutes"] or "") == 2
    if not (found["name"] or after_iso or is_written_out or is_mail):
        return None
    ahead = timedelta(hours=int(found["hours"]), minutes=int(digits or 0))
    label = f"UTC{'+' if found['sign'] == '+' else '-'}{found['hours']}"
    label += f":{digits}" if digits else ""
    zone = timezone(ahead if found["sign"] == "+" else -ahead)
    token = _token(text, at, found.end(), (ZoneOption(label, zone),), is_universal=True)
    return replace(token, is_offset=True)


def _abbreviation_at(text: str, at: int) -> ZoneToken | None:
    found = _ABBREVIATION.match(text, at)
    if not found:
        return None
    name = found["name"]
    meanings = WORDS["zones"].get(name)
    if not meanings:
        looks_like_one = len(name) > 2 and name[-1] == "T" and name not in _NOT_ABBREVIATIONS
        return _token(text, at, found.end(), ()) if looks_like_one else None
    options = []
    for meaning in meanings:
        if isinstance(meaning, str):
            options.append(ZoneOption(WORDS["zone_labels"][meaning], ZoneInfo(meaning)))
        else:
            label = name if name == "UTC" else f"{name} as UTC{meaning:+g}"
            options.append(ZoneOption(label, timezone(timedelta(hours=meaning))))
    return _token(text, at, found.end(), tuple(options), is_universal=name in ("UTC", "GMT"))


def _place_at(text: str, at: int) -> ZoneToken | None:
    key = _IANA.match(text, at)
    if key and key["name"] in iana_zones():
        return _token(text, at, key.end(), (ZoneOption(key["name"], ZoneInfo(key["name"])),))
    for pattern in (_TIME_IN, _PLACE, _US_ZONE, _IN_BRACKETS, _IN_PLACE):
        found = pattern.match(text, at)
        if not found:
            continue
        options = _zones_of(found["place"])
        if options:
            token = _token(text, at, found.end(), options)
            return replace(token, is_uncertain=pattern is _IN_PLACE)
        if pattern is _PLACE and _looks_like_place(found["place"]):
            return _token(text, at, found.end(), ())
    bare = _BARE_PLACE.match(text, at)  # "3 pm Sydney"
    return _place_token(text, at, bare) if bare else None


def _place_token(text: str, start: int, found: re.Match[str]) -> ZoneToken | None:
    """Return the uncertain zone of a place of two words or one, or None."""
    for name in ("two", "one"):
        options = _zones_of(found[name] or "")
        if options:
            return replace(_token(text, start, found.end(name), options), is_uncertain=True)
    return None


def _zones_of(place: str) -> tuple[ZoneOption, ...]:
    name = place.casefold()
    keys = (_PLACES[name],) if name in _PLACES else _cities().get(name, ())
    return tuple(ZoneOption(key, ZoneInfo(key)) for key in keys)


def _looks_like_place(words: str) -> bool:
    first, *_ = words.split()
    is_name = all(word[0].isupper() for word in words.split()) and not words.isupper()
    return is_name and first.casefold() not in _NOT_PLACES


def _token(
    text: str, at: int, end: int, options: tuple[ZoneOption, ...], *, is_universal: bool = False
) -> ZoneToken:
    words = text[at:end].strip(" ,()[]\n\t\r")
    return ZoneToken(at, end, words, options, is_universal)


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
