"""The URLs of sign-in. Other URLs of django-allauth do not exist."""

from typing import Any

from allauth.account import views as account_views
from allauth.mfa.base import views as base_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as passkey_views
from allauth.socialaccount import views as social_views
from allauth.usersessions import views as session_views
from django.db import transaction
from django.urls import include, path, re_path, reverse_lazy
from django.views.decorators.http import require_POST

from apps.signin import views

_OUR_FORM = {"template_name": "signin/form.html"}


def _page(view: Any, options: dict[str, Any], heading: str, button: str, **more: str) -> Any:
    """Return a view of django-allauth with our words on the page."""
    return view.as_view(**options, extra_context={"heading": heading, "button": button, **more})


def _confirm(view: Any) -> Any:
    lead = "Confirm it's you before you change this."
    return _page(view, _OUR_FORM, "Confirm it's you", "Continue", lead=lead)


# Save a change together with its entry in the audit trail.
_atomic = transaction.atomic
# fmt: off
_account = [
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("logout/", require_POST(account_views.logout), name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("reauthenticate/", _confirm(account_views.ReauthenticateView),
         name="account_reauthenticate"),
    path("password/change/", _atomic(_page(
        views.ChangePasswordView, _OUR_FORM, "Change your password", "Change password",
        back="preferences")), name="account_change_password"),
    path("password/reset/", _page(
        views.PasswordResetView, _OUR_FORM, "Reset your password", "Send me a link",
        lead="We'll send a link to your account's email address.", back="account_login"),
        name="account_reset_password"),
    path("password/reset/done/", account_views.password_reset_done,
         name="account_reset_password_done"),
    re_path(r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$", _atomic(_page(
        views.PasswordResetFromKeyView, {"success_url": reverse_lazy("account_login")},
        "Choose a new password", "Save")), name="account_reset_password_from_key"),
    path("sessions/", session_views.list_usersessions, name="usersessions_list"),
    path("invitation/", views.invitation, name="invitation"),
    path("invitation/<str:token>/", views.invitation_opened, name="invitation_opened"),
]
_factors = [
    path("", views.IndexView.as_view(), name="mfa_index"),
    path("authenticate/", views.AuthenticateView.as_view(), name="mfa_authenticate"),
    path("reauthenticate/", _confirm(base_views.ReauthenticateView), name="mfa_reauthenticate"),
    path("totp/activate/", _atomic(_page(
        views.ActivateTotpView, {}, "Set up an authenticator app", "Set it up",
        back="mfa_index")), name="mfa_activate_totp"),
    path("totp/deactivate/", _atomic(_page(
        totp_views.DeactivateTOTPView, _OUR_FORM, "Remove the authenticator app", "Remove it",
        lead="Its codes will no longer work for Triage.", back="mfa_index")),
        name="mfa_deactivate_totp"),
    path("recovery-codes/", recovery_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("recovery-codes/generate/", _atomic(_page(
        recovery_views.GenerateRecoveryCodesView, _OUR_FORM, "New recovery codes", "Create codes",
        lead="The old codes will stop working.", back="mfa_index")),
        name="mfa_generate_recovery_codes"),
    path("passkeys/add/", _atomic(views.AddPasskeyView.as_view()), name="mfa_add_webauthn"),
    path("passkeys/reauthenticate/", views.ReauthenticatePasskeyView.as_view(),
         name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/remove/", _atomic(_page(
        passkey_views.RemoveWebAuthnView, {"success_url": reverse_lazy("mfa_index")},
        "Remove a passkey", "Remove it", back="mfa_index")), name="mfa_remove_webauthn"),
    path("passkeys/login/", views.PasskeyLoginView.as_view(), name="mfa_login_webauthn"),
]
_sign_on = [
    path("begin/", views.oidc_begin, name="oidc_begin"),
    path("<slug:provider_id>/callback/", views.oidc_callback, name="openid_connect_callback"),
    path("cancelled/", social_views.login_cancelled, name="socialaccount_login_cancelled"),
]
# fmt: on

urlpatterns = [
    *_account,
    path("2fa/", include(_factors)),
    path("oidc/", include(_sign_on)),
]
