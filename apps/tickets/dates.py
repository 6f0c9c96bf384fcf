"""Find days and how long ago something happened, and work out which days the words can mean."""

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from apps.events.query import any_case
from apps.tickets.text import (
    ANY_WEEKDAY,
    DAYS_AGO,
    MONTHS,
    NUMBERS,
    PARTS_OF_DAYS,
    WORDS,
    ReferenceTime,
    TextSpan,
    by_phrase,
    normalize,
    not_overlapping,
    one_line,
    read_all,
    read_patterns,
    readers,
    word_set,
)

YearMonthDay = tuple[int | None, int, int]


@dataclass(frozen=True, slots=True)
class DateToken(TextSpan):
    """A day as written; one of `dates`, `ago`, `of_month`, and `weekday` says which kind it is.

    `dates` are all that the numbers can mean; a year that isn't given is None. `ago` counts days
    before the ticket. `weekday` is 0 for Monday and only a check if there are `dates`. `is_last`
    marks "last Monday", `part` is that of "this morning". `question` asks whether it is a date at
    all. `is_machine` marks the format of programs, so its time has 24 hours; `is_vague` words that
    mean no single day.
    """

    text: str
    dates: tuple[YearMonthDay, ...] = ()
    ago: int | None = None
    weekday: int | None = None
    of_month: int | None = None
    is_last: bool = False
    part: str = ""
    question: str = ""
    is_machine: bool = False
    is_vague: bool = False

    @property
    def words(self) -> str:
        """Return the words on one line, for a sentence."""
        return one_line(self.text).strip(" .,")


@dataclass(frozen=True, slots=True)
class DurationToken(TextSpan):
    """How long before the ticket something happened; `question` asks about words that are open.

    A count of whole days is a `DateToken` instead, because any hour of that day is meant.
    """

    text: str
    back: timedelta
    question: str = ""
    has_clock: bool = True
    is_dated: bool = False


Ago = DurationToken | DateToken


@dataclass(frozen=True, slots=True)
class _Word(TextSpan):
    word: str


@dataclass(frozen=True, slots=True)
class _Amount:
    minutes: float
    is_days: bool
    is_vague: bool


# How long ago: "an hour and a half ago", "vor 1,5 Stunden". The words next to "ago" or "vor" are
# read one by one: a count, a unit, perhaps a half, perhaps a second count and unit. The longest run
# of words that makes sense is taken; a run that makes none is returned as unread.

_FILE = read_patterns("dates.toml")
_MAX_WORDS = 9
_WINDOW = 90
_AGO = _FILE.compile("ago", re.IGNORECASE)
_BACK = _FILE.compile("back", re.IGNORECASE)
_NOW = _FILE.compile("just_now", re.IGNORECASE)
_SPAN = _FILE.compile("span", re.IGNORECASE)
_WORD = _FILE.compile("word")
# What can come between two words of one amount.
_GAP = re.compile(r"[\s'\u2019\u2013-]{0,3}|\.\s{0,2}|\s?,\s{1,2}|\s?\(\s?")
_MINUTES = by_phrase(WORDS["units"], lambda seconds: int(seconds) / 60)
UNITS = word_set("longer_units").union(_MINUTES)
_NOT_ALONE = word_set("other_units")
_AMOUNTS = {kind: by_phrase(rows, float) for kind, rows in WORDS["amounts"].items()}
_COUNTS = {**NUMBERS, **_AMOUNTS["number"]}
_TENS, _FRACTIONS, _QUARTERS = (_AMOUNTS[kind] for kind in ("tens", "fraction", "quarter"))
_ARTICLES, _JOINING = _AMOUNTS["article"].keys(), _AMOUNTS["joining"].keys()
_ROUGH, _ROUGH_PHRASES = word_set("rough_amounts"), word_set("rough_phrases")
_OPEN, _A_BIT, _OR = word_set("open"), word_set("a_bit"), word_set("or")
# What each word is in a count, and its value; of two meanings the one listed last.
_VOCABULARY: dict[str, tuple[str, float]] = {
    word: (kind, value)
    for kind, values in {**_AMOUNTS, "number": _COUNTS}.items()
    for word, value in values.items()
}
_COMPOUND = _FILE.compile("compound")


