"""Times of day as people write them: 15:15, 3:15 pm, around 3, half past four, halb 4, noon."""

import re
from dataclasses import dataclass

from apps.tickets.spans import outside
from apps.tickets.words import NUMBERS, PARTS, folded, one_of

MIDNIGHT = "midnight"


@dataclass(frozen=True, slots=True)
class ClockSeen:
    """A time of day as written. `meridiem` is "am", "pm" or "" where none stands.

    `about` is the word that makes it rough ("around"), `bound` one that makes it an edge
    ("before"); `until` is the end of a range. `is_24h`: written so that no am or pm is missing.
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
    until: tuple[int, int, str] | None = None


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A part of a day: "morning", "midday", "afternoon", "evening" or "night"."""

    start: int
    end: int
    text: str
    part: str


_ROUGH_WORDS = (
    r"approximately|around|about|approx\.?|roughly|circa|ca\.?|nearly|almost|~|gegen|etwa|ungefähr|"
    r"environ|vers|hacia|sobre"
)
_EDGE_WORDS = r"before|after|until|till|by|nach|vor|bis|avant|après"
_START_WORDS = r"since|from|seit|ab|depuis|desde"
_BEFORE = re.compile(
    rf"(?<!\w)(?:(?P<about>{_ROUGH_WORDS})|(?P<bound>{_EDGE_WORDS}))"
    r"(?:\s{1,3}(?:at|um|à|las|a\slas))?\s{0,3}\Z",
    re.IGNORECASE,
)

_TIME_BEFORE = re.compile(r"(?<!\w)(?:at|um)\s\Z", re.IGNORECASE)

_MERIDIEM = r"[ap](?:m|\.\s?m\.?)(?!\w)"
_HOUR_WORD = r"(?:uhr|o['\u2019]?clock|hrs|h|heures|horas)(?!\w)"
_FREE = r"(?:(?<![\w:./,+#$€£-])|(?<=[0-9]T))"
_WITH_MINUTES = re.compile(
    _FREE + r"(?P<hour>[0-2]?[0-9])(?P<sep>[:.h])(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?:[.,][0-9]{1,9})?)?"
    rf"(?:\s{{0,2}}(?P<meridiem>{_MERIDIEM})|\s{{0,2}}(?P<word>{_HOUR_WORD}))?"
    r"(?:(?!\w|[:.][0-9])|(?=Z(?!\w)))(?!\s{0,2}(?:min|hours|sec|[€$£%]|eur|usd|gbp|chf|per))",
    re.IGNORECASE,
)
_WITH_WORD = re.compile(
    _FREE + rf"(?P<hour>[0-2]?[0-9])\s{{0,2}}(?:(?P<meridiem>{_MERIDIEM})|"
    r"(?P<word>(?:uhr|o['\u2019]?clock)(?!\w)))",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    rf"(?<!\w)(?P<hour>{one_of(NUMBERS)})\s(?:(?P<meridiem>{_MERIDIEM})|"
    r"(?P<word>(?:uhr|o['\u2019]?clock)(?!\w)))",
    re.IGNORECASE,
)
# "at 5": a number alone is a time only behind such a word and before one that ends it.
_ALONE = re.compile(
    rf"(?<!\w)(?:at|@|um|à|a\slas|{_ROUGH_WORDS}|{_EDGE_WORDS}|{_START_WORDS})\s{{0,3}}(?P<hour>[0-2]?[0-9])"
    r"(?![\w%€$£/#:-]|\s?%|[.,][0-9])"
    r"(?=\s{0,3}(?:\Z|[.,;:!?()\n\u2013]|(?:yesterday|today|tonight|this|last|on|in\sthe|and|but|or|"
    r"when|while|i|we|he|she|it|my|our|the|then|until|till|gestern|heute|vorgestern|am|und|als|"
    r"ich|ist|hier|ce|ayer|hoy|de\sla|du|sharp|local|utc|gmt|c[es]s?t|me?s?z|"
    r"[ep][sd]?t|[ib]st|berlin|london|paris|new\syork|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"(?!\w)))",
    re.IGNORECASE,
)
_WITH_H = re.compile(
    r"(?<!\w)(?:à|vers|a\slas|um|gegen)\s{1,3}(?P<hour>[0-2]?[0-9])\s?"
    r"(?P<word>(?:h|heures|horas)(?!\w))",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"(?<![\w:./,+#$€£-])(?P<between>(?:between|from|zwischen|von|entre)\s)?"
    rf"(?P<hour>[0-2]?[0-9])(?:[:.](?P<minute>[0-5][0-9]))?\s?(?P<meridiem>{_MERIDIEM})?"
    r"(?:\s?uhr)?\s{0,2}(?P<to>-|\u2013|to|and|until|till|bis|und|et|y)\s{0,2}"
    rf"(?P<hour2>[0-2]?[0-9])(?:[:.](?P<minute2>[0-5][0-9]))?(?:\s?(?P<meridiem2>{_MERIDIEM}))?"
    r"(?P<word>\s?uhr(?!\w))?(?![\w/%€$£-]|[:.,][0-9]|\s?(?:min|days|times|hours|users))",
    re.IGNORECASE,
)
_HALF = re.compile(
    r"(?<!\w)(?P<word>half\spast|quarter\spast|quarter\sto|viertel\snach|viertel\svor|halb)\s"
    rf"(?P<hour>[01]?[0-9]|{one_of(NUMBERS)})(?!\w|[:.,][0-9])"
    rf"(?:\s{{0,2}}(?P<meridiem>{_MERIDIEM})|\suhr(?!\w))?",
    re.IGNORECASE,
)
_HALVES = {"half past": 30, "quarter past": 15, "quarter to": -15}
_HALVES |= {"viertel nach": 15, "viertel vor": -15, "halb": -30}
_NAMED = re.compile(
    r"(?<!\w)(?:(?P<noon>noon|midday|mediod[ií]a)|(?P<midnight>midnight|mitternacht|minuit|"
    r"medianoche))(?!\w)",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"(?<!\w)(?:in\sthe\s|at\s|am\s|por\s)?(?P<part>{one_of(PARTS)})(?!\w)", re.IGNORECASE
)


