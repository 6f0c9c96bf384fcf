"""What happens at sign-in, as the audit trail tells it.

What was typed at a failed sign-in is told only when an account has that name: it may be a password.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as factor_signals
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from apps.audit.models import Action
from apps.audit.trail import Actor, Fact, client_address, record
from apps.signin.sessions import begin_limits, end_reason

UNKNOWN = "unknown account"
_HOW = {"socialaccount": "oidc", "webauthn": "passkey", "recovery_codes": "recovery code"}


def connect() -> None:
    """Listen to what django-allauth and Django say."""
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


def note(
    action: Action,
    request: HttpRequest,
    account: User | None,
    *,
    by: User | None = None,
    **facts: Fact,
) -> None:
    """Write down what was done to an account; `by` is who did it, None for nobody signed in."""
    actor = Actor("web", address=client_address(request))
    if by is not None:
        actor = Actor("web", by.pk, by.get_username(), actor.address)
    if account is not None:
        facts["account"] = account.get_username()
    target = UNKNOWN if account is None else f"account {account.pk}"
    record(action, actor, target=target, detail=facts)


def how_signed_in(request: HttpRequest, user: User) -> str:
    """What the person showed, in order: `password, totp`."""
    records = get_authentication_records(request, user)
    shown = [str(one.get("type") or one["method"]) for one in records]
    return ", ".join(dict.fromkeys(_HOW.get(name, name) for name in shown))


def _begin_session(request: HttpRequest, **_signal: Any) -> None:
    begin_limits(request.session)


def _signed_in(request: HttpRequest, user: User, **_signal: Any) -> None:
    note(Action.SIGNED_IN, request, user, by=user, how=how_signed_in(request, user))


def _signed_out(request: HttpRequest, user: User | None, **_signal: Any) -> None:
    if user is not None:
        note(Action.SIGNED_OUT, request, user, by=user, why=end_reason(request))


def _changed(what: str) -> Any:
    def receive(request: HttpRequest, user: User, **signal: Any) -> None:
        facts = {"what": what}
        if authenticator := signal.get("authenticator"):
            facts["factor"] = _HOW.get(authenticator.type, authenticator.type)
        note(Action.ACCOUNT_CHANGED, request, user, by=user, **facts)

    return receive


def _factor_failed(request: HttpRequest, user: User, **_signal: Any) -> None:
    note(Action.SIGN_IN_FAILED, request, user, how="second factor")
