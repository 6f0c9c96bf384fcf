"""How far an answer under way is: steps, counts, and the events seen so far in plain words.

Nothing of an event's own text is in it, so that it may be shown before anything was redacted.
"""

import math
from dataclasses import dataclass
from datetime import datetime

MOST_SIGHTINGS = 50

# How much of the work the list of events is taken for, and how far into it the beginning is.
_SHARE_OF_LIST = 0.3
_BEGUN = 0.2


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event that was listed: when (UTC), how bad, and what failed in words of our own."""

    id: str
    timestamp: datetime
    level: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an answer is. `known` and `problems` are None until the list has ended.

    `done` counts finished steps of `known`; `pages` those of the list so far; `read` are the
    problems of which nothing is left to read. `newest` holds at most 50 events, newest first.
    """

    done: int = 0
    known: int | None = None
    pages: int = 0
    read: int = 0
    problems: int | None = None
    events_found: int = 0
    newest: tuple[Sighting, ...] = ()

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1. It never goes back, nor is it 1 before the list ended."""
        if self.known is None:
            return _SHARE_OF_LIST * (1 - math.pow(0.5, self.pages + _BEGUN))
        if self.known <= 1:
            return 1.0
        return _SHARE_OF_LIST + (1 - _SHARE_OF_LIST) * ((self.done - 1) / (self.known - 1))
