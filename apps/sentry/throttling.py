"""Who may call Sentry, and when: rate limiters, and priorities within one lookup."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from math import inf
from threading import BoundedSemaphore, Event, Lock

from apps.events.answer import Call
from apps.sentry.errors import SentryCrowded, SentryError

_POLL_S = 0.01

# An optional call starts along with a call that a result needs, so that both end at about the same
# time. Later it would still run, and take a slot, when the next of those calls are sent. But what
# has run for twice as long as an optional call takes will probably run for that long again.
_ALONGSIDE_S = 0.05
_LONG = 2

MAX_LANES = 2


class RateLimiter:
    """What a client consults before each call and informs after it: slots, and no memory.

    Callers that share limits between processes pass a subclass of their own.
    """

    def __init__(self, slots: int) -> None:
        self._slots = [BoundedSemaphore(slots)]
        self._lanes = [BoundedSemaphore(1) for _lane in range(MAX_LANES)]

    def check(self, route: str) -> None:
        """Raise `SentryRateLimited` or `SentryResting` if this endpoint must not be called now."""

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold a slot for one call. Raise `SentryCrowded` if none becomes free in time."""
        with ExitStack() as stack:
            for slots in self._slots:
                if not slots.acquire(timeout=seconds):
                    raise SentryCrowded("All connections to Sentry stayed busy.")
                stack.callback(slots.release)
            yield

    def record_response(self, route: str, headers: Mapping[str, str]) -> None:
        """Record a good response; its headers, with lowercase names, say what is left."""

    def record_error(self, route: str, error: SentryError) -> None:
        """Record a call that failed, after its last try."""

    def record_request(self, call: Call) -> None:
        """Record each request as it ends, also one that is tried again."""

    def record_retry(self, wait_s: float) -> None:
        """Record that a call will be tried again after so many seconds."""

    def for_related(self, lane: int = 0) -> "RateLimiter":
        """Return the rate limiter for optional calls.

        Those of a lane have a single slot together. They never probe an open circuit and never
        change it; limits that they meet apply only to them.
        """
        related = copy(self)
        related._slots = [self._lanes[lane], *self._slots]
        return related


class PrioritySlots:
    """The slots of the calls a result needs; they know when optional ones are in the way."""

    def __init__(self, rate_limiter: RateLimiter) -> None:
        self.rate_limiter = rate_limiter
        self._lock = Lock()
        self._waiting = 0
        self._announced = 0
        self._last_start = -inf

    def allows_call_of(self, seconds: float) -> bool:
        """Return whether an optional call that takes this long would hardly delay one of these."""
        since = time.monotonic() - self._last_start
        is_waiting = self._waiting > 0 or self._announced > 0
        return not is_waiting and (since < _ALONGSIDE_S or since >= _LONG * seconds)

    def announce(self, calls: int) -> None:
        """Say how many calls will be made at once."""
        self._announced = calls

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold a slot as soon as one is free."""
        with ExitStack() as stack:
            self._count(1)
            try:
                stack.enter_context(self.rate_limiter.slot(seconds))
                self._last_start = time.monotonic()
            finally:
                self._count(-1)
            yield

    def for_related(self, lanes: int = 1) -> "RelatedSlots":
        """Return the slots for calls that must not delay these, so many at a time.

        The last lane comes first: the first one is that of calls with only one.
        """
        own = [self.rate_limiter.for_related(lane) for lane in reversed(range(lanes))]
        return RelatedSlots(own, self)

    def _count(self, change: int) -> None:
        with self._lock:
            self._waiting += change
            if change < 0:
                self._announced = max(0, self._announced - 1)


class RelatedSlots:
    """The slots of optional calls, which must not keep calls with priority waiting."""

    def __init__(self, lanes: Sequence[RateLimiter], priority: PrioritySlots) -> None:
        self.rate_limiter = lanes[0]
        self._lanes = lanes
        self._priority = priority
        self._is_yielding = True
        self._has_priority = False
        self._cancelled = Event()
        self._durations: list[float] = []

    def cancel(self) -> None:
        """Let no further call have a slot."""
        self._cancelled.set()

    def stop_yielding(self) -> None:
        """Let the calls start at any time: no call with priority follows."""
        self._is_yielding = False

    def prioritize(self) -> None:
        """Give the calls that have not started yet priority."""
        self._has_priority = True

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        """Hold a slot once that delays no call with priority."""
        with ExitStack() as stack:
            self._acquire(stack, time.monotonic() + seconds)
            started = time.monotonic()
            try:
                yield
            finally:
                self._durations.append(time.monotonic() - started)

    def _acquire(self, stack: ExitStack, end: float) -> None:
        while not self._cancelled.is_set() and time.monotonic() < end:
            if self._has_priority:
                stack.enter_context(self._priority.slot(end - time.monotonic()))
                return
            longest = max(self._durations, default=inf)
            if self._is_yielding and not self._priority.allows_call_of(longest):
                self._cancelled.wait(_POLL_S)
                continue
            for lane in self._lanes:
                with suppress(SentryCrowded):
                    stack.enter_context(lane.slot(_POLL_S / len(self._lanes)))
                    return
        raise SentryCrowded("All connections to Sentry stayed busy.")
