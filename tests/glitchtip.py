"""The endpoints of a simulated GlitchTip, as observed on its 5.2 line (December 2025)."""

import base64
import binascii
import re
import shlex
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qs, quote, urlencode

from apps.demo import http
from apps.demo.http import HTML, ORG, PROJECT, ApiError, ApiRequest, ApiResponse, Route
from apps.demo.world import Event, Issue, Json, World, as_utc, project_reference


@dataclass
class Settings(http.Settings):
    """Settings that only tests change.

    `flavor`: `sentry` or `glitchtip`. `hidden_environments`: names that GlitchTip lists only on
    request.
    """

    flavor: str = "sentry"
    hidden_environments: list[str] = field(default_factory=list)

    def change(self, values: dict[str, Any]) -> None:
        """Change settings by name. Raises KeyError for unknown names."""
        unknown = sorted(set(values) - {one.name for one in fields(self)})
        if unknown:
            raise KeyError(", ".join(unknown))
        for name, value in values.items():
            setattr(self, name, value)


# --- pages: base64 cursors and an odd Link header -----------------------------------------------

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MAX_HITS = 1000


@dataclass(frozen=True)
class Order:
    """What a list is sorted by, and how to read the text in a cursor."""

    key: Callable[[Any], Any]
    read: Callable[[str], Any]
    descending: bool = True


def unprocessable(place: str, message: str) -> ApiError:
    """Return a 422, GlitchTip's status where Sentry has 400."""
    return ApiError(422, [{"type": "value_error", "loc": ["query", place], "msg": message}])


def read_time(text: str) -> datetime:
    """Return the time in UTC. Raises ValueError."""
    return as_utc(datetime.fromisoformat(text))


def paged(
    request: ApiRequest, items: Sequence[Any], order: Order, body: Callable[[Any], Any]
) -> ApiResponse:
    """Return the page after the cursor, without items exactly at the cursor."""
    ordered = sorted(items, key=order.key, reverse=order.descending)
    size, position = _limit(request), _position(request, order)
    after = [
        item
        for item in ordered
        if position is None
        or (order.key(item) < position if order.descending else order.key(item) > position)
    ]
    page = after[:size] if size > 0 else []
    has_more = len(after) > len(page) > 0
    cursor = _cursor(order.key(page[-1])) if has_more else None
    headers = {
        "X-Hits": str(min(len(ordered), MAX_HITS)),
        "X-Max-Hits": str(MAX_HITS),
        "Link": _link(request.address_without_cursor(), cursor),
    }
    return ApiResponse([body(item) for item in page], headers=headers)


def _limit(request: ApiRequest) -> int:
    try:
        number = int(request.one("limit") or DEFAULT_LIMIT)
    except ValueError as error:
        raise unprocessable("limit", "Input should be a valid integer") from error
    return min(number, MAX_LIMIT) if number else DEFAULT_LIMIT


