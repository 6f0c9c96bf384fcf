"""The page behind an invitation's link."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import Invitation
from apps.accounts.tokens import NameTaken, NoLongerValid, accept, find_invitation
from apps.audit.models import Action
from apps.audit.trail import one_act
from apps.signin.forms import AcceptForm
from apps.signin.sessions import end_all
from apps.signin.trail import note
from apps.web.redirects import SeeOther

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
