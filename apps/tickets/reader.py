"""Read a whole ticket: whom it may be about, and every time it may mean.

From top to bottom: the entry points, the headers of messages, how times are paired with days,
what a mention can mean, and what the words around it leave open.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from zoneinfo import ZoneInfo

from apps.tickets.customers import find_customers
from apps.tickets.dates import (
    DateGroup,
    DateToken,
    DayOption,
    DayOptions,
    DurationToken,
    find_dates,
    find_durations,
    format_day,
    local_day,
    resolve_days,
)
from apps.tickets.text import (
    MAX_TICKET_LENGTH,
    NUMBERS,
    Excerpt,
    MomentFound,
    MomentReading,
    Reading,
    ReferenceTime,
    Spanned,
    TicketRefused,
    alternation,
    excerpt,
    has_sentence_break,
    last_before,
    not_overlapping,
)
from apps.tickets.times import (
    MIDNIGHT,
    ClockStyle,
    ClockToken,
    PartToken,
    ZoneOption,
    ZoneToken,
    end_of_range,
    find_clocks,
    find_parts,
    is_skipped,
    middle_and_half,
    part_of_day,
    possible_hours,
    qualifiers_before,
    search_minutes,
    utc_instants,
    zone_at,
    zone_of_all_times,
    zone_of_writer,
)

_MAX_TOKENS = 100
_MAX_SHOWN = 8
_MAX_ZONES = 3
_MAX_DISTANCE = 400
_MAX_DISTANCE_TIME_LIKE = 40
_CLOCK_SKEW = timedelta(minutes=5)

_CHAT_LINE = "This is the time of a line in a chat: it says when that line was sent."
_ALONE = "This line is on its own. It may say when the message was written."


@dataclass(frozen=True, slots=True)
class Context:
    """How to read a text.

    `zone` is the default time zone, `all_times` one given for every time in the text, and
    `other_zones` are those given for single times.
    """

    zone: ZoneInfo
    now: datetime
    style: ClockStyle = field(default_factory=ClockStyle)
    all_times: ZoneToken | None = None
    other_zones: tuple[ZoneToken, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """A header, and when it says the text below it was written; more than one if ambiguous."""

    start: int
    end: int
    references: tuple[ReferenceTime, ...]
    excerpt: Excerpt


class DaySource(Enum):
    """Where the day of a time was found."""

    ADJACENT = "adjacent"
    SENTENCE = "sentence"
    FURTHER_UP = "further up"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mention:
    """The words for one moment: a time, a day, or both, with a part of the day and a zone."""

    start: int
    end: int
    clock: ClockToken | None
    group: DateGroup | None
    day_source: DaySource
    part: str = ""
    zone: ZoneToken | None = None

    @property
    def has_calendar_date(self) -> bool:
        """Return whether its day is a date, which needs no reference time."""
        return self.group is not None and any(day.dates for day in self.group.days)


@dataclass(frozen=True, slots=True)
class TimeLikeToken:
    """Words that may be a time of day."""

    start: int
    end: int
    text: str


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


# Entry points.


def read_ticket(
    text: str, *, zone: ZoneInfo, now: datetime, written: datetime | date | None = None
) -> Reading:
    """Find customers and moments in a ticket.

    Times without a time zone are read in `zone`; `now` is aware. `written` is when the ticket was
    written, if known: an aware datetime, or a date.
    Raise `TicketRefused` if the text is empty or longer than 20,000 characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise TicketRefused("Paste the ticket text.")
    if len(text) > MAX_TICKET_LENGTH:
        raise TicketRefused(
            f"The text has {len(text):,} characters; the limit is {MAX_TICKET_LENGTH:,}. "
            "Leave out anything that doesn't say who it was or when."
        )
    given: tuple[ReferenceTime, ...] = ()
    if isinstance(written, datetime):
        given = (ReferenceTime("the ticket's date", moment=written),)
    elif written is not None:
        given = (ReferenceTime("the ticket's date", day=written),)
    context = Context(zone, now)
    headers = _find_headers(text, context)
    moments, notes = _find_moments(text, headers, given, context)
    customers, customer_notes = find_customers(text)
    return Reading(
        customers=customers,
        moments=moments,
        written=tuple(header.excerpt for header in headers[:_MAX_SHOWN]),
        notes=tuple(dict.fromkeys([*notes, *customer_notes])),
    )


