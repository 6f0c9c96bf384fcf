"""The whole ticket: who it may be about and when, each with where it was read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from apps.tickets.clocks import clocks_in, parts_in
from apps.tickets.customers import customers_in
from apps.tickets.dates import days_in, durations_in
from apps.tickets.days import day_of
from apps.tickets.hours import Style
from apps.tickets.moments import Setting, moment_ago, moment_of
from apps.tickets.pairing import pair
from apps.tickets.reading import (
    MAX_TICKET_LENGTH,
    Base,
    MomentFound,
    Reading,
    TicketRefused,
)
from apps.tickets.spans import Spanned, nearest_before, outside
from apps.tickets.written import HeaderSeen, headers_in, read_written, stamp, stands_alone
from apps.tickets.zones import zone_of_all_times

_ALONE = "This line stands alone: it may say when the message was written."
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
        raise TicketRefused("Please paste the text of the ticket.")
    if len(text) > MAX_TICKET_LENGTH:
        raise TicketRefused(
            f"The text has {len(text):,} characters; we read {MAX_TICKET_LENGTH:,} at most. "
            "Please leave out what does not say who it was and when."
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
    setting = replace(setting, style=Style.of(clocks), all_times=zone_of_all_times(text))
    mentions = pair(text, days, clocks, parts)
    named = [mention.zone for mention in mentions if mention.zone and mention.clock]
    by_name = {zone.text: zone for zone in named if zone.options and not zone.is_universal}
    setting = replace(setting, other_zones=tuple(by_name.values())[:_MOST_ZONES])
    stamps = [stamp(text, one, setting) for one in mentions if stands_alone(text, one)]
    above = sorted([*headers, *stamps], key=lambda header: header.start)
    found = []
    for seen in ago:
        bases = _bases_at(seen.start, above, given, setting)
        found.append((seen.start, moment_ago(text, seen, bases, setting)))
    for mention in mentions:
        bases = _bases_at(mention.start - 1, above, given, setting)
        moment = moment_of(text, mention, bases, setting)
        if stands_alone(text, mention):
            moment = replace(moment, questions=(*moment.questions, _ALONE))
        found.append((mention.start, moment))
    found.sort(key=lambda one: one[0])
    return _shown([moment for _, moment in found])


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
    ordered = sorted(kept.values(), key=_is_whole_day)
    if len(ordered) > _MOST_SHOWN:
        left = len(ordered) - _MOST_SHOWN
        notes.append(f"{left} more {'time was' if left == 1 else 'times were'} found and left out.")
    return tuple(ordered[:_MOST_SHOWN]), notes


def _is_whole_day(moment: MomentFound) -> bool:
    return bool(moment.readings) and all((one.minutes or 0) > 360 for one in moment.readings)
