"""Find when the messages in a ticket were written, and which of them a place belongs to.

A message begins with a header of a mail program ("Sent: ..."), with a line above a quotation
("On ..., Jane wrote:"), or with the stamp of a help desk or chat ("Jane  2:05 PM"). Only the first
two certainly say when it was written. A quotation ends where its lines are no longer quoted.
"""

import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from apps.events.query import any_case
from apps.tickets.dates import DurationToken, find_dates, find_durations, local_day
from apps.tickets.moments import (
    NOT_PROBLEM,
    Context,
    DaySource,
    Mention,
    find_mentions,
    resolve_mention,
)
from apps.tickets.text import (
    MomentFound,
    ReferenceTime,
    TextSpan,
    not_overlapping,
    read_patterns,
    word_set,
)
from apps.tickets.times import ClockToken, ZoneToken, find_clocks, find_parts

_FILE = read_patterns("written.toml")
CHAT_LINE = "This is the time of a line in a chat: it says when that line was sent."
_OF_MESSAGE = "the date of the message"
_SEPARATE_LINE = "It's counted from a date on a separate line above. Check that date."
_UNKNOWN_ZONE = "It's counted from a message in a time zone we don't recognize. Check the day."
_UNREAD_HEADER = (
    "It's counted from the ticket's date, but it is in a message with its own. Check it."
)
_QUOTED = "This is in a quotation, which may be older than the ticket. Check the day."
ALONE = "This line is on its own. It may say when the message was written."


class Written(NamedTuple):
    """When something was written: every time it can mean, none if unreadable, and its time zone."""

    references: tuple[ReferenceTime, ...] = ()
    zone: ZoneToken | None = None