def find_durations(text: str) -> tuple[list[Ago], list[TextSpan]]:
    """Return all durations before the ticket, and the words that may be one but can't be read."""
    nothing = _Amount(0, is_days=False, is_vague=False)
    found = [_duration(text, *one.span(), nothing) for one in _NOW.finditer(text)]
    unread: list[TextSpan] = []
    for trigger in _AGO.finditer(text):
        words = _adjacent(text, trigger.start(), before=True)
        token = _trailing_amount(text, words, trigger.end())
        if token:
            found.append(token)
        elif any(one.word in UNITS for one in words[-1 if trigger[0] == "back" else -4 :]):
            unread.append(TextSpan(words[-4:][0].start, trigger.end()))
    for trigger in _BACK.finditer(text):
        words = _adjacent(text, trigger.end())
        token = _leading_amount(text, words, trigger.start())
        if token:
            found.append(token)
        else:
            unread += _with_unit(trigger.start(), words)
    for trigger in _SPAN.finditer(text):
        unread += _with_unit(trigger.start(), _adjacent(text, trigger.end()))
    tokens = sorted(found, key=lambda one: one.start)
    return tokens, not_overlapping(unread, tokens)


def _with_unit(start: int, words: Sequence[_Word]) -> Iterator[TextSpan]:
    for number, one in enumerate(words):
        if one.word in UNITS and (number or one.word not in _NOT_ALONE):
            yield TextSpan(start, one.end)
            return


def _adjacent(text: str, at: int, *, before: bool = False) -> list[_Word]:
    words: list[_Word] = []
    start, end = (max(0, at - _WINDOW), at) if before else (at, at + _WINDOW)
    for one in list(_WORD.finditer(text, start, end))[:: -1 if before else 1]:
        gap = (one.end(), at) if before else (at, one.start())
        if len(words) == _MAX_WORDS or not _GAP.fullmatch(text, *gap):
            break
        words.append(_Word(*one.span(), normalize(one[0])))
        at = one.start() if before else one.end()
    return words[:: -1 if before else 1]


def _trailing_amount(text: str, words: list[_Word], end: int) -> Ago | None:
    """Read the longest amount at the end of the words before "ago"."""
    tail = ""
    is_tail = len(words) > 2 and words[-2].word in _OR
    if is_tail and (words[-1].word in ("so", "more", "less") or _value(words[-1].word)[0]):
        tail = "" if words[-1].word == "so" else text[words[-2].start : words[-1].end]
        words = words[:-2]
    for first in range(len(words)):
        amount = _read(words[first:])
        start = words[first].start
        last = text[start - 1 : start]
        is_cut = last.isalnum() or (last and last in "._:/,+#$€£½¼¾")  # "v1.5"
        if amount is None or is_cut:
            continue
        question = f"The ticket says “{tail}” after it." if tail else ""
        before = words[max(0, first - 2) : first]
        nearest = before[-1].word if before else ""
        is_joined = nearest in _OR | _JOINING and _is_number(before[0].word)
        if nearest in _OPEN or is_joined or (nearest and _is_number(nearest)):
            question = f"The ticket says “{one_line(text[before[0].start : start])}” before it."
        return _duration(text, start, end, amount, question)
    return None


def _leading_amount(text: str, words: list[_Word], start: int) -> Ago | None:
    """Read the longest amount at the beginning of the words after "vor" or "hace"."""
    is_open = False
    while words and words[0].word in _OPEN | _ROUGH | _ROUGH_PHRASES:
        is_open = is_open or words[0].word in _OPEN
        words = words[1:]
    for last in range(len(words), 0, -1):
        amount = _read(words[:last])
        if amount is None:
            continue
        end = words[last - 1].end
        after = words[last : last + 2]
        is_more = len(after) == 2 and after[0].word in _OR | _JOINING
        is_range = is_more and (_is_number(after[1].word) or after[1].word in _A_BIT)
        said = text[start:end] if is_open else text[end : after[-1].end] if is_range else ""
        said = f"The ticket says “{' '.join(said.split())}”." if said else ""
        return _duration(text, start, end, amount, said)
    return None


