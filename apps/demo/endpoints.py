"""The endpoints of Sentry's web API that Triage uses, and the few web pages it links to."""

import html
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from apps.demo.http import (
    HTML,
    MAX_PER_PAGE,
    ORG,
    PROJECT,
    ApiRequest,
    ApiResponse,
    Route,
    bad_request,
    not_found,
    paged,
    per_page_of,
)
from apps.demo.search import (
    Clause,
    Rules,
    SearchError,
    Window,
    compiled,
    found_rows,
    in_environments,
    parse,
    replay_search,
    requested_window,
    row_test,
    window_of,
)
from apps.demo.world import (
    Event,
    History,
    Issue,
    Json,
    Project,
    Release,
    Replay,
    Row,
    column,
    iso_offset,
    iso_z,
    project_reference,
)

# --- the events table ---------------------------------------------------------------------------

MAX_FIELDS = 20
ITEMS = {"logs": "logs", "ourlogs": "logs", "spans": "spans"}
FUNCTION = re.compile(r"(\w+)\(([^()]*)\)")
FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "p50": lambda values: median(values) if values else None,
}
MAX_LOGS_PER_PAGE = 9999
NO_PROJECT: Json = {
    "data": [],
    "meta": {"tips": {"query": "Need at least one valid project to query."}},
}


def events_table(request: ApiRequest) -> ApiResponse:
    """Return rows of the requested fields; with a function, one row per group of events."""
    projects = request.chosen_projects()
    if not projects:
        return ApiResponse(NO_PROJECT)
    fields = _fields(request)
    dataset = request.one("dataset") or "errors"
    if dataset not in request.settings.datasets:
        raise bad_request(f"dataset must be one of: {', '.join(request.settings.datasets)}")
    kind = ITEMS.get(dataset)
    size = per_page_of(request, most=MAX_LOGS_PER_PAGE if kind == "logs" else MAX_PER_PAGE)
    known: Sequence[Row] = request.world.items(kind) if kind else request.world.events
    query = request.one("query") or ""
    found = found_rows(request, projects, query, known, is_newer=kind is not None)
    if any(FUNCTION.fullmatch(name) for name in fields):
        rows = _grouped(found, fields)
    else:
        rows = _plain(request, found, fields, kind)
    cap = request.settings.row_page_cap or size
    page = paged(request, _sorted(request, rows, fields), min(size, cap), _row_body)
    meta = {"dataset": dataset, "dataScanned": "full"}
    return replace(page, payload={"data": page.payload, "meta": meta})


def _row_body(row: Json) -> Json:
    return {
        name: iso_offset(one) if isinstance(one, datetime) else one for name, one in row.items()
    }


def _fields(request: ApiRequest) -> list[str]:
    fields = [name for name in request.many("field") if name]
    if not fields:
        raise bad_request("No columns selected")
    if len(fields) > MAX_FIELDS:
        raise bad_request(
            f"You can view up to {MAX_FIELDS} fields at a time. Please delete some and try again."
        )
    return fields


def _plain(
    request: ApiRequest, found: Sequence[Row], fields: list[str], kind: str | None
) -> list[Json]:
    """Return one row per event; Sentry adds `id` and `project.name`, and logs' precise time."""
    added = ["id", "project.name"]
    if kind == "logs":
        added = ["timestamp_precise"] if "timestamp" in fields else []
    names = dict.fromkeys((*fields, *added))
    ordered = sorted(found, key=lambda row: row.id)
    rows = [{name: column(row, name) for name in names} for row in ordered]
    if request.settings.newer_dataset and kind is None:
        for row in rows:
            row.pop("issue.id", None)
            handled = row.get("error.handled")
            row["error.handled"] = None if handled is None else str(handled).lower()
    return rows


def _grouped(found: Sequence[Row], fields: list[str]) -> list[Json]:
    """Return one row per group, with its functions. Raises ApiError 400 for an unknown one."""
    functions = {name: match for name in fields if (match := FUNCTION.fullmatch(name))}
    unknown = next((one[1] for one in functions.values() if one[1] not in FUNCTIONS), None)
    if unknown:
        raise bad_request(f"Unknown function {unknown}")
    plain = [name for name in fields if name not in functions]
    groups: dict[str, list[Row]] = {} if plain else {"[]": []}
    for row in found:
        groups.setdefault(repr([column(row, name) for name in plain]), []).append(row)
    return [
        {name: column(rows[0], name) for name in plain}
        | {name: _result(rows, match) for name, match in functions.items()}
        for rows in groups.values()
    ]


def _result(rows: list[Row], function: re.Match[str]) -> Any:
    name, argument = function.groups()
    values = [column(row, argument) for row in rows] if argument else rows
    return FUNCTIONS[name]([value for value in values if value is not None])


