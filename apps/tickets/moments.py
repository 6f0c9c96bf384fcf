"""Pair each time of day with its day and zone, and work out every moment that the two can mean."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from apps.events.query import MAX_WINDOW_MINUTES, any_case
from apps.tickets import times
from apps.tickets.dates import (
    DateGroup,
    DateToken,
    DayOption,
    DayOptions,
    DurationToken,
    local_day,
    resolve_days,
    weekday_and_date,
)
from apps.tickets.text import (
    HARD_BREAK,
    MomentFound,
    MomentReading,
    ReferenceTime,
    TextSpan,
    excerpt,
    one_line,
    read_patterns,
)

_FILE = read_patterns("moments.toml")
_MAX_DAY_DISTANCE = 400
_NEAR = 60


class DaySource(Enum):
    """Where the day of a time was found."""

    ADJACENT = "adjacent"
    SENTENCE = "sentence"
    FURTHER_UP = "further up"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mention(TextSpan):
    """The words for one moment: a time, a day, or both, with a part of the day and a zone."""

    clock: times.ClockToken | None
    group: DateGroup | None
    day_source: DaySource
    part: str = ""
    zone: times.ZoneToken | None = None

    @property
    def has_clock(self) -> bool:
        """Return whether it has a time of day."""
        return self.clock is not None

    @property
    def is_dated(self) -> bool:
        """Return whether its day is given only by dates."""
        return self.group is not None and all(day.dates for day in self.group.days)

    @property
    def has_own_date(self) -> bool:
        """Return whether it is a time with a date next to it."""
        is_beside = self.clock is not None and self.day_source is DaySource.ADJACENT
        return is_beside and self.has_calendar_date

    @property
    def has_calendar_date(self) -> bool:
        """Return whether its day is a date, which needs no reference time."""
        return self.group is not None and any(day.dates for day in self.group.days)


# Pair each time with its day: the adjacent one, else one of the same sentence or further up.

# What `_between` returns for a long gap; no pattern below matches it.
_TOO_FAR = "too far"
_BEFORE_TIME = _FILE.compile("before_time", re.IGNORECASE)
_BEFORE_DAY = any_case(r"[\s,;(\u2013-]{0,5}(?:(?:on|of|the|am|vom|den|le|el)\s){0,2}")
_JOINED = re.compile(r"[ \t,(\u2013-]{0,4}(?:\n\()?(?:on\s|den\s|the\s)?")
_BETWEEN_PART = _FILE.compile("between_part")


@dataclass(frozen=True, slots=True)
class Breaks:
    """Where messages begin: the headers of mails, and the first words of lines of a chat.

    A time takes no day from another email, and one from another line of a chat only as a question.
    """

    mails: tuple[int, ...] = ()
    chat: tuple[int, ...] = ()

    def between(self, start: int, end: int, *, in_chat: bool = True) -> bool:
        """Return whether a message begins between these places."""
        places = (self.mails, self.chat) if in_chat else (self.mails,)
        return any(bisect_right(one, start) < bisect_right(one, end) for one in places)


def find_mentions(
    text: str,
    dates: Sequence[DateToken],
    clocks: Sequence[times.ClockToken],
    parts: Sequence[times.PartToken],
    breaks: Breaks = Breaks(),
) -> list[Mention]:
    """Return all mentions in the order of the text. A day that has a time is not listed alone."""
    groups: list[DateGroup] = []
    for day in dates:
        if groups and _is_joined(text, groups[-1], day):
            groups[-1] = DateGroup(groups[-1].start, day.end, (*groups[-1].days, day))
        else:
            groups.append(DateGroup(day.start, day.end, (day,)))
    led = {
        group
        for group in groups
        for clock in clocks
        if group.end <= clock.start <= group.end + _NEAR
        and _BEFORE_TIME.fullmatch(text, group.end, clock.start)
    }
    pairing = _Pairing(text, groups, led, parts, breaks)
    mentions = [pairing.mention_of_clock(clock) for clock in clocks]
    used = {
        mention.group
        for mention in mentions
        if mention.group and not breaks.between(mention.group.end, mention.start)
    }
    mentions += [pairing.mention_of_day(group) for group in groups if group not in used]
    return sorted(mentions, key=lambda mention: mention.start)


def _is_joined(text: str, group: DateGroup, day: DateToken) -> bool:
    ends = text[group.end - 1] == "." and text[group.end : day.start].isspace()
    starts = text[day.start].isupper() and day.weekday is None
    return bool(_JOINED.fullmatch(text, group.end, day.start)) and not (ends and starts)


class _Pairing(NamedTuple):
    """What the times of a text are paired with; a day in `led` is directly before a time."""

    text: str
    groups: Sequence[DateGroup]
    led: Container[DateGroup]
    parts: Sequence[times.PartToken]
    breaks: Breaks

    def mention_of_clock(self, clock: times.ClockToken) -> Mention:
        """Pair a time with its day."""
        text, breaks = self.text, self.breaks
        near = self._adjacent_parts(clock)
        zone = times.zone_at(text, clock.end, after_iso=clock.second is not None)
        clock_end = zone.end if zone else clock.end
        index = bisect_left(self.groups, clock.start, key=lambda one: one.start)
        before = self.groups[index - 1] if index else None
        after = self.groups[index] if index < len(self.groups) else None
        if before and breaks.between(before.end, clock.start, in_chat=False):
            before = None
        if after and breaks.between(clock_end, after.start):
            after = None
        group, day_source = self._day_of(clock, clock_end, before, after, near)
        if group and group is before and breaks.between(group.end, clock.start):
            day_source = DaySource.FURTHER_UP
        if group and group.is_machine:
            zone = times.zone_at(text, clock.end, after_iso=True)
        spans: list[TextSpan] = [clock]
        if group and day_source is DaySource.ADJACENT:
            near = [*near, *self._adjacent_parts(group)]
            spans.append(group)
        spans += near
        zone = zone or times.zone_at(text, max(span.end for span in spans))
        spans += [zone] if zone else []
        return Mention(
            start=min(span.start for span in spans),
            end=max(span.end for span in spans),
            clock=clock,
            group=group,
            day_source=day_source,
            part=near[0].part if near else group.part if group else "",
            zone=zone,
        )

    def mention_of_day(self, group: DateGroup) -> Mention:
        """Return a day without a time."""
        near = self._adjacent_parts(group)
        end = max([group.end, *(part.end for part in near)])
        return Mention(
            start=min([group.start, *(part.start for part in near)]),
            end=end,
            clock=None,
            group=group,
            day_source=DaySource.ADJACENT,
            part=group.part or (near[0].part if near else ""),
            zone=times.zone_at(self.text, end),
        )

    def _day_of(
        self,
        clock: times.ClockToken,
        clock_end: int,
        before: DateGroup | None,
        after: DateGroup | None,
        near: Sequence[times.PartToken],
    ) -> tuple[DateGroup | None, DaySource]:
        text = self.text
        gap_before = self._between(before.end, clock.start, near) if before else _TOO_FAR
        gap_after = self._between(clock_end, after.start, near) if after else _TOO_FAR
        is_before, is_after = _BEFORE_TIME.fullmatch(gap_before), _BEFORE_DAY.fullmatch(gap_after)
        if is_before and is_after:  # "3 pm yesterday, 4 pm today"
            is_before = None if "," in gap_before and "," not in gap_after else is_before
        if before and is_before:
            return before, DaySource.ADJACENT
        if after and is_after:
            return after, DaySource.ADJACENT
        if before and not HARD_BREAK.search(text[before.end : clock.start][:_MAX_DAY_DISTANCE]):
            is_far = clock.start - before.end > _MAX_DAY_DISTANCE / 2
            return before, DaySource.FURTHER_UP if is_far else DaySource.SENTENCE
        is_near = after and after.start - clock.end <= _MAX_DAY_DISTANCE / 2
        is_own = is_near and after not in self.led
        if after and is_own and not HARD_BREAK.search(text[clock_end : after.start]):
            return after, DaySource.SENTENCE
        if before and clock.start - before.end <= _MAX_DAY_DISTANCE:
            return before, DaySource.FURTHER_UP
        return None, DaySource.NONE

    def _adjacent_parts(self, at: TextSpan) -> list[times.PartToken]:
        near = []
        for part in self.parts:
            first, second = gap_between(at, part)
            is_close = 0 <= second - first <= 24
            if is_close and _BETWEEN_PART.fullmatch(self.text[first:second].casefold()):
                near.append(part)
        return near

    def _between(self, start: int, end: int, parts: Sequence[times.PartToken]) -> str:
        """Return the text between two places, up to 120 characters, without its parts of days."""
        if end - start > 120:
            return _TOO_FAR
        between = self.text[start:end]
        for part in parts:
            if start <= part.start and part.end <= end:
                between = between.replace(self.text[part.start : part.end], " ", 1)
        return between


def gap_between(one: TextSpan, other: TextSpan) -> tuple[int, int]:
    """Return start and end of what lies between the two; end is less if they overlap."""
    return (other.end, one.start) if other.end <= one.start else (one.end, other.start)


_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Context:
    """How to read a text.

    `zone` is the default time zone, `all_times` one given for every time in the text, and
    `other_zones` are those given for single times. `is_24h` marks a text without a.m. and p.m.
    """

    zone: ZoneInfo
    now: datetime
    is_24h: bool = False
    all_times: times.ZoneToken | None = None
    other_zones: tuple[times.ZoneToken, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A possible reading, the day and zone it uses, and the question it raises."""

    reading: MomentReading
    day: DayOption
    zone: str
    question: str = ""

    @property
    def is_after_ticket(self) -> bool:
        """Return whether all of it lies after the message its day was counted from."""
        written = self.day.reference.moment if self.day.reference else None
        earliest = self.reading.moment - timedelta(minutes=self.reading.minutes or 0)
        return written is not None and earliest > written + _CLOCK_SKEW


