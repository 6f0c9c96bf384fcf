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


def _page(heading: str, button: str, **more: str) -> dict[str, Any]:
    """Return the arguments that turn a view of django-allauth into our page with one form."""
    context = {"heading": heading, "button": button, **more}
    return {"template_name": "signin/form.html", "extra_context": context}


# Save a change together with its entry in the audit trail.
_atomic = transaction.atomic
_CONFIRM = _page("Confirm it's you", "Continue", lead="Confirm it's you before you change this.")
_INDEX = reverse_lazy("mfa_index")

_account = [
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("logout/", require_POST(account_views.logout), name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path(
        "reauthenticate/",
        account_views.ReauthenticateView.as_view(**_CONFIRM),
        name="account_reauthenticate",
    ),
    path(
        "password/change/",
        _atomic(
            views.ChangePasswordView.as_view(
                **_page("Change your password", "Change password", back="preferences")
            )
        ),
        name="account_change_password",
    ),
    path(
        "password/reset/",
        views.PasswordResetView.as_view(
            **_page(
                "Reset your password",
                "Send me a link",
                lead="We'll send a link to your account's email address.",
                back="account_login",
            )
        ),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        account_views.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        _atomic(
            views.PasswordResetFromKeyView.as_view(
                success_url=reverse_lazy("account_login"),
                extra_context={"heading": "Choose a new password", "button": "Save"},
            )
        ),
        name="account_reset_password_from_key",
    ),
    path("sessions/", session_views.list_usersessions, name="usersessions_list"),
    path("invitation/", views.invitation, name="invitation"),
    path("invitation/<str:token>/", views.invitation_opened, name="invitation_opened"),
]

_factors = [
    path("", views.IndexView.as_view(), name="mfa_index"),
    path("authenticate/", views.AuthenticateView.as_view(), name="mfa_authenticate"),
    path(
        "reauthenticate/",
        base_views.ReauthenticateView.as_view(**_CONFIRM),
        name="mfa_reauthenticate",
    ),
    path(
        "totp/activate/",
        _atomic(
            views.ActivateTotpView.as_view(
                extra_context={
                    "heading": "Set up an authenticator app",
                    "button": "Set it up",
                    "back": "mfa_index",
                }
            )
        ),
        name="mfa_activate_totp",
    ),
    path(
        "totp/deactivate/",
        _atomic(
            totp_views.DeactivateTOTPView.as_view(
                **_page(
                    "Remove the authenticator app",
                    "Remove it",
                    lead="Its codes will no longer work for Triage.",
                    back="mfa_index",
                )
            )
        ),
        name="mfa_deactivate_totp",
    ),
    path("recovery-codes/", recovery_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/generate/",
        _atomic(
            recovery_views.GenerateRecoveryCodesView.as_view(
                **_page(
                    "New recovery codes",
                    "Create codes",
                    lead="The old codes will stop working.",
                    back="mfa_index",
                )
            )
        ),
        name="mfa_generate_recovery_codes",
    ),
    path("passkeys/add/", _atomic(views.AddPasskeyView.as_view()), name="mfa_add_webauthn"),
    path(
        "passkeys/reauthenticate/",
        views.ReauthenticatePasskeyView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "passkeys/<int:pk>/remove/",
        _atomic(
            passkey_views.RemoveWebAuthnView.as_view(
                success_url=_INDEX,
                extra_context={
                    "heading": "Remove a passkey",
                    "button": "Remove it",
                    "back": "mfa_index",
                },
            )
        ),
        name="mfa_remove_webauthn",
    ),
    path("passkeys/login/", views.PasskeyLoginView.as_view(), name="mfa_login_webauthn"),
]

_sign_on = [
    path("begin/", views.oidc_begin, name="oidc_begin"),
    path("<slug:provider_id>/callback/", views.oidc_callback, name="openid_connect_callback"),
    path("cancelled/", social_views.login_cancelled, name="socialaccount_login_cancelled"),
]

urlpatterns = [
    *_account,
    path("2fa/", include(_factors)),
    path("oidc/", include(_sign_on)),
]
