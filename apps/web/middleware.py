"""What every request and answer goes through: readable in, never kept out."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

GetResponse = Callable[[HttpRequest], HttpResponse]


class NoStoreMiddleware:
    """`Cache-Control: no-store` on every answer that does not say something else itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response


class ReadableRequestMiddleware:
    """Answers 400 to what cannot be read, before anything trips over it in the middle.

    A form in an unknown charset would raise in the CSRF check; a NUL character in an address
    would raise in PostgreSQL.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_readable(request):
            return HttpResponse(render_to_string("400.html"), status=400)
        return self.get_response(request)


def _is_readable(request: HttpRequest) -> bool:
    if any("\x00" in value for values in request.GET.lists() for value in values[1]):
        return False
    try:
        return request.POST is not None
    except BadRequest:
        return False
