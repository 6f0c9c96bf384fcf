"""The endpoints of a GlitchTip, as observed on its 5.2 line."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apps.demo.exchange import Answer, ApiError, Ask
from apps.demo.glitchtip_paging import Order, paged, read_moment, unprocessable
from apps.demo.glitchtip_search import indexed_tags, issue_test, tags_of
from apps.demo.model import Event, Issue, Json, Project
from apps.demo.organizations import CREATED

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
