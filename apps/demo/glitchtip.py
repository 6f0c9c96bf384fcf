"""The endpoints of a GlitchTip, as observed on its 5.2 line."""

from __future__ import annotations

import base64
import binascii
import re
import shlex
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from apps.demo.endpoints import CREATED
from apps.demo.http import Answer, ApiError, Ask, Route, route
from apps.demo.world import Event, Issue, Json, Project, World

# GlitchTip's pages: base64 cursors, strict comparison at the edges, and its odd Link header.

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MAX_HITS = 1000


@dataclass(frozen=True)
class Order:
    """What a list is sorted by, and how a cursor's text is read back into it."""

    key: Callable[[Any], Any]
    read: Callable[[str], Any]
    descending: bool = True


def unprocessable(place: str, message: str) -> ApiError:
    """A 422, GlitchTip's word for what Sentry answers 400 to."""
    return ApiError(422, [{"type": "value_error", "loc": ["query", place], "msg": message}])


def read_moment(text: str) -> datetime:
    """A cursor's time; a ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def paged(ask: Ask, items: Sequence[Any], order: Order, body: Callable[[Any], Any]) -> Answer:
    """A page of the items. Those that stand at the very place of the cursor are skipped."""
    ordered = sorted(items, key=order.key, reverse=order.descending)
    size, place = _limit(ask), _place(ask, order)
    after = [item for item in ordered if _follows(order, order.key(item), place)]
    page = after[:size] if size > 0 else []
    more = len(after) > len(page) > 0
    cursor = _cursor(order.key(page[-1])) if more else None
    headers = {
        "X-Hits": str(min(len(ordered), MAX_HITS)),
        "X-Max-Hits": str(MAX_HITS),
        "Link": _link(ask, cursor),
    }
    return Answer([body(item) for item in page], headers=headers)


def _limit(ask: Ask) -> int:
    told = ask.one("limit")
    try:
        number = DEFAULT_LIMIT if told is None else int(told)
    except ValueError as error:
        raise unprocessable("limit", "Input should be a valid integer") from error
    return min(number, MAX_LIMIT) if number else DEFAULT_LIMIT


def _place(ask: Ask, order: Order) -> Any:
    told = ask.one("cursor")
    if told is None:
        return None
    try:
        position = parse_qs(base64.b64decode(told, validate=True).decode())["p"][0]
        return order.read(position)
    except (binascii.Error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise unprocessable("cursor", "Invalid cursor") from error


def _follows(order: Order, key: Any, place: Any) -> bool:
    if place is None:
        return True
    return bool(key < place if order.descending else key > place)


def _cursor(key: Any) -> str:
    text = key.isoformat() if isinstance(key, datetime) else str(key)
    return base64.b64encode(f"p={quote(text)}".encode()).decode()


def _link(ask: Ask, cursor: str | None) -> str:
    """The header as GlitchTip sends it: the text of a Python set."""
    kept = {name: values for name, values in ask.params.items() if name != "cursor"}
    address = f"{ask.base_url}{ask.path}?{urlencode(kept, doseq=True)}"
    back = f'<{address}>; rel="previous"; results="false"'
    onward = f'<{address}>; rel="next"; results="false"'
    if cursor:
        target = f"{address}&{urlencode({'cursor': cursor})}"
        onward = f'<{target}>; rel="next"; results="true"; cursor="{cursor}"'
    return f"{{'{back}, {onward}'}}"


# GlitchTip's search for issues: split like a shell's words, tags compared letter by letter.

INDEXED = 255
KEPT_TAGS = ("environment", "release")
DERIVED_TAGS = frozenset({"level", "dist", "transaction", "logger", "handled", "mechanism"})
TERM = re.compile(r"([^\s:]+):(.*)", re.DOTALL)

IssueTest = Callable[[Issue], bool]


class Broken(ApiError):
    """The 500 with a page that some user input leads to."""

    def __init__(self) -> None:
        super().__init__(500, "")

    def answer(self) -> Answer:
        """No JSON."""
        page = "<h1>Server Error (500)</h1>"
        return Answer(status=500, text=page, content_type="text/html; charset=utf-8")


def tags_of(event: Event) -> dict[str, str]:
    """The tags an event is listed with: environment, release and the caller's own."""
    own = {key: value for key, value in event.tags.items() if key not in DERIVED_TAGS | {"user"}}
    return {key: value for key, value in own.items() if key != "url" and value}


