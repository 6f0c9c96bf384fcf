"""Days as people write them: 20 Nov 2026, 11/12, yesterday, on Monday, two hours ago."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from apps.tickets.text import (
    ANY_WEEKDAY,
    DAYS_AGO,
    DOUBTFUL_MONTHS,
    MONTHS,
    NUMBERS,
    PARTS_OF_DAYS,
    WEEKDAYS,
    folded,
    one_of,
    outside,
)

# How long ago something was, as people write it: two hours ago, vor 10 Minuten, just now.


@dataclass(frozen=True, slots=True)
class DurationSeen:
    """How long before the ticket: "two hours ago"."""

    start: int
    end: int
    text: str
    back: timedelta


_COUNT = (
    r"(?P<count>[0-9]{1,3}|an?|a\sfew|a\scouple\sof|half\san|"
    rf"einer|einem|une?|una|{one_of(NUMBERS)})"
)
_UNIT = (
    r"(?P<unit>min(?:ute[ns]?|uto|s)?|minutos|hours?|hrs?|h|stunden?|heures?|horas?|"
    r"days?|tage?n?|jours?|d[ií]as?)"
)
_AGO = re.compile(
    rf"(?<!\w){_COUNT}\s{{0,2}}{_UNIT}\sago(?!\w)|(?<!\w)(?P<now>just\snow|right\snow|gerade\seben|soeben|à\sl['\u2019]instant|ahora\smismo)(?!\w)",
    re.IGNORECASE,
)
_BACK = re.compile(rf"(?<!\w)(?:vor|il\sy\sa|hace)\s{_COUNT}\s{{1,2}}{_UNIT}(?!\w)", re.IGNORECASE)


def durations_in(text: str) -> list[DurationSeen]:
    """All "two hours ago"; days ago are found by `days_in`."""
    seen = []
    for pattern in (_AGO, _BACK):
        for found in pattern.finditer(text):
            unit = _unit(found)
            if unit != "days":
                back = timedelta(**{unit: _count(found)})
                seen.append(DurationSeen(found.start(), found.end(), found[0], back))
    return sorted(seen, key=lambda one: one.start)


def days_ago_in(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """All "three days ago" that count in whole days, and how many."""
    for pattern in (_AGO, _BACK):
        for found in pattern.finditer(text):
            if _unit(found) == "days" and _count(found) <= 365 and "few" not in found[0]:
                yield found, int(_count(found))


def _unit(found: re.Match[str]) -> str:
    unit = folded(found.groupdict().get("unit") or "m")
    if unit.startswith("m"):
        return "minutes"
    return "days" if unit[0] in "dtj" else "hours"


def _count(found: re.Match[str]) -> float:
    written = folded(found["count"] or "")
    if not written:
        return 0
    if written.isdecimal():
        return int(written)
    return {"a few": 5, "a couple of": 2, "half an": 0.5}.get(written) or NUMBERS.get(written, 1)


YearMonthDay = tuple[int | None, int, int]


@dataclass(frozen=True, slots=True)
class DateSeen:
    """A day as written. One of `dates`, `ago`, `of_month` and `weekday` says which kind it is.

    `dates`: all that the numbers can mean, the year None where none stands. `ago`: days before
    the ticket's. `weekday`: 0 is Monday; beside `dates` it is a check. `is_last`: "last Monday".
    `part`: "this morning". `doubt`: why it may be no date at all. `is_machine`: written as
    programs do, so that its time has 24 hours. `is_vague`: names no single day.
    """

    start: int
    end: int
    text: str
    dates: tuple[YearMonthDay, ...] = ()
    ago: int | None = None
    weekday: int | None = None
    of_month: int | None = None
    is_last: bool = False
    part: str = ""
    doubt: str = ""
    is_machine: bool = False
    is_vague: bool = False


_WEEKDAY = rf"(?:(?P<weekday>{one_of(ANY_WEEKDAY)})\.?,?\s{{1,3}})?"
_FREE = r"(?<![\w./:#-])"
_YEAR_FIRST = re.compile(
    _FREE + r"(?P<y>(?:19|20)[0-9]{2})(?P<sep>[-/.])(?P<m>[01]?[0-9])(?P=sep)(?P<d>[0-3]?[0-9])"
    r"(?=T[0-9]|[^\w./-]|[./-](?!\w)|\Z)"
)
# As machines write it in a log or a name: 20261118T220500Z, 20/Nov/2026:14:05:12.
_PACKED = re.compile(
    rf"(?<!\w)(?:(?P<y>20[0-9]{{2}})(?P<m>[01][0-9])(?P<d>[0-3][0-9])(?=T[0-9]{{6}})|"
    rf"(?P<d2>[0-3][0-9])/(?P<month>{one_of(MONTHS)})/(?P<y2>20[0-9]{{2}})(?=:[0-9]{{2}}:))",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    rf"(?<!\w){_WEEKDAY}{_FREE}(?P<a>[0-9]{{1,2}})(?P<sep>[-/.])(?P<b>[0-9]{{1,2}})"
    r"(?:(?P=sep)(?P<year>[0-9]{4}|[0-9]{2})|(?P<short>\.(?!\w)|/?))(?![\w/]|[.-][0-9])",
    re.IGNORECASE,
)
_AT_BEFORE = re.compile(r"(?<!\w)(?:at|um)\s\Z", re.IGNORECASE)
_DOTTED_BEFORE = re.compile(
    r"(?<!\w)(?:am|vom|den|dem|der|on|seit|bis|since|le|el)\s\Z", re.IGNORECASE
)
_DAY_MONTH = re.compile(
    rf"(?<!\w){_WEEKDAY}(?:the\s)?{_FREE}(?P<d>[0-3]?[0-9])(?:\s?(?:st|nd|rd|th|er|º)|\.)?[\s-]{{1,2}}"
    rf"(?:of\s|de\s)?(?P<month>{one_of(MONTHS)})(?!\w)\.?"
    r"(?:(?:,?\s{1,2}|-)(?:of\s|de\s|del\s)?(?P<year>[0-9]{4})(?!\w)|[\s-](?P<yy>'?[0-9]{2})"
    r"(?!\w|\s?[:.h][0-9]|\s?[ap]\.?m|\s?uhr))?",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"(?<!\w){_WEEKDAY}(?P<month>{one_of(MONTHS)})(?P<dot>\.)?[\s-]{{1,2}}(?:the\s)?"
    r"(?P<d>[0-3]?[0-9])(?P<th>st|nd|rd|th)?(?![\w%]|[:.][0-9]|\s?[ap]\.?m)"
    r"(?:,?\s{1,2}(?P<year>[0-9]{4})(?!\w)|,\s(?P<yy>'?[0-9]{2})(?!\w|\s?[:.h][0-9]|\s?[ap]\.?m))?",
    re.IGNORECASE,
)
_NEVER_SHUT = frozenset(("24/7", "9/11"))
_NO_DAY_AFTER = re.compile(
    r"\s{1,2}(?:times|minutes|min|hours|days|users|people|more|or|of|to|errors|orders)(?!\w)",
    re.IGNORECASE,
)

_WORDS = re.compile(
    rf"(?<!\w)(?P<word>{one_of({**DAYS_AGO, **PARTS_OF_DAYS})})(?!\w)", re.IGNORECASE
)
_HIER = re.compile(r"(?<![\w-])hier(?=\s{1,2}(?:à|vers|midi)(?!\w))", re.IGNORECASE)
_ON_WEEKDAY = re.compile(
    rf"(?<!\w)(?:(?P<last>last|past|letzten|letzter|dernier|pasado)\s|(?P<next>next|every|each|jeden|"
    rf"nächsten|coming|until|till)\s)?(?P<day>{one_of(WEEKDAYS)})(?P<after>\s(?:dernier|pasado))?(?!\w)",
    re.IGNORECASE,
)
# "on the 20th"; the ordinal of something else is none.
_OF_MONTH = re.compile(
    r"(?<!\w)(?:on|since|from|until|till|before|after|by|am|seit|le|el)\s"
    r"(?P<the>(?:the\s)(?P<d>[0-3]?[0-9])(?:st|nd|rd|th))"
    r"(?=\s{0,2}(?:[.,;:!?)(\n-]|\Z|(?:at|around|about|in|it|i|we|my|the|our|and|when|between)(?!\w)))",
    re.IGNORECASE,
)
_WEEK_SPAN = re.compile(
    rf"(?<!\w){one_of(ANY_WEEKDAY)}\.?\s{{0,2}}(?:to|through|thru|bis|à|a|-|\u2013)\s{{0,2}}"
    rf"{one_of(ANY_WEEKDAY)}(?!\w)",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"(?<!\w)(?:last\s(?:week|month|weekend)|(?:over|at|on|during)\sthe\sweekend|am\swochenende|(?:a|one)\sweek\sago|the\sother\sday|a\sfew\sdays\sago|"
    r"recently|letzte\swoche|neulich|la\ssemaine\sderni[èe]re|la\ssemana\spasada)(?!\w)",
    re.IGNORECASE,
)
_COMING = re.compile(
    rf"(?<!\w)(?:tomorrow|demain|übermorgen|(?:next|coming|nächsten)\s{one_of(WEEKDAYS)})(?!\w)",
    re.IGNORECASE,
)
# With a capital letter only; "sat" and "sun" are words, so they need "on" before them.
_SHORT_WEEKDAY = re.compile(
    r"(?<!\w)(?P<day>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|(?<=on\s)(?:Sat|Sun))\.?(?=[\s,)]|\Z)"
)


def days_in(text: str) -> list[DateSeen]:
    """All days, in the order of the text, none within another."""
    found: list[DateSeen] = []
    for scan in (
        _year_first,
        _packed,
        _day_month,
        _month_day,
        _numeric,
        _relative,
        _weekdays,
        _vague,
    ):
        found += outside(scan(text), found)
    return sorted(found, key=lambda seen: seen.start)


def _year_first(text: str) -> Iterator[DateSeen]:
    for found in _YEAR_FIRST.finditer(text):
        dates = _real([(int(found["y"]), int(found["m"]), int(found["d"]))])
        if dates:
            yield DateSeen(found.start(), found.end(), found[0], dates, is_machine=True)


def _packed(text: str) -> Iterator[DateSeen]:
    for found in _PACKED.finditer(text):
        month = MONTHS[folded(found["month"])] if found["month"] else int(found["m"])
        dates = _real([(int(found["y"] or found["y2"]), month, int(found["d"] or found["d2"]))])
        if dates:
            yield DateSeen(found.start(), found.end(), found[0], dates, is_machine=True)


def _day_month(text: str) -> Iterator[DateSeen]:
    yield from filter(None, (_named(found) for found in _DAY_MONTH.finditer(text)))


def _month_day(text: str) -> Iterator[DateSeen]:
    yield from filter(None, (_named(found) for found in _MONTH_DAY.finditer(text)))


def _named(found: re.Match[str]) -> DateSeen | None:
    year = int(found["year"]) if found["year"] else None
    doubt = ""
    if found["yy"]:
        year = 2000 + int(found["yy"].lstrip("'"))
        doubt = f"“{_said(found[0])}”: we read the last number as the year {year}."
    dates = _real([(year, MONTHS[folded(found["month"])], int(found["d"]))])
    month = found["month"]
    is_bare = not found["year"] and not found["weekday"] and not found.groupdict().get("th")
    is_word = folded(month) in DOUBTFUL_MONTHS and is_bare
    if is_word and _NO_DAY_AFTER.match(found.string, found.end()):
        return None
    if not dates or (found.groupdict().get("dot") and folded(month) in ("may", "mai", "mayo")):
        return None
    if is_word and month[0].islower():
        doubt = f"“{_said(found[0])}” could be a date, or “{month}” may not be a month here."
    return DateSeen(
        found.start(), found.end(), found[0], dates, weekday=_weekday(found), doubt=doubt
    )


def _numeric(text: str) -> Iterator[DateSeen]:
    for found in _NUMBERS.finditer(text):
        dates = _real(_orders(found))
        is_time = _is_time(text, found)
        if not dates or is_time or found[0] in _NEVER_SHUT or not _is_written_out(text, found):
            continue
        year = found["year"]
        doubt = ""
        if year and len(year) == 2:
            doubt = f"“{found[0]}” has a two-digit year. Check the year."
        yield DateSeen(
            found.start(),
            found.end(),
            found[0],
            dates,
            weekday=_weekday(found),
            doubt=doubt,
            is_machine=found["sep"] == "." and bool(year),
        )


def _is_time(text: str, found: re.Match[str]) -> bool:
    """Whether three numbers are hour, minute and second: "at 14.05.33" of a screen shot."""
    if found["sep"] != "." or len(found["year"] or "") != 2:
        return False
    return _AT_BEFORE.search(text, max(0, found.start() - 4), found.start()) is not None


def _is_written_out(text: str, found: re.Match[str]) -> bool:
    """Whether two numbers without a year are a day: 11/12 is, 11-12 is not, 11.12. behind "am"."""
    if found["year"] or found["sep"] == "/":
        return True
    before = _DOTTED_BEFORE.search(text, max(0, found.start() - 8), found.start())
    return (
        found["sep"] == "." and found["short"] == "." and (before or found["weekday"]) is not None
    )


def _orders(found: re.Match[str]) -> list[YearMonthDay]:
    """Day before month, month before day, and with two digits the year first as well."""
    a, b, year = int(found["a"]), int(found["b"]), found["year"]
    full = None if not year else int(year) if len(year) == 4 else 2000 + int(year)
    orders: list[YearMonthDay] = [(full, b, a)]
    if found["sep"] != ".":
        orders.append((full, a, b))
    if year and len(year) == 2:
        orders.append((2000 + a, b, int(year)))
    return orders


def _relative(text: str) -> Iterator[DateSeen]:
    for found in _WORDS.finditer(text):
        word = folded(found["word"])
        ago, part = PARTS_OF_DAYS[word] if word in PARTS_OF_DAYS else (DAYS_AGO[word], "")
        yield DateSeen(found.start(), found.end(), found[0], ago=ago, part=part)
    for found in _HIER.finditer(text):
        yield DateSeen(found.start(), found.end(), found[0], ago=1)
    for found, ago in days_ago_in(text):
        yield DateSeen(found.start(), found.end(), found[0], ago=ago)
    for found in _OF_MONTH.finditer(text):
        if 1 <= int(found["d"]) <= 31:
            yield DateSeen(found.start("the"), found.end(), found["the"], of_month=int(found["d"]))


def _weekdays(text: str) -> Iterator[DateSeen]:
    yield from outside(_single_weekdays(text), _week_spans(text))


def _week_spans(text: str) -> list[DateSeen]:
    """ "Mon to Fri": opening hours, no day."""
    return [DateSeen(one.start(), one.end(), one[0]) for one in _WEEK_SPAN.finditer(text)]


def _single_weekdays(text: str) -> Iterator[DateSeen]:
    for found in _ON_WEEKDAY.finditer(text):
        if not found["next"]:
            last = bool(found["last"] or found["after"])
            day = WEEKDAYS[folded(found["day"])]
            yield DateSeen(found.start(), found.end(), found[0], weekday=day, is_last=last)
    for found in _SHORT_WEEKDAY.finditer(text):
        day = ANY_WEEKDAY[folded(found["day"])]
        yield DateSeen(found.start(), found.end(), found[0], weekday=day)


def _vague(text: str) -> Iterator[DateSeen]:
    for found in _VAGUE.finditer(text):
        yield DateSeen(found.start(), found.end(), found[0], is_vague=True)
    for found in _COMING.finditer(text):
        doubt = f"“{_said(found[0])}” is in the future, so we didn't list it."
        yield DateSeen(found.start(), found.end(), found[0], doubt=doubt, is_vague=True)


def _real(dates: list[YearMonthDay]) -> tuple[YearMonthDay, ...]:
    """Those that the calendar has, each once; 29 February where no year stands."""
    kept = [
        (year, month, day)
        for year, month, day in dates
        if 1 <= month <= 12
        and (year is None or 1970 <= year <= 2100)
        and 1 <= day <= calendar.monthrange(year or 2024, month)[1]
    ]
    return tuple(dict.fromkeys(kept))


def _weekday(found: re.Match[str]) -> int | None:
    return ANY_WEEKDAY[folded(found["weekday"])] if found["weekday"] else None


def _said(text: str) -> str:
    return " ".join(text.split())
