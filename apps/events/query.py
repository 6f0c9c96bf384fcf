"""What is asked: which customer, in which window, where. Everything in it changes the answer."""

import re
import unicodedata
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MAX_CUSTOMER_LENGTH = 200
MAX_LINK_LENGTH = 2000
MIN_WINDOW_MINUTES = 1
MAX_WINDOW_MINUTES = 1440

DEFAULT_FIELDS = ("user.id", "user.email", "user.username")

_CONTROLS = frozenset(("Cc", "Zl", "Zp"))
_HEX_ID = re.compile(r"[0-9a-f]{32}")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_EVENT_IN_LINK = re.compile(
    r"/events/([0-9a-f-]{32,36})(?=[/?#]|$)|/discover/[^/:?#]+:([0-9a-f]{32})(?=[/?#]|$)"
)
_TRACE_IN_LINK = re.compile(r"/(?:trace|traces)/(?:trace/)?([0-9a-f-]{32,36})(?=[/?#]|$)")
_ISSUE_IN_LINK = re.compile(r"/issues/(\d+|[a-z0-9]+(?:-[a-z0-9]+)+)(?=[/?#]|$)")


class CustomerRefused(ValueError):
    """The text cannot name a customer; the message says why in a plain sentence."""


class CustomerKind(StrEnum):
    """What the text in the customer field turned out to be."""

    IDENTIFIER = "identifier"
    IDENTIFIER_OR_HEX = "identifier_or_hex"
    EVENT = "event"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is looked for. `hex_id` is set for an event id, a trace id, or what may be one."""

    identifier: str
    kind: CustomerKind = CustomerKind.IDENTIFIER
    hex_id: str | None = None

    @property
    def is_named(self) -> bool:
        """Whether the identifier may be a person's, not only that of an event or a trace."""
        return self.kind in (CustomerKind.IDENTIFIER, CustomerKind.IDENTIFIER_OR_HEX)


def parse_customer(text: str) -> Customer:
    """Read what was typed into the customer field.

    Blanks and invisible signs around it are dropped; anything else stays as typed. A pasted
    Sentry link counts by the event or trace it names and is never opened.

    Raises `CustomerRefused` when it is blank, longer than 200 characters, holds a control
    character, or is a link to an issue as such (an issue is not one customer).
    """
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise CustomerRefused("We can't read the customer. Type it again.")
    text = _without_invisible_edges(text)
    if any(unicodedata.category(letter) in _CONTROLS for letter in text):
        raise CustomerRefused(
            "The customer contains a line break, a tab or another control character. "
            "Please type it on one line."
        )
    identifier = text
    if not identifier:
        raise CustomerRefused("Enter a customer: a user ID, email, or username.")
    if len(identifier) <= MAX_LINK_LENGTH and _LINK.fullmatch(identifier):
        linked = _customer_in_link(identifier)
        if linked:
            return linked
    if len(identifier) > MAX_CUSTOMER_LENGTH:
        raise CustomerRefused(
            f"That is {len(identifier)} characters long; the limit for a customer is "
            f"{MAX_CUSTOMER_LENGTH}."
        )
    hex_id = as_hex_id(identifier)
    kind = CustomerKind.IDENTIFIER_OR_HEX if hex_id else CustomerKind.IDENTIFIER
    return Customer(identifier=identifier, kind=kind, hex_id=hex_id)


def _without_invisible_edges(text: str) -> str:
    """Without blanks and invisible signs at the ends, which come along when text is pasted."""
    start, end = 0, len(text)
    while start < end and _is_invisible(text[start]):
        start += 1
    while end > start and _is_invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_invisible(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"


def as_hex_id(text: str) -> str | None:
    """The 32 lower-case hex digits of an event or trace id, with or without dashes, or None."""
    if _HEX_ID.fullmatch(text.lower()):
        return text.lower()
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed.hex if str(parsed) == text.lower() else None


def _customer_in_link(link: str) -> Customer | None:
    lowered = link.lower()
    for pattern, kind in (
        (_EVENT_IN_LINK, CustomerKind.EVENT),
        (_TRACE_IN_LINK, CustomerKind.TRACE),
    ):
        found = pattern.search(lowered)
        hex_id = as_hex_id(next(filter(None, found.groups()))) if found else None
        if hex_id:
            return Customer(identifier=hex_id, kind=kind, hex_id=hex_id)
    if _ISSUE_IN_LINK.search(lowered):
        raise CustomerRefused(
            "This link points to an issue, which many customers can share. Paste the link to "
            "a single event, or type the customer."
        )
    return None


@dataclass(frozen=True, slots=True)
class Window:
    """The minutes around a moment, both edges included. `moment` is aware, UTC, whole seconds."""

    moment: datetime
    minutes: int

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("A window needs a moment with a time zone.")
        if not MIN_WINDOW_MINUTES <= self.minutes <= MAX_WINDOW_MINUTES:
            raise ValueError(
                f"A window has {MIN_WINDOW_MINUTES} to {MAX_WINDOW_MINUTES} minutes each side."
            )
        utc = self.moment.astimezone(UTC).replace(microsecond=0)
        object.__setattr__(self, "moment", utc)

    @property
    def start(self) -> datetime:
        """The first second of the window, UTC."""
        return self.moment - timedelta(minutes=self.minutes)

    @property
    def end(self) -> datetime:
        """The last second of the window, UTC."""
        return self.moment + timedelta(minutes=self.minutes)

    def contains(self, timestamp: datetime) -> bool:
        """Whether an event of this second lies in the window."""
        return self.start <= timestamp.replace(microsecond=0) <= self.end


@dataclass(frozen=True, slots=True)
class Question:
    """One lookup's question. `projects` are slugs; empty means every project the token sees."""

    customer: Customer
    window: Window
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    fields: tuple[str, ...] = DEFAULT_FIELDS


# Reading a moment that a person typed or pasted. What is ambiguous is refused, never guessed.

_EPOCH = re.compile(r"\d{9,10}(?:\.\d{1,6})?")
_EPOCH_MILLISECONDS = re.compile(r"\d{12,13}")
_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)"
    r"\s?(?P<offset>Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.IGNORECASE,
)
_CLOCK_SKEW = timedelta(minutes=1)
_EARLIEST = datetime(2000, 1, 2, tzinfo=UTC)


