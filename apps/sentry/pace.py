"""How a client keeps pace with others that use the same token: a protocol, and the lone one.

Who shares limits between processes hands in a `Pace` of their own.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from threading import BoundedSemaphore
from typing import Protocol

from apps.sentry.errors import SentryCrowded, SentryError


class Pace(Protocol):
    """Asked before each call, told after it."""

    def check(self, route: str) -> None:
        """Raise `SentryRateLimited` or `SentryResting` when this endpoint must not be asked now."""

    def slot(self, seconds: float) -> AbstractContextManager[None]:
        """One of the few places for calls at a time; `SentryCrowded` if none is free in time."""

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        """A call was answered; the headers (names in lower case) tell what is left."""

    def failed(self, route: str, error: SentryError) -> None:
        """A call failed for good, after its last try."""


class AlonePace:
    """A pace that nobody shares: so many calls at a time, and nothing remembered."""

    def __init__(self, places: int) -> None:
        self._places = BoundedSemaphore(places)

    def check(self, route: str) -> None:
        """Nothing speaks against asking."""

    def slot(self, seconds: float) -> AbstractContextManager[None]:
        """A place among those of this client."""
        return LocalSlot(self._places, seconds)

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        """Not remembered."""

    def failed(self, route: str, error: SentryError) -> None:
        """Not remembered."""


class LocalSlot(AbstractContextManager[None]):
    """A place of a semaphore, waited for at most so many seconds."""

    def __init__(self, places: BoundedSemaphore, seconds: float) -> None:
        self._places = places
        self._seconds = seconds

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=self._seconds):
            raise SentryCrowded("All places for calls to Sentry stayed taken.")

    def __exit__(self, *_error: object) -> None:
        self._places.release()
