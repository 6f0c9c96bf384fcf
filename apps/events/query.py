"""The query of a lookup: which customer, in which window, where."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MIN_WINDOW_MINUTES = 1
MAX_WINDOW_MINUTES = 1440

DEFAULT_FIELDS = ("user.id", "user.email", "user.username")

_HEX_ID = re.compile(r"[0-9a-f]{32}")
EXACTLY = "exactly:"


def any_case(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """Return the compiled pattern, which ignores case."""
    return re.compile(pattern, flags | re.IGNORECASE)


class CustomerRefused(ValueError):
    """The text does not identify a customer; the message explains why to the person.

    `may_be_exact` says whether an identifier can look like that.
    """

    def __init__(self, message: str, *, may_be_exact: bool = False) -> None:
        super().__init__(message)
        self.may_be_exact = may_be_exact

    @property
    def next_step(self) -> str:
        """What to do if the text is an identifier after all, or ""."""
        step = f"If this is the exact identifier, type “{EXACTLY}” in front of it."
        return step if self.may_be_exact else ""


class LinkRefused(CustomerRefused):
    """The text is a link that doesn't point to one customer, event, or trace."""


class CustomerKind(StrEnum):
    """The kind of identifier in the customer field."""

    IDENTIFIER = "identifier"
    IDENTIFIER_OR_HEX = "identifier_or_hex"
    IDENTIFIER_OR_ISSUE = "identifier_or_issue"
    EVENT = "event"
    TRACE = "trace"


@dataclass(frozen=True, slots=True)
class Customer:
    """The customer to look up. `hex_id` is set for an actual or possible event or trace ID."""

    identifier: str
    kind: CustomerKind = CustomerKind.IDENTIFIER
    hex_id: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def only_fields(self) -> tuple[str, ...]:
        """The only fields to search; empty means all of the lookup's."""
        by_kind = {CustomerKind.EVENT: ("id",), CustomerKind.TRACE: ("trace",)}
        return self.fields or by_kind.get(self.kind, ())

    @property
    def is_named(self) -> bool:
        """Whether the identifier may be a person's, rather than an event's or a trace's."""
        return self.kind not in (CustomerKind.EVENT, CustomerKind.TRACE)


def as_hex_id(text: str) -> str | None:
    """Return the 32 hex digits of an event or trace ID, which may have dashes; else None."""
    if _HEX_ID.fullmatch(text.lower()):
        return text.lower()
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed.hex if str(parsed) == text.lower() else None


@dataclass(frozen=True, slots=True)
class Window:
    """The minutes around the reported time, both ends included, in UTC and whole seconds."""

    moment: datetime
    minutes: int

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("The reported time needs a time zone.")
        if not MIN_WINDOW_MINUTES <= self.minutes <= MAX_WINDOW_MINUTES:
            raise ValueError(
                f"A window has {MIN_WINDOW_MINUTES} to {MAX_WINDOW_MINUTES} minutes on each side."
            )
        utc = self.moment.astimezone(UTC).replace(microsecond=0)
        object.__setattr__(self, "moment", utc)

    @property
    def start(self) -> datetime:
        return self.moment - timedelta(minutes=self.minutes)

    @property
    def end(self) -> datetime:
        return self.moment + timedelta(minutes=self.minutes)

    def contains(self, timestamp: datetime) -> bool:
        """Return whether the timestamp's second is in the window."""
        return self.start <= timestamp.replace(microsecond=0) <= self.end


@dataclass(frozen=True, slots=True)
class Question:
    """The parameters of a lookup. `projects` are slugs; empty means every one the token can see."""

    customer: Customer
    window: Window
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    fields: tuple[str, ...] = DEFAULT_FIELDS

    @property
    def searched_fields(self) -> tuple[str, ...]:
        return self.customer.fields or self.fields


# Parsing a reported time. Ambiguous input is refused, never guessed.

_EPOCH = re.compile(r"\d{9,10}(?:\.\d{1,6})?")
_EPOCH_MILLISECONDS = re.compile(r"\d{12,13}")
_ISO = any_case(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)"
    r"\s?(?P<offset>Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_CLOCK_SKEW = timedelta(minutes=1)
