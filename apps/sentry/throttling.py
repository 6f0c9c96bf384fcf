"""The rate limiter of Sentry's client: a protocol, a local one, and priorities within one lookup.

Callers that share limits between processes pass their own `RateLimiter`.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import BoundedSemaphore, Lock
from typing import Protocol

from apps.sentry.config import SentryCrowded, SentryError

_POLL_S = 0.01
_SLOT_WAIT_S = 0.05


class RateLimiter(Protocol):
    """What a client consults before each call and informs after it."""

    def check(self, route: str) -> None:
        """Raise `SentryRateLimited` or `SentryResting` if this endpoint must not be called now."""

    def slot(self, seconds: float) -> AbstractContextManager[None]:
        """Hold a slot for one call. Raise `SentryCrowded` if none becomes free in time."""

    def record_response(self, route: str, headers: Mapping[str, str]) -> None:
        """Record a good response; its headers, with lowercase names, say what is left."""

    def record_error(self, route: str, error: SentryError) -> None:
        """Record a call that failed, after its last try."""

    def for_related(self) -> "RateLimiter":
        """Return the rate limiter for optional calls.

        Together they have a single slot. They never probe an open circuit and never change it;
        limits that they meet apply only to them.
        """


class LocalRateLimiter:
    """A rate limiter for one client: a number of slots, and no memory."""

    def __init__(self, slots: int) -> None:
        self._slots = BoundedSemaphore(slots)
        self._related_slot = BoundedSemaphore(1)

    def check(self, route: str) -> None:
        """Allow every call."""

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold one of this client's slots."""
        with LocalSlot(self._slots, seconds):
            yield

    def record_response(self, route: str, headers: Mapping[str, str]) -> None:
        """Ignore it."""

    def record_error(self, route: str, error: SentryError) -> None:
        """Ignore it."""

    def for_related(self) -> RateLimiter:
        """Return a rate limiter that uses only one of the slots at a time."""
        return _LocalRelatedRateLimiter(self._slots, self._related_slot)


class _LocalRelatedRateLimiter(LocalRateLimiter):
    def __init__(self, slots: BoundedSemaphore, related_slot: BoundedSemaphore) -> None:
        self._slots = slots
        self._related_slot = related_slot

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        with LocalSlot(self._related_slot, seconds), LocalSlot(self._slots, seconds):
            yield


class PriorityRateLimiter:
    """The rate limiter of the calls a result needs; it counts those that wait for a slot."""

    def __init__(self, rate_limiter: RateLimiter) -> None:
        self._rate_limiter = rate_limiter
        self._lock = Lock()
        self._waiting = 0
        self.check = rate_limiter.check
        self.record_response = rate_limiter.record_response
        self.record_error = rate_limiter.record_error

    @property
    def is_waiting(self) -> bool:
        """Return whether a call waits for a slot."""
        return self._waiting > 0

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold a slot as soon as one is free."""
        with ExitStack() as stack:
            self._count(1)
            try:
                stack.enter_context(self._rate_limiter.slot(seconds))
            finally:
                self._count(-1)
            yield

    def for_related(self) -> "RelatedRateLimiter":
        """Return the rate limiter for calls that must not delay these."""
        return RelatedRateLimiter(self._rate_limiter.for_related(), self)

    def _count(self, change: int) -> None:
        with self._lock:
            self._waiting += change


class RelatedRateLimiter:
    """The rate limiter of optional calls, which start when no call with priority waits."""

    def __init__(self, rate_limiter: RateLimiter, priority: PriorityRateLimiter) -> None:
        self._rate_limiter = rate_limiter
        self._priority = priority
        self._is_cancelled = False
        self.check = rate_limiter.check
        self.record_response = rate_limiter.record_response
        self.record_error = rate_limiter.record_error

    def cancel(self) -> None:
        """Let no further call have a slot."""
        self._is_cancelled = True

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold a slot once no call with priority waits for one."""
        end = time.monotonic() + seconds
        while not self._is_cancelled and time.monotonic() < end:
            if self._priority.is_waiting:
                time.sleep(_POLL_S)
                continue
            with ExitStack() as stack:
                try:
                    stack.enter_context(self._rate_limiter.slot(_SLOT_WAIT_S))
                except SentryCrowded:
                    continue
                yield
                return
        raise SentryCrowded("All connections to Sentry stayed busy.")

    def for_related(self) -> RateLimiter:
        """Return itself: there is no lower priority."""
        return self


class LocalSlot(AbstractContextManager[None]):
    """A slot of a semaphore, waited for up to `seconds`."""

    def __init__(self, slots: BoundedSemaphore, seconds: float) -> None:
        self._slots = slots
        self._seconds = seconds

    def __enter__(self) -> None:
        if not self._slots.acquire(timeout=self._seconds):
            raise SentryCrowded("All connections to Sentry stayed busy.")

    def __exit__(self, *_error: object) -> None:
        self._slots.release()
