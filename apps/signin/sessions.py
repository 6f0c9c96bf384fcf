"""Session limits, and the requirement of a second factor."""

import time
from collections.abc import Callable

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from apps.accounts.permissions import ADMIN, AUDITOR, LEAD
from apps.audit.trail import client_address, client_network
from apps.cache_outage import increment

BEGAN, SEEN = "signed_in_at", "seen_at"
_SAVE_EVERY_S = 60
_END_REASON = "triage_end_reason"


def start_limits(session: SessionBase) -> None:
    """Start the session's limits at sign-in."""
    session.set_expiry(None)
    session[BEGAN] = session[SEEN] = int(time.time())


def expiry_reason(request: HttpRequest) -> str:
    """Return why the session has expired, or an empty string."""
    now, session = time.time(), request.session
    if now - session.get(BEGAN, 0) >= settings.SESSION_COOKIE_AGE:
        return "too long"
    if now - session.get(SEEN, 0) >= settings.TRIAGE_SESSION_IDLE_MINUTES * 60:
        return "idle"
    return ""


def record_activity(request: HttpRequest) -> None:
    """Record activity, except for automatic requests of a page's script."""
    by_script = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"
    if not by_script and time.time() - request.session[SEEN] >= _SAVE_EVERY_S:
        request.session[SEEN] = int(time.time())


def end_all_sessions(person: User) -> None:
    """End all sessions of the person."""
    for session in UserSession.objects.filter(user=person):
        session.end()


def set_end_reason(request: HttpRequest, reason: str) -> None:
    """Set why the session of the request ends."""
    request.META[_END_REASON] = reason


def end_reason(request: HttpRequest) -> str:
    """Return why the session ends; by default, the person signed out."""
    return str(request.META.get(_END_REASON, "asked"))


# --- second factor -----------------------------------------------------------------------------


def has_factor(person: User) -> bool:
    """Return whether the person has an authenticator app or a passkey."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=person, type__in=kinds).exists())


def needs_factor(request: HttpRequest, person: User) -> bool:
    """Return whether the person must set up a second factor first.

    After single sign-on, this is up to the provider.
    """
    wanted = settings.TRIAGE_REQUIRE_SECOND_FACTOR
    if wanted == "none" or (wanted == "staff" and not _is_staff(person)):
        return False
    records = get_authentication_records(request, person)
    is_single_sign_on = any(record["method"] == "socialaccount" for record in records)
    return not is_single_sign_on and not has_factor(person)


def _is_staff(person: User) -> bool:
    if person.is_superuser or person.is_staff:
        return True
    return person.groups.filter(name__in=(LEAD, ADMIN, AUDITOR)).exists()


def has_passkey(person: User) -> bool:
    """Return whether the person has a passkey."""
    passkeys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    return bool(passkeys.exists())


# --- middleware --------------------------------------------------------------------------------

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


# Sessions of people who have not signed in, such as for a filled-in form or a passkey's challenge.
_ANONYMOUS_S = 15 * 60
_SESSION_LIMITS = {48: 300, 64: 60}  # per minute, by the size of an IPv6 network


class SessionLimitsMiddleware:
    """Ends sessions that were idle, or open, for too long; limits anonymous ones."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            reason = expiry_reason(request)
            if reason:
                set_end_reason(request, reason)
                logout(request)
            else:
                record_activity(request)
        response = self.get_response(request)
        session = request.session
        if session.modified and not session.is_empty() and SESSION_KEY not in session:
            if session.session_key is None and not _may_start_session(request):
                session.clear()
                return HttpResponse(render_to_string("429.html"), status=429)
            session.set_expiry(_ANONYMOUS_S)
        return response


def _may_start_session(request: HttpRequest) -> bool:
    address, minute = client_address(request), int(time.time() // 60)
    networks = {client_network(address, prefix): most for prefix, most in _SESSION_LIMITS.items()}
    keys = {f"sessions/{network}/{minute}": most for network, most in networks.items()}
    return all(increment(cache, key, 60) <= most for key, most in keys.items())


class SecondFactorMiddleware:
    """Redirects people without a required second factor to its setup."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if (
            isinstance(person, User)
            and needs_factor(request, person)
            and _url_name(request) not in _OPEN_WITHOUT_FACTOR
        ):
            return redirect("mfa_index")
        return self.get_response(request)


def _url_name(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
