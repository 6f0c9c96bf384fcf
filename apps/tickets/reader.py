"""Read a whole ticket: who it may be about, and every time it may mean.

Everything found says whether it is certain, or is a question. Nothing is requested or stored.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.events.identifier import parse_customer
from apps.events.query import any_case, counted
from apps.tickets import times
from apps.tickets.belonging import UNCONNECTED, belonging, has_more
from apps.tickets.customers import CustomerReader, find_customers
from apps.tickets.dates import DurationToken, find_dates, find_durations
from apps.tickets.moments import (
    Breaks,
    Context,
    Mention,
    asked_question,
    find_mentions,
    find_unread,
    resolve_duration,
    resolve_mention,
    unread_questions,
)
from apps.tickets.text import (
    MAX_TICKET_LENGTH,
    Excerpt,
    MomentFound,
    MomentReading,
    ReferenceTime,
    TextSpan,
    TicketReading,
    TicketRefused,
    clean,
    either,
    excerpt,
    not_overlapping,
    one_line,
    word_set,
)
from apps.tickets.written import (
    ALONE,
    CHAT_LINE,
    Header,
    Messages,
    blanked,
    chat_stamps,
    find_headers,
    headers_of_stamps,
    is_stamp_of,
    read_written,
    stamp_question,
)

_MAX_TOKENS = 100
_MAX_SHOWN = 8
_MAX_ZONES = 3
_MAX_NOTES = 4
_TOO_MANY_HEADERS = (
    "The ticket has too many lines that look like mail headers. Paste only the message itself."
)
_TOO_MANY_TIMES = (
    f"We read only the first {_MAX_TOKENS} dates and times. "
    "Paste only what is about the problem to read the rest."
)


def read_ticket(
    text: str,
    *,
    zone: ZoneInfo,
    now: datetime,
    written: datetime | date | None = None,
    read_customer: CustomerReader = parse_customer,
) -> TicketReading:
    """Find customers and moments in a ticket.

    Times without a time zone are read in `zone`; `now` is aware. `written` is when the ticket was
    written, if known: an aware datetime, or a date. `read_customer` reads each identifier.
    Raise `TicketRefused` if the text is empty or longer than 20,000 characters.
    """
    length = len(text) - text.count("\r\n")
    if length > MAX_TICKET_LENGTH:
        raise TicketRefused(
            f"The text has {length:,} characters; the limit is {MAX_TICKET_LENGTH:,}. "
            "Leave out anything that doesn't say who it was or when."
        )
    text = clean(text)
    if not text.strip():
        raise TicketRefused("Paste the ticket text.")
    at, day = (written, None) if isinstance(written, datetime) else (None, written)
    given = (ReferenceTime("the ticket's date", at, day),) if written else ()
    context = Context(zone, now)
    headers, is_cut = find_headers(text, context)
    moments, notes = _find_moments(text, headers, given, context)
    if is_cut:
        moments = tuple(one.asking([_TOO_MANY_HEADERS]) for one in moments)
    customers, customer_notes = find_customers(text, read_customer)
    return TicketReading(
        customers=customers,
        moments=moments,
        written=tuple(excerpt(text, one.start, one.end) for one in headers[:_MAX_SHOWN]),
        notes=tuple(dict.fromkeys([*notes, *customer_notes])),
    )


def read_ticket_date(typed: str, *, zone: ZoneInfo, now: datetime) -> datetime | date:
    """Return when the ticket was written, as a person typed it: an aware datetime, or a date.

    "Yesterday" and the like count from now.
    Raise `TicketRefused` if it can't be read, is ambiguous, or is in the future.
    """
    context = Context(zone, now)
    today = [ReferenceTime("now", moment=now)]
    typed = clean(typed)
    found = read_written(typed, today, context, "the ticket's date").references
    if not found:
        next_year = replace(context, now=now + timedelta(days=366))
        if read_written(typed, today, next_year).references:
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


# A word next to a time that does not change its meaning.
_PLAIN_WORD = any_case(rf"{either('rough')}|{either('at')}|a|between|on|the")
_WORD = re.compile(r"\w{1,99}")
_NOW = word_set("now") | {*("right now", "just now", "gerade eben")}


def read_moment(typed: str, *, zone: ZoneInfo, now: datetime) -> MomentFound | None:
    """Return everything that a typed time can mean, counted from now; None if it says no time.

    It is sure only if every word was understood.
    """
    typed = clean(typed).strip()
    if typed.casefold() in _NOW:
        reading = MomentReading(now.astimezone(UTC).replace(microsecond=0), None, "")
        return MomentFound(Excerpt("", typed, ""), (reading,))
    given = (ReferenceTime("today", moment=now),)
    moments, notes = _find_moments(typed, (), given, Context(zone, now))
    readings = tuple(dict.fromkeys(one for moment in moments for one in moment.readings))
    if not readings:
        return None
    questions = [question for moment in moments for question in moment.questions]
    left = typed
    for moment in moments:
        left = left.replace(moment.excerpt.found, " ", 1)
    if len(moments) > 1 or not all(map(_PLAIN_WORD.fullmatch, _WORD.findall(left))):
        questions.append(f"Not all of “{typed}” is clear.")
    return MomentFound(moments[0].excerpt, readings, (*questions, *notes))


class _Scan:
    """What a text has outside its headers.

    `stamps` are the questions about mentions that may say when something was written.
    `like_times` may be times of day, and `unread` are days or times, but neither can be read.
    """

    def __init__(self, text: str, headers: Sequence[Header]) -> None:
        found, unread = find_durations(text)
        dates = not_overlapping(find_dates(text, found), headers)
        durations = [one for one in found if isinstance(one, DurationToken)]
        durations = not_overlapping(durations, [*headers, *dates])
        taken: list[TextSpan] = [*headers, *dates, *durations]
        clocks = not_overlapping(times.find_clocks(text), taken)
        parts = not_overlapping(times.find_parts(text), [*taken, *clocks])[:_MAX_TOKENS]
        self.is_cut = max(len(dates), len(durations), len(clocks)) > _MAX_TOKENS
        dates, durations = dates[:_MAX_TOKENS], durations[:_MAX_TOKENS]
        clocks = clocks[:_MAX_TOKENS]
        taken = [*headers, *dates, *durations]
        chat = frozenset(chat_stamps(text, clocks))
        chat_starts = tuple(sorted(text.rfind("\n", 0, one.start) + 1 for one in chat))
        breaks = Breaks(tuple(header.start for header in headers), chat_starts)
        mentions = find_mentions(text, dates, clocks, parts, breaks)
        bare = blanked(text, [*dates, *durations])
        stamps = [one for one in mentions if one.has_own_date and stamp_question(bare, one, chat)]
        if stamps:  # other times take no day from them
            starts = sorted([*breaks.mails, *(one.start for one in stamps)])
            others = find_mentions(
                text,
                not_overlapping(dates, stamps),
                not_overlapping(clocks, stamps),
                parts,
                Breaks(tuple(starts), breaks.chat),
            )
            mentions = sorted([*stamps, *others], key=lambda one: one.start)
        like_times, more_unread = find_unread(text)
        taken += mentions
        self.mentions, self.durations, self.is_24h = mentions, durations, times.are_24h(clocks)
        asked = {one: stamp_question(bare, one, chat) for one in mentions}
        self.stamps = {one: question for one, question in asked.items() if question}
        self.like_times = not_overlapping(like_times, taken)[:_MAX_TOKENS]
        self.unread = not_overlapping([*more_unread, *unread], taken)[:_MAX_TOKENS]


def _find_moments(
    text: str, headers: Sequence[Header], given: tuple[ReferenceTime, ...], context: Context
) -> tuple[tuple[MomentFound, ...], list[str]]:
    scan = _Scan(text, headers)
    context = replace(
        context,
        is_24h=scan.is_24h,
        all_times=times.zone_of_all_times(text) or times.zone_of_writer(text),
        other_zones=_other_zones(text, headers, scan),
    )
    stamps = scan.stamps
    alone = {
        one: resolve_mention(text, one, (), context) for one in stamps if one.has_calendar_date
    }
    dated = [*headers, *headers_of_stamps(stamps, alone)]
    messages = Messages(text, dated, given, context)
    meant = {
        one: resolve_mention(text, one, messages.references_at(one.start), context)
        for one in scan.mentions
    }
    undated = {one: meant[one] for one in stamps if one not in alone}
    timed = Messages(text, [*dated, *headers_of_stamps(stamps, undated)], given, context)
    found: list[_Found] = []
    for duration in scan.durations:
        references = timed.timed_references_at(duration.start)
        moment = resolve_duration(text, duration, references, context)
        more = [ALONE] if is_stamp_of(text, duration) else []
        found.append((duration, moment.asking(more)))
    for mention, moment in meant.items():
        more = [stamps.get(mention, "")]
        more += unread_questions(text, mention, scan.like_times, scan.unread)
        more += asked_question(text, mention, is_older=messages.is_older(mention.start))
        found.append((mention, moment.asking(more)))
    moments, notes = _select(_connected(text, sorted(found, key=lambda one: one[0].start)))
    notes += [_TOO_MANY_TIMES] if scan.is_cut else []
    said = " ".join(question for one in moments for question in one.questions)
    return moments, [*notes, *_unread_notes(text, headers, scan.unread, said)]


_Found = tuple[Mention | DurationToken, MomentFound]


def _connected(text: str, found: Sequence[_Found]) -> list[MomentFound]:
    """Ask about moments that belong to something else or that nothing connects with the problem.

    A moment needs no connection if it is the only one that may be the problem's, but a date does
    if the ticket says more than a few words.
    """
    ats = [at for at, _ in found]
    groups = [at.group for at in ats if isinstance(at, Mention) and at.group]
    spans = sorted([*ats, *not_overlapping(groups, ats)], key=lambda one: one.start)
    kinds = [belonging(text, at, spans) for at in ats]
    possible = [
        moment
        for (_, moment), kind in zip(found, kinds, strict=True)
        if (moment.readings or moment.lacks_date) and not (kind or _is_other(moment))
    ]
    several = len({one.readings or one.excerpt for one in possible}) > 1
    is_story = has_more(text, ats)
    asked = []
    for (at, moment), kind in zip(found, kinds, strict=True):
        needs_connection = several or (is_story and at.is_dated)
        question = UNCONNECTED if kind == "" and needs_connection else kind
        is_open = moment.is_sure or (kind and not _is_other(moment))
        asked.append(moment.asking([question or ""] if is_open else []))
    return asked


def _is_other(moment: MomentFound) -> bool:
    """Return whether a question already asks if this is a time of the problem at all."""
    return any(one in (CHAT_LINE, ALONE) or "problem happened" in one for one in moment.questions)


def _other_zones(text: str, headers: Sequence[Header], scan: _Scan) -> tuple[times.ZoneToken, ...]:
    senders = [header.zone for header in headers if header.zone and not times.is_utc(header.zone)]
    beside = [mention.zone for mention in scan.mentions if mention.clock]
    beside += [times.zone_at(text, one.end) for one in scan.like_times]
    alone = not_overlapping(times.find_zones(text), [*headers, *scan.mentions])
    zones = {
        zone.text: zone
        for zone in [*beside, *alone]
        if zone and zone.options and not zone.is_offset
    }
    zones |= {zone.text: zone for zone in senders if zone.options}
    return tuple(zones.values())[:_MAX_ZONES]


def _unread_notes(
    text: str, headers: Sequence[Header], unread: Sequence[TextSpan], said: str
) -> Iterator[str]:
    """Say which words may be a time but can't be read, unless a question names them."""
    for header in [one for one in headers if not one.references][:_MAX_NOTES]:
        found = excerpt(text, header.start, header.end).found
        yield f"“{found}” says when a message was written, but we can't use its date."
    words = dict.fromkeys(
        one_line(text[one.start : one.end]) for one in sorted(unread, key=lambda one: one.start)
    )
    left = [one for one in words if f"“{one}”" not in said]
    for one in left[:_MAX_NOTES]:
        yield f"“{one}” may be a time, but we can't read it."
    if len(left) > _MAX_NOTES:
        yield f"We can't read {counted(len(left) - _MAX_NOTES, 'more word')} that may be a time."


