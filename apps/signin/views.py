"""The pages of sign-in, based on those of django-allauth."""

import json
import logging
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

import requests
from allauth.account import views as account_views
from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.mfa.base import views as base_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as library
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.utils import get_request_param
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Invitation
from apps.accounts.tokens import (
    InvitationInvalid,
    UsernameTaken,
    accept_invitation,
    find_invitation,
)
from apps.audit.models import Action
from apps.audit.trail import audited_transaction
from apps.lookups.problems import Problem
from apps.outbound import AddressRefused
from apps.signin.allauth_adapters import supports_passkeys
from apps.signin.forms import AcceptForm
from apps.signin.oidc import NONCE, ProviderAdapter, ProviderUnreadable
from apps.signin.oidc_config import PROVIDER
from apps.signin.sessions import audit_account, end_all_sessions, has_passkey, needs_factor
from apps.web.middleware import SeeOther, problem_page

_log = logging.getLogger(__name__)


class LoginView(account_views.LoginView):
    """Password, passkey, or single sign-on."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Accept `username`, the field of Django's own page, from scripts."""
        kwargs: dict[str, Any] = super().get_form_kwargs()
        data: QueryDict | None = kwargs.get("data")
        if data is not None and "login" not in data and "username" in data:
            kwargs["data"] = data = data.copy()
            data["login"] = data.get("username", "")
        return kwargs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the other ways to sign in."""
        return {
            **super().get_context_data(**kwargs),
            "oidc": settings.OIDC,
            "oidc_only": settings.OIDC_ONLY,
            "has_reset": settings.TRIAGE_EMAIL and not settings.OIDC_ONLY,
            "takes_passkeys": supports_passkeys(self.request),
        }


class ChangePasswordView(account_views.PasswordChangeView):
    """The password form, for people with a password."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raise Http404 for accounts of single sign-on."""
        if not isinstance(request.user, User) or not request.user.has_usable_password():
            raise Http404
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


_MAIL_AWAY = Problem(
    "mail_away",
    "Triage can't send email right now.",
    "Try again in a few minutes, or ask your Triage admin for a password link.",
)


@method_decorator(login_not_required, name="dispatch")
class _EmailRequired(View):
    """A public page that exists only if passwords can be reset by email."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Raise Http404 unless passwords can be reset by email."""
        if not settings.TRIAGE_EMAIL or settings.OIDC_ONLY:
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class PasswordResetView(_EmailRequired, account_views.PasswordResetView):
    """The form that sends a password link by email."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Send the link, or show that the mail server can't be reached."""
        try:
            response: HttpResponse = super().form_valid(form)
        except OSError as error:
            _log.error("A password link could not be sent: %s", type(error).__name__)
            return problem_page(self.request, _MAIL_AWAY)
        return response


class PasswordResetFromKeyView(_EmailRequired, account_views.PasswordResetFromKeyView):
    """The form for the new password."""


# --- second factors ----------------------------------------------------------------------------

_PASSKEY_FAILED = "We don't recognize this passkey, or it took too long. Try again."


class IndexView(base_views.IndexView):
    """A person's second factors."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether the person must set one up first."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "factor_missing": needs_factor(self.request, self.request.user)}


class AuthenticateView(base_views.AuthenticateView):
    """The second factor at sign-in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the options for the browser if the person has a passkey."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if has_passkey(self.stage.login.user):
            context["passkey_options"] = _as_json(context["js_data"]["request_options"])
        return context


class ReauthenticatePasskeyView(library.ReauthenticateWebAuthnView):
    """A passkey, to confirm a change."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the options for the browser."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["passkey_options"] = _as_json(context["js_data"]["request_options"])
        return context

    def form_invalid(self, form: Any) -> HttpResponse:
        """Return to the page with a message."""
        messages.error(self.request, _PASSKEY_FAILED)
        return redirect(self.request.get_full_path())


class ActivateTotpView(totp_views.ActivateTOTPView):
    """The key of the app, as QR code and text."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the QR code as inline SVG: the CSP allows no data URLs."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        svg = context["totp_svg"]
        context["totp_drawing"] = mark_safe(svg[svg.index("<svg") :])  # noqa: S308 - ours
        return context


