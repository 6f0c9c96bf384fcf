"""The API: lookups as JSON, authenticated by tokens that admins issue, and its documentation."""

import json
import re
import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, wraps
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.request import RawPostDataException
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, P, PathEx, QueryEx, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema, get_schema
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic import ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from apps.accounts.models import Scope, zone_of
from apps.audit.trail import client_address
from apps.events.query import MAX_WINDOW_MINUTES, MIN_WINDOW_MINUTES
from apps.exports import ExportRefused, Rendered
from apps.exports.tokens import FAMILIES
from apps.incidents.exports import as_json
from apps.incidents.models import Incident
from apps.incidents.reading import MAX_LINES, ListRefused, read_items
from apps.incidents.services import read_incident, record_incident, record_incident_export
from apps.lookups import access, exports, problems, records
from apps.lookups.answers import check_status, result_now, search_known_errors, stored_result
from apps.lookups.models import Origin
from apps.lookups.sentry_connection import read_customer
from apps.web.access import find_incident
from apps.web.middleware import mark_refusal_recorded

# Problems: everything that fails below `/api/` and at `/mcp` is reported as JSON.

_READ_THE_PAGE = "Compare it with /api/v1/ and try again."


def api_problem(
    code: str, status: int, message: str, next_step: str = _READ_THE_PAGE
) -> problems.Problem:
    """Return a problem that occurs only in the API."""
    return problems.Problem(code, message, next_step, api_status=status)


TOO_LARGE = api_problem("too_large", 413, "The request is too large.", "Send less.")
NO_SUCH_ADDRESS = api_problem("no_such_address", 404, "There is no such address.")
_BY_STATUS = {
    400: problems.bad_input("The request couldn't be read.", _READ_THE_PAGE),
    403: api_problem("no_access", 403, "You don't have permission to do this.", access.ASK_ADMIN),
    404: NO_SUCH_ADDRESS,
    405: api_problem("method_not_allowed", 405, "This address doesn't support that method."),
    406: api_problem(
        "bad_input", 406, "No response matches the Accept header.", "Accept application/json."
    ),
    413: TOO_LARGE,
    415: problems.WRONG_TYPE,
}


class ApiProblemsMiddleware(MiddlewareMixin):
    """Turns Django's own error responses to programs into JSON problems."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        status = response.status_code
        if status < HTTPStatus.BAD_REQUEST or not request.path_info.startswith(("/api/", "/mcp")):
            return response
        if response.headers.get("Content-Type") == "application/json":
            return response
        if status == problems.DATABASE_AWAY.page_status:
            problem = problems.DATABASE_AWAY
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            problem = problems.BROKEN
        else:
            rejected = api_problem("bad_input", status, "The request was not accepted.")
            problem = _BY_STATUS.get(status, rejected)
            if problem.next_step == _READ_THE_PAGE and request.path_info.startswith("/mcp"):
                guide = "Compare it with the guide for assistants and try again."
                problem = replace(problem, next_step=guide)
        json_response = problems.problem_response(problem)
        for name, value in response.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                json_response.headers.setdefault(name, value)
        return json_response


# Authentication and permissions: a valid token with the right scope.


class TokenAuth(HttpBearer):
    """Authentication by `Authorization: Bearer` and a valid token."""

    def authenticate(self, request: HttpRequest, token: str) -> access.Requester:
        """Return the program that sends the token. Raise `TokenFailed` if it is not valid."""
        caller = access.Requester(Origin.API, address=client_address(request))
        return access.authenticate(token, caller)


def authorized(request: HttpRequest, scope: Scope) -> access.Requester:
    """Return the program that makes the request. Raise `TokenFailed` if its token isn't enough."""
    requester: access.Requester = request.auth  # type: ignore[attr-defined]  # set by Django Ninja
    access.authorize(requester, scope)
    return requester