def read_ticket_date(typed: str, *, zone: ZoneInfo, now: datetime) -> datetime | date:
    """Return when the ticket was written, as a person typed it: an aware datetime, or a date.

    "Yesterday" and the like count from now.
    Raise `TicketRefused` if it can't be read, is ambiguous, or is in the future.
    """
    context = Context(zone, now)
    today = [ReferenceTime("now", moment=now)]
    found = _read_references(typed, today, context, "the ticket's date")
    if not found:
        next_year = replace(context, now=now + timedelta(days=366))
        if _read_references(typed, today, next_year, ""):
            raise TicketRefused("This is in the future. Check when the ticket was written.")
        raise TicketRefused(
            "We can't read when the ticket was written. Enter it as 2026-11-20 14:05, "
            "or enter only the date."
        )
    if len(found) > 1:
        raise TicketRefused("This could mean more than one time. Enter it as 2026-11-20 14:05.")
    written = found[0].moment or found[0].day
    assert written is not None  # noqa: S101 - a reference time has one of the two
    return written


def _find_moments(
    text: str, headers: Sequence[Header], given: tuple[ReferenceTime, ...], context: Context
) -> tuple[tuple[MomentFound, ...], list[str]]:
    """Return the moments to list, and notes on the others."""
    dates = not_overlapping(find_dates(text), headers)[:_MAX_TOKENS]
    durations = not_overlapping(find_durations(text), [*headers, *dates])[:_MAX_TOKENS]
    taken: list[Spanned] = [*headers, *dates, *durations]
    clocks = not_overlapping(find_clocks(text), taken)[:_MAX_TOKENS]
    parts = not_overlapping(find_parts(text), [*taken, *clocks])[:_MAX_TOKENS]
    time_like = not_overlapping(_find_time_like(text), [*taken, *clocks])[:_MAX_TOKENS]
    mentions = _pair(text, dates, clocks, parts)
    zones = {
        mention.zone.text: mention.zone
        for mention in mentions
        if mention.clock and mention.zone and mention.zone.options and not mention.zone.is_offset
    }
    context = replace(
        context,
        style=ClockStyle.of(clocks),
        all_times=zone_of_all_times(text) or zone_of_writer(text),
        other_zones=tuple(zones.values())[:_MAX_ZONES],
    )
    written_time = [_written_time_question(text, mention) for mention in mentions]
    stamps = [one for one, question in zip(mentions, written_time, strict=True) if question]
    dated = [_header_from(text, one, (), context) for one in stamps if one.has_calendar_date]
    dated_above = sorted([*headers, *dated], key=lambda header: header.start)
    undated = [
        _header_from(text, one, _references_at(one.start, dated_above, given, context), context)
        for one in stamps
        if not one.has_calendar_date
    ]
    above = sorted([*dated_above, *undated], key=lambda header: header.start)
    found = []
    for duration in durations:
        references = _timed_references_at(duration.start, above, given, context)
        found.append((duration.start, _resolve_duration(text, duration, references, context)))
    for mention, question in zip(mentions, written_time, strict=True):
        references = _references_at(mention.start, dated_above, given, context)
        moment = _resolve_mention(text, mention, references, context)
        more = filter(None, [question, _time_like_question(text, mention, time_like)])
        found.append((mention.start, replace(moment, questions=(*moment.questions, *more))))
    return _select([moment for _, moment in sorted(found, key=lambda one: one[0])])