def indexed_tags(event: Event) -> dict[str, str]:
    """The tags an event's issue is found by: those it is listed with, and its user's names."""
    user = event.body.get("user") or {}
    names = {f"user.{name}": user.get(name) for name in ("id", "email", "username")}
    known = {key: str(value) for key, value in names.items() if value}
    return {key: value[:INDEXED] for key, value in (tags_of(event) | known).items()}


def issue_test(query: str, world: World) -> IssueTest:
    """All terms must hold for the issue, each for any of its events. Raises a 500."""
    if "\x00" in query:
        raise Broken
    try:
        words = shlex.split(query)
    except ValueError as error:
        raise Broken from error
    tests = list(_tests(words, world))
    return lambda issue: all(test(issue) for test in tests)


def _tests(words: list[str], world: World) -> Iterator[IssueTest]:
    """Terms up to the first bare word; from there on all is looked for in the title."""
    for place, word in enumerate(words):
        term = TERM.fullmatch(word)
        if term is None:
            yield _text(" ".join(words[place:]))
            return
        yield _term(term.group(1), term.group(2).strip('"'), world)


def _text(text: str) -> IssueTest:
    return lambda issue: text.lower() in issue.title.lower()


def _term(key: str, value: str, world: World) -> IssueTest:
    """One `key:value`; quotes at the edges of the value are gone by now."""
    if key == "is":
        return lambda issue: issue.status == value
    if key == "level":
        return lambda issue: issue.level == value
    if key == "has":
        return lambda issue: any(value in indexed_tags(one) for one in world.events_of(issue))
    return lambda issue: any(
        indexed_tags(one).get(key) == value[:INDEXED] for one in world.events_of(issue)
    )


SNAKE = {
    "eventID": "event_id",
    "groupID": "group_id",
    "projectID": "project_id",
    "dateCreated": "date_created",
    "dateReceived": "date_received",
}
KEPT = (
    "title",
    "message",
    "culprit",
    "type",
    "platform",
    "metadata",
    "contexts",
    "context",
    "entries",
    "packages",
    "sdk",
    "errors",
)
SORTS: dict[str, Callable[[Ask], Callable[[Issue], Any]]] = {
    "last_seen": lambda ask: lambda issue: _times(ask, issue)[-1],
    "first_seen": lambda ask: lambda issue: _times(ask, issue)[0],
    "count": lambda ask: lambda issue: len(ask.world.events_of(issue)),
    "priority": lambda ask: lambda issue: len(ask.world.events_of(issue)),
}


def missing(detail: str = "Not Found") -> ApiError:
    """GlitchTip's 404 for a place that exists and a thing that does not."""
    return ApiError(404, detail)


def received(event: Event) -> datetime:
    """When the server got it."""
    told = event.body.get("dateReceived")
    return read_moment(told) if isinstance(told, str) else event.timestamp


RECEIVED = Order(received, read_moment)


def organization(ask: Ask) -> Answer:
    """The organization with its projects."""
    about = {"id": "1", "slug": ask.organization, "name": ask.organization.title()}
    status = {"id": "active", "name": "active"}
    projects = [_project(one) for one in ask.visible_projects()]
    body = about | {"status": status, "dateCreated": CREATED, "projects": projects, "teams": []}
    return Answer(body)


def project_list(ask: Ask) -> Answer:
    """The projects the token sees, by slug."""
    order = Order(lambda one: one.slug, str, descending=False)
    return paged(ask, ask.visible_projects(), order, _project)


