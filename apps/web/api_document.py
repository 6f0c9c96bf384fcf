"""The OpenAPI document beyond what the schemas say: headers, examples, words for each status."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

_WORDS = {
    200: "The answer, redacted.",
    400: "The request is not as described here.",
    401: "The token is missing, wrong, revoked or expired.",
    403: "The token lacks the scope, or its person isn't allowed to do this or to see this "
    "project.",
    404: "There is no such lookup for this person.",
    409: "There is no result: the lookup was stopped, or nothing is stored.",
    410: "The result was deleted.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    429: "Too many lookups in a minute.",
    500: "Something went wrong on our side.",
    502: "Sentry refused the request or sent something we couldn't read.",
    503: "Sentry is limiting us or is paused after repeated failures, or too many people are "
    "asking at once.",
    504: "Sentry could not be reached, or was too slow.",
}
_CODES = {
    400: "bad_input",
    401: "no_access",
    403: "missing_scope",
    404: "no_such_lookup",
    409: "cancelled",
    410: "purged",
    413: "too_large",
    415: "wrong_type",
    429: "too_many_lookups",
    500: "broken",
    502: "server_error",
    503: "rate_limited",
    504: "too_slow",
}
_RETRY_AFTER = {
    "description": "Seconds to wait, if known.",
    "schema": {"type": "integer", "minimum": 0},
}
_CHALLENGE = {"description": "What is missing.", "schema": {"type": "string"}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {**_CHALLENGE, "required": True}},
    403: {"WWW-Authenticate": _CHALLENGE},
    429: {"Retry-After": {**_RETRY_AFTER, "required": True}},
    503: {"Retry-After": _RETRY_AFTER},
}


class DescribedAPI(NinjaAPI):
    """An API whose document says of each answer what it means and which headers it has."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The document."""
        document = super().get_openapi_schema(**options)
        for operations in document["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    _describe(int(status), answer)
        return document


def _describe(status: int, answer: dict[str, Any]) -> None:
    answer["description"] = _WORDS[status]
    if status in _HEADERS:
        answer["headers"] = _HEADERS[status]
    if status in _CODES:
        answer["content"]["application/json"]["example"] = {
            "code": _CODES[status],
            "message": _WORDS[status],
            "next_step": "What to do now, in one sentence.",
            "retry_after": 30 if status in (429, 503) else None,
        }