@dataclass(frozen=True, slots=True)
class Header(TextSpan):
    """A header, and when it says the text below it was written.

    There is more than one reference if it is ambiguous, and none if it can't be read. `zone` is
    the time zone it gives.
    """

    references: tuple[ReferenceTime, ...]
    zone: ZoneToken | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A line: where it starts, where its text starts after the quote marks, and where it ends."""

    start: int
    body: int
    end: int
    depth: int

    @property
    def is_blank(self) -> bool:
        """Return whether it has nothing but quote marks."""
        return self.body >= self.end


# Headers.

_PREFIX = _FILE.compile("prefix")
_FIELD = _FILE.compile("field", re.IGNORECASE | re.MULTILINE)
_MAIL_FIELD = _FILE.compile("mail_field", re.IGNORECASE)
_MAX_RELATIVE = 48
_INLINE_FIELD = _FILE.compile("inline_field", re.IGNORECASE)
_IN_BRACKETS = _FILE.compile("in_brackets", re.IGNORECASE)
_AGE = _FILE.compile("age", re.IGNORECASE | re.MULTILINE)
_COMMENTED = _FILE.compile("commented", re.IGNORECASE | re.MULTILINE)
_TIME_LABEL = _FILE.compile("time_label", re.IGNORECASE)
_TIME_BELOW = _FILE.compile("time_below", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\w.])20[0-9]{2}(?![0-9])")
_VERB = _FILE.compile("verb", re.IGNORECASE)
_ADDRESS = _FILE.compile("address")
_ENDS = re.compile(r":[ \t*_>-]{0,8}\Z|[ \t]wrote(?:[ \t]?-{2,20}|[ \t]{0,4})\Z")
_BESIDE_DATE = word_set("beside_date")
_WORD = re.compile(r"[^\W\d_][\w'\u2019.-]{0,60}")
_SELF = any_case(r"(?<!\w)(?:I|we|it|ich|wir|es|je|nous|ik|wij|jag|jeg|vi|minä)\s")
_MAX_ATTRIBUTION = 480
_MAX_LINES = 5


def find_headers(text: str, context: Context) -> tuple[list[Header], bool]:
    """Return all headers in the order of the text, and whether there were too many to read."""
    found: list[Header] = []
    left = _Budget(len(text) + 4 * _MAX_ATTRIBUTION)
    for pattern in (_FIELD, _INLINE_FIELD, _IN_BRACKETS, _COMMENTED, _AGE):
        for match in pattern.finditer(text):
            if not left.spend(len(match["rest"])):
                break
            written = read_written(match["rest"], (), context)
            above = text.rfind("\n", 0, max(0, match.start() - 1)) + 1
            is_unread = pattern is _AGE or (pattern is _FIELD and _is_unread(text, match, above))
            is_form = _TIME_BELOW.match(text, match.end()) or _TIME_LABEL.match(text, above)
            if (written.references or is_unread) and not is_form:
                found.append(Header(*match.span(), *written))
    found += not_overlapping(_attributions(text, left, context), found)
    return sorted(found, key=lambda header: header.start), left.is_spent


class _Budget:
    """How many characters may still be read in search of headers, so that time stays linear."""

    def __init__(self, characters: int) -> None:
        self._left = characters
        self.is_spent = False

    def spend(self, characters: int) -> bool:
        """Take characters; return False if there are not enough."""
        self._left -= characters
        self.is_spent = self.is_spent or self._left < 0
        return not self.is_spent


def _is_unread(text: str, field: re.Match[str], above: int) -> bool:
    """Return whether a field has a date, even if it can't be read: "Sent: Yesterday 14:05".

    A field that is only called a date counts as an email's only next to others.
    """
    rest = field["rest"]
    if _YEAR.search(rest):
        return True
    is_of_mail = not field["date"] or any(
        _MAIL_FIELD.match(text, at) for at in (above, field.end() + 1)
    )
    if not is_of_mail or len(rest) > _MAX_RELATIVE:
        return False
    return bool(find_durations(rest)[0] or find_clocks(rest) or find_dates(rest, []))


def _attributions(text: str, left: _Budget, context: Context) -> Iterator[Header]:
    """Find lines such as "On Fri, Nov 20, 2026, Jane wrote:", which can take up five lines."""
    lines = _lines(text)
    for last, line in enumerate(lines):
        if line.is_blank or not _ENDS.search(text, max(line.body, line.end - 40), line.end):
            continue
        for first in range(last, max(-1, last - _MAX_LINES), -1):
            start = lines[first].body
            if lines[first].is_blank or line.end - start > _MAX_ATTRIBUTION:
                break
            words = " ".join(text[one.body : one.end] for one in lines[first : last + 1])
            if not left.spend(len(words)):
                return
            below = next((one for one in lines[last + 1 : last + 4] if not one.is_blank), line)
            written = _read_attribution(words, below.depth > line.depth, context)
            if written is not None:
                yield Header(start, line.end, *written)
                break


def _read_attribution(words: str, is_quoted: bool, context: Context) -> Written | None:
    """Return the dates of such a line, or none if it has one that can't be read.

    Return None for other text.
    """
    has_address, verb = bool(_ADDRESS.search(words)), _VERB.search(words)
    has_digit = any(character.isdecimal() for character in words)
    if not (has_address or verb) or not (has_digit or is_quoted):
        return None
    bare = _ADDRESS.sub(" ", words)
    dates = find_dates(bare, [])
    is_dated = any(one.dates for one in dates) or _YEAR.search(bare)
    if not (is_dated or (is_quoted and verb and dates)):
        return None
    clocks = not_overlapping(find_clocks(bare), dates)
    rest = _VERB.sub(" ", blanked(bare, [*dates, *clocks]))
    beside = (one.strip(".") for one in _WORD.findall(rest))
    plain = [one for one in beside if one[:1].islower() and len(one) > 2]
    allowed = (4 if is_quoted else 2) if has_address else 1
    if sum(one not in _BESIDE_DATE for one in plain) > allowed:
        return None
    if not has_address and (_SELF.search(rest) or not bare.rstrip(" *_>-").endswith(":")):
        return None
    return _read(bare, find_mentions(bare, dates, clocks, []), (), context, _OF_MESSAGE)


def blanked(text: str, spans: Iterable[TextSpan]) -> str:
    """Return the text, as long as it was, with spaces in these places."""
    parts, end = [], 0
    for one in sorted(spans, key=lambda one: one.start):
        parts += [text[end : one.start], " " * (one.end - max(end, one.start))]
        end = max(end, one.end)
    return "".join([*parts, text[end:]])


def read_written(
    typed: str, references: Sequence[ReferenceTime], context: Context, source: str = _OF_MESSAGE
) -> Written:
    """Return what the first time in the text can mean, else the first day."""
    durations, _ = find_durations(typed)
    dates = find_dates(typed, durations)
    is_to_the_minute = any(isinstance(one, DurationToken) for one in durations)
    if is_to_the_minute and not any(one.dates for one in dates):
        return Written()
    mentions = find_mentions(typed, dates, find_clocks(typed), find_parts(typed))
    return _read(typed, mentions, references, context, source)


def _read(
    typed: str,
    mentions: Sequence[Mention],
    references: Sequence[ReferenceTime],
    context: Context,
    source: str,
) -> Written:
    timed = (one for one in mentions if one.clock and one.day_source is not DaySource.NONE)
    mention = next(timed, None) or next((one for one in mentions if one.group), None)
    if mention is None or (mention.clock is None and mention.part):
        return Written()
    readings = resolve_mention(typed, mention, references, context).readings
    moments = [reading.moment for reading in readings]
    if mention.clock:
        doubt = _UNKNOWN_ZONE if mention.zone and not mention.zone.options else ""
        found = [ReferenceTime(source, moment, doubt=doubt) for moment in moments]
        elsewhere = _days_elsewhere(found, mention.zone, context)
        return Written((*found, *elsewhere), mention.zone)
    days = (moment.astimezone(context.zone).date() for moment in moments)
    return Written(tuple(ReferenceTime(source, day=day) for day in days))


def _days_elsewhere(
    written: Sequence[ReferenceTime], zone: ZoneToken | None, context: Context
) -> Iterator[ReferenceTime]:
    for option in zone.options if zone else ():
        for one in written:
            day = local_day(one, option.zone)
            if day != local_day(one, context.zone):
                yield ReferenceTime(f"{one.source} in its own time zone", day=day)


# Stamps: a time on a separate line, or at the beginning of a line of a chat.

_LINE_START = re.compile(r"[ \t>*\[(|\"]{0,40}\Z")
_LEVELS = word_set("log_levels")
_SPEAKER = _FILE.compile("speaker")
# "Kim (14:02): hello", "Kim [14:02]: hello".
_SPEAKER_BEFORE = re.compile(r"[^\W\d_][^\n\d:.!?]{0,30}[ \t][\[(]\Z")
_SPOKEN_AFTER = re.compile(r"[\])]:?[ \t]")
_HAPPENED = _FILE.compile("happened", re.IGNORECASE)
_TIME = _FILE.compile("time", re.IGNORECASE)
_REPORTED = _FILE.compile("reported", re.IGNORECASE)
_STAMP_WORDS = word_set("stamp_words")
_LABEL = _FILE.compile("label")
_NICKNAME = re.compile(r"[ \t>]{0,8}\S{1,30}(?:[ \t]{2,8}|\t|[ \t]?[\u2013\u2014·\u2022|][ \t]?)")
_SENTENCE_END = re.compile(r"[!?;。\u3041-\u3096]|[^\W\d]{2}\.[ \t]{0,4}\Z")
# "### When did it happen?" above the time
ABOVE = 80
ASKED_ABOVE = _FILE.compile("asked_above", re.IGNORECASE)
_MAX_STAMP = 60
_MAX_NAME = 3


def chat_stamps(text: str, clocks: Sequence[ClockToken]) -> list[ClockToken]:
    """Return the times at the beginning of a line of a chat: "[14:02] Kim: hello"."""
    if "\n" not in text.strip():
        return []
    return [one for one in clocks if _is_spoken(text, one)]


def _is_spoken(text: str, clock: ClockToken) -> bool:
    line_start = text.rfind("\n", 0, clock.start) + 1
    before = text[line_start : clock.start].removesuffix("T")
    speaker, spoken = _SPEAKER.match(text, clock.end), _SPOKEN_AFTER.match(text, clock.end)
    if len(before) > _MAX_STAMP or not (speaker or spoken):
        return False
    durations, _ = find_durations(before)
    for day in reversed(find_dates(before, durations)):
        before = before[: day.start] + before[day.end :].strip(" ,")
    if _LINE_START.fullmatch(before) and speaker:
        name = next(filter(None, speaker.groups()), "").strip()
        is_cell = speaker["cell"] is None or name[0].isupper()
        is_level = not _LEVELS.isdisjoint(_WORD.findall(name.upper().replace(".", " ")))
        return is_cell and len(name.split()) <= _MAX_NAME and not is_level
    return bool(_SPEAKER_BEFORE.fullmatch(before) and spoken)


def stamp_question(text: str, mention: Mention, chat: Container[ClockToken]) -> str:
    """Return the question about a time that may only say when something was written, or "".

    The other dates and durations in the text are blank.
    """
    if mention.clock in chat:
        return CHAT_LINE
    at = mention.clock.start if mention.clock else mention.start
    line = _line_around(text, at, mention.start, mention.end)
    if not line:
        return ""
    before, after = line
    is_last = not text[mention.end + len(after) :].strip()
    label = _LABEL.fullmatch(before)
    if label and not after.strip(" \t.)"):
        said = label["label"]
        return "" if is_of_problem(said) else NOT_PROBLEM.format(said)
    if not _is_stamp(before, after):
        return ""
    if mention.has_calendar_date:
        is_asked = ASKED_ABOVE.search(text, max(0, mention.start - ABOVE), mention.start)
        return "" if is_asked else ALONE
    words = _WORD.findall(f"{before} {after}")
    is_named = bool(words) or _may_be_name_above(text, at)
    return CHAT_LINE if is_named and not is_last and (mention.clock or not words) else ""


def is_of_problem(label: str) -> bool:
    """Return whether the label of a field says that its time is when something happened."""
    if _REPORTED.search(label):
        return False
    words = [word for word in _WORD.findall(label) if len(word) > 3]
    is_time = all(_TIME.fullmatch(word) for word in words or [label.strip()])
    return is_time or bool(_HAPPENED.search(label))


def is_stamp_of(text: str, duration: DurationToken) -> bool:
    """Return whether the duration is on a line with only a name: "Jane Doe, 2h ago"."""
    line = _line_around(text, duration.start, duration.start, duration.end)
    if not line or not _is_stamp(*line):
        return False
    return bool(_WORD.search(" ".join(line))) or _may_be_name_above(text, duration.start)


def _line_around(text: str, at: int, start: int, end: int) -> tuple[str, str] | None:
    first = text.rfind("\n", 0, at) + 1
    last = text.find("\n", end)
    before, after = text[first : max(first, start)], text[end : last if last >= 0 else len(text)]
    is_short = len(before) + len(after) <= _MAX_STAMP and "\n" in text.strip()
    return (before, after) if is_short and not _TIME_LABEL.match(f"{before} ") else None


def _is_stamp(before: str, after: str) -> bool:
    before, after = _ADDRESS.sub(" ", before), _ADDRESS.sub(" ", after)
    if _NICKNAME.fullmatch(before) and not after.strip():
        return True
    words = _WORD.findall(f"{before} {after}")
    is_prose = any(word[0].islower() and word not in _STAMP_WORDS for word in words)
    return not is_prose and not _SENTENCE_END.search(before + after)


def _may_be_name_above(text: str, at: int) -> bool:
    """Return whether there is text above this line, and it isn't the question it answers."""
    above = text[: text.rfind("\n", 0, at) + 1].rstrip()
    return not above or above[-1] not in "?:.,"


