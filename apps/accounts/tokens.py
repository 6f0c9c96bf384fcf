"""Issuing and checking API tokens. The database is asked each time: an end holds at once."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apps.accounts.models import ApiToken, Invitation, Scope
from apps.accounts.permissions import projects_of, staff_of

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


# One-time links: to a new account with its roles, or to a new password for an old one.

VALID_FOR = timedelta(days=3)


class NoLongerValid(Exception):
    """The link was used, revoked, is too old, or of somebody who might not make it any more."""


class NameTaken(Exception):
    """Somebody else has the name that was chosen."""


def renew_link(invitation: Invitation) -> str:
    """Give an unsaved invitation a fresh token, valid from now, and return it."""
    token = secrets.token_urlsafe(32)
    invitation.token_hash = hash_of(token)
    invitation.expires_at = timezone.now() + VALID_FOR
    return token


def renewal_for(person: User, *, by: User) -> str:
    """A link by which the person chooses a new password; earlier ones end. Returns its token."""
    open_ones = Invitation.objects.filter(person=person, used_at=None, revoked_at=None)
    open_ones.update(revoked_at=timezone.now())
    invitation = Invitation(
        name=person.get_username(), email=person.email, person=person, invited_by=by
    )
    token = renew_link(invitation)
    invitation.save()
    return token


def find_invitation(token: str) -> Invitation:
    """The invitation that the token opens now. Raises `NoLongerValid`."""
    invitation = _open_ones().select_related("person").filter(token_hash=hash_of(token)).first()
    if invitation is None or not _stands(invitation):
        raise NoLongerValid
    return invitation


@transaction.atomic
def accept(invitation: Invitation, password: str, *, username: str = "") -> User:
    """Use the invitation up: make the account, or give the one it is for a new password.

    Raises `NoLongerValid` if somebody was faster, and `NameTaken`.
    """
    # PostgreSQL locks no row that a join may lack, such as that of somebody who is new.
    held = _open_ones().select_for_update(of=("self",)).filter(pk=invitation.pk).first()
    if held is None or not _stands(held):
        raise NoLongerValid
    person = held.person
    if person is None:
        person = _new_account(username, held.email, password)
        put_into(person, held.groups.all())
    else:
        person.set_password(password)
        person.save(update_fields=["password"])
    held.person, held.used_at = person, timezone.now()
    held.save(update_fields=["person", "used_at"])
    return person


def put_into(person: User, groups: Iterable[Group]) -> None:
    """Put the person into exactly these groups, and into Django's staff if a role wants it."""
    person.groups.set(groups)
    person.is_staff = person.is_superuser or staff_of(person)
    person.save(update_fields=["is_staff"])


def _new_account(username: str, email: str, password: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(username, email, password)
    except IntegrityError as error:
        raise NameTaken from error


def _stands(invitation: Invitation) -> bool:
    """Whether whoever made it might make it still: an admin's rights end with their links."""
    by, person = invitation.invited_by, invitation.person
    if by is None:
        return False
    if person is None:
        return by.has_perm("accounts.add_invitation")
    return by.has_perm("auth.change_user") and (by.is_superuser or not person.is_superuser)


def _open_ones() -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        used_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).exclude(person__is_active=False)