def session_or_token_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Require a permission to look up or see tokens, or a valid token. Browsers sign in first."""

    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            if any(map(request.user.has_perm, ("lookups.add_lookup", "accounts.view_apitoken"))):
                return view(request, *args, **kwargs)
            return problems.problem_response(access.NO_ROLE)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            try:
                TokenAuth().authenticate(request, token)
            except access.TokenFailed as failure:
                return token_refused(request, failure)
            return view(request, *args, **kwargs)
        if not scheme and "text/html" in request.headers.get("Accept", ""):
            return redirect_to_login(request.get_full_path())
        return token_missing(request)

    return wrapped


def token_missing(_request: HttpRequest, _error: AuthenticationError | None = None) -> HttpResponse:
    """Return 401 for a request without a token."""
    return problems.problem_response(access.NO_TOKEN, access.REALM)


def token_refused(request: HttpRequest, failure: access.TokenFailed) -> HttpResponse:
    """Return 401 or 403, with what the token lacks in `WWW-Authenticate`."""
    mark_refusal_recorded(request, failure)
    return problems.problem_response(failure.problem, failure.challenge)


# Schemas, as the OpenAPI document describes them.

Slug = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class SearchRequest(Schema):
    """When and where to search, and why. Unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid")

    at: StrictStr | StrictInt | StrictFloat = Field(
        examples=["2026-11-20T14:05:00Z"],
        description="ISO 8601 (without an offset, it's read in the person's time zone) "
        "or epoch time.",
    )
    window_minutes: int | None = Field(
        None,
        ge=MIN_WINDOW_MINUTES,
        le=MAX_WINDOW_MINUTES,
        strict=True,
        description="Minutes before and after. Defaults to the site's setting.",
    )
    projects: list[Slug] = Field(
        [], max_length=100, description="Slugs. Defaults to every project the token can see."
    )
    environments: list[Slug] = Field([], max_length=100, description="Names. Defaults to all.")
    reason: str = Field(
        "",
        max_length=records.MAX_REASON_LENGTH,
        description="The reason, such as a ticket number, if the site asks for one.",
    )


class LookupRequest(SearchRequest):
    """What to look up."""

    customer: str = Field(
        min_length=1,
        max_length=2000,
        examples=["jane@example.com"],
        description="User ID, email, username, event ID, trace ID, or a Sentry link. "
        "Copied labels, quotes, and searches are understood; anything after `exactly:` is looked "
        "up as it is.",
    )


class ProblemResponse(Schema):
    """Why there is no result, in plain words."""

    code: str = Field(description="For programs. It doesn't change.")
    message: str = Field(description="For people.")
    next_step: str
    retry_after: int | None = Field(description="Seconds to wait, if known.")


class WindowResponse(Schema):
    """The window, in UTC."""

    moment: str
    start: str
    end: str
    minutes: int


class NoticeResponse(Schema):
    """A reason why the result is incomplete, or another note about it."""

    code: str
    message: str


class LinkResponse(Schema):
    """Where to read more."""

    label: str
    address: str


class KnownErrorResponse(Schema):
    """A known error that an issue matches. Its text is from the support team, not from events."""

    slug: str = Field(description="Its name in the catalog.")
    title: str
    explanation: str
    reply: str = Field(description="What to tell the customer. Empty if there is no reply.")
    workaround: str
    state: Literal["open", "planned", "fixed"]
    planned_for: str | None = Field(description="A date, such as 2026-11-26.")
    fixed_in: str
    owner: str
    links: list[LinkResponse]
    fix: str = Field(description="The status of the fix for this customer, in one sentence.")
    why: list[str] = Field(description="The rules that matched, most certain first.")


class IssueResponse(Schema):
    """What the customer's events of one issue have in common."""

    model_config = ConfigDict(extra="allow")

    id: str
    title: str
    summary: str = Field(description="What happened, in plain words.")
    events: int = Field(description="This customer's, in the window.")
    known: list[KnownErrorResponse] = Field(
        description="Known errors it matches, best match first."
    )


class JoinedResponse(Schema):
    """An issue that belongs to the same failure, and why."""

    issue: str
    reason: str = Field(description="Such as “same request.”")


class FailureResponse(Schema):
    """One failure, with all issues and events that are part of it."""

    sentence: str = Field(description="What happened, in plain words.")
    issues: list[str] = Field(description="IDs, the cause's first.")
    events: list[str] = Field(description="IDs, newest first.")
    times: int = Field(description="Occurrences. Events of one request in two issues count once.")
    cause: str = Field(description="The ID of the issue that caused it.")
    joined: list[JoinedResponse]
    is_noise: bool = Field(description="Whether it's only notes and warnings in the background.")


