"""What was read in a ticket. Suggestions only: a person confirms before anything is asked."""

from dataclasses import dataclass
from datetime import date, datetime

MAX_TICKET_LENGTH = 20_000


class TicketRefused(ValueError):
    """The text cannot be read as a ticket; the message says why in a plain sentence."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where something was read: what stands before it, itself, what stands after it."""

    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class CustomerFound:
    """Somebody who may be the customer. `kind` is in plain words, `times` how often it stood."""

    identifier: str
    kind: str
    excerpt: Excerpt
    times: int = 1
    likely_ours: bool = False


@dataclass(frozen=True, slots=True)
class MomentReading:
    """One moment that the words can mean. `moment` is aware, UTC.

    `minutes` is how far around it to look (1 to 1440), None where the text is exact.
    `understood` says in words how it was counted.
    """

    moment: datetime
    minutes: int | None
    understood: str


@dataclass(frozen=True, slots=True)
class MomentFound:
    """Words that name a moment, with everything they can mean.

    `questions` are plain sentences: what is ambiguous, what was left out. `is_sure` only when
    there is one reading and no question. `lacks_date` when the ticket's own date is missing.
    """

    excerpt: Excerpt
    readings: tuple[MomentReading, ...] = ()
    questions: tuple[str, ...] = ()
    lacks_date: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether it can only mean this."""
        return len(self.readings) == 1 and not self.questions


@dataclass(frozen=True, slots=True)
class Base:
    """When the text was written, which "yesterday" is counted from.

    `day` where only that is known, else the aware `moment`; `said` names where that is from.
    `is_doubtful`: it may be no such date.
    """

    said: str
    moment: datetime | None = None
    day: date | None = None
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found. `lacks_date` when something waits for the ticket's own date.

    `notes` are plain sentences on what was seen and left out.
    """

    customers: tuple[CustomerFound, ...]
    moments: tuple[MomentFound, ...]
    written: tuple[Excerpt, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lacks_date(self) -> bool:
        """Whether some words count from a day that nobody has named."""
        return any(found.lacks_date for found in self.moments)