def _project(project: Project) -> Json:
    return {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "firstEvent": None,
        "teams": [],
    }


def issue_list(ask: Ask) -> Answer:
    """Issues by tags; `start` and `end` look at the issue's first event, `statsPeriod` at none."""
    query = ask.one("query") or ""
    hit = _hex_of(query)
    if hit:
        return _direct_hit(ask, hit)
    test = issue_test(query, ask.world)
    found = [issue for issue in _issues(ask) if test(issue) and _is_chosen(ask, issue)]
    return paged(ask, found, _order(ask), lambda issue: issue_body(ask, issue))


def _direct_hit(ask: Ask, event_id: str) -> Answer:
    event = ask.world.find_event(event_id)
    if event is None or event.issue not in _issues(ask):
        return paged(ask, [], RECEIVED, str)
    body = issue_body(ask, event.issue) | {"matchingEventId": event.id}
    return Answer([body], headers={"X-Sentry-Direct-Hit": "1"})


def _hex_of(query: str) -> str | None:
    try:
        return uuid.UUID(query.strip()).hex
    except ValueError:
        return None


def _issues(ask: Ask) -> list[Issue]:
    visible = ask.visible_projects()
    return [one for one in ask.world.issues if one.project in visible and _times(ask, one)]


def _times(ask: Ask, issue: Issue) -> list[datetime]:
    return sorted(received(event) for event in ask.world.events_of(issue))


def _order(ask: Ask) -> Order:
    told = ask.one("sort") or "-last_seen"
    name = told.removeprefix("-")
    if name not in SORTS:
        raise unprocessable("sort", "Input should be a known order")
    read = read_moment if name.endswith("seen") else int
    return Order(SORTS[name](ask), read, descending=told.startswith("-"))


def _is_chosen(ask: Ask, issue: Issue) -> bool:
    projects, ids = _numbers(ask, "project"), _numbers(ask, "id")
    names = ask.many("environment")
    first = _times(ask, issue)[0]
    start, end = (_date(ask.one(name)) for name in ("start", "end"))
    return (
        (not projects or issue.project.id in projects)
        and (not ids or issue.id in ids)
        and (not names or _has_environment(ask, issue, names))
        and (start is None or first >= start)
        and (end is None or first <= end)
    )


def _has_environment(ask: Ask, issue: Issue, names: list[str]) -> bool:
    return any(
        indexed_tags(event).get("environment") in names for event in ask.world.events_of(issue)
    )


def _numbers(ask: Ask, name: str) -> list[int]:
    try:
        return [int(value) for value in ask.many(name)]
    except ValueError as error:
        raise unprocessable(name, "Input should be a valid integer") from error


def _date(told: str | None) -> datetime | None:
    if not told:
        return None
    try:
        return read_moment(told)
    except ValueError as error:
        raise unprocessable("start", "Input should be a valid datetime") from error


def issue_body(ask: Ask, issue: Issue) -> Json:
    """An issue; it never knows how many users it has."""
    times = _times(ask, issue)
    return {
        "id": str(issue.id),
        "title": issue.title,
        "culprit": "",
        "level": issue.level,
        "status": issue.status,
        "type": issue.kind,
        "count": str(len(times)),
        "userCount": 0,
        "stats": {"24h": []},
        "firstSeen": _printed(times[0]),
        "lastSeen": _printed(times[-1]),
        "shortId": issue.short_id,
        "metadata": issue.metadata,
        "project": _project(issue.project),
        "permalink": f"{ask.base_url}/{issue.project.slug}/issues/{issue.id}",
        "matchingEventId": None,
    }


def issue_detail(ask: Ask) -> Answer:
    """One issue. 404 without it."""
    return Answer(issue_body(ask, _issue(ask)) | {"userReportCount": 0})