class LookupResponse(Schema):
    """The redacted result (`triage.lookup/1`). Unknown values are null."""

    schema_: Literal["triage.lookup/1"] = Field(alias="schema")
    lookup_id: str | None = Field(description="Use it to read this result again.")
    customer: str = Field(description="An alias.")
    matched_on: list[str]
    window: WindowResponse
    searched: dict[str, Any]
    complete: bool = Field(
        description="Only if this is true does an empty list mean that nothing happened."
    )
    notices: list[NoticeResponse]
    fetched_at: str
    from_cache: bool
    totals: dict[str, int]
    problems: list[FailureResponse]
    issues: list[IssueResponse]
    known_unchecked: int = Field(
        description="Known errors there was no time to check. If this isn't 0, an issue "
        "without a known error may still be known."
    )
    events: list[dict[str, Any]] = Field(description="Newest first.")
    headline: str | None = Field(
        None, description="What logs and requests show instead of errors, if they were read."
    )
    beside: list[dict[str, Any]] = Field(
        description="Feedback, session replays, errors of the same trace, and releases by "
        "time; then logs and spans. Of these, the ones with a `sentence` show trouble and come "
        "first. `names_customer` is false for what only a trace links to the customer."
    )
    nearby: dict[str, Any] | None
    redaction: dict[str, Any]
    omitted: list[dict[str, Any]]
    least_budget: int | None
    elsewhere: list[dict[str, Any]]


class CatalogResponse(Schema):
    """What the support team wrote about known errors, without empty parts."""

    known_errors: list[dict[str, Any]]


class StatusResponse(Schema):
    """Whether Triage can ask Sentry, where, and how often."""

    model_config = ConfigDict(extra="allow")

    sentry: str = Field(description="Such as “ok” or “auth_refused”.")
    projects: list[str] = Field(description="Those that can be searched.")
    lookups_left: int | None = Field(description="In this minute.")


class IncidentRequest(SearchRequest):
    """Which customers to look up."""

    customers: list[Annotated[str, Field(max_length=2000)]] = Field(
        min_length=1, max_length=MAX_LINES, description="Each is read as in a lookup."
    )
    skip_invalid: bool = Field(
        False, description="Leave out what can't be looked up, instead of refusing the list."
    )


class LineResponse(Schema):
    """A customer, by their place in the list from 1, and a reason."""

    line: int
    why: str


class SharedFailureResponse(Schema):
    """A failure that customers share."""

    sentence: str = Field(description="What happened, in plain words.")
    issues: list[str] = Field(description="IDs, the cause's first.")
    problems_joined: int
    lines: list[int]
    customers: int
    first_event: str
    last_event: str
    releases: list[str]
    baseline: float | None = Field(
        description="The share of other customers with errors who had it before."
    )
    is_noise: bool
    known: dict[str, str] | None
    representatives: list[str] = Field(description="Event IDs.")


class IncidentResponse(Schema):
    """What is known so far (`triage.incident/1`). Customers are lines of the list."""

    schema_: Literal["triage.incident/1"] = Field(alias="schema")
    incident_id: str
    state: Literal["running", "finished", "cancelled"]
    window: WindowResponse
    searched: dict[str, Any]
    input: dict[str, int] = Field(
        description="How many of the list's lines are customers, repeated, and so on."
    )
    asked: int
    answered: int
    not_asked: list[int]
    unanswerable: list[LineResponse]
    capped: list[int]
    complete: bool
    notices: list[NoticeResponse]
    baseline_customers: int
    failures: list[SharedFailureResponse]
    without_errors: list[int]
    never_seen: list[int]
    calls: int
    left_out: list[LineResponse] = Field(
        [], description="In the response to a list: the lines that aren't looked up."
    )


# Additions to the OpenAPI document: a description, headers, and an example for each status.

_RESPONSES = tomllib.loads((Path(__file__).parent / "api.toml").read_text("utf-8"))


