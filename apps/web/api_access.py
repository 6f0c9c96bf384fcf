"""Who may use the API: a token that works, with the scope for what it does."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from apps.accounts.models import ApiToken, Scope
from apps.accounts.tokens import TokenRefused, allows, find_token
from apps.audit.trail import Actor, client_address, record_refusal
from apps.lookups.access import Asker
from apps.lookups.models import Origin
from apps.lookups.problems import Problem
from apps.web.api_problems import api_problem, problem_response

_NO_TOKEN = api_problem(
    "no_access",
    401,
    "The API token is missing, wrong or revoked.",
    "Send it as `Authorization: Bearer <token>`; an admin issues tokens.",
)
_EXPIRED = api_problem(
    "token_expired", 401, "This API token has expired.", "Ask your Triage admin for a new one."
)
_NO_ROLE = api_problem("no_access", 403, "This token can't look up customers.", "Ask your admin.")


class ScopeMissing(Exception):
    """A token that works, and was not made for this."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.value)
        self.scope = scope


class RoleMissing(Exception):
    """A token whose person may not look up customers."""


class TokenAuth(HttpBearer):
    """`Authorization: Bearer` with a token that is valid now."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token's record, None for one that is not valid."""
        return _token_of(request, token)


def token_for(request: HttpRequest, scope: Scope) -> ApiToken:
    """The request's token, if it is for this. Raises `RoleMissing` and `ScopeMissing`."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]  # ninja puts it there
    if not token.user.has_perm("lookups.add_lookup"):
        _record_refusal(request, "role", token)
        raise RoleMissing
    if not allows(token, scope):
        _record_refusal(request, "scope", token)
        raise ScopeMissing(scope)
    return token


def api_asker(request: HttpRequest, token: ApiToken) -> Asker:
    """Who asks, as records name them."""
    return Asker(Origin.API, token.user, address=client_address(request))


def for_people_and_programs(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in who may look up or issue tokens, or sends a valid token; a browser may sign in."""

    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            if _may_read_about(request):
                return view(request, *args, **kwargs)
            return problem_response(_NO_ROLE)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _token_of(request, token):
            return view(request, *args, **kwargs)
        if not scheme and "text/html" in request.headers.get("Accept", ""):
            return redirect_to_login(request.get_full_path())
        return token_refused(request, AuthenticationError())

    return wrapped


def token_refused(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    """401. That a token has expired learns only who holds it."""
    why = getattr(request, "token_refused", None)
    response = problem_response(_EXPIRED if why == "expired" else _NO_TOKEN)
    sent = 'Bearer realm="Triage", error="invalid_token"'
    response["WWW-Authenticate"] = sent if why else 'Bearer realm="Triage"'
    return response


def scope_missing(_request: HttpRequest, error: ScopeMissing) -> HttpResponse:
    """403, naming the scope."""
    scope = error.scope.value
    problem = api_problem(
        "missing_scope",
        403,
        f"This token doesn't have the scope {scope}.",
        "Ask your Triage admin for a token that has it.",
    )
    response = problem_response(problem)
    told = f'Bearer realm="Triage", error="insufficient_scope", scope="{scope}"'
    response["WWW-Authenticate"] = told
    return response


def role_missing(_request: HttpRequest, _error: RoleMissing) -> HttpResponse:
    """403: a token is never mightier than its person."""
    return problem_response(_NO_ROLE)


def project_refused() -> Problem:
    """403 for a project that the token was not made for."""
    return api_problem(
        "project_not_allowed",
        403,
        "This token can't access one of these projects.",
        "Choose other projects, or ask your Triage admin. Nothing was looked up.",
    )


def _may_read_about(request: HttpRequest) -> bool:
    rights = ("lookups.add_lookup", "accounts.view_apitoken")
    return any(request.user.has_perm(right) for right in rights)


def _token_of(request: HttpRequest, token: str) -> ApiToken | None:
    try:
        return find_token(token, address=client_address(request))
    except TokenRefused as refused:
        request.token_refused = refused.reason  # type: ignore[attr-defined]  # for the answer
        _record_refusal(request, refused.reason, refused.record)
        return None


def _record_refusal(request: HttpRequest, why: str, token: ApiToken | None) -> None:
    actor = Actor(Origin.API, address=client_address(request))
    if token:
        actor = api_asker(request, token).actor
    record_refusal(actor, target=token.audit_target if token else "api token", why=why)
    request.refusal_is_recorded = True  # type: ignore[attr-defined]  # it would be again by status