def _position(request: ApiRequest, order: Order) -> Any:
    cursor = request.one("cursor")
    if cursor is None:
        return None
    try:
        return order.read(parse_qs(base64.b64decode(cursor, validate=True).decode())["p"][0])
    except (binascii.Error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise unprocessable("cursor", "Invalid cursor") from error


def _cursor(key: Any) -> str:
    text = key.isoformat() if isinstance(key, datetime) else str(key)
    return base64.b64encode(f"p={quote(text)}".encode()).decode()


def _link(address: str, cursor: str | None) -> str:
    """Return the header as GlitchTip sends it: the text of a Python set."""
    back = f'<{address}>; rel="previous"; results="false"'
    onward = f'<{address}>; rel="next"; results="false"'
    if cursor:
        target = f"{address}&{urlencode({'cursor': cursor})}"
        onward = f'<{target}>; rel="next"; results="true"; cursor="{cursor}"'
    return f"{{'{back}, {onward}'}}"


# --- issue search: split like shell words, tags compared exactly --------------------------------

MAX_TAG_LENGTH = 255
DERIVED_TAGS = frozenset(
    {"level", "dist", "transaction", "logger", "handled", "mechanism", "user", "url"}
)

IssueTest = Callable[[Issue], bool]


class ServerError(ApiError):
    """The 500 with an HTML page that some input causes."""

    def __init__(self) -> None:
        super().__init__(500, "")

    def response(self) -> ApiResponse:
        """Return an HTML page."""
        return ApiResponse(status=500, text="<h1>Server Error (500)</h1>", content_type=HTML)


def tags_of(event: Event) -> dict[str, str]:
    """Return an event's tags: environment, release, the user's identifiers, and its own."""
    user = event.body.get("user") or {}
    names = {f"user.{name}": user.get(name) for name in ("id", "email", "username")}
    known = {key: str(value) for key, value in names.items() if value}
    own = {key: value for key, value in event.tags.items() if key not in DERIVED_TAGS and value}
    return own | known


def indexed_tags(event: Event) -> dict[str, str]:
    """Return the tags by which an issue is found."""
    return {key: value[:MAX_TAG_LENGTH] for key, value in tags_of(event).items()}


def issue_test(query: str, world: World) -> IssueTest:
    """Return the test of a query: all terms must match, each any event. Raises a 500."""
    if "\x00" in query:
        raise ServerError
    try:
        words = shlex.split(query)
    except ValueError as error:
        raise ServerError from error
    tests = [_term(word, world) for word in words]
    return lambda issue: all(test(issue) for test in tests)


def _term(word: str, world: World) -> IssueTest:
    """Return the test of a term; a word without a key is part of a title."""
    key, colon, text = word.partition(":")
    if not colon:
        return lambda issue: word.lower() in issue.title.lower()
    value = text.strip('"')[:MAX_TAG_LENGTH]
    return lambda issue: any(indexed_tags(one).get(key) == value for one in world.events_of(issue))


# --- endpoints ----------------------------------------------------------------------------------

SNAKE_CASE = {
    "eventID": "event_id",
    "groupID": "group_id",
    "projectID": "project_id",
    "dateCreated": "date_created",
    "dateReceived": "date_received",
}
SNAKE_CASE_OF_REQUEST = {"query": "query_string", "inferredContentType": "inferred_content_type"}
EVENT_KEYS = (
    *("title", "message", "culprit", "type", "platform"),
    *("contexts", "context", "entries"),
)


def not_found() -> ApiError:
    """Return GlitchTip's 404."""
    return ApiError(404, "Not Found")


def received(event: Event) -> datetime:
    """Return when the server received the event."""
    time = event.body.get("dateReceived")
    return read_time(time) if isinstance(time, str) else event.timestamp


RECEIVED = Order(received, read_time)


def organization(request: ApiRequest) -> ApiResponse:
    """Return the organization with its projects."""
    name = request.organization
    projects = [project_reference(one) for one in request.visible_projects()]
    return ApiResponse({"id": "1", "slug": name, "name": name.title(), "projects": projects})


def project_list(request: ApiRequest) -> ApiResponse:
    """Return the projects the token can see, by slug."""
    order = Order(lambda one: one.slug, str, descending=False)
    return paged(request, request.visible_projects(), order, project_reference)


def environment_list(request: ApiRequest) -> ApiResponse:
    """Return the environments of the organization, or of a project.

    As in GlitchTip, a project lacks those that another project had before.
    """
    owners: dict[str, str] = {}
    for event in sorted(request.world.events, key=received):
        owners.setdefault(event.tags.get("environment") or "", event.project.slug)
    project = request.args.get("project")
    settings = cast(Settings, request.settings)
    hidden = () if request.one("visibility") == "all" else settings.hidden_environments
    names = [
        name
        for name, slug in owners.items()
        if name and name not in hidden and project in (None, slug)
    ]
    order = Order(str, str)
    return paged(request, names, order, lambda name: {"id": names.index(name), "name": name})


def issue_list(request: ApiRequest) -> ApiResponse:
    """Return issues by tags, and by the numbers of projects and issues."""
    test = issue_test(request.one("query") or "", request.world)
    projects, ids = _numbers(request, "project"), _numbers(request, "id")
    found = [
        issue
        for issue in _issues(request)
        if test(issue)
        and (not projects or issue.project.id in projects)
        and (not ids or issue.id in ids)
    ]
    return paged(request, found, _order(request), lambda issue: issue_body(request, issue))


def _hex(text: str) -> str | None:
    try:
        return uuid.UUID(text.strip()).hex
    except ValueError:
        return None


def _issues(request: ApiRequest) -> list[Issue]:
    visible = request.visible_projects()
    return [one for one in request.world.issues if one.project in visible and _times(request, one)]


def _times(request: ApiRequest, issue: Issue) -> list[datetime]:
    return sorted(received(event) for event in request.world.events_of(issue))


def _order(request: ApiRequest) -> Order:
    sort = request.one("sort") or "-last_seen"
    name = sort.removeprefix("-")
    if name not in ("first_seen", "last_seen"):
        raise unprocessable("sort", "Input should be a known order")
    place = 0 if name == "first_seen" else -1
    return Order(
        lambda issue: _times(request, issue)[place], read_time, descending=sort.startswith("-")
    )


def _numbers(request: ApiRequest, name: str) -> list[int]:
    try:
        return [int(value) for value in request.many(name)]
    except ValueError as error:
        raise unprocessable(name, "Input should be a valid integer") from error


def issue_body(request: ApiRequest, issue: Issue) -> Json:
    """Return an issue, with the level of its first event; GlitchTip never counts its users."""
    times = _times(request, issue)
    first = min(request.world.events_of(issue), key=received)
    return {
        "id": str(issue.id),
        "title": issue.title,
        "level": first.columns["level"],
        "status": issue.status,
        "type": issue.kind,
        "count": str(len(times)),
        "userCount": 0,
        "firstSeen": _milliseconds(times[0]),
        "lastSeen": _milliseconds(times[-1]),
        "shortId": issue.short_id,
        "project": project_reference(issue.project),
        "permalink": f"{request.base_url}/{issue.project.slug}/issues/{issue.id}",
    }


def _issue(request: ApiRequest) -> Issue | None:
    return next((one for one in _issues(request) if str(one.id) == request.args["issue"]), None)


def issue_tags(request: ApiRequest) -> ApiResponse:
    """Return an issue's tags with the number of events for each value. Raises ApiError 404."""
    issue, wanted = _issue(request), request.one("key")
    if issue is None:
        raise not_found()
    counts: dict[str, Counter[str]] = {}
    for event in request.world.events_of(issue):
        for key, value in indexed_tags(event).items():
            if wanted in (None, key):
                counts.setdefault(key, Counter())[value] += 1
    return ApiResponse(
        [
            {"key": key, "uniqueValues": len(values), "totalValues": values.total()}
            for key, values in counts.items()
        ]
    )


def issue_events(request: ApiRequest) -> ApiResponse:
    """Return full events with their names in snake case; an unknown issue has none."""
    issue = _issue(request)
    return paged(request, request.world.events_of(issue) if issue else [], RECEIVED, snake_event)


def project_events(request: ApiRequest) -> ApiResponse:
    """Return full events, last received first, ignoring query and dates.

    An unknown slug has no events.
    """
    slugs = {one.slug for one in request.visible_projects()} & {request.args["project"]}
    events = [one for one in request.world.events if one.project.slug in slugs]
    return paged(request, events, RECEIVED, full_event)


def event_detail(request: ApiRequest) -> ApiResponse:
    """Return one event of a project. Raises ApiError 422 for an invalid ID."""
    event_id = _hex(request.args["event"])
    if event_id is None:
        raise unprocessable("event_id", "Input should be a valid UUID")
    event = request.world.find_event(event_id)
    visible = {one.slug for one in request.visible_projects()}
    if (
        event is None
        or event.issue.category != "error"
        or event.project.slug != request.args["project"]
        or event.project.slug not in visible
    ):
        raise not_found()
    return ApiResponse(full_event(event))


def raw_event(request: ApiRequest) -> ApiResponse:
    """Return an event in another shape: the only one with its level. Raises a 500 if unknown."""
    issue, event_id = _issue(request), _hex(request.args["event"])
    events = request.world.events_of(issue) if issue else []
    event = next((one for one in events if one.id == event_id), None)
    if event is None:
        raise ServerError
    return ApiResponse({"event_id": event.id, "level": event.columns["level"]})


def full_event(event: Event) -> Json:
    """Return an event as the project lists it; a verbatim body is returned unchanged."""
    if event.verbatim:
        return event.body
    user = {name: value for name, value in (event.body["user"] or {}).items() if value}
    return {name: event.body.get(name) for name in EVENT_KEYS} | {
        "id": event.id,
        "eventID": event.id,
        "projectID": event.project.id,
        "groupID": str(event.issue.id),
        "dateCreated": _milliseconds(event.timestamp),
        "dateReceived": _milliseconds(received(event)),
        "user": user or None,
        "tags": [{"key": key, "value": value} for key, value in sorted(tags_of(event).items())],
    }


def snake_event(event: Event) -> Json:
    """Return an event as its issue lists it."""
    body = {SNAKE_CASE.get(name, name): value for name, value in full_event(event).items()}
    entries = body.get("entries")
    return body | {"entries": [_snake_entry(one) for one in entries]} if entries else body


def _snake_entry(entry: Json) -> Json:
    if entry.get("type") != "request":
        return entry
    names = SNAKE_CASE_OF_REQUEST
    return entry | {"data": {names.get(key, key): one for key, one in entry["data"].items()}}


def _milliseconds(time: datetime) -> str:
    """Return the time with milliseconds, truncated, and `Z`."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


# --- routes -------------------------------------------------------------------------------------

ISSUE = r"/api/0/issues/(?P<issue>\d+)"
FRONTEND = re.compile(r"/(?:issues|projects|settings|releases|performance|uptime-monitors)")

ROUTES = (
    Route(rf"{ORG}/", "org:read", organization),
    Route(rf"{ORG}/projects/", "project:read", project_list),
    Route(rf"{ORG}/issues/", "event:read", issue_list),
    Route(rf"{ORG}/environments/", "org:read", environment_list),
    Route(rf"{PROJECT}/environments/", "project:read", environment_list),
    Route(rf"{ORG}/issues/(?P<issue>\d+)/events/(?P<event>[^/]+)/json/", "event:read", raw_event),
    Route(rf"{ISSUE}/events/", "event:read", issue_events),
    Route(rf"{ISSUE}/tags/", "event:read", issue_tags),
    Route(rf"{PROJECT}/events/", "event:read", project_events),
    Route(rf"{PROJECT}/events/(?P<event>[^/]+)/", "event:read", event_detail),
)


def authorize(route: Route, request: ApiRequest, auth: str, expected: str) -> None:
    """Raise ApiError unless the header has the expected token, with the scope of the route."""
    scheme, _, token = auth.partition(" ")
    if (scheme.lower(), token) != ("bearer", expected):
        raise ApiError(401, "Unauthorized")
    if route.scope not in request.settings.scopes:
        raise ApiError(403, "Permission denied")
    if request.args.get("org", request.organization) != request.organization:
        raise not_found()


def unknown_path(path: str) -> ApiResponse:
    """Return the frontend's page, with status 200, for its paths, else a 404 page."""
    if FRONTEND.search(path):
        return ApiResponse(text="<!doctype html><title>GlitchTip</title>", content_type=HTML)
    return ApiResponse(status=404, text="<h1>Not Found</h1>", content_type=HTML)
