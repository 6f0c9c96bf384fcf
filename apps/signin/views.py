"""The pages of sign-in: django-allauth's, with what Triage wants differently."""

from typing import Any

from allauth.account import views as account_views
from django.conf import settings
from django.contrib.admin.sites import site as admin_site
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from apps.signin.addresses import takes_passkeys


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
