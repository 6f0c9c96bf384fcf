"""What the endpoints of the demo share: requests, responses, settings, faults, and pages."""

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from apps.demo.world import Draft, Json, Project, World

T = TypeVar("T")

HTML = "text/html; charset=utf-8"
SEVERAL_PROJECTS = "You cannot view events from multiple projects."


@dataclass
class Settings:
    """Everything that differs between real servers. Tests change it while the server runs.

    `flavor`: `sentry` or `glitchtip`. `latency_s`: delay of every response. `retention_days`:
    how far back events can be searched, None for no limit. `full_page_cap`: maximum number of
    full bodies on a page, None for servers without the cap. `row_page_cap`: silent maximum
    number of rows on a page of the events table. `visible_projects`: slugs the token can see,
    None for all. `multi_project`: off for plans that cannot search several projects at once.
    `datasets`: what the events table lists. `newer_dataset`: its query for errors heeds capitals
    unless `caseInsensitive=1`, rows lack `issue.id`, and `error.handled` is text. `scopes`: what
    the token can do. `rate_limit` requests in five minutes are counted, but not enforced.
    `replays_on` and `feedback_on`: off for servers without replays (404 with an empty body) or
    without the issue category feedback (400). `hidden_environments`: names that GlitchTip lists
    only on request. `longest_address`: more bytes are refused. `now`: a fixed clock in ISO form.
    """

    flavor: str = "sentry"
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
    hidden_environments: list[str] = field(default_factory=list)
    longest_address: int = 8192
    now: str | None = None

    def clock(self) -> datetime:
        """Return the current time, UTC."""
        return datetime.now(UTC) if self.now is None else datetime.fromisoformat(self.now)

    def change(self, values: dict[str, Any]) -> None:
        """Change settings by name. Raises KeyError for unknown names."""
        unknown = sorted(set(values) - {one.name for one in fields(self)})
        if unknown:
            raise KeyError(", ".join(unknown))
        for name, value in values.items():
            setattr(self, name, value)


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
        """The current time of the server."""
        return self.settings.clock()

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


# --- rate limit ---------------------------------------------------------------------------------

CONCURRENT_LIMIT = 15
RATE_WINDOW_S = 300


class RateLimiter:
    """Fixed windows with one counter per limit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], int] = {}

    def count(self, name: str) -> dict[str, str]:
        """Count a request and return the headers to send."""
        limit = self._settings.rate_limit
        window = int(time.time()) // RATE_WINDOW_S
        with self._lock:
            used = self._counts.get((name, window), 0) + 1
            self._counts[(name, window)] = used
        return {
            "X-Sentry-Rate-Limit-Limit": str(limit),
            "X-Sentry-Rate-Limit-Remaining": str(max(limit - used, 0)),
            "X-Sentry-Rate-Limit-Reset": str((window + 1) * RATE_WINDOW_S),
            "X-Sentry-Rate-Limit-ConcurrentLimit": str(CONCURRENT_LIMIT),
            "X-Sentry-Rate-Limit-ConcurrentRemaining": str(CONCURRENT_LIMIT - 1),
        }


# --- faults: error responses, delays, and dropped connections -----------------------------------


@dataclass(frozen=True)
class Fault:
    """A deliberate failure of requests whose path and query match `path`, a regular expression.

    `times`: how often, None for always; `after`: how many matching requests succeed first.
    `status`, `body`, `content_type`, and `headers` change the response; a header of None is
    removed. Without `status` and `body`, the usual response is made. `delay_s` delays the
    response. `drop`: `before` closes the connection
    without a response, `middle` closes it after half of the body.
    """

    path: str
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: Any = None
    content_type: str | None = None
    delay_s: float = 0.0
    drop: str | None = None

    @property
    def replaces_response(self) -> bool:
        """Whether the usual response is not made at all."""
        return self.status is not None or self.body is not None

    def response(self) -> ApiResponse:
        """Return the fault's own response; a body that is not text is sent as JSON."""
        text = "" if self.body is None else self.body if isinstance(self.body, str) else None
        return self.applied_to(ApiResponse(self.body, status=self.status or 200, text=text))

    def applied_to(self, response: ApiResponse) -> ApiResponse:
        """Return the response with the fault's headers and content type."""
        headers = {
            name: value
            for name, value in (response.headers | self.headers).items()
            if value is not None
        }
        content_type = self.content_type or response.content_type
        return replace(response, headers=headers, content_type=content_type)


