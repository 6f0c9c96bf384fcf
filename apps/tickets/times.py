"""Times of day as people write them: 15:15, 3:15 pm, around 3, half past four, halb 4, noon."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from apps.events.query import known_zones
from apps.tickets.text import NUMBERS, PARTS, folded, one_of, outside

# A time of day as it was seen, and the words around one.

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


# Times of day in words: half past four, ten past nine, halb 4, y media, noon, midnight.

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


_TIME_BEFORE = re.compile(r"(?<!\w)(?:at|um)\s\Z", re.IGNORECASE)

_HOUR_WORD = r"(?:uhr|o['\u2019]?clock|hrs|h|heures|horas)(?!\w)"
_FREE = r"(?:(?<![\w:./,+#$€£-])|(?<=[0-9]T)|(?<=/[0-9]{4}:))"
_WITH_MINUTES = re.compile(
    _FREE + r"(?P<hour>[0-2]?[0-9])(?P<sep>[:.]|\s?h\s?|\s?uhr\s)(?P<minute>[0-5][0-9])"
    r"(?:[:.](?P<second>[0-5][0-9])(?:[.,][0-9]{1,9})?)?"
    rf"(?:\s{{0,2}}(?P<meridiem>{MERIDIEM})|(?P<short>[ap])(?!\w)|\s{{0,2}}(?P<word>{_HOUR_WORD}))?"
    r"(?:(?!\w|[:.][0-9])|(?=Z(?!\w)))(?!\s{0,2}(?:min|hours|sec|[€$£%]|eur|usd|gbp|chf|per))",
    re.IGNORECASE,
)
_WITH_WORD = re.compile(
    _FREE + rf"(?P<hour>[0-2]?[0-9])\s{{0,2}}(?:(?P<meridiem>{MERIDIEM})|"
    r"(?P<word>(?:uhr|o['\u2019]?clock)(?!\w)))",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    rf"(?<!\w)(?P<hour>{one_of(NUMBERS)})\s(?:(?P<meridiem>{MERIDIEM})|"
    r"(?P<word>(?:uhr|o['\u2019]?clock)(?!\w)))",
    re.IGNORECASE,
)
# "at 5": a number alone is a time only behind such a word and before one that ends it.
_ALONE = re.compile(
    rf"(?<!\w)(?:at|@|um|à|a\slas|{ROUGH_WORDS}|{EDGE_WORDS}|{START_WORDS})\s{{0,3}}(?P<hour>[0-2]?[0-9])"
    r"(?:-?(?P<ish>ish)(?!\w))?(?![\w%€$£/#:-]|\s?%|[.,][0-9])"
    r"(?=\s{0,3}(?:\Z|[.,;:!?()\n\u2013]|(?:yesterday|today|tonight|this|last|on|in\sthe|and|but|or|"
    r"when|while|i|we|he|she|it|my|our|the|then|until|till|gestern|heute|vorgestern|am|und|als|"
    r"ich|ist|hier|ce|ayer|hoy|de\sla|du|sharp|local|utc|gmt|c[es]s?t|me?s?z|"
    r"[ep][sd]?t|[ib]st|berlin|london|paris|new\syork|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"(?!\w)))",
    re.IGNORECASE,
)
_WITH_H = re.compile(
    r"(?<!\w)(?:à|vers|a\slas|um|gegen|[0-9]{1,2}[./-][0-9]{4})\s{1,3}(?P<hour>[0-2]?[0-9])\s?"
    r"(?P<word>(?:h|heures|horas)(?!\w))",
    re.IGNORECASE,
)
# 1405hrs, 0905 this morning, and the six digits of 20261118T220500Z.
_DIGITS = re.compile(
    r"(?:(?<![\w:./,+#$€£-])(?P<hour>[0-2][0-9])(?P<minute>[0-5][0-9])"
    r"(?P<word>\s?(?:hrs|h|hours|uhr)(?!\w)|(?=\sthis\s(?:morning|afternoon|evening)))|"
    r"(?<=[0-9]{8}T)(?P<hour2>[0-2][0-9])(?P<minute2>[0-5][0-9])(?P<second2>[0-5][0-9]))",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"(?<![\w:./,+#$€£-])(?P<between>(?:between|from|zwischen|von|entre)\s)?"
    rf"(?:las\s)?(?P<hour>[0-2]?[0-9])(?:[:.h](?P<minute>[0-5][0-9]))?\s?(?P<meridiem>{MERIDIEM})?"
    r"(?:\s?(?:uhr|h|heures|horas)(?!\w))?\s{0,2}(?P<to>-|\u2013|to|and|until|till|bis|und|et|y)\s{0,2}"
    rf"(?:las\s)?(?P<hour2>[0-2]?[0-9])(?:[:.h](?P<minute2>[0-5][0-9]))?(?:\s?(?P<meridiem2>{MERIDIEM}))?"
    r"(?P<word>\s?(?:uhr|h|heures|horas)(?!\w))?(?![\w/%€$£-]|[:.,][0-9]|\s?(?:min|days|times|hours|users))",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"(?<!\w)(?:in\sthe\s|at\s|am\s|por\s)?(?P<part>{one_of(PARTS)})(?!\w)", re.IGNORECASE
)


def clocks_in(text: str) -> list[ClockSeen]:
    """All times of day, in the order of the text, none within another."""
    found: list[ClockSeen] = []
    for scan in (_ranges, halves_in, _digits, _usual, named_in):
        found += outside(scan(text), found)
    return sorted(found, key=lambda seen: seen.start)


def parts_in(text: str) -> list[PartSeen]:
    """All words for parts of a day."""
    return [
        PartSeen(found.start(), found.end(), found[0], PARTS[folded(found["part"])])
        for found in _PART.finditer(text)
    ]


def _usual(text: str) -> list[ClockSeen]:
    seen: list[ClockSeen] = []
    for pattern in (_WITH_MINUTES, _WITH_WORD, _SPELLED, _WITH_H, _ALONE):
        read = (_clock(text, found) for found in pattern.finditer(text))
        seen += outside(filter(None, read), seen)
    return seen


def _clock(text: str, found: re.Match[str]) -> ClockSeen | None:
    groups = found.groupdict()
    hour = number_of(groups["hour"])
    word, meridiem = groups.get("word"), meridiem_of(groups.get("meridiem") or groups.get("short"))
    about, bound = rough_before(text, found.start("hour"))
    at = _TIME_BEFORE.search(text, max(0, found.start() - 4), found.start())
    is_told = bool(word or meridiem or about or at or groups.get("ish"))
    is_length = groups["hour"] == "0" and groups.get("sep") == ":"  # a call of 0:43
    if hour > 23 or ((groups.get("sep") == "." or is_length) and not is_told):
        return None
    start = found.start() if "minute" in groups else found.start("hour")
    return ClockSeen(
        start=start,
        end=found.end(),
        text=text[start : found.end()].strip(),
        hour=hour,
        minute=int(groups.get("minute") or 0),
        second=int(groups["second"]) if groups.get("second") else None,
        meridiem=meridiem,
        about=about or groups.get("ish") or "",
        bound=bound,
        is_whole_hour="minute" not in groups,
        is_padded=groups["hour"].startswith("0"),
        is_24h=bool(groups.get("second")) or hour == 0 or hour > 12,
    )


def _ranges(text: str) -> list[ClockSeen]:
    return [seen for found in _RANGE.finditer(text) if (seen := _range(text, found))]


def _range(text: str, found: re.Match[str]) -> ClockSeen | None:
    """From one time to another; the first takes its am or pm from the second."""
    first, last = int(found["hour"]), int(found["hour2"])
    ending = meridiem_of(found["meridiem2"])
    is_told = bool(ending or found["word"] or (found["minute"] and found["minute2"]))
    joins = folded(found["to"]) in ("and", "und", "et", "y")
    if not (found["between"] or (is_told and not joins)) or max(first, last) > 23:
        return None
    beginning = meridiem_of(found["meridiem"]) or ending
    if not found["meridiem"] and ending and first % 12 > last % 12:
        beginning = "am" if ending == "pm" else "pm"
    if first > 12 and last < first:
        return None
    start = found.start("hour")
    return ClockSeen(
        start=start,
        end=found.end(),
        text=found[0][start - found.start() :].strip(),
        hour=first,
        minute=int(found["minute"] or 0),
        meridiem=beginning,
        is_padded=found["hour"].startswith("0"),
        is_24h=max(first, last) > 12 or first == 0,
        until=(last, int(found["minute2"] or 0), ending or beginning),
    )


def _digits(text: str) -> list[ClockSeen]:
    """Four digits that are said to be a time, and six of a machine: always of 24 hours."""
    seen = []
    for found in _DIGITS.finditer(text):
        hour, minute = (int(found[name] or found[f"{name}2"]) for name in ("hour", "minute"))
        if hour <= 23:
            second = int(found["second2"]) if found["second2"] else None
            about, bound = rough_before(text, found.start())
            seen.append(
                ClockSeen(
                    start=found.start(),
                    end=found.end(),
                    text=found[0],
                    hour=hour,
                    minute=minute,
                    second=second,
                    about=about,
                    bound=bound,
                    is_24h=True,
                )
            )
    return seen


# Time zones as tickets name them. An abbreviation with several meanings keeps them all.


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
