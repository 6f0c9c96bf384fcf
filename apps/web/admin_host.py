"""The review on a name of its own: it answers there and nowhere else, and nothing else does."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

_ON_BOTH = ("/accounts/", "/static/", "/healthz", "/readyz")


class AdminHostMiddleware:
    """With `TRIAGE_ADMIN_HOST`: 404 for the review on other names, and for all else on that name.

    Reading is led to where it is answered: the front page there to the review, and a result, which
    the review links to, to the rest of the site.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Raises Http404 where the address is not answered on this name."""
        if not settings.TRIAGE_ADMIN_HOST or request.path.startswith(_ON_BOTH):
            return None
        if _is_review(request.path) is _is_admin_host(request):
            return None
        if request.method in ("GET", "HEAD") and _is_admin_host(request):
            if request.path == "/":
                return HttpResponseRedirect(reverse("admin:index"))
            if request.path.startswith("/lookups/"):
                return HttpResponseRedirect(f"{site_address(request)}{request.path}")
        raise Http404


def review_address(request: HttpRequest) -> str:
    """Scheme and host of the review; empty where it is this very host."""
    if not settings.TRIAGE_ADMIN_HOST or _is_admin_host(request):
        return ""
    return _beginning(request, settings.TRIAGE_ADMIN_HOST)


def site_address(request: HttpRequest) -> str:
    """Scheme and host of the rest of the site; empty where it is this very host."""
    if not settings.TRIAGE_ADMIN_HOST or not _is_admin_host(request):
        return ""
    return _beginning(request, settings.TRIAGE_SITE_HOST)


def _beginning(request: HttpRequest, host: str) -> str:
    """The other name on the same scheme and port: what is in front of both is the same."""
    _name, colon, port = _host_of(request).rpartition(":")
    return f"{request.scheme}://{host}{f':{port}' if colon and port.isdigit() else ''}"


def _is_admin_host(request: HttpRequest) -> bool:
    name = _host_of(request).lower().partition(":")[0].rstrip(".")
    return name == str(settings.TRIAGE_ADMIN_HOST)


def _host_of(request: HttpRequest) -> str:
    """The name that was asked for; empty when it is none of ours, which has a page too."""
    try:
        return request.get_host()
    except DisallowedHost:
        return ""


def _is_review(path: str) -> bool:
    return path.startswith((reverse("admin:index"), "/review/"))