def _issue(ask: Ask) -> Issue:
    found = next((one for one in _issues(ask) if str(one.id) == ask.args["issue"]), None)
    if found is None:
        raise missing()
    return found


def issue_events(ask: Ask) -> Answer:
    """Full events with their top-level names in snake case; an unknown issue has none."""
    try:
        events = ask.world.events_of(_issue(ask))
    except ApiError:
        events = []
    return paged(ask, events, RECEIVED, snake_event)


def project_events(ask: Ask) -> Answer:
    """Full events, last received first. Query and dates are not read; an unknown slug has none."""
    slugs = {one.slug for one in ask.visible_projects()} & {ask.args["project"]}
    events = [one for one in ask.world.events if one.project.slug in slugs]
    return paged(ask, events, RECEIVED, full_event)


def event_detail(ask: Ask) -> Answer:
    """One event of a project. 422 for what is no id, 404 without it."""
    event_id = _hex_of(ask.args["event"])
    if event_id is None:
        raise unprocessable("event_id", "Input should be a valid UUID")
    event = ask.world.find_event(event_id)
    visible = {one.slug for one in ask.visible_projects()}
    if (
        event is None
        or event.issue.category != "error"
        or event.project.slug != ask.args["project"]
        or event.project.slug not in visible
    ):
        raise missing()
    return Answer(full_event(event) | {"userReport": None, "nextEventID": None})


def only_put(_ask: Ask) -> Answer:
    """This address cannot be read."""
    return Answer(status=405, text="")


def full_event(event: Event) -> Json:
    """An event as the project lists it; a verbatim body is answered as it was given."""
    if event.verbatim:
        return event.body
    user = {name: value for name, value in (event.body["user"] or {}).items() if value}
    return {name: event.body.get(name) for name in KEPT} | {
        "id": event.id,
        "eventID": event.id,
        "projectID": event.project.id,
        "groupID": str(event.issue.id),
        "dateCreated": _printed(event.timestamp),
        "dateReceived": _printed(received(event)),
        "user": user or None,
        "tags": [{"key": key, "value": value} for key, value in sorted(tags_of(event).items())],
    }


def snake_event(event: Event) -> Json:
    """An event as its issue lists it."""
    return {SNAKE.get(name, name): value for name, value in full_event(event).items()}


def _printed(moment: datetime) -> str:
    """Milliseconds and `Z`; finer parts are cut off."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


# Which path of a GlitchTip is answered by whom, and what unknown paths lead to.

ORG = r"/api/0/organizations/(?P<org>[^/]+)"
PROJECT = r"/api/0/projects/(?P<org>[^/]+)/(?P<project>[^/]+)"
ISSUE = r"/api/0/issues/(?P<issue>\d+)"
FRONTEND = re.compile(r"/(?:issues|projects|settings|releases|performance|uptime-monitors)")
HTML = "text/html; charset=utf-8"

ROUTES = (
    route(rf"{ORG}/", "org:read", organization),
    route(rf"{ORG}/projects/", "project:read", project_list),
    route(rf"{ORG}/issues/", "event:read", issue_list),
    route(rf"{ORG}/issues/\d+/", "event:read", only_put),
    route(rf"{ISSUE}/", "event:read", issue_detail),
    route(rf"{ISSUE}/events/", "event:read", issue_events),
    route(rf"{PROJECT}/events/", "event:read", project_events),
    route(rf"{PROJECT}/events/(?P<event>[^/]+)/", "event:read", event_detail),
)


def find(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and what the path names, or None."""
    return next(((one, named) for one in ROUTES if (named := one.match(path)) is not None), None)


def nowhere(path: str) -> Answer:
    """The front end's page, with 200, for what looks like one of its pages; else a 404 page."""
    if FRONTEND.search(path):
        return Answer(text="<!doctype html><title>GlitchTip</title>", content_type=HTML)
    return Answer(status=404, text="<h1>Not Found</h1>", content_type=HTML)
