"""Times of day as people write them: 15:15, 3:15 pm, around 3, half past four, halb 4, noon."""

import re

from apps.tickets.clock_seen import (
    EDGE_WORDS,
    MERIDIEM,
    ROUGH_WORDS,
    START_WORDS,
    ClockSeen,
    PartSeen,
    meridiem_of,
    number_of,
    rough_before,
)
from apps.tickets.spans import outside
from apps.tickets.spelled import halves_in, named_in
from apps.tickets.words import NUMBERS, PARTS, folded, one_of

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