def headers_of_stamps(
    stamps: Mapping[Mention, str], found: Mapping[Mention, MomentFound]
) -> Iterator[Header]:
    """Yield lines with only a time as headers, from which the text below counts for sure or maybe.

    `found` is what those that may be headers can mean.
    """
    for mention, moment in found.items():
        if stamps[mention] not in (CHAT_LINE, ALONE):
            continue
        is_sure = stamps[mention] == CHAT_LINE and mention.has_calendar_date
        source = "the date of the line" if is_sure else "the date above it"
        doubt = "" if is_sure else _SEPARATE_LINE
        own = tuple(ReferenceTime(source, one.moment, doubt=doubt) for one in moment.readings)
        yield Header(mention.start, mention.end, own)


# Which message a place belongs to.


class Messages:
    """The messages of a ticket."""

    def __init__(
        self,
        text: str,
        headers: Sequence[Header],
        given: tuple[ReferenceTime, ...],
        context: Context,
    ) -> None:
        """Divide the text at the headers. `given` is when the whole ticket was written."""
        self._given, self._context = given, context
        self._lines = _lines(text)
        ordered = sorted(headers, key=lambda one: one.start)
        self._sections = list(_sections(self._lines, ordered))
        first = min((header.start for header in headers), default=0)
        is_label = re.compile(r"[^\n:]{1,30}:|[\s_-]{0,80}\Z")
        self._is_on_top = all(is_label.match(line) for line in text[:first].split("\n"))
        self._first = first

    def references_at(self, at: int) -> tuple[ReferenceTime, ...]:
        """Return what "yesterday" counts from at this place.

        The given date also counts below a header on top, which may be that of an older message.
        """
        header, zone = self._header_at(at), self._context.zone
        if header is None:
            index = bisect_right(self._lines, at, key=lambda one: one.start) - 1
            doubt = _QUOTED if self._lines[index].depth else ""
        elif not self._given or self.is_older(at):
            return header.references
        elif header.references:
            own = {local_day(one, zone) for one in self._given}
            others = (one for one in header.references if local_day(one, zone) not in own)
            return (*self._given, *others)
        else:
            doubt = _UNREAD_HEADER
        return tuple(replace(one, doubt=doubt) for one in self._given)

    def is_older(self, at: int) -> bool:
        """Return whether this place is in a message below the newest one."""
        header = self._header_at(at)
        return header is not None and not (self._is_on_top and header.start == self._first)

    def timed_references_at(self, at: int) -> tuple[ReferenceTime, ...]:
        """Return what "two hours ago" counts from: the message's time if only a date is given."""
        header = self._header_at(at)
        if header and header.references and not any(one.moment for one in self._given):
            return header.references
        return self.references_at(at)

    def _header_at(self, at: int) -> Header | None:
        return self._sections[bisect_right(self._sections, at, key=lambda one: one[0]) - 1][1]


