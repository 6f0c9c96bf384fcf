"""Issuing and checking API tokens."""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from apps.accounts.models import ApiToken

_PREFIX = "triage_"
_NOTE_USE_EVERY = timedelta(minutes=1)


def renew_hash(record: ApiToken) -> str:
    """Give an unsaved record a fresh token and return it."""
    token = _PREFIX + secrets.token_urlsafe(32)
    record.token_hash = hash_of(token)
    return token


def hash_of(token: str) -> str:
    """SHA-256 of the token: with 256 random bits in it, no slower hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_token(token: str) -> ApiToken | None:
    """The record of a token that is valid now: not revoked, its person still active."""
    if not token.startswith(_PREFIX):
        return None
    record = (
        ApiToken.objects.select_related("user")
        .filter(token_hash=hash_of(token), revoked_at=None, user__is_active=True)
        .first()
    )
    if record is None:
        return None
    now = timezone.now()
    if record.last_used_at is None or now - record.last_used_at > _NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=record.pk).update(last_used_at=now)
    return record
