"""Find days in a text, and work out which days they can mean."""

import calendar
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from apps.events.query import any_case
from apps.tickets.durations import DurationToken
from apps.tickets.text import (
    ANY_WEEKDAY,
    DAYS_AGO,
    MONTHS,
    NUMBERS,
    PARTS_OF_DAYS,
    WEEKDAYS,
    ReferenceTime,
    Span,
    alternation,
    either,
    normalize,
    one_line,
    read_all,
    word_set,
)
from apps.tickets.times import AT_WORDS, FILE_NAME, ROUGH_WORDS

# Dates: 20 Nov 2026, 11/12, yesterday, on Monday, on the 20th.

YearMonthDay = tuple[int | None, int, int]


@dataclass(frozen=True, slots=True)
class DateToken(Span):
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


_WEEKDAY = rf"(?:(?P<weekday>{alternation(ANY_WEEKDAY)})\.?,?\s{{1,3}})?"
_FREE = r"(?<![\w./:#-])"
_YEAR_FIRST = re.compile(
    _FREE + r"(?P<y>(?:19|20)[0-9]{2})(?P<sep>[-/.])(?P<m>[01]?[0-9])(?P=sep)(?P<d>[0-3]?[0-9])"
    r"(?=[T_][0-9]|[^\w./-]|[./-](?!\w)|-[0-9]{2}:|\Z)"
)
_JAPANESE = re.compile(
    r"(?<![0-9])(?P<y>20[0-9]{2})年\s?(?P<m>[01]?[0-9])月\s?(?P<d>[0-3]?[0-9])日"
    r"(?:\s?\(?[月火水木金土日](?:曜日)?(?!\w)\)?)?"
)
# In logs: 20261118T220500Z.
_PACKED = re.compile(
    r"(?<!\w)(?P<y>20[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])(?=T[0-9]{6}|[ _-][0-2][0-9]:)"
)
_NUMBERS = any_case(
    rf"(?<!\w){_WEEKDAY}{_FREE}(?P<a>[0-9]{{1,2}})(?P<sep>[-/.])(?P<b>[0-9]{{1,2}})"
    r"(?:(?P=sep)(?P<year>[0-9]{4}|[0-9]{2})|(?P<short>\.(?!\w)|/?))(?=[T@_-][0-2]?[0-9][:.][0-5][0-9]|(?![\w/]|[.-][0-9]))"
)
# "18. 11. 2026"
_SPACED = any_case(
    rf"(?<!\w){_WEEKDAY}{_FREE}(?P<a>[0-3]?[0-9])\.\s(?P<b>[01]?[0-9])(?P<sep>\.)\s(?P<year>20[0-9]{{2}}|"
    r"[0-9]{2}(?=\sv\s))(?![\w.]\w)"
)
_CLOCK_AFTER = any_case(
    rf",?\s{{1,2}}(?:(?:{AT_WORDS}|{ROUGH_WORDS})\s)?[0-2]?[0-9](?:[:.h][0-5][0-9]|\suhr)(?!\w)"
)
_AT_BEFORE = any_case(r"(?<!\w)(?:at|um)\s\Z")
_DOTTED_BEFORE = any_case(r"(?<!\w)(?:am|vom|den|dem|der|on|seit|bis|since|le|el)\s\Z")
# The year of "Nov 20 14:05:09 2026" comes after the time.
_YEAR_AFTER_TIME = (
    r"(?=\s{1,2}[0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?(?:\s[A-Z]{3,4})?\s(?P<last>20[0-9]{2})(?!\w))"
)
_DAY_MONTH = any_case(
    rf"(?<!\w){_WEEKDAY}(?:(?:the|den|d\.)\s)?{_FREE}(?P<d>[0-3]?[0-9])"
    rf"(?:\s?(?:st|nd|rd|th|er|º)|\.)?(?:[\s-]{{1,2}}|(?P<slash>/))"
    rf"(?:of\s|de\s)?(?P<month>{alternation(MONTHS)})(?!\w)\.?"
    r"(?:(?:,?\s{1,2}|[-/])(?:of\s|de\s|del\s)?(?P<year>[0-9]{4})(?!\w)|[\s/-](?P<yy>'?[0-9]{2})"
    rf"(?!\w|\s?[:.h][0-9]|\s?[ap]\.?m|\s?uhr)|{_YEAR_AFTER_TIME})?"
)
_MONTH_DAY = any_case(
    rf"(?<!\w){_WEEKDAY}(?:(?P<first>20[0-9]{{2}})\.?\s{{1,2}})?"
    rf"(?P<month>{alternation(MONTHS)})(?P<dot>\.)?[\s-]{{1,2}}(?:the\s)?"
    r"(?P<d>[0-3]?[0-9])(?P<th>st|nd|rd|th)?(?![\w%]|[:.][0-9]|\s?[ap]\.?m)"
    r"(?:(?:,?\s{1,2}|-)(?P<year>[0-9]{4})(?!\w)|(?:,\s|-)(?P<yy>'?[0-9]{2})"
    rf"(?!\w|\s?[:.h][0-9]|\s?[ap]\.?m)|{_YEAR_AFTER_TIME})?"
)
_DOUBTFUL_MONTHS, _BESIDE_YEAR = word_set("doubtful_months"), word_set("months_beside_year")
_NOT_DATES = frozenset(("24/7", "9/11"))
_NO_DAY_AFTER = any_case(
    r"\s{1,2}(?:times|minutes|min|hours|days|users|people|more|or|of|to|errors|orders)(?!\w)"
)