def _select(found: Sequence[MomentFound]) -> tuple[tuple[MomentFound, ...], list[str]]:
    """Drop duplicates and put exact times first; turn moments without a reading into notes."""
    unique: dict[object, MomentFound] = {}
    notes: list[str] = []
    for moment in found:
        if moment.readings or moment.lacks_date:
            key = tuple((one.moment, one.minutes) for one in moment.readings) or moment.questions
            unique.setdefault(key, moment)
        else:
            notes += moment.questions
    ordered = sorted(unique.values(), key=_rank)
    if any(moment.lacks_date for moment in found):  # a whole day may be the date that is missing
        question = "This may be the day the ticket was written."
        ordered = [
            replace(one, questions=(question,)) if one.is_sure and _is_whole_day(one) else one
            for one in ordered
        ]
    if len(ordered) > _MAX_SHOWN:
        left = len(ordered) - _MAX_SHOWN
        times = "time was" if left == 1 else "times were"
        notes.append(f"{left} more {times} found but not listed.")
    return tuple(ordered[:_MAX_SHOWN]), notes


def _rank(moment: MomentFound) -> int:
    """Rank exact times before lines of a chat, and these before whole days."""
    return 2 if _is_whole_day(moment) else int(_CHAT_LINE in moment.questions)


def _is_whole_day(moment: MomentFound) -> bool:
    return bool(moment.readings) and all((one.minutes or 0) > 360 for one in moment.readings)


# When a message was written: headers of mail programs and ticket systems, and lines of a chat.

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
# A form with date and time of the problem on two lines is not the header of a mail.
_TIME_LABEL = re.compile(
    r"[ \t>*|]{0,12}(?:time(?!\s?zone)|uhrzeit|heure|hora)[^\n:]{0,24}:", re.IGNORECASE
)
_TIME_BELOW = re.compile(rf"\n{_TIME_LABEL.pattern}", re.IGNORECASE)
# A line of a chat, and when it was sent: "[14:02] Kim: ", "20.11.26, 14:05 - Jörg: ".
_LINE_START = re.compile(r"[ \t>*\[(\u200e]{0,6}\Z")
_SPEAKER = re.compile(
    r"[ \t]{0,2}[\])]?[ \t]{0,3}(?:[-\u2013|][ \t])?"
    r"(?P<name>[^\W\d_][^\n:\[\]]{0,30}):(?=[ \t\n]|\Z)"
)
_NAME_BEFORE = re.compile(r"[^\W\d_][^\n\d:.!?]{0,30}(?:,[ \t]|[ \t]{2}|[ \t]\[)\[?\Z")
_LINE_END = re.compile(r"[ \t]{0,2}\]?[ \t]{0,3}(?=\n|\Z)")


def _find_headers(text: str, context: Context) -> list[Header]:
    """Return all headers with a readable date, in the order of the text."""
    found = []
    for pattern in (_FIELD, _WROTE, _IN_BRACKETS):
        for match in pattern.finditer(text):
            references = _read_references(match["rest"], (), context, "the date of the message")
            if references and not _TIME_BELOW.match(text, match.end()):
                where = excerpt(text, match.start(), match.end())
                found.append(Header(match.start(), match.end(), references, where))
    return sorted(found, key=lambda header: header.start)


def _read_references(
    typed: str, references: Sequence[ReferenceTime], context: Context, source: str
) -> tuple[ReferenceTime, ...]:
    """Return what the first time in the text can mean, else the first day."""
    if find_durations(typed):
        return ()
    mentions = _pair(typed, find_dates(typed), find_clocks(typed), find_parts(typed))
    timed = (one for one in mentions if one.clock and one.day_source is not DaySource.NONE)
    mention = next(timed, None) or next((one for one in mentions if one.group), None)
    if mention is None or (mention.clock is None and mention.part):
        return ()
    moments = [
        reading.moment for reading in _resolve_mention(typed, mention, references, context).readings
    ]
    if mention.clock:
        return tuple(ReferenceTime(source, moment=moment) for moment in moments)
    days = (moment.astimezone(context.zone).date() for moment in moments)
    return tuple(ReferenceTime(source, day=day) for day in days)


