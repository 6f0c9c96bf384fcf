"""What is asked: which customer, in which window, where. Everything in it changes the answer."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

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