class DescribedAPI(NinjaAPI):
    """An API whose document describes the responses and their headers."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        return _document(self, self.get_root_path(options.get("path_params") or {}))


@lru_cache(maxsize=4)  # it takes half a second to build
def _document(described_api: NinjaAPI, root_path: str) -> OpenAPISchema:
    document = get_schema(described_api, path_prefix=root_path)
    responses = (
        response
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].items()
    )
    for status, response in responses:
        described = _RESPONSES[str(status)]
        response["description"] = described["description"]
        if "headers" in described:
            response["headers"] = described["headers"]
        if "code" in described:
            response["content"]["application/json"]["example"] = {
                "code": described["code"],
                "message": described["description"],
                "next_step": "What to do now, in one sentence.",
                "retry_after": described.get("retry_after"),
            }
    return document


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_FORMATS = ("json", "markdown")


class WrongType(Exception):
    """The body has a content type other than JSON."""


class JsonOnly(Parser):
    """A parser that accepts only `application/json`."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the parsed body. Raise `WrongType`, or `ValueError` for invalid JSON."""
        if request.content_type != "application/json":
            raise WrongType
        return json.loads(request.body, parse_constant=_reject_constant)


def _reject_constant(name: str) -> None:
    """Reject NaN and Infinity, which are not JSON (RFC 8259)."""
    raise ValueError(name)


api = DescribedAPI(
    title="Triage",
    version="1",
    description="What went wrong for one customer around one point in time. "
    "Responses are redacted.",
    auth=TokenAuth(),
    parser=JsonOnly(),
    docs_url=None,
    openapi_url="/openapi.json",
    docs_decorator=session_or_token_required,
    urls_namespace="api",
)

_OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "format": ("The response format.", {"enum": [*_FORMATS], "default": "json"}),
    "budget": ("The token limit. Without it, the result is complete.", {"type": "integer"}),
    "model": (
        "The family of language models that the limit is counted for.",
        {"enum": [family.name for family in FAMILIES]},
    ),
}
_FORMS = {
    "responses": {200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}},
    "parameters": [
        {
            "in": "query",
            "name": name,
            "required": False,
            "description": text,
            "schema": {"type": "string", **schema},
        }
        for name, (text, schema) in _OPTIONS.items()
    ],
}
LookupId = PathEx[uuid.UUID, P(description="The lookup_id of a result.")]
_LOOKUP_ERRORS = (400, 401, 403, 409, 410, 413, 415, 429, 500, 502, 503, 504)
_LIST_ERRORS = (400, 401, 403, 429, 500, 503)
_READ_ERRORS = (400, 401, 403, 404, 409, 410, 429, 500, 503)


@api.post(
    "/lookups/",
    response={200: LookupResponse, **dict.fromkeys(_LOOKUP_ERRORS, ProblemResponse)},
    summary="Look up a customer",
    url_name="lookups",
    operation_id="look_up",
    by_alias=True,
)
def create_lookup(request: HttpRequest, body: LookupRequest) -> HttpResponse:
    """Look up one customer's errors. The lookup is recorded. Requires the lookup scope."""
    requester = authorized(request, Scope.LOOKUP)
    lookup = records.record_lookup_of_program(
        requester,
        body.customer,
        str(body.at),
        body.window_minutes,
        projects=body.projects,
        environments=body.environments,
        reason=body.reason,
    )
    result = result_now(lookup, requester.projects)
    choice = exports.Choice(format="json", budget=None)
    return _body(exports.export_result(result, choice, requester))


@api.get(
    "/lookups/{uuid:lookup_id}/",
    response={200: LookupResponse, **dict.fromkeys(_READ_ERRORS, ProblemResponse)},
    summary="Read a stored result",
    url_name="lookup",
    operation_id="read_lookup",
    by_alias=True,
    openapi_extra=_FORMS,
)
def read_lookup(request: HttpRequest, lookup_id: LookupId) -> HttpResponse:
    """Read the stored result of a lookup that the person can open. Requires the read scope."""
    requester, choice = authorized(request, Scope.READ), _requested(request.GET)
    result = stored_result(str(lookup_id), requester)
    return _body(exports.export_result(result, choice, requester))


