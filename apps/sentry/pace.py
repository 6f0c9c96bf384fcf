"""How a client keeps pace with others that use the same token: a protocol, and the lone one.

Who shares limits between processes hands in a `Pace` of their own.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import BoundedSemaphore, Lock
from typing import Protocol

from apps.sentry.errors import SentryCrowded, SentryError, SentryRateLimited

_POLL_S = 0.01


class Pace(Protocol):
    """Asked before each call, told after it."""

    def check(self, route: str, *, may_probe: bool = True) -> None:
        """Raise `SentryRateLimited` or `SentryResting` when this endpoint must not be asked now.

        After a rest one call may try whether Sentry is well again; `may_probe` is whether this
        one is worth being it.
        """

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

    def check(self, route: str, *, may_probe: bool = True) -> None:
        """Nothing speaks against asking."""

    def slot(self, seconds: float) -> AbstractContextManager[None]:
        """A place among those of this client."""
        return LocalSlot(self._places, seconds)

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        """Not remembered."""

    def failed(self, route: str, error: SentryError) -> None:
        """Not remembered."""


class FirstPace:
    """The pace of the calls that an answer needs; it knows how many of them wait for a place."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = Lock()
        self._waiting = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a call has no place yet."""
        return self._waiting > 0

    def check(self, route: str, *, may_probe: bool = True) -> None:
        """As the pace within says."""
        self._pace.check(route, may_probe=may_probe)

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """A place, as soon as there is one."""
        with ExitStack() as place:
            self._count(1)
            try:
                place.enter_context(self._pace.slot(seconds))
            finally:
                self._count(-1)
            yield

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        """Told on."""
        self._pace.answered(route, headers)

    def failed(self, route: str, error: SentryError) -> None:
        """Told on."""
        self._pace.failed(route, error)

    def aside(self) -> "AsidePace":
        """The pace of calls that must not hold these up."""
        return AsidePace(self._pace, self)

    def _count(self, change: int) -> None:
        with self._lock:
            self._waiting += change


class AsidePace:
    """The pace of calls that an answer can do without.

    They let the others go first, and how they end says nothing about how Sentry is: a product
    that fails or is missing must not make everyone wait, nor hide that the rest is failing.
    """

    def __init__(self, pace: Pace, first: FirstPace) -> None:
        self._pace = pace
        self._first = first

    def check(self, route: str, *, may_probe: bool = False) -> None:
        """As the pace within says; never the probe after a rest."""
        self._pace.check(route, may_probe=may_probe)

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """A place, once no call of the answer's own waits for one."""
        give_up = time.monotonic() + seconds
        while self._first.is_waiting:
            if time.monotonic() > give_up:
                raise SentryCrowded("All places for calls to Sentry stayed taken.")
            time.sleep(_POLL_S)
        with self._pace.slot(max(give_up - time.monotonic(), 0.0)):
            yield

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        """Not told on."""

    def failed(self, route: str, error: SentryError) -> None:
        """Only a limit is told on: it holds for everyone who asks this endpoint."""
        if isinstance(error, SentryRateLimited):
            self._pace.failed(route, error)


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