def _duration(text: str, start: int, end: int, amount: _Amount, said: str = "") -> Ago:
    days = round(amount.minutes / 1440)
    is_open = amount.is_vague and (amount.minutes > 60 or amount.is_days)
    question = ""
    if said:
        question = f"{said} Check how long ago it was."
    elif is_open or (amount.is_days and days > 365):
        question = "The ticket doesn't say exactly how long ago. Check it."
    if amount.is_days:
        return DateToken(start, end, text[start:end], ago=days, question=question)
    back = timedelta(minutes=amount.minutes)
    return DurationToken(start, end, text[start:end], back, question)


def _is_number(word: str) -> bool:
    return word in UNITS or _value(word)[0] in ("number", "tens", "fraction")


def _read(words: Sequence[_Word]) -> _Amount | None:
    """Return the minutes of words such as "one hour and 20 min" if all of them are used."""
    left = [one.word for one in words]
    while left and left[0] in _ROUGH:
        left = left[1:]
    units: list[float] = []
    minutes, value, is_vague = 0.0, 0.0, False
    while left and len(units) < 2:
        at = next((at for at in range(len(left)) if _is_unit(left, at)), None)
        if at is None:  # the minutes of "1h20"
            if units != [60] or len(left) > 1 or not left[0].isdecimal() or int(left[0]) > 59:
                return None
            return _Amount(minutes + int(left[0]), is_days=False, is_vague=False)
        unit = _MINUTES[left[at]]
        count = _count(left[:at])
        extra, rest = _half_after(left[at + 1 :])
        if count is None or (at == 0 and not extra and unit not in (15, 30, 45)):
            return None
        value = count[0] + extra
        minutes += value * unit
        is_vague = is_vague or count[1]
        units.append(unit)
        left = rest[1:] if len(rest) > 1 and rest[0] in _JOINING else rest
    if left or not units:
        return None
    is_days = units == [1440] and value == int(value)
    is_vague = is_vague or (1440 in units and not is_days)
    return _Amount(minutes, is_days=is_days, is_vague=is_vague)


def _is_unit(words: Sequence[str], at: int) -> bool:
    """Return whether the word is a unit; a single letter only after a number: "2 h"."""
    word, before = words[at], words[at - 1] if at else ""
    return word in _MINUTES and (len(word) > 1 or word > "z" or before[-1:].isdigit())


def _half_after(words: list[str]) -> tuple[float, list[str]]:
    """Return the fraction that words after a unit add ("and a half"), and the words after it."""
    at = 0
    while at < len(words) - 1 and words[at] in _JOINING | _ARTICLES:
        at += 1
    if not words or (at == 0 and words[0] != "半"):
        return 0, words
    fraction = 0.25 if words[at] in _QUARTERS else _FRACTIONS.get(words[at], 0)
    return (fraction, words[at + 1 :]) if fraction else (0, words)


def _count(words: Sequence[str]) -> tuple[float, bool] | None:
    """Return the number that the words before a unit mean, and whether it is vague; else None."""
    total: float | None = None
    last, is_joined, is_vague = "", False, False
    for word in words:
        kind, value = _value(word)
        is_article = kind == "article" and not last
        if word in _JOINING and total is None and not is_article:  # "en och en halv"
            if last != "article":
                return None
            total, last, is_joined = 1, "number", True
        elif kind in ("article", "joining") and not (last == "tens" and word in _COUNTS):
            is_joined = is_joined or kind == "joining"
            last = last or kind
        elif word not in _ROUGH or total is not None or kind == "few":
            total = _added(total, last, kind, value, is_joined=is_joined)
            if total is None or (word == "to" and words[1:2] and words[1] not in _JOINING):
                return None  # "to" is two in Danish
            is_vague = is_vague or (kind == "few" and value > 2)
            last = kind
    return (1 if total is None else total), is_vague


