"""Single sign-on through the OpenID Connect provider.

The provider sets a person's roles at every sign-in and creates new accounts. An existing account
is linked by email only with `OIDC_LINK_BY_EMAIL`, and never a superuser's, who can then still sign
in when the provider is down.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, TypeVar

from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.shortcuts import render
from requests import RequestException, Session

from apps.accounts.models import ROLES, Team
from apps.accounts.tokens import set_groups
from apps.audit.models import Action
from apps.audit.trail import audited_transaction
from apps.outbound import AddressRefused, OutboundPolicy, OutboundSession
from apps.signin.allauth_adapters import WORDS
from apps.signin.oidc_config import Oidc
from apps.signin.sessions import audit_account

# --- claims ------------------------------------------------------------------------------------


class SignInRefused(Exception):
    """A refused sign-in. The page shows `sentence`, the audit trail `why`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why, self.sentence = why, WORDS["refusals"][why]


@dataclass(frozen=True, slots=True)
class Identity:
    """The verified facts about a person; `email` is empty if the provider did not verify it."""

    email: str
    groups: frozenset[str]
    roles: frozenset[str]


def read_claims(data: Mapping[str, Any], oidc: Oidc, nonce: str) -> Identity:
    """Return the identity in ID token and userinfo. Raise `SignInRefused` if not trustworthy."""
    token, info = data.get("id_token") or {}, data.get("userinfo") or {}
    if not nonce or token.get("nonce") != nonce:
        raise SignInRefused("nonce")
    if str(token.get("iss", "")).rstrip("/") != oidc.issuer:
        raise SignInRefused("issuer")
    if info and info.get("sub") != token.get("sub"):
        raise SignInRefused("subject")
    email = _verified_email(info) or _verified_email(token)  # with the claim of the same source
    domain = email.rpartition("@")[2]
    if oidc.allowed_domains and domain not in oidc.allowed_domains:
        raise SignInRefused("domain")
    groups = _group_names(token.get(oidc.groups_claim)) | _group_names(info.get(oidc.groups_claim))
    named = {group for group in groups if not group.startswith("@")} | {f"@{domain}"}
    roles = frozenset(oidc.roles[name] for name in named if name in oidc.roles)
    return Identity(email=email, groups=groups, roles=roles)


def _verified_email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    is_verified = claims.get("email_verified") in (True, "true")
    return email.strip().lower() if is_verified and isinstance(email, str) else ""


def _group_names(value: Any) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))


# --- calls to the provider ---------------------------------------------------------------------

# The browser is sent to the first; Triage calls the others.
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")


def oidc_provider() -> Oidc:
    """Return the configured provider; only its own URLs use this."""
    assert settings.OIDC is not None  # noqa: S101 - the URLs need a provider
    return settings.OIDC


class ProviderSession(OutboundSession):
    """Calls the issuer and `OIDC_HOSTS`, without redirects, within five seconds."""

    def __init__(self) -> None:
        super().__init__(_policy())

    def request(self, *args: Any, **options: Any) -> Any:
        """Raise `AddressRefused` for any other host."""
        options["allow_redirects"] = False
        options.setdefault("timeout", 5)
        return super().request(*args, **options)


class ProviderUnreadable(Exception):
    """A response of the provider lacks something."""


_Read = TypeVar("_Read")


def _reading(method: Callable[..., _Read]) -> Callable[..., _Read]:
    """Make a method raise `ProviderUnreadable` for a response that it can't read."""

    @wraps(method)
    def read(*args: Any, **options: Any) -> _Read:
        try:
            return method(*args, **options)
        except RequestException:
            raise
        except (KeyError, ValueError) as error:
            raise ProviderUnreadable from error

    return read


