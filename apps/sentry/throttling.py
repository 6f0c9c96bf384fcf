"""How a client keeps pace with others that use the same token: a protocol, and the lone one.

Who shares limits between processes hands in a `Pace` of their own.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import BoundedSemaphore, Lock
from typing import Protocol

from apps.sentry.config import SentryCrowded, SentryError

_POLL_S = 0.01
_PATIENCE_S = 0.05


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

    def aside(self) -> "Pace":
        """The pace of calls that answers can do without.

        All of them together have one of the places. They are never the probe after a rest, and
        how they end says nothing about how Sentry is; limits they meet hold for them alone.
        """


class AlonePace:
    """A pace that nobody shares: so many calls at a time, and nothing remembered."""

    def __init__(self, places: int) -> None:
        self._places = BoundedSemaphore(places)
        self._place_aside = BoundedSemaphore(1)

    def check(self, route: str) -> None:
        """Nothing speaks against asking."""

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """A place among those of this client."""
        with LocalSlot(self._places, seconds):
            yield

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        """Not remembered."""

    def failed(self, route: str, error: SentryError) -> None:
        """Not remembered."""

    def aside(self) -> Pace:
        """The same with one of the places only."""
        return _AloneAside(self._places, self._place_aside)


class _AloneAside(AlonePace):
    def __init__(self, places: BoundedSemaphore, place_aside: BoundedSemaphore) -> None:
        self._places = places
        self._place_aside = place_aside

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        with LocalSlot(self._place_aside, seconds), LocalSlot(self._places, seconds):
            yield


class FirstPace:
    """The pace of the calls that an answer needs; it knows how many of them wait for a place."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = Lock()
        self._waiting = 0
        self.check, self.answered, self.failed = pace.check, pace.answered, pace.failed

    @property
    def is_waiting(self) -> bool:
        """Whether a call has no place yet."""
        return self._waiting > 0

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

    def aside(self) -> "AsidePace":
        """The pace of calls that must not hold these up."""
        return AsidePace(self._pace.aside(), self)

    def _count(self, change: int) -> None:
        with self._lock:
            self._waiting += change


class AsidePace:
    """The pace of calls beside those of a `FirstPace`: they begin when none of these waits."""

    def __init__(self, pace: Pace, first: FirstPace) -> None:
        self._pace = pace
        self._first = first
        self._is_over = False
        self.check, self.answered, self.failed = pace.check, pace.answered, pace.failed

    def give_up(self) -> None:
        """No call that has no place yet shall get one."""
        self._is_over = True

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """A place, once no call of the answer's own waits for one."""
        give_up = time.monotonic() + seconds
        while not self._is_over and time.monotonic() < give_up:
            if self._first.is_waiting:
                time.sleep(_POLL_S)
                continue
            with ExitStack() as place:
                try:
                    place.enter_context(self._pace.slot(_PATIENCE_S))
                except SentryCrowded:
                    continue
                yield
                return
        raise SentryCrowded("All connections to Sentry stayed busy.")

    def aside(self) -> Pace:
        """Itself: nothing stands further back."""
        return self


class LocalSlot(AbstractContextManager[None]):
    """A place of a semaphore, waited for at most so many seconds."""

    def __init__(self, places: BoundedSemaphore, seconds: float) -> None:
        self._places = places
        self._seconds = seconds

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=self._seconds):
            raise SentryCrowded("All connections to Sentry stayed busy.")

    def __exit__(self, *_error: object) -> None:
        self._places.release()