def _added(
    total: float | None, last: str, kind: str, value: float, *, is_joined: bool
) -> float | None:
    if total is None:
        return value if kind else None
    if last == "tens" and value < 10 and kind in ("number", "article", "joining"):
        return total + value
    if last == "number" and kind == "quarter":
        return total + value if is_joined else total * value
    return total + value if last == "number" and kind == "fraction" else None


def _value(word: str) -> tuple[str, float]:
    """Return the kind and value of a word in a count; the kind is "" if it can't be in one."""
    if word in _VOCABULARY:
        return _VOCABULARY[word]
    if word[0].isdigit():
        whole, _, minutes = word.partition(":")  # the hours of "1:30 h"
        if "/" in word or int(minutes or 0) > 59:
            return "", 0
        return "number", float(whole.replace(",", ".")) + int(minutes or 0) / 60
    compound = _COMPOUND.fullmatch(word)
    if not compound:
        return "", 0
    if compound["whole"]:
        return "number", NUMBERS[compound["whole"]] + 0.5
    ones = NUMBERS[compound["ones"] or compound["veinti"]]
    return "number", ones + (_TENS[compound["tens"]] if compound["tens"] else 20)


# Dates: 20 Nov 2026, 11/12, yesterday, on Monday, on the 20th.

_CLOCK_AFTER = _FILE.compile("clock_after", re.IGNORECASE)
_AT_BEFORE = any_case(r"(?<!\w)(?:at|um)\s\Z")
_DOTTED_BEFORE = any_case(r"(?<!\w)(?:am|vom|den|dem|der|on|seit|bis|since|le|el)\s\Z")
_DOUBTFUL_MONTHS, _BESIDE_YEAR = word_set("doubtful_months"), word_set("months_beside_year")
_NOT_DATES = frozenset(("24/7", "9/11"))
_NO_DAY_AFTER = _FILE.compile("no_day_after", re.IGNORECASE)


def find_dates(text: str, durations: Sequence[Ago]) -> list[DateToken]:
    """Return all days in the order of the text, and those of "3 days ago"; none overlap."""
    found = [one for one in durations if isinstance(one, DateToken)]
    found += [one for one in read_all(text, _READERS, durations) if one.text]
    return sorted(found, key=lambda one: one.start)


def _complete(found: re.Match[str], *, is_machine: bool = True) -> DateToken | None:
    """Read a date with a year; after that of a program, the match can go on with the time."""
    dates = _real([(int(found["y"]), int(found["m"]), int(found["d"]))])
    start, end = found.start(), found.end("d") if is_machine else found.end()
    words = found.string[start:end]
    return DateToken(start, end, words, dates, is_machine=is_machine) if dates else None


def _with_named_month(found: re.Match[str]) -> DateToken | None:
    groups, month = found.groupdict(), normalize(found["month"])
    year = int(groups.get("first") or found["year"] or found["last"] or 0) or None
    question = ""
    if found["yy"]:
        year = 2000 + int(found["yy"].lstrip("'"))
        question = f"“{one_line(found[0])}”: we read the last number as the year {year}."
    dates = _real([(year, MONTHS[month], int(found["d"]))])
    is_bare = not (year or found["weekday"] or groups.get("th"))
    is_first = found.start("month") < found.start("d")
    if (is_bare or is_first) and month in _BESIDE_YEAR:
        return None  # "3 out of 5", "Gen 2 2026"
    is_word = month in _DOUBTFUL_MONTHS and is_bare
    if is_word and _NO_DAY_AFTER.match(found.string, found.end()):
        return None
    is_verb = groups.get("dot") and month in ("may", "mai", "mayo")
    if not dates or is_verb or (is_bare and groups.get("slash")):
        return None
    if is_word and found["month"][0].islower():
        is_no_month = f"“{found['month']}” may not be a month here."
        question = f"“{one_line(found[0])}” could be a date, or {is_no_month}"
    return replace(_token(found, question), dates=dates)


