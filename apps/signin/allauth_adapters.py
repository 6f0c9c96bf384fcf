"""What Triage wants differently from django-allauth."""

import base64
import hashlib
from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.socialaccount.internal import jwtkit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.cache import cache as shared_cache
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from apps.audit.models import Action
from apps.audit.trail import client_address
from apps.crypto import seal, unseal
from apps.lookups import cache as lookups_cache
from apps.signin.signals import note

# Where failed attempts are counted: in the shared cache, and in the process while that is lost.
#
# django-allauth asks Django's default cache directly. A Redis that is down would end every
# sign-in with an error; one that is asked no more would let passwords be tried without limit. So
# it gets this cache instead: while Redis is lost, each process counts for itself.

_TOTP_SECONDS = 120


class SignInCache:
    """The four calls that django-allauth makes. What is added lives `least_seconds` or longer."""

    def __init__(self, least_seconds: float = 0) -> None:
        self.least_seconds = least_seconds

    def add(self, key: str, value: Any, timeout: float) -> bool:
        """Set it unless it is there; says whether it was set."""
        seconds = max(timeout, self.least_seconds)
        return bool(_try("add", key, value, seconds))

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or the default."""
        return _try("get", key, default)

    def set(self, key: str, value: Any, timeout: float) -> None:
        """Keep the value for so long."""
        _try("set", key, value, timeout)

    def delete(self, key: str) -> None:
        """Forget the value."""
        _try("delete", key)


_own = LocMemCache("sign-in", {"OPTIONS": {"MAX_ENTRIES": 100_000}})


def install() -> None:
    """Hand the cache to the parts of django-allauth that count and that refuse a second use."""
    for module in (ratelimit, jwtkit):
        _put(module, SignInCache())
    _put(totp, SignInCache(_TOTP_SECONDS))  # a code is good for three periods of 30 seconds


def forget_all() -> None:
    """Forget every attempt that this process counted."""
    _own.clear()


def _put(module: Any, cache: SignInCache) -> None:
    assert hasattr(module, "cache"), module  # noqa: S101 - a newer version works differently
    module.cache = cache


def _try(call: str, *arguments: Any) -> Any:
    """Ask Redis where there is one; else, and while it is lost, this process."""
    if not settings.REDIS_URL:
        return _ask(_own, call, arguments)
    return lookups_cache.attempt(
        lambda: _ask(shared_cache, call, arguments), lambda: _ask(_own, call, arguments)
    )


def _ask(cache: Any, call: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(cache, call)(*arguments)


_NO_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing listens there: callers without an address share it
_LOCKED_S = 10 * 60
_WRONG = "The username or password is incorrect."
_NOT_THE_CODE = "That code isn't right. Try the next one your app shows."
_SENTENCES = {
    "account/messages/password_changed.txt": "Your password was changed, "
    "and you were signed out everywhere else.",
    "mfa/messages/totp_activated.txt": "Your authenticator app is set up.",
    "mfa/messages/totp_deactivated.txt": "Your authenticator app was removed.",
    "mfa/messages/webauthn_added.txt": "Your passkey is set up.",
    "mfa/messages/webauthn_removed.txt": "Your passkey was removed.",
    "usersessions/messages/sessions_logged_out.txt": "You were signed out everywhere else.",
}


class AccountAdapter(DefaultAccountAdapter):
    """No open registration, addresses as our proxy tells them, lock-out by account."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _WRONG,
        "email_password_mismatch": _WRONG,
        "incorrect_code": _NOT_THE_CODE,
        "incorrect_password": "That password is incorrect.",
        "enter_current_password": "That password is incorrect.",
        "too_many_login_attempts": "Too many attempts. Please wait ten minutes, then try again.",
        "rate_limited": "Too many attempts. Please wait a few minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are invited."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """The pages answer as pages only."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Sign-in leads on within this site only."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that attempts are counted by."""
        return client_address(request) or _NO_ADDRESS

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where the way to it begins."""
        return resolve_url("preferences")

    def add_message(
        self, request: HttpRequest, level: int, message_template: str = "", *rest: Any, **more: Any
    ) -> None:
        """Say it in our words; what has none needs no message."""
        sentence = more.get("message") or _SENTENCES.get(message_template)
        if sentence:
            messages.add_message(request, level, sentence)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Raises ValidationError when there were too many."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            note_lock_out(request, account_of(credentials))
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password, or an account that does not exist."""
        by = request.user if isinstance(request.user, User) else None
        note(Action.SIGN_IN_FAILED, request, account_of(credentials), by=by, how="password")

    def pre_login(self, request: HttpRequest, user: User, **login: Any) -> HttpResponse | None:
        """Refuse who is deactivated, and local sign-in where only single sign-on is wanted."""
        response: HttpResponse | None = super().pre_login(request, user, **login)
        if response is None and settings.OIDC_ONLY and not user.is_superuser:
            if not (login.get("signal_kwargs") or {}).get("sociallogin"):
                note(
                    Action.SIGN_IN_FAILED, request, user, how="password", why="single sign-on only"
                )
                return render(request, "signin/only_sign_on.html", status=403)
        elif response is not None:
            note(Action.SIGN_IN_FAILED, request, user, why="deactivated")
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return _key_of(credentials)


class FactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are sealed in the database."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": _NOT_THE_CODE}

    def encrypt(self, text: str) -> str:
        """Sealed, as text."""
        return base64.b64encode(seal(text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed. Raises `Unreadable`."""
        return unseal(base64.b64decode(encrypted_text)).decode()

    def get_totp_label(self, user: User) -> str:
        """As the person's app names the account."""
        return user.get_username()

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        """Passkeys are told apart by number until the person names them."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"

    def _get_site_name(self) -> str:
        return "Triage"


def account_of(credentials: dict[str, Any]) -> User | None:
    """The account that was named, by its name or its e-mail address."""
    typed = str(credentials.get("username") or credentials.get("email") or "")
    by_email = filter_users_by_email(typed, prefer_verified=True, for_login=True)
    found: User | None = get_user_by_username(typed)
    return found or min(by_email, key=lambda user: user.pk, default=None)


def note_lock_out(request: HttpRequest, account: User | None) -> None:
    """Tell the trail once that an account, or an address, has to wait."""
    cache: SignInCache = ratelimit.cache
    who = client_address(request) if account is None else account.pk
    if cache.add(f"triage-locked:{who}", True, _LOCKED_S):
        note(Action.LOCKED_OUT, request, account)


def _key_of(credentials: dict[str, Any]) -> str:
    """Attempts by name and by e-mail address count for the same account."""
    account = account_of(credentials)
    if account is not None:
        return f"account:{account.pk}"
    typed = str(credentials.get("username") or credentials.get("email") or "").lower()
    return f"unknown:{hashlib.sha256(typed.encode()).hexdigest()}"


# Which addresses browsers tie passkeys to.


def takes_passkeys(request: HttpRequest) -> bool:
    """Passkeys belong to a name over HTTPS, or to `localhost`; never to an IP address."""
    host = request.get_host()
    name = host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return request.is_secure() or name == "localhost" or name.endswith(".localhost")
    return False
