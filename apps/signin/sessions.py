"""Limits of sessions, the requirement of a second factor, and sign-ins in the audit trail.

A failed sign-in names only an existing account: anything else could be a password.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.deprecation import MiddlewareMixin

from apps import metrics
from apps.accounts.models import ADMIN, AUDITOR, LEAD
from apps.audit import trail
from apps.audit.models import Action
from apps.redis_outage import increment

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_BEGAN, _SEEN = "signed_in_at", "seen_at"
_SAVE_EVERY_S = 60
_END_REASON = "triage_end_reason"


def _expiry_reason(session: SessionBase) -> str:
    """Return why the session has expired, or an empty string."""
    now = time.time()
    if now - session.get(_BEGAN, 0) >= settings.SESSION_COOKIE_AGE:
        return "too long"
    if now - session.get(_SEEN, 0) >= settings.TRIAGE_SESSION_IDLE_MINUTES * 60:
        return "idle"
    return ""


def end_all_sessions(person: User) -> None:
    """End all sessions of the person."""
    for session in UserSession.objects.filter(user=person):
        session.end()


# --- second factor -----------------------------------------------------------------------------


def needs_factor(request: HttpRequest, person: User) -> bool:
    """Return whether the person must set up a second factor first; never after single sign-on."""
    wanted = settings.TRIAGE_REQUIRE_SECOND_FACTOR
    if wanted == "none":
        return False
    leads = person.groups.filter(name__in=(LEAD, ADMIN, AUDITOR))
    if wanted == "staff" and not (person.is_superuser or person.is_staff or leads.exists()):
        return False
    records = get_authentication_records(request, person)
    if any(record["method"] == "socialaccount" for record in records):
        return False
    return not Authenticator.objects.filter(user=person, type__in=FACTORS).exists()


def has_passkey(person: User) -> bool:
    """Return whether the person has a passkey."""
    passkeys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    return bool(passkeys.exists())


# --- middleware --------------------------------------------------------------------------------

GetResponse = Callable[[HttpRequest], HttpResponse]
_OPEN_WITHOUT_FACTOR = (
    *("account_logout", "account_reauthenticate", "mfa_index", "mfa_reauthenticate"),
    *("mfa_activate_totp", "mfa_add_webauthn", "mfa_reauthenticate_webauthn"),
    *("mfa_view_recovery_codes", "theme", "healthz", "readyz"),
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
            if reason := _expiry_reason(request.session):
                request.META[_END_REASON] = reason
                logout(request)
            else:  # automatic requests of a page's script don't count as activity
                by_script = request.headers.get("Sec-Fetch-Dest") == "empty"
                is_activity = request.method != "GET" or not by_script
                if is_activity and time.time() - request.session[_SEEN] >= _SAVE_EVERY_S:
                    request.session[_SEEN] = int(time.time())
        response = self.get_response(request)
        session = request.session
        if session.modified and not session.is_empty() and SESSION_KEY not in session:
            if session.session_key is None and not _may_start_session(request):
                session.clear()
                return HttpResponse(render_to_string("429.html"), status=429)
            session.set_expiry(_ANONYMOUS_S)
        return response


def _may_start_session(request: HttpRequest) -> bool:
    address, minute = trail.client_address(request), int(time.time() // 60)
    networks = {
        trail.client_network(address, prefix): most for prefix, most in _SESSION_LIMITS.items()
    }
    keys = {f"sessions/{network}/{minute}": most for network, most in networks.items()}
    return all(increment(cache, key, 60) <= most for key, most in keys.items())


class SecondFactorMiddleware(MiddlewareMixin):
    """Redirects people without a required second factor to its setup."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Return the redirect, if any."""
        person, name = request.user, ""
        if not isinstance(person, User) or not needs_factor(request, person):
            return None
        with suppress(Resolver404):
            name = resolve(request.path_info).url_name or ""
        return None if name in _OPEN_WITHOUT_FACTOR else redirect("mfa_index")


_FAILURES = metrics.Counter(
    "sign_in_failures",
    "Sign-ins that failed, and lockouts after too many of them.",
    how=("password", "second factor", "passkey", "oidc", "lockout"),
)
_HOW = {"socialaccount": "oidc", "webauthn": "passkey", "recovery_codes": "recovery code"}


def connect() -> None:
    """Connect the signals of django-allauth and Django."""
    user_logged_in.connect(_begin_session, dispatch_uid="signin.begin")
    user_logged_out.connect(_signed_out, dispatch_uid="signin.out")
    account_signals.user_logged_in.connect(_signed_in, dispatch_uid="signin.in")
    for signal, what in (
        (account_signals.password_changed, "password changed"),
        (account_signals.password_reset, "password reset by mail"),
        (factor_signals.authenticator_added, "second factor added"),
        (factor_signals.authenticator_removed, "second factor removed"),
        (factor_signals.authenticator_reset, "recovery codes renewed"),
    ):
        signal.connect(_changed(what), weak=False, dispatch_uid=f"signin.{what}")
    factor_signals.authentication_failed.connect(_factor_failed, dispatch_uid="signin.factor")


def audit_account(
    action: Action,
    request: HttpRequest,
    account: User | None,
    *,
    by: User | None = None,
    **facts: trail.Fact,
) -> None:
    """Record a change to an account; `by` is None if no one is signed in.

    Failed sign-ins and lockouts are limited per account or network, and minute.
    """
    name = by.get_username() if by else ""
    actor = trail.Actor("web", by.pk if by else None, name, trail.client_address(request))
    pk, target, limit = None, "unknown account", trail.UNKNOWN_ACCOUNT_LIMIT
    if account is not None:
        facts["account"] = account.get_username()
        pk, target, limit = account.pk, f"account {account.pk}", trail.PERSON_LIMIT
    if action in (Action.SIGN_IN_FAILED, Action.LOCKED_OUT) and by is None:
        _FAILURES.add("lockout" if action == Action.LOCKED_OUT else str(facts.get("how", "")))
        trail.record_limited(action, actor, limit=limit, target=target, detail=facts, account=pk)
    else:
        trail.record(action, actor, target=target, detail=facts)


def _begin_session(request: HttpRequest, **_signal: Any) -> None:
    request.session.set_expiry(None)
    request.session[_BEGAN] = request.session[_SEEN] = int(time.time())


def _signed_in(request: HttpRequest, user: User, **_signal: Any) -> None:
    """Record the methods in order, such as `password, totp`."""
    records = get_authentication_records(request, user)
    methods = [str(one.get("type") or one["method"]) for one in records]
    how = ", ".join(dict.fromkeys(_HOW.get(name, name) for name in methods))
    audit_account(Action.SIGNED_IN, request, user, by=user, how=how)


def _signed_out(request: HttpRequest, user: User | None, **_signal: Any) -> None:
    if user is not None:
        why = str(request.META.get(_END_REASON, "asked"))
        audit_account(Action.SIGNED_OUT, request, user, by=user, why=why)


def _changed(what: str) -> Any:
    def receive(request: HttpRequest, user: User, **signal: Any) -> None:
        facts = {"what": what}
        if authenticator := signal.get("authenticator"):
            facts["factor"] = _HOW.get(authenticator.type, authenticator.type)
        audit_account(Action.ACCOUNT_CHANGED, request, user, by=user, **facts)

    return receive


def _factor_failed(request: HttpRequest, user: User, **_signal: Any) -> None:
    audit_account(Action.SIGN_IN_FAILED, request, user, how="second factor")
