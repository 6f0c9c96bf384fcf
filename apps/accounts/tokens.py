"""API tokens and one-time links. Nothing is cached, so that revoking takes effect at once."""

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

from apps.accounts.models import ADMIN, AUDITOR, ApiToken, Invitation, projects_of

_PREFIX = "triage_"
_USE_RESOLUTION = timedelta(minutes=1)

Reason = Literal["unknown", "revoked", "expired", "inactive"]


class TokenRefused(Exception):
    """The token isn't valid. Has its record, if there is one, but never the token itself."""

    def __init__(self, reason: Reason, record: ApiToken | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.record = record


@sensitive_variables("token")
def set_new_token(record: ApiToken) -> str:
    """Set a new token on an unsaved record, and return the token."""
    token = _PREFIX + secrets.token_urlsafe(32)
    record.token_hash = hash_token(token)
    return token


@sensitive_variables("token")
def hash_token(token: str) -> str:
    """Return the SHA-256 of a token; its 256 random bits need no slower hash."""
    return hashlib.sha256(token.encode()).hexdigest()


@sensitive_variables("token")
def find_token(token: str, *, address: str = "") -> ApiToken:
    """Return the record of a valid token, and save its use. Raise `TokenRefused`."""
    if not (token.isascii() and token.startswith(_PREFIX)):
        raise TokenRefused("unknown")
    record = ApiToken.objects.select_related("user").filter(token_hash=hash_token(token)).first()
    if record is None:
        raise TokenRefused("unknown")
    if record.revoked_at is not None:
        raise TokenRefused("revoked", record)
    if not record.user.is_active:
        raise TokenRefused("inactive", record)
    now = timezone.now()
    if record.expires_at <= now:
        raise TokenRefused("expired", record)
    if record.last_used_at is None or now - record.last_used_at > _USE_RESOLUTION:
        ApiToken.objects.filter(pk=record.pk).update(last_used_at=now, last_used_from=address)
    return record


def projects_of_token(record: ApiToken) -> frozenset[str] | None:
    """Return the projects that both the token and its person can see; None for all."""
    of_person = projects_of(record.user)
    if not record.projects:
        return of_person
    of_token = frozenset(record.projects)
    return of_token if of_person is None else of_token & of_person


# Invitations.

VALID_FOR = timedelta(days=3)


class InvitationInvalid(Exception):
    """The link was used, was revoked, has expired, or its issuer has lost the right to issue it."""


class UsernameTaken(Exception):
    """The chosen username is taken."""


def set_new_link(invitation: Invitation) -> str:
    """Set a new token on an unsaved invitation, valid from now, and return the token."""
    token = secrets.token_urlsafe(32)
    invitation.token_hash = hash_token(token)
    invitation.expires_at = timezone.now() + VALID_FOR
    return token


def create_password_link(person: User, *, by: User) -> str:
    """Create a link to set a new password, revoke earlier ones, and return its token."""
    earlier = Invitation.objects.filter(person=person, used_at=None, revoked_at=None)
    earlier.update(revoked_at=timezone.now())
    invitation = Invitation(
        name=person.get_username(), email=person.email, person=person, invited_by=by
    )
    token = set_new_link(invitation)
    invitation.save()
    return token


def find_invitation(token: str) -> Invitation:
    """Return the valid invitation with that token. Raise `InvitationInvalid`."""
    invitation = _pending().select_related("person").filter(token_hash=hash_token(token)).first()
    if invitation is None or not _issuer_still_may(invitation):
        raise InvitationInvalid
    return invitation


@transaction.atomic
def accept_invitation(invitation: Invitation, password: str, *, username: str = "") -> User:
    """Create the account, or set its person's password, and mark the invitation as used.

    Raise `InvitationInvalid`, also if it was used in the meantime, and `UsernameTaken`.
    """
    # Without `of`, PostgreSQL refuses to lock the nullable side of the outer join to the person.
    locked = _pending().select_for_update(of=("self",)).filter(pk=invitation.pk).first()
    if locked is None or not _issuer_still_may(locked):
        raise InvitationInvalid
    person = locked.person
    if person is None:
        try:
            with transaction.atomic():
                person = User.objects.create_user(username, locked.email, password)
        except IntegrityError as error:
            raise UsernameTaken from error
        set_groups(person, locked.groups.all())
    else:
        person.set_password(password)
        person.save(update_fields=["password"])
    locked.person, locked.used_at = person, timezone.now()
    locked.save(update_fields=["person", "used_at"])
    return person


def set_groups(person: User, groups: Iterable[Group]) -> None:
    """Put the person in exactly these groups, and set `is_staff` to match."""
    person.groups.set(groups)
    person.is_staff = (
        person.is_superuser or person.groups.filter(name__in=(ADMIN, AUDITOR)).exists()
    )
    person.save(update_fields=["is_staff"])


def _issuer_still_may(invitation: Invitation) -> bool:
    issuer, person = invitation.invited_by, invitation.person
    if issuer is None:
        return False
    if person is None:
        return issuer.has_perm("accounts.add_invitation")
    return issuer.has_perm("auth.change_user") and (issuer.is_superuser or not person.is_superuser)


def _pending() -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        used_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).exclude(person__is_active=False)
