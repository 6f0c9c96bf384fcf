"""The API's page: its own document, for people to read. And what stands nowhere below it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from apps.accounts.models import Scope
from apps.web.api import api
from apps.web.api_access import for_people_and_programs
from apps.web.api_problems import NO_SUCH_ADDRESS, problem_response

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One value that goes in."""

    name: str
    kind: str
    is_required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Status:
    """One way a call ends. `code` is an example of the problem's."""

    number: int
    meaning: str
    code: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API can do."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    statuses: tuple[Status, ...]


@require_safe
@for_people_and_programs
def api_page(request: HttpRequest) -> HttpResponse:
    """The document as a page."""
    context = {
        "operations": operations_of(api.get_openapi_schema()),
        "scopes": Scope.choices,
        "site": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "api.html", context)


@csrf_exempt
@login_not_required
def no_such_address(_request: HttpRequest) -> HttpResponse:
    """404 for programs, whatever they sent."""
    return problem_response(NO_SUCH_ADDRESS)


def operations_of(document: Document) -> tuple[Operation, ...]:
    """Every operation of an OpenAPI document, in its order."""
    return tuple(
        Operation(
            id=told["operationId"],
            method=method.upper(),
            path=path,
            summary=told["summary"],
            description=told["description"],
            fields=(*_parameters(told), *_body_fields(told, document)),
            statuses=tuple(_status(int(number), one) for number, one in told["responses"].items()),
        )
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    )


def _parameters(told: Document) -> list[Field]:
    return [
        Field(one["name"], _kind(one["schema"]), one["required"], one.get("description", ""))
        for one in told["parameters"]
    ]


def _body_fields(told: Document, document: Document) -> list[Field]:
    if "requestBody" not in told:
        return []
    name = told["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schema = document["components"]["schemas"][name]
    return [
        Field(field, _kind(one), field in schema["required"], one.get("description", ""))
        for field, one in schema["properties"].items()
    ]


def _kind(schema: Document) -> str:
    """A schema's type in a few words."""
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}s"
    kind: str = schema.get("format") or schema.get("type", "")
    return {"string": "text", "integer": "number"}.get(kind, kind)


def _status(number: int, told: Document) -> Status:
    example = told["content"]["application/json"].get("example", {})
    return Status(number, told["description"], example.get("code", ""))
