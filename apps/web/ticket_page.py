"""What the page of a ticket shows: each suggestion with where it was read, none chosen in doubt."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from apps.events.query import MAX_WINDOW_MINUTES, MIN_WINDOW_MINUTES, MomentRefused, parse_moment
from apps.tickets import CustomerFound, Excerpt, MomentFound, MomentReading, Reading
from apps.web.clock import half_window, in_utc_too, typed_in

_NONE_OF_THESE = ""
_PART_OF_A_DAY = 360


@dataclass(frozen=True, slots=True)
class CustomerOption:
    """One possible customer, with the words for what it is."""

    value: str
    kind: str
    excerpt: Excerpt
    checked: bool


@dataclass(frozen=True, slots=True)
class MomentOption:
    """One moment that the words can mean. `value` is what the form posts."""

    value: str
    day: str
    clock: str
    window: str
    understood: str
    checked: bool


@dataclass(frozen=True, slots=True)
class MomentGroup:
    """The words in the ticket, what is to be asked about them, and what they can mean.

    `understood` is what holds for all options; what differs stands at each.
    """

    excerpt: Excerpt
    questions: tuple[str, ...]
    understood: str
    options: tuple[MomentOption, ...]


@dataclass(frozen=True, slots=True)
class TicketPage:
    """All suggestions. `lacking` are questions that wait for the ticket's own date.

    `missing` names the groups nothing was chosen in; `no_customer` and `no_moment` say that a
    person chose none of those that are offered.
    """

    customers: tuple[CustomerOption, ...]
    moments: tuple[MomentGroup, ...]
    lacking: tuple[MomentGroup, ...]
    written: tuple[Excerpt, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...] = ()
    no_customer: bool = False
    no_moment: bool = False

    @property
    def has_choice(self) -> bool:
        """Whether anything was found that can be used."""
        return bool(self.customers or self.moments)


def ticket_page(
    reading: Reading, zone: ZoneInfo, chosen: Mapping[str, str] | None = None
) -> TicketPage:
    """The page of what was read, in that zone; `chosen` is what was posted, None at first."""
    picked = _proposed(reading, zone) if chosen is None else chosen
    offered = [found for found in reading.moments if found.readings]
    return TicketPage(
        customers=tuple(_customer(found, picked) for found in reading.customers),
        moments=tuple(_moment(found, zone, picked) for found in offered),
        lacking=tuple(
            _moment(found, zone, picked) for found in reading.moments if found.lacks_date
        ),
        written=reading.written,
        notes=reading.notes,
        missing=() if chosen is None else missing_of(reading, chosen, zone),
        no_customer=picked.get("customer") == _NONE_OF_THESE,
        no_moment=picked.get("moment") == _NONE_OF_THESE,
    )


def missing_of(reading: Reading, chosen: Mapping[str, str], zone: ZoneInfo) -> tuple[str, ...]:
    """Which of "customer" and "moment" was offered and not answered, or not readably."""
    missing = []
    if reading.customers and "customer" not in chosen:
        missing.append("customer")
    has_moments = any(found.readings for found in reading.moments)
    if has_moments and (
        "moment" not in chosen or (chosen["moment"] and not _posted_moment(chosen["moment"], zone))
    ):
        missing.append("moment")
    return tuple(missing)


def values_for_form(chosen: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    """What was chosen, as the lookup form is prefilled: customer, at, zone, window."""
    values = {"zone": zone.key}
    if chosen.get("customer"):
        values["customer"] = chosen["customer"]
    moment = _posted_moment(chosen.get("moment", ""), zone)
    if moment:
        values["at"], minutes = moment
        values["window"] = str(max(minutes, settings.TRIAGE_WINDOW_MINUTES))
    return values


def _posted_moment(value: str, zone: ZoneInfo) -> tuple[str, int] | None:
    """The moment as the form takes it and its minutes, 0 where the text is exact."""
    typed, _, minutes = value[:100].partition("|")
    if not (minutes.isascii() and minutes.isdecimal()) or int(minutes) > MAX_WINDOW_MINUTES:
        return None
    try:
        parse_moment(typed, zone=zone, now=timezone.now())
    except MomentRefused:
        return None
    return typed, int(minutes)


def _proposed(reading: Reading, zone: ZoneInfo) -> dict[str, str]:
    """What is chosen beforehand: only what is alone and cannot be anything else."""
    proposed = {}
    theirs = [found for found in reading.customers if not found.likely_ours]
    if len(theirs) == 1:
        proposed["customer"] = theirs[0].identifier
    if len(reading.moments) == 1 and reading.moments[0].is_sure:
        (only,) = reading.moments[0].readings
        if (only.minutes or 0) <= _PART_OF_A_DAY:
            proposed["moment"] = _value(only, zone)
    return proposed


def _customer(found: CustomerFound, picked: Mapping[str, str]) -> CustomerOption:
    kind = found.kind
    if found.times > 1:
        kind = f"{kind}, {found.times} times"
    if found.likely_ours:
        kind = f"{kind}, may belong to the help desk"
    checked = picked.get("customer") == found.identifier
    return CustomerOption(found.identifier, kind, found.excerpt, checked)


def _moment(found: MomentFound, zone: ZoneInfo, picked: Mapping[str, str]) -> MomentGroup:
    said = {reading.understood for reading in found.readings}
    common = said.pop() if len(said) == 1 and len(found.readings) > 1 else ""
    options = []
    for reading in found.readings:
        value = _value(reading, zone)
        local = reading.moment.astimezone(zone)
        minutes = max(reading.minutes or 0, settings.TRIAGE_WINDOW_MINUTES, MIN_WINDOW_MINUTES)
        options.append(
            MomentOption(
                value=value,
                day=f"{local:%a} {local.day} {local:%b %Y}",
                clock=in_utc_too(reading.moment, zone),
                window=half_window(minutes),
                understood="" if common else reading.understood,
                checked=picked.get("moment") == value,
            )
        )
    return MomentGroup(found.excerpt, found.questions, common, tuple(options))


def _value(reading: MomentReading, zone: ZoneInfo) -> str:
    return f"{typed_in(reading.moment, zone)}|{reading.minutes or 0}"