def _numeric(found: re.Match[str]) -> DateToken | None:
    dates, year = _real(_orders(found)), found["year"]
    if not dates or found[0] in _NOT_DATES or not _is_date(found):
        return None
    is_short = year and len(year) == 2
    question = f"“{found[0]}” has a two-digit year. Check the year." if is_short else ""
    is_machine = found["sep"] == "." and bool(year)
    return replace(_token(found, question), dates=dates, is_machine=is_machine)


def _is_date(found: re.Match[str]) -> bool:
    """Return whether numbers are a date.

    "at 14.05.33" isn't (the name of a screenshot). Without a year, 11/12, "am 11.12.", and
    "11.12. 14:05" are, but 11-12 isn't.
    """
    if found["sep"] == "." and len(found["year"] or "") == 2:
        return not _AT_BEFORE.search(found.string, max(0, found.start() - 4), found.start())
    if found["year"] or found["sep"] == "/":
        return True
    if found["sep"] != "." or found["short"] != ".":
        return False
    before = _DOTTED_BEFORE.search(found.string, max(0, found.start() - 8), found.start())
    return bool(before or found["weekday"] or _CLOCK_AFTER.match(found.string, found.end()))


def _orders(found: re.Match[str]) -> list[YearMonthDay]:
    """Return day-month, month-day, and, for a two-digit year, year-month-day."""
    a, b, year = int(found["a"]), int(found["b"]), found["year"]
    full = None if not year else int(year) if len(year) == 4 else 2000 + int(year)
    orders: list[YearMonthDay] = [(full, b, a)]
    if found["sep"] != ".":
        orders.append((full, a, b))
    if year and len(year) == 2:
        orders.append((2000 + a, b, int(year)))
    return orders


def _relative(found: re.Match[str]) -> DateToken:
    if found["hier"]:
        return replace(_token(found), ago=1)
    word = normalize(found["word"] or found["tight"])
    ago, part = PARTS_OF_DAYS[word] if word in PARTS_OF_DAYS else (DAYS_AGO[word], "")
    return replace(_token(found, _roughly(found)), ago=ago, part=part)


def _of_month(found: re.Match[str]) -> DateToken | None:
    number = int(found["d"])
    return replace(_token(found), of_month=number) if 1 <= number <= 31 else None


def _of_week(found: re.Match[str]) -> DateToken | None:
    groups = found.groupdict()
    if groups.get("next") or groups.get("after_next"):
        return None
    is_last = bool(groups["last"] or groups.get("after"))
    return replace(_token(found, _roughly(found)), is_last=is_last)


def _vague(found: re.Match[str]) -> DateToken:
    return replace(_token(found), is_vague=True)


def _coming(found: re.Match[str]) -> DateToken:
    future = f"“{one_line(found[0])}” is in the future, so we didn't list it."
    return replace(_token(found, future), is_vague=True)


def _token(found: re.Match[str], question: str = "") -> DateToken:
    name = found.groupdict().get("weekday")
    weekday = ANY_WEEKDAY[normalize(name)] if name else None
    return DateToken(*found.span(), found[0], weekday=weekday, question=question)


def _roughly(found: re.Match[str]) -> str:
    is_rough = found.groupdict().get("ish")
    return f"“{one_line(found[0])}” may be another day. Check it." if is_rough else ""


def _real(dates: list[YearMonthDay]) -> tuple[YearMonthDay, ...]:
    """Return the dates that exist, each once; without a year, 29 February does."""
    existing = [
        (year, month, day)
        for year, month, day in dates
        if 1 <= month <= 12
        and (year is None or 1970 <= year <= 2100)
        and 1 <= day <= calendar.monthrange(year or 2024, month)[1]
    ]
    return tuple(dict.fromkeys(existing))