class AddPasskeyView(library.AddWebAuthnView):
    """A new passkey, which can replace the password because the device verifies the person."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the options for the browser."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = passkeys.begin_registration(self.request.user, passwordless=True)
        context["passkey_options"] = _as_json(options)
        context["takes_passkeys"] = supports_passkeys(self.request)
        return context


class PasskeyLoginView(library.LoginWebAuthnView):
    """Returns the options for a passkey (GET) and signs in with it (POST)."""

    success_url = reverse_lazy("lookup_form")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the options as JSON."""
        return JsonResponse({"request_options": passkeys.begin_authentication(user=None)})

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in and redirect to `next`."""
        authenticator, wanted = form.cleaned_data["credential"], self.request.POST.get("next", "")
        is_ours = get_adapter().is_safe_url(wanted)
        login = Login(user=authenticator.user, redirect_url=wanted if is_ours else None)
        response: HttpResponse = perform_passwordless_login(self.request, authenticator, login)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Return to the page with a message."""
        audit_account(Action.SIGN_IN_FAILED, self.request, None, how="passkey")
        messages.error(self.request, _PASSKEY_FAILED)
        return redirect("account_login")


def _as_json(options: Any) -> str:
    return json.dumps(options, cls=DjangoJSONEncoder)


# --- single sign-on ----------------------------------------------------------------------------


def _through_provider(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show a page with status 503 if the provider can't be used; the audit trail says why."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.OIDC is None:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except AddressRefused as refused:
            leads_elsewhere, why = True, str(refused)
        except (requests.RequestException, ProviderUnreadable):
            leads_elsewhere, why = False, "provider does not answer"
        audit_account(Action.SIGN_IN_FAILED, request, None, how="oidc", why=why)
        context = {"oidc": settings.OIDC, "leads_elsewhere": leads_elsewhere}
        return render(request, "signin/unreachable.html", context, status=503)

    return wrapped


@login_not_required
@require_POST
@_through_provider
def oidc_begin(request: HttpRequest) -> HttpResponse:
    """Return a page that leads to the provider: the CSP allows no redirect of a form.

    Parameters that the library would read from the URL, such as scopes, are removed.
    """
    nonce = request.session.setdefault(NONCE, secrets.token_urlsafe(24))
    wanted = {
        "auth_params": urlencode({"nonce": nonce}),
        "next": get_request_param(request, "next"),
    }
    request.GET = QueryDict(urlencode({key: value for key, value in wanted.items() if value}))
    request.POST = QueryDict()
    response = OAuth2LoginView.adapter_view(ProviderAdapter(request, PROVIDER))(request)
    if response.status_code != 302:
        raise requests.RequestException
    context = {"oidc": settings.OIDC, "to": response["Location"]}
    return render(request, "signin/hand_on.html", context)


@login_not_required
@require_safe
@_through_provider
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Finish the sign-in when the provider returns the browser."""
    if provider_id != PROVIDER:
        raise Http404
    finish = OAuth2CallbackView.adapter_view(ProviderAdapter(request, PROVIDER))
    response: HttpResponse = finish(request)
    if response.status_code == 401:
        why = "refused by the exchange"
        audit_account(Action.SIGN_IN_FAILED, request, None, how="oidc", why=why)
    return response


# --- invitations -------------------------------------------------------------------------------

_TOKEN = "invitation"  # noqa: S105 - a session's key


@login_not_required
@require_safe
def invitation_opened(request: HttpRequest, token: str) -> HttpResponse:
    """Move the token from the URL to the session, to keep it out of the browser's history."""
    request.session[_TOKEN] = token
    return redirect("invitation")


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Let an invited person choose username and password, once."""
    try:
        if settings.OIDC_ONLY:
            raise InvitationInvalid
        invited = find_invitation(request.session.get(_TOKEN, ""))
        form = AcceptForm(request.POST or None, person=invited.person, email=invited.email)
        if form.is_valid():
            form = _save_account(request, invited)
    except InvitationInvalid:
        return render(request, "signin/invitation_over.html", status=410)
    except UsernameTaken:
        form.add_error("username", "That username is taken. Choose another.")
    if form.is_valid():
        logout(request)
        messages.success(request, "Done. You can sign in now.")
        return SeeOther(reverse("account_login"))
    heading = "Welcome to Triage" if invited.person is None else "Choose a new password"
    context = {"form": form, "invited": invited, "heading": heading, "button": "Save"}
    return render(request, "signin/invitation.html", context)


@audited_transaction()
def _save_account(request: HttpRequest, invited: Invitation) -> AcceptForm:
    """Save the account together with its entry in the audit trail.

    Check the form again first: someone else may have taken the name or address in the meantime.
    """
    form = AcceptForm(request.POST, person=invited.person, email=invited.email)
    if not form.is_valid():
        return form
    is_renewal, chosen = invited.person is not None, form.cleaned_data
    person = accept_invitation(invited, chosen["password1"], username=chosen.get("username", ""))
    if is_renewal:
        end_all_sessions(person)
    what = "password renewed by link" if is_renewal else "account made by invitation"
    audit_account(Action.ACCOUNT_CHANGED, request, person, what=what, invitation=invited.pk)
    return form
