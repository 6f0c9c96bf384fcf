"""What was refused, in the audit trail: whatever door it was, and whoever knocked."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.accounts.models import ApiToken
from apps.audit.trail import Actor, actor_of, client_address, record_refusal
from apps.lookups.access import Asker
from apps.lookups.models import Origin
from apps.lookups.problems import LookupFailed

_WHY = {401: "no valid token", 403: "no permission"}


class RefusalMiddleware:
    """Records each answer 401 and 403 with the page's name, never with what was sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        why = _WHY.get(response.status_code)
        if why and not hasattr(request, "refusal_is_recorded"):
            record_refusal(_caller(request), target=_page(request), why=why)
        return response


def note_recorded(request: HttpRequest, failure: LookupFailed) -> None:
    """Whoever refused has written it down, with more than a status tells."""
    if failure.is_recorded:
        request.refusal_is_recorded = True  # type: ignore[attr-defined]  # read above


def _caller(request: HttpRequest) -> Actor:
    token = getattr(request, "auth", None)  # the API puts there whom it let in
    if isinstance(token, ApiToken):
        return Asker(Origin.API, token.user, address=client_address(request)).actor
    actor = actor_of(request)
    if actor.user_id is None and "api" in _namespaces(request):
        return Actor(Origin.API, address=actor.address)
    return actor


def _namespaces(request: HttpRequest) -> list[str]:
    return request.resolver_match.namespaces if request.resolver_match else []


def _page(request: HttpRequest) -> str:
    """The page by its name, with the lookup if it is about one; nothing else of the address."""
    match = request.resolver_match
    if match is None:
        return "unknown page"
    lookup_id = match.kwargs.get("lookup_id")
    return f"{match.view_name} {lookup_id}" if lookup_id else f"page {match.view_name}"