def _written_time_question(text: str, mention: Mention) -> str:
    """Return the question about a time that may only say when something was written, or ""."""
    if _is_chat_line(text, mention):
        return _CHAT_LINE
    return _ALONE if _is_alone_on_line(text, mention) else ""


def _is_chat_line(text: str, mention: Mention) -> bool:
    """Return whether the time heads a line of a chat: "[14:02] Kim: hello"."""
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


def _is_alone_on_line(text: str, mention: Mention) -> bool:
    """Return whether date and time fill a line, save for a name: "Jane Doe, 20 Nov, 14:31"."""
    if not (mention.clock and mention.has_calendar_date):
        return False
    start = text.rfind("\n", 0, mention.start) + 1
    if _TIME_LABEL.match(text, start):
        return False
    end = text.find("\n", mention.end)
    line = text[start : mention.start] + text[mention.end : end if end >= 0 else len(text)]
    is_bare = len(line) <= 60 and not any(word[0].islower() for word in line.split())
    return is_bare and "\n" in text.strip()


def _header_from(
    text: str, mention: Mention, references: Sequence[ReferenceTime], context: Context
) -> Header:
    """Return such a line as a header, from which the text below it may count."""
    found = _resolve_mention(text, mention, references, context)
    own = tuple(
        ReferenceTime("the date above it", moment=reading.moment, is_uncertain=True)
        for reading in found.readings
    )
    return Header(mention.start, mention.end, own, found.excerpt)


def _references_at(
    start: int, headers: Sequence[Header], given: tuple[ReferenceTime, ...], context: Context
) -> tuple[ReferenceTime, ...]:
    """Return what "yesterday" counts from at this place: the given date and the message's date."""
    above = last_before(headers, start)
    if above is None or not given:
        return above.references if above else given
    own = {local_day(one, context.zone) for one in given}
    others = (one for one in above.references if local_day(one, context.zone) not in own)
    return (*given, *others)


def _timed_references_at(
    start: int, headers: Sequence[Header], given: tuple[ReferenceTime, ...], context: Context
) -> tuple[ReferenceTime, ...]:
    """Return what "two hours ago" counts from: the message's time if only a date was given."""
    above = last_before(headers, start)
    if above and above.references and not any(one.moment for one in given):
        return above.references
    return _references_at(start, headers, given, context)


# Pair each time with its day: the adjacent one, else one of the same sentence or further up.

# What _between_without_parts returns for a long gap; no pattern below matches it.
_TOO_FAR = "too far"
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
_BETWEEN_PART = re.compile(r"[\s,(]{0,4}(?:(?:at|in|around|about|the|am|um|gegen|por|la)\s){0,3}")


def _pair(
    text: str, dates: Sequence[DateToken], clocks: Sequence[ClockToken], parts: Sequence[PartToken]
) -> list[Mention]:
    """Return all mentions in the order of the text. A day that has a time is not listed alone."""
    groups: list[DateGroup] = []
    for day in dates:
        if groups and _JOINED.fullmatch(text, groups[-1].end, day.start):
            groups[-1] = DateGroup((*groups[-1].days, day))
        else:
            groups.append(DateGroup((day,)))
    mentions = [_mention_of_clock(text, clock, groups, parts) for clock in clocks]
    used = {mention.group for mention in mentions}
    mentions += [_mention_of_day(text, group, parts) for group in groups if group not in used]
    return sorted(mentions, key=lambda mention: mention.start)


