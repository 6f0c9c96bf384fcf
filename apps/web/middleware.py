"""What every request and answer goes through: readable in, never kept out."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from apps.accounts.models import ApiToken
from apps.audit.trail import Actor, actor_of, client_address, record_refusal
from apps.lookups.access import Asker
from apps.lookups.models import Lookup, Origin
from apps.lookups.problems import LookupCancelled, LookupFailed, LookupPurged, Problem
from apps.lookups.records import reason_of
from apps.web.access import lookup_for

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


# What every answer tells the browser it must not do, whoever made the answer.

# What a page may use: putting text on the clipboard, and passkeys for signing in.
_USED = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
_UNUSED = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read"),
    *("display-capture", "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope"),
    *("hid", "identity-credentials-get", "idle-detection", "keyboard-map", "local-fonts"),
    *("magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock"),
    *("serial", "storage-access", "sync-xhr", "usb", "window-management", "xr-spatial-tracking"),
)
PERMISSIONS = ", ".join([f"{name}=(self)" for name in _USED] + [f"{name}=()" for name in _UNUSED])


class HeadersMiddleware:
    """Headers that Django does not set, on pages, files, JSON, redirects and failures alike."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


# What was refused, in the audit trail: whatever door it was, and whoever knocked.

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


# The pages that stand in for an answer that could not be had.

View = Callable[..., HttpResponseBase]


def explains_failures(view: View) -> View:
    """Turn a lookup that failed, or whose answer was removed, into its page."""

    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, **kwargs)
        except LookupCancelled as failure:
            lookup, status = lookup_for(request, kwargs["lookup_id"]), failure.problem.page_status
            context = {"lookup": lookup, "reason": reason_of(lookup)}
            return render(request, "lookups/cancelled.html", context, status=status)
        except LookupPurged as failure:
            lookup, problem = lookup_for(request, kwargs["lookup_id"]), failure.problem
            context = {"lookup": lookup, "gone": failure.gone, "headline": problem.message}
            return render(request, "lookups/purged.html", context, status=problem.page_status)
        except LookupFailed as failure:
            note_recorded(request, failure)
            return problem_page(request, failure.problem, kwargs.get("lookup_id"))

    return wrapped


def problem_page(
    request: HttpRequest, problem: Problem, lookup_id: uuid.UUID | None = None
) -> HttpResponse:
    """A failure in plain words, with its honest status and `Retry-After` where it is known."""
    known = Lookup.objects.select_related("typed").defer("snapshot")
    lookup = known.filter(uuid=lookup_id).first() if lookup_id else None
    context = {
        "problem": problem,
        "lookup": lookup,
        "reason": reason_of(lookup) if lookup else "",
        "is_reviewer": request.user.has_perm("lookups.view_lookup"),
    }
    response = render(request, "problem.html", context, status=problem.page_status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


# Going elsewhere after a POST.


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done, look there (RFC 9110, 15.4.4)."""

    status_code = 303