def resolve_mention(
    text: str, mention: Mention, references: Sequence[ReferenceTime], context: Context
) -> MomentFound:
    """Return every moment that the mention can mean, counted from each of the references."""
    questions = list(mention_questions(text, mention, context.zone.key))
    candidates: list[_Candidate] = []
    lacks_date = False
    for option in _zones(mention, context):
        days = _days(mention, references, option.zone, context)
        questions += days.questions
        lacks_date = lacks_date or days.lacks_date
        for day in days.options:
            candidates += _Day(mention, day, option, context).candidates()
    plausible, notes = _plausible(candidates, context.now)
    questions += [one.day.reference.doubt for one in plausible if one.day.reference]
    unique: dict[tuple[datetime, int], MomentReading] = {}
    for one in plausible:
        unique.setdefault((one.reading.moment, one.reading.minutes or 0), one.reading)
    readings = tuple(unique[key] for key in sorted(unique))
    if len(readings) > 1:
        questions += [one.question for one in plausible if one.question]
    questions += _zone_questions(mention, candidates, context)
    where = excerpt(text, mention.start, mention.end)
    found = MomentFound(where, readings, lacks_date=lacks_date and not readings)
    return found.asking([*questions, *notes])


def resolve_duration(
    text: str, token: DurationToken, references: Sequence[ReferenceTime], context: Context
) -> MomentFound:
    """Return the moments of "two hours ago", counted from the minute the ticket was written."""
    where = excerpt(text, token.start, token.end)
    words = one_line(token.text)
    minutes = min(max(10, round(token.back.total_seconds() / 60 / 4)), MAX_WINDOW_MINUTES)
    readings = tuple(
        MomentReading(
            (one.moment - token.back).astimezone(UTC).replace(microsecond=0),
            minutes,
            f"“{words}” counted from {one.moment.astimezone(context.zone):%H:%M}, {one.source}",
        )
        for one in references
        if one.moment is not None
    )
    if not readings:
        question = (
            f"“{words}” is counted from the minute the ticket was written. Enter that time too."
        )
        return MomentFound(where, questions=(question,), lacks_date=True)
    questions = [token.question, *(one.doubt for one in references)]
    if len(readings) > 1:
        questions.append(f"“{words}” could be counted from more than one message.")
    return MomentFound(where, readings).asking(questions)


