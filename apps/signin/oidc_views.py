"""Going to the OpenID Connect provider, and coming back."""

import secrets

import requests
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.utils import get_request_param
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from apps.audit.models import Action
from apps.outbound import AddressRefused
from apps.signin.configured import PROVIDER
from apps.signin.oidc import NONCE
from apps.signin.provider_calls import ProviderCalls
from apps.signin.trail import note

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
