"""Pair each time of day in a ticket with its day, part of the day, and time zone."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from apps.events.query import any_case
from apps.tickets.dates import DateGroup, DateToken
from apps.tickets.text import HARD_BREAK, Span
from apps.tickets.times import AT_WORDS, EDGE_WORDS, ROUGH_WORDS, START_WORDS, ClockToken, PartToken
from apps.tickets.zones import ZoneToken, zone_at

_MAX_DISTANCE = 400
_NEAR = 60


class DaySource(Enum):
    """Where the day of a time was found."""

    ADJACENT = "adjacent"
    SENTENCE = "sentence"
    FURTHER_UP = "further up"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mention(Span):
    """The words for one moment: a time, a day, or both, with a part of the day and a zone."""

    clock: ClockToken | None
    group: DateGroup | None
    day_source: DaySource
    part: str = ""
    zone: ZoneToken | None = None

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
_BEFORE_TIME = any_case(
    rf"[\s,;:(@|·T_~\u2013-]{{0,5}}(?:(?:{ROUGH_WORDS}|{EDGE_WORDS}|{START_WORDS}|{AT_WORDS}|shortly|"
    r"just|so|the|in|between|kurz|von|zwischen|entre|tra|fra|a|o|godz|v|в|г\.|saat)[\s(~]{1,3}){0,4}"
)
_BEFORE_DAY = any_case(r"[\s,;(\u2013-]{0,5}(?:(?:on|of|the|am|vom|den|le|el)\s){0,2}")
_JOINED = re.compile(r"[ \t,(\u2013-]{0,4}(?:\n\()?(?:on\s|den\s|the\s)?")
_BETWEEN_PART = re.compile(
    r"[\s,(]{0,4}(?:(?:at|in|around|about|the|of|am|um|gegen|por|la)\s){0,3}"
)


@dataclass(frozen=True, slots=True)
class Breaks:
    """Where messages begin: the headers of mails, and the first words of lines of a chat.

    A time takes no day from another mail, and one from another line of a chat only as a question.
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
    clocks: Sequence[ClockToken],
    parts: Sequence[PartToken],
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
    """Return whether two dates are next to each other in one sentence."""
    ends = text[group.end - 1] == "." and text[group.end : day.start].isspace()
    starts = text[day.start].isupper() and day.weekday is None
    return bool(_JOINED.fullmatch(text, group.end, day.start)) and not (ends and starts)


class _Pairing(NamedTuple):
    """What the times of a text are paired with; a day in `led` is directly before a time."""

    text: str
    groups: Sequence[DateGroup]
    led: Container[DateGroup]
    parts: Sequence[PartToken]
    breaks: Breaks

    def mention_of_clock(self, clock: ClockToken) -> Mention:
        """Pair a time with its day."""
        text, breaks = self.text, self.breaks
        near = self._adjacent_parts(clock)
        zone = zone_at(text, clock.end, after_iso=clock.second is not None)
        clock_end = zone.end if zone else clock.end
        index = bisect_left(self.groups, clock.start, key=lambda one: one.start)
        before = self.groups[index - 1] if index else None
        after = self.groups[index] if index < len(self.groups) else None
        if before and breaks.between(before.end, clock.start, in_chat=False):
            before = None
        if after and breaks.between(clock_end, after.start):
            after = None
        group, day_source = self._day_for_clock(clock, clock_end, before, after, near)
        if group and group is after and day_source is DaySource.SENTENCE and after in self.led:
            group, day_source = self._day_at_distance(clock, clock_end, before, None)
        if group and group is before and breaks.between(group.end, clock.start):
            day_source = DaySource.FURTHER_UP
        if group and group.is_machine:
            zone = zone_at(text, clock.end, after_iso=True)
        spans: list[Span] = [clock]
        if group and day_source is DaySource.ADJACENT:
            near = [*near, *self._adjacent_parts(group)]
            spans.append(group)
        spans += near
        zone = zone or zone_at(text, max(span.end for span in spans))
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
            zone=zone_at(self.text, end),
        )

    def _day_for_clock(
        self,
        clock: ClockToken,
        clock_end: int,
        before: DateGroup | None,
        after: DateGroup | None,
        near: Sequence[PartToken],
    ) -> tuple[DateGroup | None, DaySource]:
        gap_before = self._between(before.end, clock.start, near) if before else _TOO_FAR
        gap_after = self._between(clock_end, after.start, near) if after else _TOO_FAR
        is_before, is_after = _BEFORE_TIME.fullmatch(gap_before), _BEFORE_DAY.fullmatch(gap_after)
        if is_before and is_after:  # "3 pm yesterday, 4 pm today"
            is_before = None if "," in gap_before and "," not in gap_after else is_before
        if before and is_before:
            return before, DaySource.ADJACENT
        if after and is_after:
            return after, DaySource.ADJACENT
        return self._day_at_distance(clock, clock_end, before, after)

    def _day_at_distance(
        self, clock: ClockToken, clock_end: int, before: DateGroup | None, after: DateGroup | None
    ) -> tuple[DateGroup | None, DaySource]:
        """Return a day that is not adjacent to the time: in its sentence, or further up."""
        text = self.text
        if before and not HARD_BREAK.search(text[before.end : clock.start][:_MAX_DISTANCE]):
            is_far = clock.start - before.end > _MAX_DISTANCE / 2
            return before, DaySource.FURTHER_UP if is_far else DaySource.SENTENCE
        is_near = after and after.start - clock.end <= _MAX_DISTANCE / 2
        if after and is_near and not HARD_BREAK.search(text[clock_end : after.start]):
            return after, DaySource.SENTENCE
        if before and clock.start - before.end <= _MAX_DISTANCE:
            return before, DaySource.FURTHER_UP
        return None, DaySource.NONE

    def _adjacent_parts(self, at: Span) -> list[PartToken]:
        """Return the parts of the day directly before or after."""
        near = []
        for part in self.parts:
            first, second = gap_between(at, part)
            is_close = 0 <= second - first <= 24
            if is_close and _BETWEEN_PART.fullmatch(self.text[first:second].casefold()):
                near.append(part)
        return near

    def _between(self, start: int, end: int, parts: Sequence[PartToken]) -> str:
        """Return the text between two places, up to 120 characters, without its parts of days."""
        if end - start > 120:
            return _TOO_FAR
        between = self.text[start:end]
        for part in parts:
            if start <= part.start and part.end <= end:
                between = between.replace(self.text[part.start : part.end], " ", 1)
        return between


def gap_between(one: Span, other: Span) -> tuple[int, int]:
    """Return start and end of what lies between the two; end is less if they overlap."""
    return (other.end, one.start) if other.end <= one.start else (one.end, other.start)