_EARLIEST = datetime(2000, 1, 2, tzinfo=UTC)


class MomentRefused(ValueError):
    """The text is not a single point in time; the message explains why to the person."""


class MomentUnreadable(MomentRefused):
    """The text is neither ISO 8601 nor epoch seconds, but a person may still understand it."""


def parse_moment(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Parse ISO 8601 (with `Z`, an offset, or local to `zone`) or epoch seconds into UTC.

    Raise `MomentRefused` for empty, impossible, ambiguous, and future input, and its subclass
    `MomentUnreadable` for other formats. Future is more than a minute after `now`, which is aware.
    """
    typed = text.strip()
    if not typed:
        raise MomentRefused("Enter when it happened, for example 2026-11-20 14:05.")
    if _EPOCH.fullmatch(typed):
        moment: datetime | None = datetime.fromtimestamp(float(typed), UTC)
    elif _EPOCH_MILLISECONDS.fullmatch(typed):
        moment = datetime.fromtimestamp(int(typed) / 1000, UTC)
    else:
        moment = _from_iso(typed, zone)
    if moment is None:
        raise MomentUnreadable(
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
    """Return the time zone with this IANA name, or None."""
    return ZoneInfo(name) if name in iana_zones() else None


@cache
def iana_zones() -> frozenset[str]:
    """Return the names of all IANA zones; cached, as finding them walks the file system."""
    return frozenset(available_timezones())


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
            f"{typed} does not exist: check the day, the hour, and the minute."
        ) from error
    return _from_local(local, zone) if local.year >= _EARLIEST.year else _EARLIEST


def _from_local(local: datetime, zone: ZoneInfo) -> datetime:
    """Convert to UTC; raise `MomentRefused` if a clock change skipped or repeated the time."""
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise MomentRefused(
            f"{local:%H:%M} did not exist on {local:%Y-%m-%d} in {zone.key}: the clocks moved "
            "forward. Check the time, or add its offset."
        )
    raise MomentRefused(
        f"{local:%H:%M} happened twice on {local:%Y-%m-%d} in {zone.key}: the clocks moved "
        f"back. Add the offset: {first.isoformat(' ', 'minutes')} for the first time, "
        f"{second.isoformat(' ', 'minutes')} for the second."
    )


_STEP = timedelta(minutes=10)
_WIDER_MINUTES = (15, 60, MAX_WINDOW_MINUTES)


class Move(StrEnum):
    """A way to move the window."""

    NOW = "now"
    WIDER = "wider"
    EARLIER = "earlier"
    LATER = "later"


def apply_move(question: Question, move: Move, now: datetime) -> Question | None:
    """Return the question with its window moved; None if there is no such window.

    Earlier and later are ten minutes away, whatever the window; there is nothing later if it
    ends after `now` (aware). Wider is the next of ± 15 minutes, an hour, and a day.
    """
    moment, minutes = question.window.moment, question.window.minutes
    if move is Move.NOW:
        moment = now
    elif move is Move.EARLIER:
        moment -= _STEP
    elif move is Move.LATER:
        if question.window.end >= now:
            return None
        moment = min(moment + _STEP, now)
    elif minutes == MAX_WINDOW_MINUTES:
        return None
    else:
        minutes = next(wider for wider in _WIDER_MINUTES if wider > minutes)
    return replace(question, window=Window(moment, minutes))


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: 1 result, 1,204 results."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence: “a”, “a and b”, or “a, b, and c”."""
    *first, last = tuple(words) or ("",)
    if first[1:]:
        return f"{', '.join(first)}, and {last}"
    return " and ".join((*first, last))


def lower_first(sentence: str) -> str:
    """Return the sentence as a clause, which begins in lowercase."""
    return f"{sentence[0].lower()}{sentence[1:]}"


def format_utc(at: datetime, timespec: str = "seconds") -> str:
    """Return the time as ISO 8601 in UTC with a `Z`: 2026-11-20T14:05:00Z."""
    return at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def format_duration(seconds: float) -> str:
    """Return the time in its largest whole unit: 12 s, 4 min, 3 h, 2 days."""
    whole = round(abs(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    hours = whole // 3600
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
