"""Keeping pace with Sentry together: limits, a rest after failures, and places for calls.

Marks in the shared cache let every process wait or fail fast instead of hammering; without a
shared cache each process keeps pace for itself.
"""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import BoundedSemaphore, Lock

from apps.lookups import cache
from apps.sentry import (
    SentryCrowded,
    SentryError,
    SentryRateLimited,
    SentryResting,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
)
from apps.sentry.http import seconds_to_reset
from apps.sentry.throttling import LocalSlot

PLACES = 4
FAILURES_TO_REST = 5
REST_S = 15.0
LONGEST_REST_S = 120.0

# Calls beside an answer have the first place only, the others take it last.
_PLACE_ASIDE = (0,)
_EVERY_PLACE = tuple(reversed(range(PLACES)))

_COUNT_FOR_S = 60.0
_SLOT_FOR_S = 30.0
_POLL_S = 0.02
_PROBE_FOR_S = 30.0
_HAMMERED = (SentryUnreachable, SentryTimeout, SentryServerError)

_places: dict[tuple[str, str], BoundedSemaphore] = {}
_places_lock = Lock()


class SharedPace:
    """The pace of everyone who uses one token. `name` stands for the token in the cache."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest = f"pace/{name}/rest"
        self._failures = f"pace/{name}/failures"
        self._probe = f"pace/{name}/probe"
        self._slot = f"pace/{name}/slot"
        self._local = _local_places(name, "all", PLACES)

    def check(self, route: str) -> None:
        """Raise when a limit is still on, or while Sentry rests (one probe may pass after it)."""
        self._check((self._not_before(route),), may_probe=True)

    def slot(self, seconds: float) -> AbstractContextManager[None]:
        """A place in this process first, then one of the four that all processes share."""
        return self._both(seconds, _EVERY_PLACE)

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        """Sentry is well; when nothing is left of its limit, everyone waits for the reset."""
        if cache.get(self._rest) is not None or cache.get(self._failures) is not None:
            for key in (self._rest, self._failures, self._probe):
                cache.delete(key)
        _wait(self._not_before(route), _seconds_of(headers))

    def failed(self, route: str, error: SentryError) -> None:
        """A limit is told to all; failures in a row give Sentry a rest, longer each time."""
        if isinstance(error, SentryRateLimited):
            _wait(self._not_before(route), error.retry_after)
        elif isinstance(error, _HAMMERED) and not isinstance(error, SentryCrowded):
            rest = cache.get(self._rest)
            if rest is None and cache.increment(self._failures, _COUNT_FOR_S) < FAILURES_TO_REST:
                return
            last = _number(rest[1]) if isinstance(rest, list) and len(rest) == 2 else 0.0
            seconds = min(max(REST_S, last * 2), LONGEST_REST_S)
            until = time.time() + seconds
            cache.put(self._rest, [until, seconds], seconds + _PROBE_FOR_S)
            cache.delete(self._probe)

    def aside(self) -> "SharedPace":
        """The pace of everyone's calls that answers can do without."""
        return _SharedAside(self._name)

    def _check(self, marks: tuple[str, ...], *, may_probe: bool) -> None:
        known = cache.get_many((*marks, self._rest))
        wait = max(_number(known.get(mark)) for mark in marks) - time.time()
        if wait > 0:
            raise SentryRateLimited("Sentry limits how often we can ask.", retry_after=wait)
        rest = known.get(self._rest)
        if isinstance(rest, list) and len(rest) == 2:
            self._check_rest(_number(rest[0]), may_probe=may_probe)

    def _check_rest(self, until: float, *, may_probe: bool) -> None:
        wait = until - time.time()
        if wait <= 0 and may_probe and cache.add(self._probe, 1, _PROBE_FOR_S) is not False:
            return
        raise SentryResting(
            "Sentry failed several times in a row, so calls are paused for a while.",
            retry_after=max(wait, 1.0),
        )

    def _not_before(self, route: str) -> str:
        """Sentry limits each endpoint for itself, and so does the mark."""
        return f"pace/{self._name}/not-before{route}"

    @contextmanager
    def _both(self, seconds: float, numbers: Sequence[int]) -> Iterator[None]:
        give_up = time.monotonic() + seconds
        with LocalSlot(self._local, seconds):
            key, mine = self._take(give_up, numbers)
            try:
                yield
            finally:
                if key:
                    cache.delete_if_equal(key, mine)

    def _take(self, give_up: float, numbers: Sequence[int]) -> tuple[str, str]:
        """A shared place; an empty key when there is no cache to share places through."""
        mine = uuid.uuid4().hex
        while True:
            for number in numbers:
                key = f"{self._slot}/{number}"
                taken = cache.add(key, mine, _SLOT_FOR_S)
                if taken is None:
                    return "", mine
                if taken:
                    return key, mine
            if time.monotonic() > give_up:
                raise SentryCrowded("All connections to Sentry stayed busy.")
            time.sleep(_POLL_S)


class _SharedAside(SharedPace):
    """One place for all, no probe, no word on how Sentry is, and limits of its own.

    An endpoint that is asked beside an answer is also asked for the answers themselves: a limit
    met here must not keep these waiting.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._alone = _local_places(name, "aside", 1)

    def check(self, route: str) -> None:
        self._check((self._not_before(route), self._aside_not_before(route)), may_probe=False)

    @contextmanager
    def slot(self, seconds: float) -> Iterator[None]:
        with LocalSlot(self._alone, seconds), self._both(seconds, _PLACE_ASIDE):
            yield

    def answered(self, route: str, headers: Mapping[str, str]) -> None:
        _wait(self._aside_not_before(route), _seconds_of(headers))

    def failed(self, route: str, error: SentryError) -> None:
        if isinstance(error, SentryRateLimited):
            _wait(self._aside_not_before(route), error.retry_after)

    def _aside_not_before(self, route: str) -> str:
        return f"pace/{self._name}/aside/not-before{route}"


def _local_places(name: str, kind: str, count: int) -> BoundedSemaphore:
    """The places of this process, the same ones for everyone who names the same token."""
    with _places_lock:
        return _places.setdefault((name, kind), BoundedSemaphore(count))


def _seconds_of(headers: Mapping[str, str]) -> float:
    """How long to wait after an answer that leaves nothing of the limit."""
    is_used_up = headers.get("x-sentry-rate-limit-remaining", "").strip() == "0"
    return (seconds_to_reset(headers) or 0.0) if is_used_up else 0.0


def _wait(mark: str, seconds: float) -> None:
    if seconds > 0:
        cache.put(mark, time.time() + seconds, seconds)


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0
