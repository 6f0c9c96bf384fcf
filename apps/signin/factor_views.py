"""The pages of second factors: django-allauth's, with what our templates print."""

import json
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.mfa.base import views as base_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as library
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.safestring import mark_safe

from apps.audit.models import Action
from apps.signin.addresses import takes_passkeys
from apps.signin.factors import has_passkey, lacks_factor
from apps.signin.trail import note

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
