"""The whole ticket: who it may be about and when, each with where it was read."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from math import ceil
from zoneinfo import ZoneInfo

from apps.events.query import MAX_WINDOW_MINUTES
from apps.tickets.customers import customers_in
from apps.tickets.dates import DateSeen, DurationSeen, days_in, durations_in
from apps.tickets.text import (
    MAX_TICKET_LENGTH,
    NUMBERS,
    Base,
    Excerpt,
    MomentFound,
    MomentReading,
    Reading,
    Spanned,
    TicketRefused,
    excerpt,
    is_broken,
    nearest_before,
    one_of,
    outside,
)
from apps.tickets.times import (
    MIDNIGHT,
    ClockSeen,
    PartSeen,
    ZoneOption,
    ZoneSeen,
    clocks_in,
    parts_in,
    rough_before,
    zone_at,
    zone_of_all_times,
    zone_of_writer,
)

# Which time belongs to which day: those that stand side by side, else those of one sentence.

_FURTHEST = 400
_TOO_FAR = "too far"


class Link(Enum):
    """How a time came to its day."""

    BESIDE = "beside"
    SENTENCE = "sentence"
    FURTHER_UP = "further up"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DayGroup:
    """Days that stand side by side and mean one: "yesterday (19 November)"."""

    days: tuple[DateSeen, ...]

    @property
    def start(self) -> int:
        """Where the first begins."""
        return self.days[0].start

    @property
    def end(self) -> int:
        """Where the last ends."""
        return self.days[-1].end

    @property
    def text(self) -> str:
        """The last one's words, as they stand."""
        return " ".join(self.days[-1].text.split())


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that name one moment: a time, a day or both, a part of the day, a zone."""

    start: int
    end: int
    clock: ClockSeen | None
    group: DayGroup | None
    link: Link
    part: str = ""
    zone: ZoneSeen | None = None


_BEFORE_TIME = re.compile(
    r"[\s,;:(@|·T~\u2013-]{0,5}(?:(?:at|around|about|approximately|approx\.?|roughly|circa|ca\.?|"
    r"nearly|almost|shortly|just|so|the|in|from|between|since|before|after|until|till|by|um|gegen|"
    r"etwa|ungefähr|kurz|von|zwischen|ab|seit|vor|nach|bis|vers|environ|à|a|las|sobre|hacia|avant|"
    r"après|depuis|desde)[\s(~]{1,3}){0,4}",
    re.IGNORECASE,
)
_BEFORE_DAY = re.compile(
    r"[\s,;(\u2013-]{0,5}(?:(?:on|of|the|am|vom|den|le|el)\s){0,2}", re.IGNORECASE
)
_JOINED = re.compile(r"[\s,(\u2013-]{0,4}(?:on\s|den\s|the\s)?")
_BESIDE_PART = re.compile(r"[\s,(]{0,4}(?:(?:at|in|around|about|the|am|um|gegen|por|la)\s){0,3}")


def pair(
    text: str, days: Sequence[DateSeen], clocks: Sequence[ClockSeen], parts: Sequence[PartSeen]
) -> list[Mention]:
    """All mentions, in the order of the text. Days that lent themselves to a time stand once."""
    groups = _grouped(text, days)
    mentions = [_of_clock(text, clock, groups, parts) for clock in clocks]
    used = {mention.group for mention in mentions}
    mentions += [_of_day(text, group, parts) for group in groups if group not in used]
    return sorted(mentions, key=lambda mention: mention.start)


def _grouped(text: str, days: Sequence[DateSeen]) -> list[DayGroup]:
    groups: list[DayGroup] = []
    for day in days:
        if groups and _JOINED.fullmatch(text, groups[-1].end, day.start):
            groups[-1] = DayGroup((*groups[-1].days, day))
        else:
            groups.append(DayGroup((day,)))
    return groups


def _of_clock(
    text: str, clock: ClockSeen, groups: Sequence[DayGroup], parts: Sequence[PartSeen]
) -> Mention:
    near = _parts_beside(text, clock, parts)
    is_machine = clock.second is not None
    zone = zone_at(text, clock.end, after_iso=is_machine)
    group, link = _day_of(text, clock, zone.end if zone else clock.end, groups, near)
    if group and any(day.is_machine for day in group.days):
        zone = zone_at(text, clock.end, after_iso=True)
    last = max([clock.end, *(part.end for part in near)])
    if group and link is Link.BESIDE:
        near = [*near, *_parts_beside(text, group, parts)]
        last = max([last, group.end, *(part.end for part in near)])
    zone = zone or zone_at(text, last)
    spans: list[Spanned] = [clock, *near, *([zone] if zone else [])]
    spans += [group] if group and link is Link.BESIDE else []
    named = next((day.part for day in group.days if day.part), "") if group else ""
    return Mention(
        start=min(span.start for span in spans),
        end=max(span.end for span in spans),
        clock=clock,
        group=group,
        link=link,
        part=near[0].part if near else named,
        zone=zone,
    )


def _of_day(text: str, group: DayGroup, parts: Sequence[PartSeen]) -> Mention:
    near = _parts_beside(text, group, parts)
    named = next((day.part for day in group.days if day.part), "")
    end = max([group.end, *(part.end for part in near)])
    return Mention(
        start=min([group.start, *(part.start for part in near)]),
        end=end,
        clock=None,
        group=group,
        link=Link.BESIDE,
        part=named or (near[0].part if near else ""),
        zone=zone_at(text, end),
    )


def _day_of(
    text: str,
    clock: ClockSeen,
    clock_end: int,
    groups: Sequence[DayGroup],
    near: Sequence[PartSeen],
) -> tuple[DayGroup | None, Link]:
    before = nearest_before(groups, clock.start)
    index = groups.index(before) + 1 if before else 0
    after = groups[index] if index < len(groups) else None
    gap_before = _without(text, before.end, clock.start, near) if before else _TOO_FAR
    gap_after = _without(text, clock_end, after.start, near) if after else _TOO_FAR
    is_before, is_after = _BEFORE_TIME.fullmatch(gap_before), _BEFORE_DAY.fullmatch(gap_after)
    if is_before and is_after:  # "3 pm yesterday, 4 pm today"
        is_before = None if "," in gap_before and "," not in gap_after else is_before
    if before and is_before:
        return before, Link.BESIDE
    if after and is_after:
        return after, Link.BESIDE
    return _day_in_reach(text, clock, clock_end, before, after)


def _day_in_reach(
    text: str,
    clock: ClockSeen,
    clock_end: int,
    before: DayGroup | None,
    after: DayGroup | None,
) -> tuple[DayGroup | None, Link]:
    """A day that does not stand beside the time, but in its sentence or further up."""
    if before and not is_broken(text[before.end : clock.start][:_FURTHEST]):
        return before, Link.FURTHER_UP if _is_far(before, clock) else Link.SENTENCE
    if after and not _is_far(clock, after) and not is_broken(text[clock_end : after.start]):
        return after, Link.SENTENCE
    if before and clock.start - before.end <= _FURTHEST:
        return before, Link.FURTHER_UP
    return None, Link.NONE


def _is_far(one: Spanned, other: Spanned) -> bool:
    return other.start - one.end > _FURTHEST / 2


def _parts_beside(text: str, at: Spanned, parts: Sequence[PartSeen]) -> list[PartSeen]:
    """The words for a part of the day right before or right behind."""
    near = []
    for part in parts:
        first, second = (part.end, at.start) if part.end <= at.start else (at.end, part.start)
        if 0 <= second - first <= 24 and _BESIDE_PART.fullmatch(text[first:second].casefold()):
            near.append(part)
    return near


def _without(text: str, start: int, end: int, parts: Sequence[PartSeen]) -> str:
    """What stands between two places, at most 120 characters, without the parts of days in it."""
    if end - start > 120:
        return _TOO_FAR
    between = text[start:end]
    for part in parts:
        if start <= part.start and part.end <= end:
            between = between.replace(text[part.start : part.end], " ", 1)
    return between


# Which days a written day can mean, counted from when the ticket was written.

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


# Which hours a written time can mean, and how far around it to look.

ROUGH_MINUTES = 15
EDGE_MINUTES = 60

# From and to which hour of the day; beyond 24 is the next day's morning.
PART_HOURS = {
    "morning": (6.0, 12.0),
    "midday": (11.0, 14.0),
    "afternoon": (12.0, 18.0),
    "evening": (18.0, 24.0),
    "night": (18.0, 30.0),
    "small hours": (0.0, 6.0),
    "": (0.0, 24.0),
}
_FITTING = {
    "morning": frozenset(range(12)),
    "midday": frozenset(range(11, 15)),
    "afternoon": frozenset(range(12, 21)),  # Spanish: "las 8 de la tarde"
    "evening": frozenset(range(16, 24)),
    "night": frozenset((*range(18, 24), *range(6))),
    "small hours": frozenset(range(7)),
}


@dataclass(frozen=True, slots=True)
class Style:
    """How this text writes its times: whether any has am or pm, or an hour above 12."""

    has_meridiem: bool = False
    has_24h: bool = False

    @classmethod
    def of(cls, clocks: Sequence[ClockSeen]) -> "Style":
        """As its times show it."""
        return cls(
            has_meridiem=any(clock.meridiem in ("am", "pm") for clock in clocks),
            has_24h=any(clock.is_24h or clock.is_padded for clock in clocks if not clock.meridiem),
        )


def hours_of(clock: ClockSeen, part: str, style: Style, *, is_machine: bool) -> tuple[int, ...]:
    """Each hour of the day, 0 to 23, that it can mean; 24 is the midnight that ends the day."""
    if clock.meridiem == MIDNIGHT:
        return (0, 24)
    if clock.meridiem:
        return (_with_meridiem(clock.hour, clock.meridiem),)
    if clock.is_24h or is_machine:
        return (clock.hour,)
    if not (clock.is_whole_hour or clock.is_spelled) and style.has_24h and not style.has_meridiem:
        return (clock.hour,)
    both = (clock.hour % 12, clock.hour % 12 + 12)
    fitting = tuple(hour for hour in both if hour in _FITTING.get(part, both))
    return fitting or both


def last_of(clock: ClockSeen, first_hour: int) -> tuple[int, int] | None:
    """The end of a range as hour and minute, after its first hour; None where it is no range."""
    if clock.until is None:
        return None
    hour, minute, meridiem = clock.until
    if meridiem in ("am", "pm"):
        hour = _with_meridiem(hour, meridiem)
    elif first_hour >= 12 and hour < 12 and not clock.is_24h:
        hour += 12
    return hour, minute


def minutes_of(clock: ClockSeen) -> int | None:
    """How far to look to each side of a single time: None where it is exact."""
    if clock.bound:
        return EDGE_MINUTES
    return ROUGH_MINUTES if clock.about or clock.is_whole_hour else None


def instants(day: date, hour: int, minute: int, second: int, zone: tzinfo) -> list[datetime]:
    """The moments, in UTC, at which clocks of that zone show this: one, and two around a change.

    Where the clocks skip the hour, the two are an hour apart around it: what it was by the old
    time and what it was by the new.
    """
    start = datetime(day.year, day.month, day.day, hour % 24, minute, second, tzinfo=zone)
    start += timedelta(days=hour // 24)
    both = (start.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted(set(both))


def is_skipped(day: date, hour: int, minute: int, zone: tzinfo) -> bool:
    """Whether the clocks of that zone never showed this time."""
    local = datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=zone)
    back = local.astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) != local.replace(tzinfo=None)


def middle(start: datetime, end: datetime, latest: datetime) -> tuple[datetime, int] | None:
    """The middle of a stretch and half its length in minutes, rounded up.

    What lies after `latest` is cut off; None when all of it does. At most a day to each side.
    """
    end = min(end, latest)
    if start >= end:
        return None
    centre = (start + (end - start) / 2).replace(second=0, microsecond=0)
    half = ceil((end - centre).total_seconds() / 60)
    return centre, max(1, min(half, MAX_WINDOW_MINUTES))


def part_of_day(day: date, part: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """From when to when that part of the day lasted, in UTC."""
    first, last = PART_HOURS[part]
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (
        (midnight + timedelta(hours=first)).astimezone(UTC),
        (midnight + timedelta(hours=last)).astimezone(UTC),
    )


def _with_meridiem(hour: int, meridiem: str) -> int:
    if hour > 12 or hour == 0:
        return hour
    return hour % 12 + (12 if meridiem == "pm" else 0)


# What stands beside a moment and was not read, so that nothing is sure that only looks so.


@dataclass(frozen=True, slots=True)
class UnreadSeen:
    """Words that may be a time of day."""

    start: int
    end: int
    text: str


_LIKE_A_TIME = re.compile(
    r"(?<![\w.,:/+#$€£-])(?:[0-2]?[0-9]\s?[:.h][0-5][0-9]|[0-2]?[0-9]\s?(?:h|hrs|[ap]m?|uhr|ish|hours)|"
    r"[0-2]?[0-9](?=\s(?:y|et|menos|moins|Uhr)\s))(?![\w.])|"
    r"(?<![\w.,:/+#$€£-])[0-9]{3,4}\s?[ap]m(?!\w)|"
    rf"(?<!\w){one_of(NUMBERS)}\s(?:o|oh|five|ten|fifteen|twenty|thirty|forty|fifty)(?!\w)|"
    rf"(?<!\w)(?:past|to|at|around|about|maybe|perhaps|like|um|gegen)\s{one_of(NUMBERS)}(?!\w)|"
    r"(?<!\w)(?:maybe|perhaps|like|at|around|about|um|gegen|vers|à|las|to|past|@)\s[0-9]{1,2}(?![\w%])|"
    r"(?<!\w)(?:half|quarter|viertel|dreiviertel|halb|demie|y\smedia|o['\u2019]?clock)(?!\w)",
    re.IGNORECASE,
)
_OTHER_CLOCK = re.compile(
    r"[,\s(]{1,3}(?P<said>(?:(?:my|his|her|their|the\scustomer['\u2019]?s|customer(?:['\u2019]?s)?|meiner?|ihrer?)\s(?:local\s)?"
    r"(?:time(?!\w)|zeit(?!\w))|local\s(?:time(?!\w))?|ortszeit|heure\slocale|hora\slocal|"
    r"(?:over\s)?here(?!\w)))",
    re.IGNORECASE,
)
_BESIDE_A_MEAL = re.compile(
    r"[,\s]{1,3}(?P<said>(?:just\s|right\s|shortly\s)?(?:before|after|vor|nach|avant|après)\s"
    r"(?:the\s|my\s|der\s|dem\s|le\s)?(?:work|lunch|breakfast|dinner|tea|school|bed|arbeit|"
    r"mittag|essen|frühstück|travail|déjeuner))(?!\w)",
    re.IGNORECASE,
)
_FROM_COUNT = re.compile(
    rf"(?:(?<![\w.,:])[0-9]{{1,2}}|(?<!\w){one_of(NUMBERS)}|\shalf)\s?"
    r"(?:-|\u2013|or|to|bis|oder|ou|o|a|and\sa)\s?\Z",
    re.IGNORECASE,
)
_AND_A_HALF = re.compile(
    r"\s(?P<said>y\smedia|et\sdemie|or\sso|or\s(?:two|three|more)|oder\s(?:zwei|drei))(?!\w)",
    re.IGNORECASE,
)
_EARLY = re.compile(
    r"(?<!\w)(?P<said>early|früh|frühmorgens|tôt|temprano)\s(?:in\sthe\s|on\s)?\Z", re.IGNORECASE
)
_PAST = re.compile(
    r"(?<!\w)(?P<said>(?:minutes|mins|min|minuten|shortly)\s(?:past|to|after|before|nach|vor))\s\Z",
    re.IGNORECASE,
)
_MORE_DIGITS = re.compile(r"(?<=[^\W\d])\s(?P<said>[0-9]{1,2})(?![\w.:/%-])")
_IN_A_PLACE = re.compile(r",?\s\(?(?P<said>(?:over\s|here\s)?in\s[A-Z][^\W\d_]{2,20})(?!\w)")
_SENT = re.compile(
    r"(?<!\w)(?P<said>received|posted|submitted|created|opened|reviewed|published|sent|updated|"
    r"started|empfangen|gesendet|eingegangen|reçu|recibido)(?:\s(?:on|at|am|le|el))?[\s:,]{1,3}\Z",
    re.IGNORECASE,
)


def like_a_time(text: str) -> list[UnreadSeen]:
    """All that may be times of day, whether they can be read or not."""
    return [UnreadSeen(one.start(), one.end(), one[0]) for one in _LIKE_A_TIME.finditer(text)]


def asked_of_duration(text: str, start: int, end: int) -> Iterator[str]:
    """What the words around "3 hours ago" leave open: "2-3 hours ago"."""
    count = _FROM_COUNT.search(text, max(0, start - 24), start)
    if count:
        yield f"The ticket says “{count[0].strip()}” before it. Please check how long ago."
    half = _AND_A_HALF.match(text, end)
    if half:
        yield f"The ticket says “{half['said']}” after it. Check how long ago it was."


def asked_beside(text: str, start: int, end: int, *, has_clock: bool) -> Iterator[str]:
    """What the words around a moment leave open, as plain sentences.

    The moment stands from `start` to `end`; `has_clock` tells whether it names a time of day.
    """
    other = _OTHER_CLOCK.match(text, end) or (has_clock and _IN_A_PLACE.match(text, end))
    if other:
        yield f"The ticket says “{other['said'].strip()}”. Please check which zone that is."
    meal = _BESIDE_A_MEAL.match(text, end)
    if meal:
        yield f"The ticket says “{meal['said']}”, not an exact time."
    early = None if has_clock else _EARLY.search(text, max(0, start - 24), start)
    if early:
        yield f"The ticket says “{early['said']}”, not an exact time."
    past = _PAST.search(text, max(0, start - 24), start)
    if past:
        yield f"The ticket says “{past['said']}”. Please check the minute."
    more = _MORE_DIGITS.match(text, end) if has_clock else None
    if more:
        yield f"“{more['said']}” after it may be the minutes. Check that."
    sent = _SENT.search(text, max(0, start - 20), start)
    if sent:
        yield f"The ticket says “{sent['said']}”: it may not be when the problem was."


# From words that name a moment to every moment that they can mean.

_SKEW = timedelta(minutes=5)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a text is read with: the zone where none is named, now, and how it writes times.

    `all_times` is a zone named for all of them, `other_zones` are those of single ones.
    """

    zone: ZoneInfo
    now: datetime
    style: Style = field(default_factory=Style)
    all_times: ZoneSeen | None = None
    other_zones: tuple[ZoneSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A reading, what it was counted from, and what to ask because of it."""

    reading: MomentReading
    day: DayRead
    zone: str
    question: str = ""

    @property
    def is_after_ticket(self) -> bool:
        """Whether all of it lies after the message that its day was counted from."""
        written = self.day.base.moment if self.day.base else None
        earliest = self.reading.moment - timedelta(minutes=self.reading.minutes or 0)
        return written is not None and earliest > written + _SKEW


def moment_of(text: str, mention: Mention, bases: Sequence[Base], setting: Setting) -> MomentFound:
    """Every moment that the mention can mean, counted from each of `bases`."""
    questions = list(_asked_at_once(text, mention, setting))
    drafts: list[_Draft] = []
    lacks_date = False
    for option in _zones(mention, setting):
        days = _days(mention, bases, option.zone, setting)
        questions += days.questions
        lacks_date = lacks_date or days.lacks_date
        for day in days.options:
            drafts += _on_day(mention, day, option, setting)
    kept, left_out = _possible(drafts, setting.now)
    if any(draft.day.base and draft.day.base.is_doubtful for draft in kept):
        questions.append("It's counted from a date on a separate line above. Check that date.")
    readings = _each_once(kept)
    if len(readings) > 1:
        questions += [draft.question for draft in kept if draft.question]
    questions += _why_zones(mention, drafts, setting)
    return MomentFound(
        excerpt=excerpt(text, mention.start, mention.end),
        readings=readings,
        questions=tuple(dict.fromkeys([*questions, *left_out])),
        lacks_date=lacks_date and not readings,
    )


def moment_ago(
    text: str, seen: DurationSeen, bases: Sequence[Base], setting: Setting
) -> MomentFound:
    """ "Two hours ago", counted back from the minute the ticket was written."""
    where = excerpt(text, seen.start, seen.end)
    said = " ".join(seen.text.split())
    timed = [base for base in bases if base.moment is not None]
    if not timed:
        asks = f"“{said}” is counted from the minute the ticket was written. Enter that time too."
        return MomentFound(where, questions=(asks,), lacks_date=True)
    minutes = max(10, round(seen.back.total_seconds() / 60 / 4))
    readings = tuple(
        MomentReading(
            utc(base.moment - seen.back),
            minutes,
            f"“{said}” counted from {base.moment.astimezone(setting.zone):%H:%M}, {base.said}",
        )
        for base in timed
        if base.moment is not None
    )
    questions = list(asked_of_duration(text, seen.start, seen.end))
    if len(readings) > 1:
        questions.append(f"“{said}” could be counted from more than one message.")
    return MomentFound(where, readings, tuple(questions))


def _zones(mention: Mention, setting: Setting) -> tuple[ZoneOption, ...]:
    """The zone that is named; else the default one, and what other times of the text name."""
    named = mention.zone or setting.all_times
    if named and named.options and not named.is_maybe:
        return _as_named(named)
    default = ZoneOption(f"no time zone is given, so {setting.zone.key}", setting.zone)
    if named and named.is_maybe:
        return (default, *_as_named(named))
    if mention.clock is None or mention.zone:
        return (default,)
    return (default, *(option for zone in setting.other_zones for option in _as_named(zone)))


def _as_named(named: ZoneSeen) -> tuple[ZoneOption, ...]:
    return tuple(
        replace(
            option,
            said=f"in {option.said}, as written"
            if option.said == named.text
            else f"“{named.text}” is {option.said}",
        )
        for option in named.options
    )


def _asked_at_once(text: str, mention: Mention, setting: Setting) -> Iterator[str]:
    """What is uncertain before any day is looked at."""
    clock, group = mention.clock, mention.group
    if mention.zone and not mention.zone.options:
        yield (
            f"We don't recognize “{mention.zone.text}”, so the time is read as {setting.zone.key}."
        )
    bound = (clock.bound if clock else "") or rough_before(text, mention.start)[1]
    if bound:
        yield f"The ticket says “{bound}”, not an exact time."
    yield from asked_beside(text, mention.start, mention.end, has_clock=clock is not None)
    if clock and group and mention.link is Link.FURTHER_UP:
        yield f"The day of “{clock.text}” is taken from “{group.text}”, further up. Check that."


def _days(mention: Mention, bases: Sequence[Base], zone: tzinfo, setting: Setting) -> Days:
    """The day that is named; else the ticket's own day and the one before it, which is asked."""
    if mention.group:
        return read_days(mention.group, bases, zone, setting.now)
    said = f"“{mention.clock.text if mention.clock else ''}”"
    if not bases:
        return Days(questions=(f"The ticket names no day for {said}.",), lacks_date=True)
    options = []
    for base in bases:
        written = day_of(base, zone)
        options.append(DayRead(written, f"the day it was written, {base.said}", base))
        options.append(DayRead(written - _DAY, f"the day before it was written, {base.said}", base))
    return Days(tuple(options), (f"The ticket gives no day for {said}. Which day was it?",))


def _on_day(
    mention: Mention, day: DayRead, option: ZoneOption, setting: Setting
) -> Iterator[_Draft]:
    clock = mention.clock
    if clock is None:
        yield from _stretch(mention, day, option, setting)
        return
    hours = hours_of(clock, mention.part, setting.style, is_machine=_is_machine(mention))
    question = _why_two_hours(clock) if len(hours) > 1 else ""
    for hour in hours:
        for draft in _at_hour(mention, clock, hour, (day, option, setting)):
            yield replace(draft, question=draft.question or question)
        if mention.part == "night" and hour < 6 and clock.meridiem != MIDNIGHT:
            after = replace(day, day=day.day + _DAY)
            asks = f"“{clock.text}” at night could be before or after midnight."
            for draft in _at_hour(mention, clock, hour, (after, option, setting)):
                yield replace(draft, question=asks)


def _is_machine(mention: Mention) -> bool:
    """Whether it is written as programs do, so that no am or pm is missing."""
    if mention.group and any(seen.is_machine for seen in mention.group.days):
        return True
    is_universal = mention.zone is not None and mention.zone.is_universal
    return is_universal and mention.clock is not None and not mention.clock.is_whole_hour


def _why_two_hours(clock: ClockSeen) -> str:
    if clock.meridiem == MIDNIGHT:
        return "Midnight could be the start or the end of the day."
    return f"“{clock.text}” doesn't say a.m. or p.m."


def _at_hour(
    mention: Mention, clock: ClockSeen, hour: int, where: tuple[DayRead, ZoneOption, Setting]
) -> Iterator[_Draft]:
    day, option, setting = where
    moments = instants(day.day, hour, clock.minute, clock.second or 0, option.zone)
    question = _why_two_moments(clock, hour, day, option) if len(moments) > 1 else ""
    last = last_of(clock, hour)
    for moment in moments:
        told = _told(mention, day, option)
        middle_of = (moment, minutes_of(clock))
        if last is not None:
            until = instants(day.day, *last, 0, option.zone)[-1]
            middle_of = middle(moment, until, setting.now) or (moment, None)
        yield _Draft(MomentReading(*middle_of, told), day, option.said, question)


def _why_two_moments(clock: ClockSeen, hour: int, day: DayRead, option: ZoneOption) -> str:
    shown = f"{hour % 24:02}:{clock.minute:02} on {named_day(day.day)}"
    if is_skipped(day.day, hour, clock.minute, option.zone):
        return f"{shown} did not exist because the clocks moved forward. Which time was it?"
    return f"{shown} happened twice because the clocks moved back. Which time was it?"


def _stretch(
    mention: Mention, day: DayRead, option: ZoneOption, setting: Setting
) -> Iterator[_Draft]:
    """A whole day or a part of one, as far as it is over."""
    start, end = part_of_day(day.day, mention.part, option.zone)
    cut = middle(start, end, setting.now)
    if cut is None:
        yield _Draft(MomentReading(start, None, ""), day, option.said)
        return
    local = (start.astimezone(option.zone), end.astimezone(option.zone))
    whole = "no time is named, so the whole day"
    stretch = f"the {mention.part}, {local[0]:%H:%M} to {local[1]:%H:%M}" if mention.part else whole
    told = "; ".join(filter(None, [_told(mention, day, option), stretch]))
    yield _Draft(MomentReading(cut[0], cut[1], told), day, option.said)


def _told(mention: Mention, day: DayRead, option: ZoneOption) -> str:
    """How it was understood, in words."""
    rough = ""
    if mention.clock and mention.clock.about:
        rough = f"“{mention.clock.about}” makes it approximate"
    return "; ".join(filter(None, [day.said, rough, option.said]))


def _possible(drafts: Sequence[_Draft], now: datetime) -> tuple[list[_Draft], list[str]]:
    """Those that are over, and were when the ticket was written; sentences on what is left out."""
    past = [draft for draft in drafts if draft.reading.moment <= now + _SKEW]
    left_out = []
    if len(past) < len(drafts):
        coming = dict.fromkeys(named_day(one.day.day) for one in drafts if one not in past)
        left_out.append(f"A time on {' or '.join(coming)} is still to come, so it is not offered.")
    before = [draft for draft in past if not draft.is_after_ticket]
    if past and not before:
        left_out.append("This is later than the ticket itself. Check it.")
    return before or past, left_out


def _each_once(drafts: Sequence[_Draft]) -> tuple[MomentReading, ...]:
    kept: dict[tuple[datetime, int | None], MomentReading] = {}
    for draft in drafts:
        kept.setdefault((draft.reading.moment, draft.reading.minutes), draft.reading)
    return tuple(kept[key] for key in sorted(kept, key=lambda key: (key[0], key[1] or 0)))


def _why_zones(mention: Mention, drafts: Sequence[_Draft], setting: Setting) -> Iterator[str]:
    """What is to be asked because the zones lead to different moments."""
    by_zone: dict[str, set[datetime]] = {}
    for draft in drafts:
        by_zone.setdefault(draft.zone, set()).add(draft.reading.moment)
    if len(set(map(frozenset, by_zone.values()))) < 2:
        return
    named = mention.zone or setting.all_times
    if named and named.is_maybe:
        yield f"“{named.text}” may or may not be the time zone."
    elif named:
        yield f"“{named.text}” can mean more than one zone."
    elif mention.clock:
        names = " and ".join(f"“{zone.text}”" for zone in setting.other_zones)
        yield (
            f"“{mention.clock.text}” gives no time zone, but another time in the ticket does: "
            f"{names}."
        )


# When a message was written: the headers that mail programs and ticket systems put above it.

_A_YEAR = timedelta(days=366)
_NAMES = (
    "sent|date|gesendet|datum|envoyé|enviado(?:\\sel)?|fecha|"
    "(?:created|received|submitted|opened|written|requested|erstellt|eingegangen)(?:\\s(?:at|on|am))?"
)
_FIELD = re.compile(
    rf"^[ \t>*|]{{0,12}}(?:{_NAMES})\*?[ \t]?:\*?[ \t]{{0,4}}(?P<rest>[^\n]{{6,120}})",
    re.IGNORECASE | re.MULTILINE,
)
_WROTE = re.compile(
    r"(?<!\w)(?:on|am|le|el)\s(?P<rest>[^\n]{8,160}?(?:\n[^\n]{1,80}?)?)\s"
    r"(?:wrote|schrieb|a\sécrit|escribió)(?=[^\n:]{0,80}:)",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(
    r"(?:reported|replied|commented|created|said|wrote|(?:mail|message)\sfrom)[^\n(]{0,60}\((?P<rest>[^\n)]{8,60})\)",
    re.IGNORECASE,
)
# A form with the day and the time of the problem on two lines, and no mail's header.
_TIME_LABEL = re.compile(
    r"[ \t>*|]{0,12}(?:time(?!\s?zone)|uhrzeit|heure|hora)[^\n:]{0,24}:", re.IGNORECASE
)
_TIME_BELOW = re.compile(rf"\n{_TIME_LABEL.pattern}", re.IGNORECASE)
# "[14:02] Kim: ", "20.11.26, 14:05 - Jörg: ": a line of a chat, and when it was sent.
_LINE_START = re.compile(r"[ \t>*\[(\u200e]{0,6}\Z")
_SPEAKER = re.compile(
    r"[ \t]{0,2}[\])]?[ \t]{0,3}(?:[-\u2013|][ \t])?"
    r"(?P<name>[^\W\d_][^\n:\[\]]{0,30}):(?=[ \t\n]|\Z)"
)
_NAME_BEFORE = re.compile(r"[^\W\d_][^\n\d:.!?]{0,30}(?:,[ \t]|[ \t]{2}|[ \t]\[)\[?\Z")
_LINE_END = re.compile(r"[ \t]{0,2}\]?[ \t]{0,3}(?=\n|\Z)")


@dataclass(frozen=True, slots=True)
class HeaderSeen:
    """A header, and when it says the text below it was written; more than one if ambiguous.

    `is_stamp`: only a line that stands alone, which may also be when the problem happened.
    """

    start: int
    end: int
    bases: tuple[Base, ...]
    excerpt: Excerpt
    is_stamp: bool = False


def headers_in(text: str, setting: Setting) -> list[HeaderSeen]:
    """All headers with a day that can be read, in the order of the text."""
    found = [
        header
        for pattern in (_FIELD, _WROTE, _IN_BRACKETS)
        for match in pattern.finditer(text)
        if (header := _header(text, match, setting))
    ]
    return sorted(found, key=lambda header: header.start)


def names_a_date(mention: Mention) -> bool:
    """Whether its day stands there as a date, so that it counts from nothing."""
    return mention.group is not None and any(day.dates for day in mention.group.days)


def stands_alone(text: str, mention: Mention) -> bool:
    """Whether a day with its time fills a line, at most with a name: "Jane Doe, 20 Nov, 14:31"."""
    if not (mention.clock and names_a_date(mention)):
        return False
    start = text.rfind("\n", 0, mention.start) + 1
    if _TIME_LABEL.match(text, start):
        return False
    end = text.find("\n", mention.end)
    line = text[start : mention.start] + text[mention.end : end if end >= 0 else len(text)]
    is_bare = len(line) <= 60 and not any(word[0].islower() for word in line.split())
    return is_bare and "\n" in text.strip()


def is_chat_line(text: str, mention: Mention) -> bool:
    """Whether a time only says when a line of a chat was sent: "[14:02] Kim: hello"."""
    if mention.clock is None or "\n" not in text.strip():
        return False
    line_start = text.rfind("\n", 0, mention.start) + 1
    if _LINE_START.fullmatch(text, line_start, mention.start):
        speaker = _SPEAKER.match(text, mention.end)
        return speaker is not None and len(speaker["name"].split()) <= 3
    is_after_name = _NAME_BEFORE.fullmatch(text, line_start, mention.start) is not None
    is_end = _LINE_END.match(text, mention.end) is not None
    words = text[line_start : mention.start].split()
    return is_after_name and is_end and len(words) <= 3


def stamp(text: str, mention: Mention, setting: Setting, given: Sequence[Base] = ()) -> HeaderSeen:
    """A line that stands alone or heads one of a chat, as what the text below may count from."""
    found = moment_of(text, mention, given, setting)
    bases = tuple(
        Base("the date above it", moment=reading.moment, is_doubtful=True)
        for reading in found.readings
    )
    return HeaderSeen(mention.start, mention.end, bases, found.excerpt, is_stamp=True)


def read_written(typed: str, setting: Setting) -> Base:
    """When a person says the ticket was written; relative words count from now.

    Raises `TicketRefused` when it cannot be read, is ambiguous or in the future.
    """
    bases = _bases(typed, [Base("now", moment=setting.now)], setting, "the ticket's date")
    later = replace(setting, now=setting.now + _A_YEAR)
    if not bases and _bases(typed, [Base("now", moment=setting.now)], later, ""):
        raise TicketRefused("This is in the future. Please check when the ticket was written.")
    if not bases:
        raise TicketRefused(
            "We cannot read when the ticket was written. Please use 2026-11-20 14:05, "
            "or just the date."
        )
    if len(bases) > 1:
        raise TicketRefused(
            "This could mean more than one time. Please write it as 2026-11-20 14:05."
        )
    return bases[0]


def _header(text: str, match: re.Match[str], setting: Setting) -> HeaderSeen | None:
    bases = _bases(match["rest"], (), setting, "the date of the message")
    if not bases or _TIME_BELOW.match(text, match.end()):
        return None
    return HeaderSeen(match.start(), match.end(), bases, excerpt(text, match.start(), match.end()))


def _bases(typed: str, from_when: Sequence[Base], setting: Setting, said: str) -> tuple[Base, ...]:
    """The first moment, else the first day, that the words name."""
    if durations_in(typed):
        return ()
    mentions = pair(typed, days_in(typed), clocks_in(typed), parts_in(typed))
    mention = next((one for one in mentions if one.clock and one.link is not Link.NONE), None)
    mention = mention or next((one for one in mentions if one.group), None)
    if mention is None or (mention.clock is None and mention.part):
        return ()
    found = moment_of(typed, mention, from_when, setting)
    if mention.clock:
        return tuple(Base(said, moment=reading.moment) for reading in found.readings)
    return tuple(
        Base(said, day=reading.moment.astimezone(setting.zone).date()) for reading in found.readings
    )


_CHAT_LINE = "This is the time of a line in a chat: it says when that line was sent."
_UNREAD_IN_REACH = 40
_ALONE = "This line is on its own. It may say when the message was written."
_MOST_TOKENS = 100
_MOST_SHOWN = 8
_MOST_ZONES = 3


def read_ticket(
    text: str, *, zone: ZoneInfo, now: datetime, written: datetime | date | None = None
) -> Reading:
    """Find customers and moments. Nothing is asked of anybody and nothing is kept.

    `zone` is where times are read that name none; `now` is aware. `written` is when the ticket
    was written, if that is known: an aware datetime, or the day alone.
    Raises `TicketRefused` for an empty text and for one of more than 20,000 characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise TicketRefused("Paste the ticket text.")
    if len(text) > MAX_TICKET_LENGTH:
        raise TicketRefused(
            f"The text has {len(text):,} characters; we read {MAX_TICKET_LENGTH:,} at most. "
            "Leave out anything that doesn't say who it was or when."
        )
    setting = Setting(zone, now)
    headers = headers_in(text, setting)
    moments, notes = _moments(text, headers, _base_of(written), setting)
    customers, more_notes = customers_in(text)
    return Reading(
        customers=customers,
        moments=moments,
        written=tuple(header.excerpt for header in headers[:_MOST_SHOWN]),
        notes=tuple(dict.fromkeys([*notes, *more_notes])),
    )


def read_ticket_date(typed: str, *, zone: ZoneInfo, now: datetime) -> datetime | date:
    """When a person says the ticket was written: an aware moment, or the day alone.

    Raises `TicketRefused` when it cannot be read, is ambiguous or in the future.
    """
    base = read_written(typed, Setting(zone, now))
    told = base.moment or base.day
    assert told is not None  # noqa: S101 - a base has one of the two
    return told


def _base_of(written: datetime | date | None) -> tuple[Base, ...]:
    if written is None:
        return ()
    if isinstance(written, datetime):
        return (Base("the ticket's date", moment=written),)
    return (Base("the ticket's date", day=written),)


def _moments(
    text: str, headers: Sequence[HeaderSeen], given: tuple[Base, ...], setting: Setting
) -> tuple[tuple[MomentFound, ...], list[str]]:
    days = outside(days_in(text), headers)[:_MOST_TOKENS]
    ago = outside(durations_in(text), [*headers, *days])[:_MOST_TOKENS]
    taken: list[Spanned] = [*headers, *days, *ago]
    clocks = outside(clocks_in(text), taken)[:_MOST_TOKENS]
    parts = outside(parts_in(text), [*taken, *clocks])[:_MOST_TOKENS]
    setting = replace(
        setting, style=Style.of(clocks), all_times=zone_of_all_times(text) or zone_of_writer(text)
    )
    mentions = pair(text, days, clocks, parts)
    named = [mention.zone for mention in mentions if mention.zone and mention.clock]
    by_name = {zone.text: zone for zone in named if zone.options and not zone.is_offset}
    setting = replace(setting, other_zones=tuple(by_name.values())[:_MOST_ZONES])
    asides = [_aside(text, mention) for mention in mentions]
    unread = outside(like_a_time(text), [*taken, *clocks])[:_MOST_TOKENS]
    aside = [one for one, asks in zip(mentions, asides, strict=True) if asks]
    dated = [stamp(text, one, setting) for one in aside if names_a_date(one)]
    above = sorted([*headers, *dated], key=lambda header: header.start)
    undated = [
        stamp(text, one, setting, _bases_at(one.start - 1, above, given, setting))
        for one in aside
        if not names_a_date(one)
    ]
    all_above = sorted([*above, *undated], key=lambda header: header.start)
    found = []
    for seen in ago:
        bases = _timed(seen.start, all_above, given, setting)
        found.append((seen.start, moment_ago(text, seen, bases, setting)))
    for mention, asks_of_it in zip(mentions, asides, strict=True):
        bases = _bases_at(mention.start - 1, above, given, setting)
        moment = moment_of(text, mention, bases, setting)
        asks = [*filter(None, [asks_of_it]), *_asked_of_unread(text, mention, unread)]
        moment = replace(moment, questions=(*moment.questions, *asks))
        found.append((mention.start, moment))
    found.sort(key=lambda one: one[0])
    return _shown([moment for _, moment in found])


def _aside(text: str, mention: Mention) -> str:
    """What to ask of a time that may only say when something was written, else nothing."""
    if is_chat_line(text, mention):
        return _CHAT_LINE
    return _ALONE if stands_alone(text, mention) else ""


def _asked_of_unread(text: str, mention: Mention, unread: Sequence[UnreadSeen]) -> Iterator[str]:
    """A day whose time of day may stand beside it, in words that we cannot read."""
    if mention.clock is not None:
        return
    for one in unread:
        first, second = (
            (mention.end, one.start) if one.start >= mention.end else (one.end, mention.start)
        )
        if 0 <= second - first <= _UNREAD_IN_REACH and not is_broken(text[first:second]):
            yield f"“{one.text}” near it may be the time of day. Please check."
            return


def _timed(
    at: int, above: Sequence[HeaderSeen], given: tuple[Base, ...], setting: Setting
) -> tuple[Base, ...]:
    """The minute of the message around it, where of the ticket only the day is known."""
    header = nearest_before(above, at)
    if header and header.bases and not any(base.moment for base in given):
        return header.bases
    return _bases_at(at, above, given, setting)


def _bases_at(
    at: int, headers: Sequence[HeaderSeen], given: tuple[Base, ...], setting: Setting
) -> tuple[Base, ...]:
    """What "yesterday" counts from there: the ticket's date, and that of the message around it."""
    above = nearest_before(headers, at)
    if above is None or not given:
        return above.bases if above else given
    own = {day_of(base, setting.zone) for base in given}
    others = tuple(base for base in above.bases if day_of(base, setting.zone) not in own)
    return (*given, *others)


def _shown(found: Sequence[MomentFound]) -> tuple[tuple[MomentFound, ...], list[str]]:
    """Each once, the exact ones first; what cannot be offered becomes a note."""
    kept: dict[object, MomentFound] = {}
    notes: list[str] = []
    for moment in found:
        if moment.readings or moment.lacks_date:
            key = tuple((one.moment, one.minutes) for one in moment.readings) or moment.questions
            kept.setdefault(key, moment)
        else:
            notes += moment.questions
    ordered = [_doubted(moment, found) for moment in sorted(kept.values(), key=_rank)]
    if len(ordered) > _MOST_SHOWN:
        left = len(ordered) - _MOST_SHOWN
        notes.append(f"{left} more {'time was' if left == 1 else 'times were'} found and left out.")
    return tuple(ordered[:_MOST_SHOWN]), notes


def _doubted(moment: MomentFound, found: Sequence[MomentFound]) -> MomentFound:
    """A whole day, while something else waits for the ticket's date, may be just that date."""
    is_waited_for = any(one.lacks_date for one in found)
    if moment.is_sure and is_waited_for and _is_whole_day(moment):
        return replace(moment, questions=("This may be the day the ticket was written.",))
    return moment


def _rank(moment: MomentFound) -> int:
    """Exact times before whole days, and lines of a chat between them."""
    return 2 if _is_whole_day(moment) else int(_CHAT_LINE in moment.questions)


def _is_whole_day(moment: MomentFound) -> bool:
    return bool(moment.readings) and all((one.minutes or 0) > 360 for one in moment.readings)