# In this order: what is read first is not read again.
_READERS = readers(
    _FILE,
    {
        "year_first": _complete,
        "japanese": lambda found: _complete(found, is_machine=False),
        **dict.fromkeys(("packed", "file_name"), _complete),
        **dict.fromkeys(("day_month", "month_day"), _with_named_month),
        **dict.fromkeys(("numbers", "spaced"), _numeric),
        "relative": _relative,
        **dict.fromkeys(("numbered_day", "of_month"), _of_month),
        "week_span": lambda found: DateToken(*found.span(), ""),  # "Mon to Fri"
        **dict.fromkeys(("on_weekday", "short_weekday"), _of_week),
        "vague": _vague,
        "coming": _coming,
    },
)


# Which calendar days a date can mean, counted from when the ticket was written.

_MAX_YEARS_BACK = 10
_LONG_AGO = 270  # days


@dataclass(frozen=True, slots=True)
class DateGroup(TextSpan):
    """Adjacent dates that mean one day: "yesterday (19 November)"."""

    days: tuple[DateToken, ...]

    @property
    def text(self) -> str:
        """Return the words of the last one."""
        return one_line(self.days[-1].text)

    @property
    def part(self) -> str:
        """Return the part of the day that one of them implies ("last night"), or ""."""
        return next((day.part for day in self.days if day.part), "")

    @property
    def is_machine(self) -> bool:
        """Return whether one of them is written the way programs do."""
        return any(day.is_machine for day in self.days)


@dataclass(frozen=True, slots=True)
class DayOption:
    """A day that the words can mean.

    A date as written has neither `explanation` nor `reference`: how and from when it was counted.
    """

    day: date
    explanation: str = ""
    reference: ReferenceTime | None = None


@dataclass(frozen=True, slots=True)
class DayOptions:
    """All days that the words can mean; `lacks_date` if they need the ticket's own date."""

    options: tuple[DayOption, ...] = ()
    questions: tuple[str, ...] = ()
    lacks_date: bool = False


def local_day(reference: ReferenceTime, zone: tzinfo) -> date:
    """Return the date of the reference time in that zone."""
    if reference.moment is not None:
        return reference.moment.astimezone(zone).date()
    return reference.day or date.min