def _zones(mention: Mention, context: Context) -> tuple[times.ZoneOption, ...]:
    named = mention.zone or context.all_times
    if named and named.options and not named.is_uncertain:
        return tuple(_explained_options(named))
    default = times.ZoneOption(f"no time zone is given, so {context.zone.key}", context.zone)
    if named and named.is_uncertain:
        return (default, *_explained_options(named))
    if mention.zone:
        return (default,)
    others = (option for zone in context.other_zones for option in _explained_options(zone))
    return (default, *others)


def _explained_options(named: times.ZoneToken) -> Iterator[times.ZoneOption]:
    for option in named.options:
        is_same = option.label == named.text
        said = f"in {option.label}, as written" if is_same else f"“{named.text}” is {option.label}"
        yield replace(option, label=said)


def _days(
    mention: Mention, references: Sequence[ReferenceTime], zone: tzinfo, context: Context
) -> DayOptions:
    """Return the mention's own day, else the ticket's day and the one before it."""
    if mention.group:
        return resolve_days(mention.group, references, zone, context.now)
    question = f"The ticket gives no day for “{mention.clock.text if mention.clock else ''}”."
    if not references:
        return DayOptions(questions=(question,), lacks_date=True)
    options = []
    for one in references:
        written = local_day(one, zone)
        before = written - timedelta(days=1)
        options.append(DayOption(written, f"the day it was written, {one.source}", one))
        options.append(DayOption(before, f"the day before it was written, {one.source}", one))
    return DayOptions(tuple(options), (f"{question} Which day was it?",))


