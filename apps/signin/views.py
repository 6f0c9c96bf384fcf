"""The pages of sign-in: django-allauth's, with what Triage wants differently."""

import json
import secrets
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
from django.contrib.admin.sites import site as admin_site
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Invitation
from apps.accounts.tokens import NameTaken, NoLongerValid, accept, find_invitation
from apps.audit.models import Action
from apps.audit.trail import one_act
from apps.outbound import AddressRefused
from apps.signin.allauth_adapters import takes_passkeys
from apps.signin.forms import AcceptForm
from apps.signin.oidc import NONCE, ProviderCalls
from apps.signin.oidc_config import PROVIDER
from apps.signin.sessions import end_all, has_passkey, lacks_factor
from apps.signin.signals import note
from apps.web.middleware import SeeOther


class LoginView(account_views.LoginView):
    """Name and password, a passkey, or single sign-on."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Scripts may say `username`, as Django's own page has it."""
        kwargs: dict[str, Any] = super().get_form_kwargs()
        data: QueryDict | None = kwargs.get("data")
        if data is not None and "login" not in data and "username" in data:
            kwargs["data"] = data = data.copy()
            data["login"] = data.get("username", "")
        return kwargs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What is offered beside the password."""
        offered = {
            "oidc": settings.OIDC,
            "oidc_only": settings.OIDC_ONLY,
            "has_reset": settings.TRIAGE_EMAIL and not settings.OIDC_ONLY,
            "takes_passkeys": takes_passkeys(self.request),
        }
        return {**super().get_context_data(**kwargs), **offered}


class ChangePasswordView(account_views.PasswordChangeView):
    """For who has a password; everybody else has nothing to change here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises Http404 for accounts of single sign-on."""
        person = request.user
        if not isinstance(person, User) or not person.has_usable_password():
            raise Http404
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


@method_decorator(login_not_required, name="dispatch")
class PasswordResetView(account_views.PasswordResetView):
    """A link by mail, where mail is set up."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises Http404 where no mail is sent, or nobody has a password."""
        only_with_mail()
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


@method_decorator(login_not_required, name="dispatch")
class PasswordResetFromKeyView(account_views.PasswordResetFromKeyView):
    """The new password, behind the link."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises Http404 where no mail is sent, or nobody has a password."""
        only_with_mail()
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


def only_with_mail() -> None:
    """Raises Http404 where a password cannot be renewed by mail."""
    if not settings.TRIAGE_EMAIL or settings.OIDC_ONLY:
        raise Http404