class ProviderAdapter(OpenIDConnectOAuth2Adapter):
    """Reads the provider's discovery document and checks its URLs."""

    get_access_token_data = _reading(OpenIDConnectOAuth2Adapter.get_access_token_data)
    parse_token = _reading(OpenIDConnectOAuth2Adapter.parse_token)
    complete_login = _reading(OpenIDConnectOAuth2Adapter.complete_login)

    @cached_property
    @_reading
    def openid_config(self) -> Mapping[str, Any]:
        """Return the document. Raise `AddressRefused` for another issuer or other hosts."""
        document: Mapping[str, Any] = super().openid_config
        if str(document.get("issuer", "")).rstrip("/") != oidc_provider().issuer:
            raise AddressRefused(
                "The provider's document names a different issuer than OIDC_ISSUER."
            )
        policy = _policy()
        for name in _ENDPOINTS:
            try:
                policy.check(str(document.get(name, "")))
            except AddressRefused:
                raise AddressRefused(
                    f"The provider's {name} isn't on a host named in OIDC_ISSUER or OIDC_HOSTS."
                ) from None
        return document


def _policy() -> OutboundPolicy:
    oidc = oidc_provider()
    addresses = [oidc.issuer, *(f"https://{host}" for host in oidc.hosts)]
    return OutboundPolicy.of(addresses, settings.TRIAGE_PRIVATE_HOSTS)


# --- sign-in -----------------------------------------------------------------------------------

NONCE = "oidc_nonce"


class SocialAdapter(DefaultSocialAccountAdapter):
    """Checks the claims before sign-in, and sets roles from them."""

    def get_requests_session(self) -> Session:
        """Return the session for calls to the provider."""
        return ProviderSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Return True: `pre_social_login` has checked the person."""
        return True

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        """Allow it only with `OIDC_LINK_BY_EMAIL`, and never for a superuser."""
        users = filter_users_by_email(email, for_login=True)
        return bool(
            oidc_provider().link_by_email
            and len(users) == 1
            and not any(user.is_superuser for user in users)
        )

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Check the claims. Raise ImmediateHttpResponse with a page that explains a refusal."""
        account = sociallogin.user if sociallogin.is_existing else None
        try:
            identity = self._admit(request, sociallogin, account)
        except SignInRefused as refused:
            audit_account(Action.SIGN_IN_FAILED, request, account, how="oidc", why=refused.why)
            page = render(request, "signin/refused.html", {"refused": refused}, status=403)
            raise ImmediateHttpResponse(page) from refused
        request.META["triage_identity"] = identity

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """Create an account with its roles."""
        user: User = super().save_user(request, sociallogin, form)
        set_roles(request, user, request.META["triage_identity"])
        return user

    def _admit(
        self, request: HttpRequest, sociallogin: SocialLogin, account: User | None
    ) -> Identity:
        if sociallogin.state.get("process", AuthProcess.LOGIN) != AuthProcess.LOGIN:
            raise SignInRefused("process")
        nonce = request.session.pop(NONCE, "")
        identity = read_claims(sociallogin.account.extra_data, oidc_provider(), nonce)
        linked_by = sociallogin._did_authenticate_by_email
        if linked_by and linked_by.lower() != identity.email:
            raise SignInRefused("address taken")  # the provider did not verify the linked one
        if account is not None:
            set_roles(request, account, identity)
        if not identity.roles:
            raise SignInRefused("no role")
        if account is None and identity.email and filter_users_by_email(identity.email):
            raise SignInRefused("address taken")
        if account is None:  # store verified addresses only
            sociallogin.user.email, sociallogin.email_addresses = identity.email, []
        stored = sociallogin.account
        stored.extra_data = {}  # the claims are no longer needed
        if stored.pk:
            stored.save(update_fields=["extra_data"])
        return identity


def set_roles(request: HttpRequest, user: User, identity: Identity) -> None:
    """Set the person's roles, and with `OIDC_TEAMS` the teams, from the claims."""
    before = set(user.groups.all())
    managed = set(Group.objects.filter(name__in=ROLES))
    wanted = {group for group in managed if group.name in identity.roles}
    if oidc_provider().teams:
        teams = {team.group for team in Team.objects.select_related("group")}
        managed |= teams
        wanted |= {group for group in teams if group.name in identity.groups}
    after = (before - managed) | wanted
    if after != before:
        names = sorted(group.name for group in after)
        with audited_transaction():
            set_groups(user, after)
            audit_account(
                Action.ACCOUNT_CHANGED, request, user, what="roles", by_whom="oidc", roles=names
            )