class _Day(NamedTuple):
    """A day in a time zone that a mention can mean."""

    mention: Mention
    day: DayOption
    option: times.ZoneOption
    context: Context

    def candidates(self) -> Iterator[_Candidate]:
        """Yield every time of the day that can be meant."""
        mention, clock = self.mention, self.mention.clock
        if clock is None:
            yield self._part_of_day()
            return
        is_24h = _is_machine(mention) or self.context.is_24h
        hours = clock.possible_hours(mention.part, is_24h_text=is_24h)
        question = ""
        if len(hours) > 1:
            question = f"“{clock.text}” doesn't say a.m. or p.m."
            if clock.meridiem == times.MIDNIGHT:
                question = "Midnight could be the start or the end of the day."
        for hour in hours:
            for one in self._at_hour(clock, hour):
                yield replace(one, question=one.question or question)
            is_late = mention.part in ("night", "evening")
            if is_late and hour < 6 and clock.meridiem != times.MIDNIGHT:
                night = f"“{clock.text}” at night could be before or after midnight."
                after = replace(self.day, day=self.day.day + timedelta(days=1))
                for one in self._replace(day=after)._at_hour(clock, hour):
                    if one.reading.moment <= self.context.now + _CLOCK_SKEW:
                        yield replace(one, question=night)

    def _at_hour(self, clock: times.ClockToken, hour: int) -> Iterator[_Candidate]:
        day, zone = self.day.day, self.option.zone
        moments = times.utc_instants(day, hour, clock.minute, clock.second or 0, zone)
        question = ""
        if len(moments) > 1:
            question = f"{hour % 24:02}:{clock.minute:02} on {weekday_and_date(day)} "
            if times.is_skipped(day, hour, clock.minute, zone):
                question += "did not exist because the clocks moved forward. Which time was it?"
            else:
                question += "happened twice because the clocks moved back. Which time was it?"
        range_end = clock.end_of_range(hour)
        for start in moments:
            moment, minutes = start, clock.search_minutes
            if range_end is not None:
                until = times.utc_instants(day, *range_end, 0, zone)[-1]
                half = times.middle_and_half(start, until, self.context.now)
                moment, minutes = half or (start, None)
            reading = MomentReading(moment, minutes, self._understood())
            yield _Candidate(reading, self.day, self.option.label, question)

    def _part_of_day(self) -> _Candidate:
        """Return the candidate for a whole day, or a part of one, as far as it is over."""
        part, zone = self.mention.part, self.option.zone
        start, end = times.part_of_day(self.day.day, part, zone)
        moment, minutes = times.middle_and_half(start, end, self.context.now) or (start, None)
        span = "no time is given, so the whole day"
        if part:
            first, last = (f"{edge.astimezone(zone):%H:%M}" for edge in (start, end))
            span = f"the {part}, {first} to {last}"
        understood = f"{self._understood()}; {span}"
        reading = MomentReading(moment, minutes, understood, is_whole_day=not part)
        return _Candidate(reading, self.day, self.option.label)

    def _understood(self) -> str:
        about = self.mention.clock.about if self.mention.clock else ""
        rough = f"“{about}” makes it approximate" if about else ""
        return "; ".join(filter(None, [self.day.explanation, rough, self.option.label]))


