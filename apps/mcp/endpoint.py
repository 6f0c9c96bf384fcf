"""`/mcp`: who can call the tools, over plain HTTP, without a session."""

import hashlib
import json
import secrets
from collections.abc import Generator, Iterator, MutableMapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from apps.accounts.models import Scope
from apps.audit.trail import client_address
from apps.lookups.access import NO_TOKEN, REALM, Requester, TokenFailed, authenticate, authorize
from apps.lookups.models import Origin
from apps.lookups.problems import WRONG_TYPE, Problem, problem_response
from apps.redaction.engine import Ledger, redact_text

_FOREIGN_ORIGIN = Problem(
    "foreign_origin",
    "Pages on other sites can't use this address.",
    "Call it from a program, or ask your Triage admin.",
    api_status=403,
)
_OFF = Problem(
    "no_such_address",
    "Assistants are turned off.",
    "Ask your Triage admin to turn them on, with TRIAGE_MCP=1.",
    api_status=404,
)
_POST_ONLY = Problem(
    "method_not_allowed",
    "This address answers only POST requests.",
    "Send one JSON-RPC message. There is no session to open, resume, or end.",
    api_status=405,
)
_SESSION = "Mcp-Session-Id"
_MAX_NAME_LENGTH = 60


@csrf_exempt
@login_not_required
def mcp(request: HttpRequest) -> HttpResponseBase:
    """Answer one message of an assistant's program."""
    if not settings.TRIAGE_MCP:
        return problem_response(_OFF)
    own_origins = (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
    if request.headers.get("Origin", own_origins[0]) not in own_origins:  # DNS rebinding
        return problem_response(_FOREIGN_ORIGIN)
    if request.method != "POST":
        response = problem_response(_POST_ONLY)
        response["Allow"] = "POST"
        return response
    caller = Requester(Origin.MCP, address=client_address(request))
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return problem_response(NO_TOKEN, REALM)
    try:
        requester = authenticate(secret.strip(), caller)
        authorize(requester, Scope.MCP)
    except TokenFailed as failure:
        request.refusal_is_recorded = True  # type: ignore[attr-defined]  # for `RefusalMiddleware`
        return problem_response(failure.problem, failure.challenge)
    return _answer(request, requester)


def _answer(request: HttpRequest, requester: Requester) -> HttpResponseBase:
    from apps.mcp.server import answer
    from apps.mcp.tools import Caller, cancel_call

    if request.content_type != "application/json":
        return problem_response(WRONG_TYPE)
    message: dict[str, Any] = {}
    with suppress(ValueError, RecursionError):
        message = _object(json.loads(request.body))
    params, method = _object(message.get("params")), message.get("method")
    session, opened_by = _read_session(request, _token_id(requester))
    meta = _object(params.get("_meta"))
    if method == "initialize":
        info = params.get("clientInfo")
    else:
        info = meta.get("io.modelcontextprotocol/clientInfo")
    own_name = _line(_object(info).get("name"))
    client = own_name or opened_by or _line(request.headers.get("User-Agent"))
    has_token = "progressToken" in meta
    caller = Caller(
        replace(requester, client=client),
        wants_progress=has_token and "text/event-stream" in request.headers.get("Accept", ""),
        call_key=_call_key(session, message.get("id")),
    )
    if method == "notifications/cancelled":
        cancel_call(_call_key(session, params.get("requestId")), caller)
    answered = answer(request.headers, request.body, caller, streams=caller.wants_progress)
    response = _response(answered, request)
    if method == "initialize" and response.status_code == 200:
        opened = [_token_id(requester), secrets.token_hex(8), client]
        response[_SESSION] = signing.dumps(opened, salt=_SESSION)
    return response


def _response(
    messages: Generator[MutableMapping[str, Any]], request: HttpRequest
) -> HttpResponseBase:
    """Return the ASGI response as one of Django's."""
    start = next(messages)
    headers = {name.decode("latin-1").title(): value.decode() for name, value in start["headers"]}
    headers.pop("Content-Length", None)
    headers.pop("Connection", None)
    bodies = (message.get("body", b"") for message in messages)
    if not headers.get("Content-Type", "").startswith("text/event-stream"):
        return HttpResponse(b"".join(bodies), status=start["status"], headers=headers)

    def chunks() -> Iterator[bytes]:
        try:
            yield from bodies
        finally:
            messages.close()  # the client may have disconnected

    request.META.pop("HTTP_ACCEPT_ENCODING", None)  # compressed, each chunk would wait for more
    return StreamingHttpResponse(chunks(), headers=headers)


# What a message says about its program. The SDK reads and checks messages again.


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(text: object) -> str:
    """Return the start of an untrusted text, redacted, on one line of printable characters."""
    if not isinstance(text, str):
        return ""
    line = "".join(c if c.isprintable() else " " for c in text[: 4 * _MAX_NAME_LENGTH])
    return redact_text(" ".join(line.split()), Ledger(frozenset()))[:_MAX_NAME_LENGTH]


def _token_id(requester: Requester) -> int:
    if requester.token is None:
        raise PermissionDenied
    return requester.token.pk


def _read_session(request: HttpRequest, token_id: int) -> tuple[str, str]:
    """Return the session ID, and the name of the program that began it; "" if it isn't ours.

    Older versions of the protocol name the program only once. The ID itself, which is signed,
    remembers the name, so that no process has to.
    """
    session = request.headers.get(_SESSION, "")
    try:
        owner, _nonce, client = signing.loads(session, salt=_SESSION)
    except (signing.BadSignature, ValueError):
        return "", ""
    return (session, client) if owner == token_id else ("", "")


def _call_key(session: str, call: object) -> str:
    """Return the key by which another request finds the lookup of a call, or ""."""
    if not session or call is None:
        return ""
    digest = hashlib.sha256(f"{session} {json.dumps(call)}".encode()).hexdigest()
    return f"mcp/{digest}"