def clocks_in(text: str) -> list[ClockSeen]:
    """All times of day, in the order of the text, none within another."""
    found: list[ClockSeen] = []
    for scan in (_ranges, _halves, _usual, _named):
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
    hour = _number(groups["hour"])
    word, meridiem = groups.get("word"), _meridiem(groups.get("meridiem"))
    about, bound = rough_before(text, found.start("hour"))
    at = _TIME_BEFORE.search(text, max(0, found.start() - 4), found.start())
    is_told = bool(word or meridiem or about or at)
    if hour > 23 or (groups.get("sep") == "." and not is_told):
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
        about=about,
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
    ending = _meridiem(found["meridiem2"])
    is_told = bool(ending or found["word"] or (found["minute"] and found["minute2"]))
    joins = folded(found["to"]) in ("and", "und", "et", "y")
    if not (found["between"] or (is_told and not joins)) or max(first, last) > 23:
        return None
    beginning = _meridiem(found["meridiem"]) or ending
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


def _halves(text: str) -> list[ClockSeen]:
    """Half past three, quarter to 4; German "halb 4" is half an hour before it."""
    seen = []
    for found in _HALF.finditer(text):
        hour = _number(found["hour"])
        minutes = hour * 60 + _HALVES[folded(found["word"])]
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
                meridiem=_meridiem(found["meridiem"]),
                about=about,
                bound=bound,
            )
        )
    return seen


def _named(text: str) -> list[ClockSeen]:
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


def rough_before(text: str, start: int) -> tuple[str, str]:
    """The word before this place that makes a time rough, and the one that makes it an edge."""
    found = _BEFORE.search(text, max(0, start - 24), start)
    return (found["about"] or "", found["bound"] or "") if found else ("", "")


def _meridiem(written: str | None) -> str:
    return f"{written[0].lower()}m" if written else ""


def _number(written: str) -> int:
    return int(written) if written.isdecimal() else NUMBERS[folded(written)]
