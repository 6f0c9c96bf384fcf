"""The cache that processes share, used so that its loss costs time only once, and never an answer.

A cache that failed is left alone for ten seconds: each call to a frozen one would cost its whole
time-out. Nothing here raises.
"""

import base64
import json
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.core.cache import cache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

from apps.crypto import Unreadable, seal_as, unseal_as

T = TypeVar("T")

PAUSE_S = 10.0
_FAILURES = (ConnectionInterrupted, RedisError, OSError)

_paused_until = 0.0


def is_available() -> bool:
    """Whether the cache is being asked at present."""
    return time.monotonic() >= _paused_until


def retry_now() -> None:
    """Ask the cache again at once, for example after it was replaced."""
    global _paused_until  # noqa: PLW0603 - one cache, one state for the process
    _paused_until = 0.0


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


def increment(key: str, seconds: float) -> int:
    """One more on a counter that ends after so long; 0 without a cache."""
    return _try(lambda: _count(key, seconds), 0)


def delete(key: str) -> None:
    """Forget a value."""
    _try(lambda: cache.delete(key), None)


def delete_if_equal(key: str, value: object) -> None:
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
    global _paused_until  # noqa: PLW0603 - one cache, one state for the process
    if not is_available():
        return otherwise()
    try:
        return call()
    except ValueError:  # it is no JSON: somebody else has written it
        return otherwise()
    except _FAILURES:
        _paused_until = time.monotonic() + PAUSE_S
        return otherwise()


def _try(call: Callable[[], T], without: T) -> T:
    return attempt(call, lambda: without)


# What the shared cache holds that is about customers, or that our token follows: sealed.
#
# Each value is sealed for its key, so that whoever can write to the cache can neither read one,
# nor make one up, nor pass one customer's answer off as another's. What cannot be opened is not
# there.


def get_sealed(key: str) -> object:
    """The value; None when there is none that this site has put there."""
    content = get_sealed_bytes(key)
    return None if content is None else json.loads(content)


def put_sealed(key: str, value: object, seconds: float) -> None:
    """Keep a value (JSON types only) for so long."""
    put_sealed_bytes(key, json.dumps(value, separators=(",", ":")).encode(), seconds)


def get_sealed_bytes(key: str) -> bytes | None:
    """The same of what is no JSON value, or is packed already."""
    value = get(key)
    try:
        return unseal_as(key, base64.b64decode(value)) if isinstance(value, str) else None
    except (Unreadable, ValueError):
        return None


def put_sealed_bytes(key: str, content: bytes, seconds: float) -> None:
    """Keep these bytes for so long."""
    put(key, base64.b64encode(seal_as(key, content)).decode(), seconds)