def _mention_of_clock(
    text: str, clock: ClockToken, groups: Sequence[DateGroup], parts: Sequence[PartToken]
) -> Mention:
    near = _adjacent_parts(text, clock, parts)
    zone = zone_at(text, clock.end, after_iso=clock.second is not None)
    group, day_source = _day_for_clock(text, clock, zone.end if zone else clock.end, groups, near)
    if group and group.is_machine:
        zone = zone_at(text, clock.end, after_iso=True)
    spans: list[Spanned] = [clock]
    if group and day_source is DaySource.ADJACENT:
        near = [*near, *_adjacent_parts(text, group, parts)]
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


def _mention_of_day(text: str, group: DateGroup, parts: Sequence[PartToken]) -> Mention:
    near = _adjacent_parts(text, group, parts)
    end = max([group.end, *(part.end for part in near)])
    return Mention(
        start=min([group.start, *(part.start for part in near)]),
        end=end,
        clock=None,
        group=group,
        day_source=DaySource.ADJACENT,
        part=group.part or (near[0].part if near else ""),
        zone=zone_at(text, end),
    )


def _day_for_clock(
    text: str,
    clock: ClockToken,
    clock_end: int,
    groups: Sequence[DateGroup],
    near: Sequence[PartToken],
) -> tuple[DateGroup | None, DaySource]:
    before = last_before(groups, clock.start)
    index = groups.index(before) + 1 if before else 0
    after = groups[index] if index < len(groups) else None
    gap_before = _between_without_parts(text, before.end, clock.start, near) if before else _TOO_FAR
    gap_after = _between_without_parts(text, clock_end, after.start, near) if after else _TOO_FAR
    is_before, is_after = _BEFORE_TIME.fullmatch(gap_before), _BEFORE_DAY.fullmatch(gap_after)
    if is_before and is_after:  # "3 pm yesterday, 4 pm today"
        is_before = None if "," in gap_before and "," not in gap_after else is_before
    if before and is_before:
        return before, DaySource.ADJACENT
    if after and is_after:
        return after, DaySource.ADJACENT
    return _day_at_distance(text, clock, clock_end, before, after)


def _day_at_distance(
    text: str,
    clock: ClockToken,
    clock_end: int,
    before: DateGroup | None,
    after: DateGroup | None,
) -> tuple[DateGroup | None, DaySource]:
    """Return a day that is not adjacent to the time: in its sentence, or further up."""
    if before and not has_sentence_break(text[before.end : clock.start][:_MAX_DISTANCE]):
        is_far = _is_far(before, clock)
        return before, DaySource.FURTHER_UP if is_far else DaySource.SENTENCE
    if (
        after
        and not _is_far(clock, after)
        and not has_sentence_break(text[clock_end : after.start])
    ):
        return after, DaySource.SENTENCE
    if before and clock.start - before.end <= _MAX_DISTANCE:
        return before, DaySource.FURTHER_UP
    return None, DaySource.NONE


def _is_far(one: Spanned, other: Spanned) -> bool:
    return other.start - one.end > _MAX_DISTANCE / 2


def _adjacent_parts(text: str, at: Spanned, parts: Sequence[PartToken]) -> list[PartToken]:
    """Return the parts of the day directly before or after."""
    near = []
    for part in parts:
        first, second = _gap(at, part)
        if 0 <= second - first <= 24 and _BETWEEN_PART.fullmatch(text[first:second].casefold()):
            near.append(part)
    return near


def _gap(one: Spanned, other: Spanned) -> tuple[int, int]:
    """Return start and end of what lies between the two; end is less if they overlap."""
    return (other.end, one.start) if other.end <= one.start else (one.end, other.start)


def _between_without_parts(text: str, start: int, end: int, parts: Sequence[PartToken]) -> str:
    """Return the text between two places, up to 120 characters, without its parts of days."""
    if end - start > 120:
        return _TOO_FAR
    between = text[start:end]
    for part in parts:
        if start <= part.start and part.end <= end:
            between = between.replace(text[part.start : part.end], " ", 1)
    return between


# Every moment that a mention can mean.


