"""What every request and answer goes through: readable in, never kept out."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.urls import reverse

_TAKES_FILES = "admin:known_errors_knownerror_import"
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
    """Answers 400 or 413 to what cannot be read, before anything trips over it in the middle.

    A form in an unknown charset would raise in the CSRF check; a NUL character in an address
    would raise in PostgreSQL. Files are taken at one address.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        status = _status_of(request)
        if status != 200:
            return HttpResponse(render_to_string(f"{status}.html"), status=status)
        return self.get_response(request)


def _status_of(request: HttpRequest) -> int:
    """200 for a request that can be read, 413 for one that is too large, else 400."""
    if _length_of(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return 413
    if any("\x00" in value for values in request.GET.lists() for value in values[1]):
        return 400
    try:
        if request.FILES and request.path != reverse(_TAKES_FILES):
            return 400
    except (RequestDataTooBig, TooManyFieldsSent):
        return 413
    except (BadRequest, TooManyFilesSent, MultiPartParserError):
        return 400
    return 200


def _length_of(request: HttpRequest) -> int:
    told = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(told) if told.isascii() and told.isdigit() else 0