def _is_machine(mention: Mention) -> bool:
    """Return whether a program wrote it, so that no a.m. or p.m. is missing."""
    if mention.group and mention.group.is_machine:
        return True
    is_universal = mention.zone is not None and mention.zone.is_universal
    return is_universal and mention.clock is not None and not mention.clock.is_whole_hour


def _plausible(
    candidates: Sequence[_Candidate], now: datetime
) -> tuple[list[_Candidate], list[str]]:
    past = [one for one in candidates if one.reading.moment <= now + _CLOCK_SKEW]
    notes = []
    if len(past) < len(candidates):
        future = dict.fromkeys(
            weekday_and_date(one.day.day) for one in candidates if one not in past
        )
        notes.append(f"A time on {' or '.join(future)} is in the future, so we didn't list it.")
    before = [one for one in past if not one.is_after_ticket]
    if past and not before:
        notes.append("This is later than the ticket itself. Check it.")
    return before or past, notes


def _zone_questions(
    mention: Mention, candidates: Sequence[_Candidate], context: Context
) -> Iterator[str]:
    """Ask about the time zone if the possible zones lead to different moments."""
    by_zone: dict[str, set[datetime]] = {}
    for one in candidates:
        by_zone.setdefault(one.zone, set()).add(one.reading.moment)
    if len(set(map(frozenset, by_zone.values()))) < 2:
        return
    named = mention.zone or context.all_times
    if named and named.is_uncertain:
        yield f"“{named.text}” may or may not be the time zone."
    elif named:
        yield f"“{named.text}” could mean more than one time zone."
    else:
        names = " and ".join(f"“{zone.text}”" for zone in context.other_zones)
        said = mention.clock or mention.group
        yield (
            f"“{said.text if said else ''}” gives no time zone, but another time in the ticket "
            f"does: {names}."
        )


# What the words around a time leave open, and words that can't be read.

_MAX_DISTANCE = 40
_LIKE_A_TIME = _FILE.compile("like_a_time", re.IGNORECASE)
_SURELY_A_TIME = _FILE.compile("surely_a_time", re.IGNORECASE)
_LIKE_A_DATE = _FILE.compile("like_a_date")
_QUESTIONS: dict[str, str] = _FILE.tables["questions"]
NOT_PROBLEM = _QUESTIONS["not the problem"]


