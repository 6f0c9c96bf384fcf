"""Signing in through the one OpenID Connect provider.

The provider decides, at every sign-in, which roles a person has. It makes new accounts; an account
that is here already is joined by its e-mail address only if the admin says so, and never a
superuser's: that one stays for the day on which the provider is down.
"""

from typing import Any

from allauth.account.internal.userkit import filter_users_by_email
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.shortcuts import render
from requests import Session

from apps.accounts.models import Team
from apps.accounts.permissions import ROLES
from apps.accounts.tokens import put_into
from apps.audit.models import Action
from apps.audit.trail import one_act
from apps.signin.claims import Refused, Told, read_claims
from apps.signin.provider_calls import ProviderSession, oidc_provider
from apps.signin.trail import note

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