@api.get(
    "/lookups/{uuid:lookup_id}/events/{event_id}/",
    response={200: LookupResponse, **dict.fromkeys((*_READ_ERRORS, 502, 504), ProblemResponse)},
    summary="Read one event",
    url_name="event",
    operation_id="read_event",
    by_alias=True,
    openapi_extra=_FORMS,
)
def read_event(
    request: HttpRequest,
    lookup_id: LookupId,
    event_id: PathEx[str, P(description="The ID of an event in the result.", max_length=50)],
) -> HttpResponse:
    """Read one event of a result in full, from Sentry if necessary. Requires the lookup scope."""
    requester, choice = authorized(request, Scope.LOOKUP), _requested(request.GET)
    return _body(exports.export_event(str(lookup_id), event_id, choice, requester))


@api.get(
    "/known-errors/",
    response={200: CatalogResponse, **dict.fromkeys(_LIST_ERRORS, ProblemResponse)},
    summary="Search known errors",
    url_name="known_errors",
    operation_id="search_known_errors",
)
def search_catalogue(
    request: HttpRequest,
    words: QueryEx[str, P(max_length=200, description="Leave them out to list all.")] = "",
) -> CatalogResponse:
    """Search the support team’s catalog. Requires the read scope."""
    requester = authorized(request, Scope.READ)
    if request.GET.keys() - {"words"}:
        raise problems.LookupFailed(
            problems.bad_input("The request has an unknown parameter.", _READ_THE_PAGE)
        )
    return CatalogResponse(known_errors=search_known_errors(words, requester))


@api.get(
    "/status/",
    response={200: StatusResponse, **dict.fromkeys(_LIST_ERRORS, ProblemResponse)},
    summary="Check Triage",
    url_name="status",
    operation_id="check_status",
)
def get_status(request: HttpRequest) -> StatusResponse:
    """Say whether Triage can ask Sentry, where, and how often. Requires the read scope."""
    requester = authorized(request, Scope.READ)
    return StatusResponse.model_validate(check_status(requester))


@api.post(
    "/incidents/",
    response={202: IncidentResponse, **dict.fromkeys(_LOOKUP_ERRORS, ProblemResponse)},
    summary="Look up many customers",
    url_name="incidents",
    operation_id="look_up_many",
    by_alias=True,
)
def create_incident(request: HttpRequest, body: IncidentRequest) -> HttpResponse:
    """Start looking up a list of customers. Each one is recorded. Requires the lookup scope.

    The response is the result so far. Read it again until `state` isn't `running`.
    """
    requester = authorized(request, Scope.LOOKUP)
    if not requester.person.has_perm("incidents.add_incident"):
        access.refuse_role(requester)
    zone = zone_of(requester.person)
    records.count_call(requester.person)
    found = read_items(body.customers, read_customer)
    if not found.customers or (found.refused and not body.skip_invalid):
        first = found.refused[0]
        message = f"{len(found.refused)} can't be looked up. Line {first.line}: {first.why}"
        raise problems.LookupFailed(
            problems.bad_input(message, "Correct them, or send skip_invalid.")
        )
    incident = record_incident(
        found,
        records.read_window(str(body.at), body.window_minutes, zone),
        projects=access.searched_projects(requester, body.projects),
        environments=tuple(dict.fromkeys(body.environments)),
        requester=requester,
        zone=zone,
        reason=body.reason,
    )
    left_out = [{"line": one.line, "why": one.why} for one in (*found.refused, *found.duplicates)]
    return _incident(incident, requester, left_out=left_out)


@api.get(
    "/incidents/{uuid:incident_id}/",
    response={200: IncidentResponse, **dict.fromkeys(_READ_ERRORS, ProblemResponse)},
    summary="Read an incident",
    url_name="incident",
    operation_id="read_incident",
    by_alias=True,
)
def get_incident(
    request: HttpRequest,
    incident_id: PathEx[uuid.UUID, P(description="The incident_id of a result.")],
) -> HttpResponse:
    """Read what is known so far. Requires the read scope."""
    requester = authorized(request, Scope.READ)
    records.count_call(requester.user, "reads")
    incident = find_incident(requester.person, requester.actor, incident_id)
    return _incident(incident, requester)


def _incident(incident: Incident, requester: access.Requester, **more: object) -> HttpResponse:
    result = read_incident(incident, requester.projects)
    record_incident_export(result, "json", requester)
    body = {**as_json(result), "left_out": [], **more}
    return JsonResponse(body, status=202 if more else 200)


