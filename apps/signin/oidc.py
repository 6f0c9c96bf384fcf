"""Signing in through the one OpenID Connect provider.

The provider decides, at every sign-in, which roles a person has. It makes new accounts; an account
that is here already is joined by its e-mail address only if the admin says so, and never a
superuser's: that one stays for the day on which the provider is down.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.shortcuts import render
from requests import Session

from apps.accounts.models import Team
from apps.accounts.permissions import ROLES
from apps.accounts.tokens import put_into
from apps.audit.models import Action
from apps.audit.trail import one_act
from apps.outbound import AddressRefused, OutboundSession, Reach
from apps.signin.oidc_config import Oidc
from apps.signin.signals import note

# What a provider tells of a person, and what follows from it. No request, no database.


class Refused(Exception):
    """The person may not come in. `sentence` says why on the page, `why` in the audit trail."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(why)
        self.why, self.sentence = why, sentence


@dataclass(frozen=True, slots=True)
class Told:
    """What is sure of a person. The e-mail address is empty unless the provider verified it."""

    email: str
    groups: frozenset[str]
    roles: frozenset[str]


def read_claims(data: Mapping[str, Any], oidc: Oidc, nonce: str) -> Told:
    """What ID token and userinfo tell together. Raises `Refused` for what must not be trusted."""
    token, info = data.get("id_token") or {}, data.get("userinfo") or {}
    if not nonce or token.get("nonce") != nonce:
        raise Refused("nonce", "The sign-in response wasn't meant for this browser. Try again.")
    if str(token.get("iss", "")).rstrip("/") != oidc.issuer:
        raise Refused(
            "issuer", "The sign-in response came from an unexpected source. Ask your admin."
        )
    if info and info.get("sub") != token.get("sub"):
        raise Refused("subject", "The sign-in response contradicts itself. Ask your admin.")
    email = _verified_email(info) or _verified_email(token)  # never one's word for the other's
    domain = email.rpartition("@")[2]
    if oidc.allowed_domains and domain not in oidc.allowed_domains:
        raise Refused(
            "domain",
            "Your email address isn't from a domain that can sign in here, or your provider "
            "hasn't verified it. Ask your admin.",
        )
    groups = _words(token.get(oidc.groups_claim)) | _words(info.get(oidc.groups_claim))
    named = {group for group in groups if not group.startswith("@")} | {f"@{domain}"}
    roles = frozenset(oidc.roles[name] for name in named if name in oidc.roles)
    return Told(email=email, groups=groups, roles=roles)


def _verified_email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    is_verified = claims.get("email_verified") in (True, "true")
    return email.strip().lower() if is_verified and isinstance(email, str) else ""


def _words(value: Any) -> frozenset[str]:
    """One text is one group; a list is several; anything else is none."""
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))


# How the OpenID Connect provider is called: where its own document may lead us, and no further.

# The person's browser is sent to the first, with what ties the exchange to it; we call the others.
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")


def oidc_provider() -> Oidc:
    """The configured provider, where only its own addresses lead."""
    assert settings.OIDC is not None  # noqa: S101 - else there are no such addresses
    return settings.OIDC


class ProviderSession(OutboundSession):
    """Calls the issuer and the named hosts; follows no redirect, and waits five seconds at most."""

    def __init__(self) -> None:
        super().__init__(_reach(oidc_provider()))

    def request(self, *args: Any, **options: Any) -> Any:
        """Raises `AddressRefused` for any other host."""
        options["allow_redirects"] = False
        options.setdefault("timeout", 5)
        return super().request(*args, **options)


class ProviderCalls(OpenIDConnectOAuth2Adapter):
    """Reads the provider's document, and believes it only where it stays with the provider."""

    @cached_property
    def openid_config(self) -> Mapping[str, Any]:
        """Raises `AddressRefused` for a document of somebody else's, or that leads elsewhere."""
        document: Mapping[str, Any] = super().openid_config
        check_document(document, oidc_provider())
        return document


def check_document(document: Mapping[str, Any], oidc: Oidc) -> None:
    """Raises `AddressRefused`, in words that hold nothing of the document but known names."""
    if str(document.get("issuer", "")).rstrip("/") != oidc.issuer:
        raise AddressRefused("The provider's document names a different issuer than OIDC_ISSUER.")
    reach = _reach(oidc)
    for name in _ENDPOINTS:
        try:
            reach.check(str(document.get(name, "")))
        except AddressRefused:
            raise AddressRefused(
                f"The provider's {name} isn't on a host named in OIDC_ISSUER or OIDC_HOSTS."
            ) from None


