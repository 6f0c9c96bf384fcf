"""The cache that all processes share. Losing it costs time, never a result; nothing here raises.

After a failure the cache is skipped for ten seconds, because each call to a frozen server would
take its whole timeout.
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
    """Return whether the cache is in use at present."""
    return time.monotonic() >= _paused_until


def retry_now() -> None:
    """Use the cache again at once, for example after it was replaced."""
    global _paused_until  # noqa: PLW0603 - one cache, one state for the process
    _paused_until = 0.0


def get(key: str) -> object:
    """Return the value, or None if it is missing, unreadable, or the cache is unavailable."""
    return _try(lambda: cache.get(key), None)


def get_many(keys: Iterable[str]) -> dict[str, object]:
    """Return the values that exist, in one call."""
    return _try(lambda: dict(cache.get_many(list(keys))), {})


def put(key: str, value: object, seconds: float) -> None:
    """Store a value of JSON types for this many seconds."""
    _try(lambda: cache.set(key, value, seconds), None)


def add(key: str, value: object, seconds: float) -> bool | None:
    """Store a value if the key is free. Return whether it was, or None without a cache."""
    return _try(lambda: bool(cache.add(key, value, seconds)), None)


def increment(key: str, seconds: float) -> int:
    """Add one to a counter that expires after this many seconds. Return 0 without a cache."""
    return _try(lambda: _count(key, seconds), 0)


def delete(key: str) -> None:
    """Delete a value."""
    _try(lambda: cache.delete(key), None)


def delete_if_equal(key: str, value: object) -> None:
    """Delete a value unless another process has replaced it."""
    if get(key) == value:
        delete(key)


def _count(key: str, seconds: float) -> int:
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # it expired in between
        return 1


def attempt(call: Callable[[], T], fallback: Callable[[], T]) -> T:
    """Return the result of a cache call, or of `fallback` while the cache is unavailable."""
    global _paused_until  # noqa: PLW0603 - one cache, one state for the process
    if not is_available():
        return fallback()
    try:
        return call()
    except ValueError:  # not JSON, so written by another program
        return fallback()
    except _FAILURES:
        _paused_until = time.monotonic() + PAUSE_S
        return fallback()


def _try(call: Callable[[], T], default: T) -> T:
    return attempt(call, lambda: default)


# Encrypted values: everything about customers, and everything that decides where our token goes.
#
# Each value is encrypted for its own key: write access to the cache is not enough to read, forge
# or swap a result. A value that can't be decrypted counts as missing.


def get_sealed(key: str) -> object:
    """Return the value that this site stored under the key, or None."""
    content = get_sealed_bytes(key)
    return None if content is None else json.loads(content)


def put_sealed(key: str, value: object, seconds: float) -> None:
    """Encrypt and store a value of JSON types for this many seconds."""
    put_sealed_bytes(key, json.dumps(value, separators=(",", ":")).encode(), seconds)


def get_sealed_bytes(key: str) -> bytes | None:
    """Return the bytes that this site stored under the key, or None."""
    value = get(key)
    try:
        return unseal_as(key, base64.b64decode(value)) if isinstance(value, str) else None
    except (Unreadable, ValueError):
        return None


def put_sealed_bytes(key: str, content: bytes, seconds: float) -> None:
    """Encrypt and store these bytes for this many seconds."""
    put(key, base64.b64encode(seal_as(key, content)).decode(), seconds)
