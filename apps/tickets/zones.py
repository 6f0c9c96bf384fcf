"""Time zones as tickets name them. An abbreviation with several meanings keeps them all."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from apps.events.query import known_zones


@dataclass(frozen=True, slots=True)
class ZoneOption:
    """One zone that the words can mean; `said` is how the page names it."""

    said: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class ZoneSeen:
    """A zone named in the text: where, and what it can mean. No options: it is not known.

    `is_maybe`: only a place, which need not be that of the clock. `is_offset`: Z or digits, as
    programs write it behind each time.
    """

    start: int
    end: int
    text: str
    options: tuple[ZoneOption, ...]
    is_universal: bool = False
    is_maybe: bool = False
    is_offset: bool = False


# An abbreviation stands for a fixed offset, in hours, and is used for the place's own time too:
# in summer "3 pm EST" can be either. Sources: the IANA tz database, RFC 5322 4.3 (EST to PDT).
_NEW_YORK, _CHICAGO = ("America/New_York", "New York time"), ("America/Chicago", "Chicago time")
_DENVER, _LA = ("America/Denver", "Denver time"), ("America/Los_Angeles", "Los Angeles time")
_BERLIN, _ATHENS = ("Europe/Berlin", "Berlin time"), ("Europe/Athens", "Athens time")
_LONDON, _SYDNEY = ("Europe/London", "London time"), ("Australia/Sydney", "Sydney time")
_SHORT: dict[str, tuple[float | tuple[str, str], ...]] = {
    "UTC": (0,), "CET": (1, _BERLIN), "CEST": (2, _BERLIN), "MEZ": (1, _BERLIN),
    "MESZ": (2, _BERLIN), "GMT": (0, _LONDON),
    "WET": (0, ("Europe/Lisbon", "Lisbon time")), "EET": (2, _ATHENS), "EEST": (3, _ATHENS),
    "EST": (-5, _NEW_YORK), "EDT": (-4, _NEW_YORK), "ET": (_NEW_YORK,),
    "CDT": (-5, _CHICAGO), "CT": (_CHICAGO,), "MST": (-7, _DENVER), "MDT": (-6, _DENVER),
    "MT": (_DENVER,), "PST": (-8, _LA, ("Asia/Manila", "Philippine time")), "PDT": (-7, _LA),
    "PT": (_LA,),
    "CST": (-6, _CHICAGO, ("Asia/Shanghai", "China Standard Time")),
    "IST": (("Asia/Kolkata", "India Standard Time"), ("Asia/Jerusalem", "Israel time"),
            ("Europe/Dublin", "Irish time")),
    "BST": (_LONDON, 1, ("Asia/Dhaka", "Bangladesh time")),
    "AST": (-4, ("America/Halifax", "Halifax time"), ("Asia/Riyadh", "Arabia time")),
    "GST": (("Asia/Dubai", "Gulf time"),), "SGT": (8,), "HKT": (8,), "JST": (9,), "KST": (9,),
    "PHT": (8,), "MSK": (3,), "BRT": (-3,), "SAST": (2,), "PKT": (5,), "WIB": (7,),
    "AEST": (10, _SYDNEY), "AEDT": (11, _SYDNEY), "AWST": (8,),
    "ACST": (9.5, ("Australia/Adelaide", "Adelaide time")),
    "ACDT": (10.5, ("Australia/Adelaide", "Adelaide time")),
    "NZST": (12, ("Pacific/Auckland", "Auckland time")),
    "NZDT": (13, ("Pacific/Auckland", "Auckland time")),
}  # fmt: skip
_PLACES = {
    "eastern": "America/New_York", "central": "America/Chicago", "mountain": "America/Denver",
    "pacific": "America/Los_Angeles", "us eastern": "America/New_York",
    "us central": "America/Chicago", "us pacific": "America/Los_Angeles",
    "eastern standard": "America/New_York", "pacific standard": "America/Los_Angeles",
    "central european": "Europe/Berlin", "german": "Europe/Berlin", "germany": "Europe/Berlin",
    "berliner": "Europe/Berlin", "deutsche": "Europe/Berlin", "deutscher": "Europe/Berlin",
    "wiener": "Europe/Vienna", "zürcher": "Europe/Zurich", "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin", "frankfurt": "Europe/Berlin", "cologne": "Europe/Berlin",
    "uk": "Europe/London", "british": "Europe/London", "england": "Europe/London",
    "irish": "Europe/Dublin", "french": "Europe/Paris", "france": "Europe/Paris",
    "italian": "Europe/Rome", "italy": "Europe/Rome", "milan": "Europe/Rome",
    "polish": "Europe/Warsaw", "dutch": "Europe/Amsterdam", "swiss": "Europe/Zurich",
    "indian": "Asia/Kolkata", "india": "Asia/Kolkata", "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata", "bangalore": "Asia/Kolkata", "japan": "Asia/Tokyo",
    "japanese": "Asia/Tokyo", "chinese": "Asia/Shanghai", "beijing": "Asia/Shanghai",
    "san francisco": "America/Los_Angeles", "seattle": "America/Los_Angeles",
    "la": "America/Los_Angeles", "ny": "America/New_York", "nyc": "America/New_York",
    "boston": "America/New_York", "washington": "America/New_York", "miami": "America/New_York",
    "atlanta": "America/New_York", "dallas": "America/Chicago", "houston": "America/Chicago",
}  # fmt: skip
# "3 pm next time", "the second time": no places.
_NO_PLACES = frozenset((
    "the", "this", "that", "last", "first", "next", "every", "each", "any", "some", "same",
    "other", "second", "third", "long", "whole", "real", "local", "our", "your", "my", "his",
    "her", "their", "its", "it", "no", "full", "all", "down", "run", "up", "one", "wait",
    "response", "loading", "a", "de", "la",
))  # fmt: skip

_NO_ABBREVIATIONS = frozenset((
    "BUT", "NOT", "GOT", "THAT", "WHAT", "LAST", "JUST", "MOST", "MUST", "NEXT", "LEFT", "SENT",
    "WENT", "SET", "GET", "LET", "OUT", "YET", "PUT", "CUT", "LOST", "LIST", "POST", "TEXT",
))  # fmt: skip

_OFFSET = re.compile(
    r"\s{0,2}\(?(?P<name>UTC|GMT)?\s?(?P<sign>[+\u2212-])(?P<hours>[01]?[0-9])"
    r"(?P<minutes>:?[0-5][0-9])?(?![\w:.])\)?"
)
_ABBREVIATION = re.compile(r",?\s{0,2}[(\[]?(?P<name>[A-Z]{2,4})(?![\w+-])[)\]]?")
_ZULU = re.compile(r"\s?Z(?![\w.]\w)(?!\w)")
_IANA = re.compile(r",?\s{0,2}\(?(?P<name>[A-Z][a-z]{2,12}/[A-Z][A-Za-z_/-]{2,30})\)?")
_PLACE = re.compile(
    r",?\s{0,2}\(?(?:in\s)?(?:(?:the|our|my)\s)?(?P<place>[^\W\d_][^\W\d_.]{0,14}"
    r"(?:[ -][^\W\d_]{2,14}){0,2}?)(?:\s(?:local|standard|daylight))?\s(?:time|zeit)"
    r"(?!\w|\s?[:(])\)?",
    re.IGNORECASE,
)
_TIME_IN = re.compile(
    r",?\s{0,2}\(?(?:(?:local\s)?time\sin|heure\sde|hora\sde|zeit\sin|uhrzeit\sin)\s"
    r"(?P<place>[^\W\d_]{2,14}(?:[ -][^\W\d_]{2,14}){0,2})\)?",
    re.IGNORECASE,
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
_ALL_TIMES = re.compile(
    r"\b(?:all\s(?:the\s)?times|times\sare|times\sin)(?:\sare)?(?:\sin)?|"
    r"^[ \t>*|]{0,12}(?:time|uhrzeit|heure|hora)[^\n:(\[]{0,24}(?=[(\[][A-Z])|"
    r"\b(?:tz|time\s?zone|zeitzone|fuseau\shoraire|zona\shoraria)\s?:",
    re.IGNORECASE | re.MULTILINE,
)


def zone_at(text: str, at: int, *, after_iso: bool = False) -> ZoneSeen | None:
    """The zone named right behind a time that ends `at`, or None.

    `after_iso`: the time is written as machines do, so that "-05:00" is an offset and no range.
    """
    if _ZULU.match(text, at):
        option = ZoneOption("UTC", UTC)
        return ZoneSeen(at, at + 1, "Z", (option,), is_universal=True, is_offset=True)
    return (
        _offset_at(text, at, after_iso=after_iso)
        or _abbreviation_at(text, at)
        or _iana_at(text, at)
        or _place_at(text, at)
    )


def zone_of_all_times(text: str) -> ZoneSeen | None:
    """The zone of a sentence such as "All times are in CET", or None."""
    for found in _ALL_TIMES.finditer(text):
        seen = zone_at(text, found.end())
        if seen:
            return replace(seen, is_maybe=False)
    return None


def zone_of_writer(text: str) -> ZoneSeen | None:
    """The zone of a place that somebody says to be in, which may be that of the times, or None."""
    for found in _WRITTEN_IN.finditer(text):
        for name in ("two", "one"):
            options = _zones_of(found[name] or "")
            if options:
                seen = _seen(text, found.start("one"), found.end(name), options)
                return replace(seen, is_maybe=True)
    return None


def _offset_at(text: str, at: int, *, after_iso: bool) -> ZoneSeen | None:
    found = _OFFSET.match(text, at)
    if not found or int(found["hours"]) > 14:
        return None
    digits = (found["minutes"] or "").lstrip(":")
    is_written_out = len(found["hours"]) == 2 and bool(digits) and found["sign"] != "-"
    is_mail = len(found["hours"]) == 2 and len(found["minutes"] or "") == 2
    if not (found["name"] or after_iso or is_written_out or is_mail):
        return None
    ahead = timedelta(hours=int(found["hours"]), minutes=int(digits or 0))
    said = f"UTC{'+' if found['sign'] == '+' else '-'}{found['hours']}"
    said += f":{digits}" if digits else ""
    zone = timezone(ahead if found["sign"] == "+" else -ahead)
    seen = _seen(text, at, found.end(), (ZoneOption(said, zone),), is_universal=True)
    return replace(seen, is_offset=True)


def _abbreviation_at(text: str, at: int) -> ZoneSeen | None:
    found = _ABBREVIATION.match(text, at)
    if not found:
        return None
    name = found["name"]
    meanings = _SHORT.get(name)
    if not meanings:
        looks_like_one = len(name) > 2 and name[-1] == "T" and name not in _NO_ABBREVIATIONS
        return _seen(text, at, found.end(), ()) if looks_like_one else None
    options = []
    for meaning in meanings:
        if isinstance(meaning, tuple):
            options.append(ZoneOption(meaning[1], ZoneInfo(meaning[0])))
        else:
            said = name if name == "UTC" else f"{name} as UTC{meaning:+g}"
            options.append(ZoneOption(said, timezone(timedelta(hours=meaning))))
    return _seen(text, at, found.end(), tuple(options), is_universal=name in ("UTC", "GMT"))


def _iana_at(text: str, at: int) -> ZoneSeen | None:
    found = _IANA.match(text, at)
    if not found or found["name"] not in known_zones():
        return None
    option = ZoneOption(found["name"], ZoneInfo(found["name"]))
    return _seen(text, at, found.end(), (option,))


def _place_at(text: str, at: int) -> ZoneSeen | None:
    for pattern in (_TIME_IN, _PLACE, _US_ZONE, _IN_BRACKETS, _IN_PLACE):
        found = pattern.match(text, at)
        if not found:
            continue
        options = _zones_of(found["place"])
        if options:
            seen = _seen(text, at, found.end(), options)
            return replace(seen, is_maybe=pattern is _IN_PLACE)
        if pattern is _PLACE and _may_be_a_place(found["place"]):
            return _seen(text, at, found.end(), ())
    return _bare_place_at(text, at)


def _bare_place_at(text: str, at: int) -> ZoneSeen | None:
    """ "3 pm Sydney": a place without a word that it is the clock's."""
    found = _BARE_PLACE.match(text, at)
    if not found:
        return None
    for name in ("two", "one"):
        options = _zones_of(found[name] or "")
        if options:
            return replace(_seen(text, at, found.end(name), options), is_maybe=True)
    return None


def _zones_of(place: str) -> tuple[ZoneOption, ...]:
    name = place.casefold()
    keys = (_PLACES[name],) if name in _PLACES else _cities().get(name, ())
    return tuple(ZoneOption(key, ZoneInfo(key)) for key in keys)


def _may_be_a_place(words: str) -> bool:
    split = words.split()
    is_name = all(word[0].isupper() for word in split) and not words.isupper()
    return is_name and split[0].casefold() not in _NO_PLACES


def _seen(
    text: str, at: int, end: int, options: tuple[ZoneOption, ...], *, is_universal: bool = False
) -> ZoneSeen:
    said = text[at:end].strip(" ,()[]\n\t\r")
    return ZoneSeen(at, end, said, options, is_universal)


@cache
def _cities() -> dict[str, tuple[str, ...]]:
    """The places that zones are named after: "new york" is America/New_York."""
    cities: dict[str, tuple[str, ...]] = {}
    for key in sorted(known_zones()):
        area, slash, city = key.rpartition("/")
        if slash and not area.startswith(("Etc", "SystemV", "posix", "right", "US", "Brazil")):
            name = city.replace("_", " ").casefold()
            cities[name] = (*cities.get(name, ()), key)
    return cities
