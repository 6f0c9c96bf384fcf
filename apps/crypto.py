"""Sealing what the database and the cache hold of customers.

Compressed, then encrypted with Fernet (AES-128-CBC and HMAC-SHA-256, as `cryptography` has it). The
first of `TRIAGE_DATA_KEYS` seals, every one of them opens: so keys are changed by putting a new
one in front.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac


class Unreadable(Exception):
    """None of the keys opens it, or it was changed, or it belongs elsewhere."""


def seal(content: bytes) -> bytes:
    """The content so that only this site can read it."""
    return base64.urlsafe_b64decode(_keys().encrypt(zlib.compress(content)))


def unseal(sealed: bytes) -> bytes:
    """What was sealed. Raises `Unreadable`."""
    try:
        return zlib.decompress(_keys().decrypt(base64.urlsafe_b64encode(sealed)))
    except (InvalidToken, zlib.error) as error:
        raise Unreadable from error


def seal_as(place: str, content: bytes) -> bytes:
    """Sealed for one place, such as a key of the cache; moved to another it is unreadable."""
    return seal(place.encode() + b"\0" + content)


def unseal_as(place: str, sealed: bytes) -> bytes:
    """What was sealed for this place. Raises `Unreadable`."""
    found, _, content = unseal(sealed).partition(b"\0")
    if found != place.encode():
        raise Unreadable
    return content


def resealed(sealed: bytes) -> bytes | None:
    """The same sealed anew with the first key; None when it is so already.

    Raises `Unreadable`.
    """
    token = base64.urlsafe_b64encode(sealed)
    try:
        _keys_of(tuple(settings.TRIAGE_DATA_KEYS[:1])).decrypt(token)
    except InvalidToken:
        try:
            return base64.urlsafe_b64decode(_keys().rotate(token))
        except InvalidToken as error:
            raise Unreadable from error
    return None


def _keys() -> MultiFernet:
    return _keys_of(tuple(settings.TRIAGE_DATA_KEYS))


@lru_cache(maxsize=4)
def _keys_of(texts: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(text)) for text in texts])


def _fernet_key(text: str) -> bytes:
    """Any long random text becomes a key of the right form."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"triage.data" + text.encode()).digest())


# Keyed hashes: equal things are found by them, and nobody reads from them what they stand for.


def hash_customer(identifier: str) -> str:
    """A keyed hash, by which all about one customer is found without keeping the name."""
    return keyed_hash("triage.customer", identifier.strip().casefold())


def keyed_hash(purpose: str, text: str) -> str:
    """64 hex digits. The same text has another hash for another purpose, and on another site."""
    digest = salted_hmac(purpose, text, secret=settings.TRIAGE_HASH_KEY, algorithm="sha256")
    return str(digest.hexdigest())


# A column that holds something sealed.


class SealedField(models.BinaryField):  # type: ignore[type-arg]  # not generic at run time
    """Bytes of `sealing`. By this field `reseal` finds all that must be sealed with a new key."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """To the database it is a column of bytes like any other."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs


# What a session holds, sealed: a form that waits for sign-in and a filter may name a customer.

_PLACE = "session"


class SealedSerializer:
    """A session's content between its row and the program. What no key opens is an empty one."""

    def dumps(self, content: Any) -> bytes:
        """Sealed."""
        return seal_as(_PLACE, json.dumps(content, separators=(",", ":")).encode())

    def loads(self, sealed: bytes) -> Any:
        """Raises `Unreadable`, upon which Django begins a new session."""
        return json.loads(unseal_as(_PLACE, sealed))
