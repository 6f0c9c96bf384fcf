"""Middleware for every request and response, and the pages that report failures."""

import sys
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core import exceptions
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from apps.audit.trail import Actor, actor_of, record_refusal
from apps.events.once import rule_cache
from apps.exports import ExportRefused
from apps.lookups import problems
from apps.lookups.access import Requester
from apps.lookups.models import Lookup, Origin
from apps.lookups.records import reason_of
from apps.web.access import get_lookup_or_404, record_partial_view

_TAKES_FILES = ("admin:known_errors_knownerror_import", "incident_list")


class NoStoreMiddleware(MiddlewareMixin):
    """Sets `Cache-Control: no-store` on every response that has no Cache-Control yet."""

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class ReadableRequestMiddleware(MiddlewareMixin):
    """Rejects unreadable requests with 400 or 413 before they fail somewhere deeper.

    A form in an unknown charset would raise in the CSRF check, a NUL character in a query string
    in PostgreSQL. Only two pages accept files.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        status = _status_of(request)
        if status == 200:
            return None
        return HttpResponse(render_to_string(f"{status}.html"), status=status)


def _status_of(request: HttpRequest) -> int:
    """Return 200 for a readable request, 413 for one that is too large, else 400."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    is_number = length.isascii() and length.isdigit()
    if is_number and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return 413
    if any("\x00" in value for values in request.GET.lists() for value in values[1]):
        return 400
    try:
        if request.FILES and request.path not in map(reverse, _TAKES_FILES):
            return 400
    except (exceptions.RequestDataTooBig, exceptions.TooManyFieldsSent):
        return 413
    except (exceptions.BadRequest, exceptions.TooManyFilesSent, MultiPartParserError):
        return 400
    return 200


# Browser features: pages use the clipboard for copying, and passkeys for signing in.
_USED = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
_UNUSED = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read"),
    *("display-capture", "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope"),
    *("hid", "identity-credentials-get", "idle-detection", "keyboard-map", "local-fonts"),
    *("magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock"),
    *("serial", "storage-access", "sync-xhr", "usb", "window-management", "xr-spatial-tracking"),
)
PERMISSIONS = ", ".join([f"{name}=(self)" for name in _USED] + [f"{name}=()" for name in _UNUSED])


class HeadersMiddleware(MiddlewareMixin):
    """Sets the security headers that Django does not, on every response."""

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


# Refusals in the audit trail.

_WHY = {401: "no valid token", 403: "no permission"}


class RefusalMiddleware(MiddlewareMixin):
    """Records each 401 and 403 response with the name of the page, never with what was sent."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        why = _WHY.get(response.status_code)
        if why and not hasattr(request, "refusal_is_recorded"):
            target, match = "unknown page", request.resolver_match
            if match:  # nothing else of the URL
                name, lookup_id = match.view_name, match.kwargs.get("lookup_id")
                target = f"{name} {lookup_id}" if lookup_id else f"page {name}"
            record_refusal(_caller(request), target=target, why=why)
        return response


def mark_refusal_recorded(request: HttpRequest, failure: problems.LookupFailed) -> None:
    """Keep `RefusalMiddleware` from recording a refusal that has been recorded in more detail."""
    if failure.is_recorded:
        request.refusal_is_recorded = True  # type: ignore[attr-defined]  # read above


def _caller(request: HttpRequest) -> Actor:
    requester = getattr(request, "auth", None)  # set by the API
    if isinstance(requester, Requester):
        return requester.actor
    actor, match = actor_of(request), request.resolver_match
    if actor.user_id is None and match:
        if "api" in match.namespaces:
            return Actor(Origin.API, address=actor.address)
        if match.view_name == "mcp":
            return Actor(Origin.MCP, address=actor.address)
    return actor


# Pages in place of a result.

View = Callable[..., HttpResponseBase]


def render_failures(view: View) -> View:
    """Decorate a view to render a page for a failed, canceled, or purged lookup, or a bad choice.

    What is `found_once` in a result is found once for each request.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            with rule_cache():
                return view(request, **kwargs)
        except problems.LookupCancelled as failure:
            lookup = get_lookup_or_404(request, kwargs["lookup_id"])
            record_partial_view(request, lookup, "canceled")
            context = {"lookup": lookup, "reason": reason_of(lookup)}
            status = failure.problem.page_status
            return render(request, "lookups/cancelled.html", context, status=status)
        except problems.LookupPurged as failure:
            lookup, problem = get_lookup_or_404(request, kwargs["lookup_id"]), failure.problem
            record_partial_view(request, lookup, "deleted")
            context = {"lookup": lookup, "removal": failure.removal, "headline": problem.message}
            return render(request, "lookups/purged.html", context, status=problem.page_status)
        except problems.LookupFailed as failure:
            mark_refusal_recorded(request, failure)
            return problem_page(request, failure.problem, kwargs.get("lookup_id"))
        except ExportRefused as refused:
            problem = problems.bad_input(str(refused))
            return problem_page(request, problem, kwargs.get("lookup_id"))

    return wrapped


def problem_page(
    request: HttpRequest, problem: problems.Problem, lookup_id: uuid.UUID | None = None
) -> HttpResponse:
    """Render a failure in plain words, with its status and, if known, `Retry-After`."""
    lookups = Lookup.objects.select_related("typed").defer("snapshot")
    lookup = lookups.filter(uuid=lookup_id).first() if lookup_id else None
    if lookup:
        record_partial_view(request, lookup, "problem")
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


def server_error(_request: HttpRequest) -> HttpResponse:
    """Render the page for an unexpected error: a 503 if the database can't be used.

    The template gets no request, since that would read the session from the database.
    """
    if not problems.is_database_away(sys.exception()):
        return HttpResponse(render_to_string("500.html"), status=500)
    page = render_to_string("problem.html", {"problem": problems.DATABASE_AWAY})
    headers = {"Retry-After": str(problems.DATABASE_AWAY.retry_after)}
    return HttpResponse(page, status=problems.DATABASE_AWAY.page_status, headers=headers)


class SeeOther(HttpResponseRedirect):
    """A 303 redirect after a POST (RFC 9110, 15.4.4)."""

    status_code = 303
