"""Adapters that change the behavior of django-allauth."""

import base64
import hashlib
import logging
import tomllib
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from apps.audit.models import Action
from apps.audit.trail import client_address, client_network
from apps.crypto import seal, unseal
from apps.redis_outage import increment
from apps.signin.sessions import audit_account
from apps.web.access import public_url

_log = logging.getLogger(__name__)
_LOCKOUT_S = 10 * 60
_ACCOUNT_FAILURES = 100
WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


# What Django's two queries read, which take a tenth of a page's time to write.
_PERMISSIONS = """
SELECT content.app_label, permission.codename FROM auth_permission permission
JOIN django_content_type content ON content.id = permission.content_type_id
WHERE permission.id IN (
  SELECT permission_id FROM auth_user_user_permissions WHERE user_id = %s
  UNION
  SELECT granted.permission_id FROM auth_group_permissions granted
  JOIN auth_user_groups member ON member.group_id = granted.group_id WHERE member.user_id = %s
)
"""


class Backend(AuthenticationBackend):
    """Reads people with their preferences, and their permissions, which every page needs."""

    def get_all_permissions(self, user_obj: User | AnonymousUser, obj: object = None) -> set[str]:
        """Return the person's own permissions and those of their groups, all for superusers."""
        is_read = user_obj.is_superuser or hasattr(user_obj, "_perm_cache")
        if obj is None and user_obj.is_active and not is_read:
            with connection.cursor() as cursor:
                cursor.execute(_PERMISSIONS, [user_obj.pk, user_obj.pk])
                names = {f"{app}.{name}" for app, name in cursor.fetchall()}
            user_obj._perm_cache = names  # type: ignore[attr-defined]  # Django answers from it
        found: set[str] = super().get_all_permissions(user_obj, obj)
        return found

    def get_user(self, user_id: int) -> User | None:
        """Return the person, or None if there is none or the account is closed."""
        try:
            person = User.objects.select_related("preference").get(pk=user_id)
        except User.DoesNotExist:
            return None
        return person if self.user_can_authenticate(person) else None


class AccountAdapter(DefaultAccountAdapter):
    """No open registration, client addresses from our proxy, lockout by account."""

    error_messages = {**DefaultAccountAdapter.error_messages, **WORDS["errors"]}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: people are invited."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Return False: responses are always pages."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Allow redirects within this site only."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address for counting attempts."""
        return client_address(request) or "0.0.0.0"  # noqa: S104 - shared by all without one

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return to the preferences."""
        return resolve_url("preferences")

    def add_message(
        self, request: HttpRequest, level: int, message_template: str = "", *rest: Any, **more: Any
    ) -> None:
        """Add our own message, if there is one."""
        message = more.get("message") or WORDS["messages"].get(message_template)
        if message:
            messages.add_message(request, level, message)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address in the email, at a port that is ours."""
        url: str = super().get_reset_password_from_key_url(key)
        return public_url(self.request, urlsplit(url).path)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the message from a thread: the wait would reveal to strangers who has an account."""
        message = self.render_mail(template_prefix, email, {"request": self.request, **context})
        Thread(target=_send, args=(message,), name="mail").start()

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt. Raise ValidationError after too many.

        A few wrong passwords lock the account for their network only, or anyone could keep its
        owner out. Many lock it for all.
        """
        try:
            if cache.get(_attempts_key(credentials, "failures/"), 0) >= _ACCOUNT_FAILURES:
                raise self.validation_error("too_many_login_attempts")
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            audit_lockout(request, account_of(credentials))
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record a wrong password or an unknown account."""
        increment(cache, _attempts_key(credentials, "failures/"), _LOCKOUT_S)
        by = request.user if isinstance(request.user, User) else None
        account = account_of(credentials)
        audit_account(Action.SIGN_IN_FAILED, request, account, by=by, how="password")

    def pre_login(self, request: HttpRequest, user: User, **login: Any) -> HttpResponse | None:
        """Refuse deactivated people, and passwords if only single sign-on is allowed."""
        response: HttpResponse | None = super().pre_login(request, user, **login)
        by_provider = (login.get("signal_kwargs") or {}).get("sociallogin")
        if response is not None:
            audit_account(Action.SIGN_IN_FAILED, request, user, why="deactivated")
        elif settings.OIDC_ONLY and not user.is_superuser and not by_provider:
            why = "single sign-on only"
            audit_account(Action.SIGN_IN_FAILED, request, user, how="password", why=why)
            return render(request, "signin/only_sign_on.html", status=403)
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        network = client_network(client_address(request))
        return f"{_attempts_key(credentials)} from {network}"

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        super()._delete_login_attempts_cached_email(request, **credentials)
        cache.delete(_attempts_key(credentials, "failures/"))


class FactorAdapter(DefaultMFAAdapter):
    """Second factors, with secrets encrypted in the database."""

    error_messages = {**DefaultMFAAdapter.error_messages, **WORDS["errors"]}

    def encrypt(self, text: str) -> str:
        """Return the sealed text in Base64."""
        return base64.b64encode(seal(text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text. Raise `Unreadable`."""
        return unseal(base64.b64decode(encrypted_text)).decode()

    def get_totp_label(self, user: User) -> str:
        """Return the account's name in the app."""
        return user.get_username()

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        """Return a numbered name until the person chooses one."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"

    def _get_site_name(self) -> str:
        return "Triage"


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:
        _log.error("A password link could not be sent: %s", type(error).__name__)


def account_of(credentials: dict[str, Any]) -> User | None:
    """Return the account with the username or email."""
    typed = _typed_name(credentials)
    by_email = filter_users_by_email(typed, prefer_verified=True, for_login=True)
    found: User | None = get_user_by_username(typed)
    return found or min(by_email, key=lambda user: user.pk, default=None)


def audit_lockout(request: HttpRequest, account: User | None) -> None:
    """Record once in the audit trail that an account, or a network, is locked out."""
    caller = client_network(client_address(request)) if account is None else account.pk
    if cache.add(f"triage-locked:{caller}", True, _LOCKOUT_S):
        audit_account(Action.LOCKED_OUT, request, account)


def _attempts_key(credentials: dict[str, Any], prefix: str = "") -> str:
    """Return the key of the account, for attempts by username and by email."""
    account = account_of(credentials)
    if account is not None:
        return f"{prefix}account:{account.pk}"
    typed = _typed_name(credentials).lower()
    return f"{prefix}unknown:{hashlib.sha256(typed.encode()).hexdigest()}"


def _typed_name(credentials: dict[str, Any]) -> str:
    return str(credentials.get("username") or credentials.get("email") or "")


def supports_passkeys(request: HttpRequest) -> bool:
    """Return whether the host supports passkeys: a name over HTTPS, or `localhost`, but no IP."""
    name, _port = split_domain_port(request.get_host())
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return request.is_secure() or name == "localhost" or name.endswith(".localhost")
    return False