def weekday_and_date(day: date) -> str:
    """Return the date as "Fri 20 Nov 2026"."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def resolve_days(
    group: DateGroup, references: Sequence[ReferenceTime], zone: tzinfo, now: datetime
) -> DayOptions:
    """Return every day in that zone that the adjacent dates can mean together."""
    written = [(local_day(one, zone), one) for one in references]
    today = now.astimezone(zone).date()
    read = [_resolve_day(token, written, today) for token in group.days]
    if len(read) == 1:
        return read[0]
    several = (f"“{group.text}” could mean more than one day.",)
    common = set.intersection(*({option.day for option in days.options} for days in read))
    if common:
        options = [option for days in read for option in days.options if option.day in common]
        unique = {option.day: option for option in reversed(options)}
        ordered = tuple(unique[day] for day in sorted(unique))
        return DayOptions(ordered, several if len(unique) > 1 else ())
    readable = [days for days in read if days.options]
    if len(readable) == 1:
        return readable[0]
    return DayOptions(
        options=tuple(option for days in readable for option in days.options),
        questions=("The dates next to each other don't match.",) if readable else several,
        lacks_date=not readable and any(days.lacks_date for days in read),
    )


# When the ticket was written: the days of the reference times in the zone.
_WrittenDays = Sequence[tuple[date, ReferenceTime]]


def _resolve_day(token: DateToken, written: _WrittenDays, today: date) -> DayOptions:
    if token.is_vague:
        question = f"“{token.words}” isn't one specific day. Type one in the form."
        return DayOptions(questions=(token.question or question,))
    if token.dates:
        days = _calendar_days(token, max((day for day, _ in written), default=today), today)
    elif not written:
        question = f"“{token.words}” is counted from the day the ticket was written."
        days = DayOptions(questions=(question,), lacks_date=True)
    else:
        days = _counted_days(token, written)
    return replace(days, questions=(*filter(None, [token.question]), *days.questions))


def _calendar_days(token: DateToken, latest: date, today: date) -> DayOptions:
    options = [_in_year(year, month, day, latest) for year, month, day in token.dates]
    earliest = today.year - _MAX_YEARS_BACK
    recent = [one for one in options if earliest <= one.day.year <= today.year + 1]
    if len(options) > 1:
        recent = [one for one in recent if one.day.year >= today.year - 2] or recent
    if not recent:
        question = f"“{token.words}” is too long ago: errors from then are no longer stored."
        return DayOptions(questions=(question,))
    questions = []
    if token.weekday is not None:
        matching = [one for one in recent if one.day.weekday() == token.weekday]
        if not matching:
            questions.append(f"In “{token.words}” the day of the week doesn't match the date.")
        recent = matching or recent
    if len(recent) > 1:
        questions.append(_could_be(token, recent))
    elif any(one.explanation and (latest - one.day).days > _LONG_AGO for one in recent):
        questions.append(f"“{token.words}” gives no year. Check that it isn't a day to come.")
    return DayOptions(tuple(recent), tuple(questions))


def _in_year(year: int | None, month: int, day: int, latest: date) -> DayOption:
    """Return the day of that year, or without a year the last such day up to `latest`."""
    if year is not None:
        return DayOption(date(year, month, day))
    # 29 February can be eight years ago.
    years = range(latest.year, latest.year - 9, -1)
    is_leap_day = (month, day) == (2, 29)
    days = (date(one, month, day) for one in years if calendar.isleap(one) or not is_leap_day)
    found = next(one for one in days if one <= latest)
    explanation = f"the most recent one up to {weekday_and_date(latest)}, since no year is given"
    return DayOption(found, explanation)


def _counted_days(token: DateToken, written: _WrittenDays) -> DayOptions:
    """Return the days counted from each of those when the ticket was written."""
    options = tuple(
        DayOption(day, f"“{token.words}” counted from {weekday_and_date(start)}, {one.source}", one)
        for start, one in written
        for day in _days_before(token, start)
    )
    if token.of_month is not None:
        return _of_which_month(token, token.of_month, options, written)
    if len({option.day for option in options}) < 2:
        return DayOptions(options)
    sources = {one.source: None for _, one in written}
    question = _could_be(token, options)
    if token.ago is not None and len(sources) > 1:
        question = f"“{token.words}” could be counted from {_join_or(sources)}."
    return DayOptions(options, (question,))


def _days_before(token: DateToken, written: date) -> Iterator[date]:
    """Yield the days that the words can mean in a ticket of this day.

    If the ticket's own day is such a weekday, or the words say "last", the one a week before
    counts too.
    """
    if token.ago is not None:
        yield written - timedelta(days=token.ago)
    elif token.of_month is not None:
        if token.of_month <= written.day:
            yield written.replace(day=token.of_month)
        month_before = written.replace(day=1) - timedelta(days=1)
        if written.day <= token.of_month <= month_before.day:
            yield month_before.replace(day=token.of_month)
    else:
        back = (written.weekday() - (token.weekday or 0)) % 7
        latest = written - timedelta(days=back)
        if back or not token.is_last:
            yield latest
        if back == 0 or token.is_last:
            yield latest - timedelta(days=7)


def _of_which_month(
    token: DateToken, number: int, options: tuple[DayOption, ...], written: _WrittenDays
) -> DayOptions:
    """Ask about the month of "the 20th", unless it was in the same month as the ticket."""
    if not options:
        return DayOptions(questions=(f"“{token.words}” isn't a day in the past.",))
    if token.weekday is not None:
        matching = tuple(one for one in options if one.day.weekday() == token.weekday)
        if len({one.day for one in matching}) == 1:
            return DayOptions(matching)
    written_on = [day.day for day, _ in written]
    is_past = number not in written_on and number < max(written_on)
    if is_past and len({option.day for option in options}) == 1:
        return DayOptions(options)
    return DayOptions(options, (f"“{token.words}” doesn't say which month. Check the day.",))


def _could_be(token: DateToken, options: Sequence[DayOption]) -> str:
    return f"“{token.words}” could be {_join_or(weekday_and_date(one.day) for one in options)}."


def _join_or(words: Iterable[str]) -> str:
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last