def _resolve_mention(
    text: str, mention: Mention, references: Sequence[ReferenceTime], context: Context
) -> MomentFound:
    """Return every moment that the mention can mean, counted from each of the references."""
    questions = list(_mention_questions(text, mention, context))
    candidates: list[_Candidate] = []
    lacks_date = False
    for option in _zones(mention, context):
        days = _days(mention, references, option.zone, context)
        questions += days.questions
        lacks_date = lacks_date or days.lacks_date
        for day in days.options:
            candidates += _on_day(mention, day, option, context)
    plausible, notes = _plausible(candidates, context.now)
    if any(one.day.reference and one.day.reference.is_uncertain for one in plausible):
        questions.append("It's counted from a date on a separate line above. Check that date.")
    unique: dict[tuple[datetime, int], MomentReading] = {}
    for one in plausible:
        unique.setdefault((one.reading.moment, one.reading.minutes or 0), one.reading)
    readings = tuple(unique[key] for key in sorted(unique))
    if len(readings) > 1:
        questions += [one.question for one in plausible if one.question]
    questions += _zone_questions(mention, candidates, context)
    return MomentFound(
        excerpt=excerpt(text, mention.start, mention.end),
        readings=readings,
        questions=tuple(dict.fromkeys([*questions, *notes])),
        lacks_date=lacks_date and not readings,
    )


def _resolve_duration(
    text: str, token: DurationToken, references: Sequence[ReferenceTime], context: Context
) -> MomentFound:
    """Return the moments of "two hours ago", counted from the minute the ticket was written."""
    where = excerpt(text, token.start, token.end)
    words = " ".join(token.text.split())
    minutes = max(10, round(token.back.total_seconds() / 60 / 4))
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
    questions = list(_questions_near_duration(text, token))
    if len(readings) > 1:
        questions.append(f"“{words}” could be counted from more than one message.")
    return MomentFound(where, readings, tuple(questions))


def _zones(mention: Mention, context: Context) -> tuple[ZoneOption, ...]:
    """Return the mention's own zone, else the default one and those of other times."""
    named = mention.zone or context.all_times
    if named and named.options and not named.is_uncertain:
        return _explained_options(named)
    default = ZoneOption(f"no time zone is given, so {context.zone.key}", context.zone)
    if named and named.is_uncertain:
        return (default, *_explained_options(named))
    if mention.clock is None or mention.zone:
        return (default,)
    others = (option for zone in context.other_zones for option in _explained_options(zone))
    return (default, *others)


def _explained_options(named: ZoneToken) -> tuple[ZoneOption, ...]:
    return tuple(
        replace(
            option,
            label=f"in {option.label}, as written"
            if option.label == named.text
            else f"“{named.text}” is {option.label}",
        )
        for option in named.options
    )


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


def _on_day(
    mention: Mention, day: DayOption, option: ZoneOption, context: Context
) -> Iterator[_Candidate]:
    clock = mention.clock
    if clock is None:
        yield _part_of_day(mention, day, option, context)
        return
    hours = possible_hours(clock, mention.part, context.style, is_machine=_is_machine(mention))
    question = ""
    if len(hours) > 1:
        question = f"“{clock.text}” doesn't say a.m. or p.m."
        if clock.meridiem == MIDNIGHT:
            question = "Midnight could be the start or the end of the day."
    for hour in hours:
        for one in _at_hour(mention, clock, hour, day, option, context):
            yield replace(one, question=one.question or question)
        if mention.part == "night" and hour < 6 and clock.meridiem != MIDNIGHT:
            night = f"“{clock.text}” at night could be before or after midnight."
            after = replace(day, day=day.day + timedelta(days=1))
            for one in _at_hour(mention, clock, hour, after, option, context):
                yield replace(one, question=night)


def _is_machine(mention: Mention) -> bool:
    """Return whether a program wrote it, so that no a.m. or p.m. is missing."""
    if mention.group and mention.group.is_machine:
        return True
    is_universal = mention.zone is not None and mention.zone.is_universal
    return is_universal and mention.clock is not None and not mention.clock.is_whole_hour