def _reach(oidc: Oidc) -> Reach:
    addresses = [oidc.issuer, *(f"https://{host}" for host in oidc.hosts)]
    return Reach.of(addresses, settings.TRIAGE_PRIVATE_HOSTS)


NONCE = "oidc_nonce"
_NO_ROLE = Refused(
    "no role",
    "Your account has no role here. Ask your admin to add you to the right group.",
)
_TAKEN = Refused(
    "address taken",
    "An account with your email address already exists. Sign in to it with its password, or "
    "ask your admin.",
)


class SocialAdapter(DefaultSocialAccountAdapter):
    """Checks what the provider tells before anybody is let in, and sets the roles from it."""

    def get_requests_session(self) -> Session:
        """How the provider is asked."""
        return ProviderSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """`pre_social_login` has refused everybody who may not come in."""
        return True

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Only by setting, and never into a superuser's account."""
        users = filter_users_by_email(email, for_login=True)
        return bool(
            oidc_provider().link_by_email
            and len(users) == 1
            and not any(user.is_superuser for user in users)
        )

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Raises ImmediateHttpResponse with a page that says why somebody is not let in."""
        account = sociallogin.user if sociallogin.is_existing else None
        try:
            told = self._let_in(request, sociallogin, account)
        except Refused as refused:
            note(Action.SIGN_IN_FAILED, request, account, how="oidc", why=refused.why)
            page = render(request, "signin/refused.html", {"refused": refused}, status=403)
            raise ImmediateHttpResponse(page) from refused
        request.META["triage_told"] = told

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """A new account with its roles."""
        told: Told = request.META["triage_told"]
        user: User = super().save_user(request, sociallogin, form)
        set_roles(request, user, told)
        return user

    def _let_in(self, request: HttpRequest, sociallogin: SocialLogin, account: User | None) -> Told:
        if sociallogin.state.get("process", AuthProcess.LOGIN) != AuthProcess.LOGIN:
            raise Refused("process", "Start again on the sign-in page.")
        nonce = request.session.pop(NONCE, "")
        told = read_claims(sociallogin.account.extra_data, oidc_provider(), nonce)
        joined_by = sociallogin._did_authenticate_by_email
        if joined_by and joined_by.lower() != told.email:
            raise _TAKEN  # what the library took for verified the provider did not verify
        if account is not None:
            set_roles(request, account, told)
        if not told.roles:
            raise _NO_ROLE
        if account is None and told.email and filter_users_by_email(told.email):
            raise _TAKEN
        if account is None:  # an address that is not verified is nobody's
            sociallogin.user.email, sociallogin.email_addresses = told.email, []
        kept = sociallogin.account
        kept.extra_data = {}  # the claims have done their work
        if kept.pk:
            kept.save(update_fields=["extra_data"])
        return told


def set_roles(request: HttpRequest, user: User, told: Told) -> None:
    """Give the person the roles, and by setting the teams, that the provider tells; no others."""
    before = set(user.groups.all())
    managed = set(Group.objects.filter(name__in=ROLES))
    wanted = {group for group in managed if group.name in told.roles}
    if oidc_provider().teams:
        teams = {team.group for team in Team.objects.select_related("group")}
        managed |= teams
        wanted |= {group for group in teams if group.name in told.groups}
    after = (before - managed) | wanted
    if after != before:
        names = sorted(group.name for group in after)
        with one_act():
            put_into(user, after)
            note(Action.ACCOUNT_CHANGED, request, user, what="roles", by_whom="oidc", roles=names)


# The library's OpenID Connect provider, found here by its file's name, and what ours does more.


class IssuedProvider(OpenIDConnectProvider):
    """Knows a person by issuer and subject: another provider may use the same subjects."""

    oauth2_adapter_class = ProviderCalls

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Raises KeyError if the provider names nobody."""
        subject = super().extract_uid(data)
        issuer = oidc_provider().issuer
        return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()

    @classmethod
    def get_package(cls) -> str:
        """Where the library looks for what belongs to it."""
        return "allauth.socialaccount.providers.openid_connect"


provider_classes = [IssuedProvider]