def _sections(
    lines: Sequence[_Line], headers: Sequence[Header]
) -> Iterator[tuple[int, Header | None]]:
    """Yield each position where another header takes over; one above a quotation ends with it."""
    starts = [header.start for header in headers]
    active: list[tuple[int, Header]] = []
    until = 0
    for number, line in enumerate(lines):
        is_text = not line.is_blank and line.start >= until
        while active and is_text and active[-1][0] > line.depth:
            active.pop()
        yield line.start, active[-1][1] if active else None
        for header in headers[
            bisect_right(starts, line.start - 1) : bisect_right(starts, line.end)
        ]:
            last = number
            while last + 1 < len(lines) and lines[last].end < header.end:
                last += 1
            below = next((one for one in lines[last + 1 : last + 4] if not one.is_blank), line)
            while active and active[-1][0] >= below.depth:
                active.pop()
            active.append((below.depth, header))
            until = header.end
            yield header.start + 1, header


def _lines(text: str) -> list[_Line]:
    lines, start = [], 0
    for content in text.split("\n"):
        prefix = _PREFIX.match(content)
        body = prefix.end() if prefix else 0
        depth = content[:body].count(">")
        lines.append(_Line(start, start + body, start + len(content.rstrip()), depth))
        start += len(content) + 1
    return lines