def _cue_pattern(cue: dict[str, Any]) -> re.Pattern[str]:
    """Return the pattern of a row of `cues`."""
    pattern = cue.get("after") or rf"(?<!\w)(?P<said>{cue['before']})[\s:,(]{{1,3}}\Z"
    flags = re.NOFLAG if cue.get("match_case") else re.IGNORECASE
    return re.compile(_FILE.expand(pattern), flags)


_CUES = tuple((_cue_pattern(cue), cue) for cue in _FILE.tables["cues"])
_ASKED = _FILE.compile("asked", re.IGNORECASE)
_QUESTION_MARK = re.compile(r"[^.!?\n]{0,60}\?")


def mention_questions(text: str, mention: Mention, zone: str) -> Iterator[str]:
    """Ask what is uncertain whatever the day is."""
    clock, group = mention.clock, mention.group
    if mention.zone and not mention.zone.options:
        yield f"We don't recognize “{mention.zone.text}”, so the time is read as {zone}."
    bound = (clock.bound if clock else "") or times.qualifiers_before(text, mention.start)[1]
    if bound:
        yield f"The ticket says “{bound}”, not an exact time."
    yield from _questions_near_mention(text, mention)
    if group and text.startswith(" or so", group.end):
        yield f"The ticket says “{group.text} or so”. Check the day."
    if clock and group and mention.day_source is DaySource.FURTHER_UP:
        yield f"The day of “{clock.text}” is taken from “{group.text}”, further up. Check that."


def asked_question(text: str, mention: Mention, *, is_older: bool) -> Iterator[str]:
    """Ask about a time in a question to the customer, such as those of an older message."""
    is_asked = is_older or _ASKED.search(text, max(0, mention.start - 100), mention.start)
    if is_asked and _QUESTION_MARK.match(text, mention.end):
        yield "It's in a question. Check whether it's when the problem happened."


def _questions_near_mention(text: str, mention: Mention) -> Iterator[str]:
    clock, has_clock = mention.clock, mention.clock is not None
    is_range = clock is not None and clock.until is not None
    is_further_up = mention.day_source is DaySource.FURTHER_UP
    places: list[TextSpan] = [mention, *((clock,) if clock and not is_range else ())]
    days = [mention.group] if mention.group and not is_further_up else []
    for pattern, cue in _CUES:
        if cue.get("has_clock", has_clock) is not has_clock:
            continue
        for one in places if cue.get("has_clock") else [*places, *days]:
            found = (
                pattern.search(text, max(0, one.start - 32), one.start)
                if "before" in cue
                else pattern.match(text, one.end)
            )
            if found and not (is_range and cue["asks"] == "not exact"):
                yield _QUESTIONS[cue["asks"]].format(one_line(found["said"]))
                break


def find_unread(text: str) -> tuple[list[TextSpan], list[TextSpan]]:
    """Return everything that may be a time of day, and what is a day or time but maybe not read.

    Only the latter gets a note, if it is near no time that was read.
    """
    plain, *clear = (
        [TextSpan(*one.span()) for one in pattern.finditer(text)]
        for pattern in (_LIKE_A_TIME, _LIKE_A_DATE, _SURELY_A_TIME)
    )
    return plain, [span for spans in clear for span in spans]


def unread_questions(
    text: str, mention: Mention, plain: Sequence[TextSpan], clear: Sequence[TextSpan]
) -> Iterator[str]:
    """Ask about words near a mention that may be its time of day, or another day."""
    for one in clear if mention.clock else [*plain, *clear]:
        first, second = gap_between(mention, one)
        is_close = 0 <= second - first <= _MAX_DISTANCE
        if is_close and not HARD_BREAK.search(text[first : second + 1]):
            is_time = mention.clock is None or _SURELY_A_TIME.match(text, one.start)
            what = "the time of day" if is_time else "its day"
            yield f"“{one_line(text[one.start : one.end])}” near it may be {what}. Check it."
            return
