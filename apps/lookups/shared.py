"""The cache that processes share, used so that its loss costs time only once, and never an answer.

A cache that failed is left alone for ten seconds: each call to a frozen one would cost its whole
time-out. Nothing here raises.
"""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.core.cache import cache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

T = TypeVar("T")

ASLEEP_S = 10.0
_FAILURES = (ConnectionInterrupted, RedisError, OSError)

_asleep_until = 0.0


def is_awake() -> bool:
    """Whether the cache is being asked at present."""
    return time.monotonic() >= _asleep_until


def wake() -> None:
    """Ask the cache again at once, for example after it was replaced."""
    global _asleep_until  # noqa: PLW0603 - one cache, one state for the process
    _asleep_until = 0.0


def get(key: str) -> object:
    """The value; None when there is none, when it is not of ours, or when the cache is lost."""
    return _try(lambda: cache.get(key), None)


def get_many(keys: Iterable[str]) -> dict[str, object]:
    """The values that are there, in one call."""
    return _try(lambda: dict(cache.get_many(list(keys))), {})


def put(key: str, value: object, seconds: float) -> None:
    """Keep a value (JSON types only) for so long."""
    _try(lambda: cache.set(key, value, seconds), None)


def add(key: str, value: object, seconds: float) -> bool | None:
    """Keep the value if the key is free: True if it was, False if not, None without a cache."""
    return _try(lambda: bool(cache.add(key, value, seconds)), None)


def count(key: str, seconds: float) -> int:
    """One more on a counter that ends after so long; 0 without a cache."""
    return _try(lambda: _count(key, seconds), 0)


def delete(key: str) -> None:
    """Forget a value."""
    _try(lambda: cache.delete(key), None)


def delete_if(key: str, value: object) -> None:
    """Forget a value if it is still this one: somebody else may hold the key by now."""
    if get(key) == value:
        delete(key)


def _count(key: str, seconds: float) -> int:
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ended in between
        return 1


def attempt(call: Callable[[], T], otherwise: Callable[[], T]) -> T:
    """What the call of the cache gives; while the cache is lost, what the other gives."""
    global _asleep_until  # noqa: PLW0603 - one cache, one state for the process
    if not is_awake():
        return otherwise()
    try:
        return call()
    except ValueError:  # it is no JSON: somebody else has written it
        return otherwise()
    except _FAILURES:
        _asleep_until = time.monotonic() + ASLEEP_S
        return otherwise()


def _try(call: Callable[[], T], without: T) -> T:
    return attempt(call, lambda: without)
