"""The cache that all processes share. Losing it costs time, never a result; nothing here raises."""

import base64
import json
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from django.core.cache import caches
from django.utils.connection import ConnectionProxy

from apps import redis_outage
from apps.crypto import Unreadable, seal_as, unseal_as

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
cache = ConnectionProxy(caches, "lookups")


def is_available() -> bool:
    """Return whether all processes currently share the cache."""
    return not redis_outage.is_redis_lost()


def is_settled() -> bool:
    """Return whether all processes have shared the cache for some time."""
    return not redis_outage.is_return_new()


def get(key: str) -> object:
    """Return the value, or None if it is missing or unreadable."""
    return cache.get(key)


def get_many(keys: Iterable[str]) -> dict[str, object]:
    """Return the values that exist, in one call."""
    return dict(cache.get_many(list(keys)))


def put(key: str, value: object, seconds: float) -> None:
    """Store a value of JSON types for this many seconds."""
    cache.set(key, value, seconds)


def add(key: str, value: object, seconds: float) -> bool:
    """Store a value if the key is free, and return whether it was."""
    return bool(cache.add(key, value, seconds))


def increment(key: str, seconds: float) -> int:
    """Add one to a counter that expires after this many seconds, and return it."""
    return redis_outage.increment(cache, key, seconds)


def delete(key: str) -> None:
    """Delete a value."""
    cache.delete(key)


def delete_if_equal(key: str, value: object) -> None:
    """Delete a value unless another process has replaced it."""
    if get(key) == value:
        delete(key)


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


class JsonForm(Generic[T]):
    """Reads and writes the values of a type as JSON. Imports Pydantic, which is slow, when used."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> "TypeAdapter[T]":
        from pydantic import TypeAdapter  # noqa: PLC0415

        return TypeAdapter(self._kind)

    def dump_json(self, value: T) -> bytes:
        return self._adapter.dump_json(value)

    def validate_json(self, content: bytes | str) -> T:
        """Return the value. Raise `ValueError` if it isn't one of the type."""
        return self._adapter.validate_json(content)

    def read(self, content: bytes | str | None) -> T | None:
        """Return the value, or None if there is none or it isn't one of the type."""
        try:
            return None if content is None else self.validate_json(content)
        except ValueError:
            return None
