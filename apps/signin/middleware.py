"""What every request of a signed-in person goes through."""

from collections.abc import Callable

from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from apps.signin.factors import lacks_factor
from apps.signin.sessions import note_activity, set_end_reason, why_over

GetResponse = Callable[[HttpRequest], HttpResponse]
_OPEN_WITHOUT_FACTOR = (
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_view_recovery_codes",
    "theme",
    "healthz",
    "readyz",
)


class SessionLimitsMiddleware:
    """Ends a session that was idle for too long, or lasted too long."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            reason = why_over(request)
            if reason:
                set_end_reason(request, reason)
                logout(request)
            else:
                note_activity(request)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Leads who must have a second factor, and has none, to setting it up before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        if (
            isinstance(person, User)
            and lacks_factor(request, person)
            and _name_of(request) not in _OPEN_WITHOUT_FACTOR
        ):
            return redirect("mfa_index")
        return self.get_response(request)


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
