"""The API for programs: the same lookup, JSON in and out, a token that an admin issues."""

import json
import re
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.utils import timezone
from ninja import P, PathEx
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from apps.accounts.models import ApiToken, Scope
from apps.accounts.preferences import zone_of
from apps.accounts.tokens import projects_of_token
from apps.events.query import (
    CustomerRefused,
    MomentRefused,
    Question,
    Window,
    parse_customer,
    parse_moment,
)
from apps.lookups.answers import answer_now, has_ended
from apps.lookups.exports import record_export
from apps.lookups.models import How, Lookup
from apps.lookups.problems import LookupFailed, bad_input
from apps.lookups.records import record_lookup
from apps.web import api_access, api_problems
from apps.web.access import lookup_of
from apps.web.api_access import RoleMissing, ScopeMissing, TokenAuth, api_asker, token_for
from apps.web.api_document import DescribedAPI
from apps.web.api_problems import problem_response
from apps.web.api_schemas import LookupRequest, LookupResponse, ProblemResponse
from apps.web.exporting import Choice, ChoiceRefused, export_of, read_choice
from apps.web.refused import note_recorded

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_FORMATS = {"json": "application/json", "markdown": "text/markdown", "xml": "application/xml"}


class WrongType(Exception):
    """A body that says it is something other than JSON."""


class JsonOnly(Parser):
    """Reads JSON that is sent as JSON."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's data. Raises `WrongType`, and `ValueError` for what is not JSON."""
        if request.content_type != "application/json":
            raise WrongType
        return json.loads(request.body, parse_constant=_no_number)


def _no_number(name: str) -> None:
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
    docs_decorator=api_access.for_people_and_programs,
    urls_namespace="api",
)

LookupId = PathEx[uuid.UUID, P(description="The lookup_id of a result.")]
_ASKING_FAILS = (400, 401, 403, 409, 410, 413, 415, 429, 500, 502, 503, 504)
_READING_FAILS = (400, 401, 403, 404, 409, 410, 500)


@api.post(
    "/lookups/",
    response={200: LookupResponse, **dict.fromkeys(_ASKING_FAILS, ProblemResponse)},
    summary="Look up a customer",
    url_name="lookups",
    operation_id="look_up",
    by_alias=True,
)
def create_lookup(request: HttpRequest, body: LookupRequest) -> HttpResponse:
    """Ask for one customer's errors around a moment. It is recorded. It needs the scope lookup."""
    token = token_for(request, Scope.LOOKUP)
    zone, asker = zone_of(token.user), api_asker(request, token)
    question = _question(body, zone, token)
    lookup = record_lookup(
        question, asker=asker, typed=body.customer, zone=zone, reason=body.reason
    )
    return _handed_out(request, token, lookup, Choice(format="json", budget=None))


@api.get(
    "/lookups/{uuid:lookup_id}/",
    response={200: LookupResponse, **dict.fromkeys(_READING_FAILS, ProblemResponse)},
    summary="Read a stored result",
    url_name="lookup",
    operation_id="read_lookup",
    by_alias=True,
    openapi_extra={
        "responses": {
            200: {
                "content": {
                    media_type: {"schema": {"type": "string"}}
                    for media_type in ("text/markdown", "application/xml")
                }
            }
        },
        "parameters": [
            {
                "in": "query",
                "name": "format",
                "required": False,
                "description": "The response format.",
                "schema": {"type": "string", "enum": list(_FORMATS), "default": "json"},
            }
        ],
    },
)
def read_lookup(request: HttpRequest, lookup_id: LookupId) -> HttpResponse:
    """The kept answer to a lookup that the token's person may open. It needs the scope read."""
    token = token_for(request, Scope.READ)
    try:
        choice = read_choice({"format": request.GET.get("format", "json")})
    except ChoiceRefused as refused:
        raise LookupFailed(bad_input("The format must be json, markdown, or xml.")) from refused
    lookup = lookup_of(token.user, api_asker(request, token).actor, lookup_id)
    if not has_ended(lookup):
        raise LookupFailed(api_problems.NOT_KEPT)
    for_program = Choice(format=choice.format, budget=None)
    return _handed_out(request, token, lookup, for_program)


def _handed_out(
    request: HttpRequest, token: ApiToken, lookup: Lookup, choice: Choice
) -> HttpResponse:
    result = answer_now(lookup, projects_of_token(token))
    export = export_of(result, choice)
    asker = api_asker(request, token)
    record_export(result.lookup, export.exported, asker=asker, how=How.PRINTED)
    return HttpResponse(export.text.encode(), content_type=_FORMATS[choice.format])


def _question(body: LookupRequest, zone: ZoneInfo, token: ApiToken) -> Question:
    try:
        return Question(
            customer=parse_customer(body.customer),
            window=Window(
                moment=parse_moment(str(body.at), zone=zone, now=timezone.now()),
                minutes=body.window_minutes or settings.TRIAGE_WINDOW_MINUTES,
            ),
            projects=_projects(body, token),
            environments=tuple(dict.fromkeys(body.environments)),
            fields=tuple(settings.TRIAGE_CUSTOMER_FIELDS),
        )
    except (CustomerRefused, MomentRefused) as refused:
        raise LookupFailed(bad_input(str(refused))) from refused


def _projects(body: LookupRequest, token: ApiToken) -> tuple[str, ...]:
    """What was asked for, or all that the token was made for; none stands for its person's."""
    wanted = tuple(dict.fromkeys(body.projects))
    if not token.projects:
        return wanted
    if not set(token.projects).issuperset(wanted):
        raise LookupFailed(api_access.project_refused())
    return wanted or tuple(sorted(projects_of_token(token) or token.projects))


@api.exception_handler(LookupFailed)
def _on_failure(request: HttpRequest, failure: LookupFailed) -> HttpResponse:
    note_recorded(request, failure)
    return problem_response(failure.problem)


@api.exception_handler(Http404)
def _on_no_lookup(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return problem_response(api_problems.NO_SUCH_LOOKUP)


@api.exception_handler(RequestDataTooBig)
def _on_too_large(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return problem_response(api_problems.TOO_LARGE)


@api.exception_handler(RawPostDataException)
def _on_form(_request: HttpRequest, _error: RawPostDataException) -> HttpResponse:
    return problem_response(api_problems.WRONG_TYPE)


@api.exception_handler(HttpError)
def _on_no_json(_request: HttpRequest, error: HttpError) -> HttpResponse:
    is_wrong_type = isinstance(error.__cause__, WrongType)
    return problem_response(api_problems.WRONG_TYPE if is_wrong_type else api_problems.NOT_JSON)


@api.exception_handler(ValidationError)
def _on_bad_body(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the fields, not their values: what was typed may be personal."""
    known = set(LookupRequest.model_fields)
    unknown = [item["loc"][-1] for item in error.errors if item["type"] == "extra_forbidden"]
    named = {str(part) for item in error.errors for part in item["loc"]} & known
    fields = ", ".join(sorted(named)) or "the body"
    message = f"The request isn't valid: {fields}."
    if unknown:
        name = next((str(name) for name in unknown if _NAME.fullmatch(str(name))), "")
        message = f"Unknown field: {name}." if name else "The request has an unknown field."
    return problem_response(bad_input(message, "Compare it with /api/v1/ and try again."))


api.exception_handler(AuthenticationError)(api_access.token_refused)
api.exception_handler(ScopeMissing)(api_access.scope_missing)
api.exception_handler(RoleMissing)(api_access.role_missing)