def _sorted(request: ApiRequest, rows: list[Json], fields: list[str]) -> list[Json]:
    """Return the rows sorted by the keys of `sort`, null first; ties keep the order of IDs."""
    keys = [key for key in request.many("sort") if key]
    if any(key.removeprefix("-") not in fields for key in keys):
        raise bad_request("Cannot sort by a field that is not selected.")
    for key in reversed(keys):
        name = key.removeprefix("-")
        if name == "timestamp" and rows and "timestamp_precise" in rows[0]:
            name = "timestamp_precise"
        rows = sorted(
            rows, key=lambda row: (row[name] is not None, row[name]), reverse=key.startswith("-")
        )
    return rows


# --- events -------------------------------------------------------------------------------------


def issue_events(request: ApiRequest) -> ApiResponse:
    """Return the issue's events in full, newest first; their number is silently capped.

    Sentry puts `issue:SHORT-ID ` before the query as text. AND binds tighter than OR, so a bare
    OR in the query finds events of other issues in the project.
    """
    issue = _issue(request)
    search = f"issue:{issue.short_id} {request.one('query') or ''}"
    found = found_rows(request, [issue.project], search, request.world.events_in(issue.category))
    size = per_page_of(request)
    size = min(size, request.settings.full_page_cap or size)
    return paged(request, _newest_first(found), size, lambda event: event.body)


def project_events(request: ApiRequest) -> ApiResponse:
    """Return the project's events without their entries, newest first."""
    slug = request.project().slug
    own = [event for event in request.world.events if event.project.slug == slug]
    names = ("id", "eventID", "groupID", "title", "user", "tags", "dateCreated")

    def body(event: Event) -> Json:
        return {name: event.body.get(name) for name in names}

    return paged(request, _newest_first(own), per_page_of(request), body)


def _newest_first(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.second, event.id), reverse=True)


def _issue(request: ApiRequest) -> Issue:
    issue = request.world.find_issue(request.args["issue"])
    if issue is None or issue.project not in request.visible_projects():
        raise not_found()
    return issue


def event_detail(request: ApiRequest) -> ApiResponse:
    """Return one event of a project."""
    project = request.project()
    event = request.world.find_event(request.args["event"])
    if event is None or event.is_lost or event.project.slug != project.slug:
        raise not_found("Event not found")
    return _full_event(event)


def issue_event_detail(request: ApiRequest) -> ApiResponse:
    """Return one event of an issue by ID, or the `latest`."""
    own = request.world.events_of(_issue(request))
    wanted = request.args["event"]
    event = next((one for one in reversed(own) if wanted in ("latest", one.id)), None)
    if event is None or event.is_lost:
        raise not_found("Event not found")
    return _full_event(event)


def _full_event(event: Event) -> ApiResponse:
    """Return the event with its release; a verbatim body is returned unchanged."""
    if event.verbatim:
        return ApiResponse(event.body)
    version = event.columns["release"]
    return ApiResponse(event.body | {"release": {"version": version} if version else None})


def event_by_id(request: ApiRequest) -> ApiResponse:
    """Return an event and its project, given only its ID."""
    event = request.world.find_event(request.args["event"])
    if event is None or event.project not in request.visible_projects():
        raise not_found()
    return ApiResponse(
        {"projectSlug": event.project.slug, "groupId": str(event.issue.id), "event": event.body}
    )


# --- issues -------------------------------------------------------------------------------------

SUBSTATUSES = {"unresolved": "ongoing", "ignored": "archived_until_escalating"}
SEVERAL_PROJECTS = "You do not have the multi project stream feature enabled"
GROUP_ID = re.compile(r"\d+")


def issue_list(request: ApiRequest) -> ApiResponse:
    """Return issues, last seen first.

    With `group`, exactly these issues are returned, ignoring the query. Otherwise an issue is
    listed if one of its events in the window matches the query; feedback, only if it is named.
    """
    projects, world = request.chosen_projects(SEVERAL_PROJECTS), request.world
    if ids := request.many("group"):
        if not all(GROUP_ID.fullmatch(value) for value in ids):
            raise bad_request("Group ids must be integers")
        visible = request.visible_projects()
        known = [one for one in world.all_issues if str(one.id) in ids and one.project in visible]
        return ApiResponse([issue_body(request, issue, None) for issue in known])
    categories: set[str] = set()
    test, window = _issue_search(request, categories), window_of(request)
    environments = request.many("environment")
    found = [
        issue
        for issue in (world.all_issues if "feedback" in categories else world.issues)
        if issue.project in projects
        and any(
            window.contains(event) and in_environments(event, environments) and test(event)
            for event in world.events_of(issue)
        )
    ]
    found.sort(key=lambda issue: world.events_of(issue)[-1].timestamp, reverse=True)
    body = partial(issue_body, request, window=window)
    return paged(request, found, per_page_of(request, "limit"), body)


