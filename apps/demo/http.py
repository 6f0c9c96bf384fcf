"""What the endpoints of the demo share: requests, responses, settings, and pages."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from apps.demo.world import Project, World

T = TypeVar("T")

HTML = "text/html; charset=utf-8"
SEVERAL_PROJECTS = "You cannot view events from multiple projects."


@dataclass
class Settings:
    """Everything that differs between real servers. Tests change it while the server runs.

    `latency_s`: delay of every response. `retention_days`: how far back events are found, None
    for no limit. `full_page_cap`: maximum number of full bodies on a page, None for servers without
    the cap. `row_page_cap`: silent maximum number of rows on a page of the events table.
    `visible_projects`: slugs the token can see, None for all. `multi_project`: off for plans that
    cannot search several projects at once. `datasets`: what the events table lists.
    `newer_dataset`: its query for errors heeds capitals unless `caseInsensitive=1`, rows lack
    `issue.id`, and `error.handled` is text. `scopes`: what the token can do. `rate_limit` requests
    in five minutes are counted, but not enforced. `replays_on` and `feedback_on`: off for servers
    without replays (404 with an empty body) or without the issue category feedback (400).
    `longest_address`: more bytes are refused. `now`: a fixed clock in ISO form.
    """

    latency_s: float = 0.0
    retention_days: float | None = 90
    full_page_cap: int | None = 10
    row_page_cap: int | None = None
    visible_projects: list[str] | None = None
    multi_project: bool = True
    datasets: list[str] = field(
        default_factory=lambda: ["discover", "errors", "logs", "ourlogs", "spans"]
    )
    newer_dataset: bool = False
    scopes: list[str] = field(default_factory=lambda: ["event:read", "org:read", "project:read"])
    rate_limit: int = 1000
    replays_on: bool = True
    feedback_on: bool = True
    longest_address: int = 8192
    now: str | None = None


# --- requests and responses ---------------------------------------------------------------------


@dataclass(frozen=True)
class ApiResponse:
    """A complete response: `text` unchanged, or else `payload` as JSON."""

    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json"

    @cached_property
    def content(self) -> bytes:
        """The body in UTF-8."""
        if self.text is not None:
            return self.text.encode()
        return json.dumps(self.payload, default=str, ensure_ascii=False).encode()


class ApiError(Exception):
    """An error response of the API: a status and Sentry's `detail`, a text or an object."""

    def __init__(self, status: int, detail: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def response(self) -> ApiResponse:
        """Return the response for the error."""
        return ApiResponse({"detail": self.detail}, status=self.status, headers=self.headers)


def bad_request(detail: str) -> ApiError:
    """Return a 400."""
    return ApiError(400, detail)


def not_found(detail: str = "The requested resource does not exist") -> ApiError:
    """Return a 404."""
    return ApiError(404, detail)


def forbidden(headers: dict[str, str] | None = None) -> ApiError:
    """Return a 403."""
    return ApiError(403, "You do not have permission to perform this action.", headers)


@dataclass(frozen=True)
class ApiRequest:
    """An authorized request. `args` are the values in the path, `params` those of the query."""

    path: str
    params: dict[str, list[str]]
    args: dict[str, str]
    base_url: str
    organization: str
    world: World
    settings: Settings

    @property
    def now(self) -> datetime:
        """The current time of the server, UTC."""
        fixed = self.settings.now
        return datetime.now(UTC) if fixed is None else datetime.fromisoformat(fixed)

    def one(self, name: str) -> str | None:
        """Return the last value of the parameter, as Sentry's web framework does."""
        return self.params.get(name, [None])[-1]

    def many(self, name: str) -> list[str]:
        """Return all values of a repeated parameter."""
        return self.params.get(name, [])

    def visible_projects(self) -> list[Project]:
        """Return the projects the token can see."""
        allowed = self.settings.visible_projects
        return [one for one in self.world.projects if allowed is None or one.slug in allowed]

    def project(self) -> Project:
        """Return the project in the path. Raises ApiError 404 or 403."""
        found = self.world.find_project(self.args["project"])
        if found is None:
            raise not_found()
        if found not in self.visible_projects():
            raise forbidden()
        return found

    def chosen_projects(self, refusal: str = SEVERAL_PROJECTS) -> list[Project]:
        """Return the projects of `project`, a repeated numeric ID; `-1` or none means all.

        Raises ApiError: 400 for a slug, 403 for an ID the token cannot see, and 400 with the
        endpoint's text for several projects if the plan does not allow them.
        """
        visible = self.visible_projects()
        try:
            ids = {int(value) for value in self.many("project")}
        except ValueError as error:
            raise bad_request("Invalid project parameter. Values must be numbers.") from error
        if not ids or -1 in ids:
            chosen = visible
        elif ids - {one.id for one in visible}:
            raise forbidden()
        else:
            chosen = [one for one in visible if one.id in ids]
        if len(chosen) > 1 and not self.settings.multi_project:
            raise bad_request(refusal)
        return chosen

    def address_without_cursor(self) -> str:
        """Return the absolute address of the request, for links to other pages."""
        params = {name: values for name, values in self.params.items() if name != "cursor"}
        return f"{self.base_url}{self.path}?{urlencode(params, doseq=True)}"


@dataclass(frozen=True)
class Route:
    """A path as a pattern, the scope its token needs (None for web pages), and the endpoint."""

    path: str
    scope: str | None
    endpoint: Callable[[ApiRequest], ApiResponse]


ORG = r"/api/0/organizations/(?P<org>[^/]+)"
PROJECT = r"/api/0/projects/(?P<org>[^/]+)/(?P<project>[^/]+)"


# --- pages --------------------------------------------------------------------------------------

CURSOR = re.compile(r"-?\d+(?:\.\d+)?:(\d+):[01]")
MAX_PER_PAGE = 100


def per_page_of(request: ApiRequest, name: str = "per_page", most: int = MAX_PER_PAGE) -> int:
    """Return the page size: 1 to `most`, by default 100. Raises ApiError 400."""
    value = request.one(name)
    if value is None:
        return MAX_PER_PAGE
    try:
        number = int(value)
    except ValueError as error:
        raise bad_request(f"Invalid {name} parameter.") from error
    if not 1 <= number <= most:
        raise bad_request(f"Invalid {name} value. Must be between 1 and {most}.")
    return number


def paged(
    request: ApiRequest, items: Sequence[T], size: int, body: Callable[[T], Any]
) -> ApiResponse:
    """Return the bodies of the page at the cursor `value:offset:is_prev`, with its Link header.

    Offsets shift when items are added, as in Sentry. Raises ApiError 400 for an invalid cursor.
    """
    cursor = request.one("cursor") or "0:0:0"
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise bad_request("Invalid cursor parameter.")
    offset = int(match.group(1))
    neighbors = (
        (f"0:{max(offset - size, 0)}:1", "previous", offset > 0),
        (f"0:{offset + size}:0", "next", offset + size < len(items)),
    )
    address = request.address_without_cursor()
    link = ", ".join(
        f'<{address}&cursor={cursor}>; rel="{rel}"; results="{str(has_results).lower()}"; '
        f'cursor="{cursor}"'
        for cursor, rel, has_results in neighbors
    )
    page = [body(item) for item in items[offset : offset + size]]
    return ApiResponse(page, headers={"Link": link})
