"""The whole ticket: who it may be about and when, each with where it was read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.tickets.clocks import clocks_in, parts_in
from apps.tickets.customers import customers_in
from apps.tickets.dates import days_in
from apps.tickets.days import day_of
from apps.tickets.durations import durations_in
from apps.tickets.hours import Style
from apps.tickets.moments import Setting, moment_ago, moment_of
from apps.tickets.pairing import Mention, pair
from apps.tickets.reading import (
    MAX_TICKET_LENGTH,
    Base,
    MomentFound,
    Reading,
    TicketRefused,
)
from apps.tickets.spans import Spanned, is_broken, nearest_before, outside
from apps.tickets.unread import UnreadSeen, like_a_time
from apps.tickets.written import (
    HeaderSeen,
    headers_in,
    is_chat_line,
    names_a_date,
    read_written,
    stamp,
    stands_alone,
)
from apps.tickets.zones import zone_of_all_times, zone_of_writer

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
