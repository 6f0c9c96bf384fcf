"""From words that name a moment to every moment that they can mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from apps.tickets.clock_seen import MIDNIGHT, ClockSeen, rough_before
from apps.tickets.days import DayRead, Days, day_of, named_day, read_days, utc
from apps.tickets.durations import DurationSeen
from apps.tickets.excerpts import excerpt
from apps.tickets.hours import (
    Style,
    hours_of,
    instants,
    is_skipped,
    last_of,
    middle,
    minutes_of,
    part_of_day,
)
from apps.tickets.pairing import Link, Mention
from apps.tickets.reading import Base, MomentFound, MomentReading
from apps.tickets.unread import asked_beside, asked_of_duration
from apps.tickets.zones import ZoneOption, ZoneSeen

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