def _issue_search(request: ApiRequest, categories: set[str]) -> Callable[[Event], bool]:
    """Return the test of an issue's events, and add the query's `categories`."""

    def test(clause: Clause) -> Callable[[Row], bool]:
        if clause.key == "issue.category":
            if "feedback" in clause.values and not request.settings.feedback_on:
                raise SearchError("Invalid category value of 'feedback'")
            categories.update(clause.values if clause.is_positive else ())
        return row_test(clause, Rules(request.world))

    try:
        return compiled(parse(request.one("query") or "", booleans=False), test)
    except SearchError as error:
        raise bad_request(f"Error parsing search query: {error}") from error


def issue_body(request: ApiRequest, issue: Issue, window: Window | None) -> Json:
    """Return the issue with its numbers, which are those of the window, if any.

    `count` is a string and `userCount` a number (Sentry API: issues).
    """
    events = request.world.events_of(issue)
    history = request.world.history_of(issue)
    counted = [event for event in events if window is None or window.contains(event)]
    people = {event.user_key for event in counted} - {None}
    fix = {"inRelease": history.fixed_in, "inNextRelease": history.fixed_in_next}
    last_seen = counted[-1].second
    if window is None and (latest := _latest_more(request.now, history.day)):
        last_seen = max(latest, last_seen)
    return {
        "id": str(issue.id),
        "shortId": issue.short_id,
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": f"{request.base_url}/organizations/{request.organization}/issues/{issue.id}/",
        "level": issue.level,
        "status": issue.status,
        "substatus": history.substatus or SUBSTATUSES.get(issue.status),
        "statusDetails": {name: value for name, value in fix.items() if value},
        "assignedTo": _assignee(history),
        "project": project_reference(issue.project),
        "issueCategory": issue.category,
        "metadata": issue.metadata,
        "isUnhandled": any(event.tags.get("handled") == "no" for event in events),
        "stats": {"24h": _by_hour(events, request.now, history.day)},
        "count": str(len(counted) + (0 if window else history.earlier_events)),
        "userCount": len(people) + (0 if window else history.earlier_users),
        "firstSeen": iso_z(history.first_seen or events[0].second),
        "lastSeen": iso_z(last_seen),
    }


def _latest_more(now: datetime, more: tuple[int, ...]) -> datetime | None:
    """Return a time within the newest of the last 24 hours that has more events."""
    top = now.replace(minute=0, second=0, microsecond=0)
    for back, count in enumerate(reversed(more)):
        if count:
            return min(top - timedelta(hours=back) + timedelta(minutes=30), now)
    return None


def _assignee(history: History) -> Json | None:
    if history.team:
        return {"type": "team", "id": "1", "name": history.team}
    if history.person:
        name, email = history.person
        return {"type": "user", "id": "7", "name": name, "email": email}
    return None


def _by_hour(events: list[Event], now: datetime, more: tuple[int, ...]) -> list[list[int]]:
    """Return pairs of Unix time and count for the last 24 hours, oldest first."""
    top = now.replace(minute=0, second=0, microsecond=0)
    hours = [top - timedelta(hours=23 - back) for back in range(24)]
    starts = [event.second.replace(minute=0, second=0) for event in events]
    return [
        [int(hour.timestamp()), starts.count(hour) + count]
        for hour, count in zip(hours, more, strict=True)
    ]


# --- replays ------------------------------------------------------------------------------------


def _replay_user(replay: Replay) -> Json:
    """Return the user as in replays, with `ip` where events have `ip_address`."""
    user = replay.user
    names = (user["username"], user["email"], user["id"], user["ip_address"])
    return {
        "id": user["id"],
        "username": user["username"],
        "email": user["email"],
        "ip": user["ip_address"],
        "display_name": next((name for name in names if name), None),
    }


ROW: dict[str, Callable[[Replay], Any]] = {
    "id": lambda one: str(uuid.UUID(one.id)) if one.dashed else one.id,
    "is_archived": lambda _one: False,
    "started_at": lambda one: iso_offset(one.started_at),
    "finished_at": lambda one: iso_offset(one.finished_at),
    "urls": lambda one: list(one.urls),
    "error_ids": lambda one: [str(uuid.UUID(value)) for value in one.error_ids],
    "count_errors": lambda one: len(one.error_ids),
    "count_dead_clicks": lambda one: one.dead_clicks,
    "count_rage_clicks": lambda one: one.rage_clicks,
    "user": _replay_user,
}