class Faults:
    """The pending faults, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []
        self._cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        """Apply the fault to the next requests that match."""
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Remove all faults, and end their delays."""
        with self._lock:
            self._pending.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def delay(self, seconds: float) -> None:
        """Wait so long, or until the faults are removed."""
        self._cleared.wait(seconds)

    def take(self, target: str) -> Fault | None:
        """Return the fault for a path and query, and count it as used."""
        with self._lock:
            for place, fault in enumerate(self._pending):
                if fault.times == 0 or not re.search(fault.path, target):
                    continue
                if fault.after:
                    self._pending[place] = replace(fault, after=fault.after - 1)
                    continue
                if fault.times is not None:
                    self._pending[place] = replace(fault, times=fault.times - 1)
                return fault
            return None


def fault_from(values: Json) -> Fault:
    """Return a fault from JSON. Raises ApiError 400 for unknown keys or an invalid pattern."""
    unknown = sorted(set(values) - {one.name for one in fields(Fault)})
    if unknown or "path" not in values:
        raise bad_request(f"A fault needs a path; unknown keys: {', '.join(unknown) or 'none'}.")
    try:
        re.compile(str(values["path"]))
    except re.error as error:
        raise bad_request(f"Invalid regular expression: {error}.") from error
    return Fault(**values)


# --- the demo's own endpoints below `/_demo/`, for tests; they need no token --------------------


@dataclass(frozen=True)
class Call:
    """A request with its response. `ms` is the server's time; a dropped one has status 0.

    `started` is a time of `perf_counter`, which shows whether calls overlapped. `size` is the
    length of the body in bytes.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    status: int
    ms: float
    started: float = 0.0
    size: int = 0


class Control:
    """Changes the world, the settings, and the faults of a running server."""

    def __init__(self, world: World, settings: Settings, faults: Faults, calls: list[Call]) -> None:
        self.world = world
        self.settings = settings
        self.faults = faults
        self.calls = calls

    def handle(self, method: str, path: str, payload: Any) -> ApiResponse:
        """Respond to a request; `payload` is its JSON or None."""
        actions: dict[tuple[str, str], Callable[[Any], ApiResponse]] = {
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: self._clear(self.faults),
            ("GET", "calls"): lambda _: ApiResponse([asdict(call) for call in [*self.calls]]),
            ("DELETE", "calls"): lambda _: self._clear(self.calls),
            ("POST", "events"): self._add_events,
            ("DELETE", "events"): lambda _: self._clear(self.world),
            ("POST", "items"): self._add_items,
            ("PUT", "settings"): self._change_settings,
        }
        action = actions.get((method, path.removeprefix("/_demo/").rstrip("/")))
        if action is None:
            raise not_found()
        return action(payload)

    def _clear(self, part: Faults | World | list[Call]) -> ApiResponse:
        part.clear()
        return ApiResponse(status=204, text="")

    def _change_settings(self, payload: Any) -> ApiResponse:
        [values] = _objects(payload)
        self.settings.change(values)
        return ApiResponse(asdict(self.settings))

    def _add_items(self, payload: Any) -> ApiResponse:
        made = [
            self.world.add_item(**{**item, "when": datetime.fromisoformat(item["when"])})
            for item in _objects(payload)
        ]
        return ApiResponse([{"id": row.id} for row in made], status=201)

    def _add_faults(self, payload: Any) -> ApiResponse:
        for fault in [fault_from(item) for item in _objects(payload)]:
            self.faults.add(fault)
        return ApiResponse(status=201, text="")

    def _add_events(self, payload: Any) -> ApiResponse:
        events = [self.world.add_event(**_event_fields(item)) for item in _objects(payload)]
        return ApiResponse([{"id": event.id} for event in events], status=201)


def _objects(payload: Any) -> list[Json]:
    """Return the objects of a list, or the one object. Raises ApiError 400 for anything else."""
    items = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(item, dict) for item in items):
        raise bad_request("An object is expected.")
    return items


def _event_fields(values: Json) -> Json:
    """Return event fields from JSON, with times from ISO text. Raises ApiError 400."""
    unknown = sorted(set(values) - {one.name for one in fields(Draft)})
    if unknown:
        raise bad_request(f"Unknown event fields: {', '.join(unknown)}.")
    try:
        return values | {
            name: datetime.fromisoformat(values[name])
            for name in ("timestamp", "received")
            if isinstance(values.get(name), str)
        }
    except ValueError as error:
        raise bad_request("Times must be ISO texts.") from error
