"""Keyed hashes: equal things are found by them, and nobody reads from them what they stand for."""

from django.conf import settings
from django.utils.crypto import salted_hmac


def hash_customer(identifier: str) -> str:
    """A keyed hash, by which all about one customer is found without keeping the name."""
    return keyed_hash("triage.customer", identifier.strip().casefold())


def keyed_hash(purpose: str, text: str) -> str:
    """64 hex digits. The same text has another hash for another purpose, and on another site."""
    digest = salted_hmac(purpose, text, secret=settings.TRIAGE_HASH_KEY, algorithm="sha256")
    return str(digest.hexdigest())
