"""Issuing and checking API tokens. The database is asked each time: an end holds at once."""

import hashlib
import secrets
from datetime import timedelta
from typing import Literal

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import ApiToken, Scope
from apps.accounts.teams import projects_of

_PREFIX = "triage_"
_NOTE_USE_EVERY = timedelta(minutes=1)

Reason = Literal["unknown", "revoked", "expired", "inactive"]


class TokenRefused(Exception):
    """A token that opens nothing: why, and its record if there is one. It never holds the token."""

    def __init__(self, reason: Reason, record: ApiToken | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.record = record


@sensitive_variables("token")
def renew_hash(record: ApiToken) -> str:
    """Give an unsaved record a fresh token and return it."""
    token = _PREFIX + secrets.token_urlsafe(32)
    record.token_hash = hash_of(token)
    return token


@sensitive_variables("token")
def hash_of(token: str) -> str:
    """SHA-256 of the token: with 256 random bits in it, no slower hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


@sensitive_variables("token")
def find_token(token: str, *, address: str = "") -> ApiToken:
    """The record of a token that is valid now; its use is noted. Raises `TokenRefused`."""
    if not (token.isascii() and token.startswith(_PREFIX)):
        raise TokenRefused("unknown")
    record = ApiToken.objects.select_related("user").filter(token_hash=hash_of(token)).first()
    if record is None:
        raise TokenRefused("unknown")
    _refuse_ended(record)
    _note_use(record, address)
    return record


def allows(record: ApiToken, scope: Scope) -> bool:
    """Whether the token was made for this."""
    return scope.value in record.scopes


def projects_of_token(record: ApiToken) -> frozenset[str] | None:
    """What the token may see of what its person may see now; None means every project."""
    persons = projects_of(record.user)
    if not record.projects:
        return persons
    own = frozenset(record.projects)
    return own if persons is None else own & persons


def _refuse_ended(record: ApiToken) -> None:
    if record.revoked_at is not None:
        raise TokenRefused("revoked", record)
    if not record.user.is_active:
        raise TokenRefused("inactive", record)
    if record.expires_at <= timezone.now():
        raise TokenRefused("expired", record)


def _note_use(record: ApiToken, address: str) -> None:
    now = timezone.now()
    if record.last_used_at is None or now - record.last_used_at > _NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=record.pk).update(last_used_at=now, last_used_from=address)