def _requested(values: QueryDict) -> exports.Choice:
    """Return the form of a stored result, complete and as plain data unless there is a limit."""
    if values.get("format", "json") not in _FORMATS:
        raise ExportRefused("The format must be json or markdown.")
    choice = exports.read_choice({"format": "json", **{name: str(values[name]) for name in values}})
    limit = choice.budget if values.get("budget") else None
    return replace(choice, budget=limit, preset="none", issue_id="", for_llm=False)


def _body(rendered: Rendered) -> HttpResponse:
    return HttpResponse(rendered.text.encode(), content_type=rendered.media_type)


@api.exception_handler(ExportRefused)
@api.exception_handler(ListRefused)
def _on_bad_input(_request: HttpRequest, refused: Exception) -> HttpResponse:
    return problems.problem_response(problems.bad_input(str(refused)))


@api.exception_handler(problems.LookupFailed)
def _on_lookup_failed(request: HttpRequest, failure: problems.LookupFailed) -> HttpResponse:
    mark_refusal_recorded(request, failure)
    return problems.problem_response(failure.problem)


_PROBLEMS: dict[type[Exception], problems.Problem] = {
    Http404: problems.NO_SUCH_LOOKUP,
    RequestDataTooBig: TOO_LARGE,
    RawPostDataException: problems.WRONG_TYPE,  # form data
    WrongType: problems.WRONG_TYPE,
    HttpError: problems.bad_input("The request body isn't JSON.", _READ_THE_PAGE),
}


def _on_refused(_request: HttpRequest, error: Exception) -> HttpResponse:
    cause = error.__cause__ if isinstance(error.__cause__, WrongType) else error
    kind = next(kind for kind in type(cause).__mro__ if kind in _PROBLEMS)
    return problems.problem_response(_PROBLEMS[kind])


for _kind_of_error in _PROBLEMS:
    api.exception_handler(_kind_of_error)(_on_refused)


@api.exception_handler(ValidationError)
def _on_invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the invalid fields but not their values, which may be personal data."""
    known = {*LookupRequest.model_fields, *IncidentRequest.model_fields, "words"}
    unknown = [item["loc"][-1] for item in error.errors if item["type"] == "extra_forbidden"]
    named = {str(part) for item in error.errors for part in item["loc"]} & known
    fields = ", ".join(sorted(named)) or "the body"
    message = f"The request isn't valid: {fields}."
    if unknown:
        name = next((str(name) for name in unknown if _NAME.fullmatch(str(name))), "")
        message = f"Unknown field: {name}." if name else "The request has an unknown field."
    return problems.problem_response(problems.bad_input(message, _READ_THE_PAGE))


api.exception_handler(AuthenticationError)(token_missing)
api.exception_handler(access.TokenFailed)(token_refused)

# The API page, which renders the OpenAPI document.

Document = Mapping[str, Any]


@require_safe
@session_or_token_required
def api_page(request: HttpRequest) -> HttpResponse:
    """Show the OpenAPI document as a page."""
    document = api.get_openapi_schema()
    context = {
        "operations": [
            {
                **operation,
                "method": method.upper(),
                "path": path,
                "fields": [
                    *({**one, "kind": _kind(one["schema"])} for one in operation["parameters"]),
                    *_body_rows(operation, document),
                ],
                "statuses": operation["responses"].items(),
            }
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ],
        "scopes": Scope.choices,
        "site": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "api.html", context)


@csrf_exempt
@login_not_required
def no_such_address(_request: HttpRequest) -> HttpResponse:
    """Return 404 as JSON."""
    return problems.problem_response(NO_SUCH_ADDRESS)


def _body_rows(operation: Document, document: Document) -> list[Document]:
    if "requestBody" not in operation:
        return []
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    return [
        {**one, "name": name, "kind": _kind(one), "required": name in schema["required"]}
        for name, one in schema["properties"].items()
    ]


def _kind(schema: Document) -> str:
    """Return a schema's type in a few words."""
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}s"
    kind: str = schema.get("format") or schema.get("type", "")
    return {"string": "text", "integer": "number"}.get(kind, kind)
