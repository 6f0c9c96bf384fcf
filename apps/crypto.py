"""Encryption ("sealing") and keyed hashes of customer data.

Content is compressed and encrypted with Fernet (AES-128-CBC and HMAC-SHA-256). The first of
`TRIAGE_DATA_KEYS` encrypts, all of them decrypt: to rotate keys, add a new one at the start.
"""

import base64
import hashlib
import hmac
import json
import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac


class Unreadable(Exception):
    """Sealed content that no key decrypts, that was modified, or that belongs elsewhere."""


def seal(content: bytes) -> bytes:
    """Return the content, compressed and encrypted."""
    return base64.urlsafe_b64decode(_keys().encrypt(zlib.compress(content)))


def unseal(sealed: bytes) -> bytes:
    """Return the content. Raise `Unreadable`."""
    try:
        return zlib.decompress(_keys().decrypt(base64.urlsafe_b64encode(sealed)))
    except (InvalidToken, zlib.error) as error:
        raise Unreadable from error


def seal_as(place: str, content: bytes) -> bytes:
    """Return content sealed for one place, such as a cache key; it is unreadable elsewhere."""
    return seal(place.encode() + b"\0" + content)


def unseal_as(place: str, sealed: bytes) -> bytes:
    """Return content sealed for the place. Raise `Unreadable`."""
    found, _, content = unseal(sealed).partition(b"\0")
    if found != place.encode():
        raise Unreadable
    return content


def resealed(sealed: bytes) -> bytes | None:
    """Return the content sealed with the first key; None if it already is. Raise `Unreadable`."""
    token = base64.urlsafe_b64encode(sealed)
    try:
        _keys_of(tuple(settings.TRIAGE_DATA_KEYS[:1])).decrypt(token)
    except InvalidToken:
        try:
            return base64.urlsafe_b64decode(_keys().rotate(token))
        except InvalidToken as error:
            raise Unreadable from error
    return None


def fingerprint(key: str) -> str:
    """Return 16 hex digits that name a key without revealing it."""
    return hashlib.sha256(b"triage.fingerprint" + key.encode()).hexdigest()[:16]


def key_of(sealed: bytes) -> str | None:
    """Return the key that sealed the content; None if no key opens it.

    Only the signature is checked, which takes a tenth of the time.
    """
    for key in settings.TRIAGE_DATA_KEYS:
        signature = hmac.digest(_derived(key)[:16], sealed[:-32], "sha256")
        if hmac.compare_digest(signature, sealed[-32:]):
            return str(key)
    return None


def _keys() -> MultiFernet:
    return _keys_of(tuple(settings.TRIAGE_DATA_KEYS))


@lru_cache(maxsize=4)
def _keys_of(texts: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(text))) for text in texts])


@lru_cache(maxsize=4)
def _derived(text: str) -> bytes:
    """Derive the bytes of a Fernet key from any long random text."""
    return hashlib.sha256(b"triage.data" + text.encode()).digest()


def hash_customer(identifier: str) -> str:
    """Return the hash by which a customer's records are found without storing the identifier."""
    folded = unicodedata.normalize("NFC", identifier.strip()).casefold()
    return keyed_hash("triage.customer", unicodedata.normalize("NFC", folded))


def keyed_hash(purpose: str, text: str) -> str:
    """Return 64 hex digits, which differ by purpose and by site."""
    digest = salted_hmac(purpose, text, secret=settings.TRIAGE_HASH_KEY, algorithm="sha256")
    return str(digest.hexdigest())


class SealedField(models.BinaryField):  # type: ignore[type-arg]  # not generic at run time
    """Sealed bytes. The command `reseal` finds all content to rotate by this field."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Migrate as a `BinaryField`."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs


_SESSION = "session"


class SealedSerializer:
    """Seals sessions: a form that waits for sign-in, or a filter, can contain an identifier."""

    def dumps(self, content: Any) -> bytes:
        return seal_as(_SESSION, json.dumps(content, separators=(",", ":")).encode())

    def loads(self, sealed: bytes) -> Any:
        """Return the session. Raise `Unreadable`, after which Django starts a new one."""
        return json.loads(unseal_as(_SESSION, sealed))
