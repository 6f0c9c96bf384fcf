"""Who has to have a second factor, and who has one."""

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest

from apps.accounts.permissions import ADMIN, AUDITOR, LEAD


def has_factor(person: User) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=person, type__in=kinds).exists())


def lacks_factor(request: HttpRequest, person: User) -> bool:
    """Whether the person has to set one up first.

    Who came by single sign-on showed it there: the provider sees to that.
    """
    wanted = settings.TRIAGE_REQUIRE_SECOND_FACTOR
    if wanted == "none" or (wanted == "staff" and not _is_staff(person)):
        return False
    records = get_authentication_records(request, person)
    by_sign_on = any(record["method"] == "socialaccount" for record in records)
    return not by_sign_on and not has_factor(person)


def _is_staff(person: User) -> bool:
    if person.is_superuser or person.is_staff:
        return True
    return person.groups.filter(name__in=(LEAD, ADMIN, AUDITOR)).exists()


def has_passkey(person: User) -> bool:
    """Whether one of them is a passkey."""
    passkeys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    return bool(passkeys.exists())