def _at_hour(
    mention: Mention,
    clock: ClockToken,
    hour: int,
    day: DayOption,
    option: ZoneOption,
    context: Context,
) -> Iterator[_Candidate]:
    moments = utc_instants(day.day, hour, clock.minute, clock.second or 0, option.zone)
    question = ""
    if len(moments) > 1:
        question = f"{hour % 24:02}:{clock.minute:02} on {format_day(day.day)} "
        if is_skipped(day.day, hour, clock.minute, option.zone):
            question += "did not exist because the clocks moved forward. Which time was it?"
        else:
            question += "happened twice because the clocks moved back. Which time was it?"
    range_end = end_of_range(clock, hour)
    for start in moments:
        moment, minutes = start, search_minutes(clock)
        if range_end is not None:
            until = utc_instants(day.day, *range_end, 0, option.zone)[-1]
            moment, minutes = middle_and_half(start, until, context.now) or (start, None)
        understood = _understood(mention, day, option)
        yield _Candidate(MomentReading(moment, minutes, understood), day, option.label, question)


def _part_of_day(
    mention: Mention, day: DayOption, option: ZoneOption, context: Context
) -> _Candidate:
    """Return the candidate for a whole day, or a part of one, as far as it is over."""
    start, end = part_of_day(day.day, mention.part, option.zone)
    middle = middle_and_half(start, end, context.now)
    if middle is None:
        return _Candidate(MomentReading(start, None, ""), day, option.label)
    span = "no time is given, so the whole day"
    if mention.part:
        first, last = (f"{edge.astimezone(option.zone):%H:%M}" for edge in (start, end))
        span = f"the {mention.part}, {first} to {last}"
    understood = f"{_understood(mention, day, option)}; {span}"
    return _Candidate(MomentReading(*middle, understood), day, option.label)


def _understood(mention: Mention, day: DayOption, option: ZoneOption) -> str:
    """Say how the words were understood."""
    rough = ""
    if mention.clock and mention.clock.about:
        rough = f"“{mention.clock.about}” makes it approximate"
    return "; ".join(filter(None, [day.explanation, rough, option.label]))


def _plausible(
    candidates: Sequence[_Candidate], now: datetime
) -> tuple[list[_Candidate], list[str]]:
    """Return the candidates before now and before the ticket, and notes on the others."""
    past = [one for one in candidates if one.reading.moment <= now + _CLOCK_SKEW]
    notes = []
    if len(past) < len(candidates):
        future = dict.fromkeys(format_day(one.day.day) for one in candidates if one not in past)
        notes.append(f"A time on {' or '.join(future)} is in the future, so we didn't list it.")
    before = [one for one in past if not one.is_after_ticket]
    if past and not before:
        notes.append("This is later than the ticket itself. Check it.")
    return before or past, notes


# Questions: what the words leave open, as sentences for the agent.

