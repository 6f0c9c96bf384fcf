"""Problems as programs get them: JSON, whatever went wrong and wherever below `/api/`."""

import json
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from apps.lookups.problems import BROKEN, Problem, bad_input

GetResponse = Callable[[HttpRequest], HttpResponse]

API_ROOT = "/api/"
_READ_THE_PAGE = "Compare it with /api/v1/ and try again."


def api_problem(code: str, status: int, message: str, next_step: str = _READ_THE_PAGE) -> Problem:
    """A problem that only programs can meet."""
    return Problem(code, message, next_step, api_status=status)


NOT_JSON = bad_input("The request's body is not JSON.", _READ_THE_PAGE)
NOT_READABLE = bad_input("The request could not be read.", _READ_THE_PAGE)
TOO_LARGE = api_problem("too_large", 413, "The request is too large.", "Please send less.")
WRONG_TYPE = api_problem(
    "wrong_type", 415, "The request body has the wrong type.", "Send it as application/json."
)
NO_SUCH_ADDRESS = api_problem("no_such_address", 404, "There is no such address.")
NO_SUCH_LOOKUP = api_problem(
    "no_such_lookup",
    404,
    "There is no such lookup.",
    "Check the ID. The lookup may also belong to someone else.",
)
NOT_KEPT = api_problem(
    "not_kept",
    409,
    "No result is stored for this lookup.",
    "Look up the customer again. Reading a result doesn't ask Sentry.",
)
_BY_STATUS = {
    400: NOT_READABLE,
    403: api_problem(
        "no_access", 403, "You don't have permission to do this.", "Ask your Triage admin."
    ),
    404: NO_SUCH_ADDRESS,
    405: api_problem("method_not_allowed", 405, "This address doesn't support that method."),
    413: TOO_LARGE,
    415: WRONG_TYPE,
}


def problem_response(problem: Problem) -> HttpResponse:
    """The problem as JSON, with its status and `Retry-After` where it is known."""
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


class ApiProblemsMiddleware:
    """Gives what fails below `/api/` in Django itself the form that programs expect."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or not _is_of_api(request):
            return response
        if response.headers.get("Content-Type") == "application/json":
            return response
        told = problem_response(_BY_STATUS.get(response.status_code, _other(response.status_code)))
        for name, value in response.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                told.headers.setdefault(name, value)
        return told


def _is_of_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(API_ROOT)


def _other(status: int) -> Problem:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return BROKEN
    return api_problem("bad_input", status, "The request was not accepted.")
