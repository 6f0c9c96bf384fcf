"""Which days a written day can mean, counted from when the ticket was written."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from apps.tickets.dates import DateSeen
from apps.tickets.pairing import DayGroup
from apps.tickets.reading import Base

_YEARS_KEPT = 10
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class DayRead:
    """One day that the words can mean; `said` is how it was counted, empty where it is written.

    `base` is what it was counted from, None for a day that stands there.
    """

    day: date
    said: str = ""
    base: Base | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """All that the words can mean, what to ask, and whether the ticket's date is missing."""

    options: tuple[DayRead, ...] = ()
    questions: tuple[str, ...] = ()
    lacks_date: bool = False


def day_of(base: Base, zone: tzinfo) -> date:
    """The ticket's day as it was in that zone."""
    if base.moment is not None:
        return base.moment.astimezone(zone).date()
    return base.day or date.min


def named_day(day: date) -> str:
    """Fri 20 Nov 2026."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def read_days(group: DayGroup, bases: Sequence[Base], zone: tzinfo, now: datetime) -> Days:
    """Every day that these words, side by side, can mean in that zone."""
    read = [_read_day(seen, bases, zone, now) for seen in group.days]
    if len(read) == 1:
        return read[0]
    common = set.intersection(*({option.day for option in days.options} for days in read))
    if common:
        options = [option for days in read for option in days.options if option.day in common]
        kept = {option.day: option for option in reversed(options)}
        return Days(
            tuple(kept[day] for day in sorted(kept)), _asked_of(group) if len(kept) > 1 else ()
        )
    told = [days for days in read if days.options]
    if len(told) == 1:
        return told[0]
    return Days(
        options=tuple(option for days in told for option in days.options),
        questions=("The dates next to each other don't match.",) if told else _asked_of(group),
        lacks_date=not told and any(days.lacks_date for days in read),
    )


def _read_day(seen: DateSeen, bases: Sequence[Base], zone: tzinfo, now: datetime) -> Days:
    if seen.is_vague:
        asks = f"“{_said(seen)}” isn't one specific day. Type one in the form."
        return Days(questions=(seen.doubt or asks,))
    if seen.dates:
        return _calendar_days(seen, bases, zone, now)
    if not bases:
        asks = f"“{_said(seen)}” is counted from the day the ticket was written."
        return Days(questions=(asks,), lacks_date=True)
    if seen.ago is not None:
        return _days_ago(seen, bases, zone)
    if seen.of_month is not None:
        return _of_month(seen, seen.of_month, bases, zone)
    return _weekdays(seen, bases, zone)


def _calendar_days(seen: DateSeen, bases: Sequence[Base], zone: tzinfo, now: datetime) -> Days:
    latest = max((day_of(base, zone) for base in bases), default=now.astimezone(zone).date())
    today = now.astimezone(zone).date()
    options = [_in_a_year(year, month, day, latest) for year, month, day in seen.dates]
    recent = [one for one in options if today.year - _YEARS_KEPT <= one.day.year <= today.year + 1]
    if len(options) > 1:
        recent = [one for one in recent if one.day.year >= today.year - 2] or recent
    questions = [seen.doubt] if seen.doubt else []
    if not recent:
        return Days(
            questions=(f"“{_said(seen)}” is too long ago: errors from then are no longer stored.",)
        )
    if seen.weekday is not None:
        fitting = [one for one in recent if one.day.weekday() == seen.weekday]
        if not fitting:
            questions.append(f"In “{_said(seen)}” the day of the week doesn't match the date.")
        recent = fitting or recent
    if len(recent) > 1:
        questions.append(_can_be(seen, recent))
    return Days(tuple(recent), tuple(questions))


def _in_a_year(year: int | None, month: int, day: int, latest: date) -> DayRead:
    """The day of that year; without one, the last such day up to `latest`."""
    if year is not None:
        return DayRead(date(year, month, day))
    for back in range(9):  # 29 February can be eight years ago
        try:
            found = date(latest.year - back, month, day)
        except ValueError:
            continue
        if found <= latest:
            return DayRead(
                found, f"the most recent one up to {named_day(latest)}, since no year is given"
            )
    return DayRead(date.min)


def _days_ago(seen: DateSeen, bases: Sequence[Base], zone: tzinfo) -> Days:
    ago = timedelta(days=seen.ago or 0)
    options = tuple(
        DayRead(day_of(base, zone) - ago, _counted(seen, base, zone), base) for base in bases
    )
    return Days(options, _which_base(seen, options))


def _weekdays(seen: DateSeen, bases: Sequence[Base], zone: tzinfo) -> Days:
    """The last such day before the ticket's; asked where it is that day, or "last" stands."""
    options = []
    for base in bases:
        written = day_of(base, zone)
        back = (written.weekday() - (seen.weekday or 0)) % 7
        said = _counted(seen, base, zone)
        latest = written - timedelta(days=back)
        if not (seen.is_last and back == 0):
            options.append(DayRead(latest, said, base))
        if back == 0 or seen.is_last:
            options.append(DayRead(latest - _WEEK, said, base))
    if len({option.day for option in options}) > 1:
        return Days(tuple(options), (_can_be(seen, options),))
    return Days(tuple(options))


def _of_month(seen: DateSeen, number: int, bases: Sequence[Base], zone: tzinfo) -> Days:
    """ "The 20th": the last one before the ticket's day; asked unless it was this month."""
    options = []
    for base in bases:
        written = day_of(base, zone)
        month_before = written.replace(day=1) - timedelta(days=1)
        said = _counted(seen, base, zone)
        with suppress(ValueError):
            if number <= written.day:
                options.append(DayRead(written.replace(day=number), said, base))
        with suppress(ValueError):
            if number >= written.day:
                options.append(DayRead(month_before.replace(day=number), said, base))
    days = {option.day for option in options}
    is_before = all(one.base and one.day < day_of(one.base, zone) for one in options)
    if len(days) == 1 and is_before and number < max(day_of(base, zone).day for base in bases):
        return Days(tuple(options))
    if not options:
        return Days(questions=(f"“{_said(seen)}” isn't a day in the past.",))
    return Days(tuple(options), (f"“{_said(seen)}” doesn't say which month. Check the day.",))


def _which_base(seen: DateSeen, options: Sequence[DayRead]) -> tuple[str, ...]:
    if len({option.day for option in options}) < 2:
        return ()
    return (
        f"“{_said(seen)}” could be counted from {_or([o.base.said for o in options if o.base])}.",
    )


def _counted(seen: DateSeen, base: Base, zone: tzinfo) -> str:
    return f"“{_said(seen)}” counted from {named_day(day_of(base, zone))}, {base.said}"


def _can_be(seen: DateSeen, options: Sequence[DayRead]) -> str:
    return f"“{_said(seen)}” can be {_or([named_day(option.day) for option in options])}."


def _asked_of(group: DayGroup) -> tuple[str, ...]:
    return (f"“{group.text}” could mean more than one day.",)


def _or(words: Sequence[str]) -> str:
    *first, last = dict.fromkeys(words)
    return f"{', '.join(first)} or {last}" if first else last


def _said(seen: DateSeen) -> str:
    return " ".join(seen.text.split()).strip(" .,")


def utc(moment: datetime) -> datetime:
    """The aware moment in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0)
