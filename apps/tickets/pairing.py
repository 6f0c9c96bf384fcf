"""Which time belongs to which day: those that stand side by side, else those of one sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from apps.tickets.clock_seen import ClockSeen, PartSeen
from apps.tickets.dates import DateSeen
from apps.tickets.spans import Spanned, is_broken, nearest_before
from apps.tickets.zones import ZoneSeen, zone_at

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
