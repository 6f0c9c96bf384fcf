"""How long a session lasts: so many hours in all, and so many minutes without a click."""

import time
from collections.abc import Callable

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from apps.accounts.permissions import ADMIN, AUDITOR, LEAD

BEGAN, SEEN = "signed_in_at", "seen_at"
_NOTE_EVERY_S = 60
_REASON = "triage_end_reason"


def begin_limits(session: SessionBase) -> None:
    """The person is signed in from now on."""
    session[BEGAN] = session[SEEN] = int(time.time())


def why_over(request: HttpRequest) -> str:
    """Why the session is over now; empty while it lasts."""
    now, session = time.time(), request.session
    if now - session.get(BEGAN, 0) >= settings.SESSION_COOKIE_AGE:
        return "too long"
    if now - session.get(SEEN, 0) >= settings.TRIAGE_SESSION_IDLE_MINUTES * 60:
        return "idle"
    return ""


def note_activity(request: HttpRequest) -> None:
    """The person did something. What a page's script asks for by itself does not count."""
    by_script = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"
    if not by_script and time.time() - request.session[SEEN] >= _NOTE_EVERY_S:
        request.session[SEEN] = int(time.time())


def end_all(person: User) -> None:
    """End every session of the person, in all browsers."""
    for session in UserSession.objects.filter(user=person):
        session.end()


def set_end_reason(request: HttpRequest, reason: str) -> None:
    """Say why the session of this request is being ended."""
    request.META[_REASON] = reason


def end_reason(request: HttpRequest) -> str:
    """What was said about it; the person's own wish if nothing."""
    return str(request.META.get(_REASON, "asked"))


# Who has to have a second factor, and who has one.


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


# What every request of a signed-in person goes through.

GetResponse = Callable[[HttpRequest], HttpResponse]
_OPEN_WITHOUT_FACTOR = (
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_view_recovery_codes",
    "theme",
    "healthz",
    "readyz",
)


class SessionLimitsMiddleware:
    """Ends a session that was idle for too long, or lasted too long."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            reason = why_over(request)
            if reason:
                set_end_reason(request, reason)
                logout(request)
            else:
                note_activity(request)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Leads who must have a second factor, and has none, to setting it up before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if (
            isinstance(person, User)
            and lacks_factor(request, person)
            and _name_of(request) not in _OPEN_WITHOUT_FACTOR
        ):
            return redirect("mfa_index")
        return self.get_response(request)


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