_WORDS = any_case(
    rf"(?<!\w)(?P<word>{alternation({**DAYS_AGO, **PARTS_OF_DAYS})})(?P<ish>-?ish)?(?!\w)|"
    r"(?P<tight>一昨日|昨日|今日|本日|今朝)|"
    r"(?<![\w-])(?P<hier>hier)(?=\s{1,2}(?:(?:à|vers|midi)(?!\w)|[0-2]?[0-9]\s?h))"
)
_ON_WEEKDAY = any_case(
    rf"(?<!\w)(?:(?P<last>{either('last')})\s|"
    rf"(?P<next>{either('next')})\s)?(?P<weekday>{alternation(WEEKDAYS)})"
    rf"(?P<after>\s{either('last_after')})?(?P<after_next>\s{either('next_after')})?"
    r"(?P<ish>-?ish)?(?!\w)"
)
# "on the 20th", but not the ordinal of something else.
_OF_MONTH = any_case(
    r"(?:(?<=on\s)|(?<=since\s)|(?<=from\s)|(?<=until\s)|(?<=till\s)|(?<=before\s)|(?<=after\s)|(?<=by\s))"
    r"the\s(?P<d>[0-3]?[0-9])(?:st|nd|rd|th)"
    r"(?=\s{0,2}(?:[.,;:!?)(\n-]|\Z|(?:at|around|about|in|it|i|we|my|the|our|and|when|between)(?!\w)))"
)
_BEFORE_CLOCK = (
    rf"(?=,?\s{either('day_before_clock')}\s{{1,2}}"
    rf"(?:[0-9]|{alternation(NUMBERS)}(?!\w)))"
)
# "Tuesday the 10th", "mardi 10 à 16h", "am 10. um 16 Uhr", "el día 10 a las 4".
_NUMBERED_DAY = any_case(
    rf"(?<!\w)(?:(?P<weekday>{alternation(WEEKDAYS)})\.?,?\s(?:(?:the|den|le|el|il)\s)?|"
    r"(?:am|le|el(?:\sd[ií]a)?|il(?:\sgiorno)?)\s)(?P<d>[0-3]?[0-9])"
    rf"(?:(?P<th>(?:st|nd|rd|th|er|º|\.)(?![\w:])){_BEFORE_CLOCK}|(?P<th2>st|nd|rd|th)(?!\w)|{_BEFORE_CLOCK})"
)
_WEEK_SPAN = any_case(
    rf"(?<!\w){alternation(ANY_WEEKDAY)}\.?\s{{0,2}}(?:to|through|thru|bis|à|a|-|\u2013)\s{{0,2}}"
    rf"{alternation(ANY_WEEKDAY)}(?!\w)"
)
_VAGUE = any_case(
    r"(?<!\w)(?:(?:last|this|earlier\sthis)\s(?:week|month|weekend)|"
    r"(?:over|at|on|during)\sthe\sweekend|am\swochenende|the\sother\sday|"
    r"(?:a\sfew|several|some|[0-9]{1,2}|an?|one|two|three|four)\s(?:weeks?|months?)\sago|"
    r"(?:(?<![\w½¼¾]\s)(?:hours|days|weeks)|a\s(?:short\s)?while|some\stime)\sago|earlier\stoday|all\s(?:day|morning)|"
    rf"{either('vague')})(?!\w)"
)
_COMING = any_case(
    rf"(?<!\w)(?:{either('coming')}|"
    rf"(?:next|coming|nächsten)\s{alternation(WEEKDAYS)})(?!\w)"
)
# Capitalized only; "Sat" and "Sun" are also words, so they need "on" before them.
_SHORT_WEEKDAY = re.compile(
    r"(?<!\w)(?<!next\s)(?<!every\s)(?<!each\s)(?<!coming\s)"
    r"(?P<last>last\s)?(?P<weekday>Mon(?!\s(?!(?:at|around|about|and|or|the|to|in|when|i|we|it|[mae][a-z]{2,4}ning|"
    r"night|afternoon)\s)[a-zà-ÿ])|Tues?|Wed|Thu(?:rs?)?|Fri|(?<=on\s)(?:Sat|Sun))\.?(?=[\s,)]|\Z)"
)


def find_dates(text: str, durations: Sequence[DurationToken]) -> list[DateToken]:
    """Return all days in the order of the text, and those of "3 days ago"; none overlap."""
    found = [
        DateToken(one.start, one.end, one.text, ago=one.days, question=one.question)
        for one in durations
        if one.days is not None
    ]
    found += [one for one in read_all(text, _READERS, durations) if one.text]
    return sorted(found, key=lambda one: one.start)