def replay_list(request: ApiRequest) -> ApiResponse:
    """Return replays that overlap the window, newest first, with the requested or all fields."""
    if not request.settings.replays_on:
        return ApiResponse(status=404, text="")
    projects = request.chosen_projects()
    fields = request.many("field") or [*ROW]
    unknown = next((name for name in fields if name not in ROW), None)
    if unknown is not None:
        return ApiResponse({"field": [f'"{unknown}" is not a valid choice.']}, status=400)
    window = window_of(request)
    test = replay_search(request.world, request.one("query") or "")
    environments = request.many("environment")
    found = [
        one
        for one in request.world.replays
        if one.project in projects
        and (one.started_at < window.end and one.finished_at >= window.start)
        and (not environments or (one.environment or "") in environments)
        and test(one)
    ]
    found.sort(key=lambda one: one.started_at, reverse=True)
    size = per_page_of(request)
    page = paged(request, found, size, lambda one: {name: ROW[name](one) for name in fields})
    return replace(page, payload={"data": page.payload})


# --- organization, projects, and releases -------------------------------------------------------


def organization(request: ApiRequest) -> ApiResponse:
    """Return the organization; both of its links point to this server."""
    name = request.organization
    links = {"organizationUrl": request.base_url, "regionUrl": request.base_url}
    return ApiResponse({"id": "4500001", "slug": name, "name": name.title(), "links": links})


def project_list(request: ApiRequest) -> ApiResponse:
    """Return the projects the token can see, by slug."""
    ordered = sorted(request.visible_projects(), key=lambda one: one.slug)
    return paged(request, ordered, per_page_of(request), partial(_project_body, request))


def _project_body(request: ApiRequest, project: Project) -> Json:
    own = [event for event in request.world.events if event.project.slug == project.slug]
    products = ("hasReplays", "hasFeedbacks", "hasNewFeedbacks")
    return project_reference(project) | {
        "environments": sorted({str(one.columns["environment"] or "") for one in own} - {""}),
        **dict.fromkeys(products, True),
    }


def release_list(request: ApiRequest) -> ApiResponse:
    """Return releases by date of release or creation, newest first.

    The undocumented `start` and `end` select by that date and are both inclusive.
    """
    chosen = request.chosen_projects()
    window = requested_window(request)
    found = [
        one
        for one in request.world.releases()
        if one.project in chosen and (window is None or window.start <= one.sort_date <= window.end)
    ]
    found.sort(key=lambda one: one.sort_date, reverse=True)
    return paged(request, found, per_page_of(request), _release_body)


def _release_body(release: Release) -> Json:
    deploy: Json | None = None
    if release.deployed:
        deploy = {"environment": release.environment, "dateFinished": iso_z(release.deployed)}
    return {
        "version": release.version,
        "dateReleased": iso_z(release.released) if release.released else None,
        "dateCreated": iso_z(release.created),
        "lastDeploy": deploy,
        "projects": [project_reference(release.project)],
    }


# --- web pages ----------------------------------------------------------------------------------

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Demo Sentry</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em">
<h1>Demo Sentry</h1>{paragraphs}</body></html>
"""


def _page(*paragraphs: str) -> ApiResponse:
    text = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    return ApiResponse(text=PAGE.format(paragraphs=text), content_type=HTML)


def front_page(request: ApiRequest) -> ApiResponse:
    """Return a page that explains this server."""
    events, projects = len(request.world.events), len(request.world.projects)
    return _page(
        "This server plays Sentry's web API for trying Triage out. It has no screens of its own.",
        f"It knows {events} events in {projects} projects.",
    )


def issue_page(request: ApiRequest) -> ApiResponse:
    """Return a page in place of Sentry's page for an issue or an event."""
    return _page("With a real Sentry you would be looking at this issue now:", request.path)


# --- routes -------------------------------------------------------------------------------------

ISSUE = rf"{ORG}/issues/(?P<issue>[^/]+)"
EVENT_ID = r"(?P<event>[0-9a-fA-F-]{32,36})"

ROUTES = (
    Route(rf"{ORG}/", "org:read", organization),
    Route(rf"{ORG}/projects/", "org:read", project_list),
    Route(rf"{ORG}/releases/", "project:read", release_list),
    Route(rf"{ORG}/replays/", "org:read", replay_list),
    Route(rf"{ORG}/events/", "org:read", events_table),
    Route(rf"{ORG}/eventids/{EVENT_ID}/", "org:read", event_by_id),
    Route(rf"{ORG}/issues/", "event:read", issue_list),
    Route(rf"{ISSUE}/events/", "event:read", issue_events),
    Route(rf"{ISSUE}/events/(?P<event>[^/]+)/", "event:read", issue_event_detail),
    Route(rf"{PROJECT}/events/", "project:read", project_events),
    Route(rf"{PROJECT}/events/{EVENT_ID}/", "project:read", event_detail),
    Route(r"(?:/organizations/(?P<org>[^/]+))?/issues/.*", None, issue_page),
    Route(r"/", None, front_page),
)