def _select(found: Sequence[MomentFound]) -> tuple[tuple[MomentFound, ...], list[str]]:
    """Drop duplicates and put exact times first; turn moments without a reading into notes."""
    unique: dict[object, MomentFound] = {}
    notes: list[str] = []
    for moment in found:
        if moment.readings or moment.lacks_date:
            key = (
                tuple((one.moment, one.minutes) for one in moment.readings) or moment.excerpt.found
            )
            unique.setdefault(key, moment)
        else:
            notes += moment.questions
    # Exact times go before lines of a chat, and these before whole days.
    ordered = sorted(
        unique.values(), key=lambda one: 2 if _is_whole_day(one) else CHAT_LINE in one.questions
    )
    if any(moment.lacks_date for moment in found):  # a whole day may be the date that is missing
        question = "This may be the day the ticket was written."
        ordered = [
            replace(one, questions=(question,)) if one.is_sure and _is_whole_day(one) else one
            for one in ordered
        ]
    if len(ordered) > _MAX_SHOWN:
        left = len(ordered) - _MAX_SHOWN
        were = "time was" if left == 1 else "times were"
        notes.append(f"{left} more {were} found but not listed.")
    return tuple(ordered[:_MAX_SHOWN]), notes


def _is_whole_day(moment: MomentFound) -> bool:
    return bool(moment.readings) and all(one.is_rough for one in moment.readings)