_LIKE_A_TIME = re.compile(
    r"(?<![\w.,:/+#$€£-])(?:[0-2]?[0-9]\s?[:.h][0-5][0-9]|[0-2]?[0-9]\s?(?:h|hrs|[ap]m?|uhr|ish|hours)|"
    r"[0-2]?[0-9](?=\s(?:y|et|menos|moins|Uhr)\s))(?![\w.])|"
    r"(?<![\w.,:/+#$€£-])[0-9]{3,4}\s?[ap]m(?!\w)|"
    rf"(?<!\w){alternation(NUMBERS)}\s(?:o|oh|five|ten|fifteen|twenty|thirty|forty|fifty)(?!\w)|"
    rf"(?<!\w)(?:past|to|at|around|about|maybe|perhaps|like|um|gegen)\s{alternation(NUMBERS)}(?!\w)|"
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
_NEAR_MEAL = re.compile(
    r"[,\s]{1,3}(?P<said>(?:just\s|right\s|shortly\s)?(?:before|after|vor|nach|avant|après)\s"
    r"(?:the\s|my\s|der\s|dem\s|le\s)?(?:work|lunch|breakfast|dinner|tea|school|bed|arbeit|"
    r"mittag|essen|frühstück|travail|déjeuner))(?!\w)",
    re.IGNORECASE,
)
_FROM_COUNT = re.compile(
    rf"(?:(?<![\w.,:])[0-9]{{1,2}}|(?<!\w){alternation(NUMBERS)}|\shalf)\s?"
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


def _mention_questions(text: str, mention: Mention, context: Context) -> Iterator[str]:
    """Ask what is uncertain whatever the day is."""
    clock, group = mention.clock, mention.group
    if mention.zone and not mention.zone.options:
        yield (
            f"We don't recognize “{mention.zone.text}”, so the time is read as {context.zone.key}."
        )
    bound = (clock.bound if clock else "") or qualifiers_before(text, mention.start)[1]
    if bound:
        yield f"The ticket says “{bound}”, not an exact time."
    yield from _questions_near_mention(text, mention)
    if clock and group and mention.day_source is DaySource.FURTHER_UP:
        yield f"The day of “{clock.text}” is taken from “{group.text}”, further up. Check that."


def _questions_near_mention(text: str, mention: Mention) -> Iterator[str]:
    """Ask about the words directly before and after a mention."""
    start, end, has_clock = mention.start, mention.end, mention.clock is not None
    other = _OTHER_CLOCK.match(text, end) or (has_clock and _IN_A_PLACE.match(text, end))
    if other:
        yield f"The ticket says “{other['said'].strip()}”. Check which time zone that is."
    meal = _NEAR_MEAL.match(text, end)
    if meal:
        yield f"The ticket says “{meal['said']}”, not an exact time."
    early = None if has_clock else _EARLY.search(text, max(0, start - 24), start)
    if early:
        yield f"The ticket says “{early['said']}”, not an exact time."
    past = _PAST.search(text, max(0, start - 24), start)
    if past:
        yield f"The ticket says “{past['said']}”. Check the minute."
    more = _MORE_DIGITS.match(text, end) if has_clock else None
    if more:
        yield f"“{more['said']}” after it may be the minutes. Check that."
    sent = _SENT.search(text, max(0, start - 20), start)
    if sent:
        yield f"The ticket says “{sent['said']}”: it may not be when the problem was."


def _questions_near_duration(text: str, token: DurationToken) -> Iterator[str]:
    """Ask about the words around "3 hours ago": "2-3 hours ago"."""
    count = _FROM_COUNT.search(text, max(0, token.start - 24), token.start)
    if count:
        yield f"The ticket says “{count[0].strip()}” before it. Check how long ago it was."
    half = _AND_A_HALF.match(text, token.end)
    if half:
        yield f"The ticket says “{half['said']}” after it. Check how long ago it was."


def _find_time_like(text: str) -> list[TimeLikeToken]:
    """Return everything that may be a time of day, readable or not."""
    return [TimeLikeToken(one.start(), one.end(), one[0]) for one in _LIKE_A_TIME.finditer(text)]


def _time_like_question(text: str, mention: Mention, tokens: Sequence[TimeLikeToken]) -> str:
    """Return the question about an unreadable time near a day without one, or ""."""
    if mention.clock is not None:
        return ""
    for token in tokens:
        first, second = _gap(mention, token)
        if 0 <= second - first <= _MAX_DISTANCE_TIME_LIKE and not has_sentence_break(
            text[first:second]
        ):
            return f"“{token.text}” near it may be the time of day. Check it."
    return ""


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
    elif mention.clock:
        names = " and ".join(f"“{zone.text}”" for zone in context.other_zones)
        yield (
            f"“{mention.clock.text}” gives no time zone, but another time in the ticket does: "
            f"{names}."
        )