def _complete(found: re.Match[str]) -> DateToken | None:
    dates = _real([(int(found["y"]), int(found["m"]), int(found["d"]))])
    end = found.end() if found.re is not FILE_NAME else found.end("d")
    words = found.string[found.start() : end]
    is_machine = found.re is not _JAPANESE
    return DateToken(found.start(), end, words, dates, is_machine=is_machine) if dates else None


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
    future = f"“{one_line(found[0])}” is in the future, so we didn't list it."
    return replace(_token(found, future if found.re is _COMING else ""), is_vague=True)


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
_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], DateToken | None]], ...] = (
    *((one, _complete) for one in (_YEAR_FIRST, _JAPANESE, _PACKED, FILE_NAME)),
    *((one, _with_named_month) for one in (_DAY_MONTH, _MONTH_DAY)),
    *((one, _numeric) for one in (_NUMBERS, _SPACED)),
    (_WORDS, _relative),
    *((one, _of_month) for one in (_NUMBERED_DAY, _OF_MONTH)),
    (_WEEK_SPAN, lambda found: DateToken(found.start(), found.end(), "")),  # "Mon to Fri"
    *((one, _of_week) for one in (_ON_WEEKDAY, _SHORT_WEEKDAY)),
    *((one, _vague) for one in (_VAGUE, _COMING)),
)


# Which calendar days a date can mean, counted from when the ticket was written.

_MAX_YEARS_BACK = 10
_LONG_AGO = 270  # days


@dataclass(frozen=True, slots=True)
class DateGroup(Span):
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
    elif token.ago is not None:
        days = _days_ago(token, timedelta(days=token.ago), written)
    elif token.of_month is not None:
        days = _days_of_month(token, token.of_month, written)
    else:
        days = _weekdays_before(token, written)
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
    for back in range(9):  # 29 February can be eight years ago
        try:
            found = date(latest.year - back, month, day)
        except ValueError:
            continue
        if found <= latest:
            return DayOption(
                found,
                f"the most recent one up to {weekday_and_date(latest)}, since no year is given",
            )
    return DayOption(date.min)


def _days_ago(token: DateToken, back: timedelta, written: _WrittenDays) -> DayOptions:
    options = tuple(_counted(token, day - back, day, one) for day, one in written)
    if len({option.day for option in options}) < 2:
        return DayOptions(options)
    sources = {one.source: None for _, one in written}
    if len(sources) == 1:
        return DayOptions(options, (_could_be(token, options),))
    question = f"“{token.words}” could be counted from {_join_or(sources)}."
    return DayOptions(options, (question,))


def _weekdays_before(token: DateToken, written: _WrittenDays) -> DayOptions:
    """Return the last such weekday up to the ticket's day.

    If that is the ticket's own day, or the words say "last", the one a week before counts too.
    """
    options = []
    for day, one in written:
        back = (day.weekday() - (token.weekday or 0)) % 7
        latest = day - timedelta(days=back)
        if not (token.is_last and back == 0):
            options.append(_counted(token, latest, day, one))
        if back == 0 or token.is_last:
            options.append(_counted(token, latest - timedelta(days=7), day, one))
    is_ambiguous = len({option.day for option in options}) > 1
    return DayOptions(tuple(options), (_could_be(token, options),) if is_ambiguous else ())


def _days_of_month(token: DateToken, number: int, written: _WrittenDays) -> DayOptions:
    """Return the last "20th" before the ticket's day; ask unless it was in the same month."""
    options = []
    for day, one in written:
        month_before = day.replace(day=1) - timedelta(days=1)
        with suppress(ValueError):
            if number <= day.day:
                options.append(_counted(token, day.replace(day=number), day, one))
        with suppress(ValueError):
            if number >= day.day:
                options.append(_counted(token, month_before.replace(day=number), day, one))
    if not options:
        return DayOptions(questions=(f"“{token.words}” isn't a day in the past.",))
    if token.weekday is not None:
        matching = [one for one in options if one.day.weekday() == token.weekday]
        if len({one.day for one in matching}) == 1:
            return DayOptions(tuple(matching))
    written_on = [day.day for day, _ in written]
    is_past = number not in written_on and number < max(written_on)
    if is_past and len({option.day for option in options}) == 1:
        return DayOptions(tuple(options))
    question = f"“{token.words}” doesn't say which month. Check the day."
    return DayOptions(tuple(options), (question,))


def _counted(token: DateToken, day: date, written: date, reference: ReferenceTime) -> DayOption:
    explanation = f"“{token.words}” counted from {weekday_and_date(written)}, {reference.source}"
    return DayOption(day, explanation, reference)


def _could_be(token: DateToken, options: Sequence[DayOption]) -> str:
    return f"“{token.words}” could be {_join_or(weekday_and_date(one.day) for one in options)}."


def _join_or(words: Iterable[str]) -> str:
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last