@login_not_required
def admin_login(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The review has no sign-in of its own: one door, with its locks."""
    if not request.user.is_authenticated:
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(wanted)
    if not admin_site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


def admin_password_change(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Nor has it a way of its own to change a password."""
    return redirect("account_change_password")


# The pages of second factors: django-allauth's, with what our templates print.

_PASSKEY_FAILED = "We don't recognize this passkey, or it took too long. Try again."


class IndexView(base_views.IndexView):
    """What a person has, and how to change it."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether one has to be set up before anything else."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "factor_missing": lacks_factor(self.request, self.request.user)}


class AuthenticateView(base_views.AuthenticateView):
    """The second step of signing in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the browser needs to ask for a passkey; nothing when there is none."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if has_passkey(self.stage.login.user):
            context["passkey_options"] = _as_text(context["js_data"]["request_options"])
        return context


class ReauthenticatePasskeyView(library.ReauthenticateWebAuthnView):
    """A passkey again, before something is changed."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the browser needs to ask for it."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = _as_text(context["js_data"]["request_options"])
        alternatives = self.get_reauthentication_alternatives()
        return {
            **context,
            "passkey_options": options,
            "reauthentication_alternatives": alternatives,
        }

    def form_invalid(self, form: Any) -> HttpResponse:
        """The same page again, with a sentence."""
        messages.error(self.request, _PASSKEY_FAILED)
        return redirect(self.request.get_full_path())


class ActivateTotpView(totp_views.ActivateTOTPView):
    """The key, as a drawing and as text."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The drawing stands in the page, since the policy takes no images from elsewhere."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        drawing = context["totp_svg"]
        context["totp_drawing"] = mark_safe(drawing[drawing.index("<svg") :])  # noqa: S308 - ours
        return context


class AddPasskeyView(library.AddWebAuthnView):
    """A passkey that can stand for name and password: the device asks who it is."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the browser needs to make one."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = passkeys.begin_registration(self.request.user, passwordless=True)
        return {
            **context,
            "passkey_options": _as_text(options),
            "takes_passkeys": takes_passkeys(self.request),
        }


class PasskeyLoginView(library.LoginWebAuthnView):
    """GET gives the page's script what it needs to ask for a passkey, POST takes it."""

    success_url = reverse_lazy("lookup_form")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The options, as JSON."""
        options = passkeys.begin_authentication(user=None)
        return JsonResponse({"request_options": options})

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, and go on to where the person wanted to."""
        authenticator = form.cleaned_data["credential"]
        wanted = self.request.POST.get("next", "")
        is_ours = get_adapter().is_safe_url(wanted)
        login = Login(user=authenticator.user, redirect_url=wanted if is_ours else None)
        response: HttpResponse = perform_passwordless_login(self.request, authenticator, login)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Back to the page, with a sentence."""
        note(Action.SIGN_IN_FAILED, self.request, None, how="passkey")
        messages.error(self.request, _PASSKEY_FAILED)
        return redirect("account_login")


def _as_text(options: Any) -> str:
    return json.dumps(options, cls=DjangoJSONEncoder)


# Going to the OpenID Connect provider, and coming back.

_FAILURES = (requests.RequestException, KeyError, ValueError)


@login_not_required
@require_POST
def oidc_begin(request: HttpRequest) -> HttpResponse:
    """Hand the browser on to the provider.

    From a page of ours, because the policy lets forms lead nowhere else. What the library would
    take from the address (scopes, parameters) is not taken.
    """
    if settings.OIDC is None:
        raise Http404
    nonce = request.session.setdefault(NONCE, secrets.token_urlsafe(24))
    wanted = {
        "auth_params": urlencode({"nonce": nonce}),
        "next": get_request_param(request, "next"),
    }
    request.GET = QueryDict(urlencode({key: value for key, value in wanted.items() if value}))
    request.POST = QueryDict()
    try:
        begin = OAuth2LoginView.adapter_view(ProviderCalls(request, PROVIDER))
        response: HttpResponse = begin(request)
    except AddressRefused as refused:
        return _leads_elsewhere(request, refused)
    except _FAILURES:
        return _unreachable(request)
    if response.status_code != 302:
        return _unreachable(request)
    return render(
        request, "signin/hand_on.html", {"oidc": settings.OIDC, "to": response["Location"]}
    )


@login_not_required
@require_safe
def oidc_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The provider sent the browser back."""
    if settings.OIDC is None or provider_id != PROVIDER:
        raise Http404
    try:
        finish = OAuth2CallbackView.adapter_view(ProviderCalls(request, PROVIDER))
        response: HttpResponse = finish(request)
    except AddressRefused as refused:
        return _leads_elsewhere(request, refused)
    except _FAILURES:
        return _unreachable(request)
    if response.status_code == 401:
        note(Action.SIGN_IN_FAILED, request, None, how="oidc", why="refused by the exchange")
    return response


def _unreachable(request: HttpRequest) -> HttpResponse:
    note(Action.SIGN_IN_FAILED, request, None, how="oidc", why="provider does not answer")
    return render(request, "signin/unreachable.html", {"oidc": settings.OIDC}, status=503)


def _leads_elsewhere(request: HttpRequest, refused: AddressRefused) -> HttpResponse:
    """What the admin must correct stands in the trail; a stranger need not know it."""
    note(Action.SIGN_IN_FAILED, request, None, how="oidc", why=str(refused))
    context = {"oidc": settings.OIDC, "leads_elsewhere": True}
    return render(request, "signin/unreachable.html", context, status=503)


# The page behind an invitation's link.

_TOKEN = "invitation"  # noqa: S105 - a session's key


@login_not_required
@require_safe
def invitation_opened(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address, so that it does not stay in the browser's history."""
    request.session[_TOKEN] = token
    return redirect("invitation")


@login_not_required
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Choose name and password. It works once."""
    try:
        if settings.OIDC_ONLY:
            raise NoLongerValid
        invited = find_invitation(request.session.get(_TOKEN, ""))
        form = AcceptForm(request.POST or None, person=invited.person, email=invited.email)
        if not form.is_valid():
            return _page(request, invited, form)
        return _accepted(request, invited, form)
    except NoLongerValid:
        return render(request, "signin/invitation_over.html", status=410)


def _accepted(request: HttpRequest, invited: Invitation, form: AcceptForm) -> HttpResponse:
    try:
        _accept(request, invited, form.cleaned_data)
    except NameTaken:
        form.add_error("username", "That username is taken. Choose another.")
        return _page(request, invited, form)
    logout(request)
    messages.success(request, "Done. You can sign in now.")
    return SeeOther(reverse("account_login"))


@one_act()
def _accept(request: HttpRequest, invited: Invitation, chosen: dict[str, Any]) -> None:
    """The account and its entry in the trail: both or neither."""
    is_renewal = invited.person is not None
    person = accept(invited, chosen["password1"], username=chosen.get("username", ""))
    if is_renewal:
        end_all(person)
    what = "password renewed by link" if is_renewal else "account made by invitation"
    note(Action.ACCOUNT_CHANGED, request, person, what=what, invitation=invited.pk)


def _page(request: HttpRequest, invited: Invitation, form: AcceptForm) -> HttpResponse:
    is_renewal = invited.person is not None
    heading = "Choose a new password" if is_renewal else "Welcome to Triage"
    context = {"form": form, "invited": invited, "heading": heading, "button": "Save"}
    return render(request, "signin/invitation.html", context)
