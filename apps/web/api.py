"""The API for programs: the same lookup, JSON in and out, a token that an admin issues."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import Field

from apps.accounts.models import ApiToken
from apps.accounts.teams import projects_of
from apps.accounts.tokens import find_token
from apps.accounts.zones import zone_of
from apps.audit.callers import client_address
from apps.events.moment import MomentRefused, parse_moment
from apps.events.question import (
    MAX_WINDOW_MINUTES,
    MIN_WINDOW_MINUTES,
    CustomerRefused,
    Question,
    Window,
    parse_customer,
)
from apps.lookups.asked import record_lookup
from apps.lookups.asker import Asker
from apps.lookups.export_records import record_export
from apps.lookups.models import How, Origin
from apps.lookups.problems import LookupFailed, Problem, bad_input
from apps.lookups.reading import answer_now
from apps.lookups.reasons import LONGEST_REASON
from apps.web.exporting import Choice, export_of

Slug = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class LookupRequest(Schema):
    """What to look up. `at` is ISO 8601 (with an offset, or in the person's zone) or epoch."""

    customer: Annotated[str, Field(max_length=2000, examples=["jane@example.com"])]
    at: Annotated[str | int | float, Field(examples=["2026-11-20T14:05:00Z"])]
    window_minutes: Annotated[
        int | None, Field(ge=MIN_WINDOW_MINUTES, le=MAX_WINDOW_MINUTES, strict=True)
    ] = None
    projects: Annotated[list[Slug], Field(max_length=100)] = []
    environments: Annotated[list[Slug], Field(max_length=100)] = []
    reason: Annotated[str, Field(max_length=LONGEST_REASON, examples=["Ticket 4711"])] = ""


class ProblemResponse(Schema):
    """Why there is no answer, in plain words."""

    code: str
    message: str
    next_step: str
    retry_after: int | None


class LookupResponse(Schema):
    """The answer (`triage.lookup/1`), redacted."""

    schema_: Annotated[Literal["triage.lookup/1"], Field(alias="schema")]
    lookup_id: str | None
    customer: str
    matched_on: list[str]
    window: dict[str, Any]
    searched: dict[str, Any]
    complete: bool
    notices: list[dict[str, Any]]
    fetched_at: str
    from_cache: bool
    totals: dict[str, Any]
    issues: list[dict[str, Any]]
    events: list[dict[str, Any]]
    beside: list[dict[str, Any]]
    nearby: dict[str, Any] | None
    redaction: dict[str, Any]
    omitted: list[dict[str, Any]]


class TokenAuth(HttpBearer):
    """`Authorization: Bearer` with a token that is valid and whose person may look up."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token's record, None for one that is not valid."""
        return find_token(token)


def for_people_and_programs(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in who is signed in, or sends a valid token."""

    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if request.user.is_authenticated or (scheme.lower() == "bearer" and find_token(token)):
            return view(request, *args, **kwargs)
        return _on_no_token(request, AuthenticationError())

    return wrapped


api = NinjaAPI(
    title="Triage",
    version="1",
    description="What went wrong for one customer around one moment.",
    auth=TokenAuth(),
    docs_url=None,
    openapi_url="/openapi.json",
    docs_decorator=for_people_and_programs,
    urls_namespace="api",
)

_ERRORS = dict.fromkeys((400, 401, 403, 409), ProblemResponse)
_SENTRY_ERRORS = {502: ProblemResponse, 503: ProblemResponse, 504: ProblemResponse}


@api.post(
    "/lookups/",
    response={200: LookupResponse, **_ERRORS, **_SENTRY_ERRORS},
    summary="Look up a customer",
    url_name="lookups",
)
def create_lookup(request: HttpRequest, body: LookupRequest) -> HttpResponse:
    """Ask for one customer's errors around a moment. The lookup is recorded."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]  # ninja puts it there
    if not token.user.has_perm("lookups.add_lookup"):
        problem = Problem(
            "no_access", "This token may not look up customers.", "Ask your admin.", api_status=403
        )
        return _problem(problem)
    zone = zone_of(token.user)
    asker = Asker(Origin.API, token.user, address=client_address(request))
    lookup = record_lookup(
        _question(body, zone),
        asker=asker,
        typed=body.customer,
        zone=zone,
        reason=body.reason,
    )
    result = answer_now(lookup, projects_of(token.user))
    export = export_of(result, Choice(format="json", budget=None))
    record_export(lookup, export.exported, asker=asker, how=How.PRINTED)
    return HttpResponse(export.text.encode(), content_type="application/json")


def _question(body: LookupRequest, zone: Any) -> Question:
    try:
        return Question(
            customer=parse_customer(body.customer),
            window=Window(
                moment=parse_moment(str(body.at), zone=zone, now=timezone.now()),
                minutes=body.window_minutes or settings.TRIAGE_WINDOW_MINUTES,
            ),
            projects=tuple(dict.fromkeys(body.projects)),
            environments=tuple(dict.fromkeys(body.environments)),
            fields=tuple(settings.TRIAGE_CUSTOMER_FIELDS),
        )
    except (CustomerRefused, MomentRefused) as refused:
        raise LookupFailed(bad_input(str(refused))) from refused


def _problem(problem: Problem) -> HttpResponse:
    body = {
        "code": problem.code,
        "message": problem.message,
        "next_step": problem.next_step,
        "retry_after": problem.retry_after,
    }
    response = HttpResponse(
        json.dumps(body), content_type="application/json", status=problem.api_status
    )
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


@api.exception_handler(LookupFailed)
def _on_failure(_request: HttpRequest, failure: LookupFailed) -> HttpResponse:
    return _problem(failure.problem)


@api.exception_handler(AuthenticationError)
def _on_no_token(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    response = _problem(
        Problem(
            "no_access",
            "The API token is missing, wrong or revoked.",
            "Send it as `Authorization: Bearer <token>`; an admin issues tokens.",
            api_status=401,
        )
    )
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def _on_no_json(_request: HttpRequest, _error: HttpError) -> HttpResponse:
    return _problem(bad_input("The request's body is not JSON."))


@api.exception_handler(ValidationError)
def _on_bad_body(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name the fields, not their values: what was typed may be personal."""
    known = set(LookupRequest.model_fields)
    named = {str(part) for item in error.errors for part in item["loc"]} & known
    fields = ", ".join(sorted(named)) or "the body"
    problem = bad_input(
        f"The request is not as it should be: {fields}.",
        "Please compare it with /api/v1/openapi.json and try again.",
    )
    return _problem(problem)
