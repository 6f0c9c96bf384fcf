"""When a message was written: the headers that mail programs and ticket systems put above it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from apps.tickets.clocks import clocks_in, parts_in
from apps.tickets.dates import days_in
from apps.tickets.durations import durations_in
from apps.tickets.excerpts import excerpt
from apps.tickets.moments import Setting, moment_of
from apps.tickets.pairing import Link, Mention, pair
from apps.tickets.reading import Base, Excerpt, TicketRefused

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
