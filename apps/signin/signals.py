"""Records sign-ins in the audit trail.

A failed sign-in names only an existing account: anything else could be a password.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as factor_signals
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from apps import metrics
from apps.audit.models import Action
from apps.audit.trail import (
    PERSON_LIMIT,
    UNKNOWN_ACCOUNT_LIMIT,
    Actor,
    Fact,
    client_address,
    record,
    record_limited,
)
from apps.signin.sessions import end_reason, start_limits

UNKNOWN = "unknown account"
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
    **facts: Fact,
) -> None:
    """Record a change to an account; `by` is None if no one is signed in.

    Failed sign-ins and lockouts are limited per account or network, and minute.
    """
    actor = Actor("web", address=client_address(request))
    if by is not None:
        actor = Actor("web", by.pk, by.get_username(), actor.address)
    if account is not None:
        facts["account"] = account.get_username()
    target = UNKNOWN if account is None else f"account {account.pk}"
    if action in (Action.SIGN_IN_FAILED, Action.LOCKED_OUT) and by is None:
        how = "lockout" if action == Action.LOCKED_OUT else str(facts.get("how", ""))
        _FAILURES.add(how)
        limit = UNKNOWN_ACCOUNT_LIMIT if account is None else PERSON_LIMIT
        pk = account.pk if account else None
        record_limited(action, actor, limit=limit, target=target, detail=facts, account=pk)
    else:
        record(action, actor, target=target, detail=facts)


def sign_in_methods(request: HttpRequest, user: User) -> str:
    """Return the methods in order, such as `password, totp`."""
    records = get_authentication_records(request, user)
    methods = [str(one.get("type") or one["method"]) for one in records]
    return ", ".join(dict.fromkeys(_HOW.get(name, name) for name in methods))


def _begin_session(request: HttpRequest, **_signal: Any) -> None:
    start_limits(request.session)


def _signed_in(request: HttpRequest, user: User, **_signal: Any) -> None:
    audit_account(Action.SIGNED_IN, request, user, by=user, how=sign_in_methods(request, user))


def _signed_out(request: HttpRequest, user: User | None, **_signal: Any) -> None:
    if user is not None:
        audit_account(Action.SIGNED_OUT, request, user, by=user, why=end_reason(request))


def _changed(what: str) -> Any:
    def receive(request: HttpRequest, user: User, **signal: Any) -> None:
        facts = {"what": what}
        if authenticator := signal.get("authenticator"):
            facts["factor"] = _HOW.get(authenticator.type, authenticator.type)
        audit_account(Action.ACCOUNT_CHANGED, request, user, by=user, **facts)

    return receive


def _factor_failed(request: HttpRequest, user: User, **_signal: Any) -> None:
    audit_account(Action.SIGN_IN_FAILED, request, user, how="second factor")