class MomentRefused(ValueError):
    """The text names no single moment; the message says why in a plain sentence."""


def parse_moment(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Read ISO 8601 (with `Z`, an offset, or local to `zone`) or epoch seconds; return UTC.

    `now` is aware; a moment more than a minute after it is refused.
    Raises `MomentRefused` for empty, unreadable, impossible, ambiguous and future input.
    """
    typed = text.strip()
    if not typed:
        raise MomentRefused("Enter when it happened, for example 2026-11-20 14:05.")
    moment = _from_epoch(typed) or _from_iso(typed, zone)
    if moment is None:
        raise MomentRefused(
            "We can't read this time. Use 2026-11-20 14:05, a time with its offset such as "
            "2026-11-20T14:05:00+01:00, or epoch seconds."
        )
    if moment <= _EARLIEST:
        raise MomentRefused(f"{typed} is too long ago: errors from then are no longer stored.")
    if moment > now + _CLOCK_SKEW:
        raise MomentRefused(
            f"This time is in the future: in {zone.key} it is now "
            f"{now.astimezone(zone):%Y-%m-%d %H:%M}."
        )
    return moment


def parse_zone(name: str) -> ZoneInfo | None:
    """The time zone of that IANA name, or None when there is none."""
    return ZoneInfo(name) if name in known_zones() else None


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all IANA zones, read once: finding them walks the file system."""
    return frozenset(available_timezones())


def _from_epoch(typed: str) -> datetime | None:
    if _EPOCH.fullmatch(typed):
        return datetime.fromtimestamp(float(typed), UTC)
    if _EPOCH_MILLISECONDS.fullmatch(typed):
        return datetime.fromtimestamp(int(typed) / 1000, UTC)
    return None


def _from_iso(typed: str, zone: ZoneInfo) -> datetime | None:
    found = _ISO.fullmatch(typed)
    if not found:
        return None
    clock = found["time"].replace(",", ".")
    if clock[1] == ":":
        clock = f"0{clock}"
    try:
        local = datetime.fromisoformat(f"{found['day']}T{clock}")
        if found["offset"]:
            with_offset = f"{local.isoformat()}{found['offset'].upper()}"
            return datetime.fromisoformat(with_offset).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MomentRefused(
            f"{typed} does not exist: please check the day, the hour and the minute."
        ) from error
    return _from_local(local, zone) if local.year >= _EARLIEST.year else _EARLIEST


def _from_local(local: datetime, zone: ZoneInfo) -> datetime:
    """Attach the zone; refuse hours that a clock change skipped or repeated (a UTC round trip)."""
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise MomentRefused(
            f"{local:%H:%M} did not exist on {local:%Y-%m-%d} in {zone.key}: the clocks were put "
            "forward. Please check the time, or add its offset."
        )
    raise MomentRefused(
        f"{local:%H:%M} happened twice on {local:%Y-%m-%d} in {zone.key}: the clocks were put "
        f"back. Please add the offset: {_with_offset(first)} for the first time, "
        f"{_with_offset(second)} for the second."
    )


def _with_offset(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="minutes")


# From one question to the next: the same customer at another time, or in a wider window.

WIDER_MINUTES = (15, 60, MAX_WINDOW_MINUTES)


class Move(StrEnum):
    """Where to look next."""

    NOW = "now"
    WIDER = "wider"
    EARLIER = "earlier"
    LATER = "later"


def moved(question: Question, move: Move, now: datetime) -> Question | None:
    """The question after the move; None where there is nothing to move to.

    `now` is aware. Earlier and later are the windows that join this one; a later one must have
    begun. Wider is the next of ± 15 minutes, an hour and a day.
    """
    window = question.window
    whole = timedelta(minutes=2 * window.minutes)
    if move is Move.NOW:
        return replace(question, window=Window(now, window.minutes))
    if move is Move.EARLIER:
        return replace(question, window=Window(window.moment - whole, window.minutes))
    if move is Move.LATER:
        if window.end >= now:
            return None
        return replace(question, window=Window(min(window.moment + whole, now), window.minutes))
    minutes = next((wider for wider in WIDER_MINUTES if wider > window.minutes), None)
    return replace(question, window=Window(window.moment, minutes)) if minutes else None


# How long, in words.

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit: 12 s, 4 min, 3 h, 2 days."""
    whole = round(abs(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} days"
