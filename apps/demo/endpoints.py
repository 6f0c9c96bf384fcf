"""The events table: `GET /organizations/{org}/events/`."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from apps.demo.http import Answer, ApiError, Ask, bad, missing, page_of, per_page_of
from apps.demo.search import (
    Both,
    Clause,
    FreeText,
    Node,
    SearchError,
    Window,
    asked_window,
    clause,
    compiled,
    found_events,
    free_text,
    in_environments,
    parse,
    searched_replays,
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
    World,
    column,
    iso_offset,
    iso_z,
    type_of,
)

MAX_FIELDS = 20
ERROR_DATASETS = ("errors", "discover")
OTHER_DATASETS = (
    "logs",
    "ourlogs",
    "profile_functions",
    "spans",
    "tracemetrics",
    "transactions",
    "uptime_results",
)
AGGREGATE = re.compile(r"(\w+)\(([^()]*)\)")
NO_PROJECT: Json = {
    "data": [],
    "meta": {"tips": {"query": "Need at least one valid project to query."}},
}

Row = Json
Group = Sequence[Event]


def events_table(ask: Ask) -> Answer:
    """Rows of the requested fields, or one row a group when a field is an aggregate."""
    if not ask.settings.events_table:
        return Answer(status=404, text="")
    projects = ask.chosen_projects()
    if not projects:
        return Answer(NO_PROJECT)
    fields = _fields(ask)
    size = per_page_of(ask)
    dataset = _dataset(ask)
    events = found_events(ask, projects, ask.one("query") or "")
    if dataset not in ERROR_DATASETS:
        events = []
    rows = _grouped(events, fields) if _aggregates(fields) else _plain(events, fields)
    page = page_of(ask, _sorted(rows, _sort_keys(ask, fields)), _cap(ask, size))
    data = [_printed(row) for row in page.items]
    return Answer({"data": data, "meta": _meta(fields, dataset)}, headers=page.headers)


def _cap(ask: Ask, size: int) -> int:
    return min(size, ask.settings.row_page_cap or size)


def _dataset(ask: Ask) -> str:
    told = ask.one("dataset") or "errors"
    names = sorted(ERROR_DATASETS + OTHER_DATASETS)
    if told not in names:
        raise bad(f"dataset must be one of: {', '.join(names)}")
    return told


def _fields(ask: Ask) -> list[str]:
    fields = [name for name in ask.many("field") if name]
    if not fields:
        raise bad("No columns selected")
    if len(fields) > MAX_FIELDS:
        raise bad(
            f"You can view up to {MAX_FIELDS} fields at a time. Please delete some and try again."
        )
    return fields


def _sort_keys(ask: Ask, fields: list[str]) -> list[str]:
    keys = [key for key in (ask.many("sort") or ask.many("orderby")) if key]
    if any(key.removeprefix("-") not in fields for key in keys):
        raise bad("Cannot sort by a field that is not selected.")
    return keys


def _aggregates(fields: list[str]) -> list[str]:
    return [name for name in fields if AGGREGATE.fullmatch(name)]


def _plain(events: list[Event], fields: list[str]) -> list[Row]:
    """One row an event. `id` and `project.name` come along unasked."""
    wanted = [*fields, *(name for name in ("id", "project.name") if name not in fields)]
    ordered = sorted(events, key=lambda event: event.id)
    return [{name: column(event, name) for name in wanted} for event in ordered]


def _grouped(events: list[Event], fields: list[str]) -> list[Row]:
    """One row a combination of the plain fields, with the aggregates over its events."""
    plain = [name for name in fields if not AGGREGATE.fullmatch(name)]
    computed = {name: _aggregate(name) for name in _aggregates(fields)}
    groups: dict[str, list[Event]] = {} if plain else {"": []}
    for event in events:
        key = repr([column(event, name) for name in plain]) if plain else ""
        groups.setdefault(key, []).append(event)
    rows = []
    for members in groups.values():
        facts = {name: column(members[0], name) for name in plain}
        facts |= {name: compute(members) for name, compute in computed.items()}
        rows.append({name: facts[name] for name in fields})
    return rows


def _aggregate(name: str) -> Callable[[Group], Any]:
    match = AGGREGATE.fullmatch(name)
    function, argument = match.groups() if match else ("", "")
    known: dict[str, Callable[[Group], Any]] = {
        "count": len,
        "count_unique": lambda events: len({str(column(one, argument)) for one in events}),
        "last_seen": lambda events: max((one.second for one in events), default=None),
        "min": lambda events: min((column(one, argument) for one in events), default=None),
        "max": lambda events: max((column(one, argument) for one in events), default=None),
    }
    if function not in known:
        raise bad(f"{function} is not a valid function")
    return known[function]


def _sorted(rows: list[Row], keys: list[str]) -> list[Row]:
    """Sorted by the keys, the first weighing most. Ties keep the order of their ids."""
    for key in reversed(keys):
        name = key.removeprefix("-")
        rows = sorted(rows, key=lambda row: _weight(row[name]), reverse=key.startswith("-"))
    return rows


def _weight(value: Any) -> tuple[bool, Any]:
    if value is None:
        return (False, 0)
    return (True, tuple(value) if isinstance(value, list) else value)


def _printed(row: Row) -> Row:
    return {
        name: iso_offset(value) if hasattr(value, "astimezone") else value
        for name, value in row.items()
    }


def _meta(fields: list[str], dataset: str) -> Json:
    kinds = {name: "integer" if AGGREGATE.fullmatch(name) else type_of(name) for name in fields}
    kinds |= {name: "date" for name in fields if name == "last_seen()"}
    return {
        "fields": kinds,
        "units": dict.fromkeys(fields),
        "isMetricsData": False,
        "isMetricsExtractedData": False,
        "tips": {"query": None, "columns": None},
        "datasetReason": "unchanged",
        "dataset": dataset,
    }


# The three sizes Sentry answers an event in: simple, full in a list, full on its own.


def simple_event(event: Event) -> Json:
    """A list item without entries and contexts."""
    body = event.body
    return {
        "id": event.id,
        "event.type": event.columns["event.type"],
        "groupID": str(event.issue.id),
        "eventID": event.id,
        "projectID": str(event.project.id),
        "message": event.columns["message"],
        "title": event.columns["title"],
        "location": event.columns["location"],
        "culprit": event.columns["culprit"],
        "user": body.get("user"),
        "tags": body.get("tags") or [],
        "platform": event.columns["platform"],
        "dateCreated": iso_z(event.timestamp),
        "crashFile": None,
        "metadata": body.get("metadata") or {},
    }


def listed_event(event: Event) -> Json:
    """A full list item; the extras of the single-event endpoint are not in it."""
    return event.body


def detailed_event(event: Event, world: World) -> Json:
    """The single event with its release and its neighbours within the issue.

    A verbatim body is answered as it was given, without them.
    """
    if event.verbatim:
        return event.body
    own = [one.id for one in world.events_of(event.issue)]
    at = own.index(event.id)
    return event.body | {
        "release": release_of(event),
        "userReport": None,
        "sdkUpdates": [],
        "resolvedWith": [],
        "nextEventID": own[at + 1] if at + 1 < len(own) else None,
        "previousEventID": own[at - 1] if at else None,
    }


def release_of(event: Event) -> Json | None:
    """The release object of an event, or None when it names no release."""
    version = event.columns["release"]
    if not version:
        return None
    return {
        "id": 1,
        "version": version,
        "status": "open",
        "ref": None,
        "url": None,
        "userAgent": None,
        "commitCount": 0,
        "deployCount": 0,
        "data": {},
        "dateCreated": iso_z(event.second),
        "dateReleased": None,
        "lastCommit": None,
        "lastDeploy": None,
        "versionInfo": version_info(str(version)),
    }


def version_info(version: str) -> Json:
    """`shop@1.2.3` taken apart the way Sentry does."""
    package, _, number = version.rpartition("@")
    return {
        "package": package or None,
        "version": {"raw": number},
        "description": number,
        "buildHash": None,
    }


# Endpoints that answer events: an issue's, a project's, a single one.

HEX_ID = re.compile(r"[0-9a-f]{32}")


def newest_first(events: list[Event]) -> list[Event]:
    """Newest first; within one moment the higher id first."""
    return sorted(events, key=lambda event: (event.second, event.id), reverse=True)


def issue_of(ask: Ask) -> Issue:
    """The issue named in the path. Raises ApiError 404."""
    issue = ask.world.find_issue(ask.args["issue"])
    if issue is None or issue.project not in ask.visible_projects():
        raise missing()
    return issue


def issue_events(ask: Ask) -> Answer:
    """Newest first; `sort` is not read. With `full` a page is cut to the cap without a word.

    Sentry puts `issue:SHORT-ID ` in front of the query as text. AND binds tighter than OR, so
    a bare OR in the query reaches other issues of the project.
    """
    issue = issue_of(ask)
    query = (ask.one("query") or "").strip()
    full = ask.is_on("full")
    hit = ask.world.find_event(query) if HEX_ID.fullmatch(query) else None
    if hit is not None and hit.issue.id == issue.id:
        return Answer([_item(hit, full)], headers={"X-Sentry-Direct-Hit": "1"})
    size = per_page_of(ask)
    cap = ask.settings.full_page_cap
    search = f"issue:{issue.short_id} {query}"
    found = found_events(ask, [issue.project], search, ask.world.among(issue))
    ordered = _order(ask, [] if ask.settings.issue_events_empty else found)
    page = page_of(ask, ordered, min(size, cap) if full and cap else size)
    return Answer([_item(event, full) for event in page.items], headers=page.headers)


def project_events(ask: Ask) -> Answer:
    """The project's events, newest first.

    `query` is no search here: it is looked for in the message as it stands, whatever its case.
    Users and environments are not filtered at all, and without dates neither is time.
    """
    project = ask.project()
    try:
        window = asked_window(ask)
    except ApiError as error:
        raise bad("Invalid date range parameters provided") from error
    wanted = (ask.one("query") or "").lower()
    found = [
        event
        for event in ask.world.events
        if event.project.slug == project.slug
        and (window is None or window.holds(event))
        and wanted in str(event.columns["message"] or "").lower()
    ]
    full = ask.is_on("full")
    size = per_page_of(ask)
    cap = ask.settings.full_page_cap
    page = page_of(ask, _order(ask, found), min(size, cap) if full and cap else size)
    return Answer([_item(event, full) for event in page.items], headers=page.headers)


def _order(ask: Ask, events: list[Event]) -> list[Event]:
    if ask.is_on("sample"):
        return sorted(events, key=lambda event: event.id)
    return newest_first(events)


def _item(event: Event, full: bool) -> object:
    return listed_event(event) if full else simple_event(event)


def event_detail(ask: Ask) -> Answer:
    """One event of a project with everything. 404 `Event not found` without it."""
    project = ask.project()
    event = ask.world.find_event(ask.args["event"])
    if event is None or event.project.slug != project.slug:
        raise missing("Event not found")
    return Answer(detailed_event(event, ask.world))


def issue_event_detail(ask: Ask) -> Answer:
    """One event of an issue by id, or by `latest`, `oldest` or `recommended`."""
    own = ask.world.events_of(issue_of(ask))
    name = ask.args["event"]
    places = {"latest": -1, "recommended": -1, "oldest": 0}
    if name in places and own:
        return Answer(detailed_event(own[places[name]], ask.world))
    event = next((one for one in own if one.id == name), None)
    if event is None:
        raise missing("Event not found")
    return Answer(detailed_event(event, ask.world))


def event_by_id(ask: Ask) -> Answer:
    """Where an event lives, for those who know nothing but its id."""
    event = ask.world.find_event(ask.args["event"])
    if event is None or event.project not in ask.visible_projects():
        raise missing()
    return Answer(
        {
            "organizationSlug": ask.organization,
            "projectSlug": event.project.slug,
            "groupId": str(event.issue.id),
            "eventId": event.id,
            "event": listed_event(event),
        }
    )


# The issue as the API answers it.

FIXED: Json = {
    "shareId": None,
    "isPublic": False,
    "priority": "medium",
    "priorityLockedAt": None,
    "seerFixabilityScore": None,
    "seerAutofixLastTriggered": None,
    "seerExplorerAutofixLastTriggered": None,
    "numComments": 0,
    "isBookmarked": False,
    "isSubscribed": False,
    "subscriptionDetails": None,
    "hasSeen": True,
    "annotations": [],
    "filtered": None,
    "sessionCount": 0,
    "integrationIssues": [],
    "sentryAppIssues": [],
    "latestEventHasAttachments": False,
    "matchingEventId": None,
    "matchingEventEnvironment": None,
}

DERIVED: Json = {
    "blocker": "none",
    "progress": "none",
    "status": "open",
    "viewCount": 0,
    "hasOpenFixPr": False,
    "isAssigned": False,
    "hasRootCause": False,
    "lastCompletedAutofixStep": "none",
    "lastProgressedAt": None,
}

SUBSTATUS = {"unresolved": "ongoing", "ignored": "archived_until_escalating"}


def issue_body(ask: Ask, issue: Issue, window: Window | None) -> Json:
    """The issue with its numbers: of the window when there is one, of all time in `lifetime`.

    `count` is a text and `userCount` a number (Sentry API: issues).
    """
    ever = ask.world.events_of(issue)
    seen = [event for event in ever if window is None or window.holds(event)]
    first, last = (ever[0], ever[-1]) if ever else (None, None)
    lately = seen[-1] if seen else last
    history = ask.world.history_of(issue)
    lifetime = _numbers(ever, first, last, history)
    return FIXED | {
        "id": str(issue.id),
        "shortId": issue.short_id,
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": f"{ask.base_url}/organizations/{ask.organization}/issues/{issue.id}/",
        "logger": issue.logger,
        "level": issue.level,
        "status": issue.status,
        "substatus": history.substatus or SUBSTATUS.get(issue.status),
        "statusDetails": _status_details(history),
        "assignedTo": _assigned(history),
        "platform": issue.platform,
        "project": project_of(issue.project),
        "type": issue.kind,
        "issueType": issue.category,
        "issueCategory": issue.category,
        "metadata": issue.metadata,
        "isUnhandled": any(event.tags.get("handled") == "no" for event in ever),
        "derivedData": DERIVED,
        "stats": {"24h": _by_hour(ever, ask.now, history.day)},
        "lifetime": lifetime,
        "inbox": {"reason": 0, "reason_details": None, "date_added": _moment(first) or ""},
        "owners": {"type": "ownershipRule", "owner": "team:1", "date_added": _moment(first) or ""},
        **(
            _numbers(seen, first, lately, replace(history, earlier_users=0, earlier_events=0))
            if window
            else lifetime
        ),
    }


def _status_details(history: History) -> Json:
    """In which release it is fixed; an actor stands there too, who is not told of here."""
    if history.fixed_in:
        return {"inRelease": history.fixed_in}
    return {"inNextRelease": True} if history.fixed_in_next else {}


def _assigned(history: History) -> Json | None:
    if history.team:
        return {"type": "team", "id": "1", "name": history.team}
    if history.person:
        name, email = history.person
        return {"type": "user", "id": "7", "name": name, "email": email}
    return None


def project_of(project: Project) -> Json:
    """The project as an issue names it."""
    return {
        "id": str(project.id),
        "name": project.name,
        "slug": project.slug,
        "platform": project.platform,
    }


def _numbers(
    events: list[Event], first: Event | None, last: Event | None, history: History
) -> Json:
    people = {event.user_key for event in events} - {None}
    began = history.first_seen
    return {
        "count": str(len(events) + history.earlier_events),
        "userCount": len(people) + history.earlier_users,
        "firstSeen": iso_z(began) if began else _moment(first),
        "lastSeen": _moment(last),
    }


def _moment(event: Event | None) -> str | None:
    return iso_z(event.second) if event else None


def _by_hour(events: list[Event], now: datetime, more: tuple[int, ...]) -> list[list[int]]:
    """Pairs of unix time and number for the last 24 hours, oldest first."""
    top = now.replace(minute=0, second=0, microsecond=0)
    hours = [top - timedelta(hours=23 - back) for back in range(24)]
    starts = [event.second.replace(minute=0, second=0) for event in events]
    return [
        [int(hour.timestamp()), starts.count(hour) + count]
        for hour, count in zip(hours, more, strict=True)
    ]


# Endpoints that answer issues.

DEFAULT_QUERY = "is:unresolved"
STATUSES = {
    "unresolved": "unresolved",
    "resolved": "resolved",
    "ignored": "ignored",
    "archived": "ignored",
}
SEVERAL = "You do not have the multi project stream feature enabled"
GROUP_ID = re.compile(r"\d+")

IssueTest = Callable[[Issue], bool]
EventTest = Callable[[Event], bool]


@dataclass(frozen=True)
class Wanted:
    """An issue query split into what is asked of the issue and what of one of its events.

    `categories` are those the query names; feedback is listed only when it is among them.
    """

    of_issue: list[IssueTest]
    of_event: list[EventTest]
    categories: set[str]


def issue_list(ask: Ask) -> Answer:
    """Issues, newest last-seen first.

    With `group` just these issues come back, whatever their status, the query and the dates.
    Otherwise an issue is listed when one of its events in the window satisfies the query.
    """
    projects = ask.chosen_projects(SEVERAL)
    if ask.many("group"):
        return _known_issues(ask)
    told = ask.one("query")
    wanted = _read(ask, DEFAULT_QUERY if told is None else told)
    window = window_of(ask)
    found = [
        issue
        for issue in _candidates(ask, wanted)
        if issue.project in projects and _is_wanted(ask, issue, wanted, window)
    ]
    found.sort(key=lambda issue: _last_seen(ask, issue), reverse=True)
    page = page_of(ask, found, per_page_of(ask, "limit"))
    hits = {"X-Hits": str(len(found)), "X-Max-Hits": "1000"}
    bodies = [issue_body(ask, issue, window) for issue in page.items]
    return Answer(bodies, headers=page.headers | hits)


def _candidates(ask: Ask, wanted: Wanted) -> tuple[Issue, ...]:
    return ask.world.all_issues if "feedback" in wanted.categories else ask.world.issues


def issue_detail(ask: Ask) -> Answer:
    """One issue with the few lists only its own endpoint has."""
    body = issue_body(ask, issue_of(ask), None)
    extras = {"activity": [], "seenBy": [], "userReportCount": 0, "participants": []}
    return Answer(body | extras | {"owners": [], "inbox": None})


def _known_issues(ask: Ask) -> Answer:
    told = ask.many("group")
    if not all(GROUP_ID.fullmatch(value) for value in told):
        raise bad("Group ids must be integers")
    window = window_of(ask) if asked_window(ask) else None
    visible = ask.visible_projects()
    wanted = {int(value) for value in told}
    found = [one for one in ask.world.all_issues if one.id in wanted and one.project in visible]
    return Answer([issue_body(ask, issue, window) for issue in found])


def _read(ask: Ask, query: str) -> Wanted:
    try:
        tree = parse(query, booleans=False)
        parts = tree.parts if isinstance(tree, Both) else (tree,)
        return _split(ask, parts)
    except SearchError as error:
        raise bad(f"Error parsing search query: {error}") from error


def _split(ask: Ask, parts: tuple[Node, ...]) -> Wanted:
    wanted = Wanted([], [], set())
    for part in parts:
        if isinstance(part, FreeText):
            wanted.of_event.append(free_text(part.text))
        elif isinstance(part, Clause):
            _place(ask, part, wanted)
        else:
            wanted.of_event.append(compiled(part, ask.world))
    return wanted


def _place(ask: Ask, part: Clause, wanted: Wanted) -> None:
    if part.key == "is":
        wanted.of_issue.append(_state(part))
    elif part.key in ("issue.category", "issue.type"):
        _place_category(ask, part, wanted)
    else:
        wanted.of_event.append(clause(part, ask.world))


def _place_category(ask: Ask, part: Clause, wanted: Wanted) -> None:
    """Category and type are one here: there are errors and there is feedback."""
    if "feedback" in part.values and not ask.settings.feedback_on:
        raise SearchError(f"Invalid {part.key.removeprefix('issue.')} value of 'feedback'")
    positive = part.operator in ("=", "IN")
    if positive:
        wanted.categories.update(part.values)
    wanted.of_issue.append(lambda issue: (issue.category in part.values) == positive)


def _state(part: Clause) -> IssueTest:
    word, positive = part.values[0], part.operator == "="
    if word == "assigned":
        return lambda _: not positive
    if word in ("unassigned", "for_review"):
        return lambda _: positive
    if word not in STATUSES:
        raise SearchError(f'Invalid value for "is" search, valid values are {sorted(STATUSES)}')
    return lambda issue: (issue.status == STATUSES[word]) == positive


def _is_wanted(ask: Ask, issue: Issue, wanted: Wanted, window: Window) -> bool:
    if not all(test(issue) for test in wanted.of_issue):
        return False
    environments = ask.many("environment")
    return any(
        window.holds(event)
        and in_environments(event, environments)
        and all(test(event) for test in wanted.of_event)
        for event in ask.world.events_of(issue)
    )


def _last_seen(ask: Ask, issue: Issue) -> float:
    return ask.world.events_of(issue)[-1].timestamp.timestamp()


# Replays: `GET /organizations/{org}/replays/`.

FIELDS = (
    "activity",
    "browser",
    "count_dead_clicks",
    "count_errors",
    "count_rage_clicks",
    "count_segments",
    "count_urls",
    "device",
    "dist",
    "duration",
    "environment",
    "error_ids",
    "finished_at",
    "id",
    "is_archived",
    "os",
    "platform",
    "project_id",
    "releases",
    "sdk",
    "started_at",
    "tags",
    "trace_ids",
    "segment_names",
    "urls",
    "user",
    "clicks",
    "info_ids",
    "warning_ids",
    "count_warnings",
    "count_infos",
    "has_viewed",
)


def _activity(replay: Replay) -> int:
    """Sentry's mark from 0 to 10 for how much goes on."""
    return min(10, replay.count_errors + replay.rage_clicks + len(replay.urls))


SORTS: dict[str, Callable[[Replay], Any]] = {
    "started_at": lambda one: one.started_at,
    "finished_at": lambda one: one.finished_at,
    "duration": lambda one: one.duration_s,
    "activity": _activity,
    "count_dead_clicks": lambda one: one.dead_clicks,
    "count_errors": lambda one: one.count_errors,
    "count_rage_clicks": lambda one: one.rage_clicks,
    "count_urls": lambda one: len(one.urls),
    "project_id": lambda one: one.project.id,
}
NEWEST_FIRST = "-started_at"
ARCHIVED_USER = {"id": "Archived Replay", "display_name": "Archived Replay"}
NAMED = {"name": None, "version": None}
DEVICE = {"name": None, "brand": None, "model": None, "family": None}


def replay_list(ask: Ask) -> Answer:
    """Replays that touch the window, newest first, with the fields asked for or with all.

    A field that does not exist is refused field by field, not with a `detail`.
    """
    if not ask.settings.replays_on:
        return Answer(status=404, text="")
    projects = ask.chosen_projects()
    fields = ask.many("field")
    unknown = next((name for name in fields if name not in FIELDS), None)
    if unknown is not None:
        return Answer({"field": [f'"{unknown}" is not a valid choice.']}, status=400)
    window = window_of(ask)
    test = searched_replays(ask.one("query") or "")
    environments = ask.many("environment")
    found = [
        one
        for one in ask.world.replays
        if one.project in projects
        and _touches(one, window)
        and (not environments or (one.environment or "") in environments)
        and test(one)
    ]
    page = page_of(ask, _sorted_replays(ask, found), per_page_of(ask))
    rows = [replay_row(one) for one in page.items]
    data = [{name: row[name] for name in fields} if fields else row for row in rows]
    return Answer({"data": data}, headers=page.headers)


def _touches(replay: Replay, window: Window) -> bool:
    return replay.started_at < window.end and replay.finished_at >= window.start


def _sorted_replays(ask: Ask, replays: Sequence[Replay]) -> list[Replay]:
    told = ask.one("sort") or NEWEST_FIRST
    name = told.removeprefix("-")
    if name not in SORTS:
        raise bad(f"The field `{name}` is not a sortable field.")
    return sorted(replays, key=SORTS[name], reverse=told.startswith("-"))


def replay_row(replay: Replay) -> Json:
    """The whole row.

    Ids inside it have dashes. Its own id has them on every other replay: servers differ.
    """
    own = str(uuid.UUID(replay.id)) if replay.dashed else replay.id
    about = {"id": own, "project_id": str(replay.project.id), "is_archived": replay.archived}
    return (_archived_row() if replay.archived else _full_row(replay)) | about


def _archived_row() -> Json:
    """What is left of a replay that was thrown away: hardly anything, and even that in nulls."""
    left: Json = {"trace_ids": [], "error_ids": [], "tags": [], "user": ARCHIVED_USER}
    empty = {"sdk": NAMED, "os": NAMED, "browser": NAMED, "device": DEVICE}
    return dict.fromkeys(FIELDS) | left | empty


def _full_row(replay: Replay) -> Json:
    return {
        "activity": _activity(replay),
        "browser": NAMED | replay.browser,
        "count_dead_clicks": replay.dead_clicks,
        "count_errors": replay.count_errors,
        "count_rage_clicks": replay.rage_clicks,
        "count_segments": 1 + replay.duration_s // 5,
        "count_urls": len(replay.urls),
        "device": DEVICE,
        "dist": None,
        "duration": replay.duration_s,
        "environment": replay.environment,
        "error_ids": [str(uuid.UUID(value)) for value in replay.error_ids],
        "finished_at": iso_offset(replay.finished_at),
        "os": NAMED,
        "platform": "javascript",
        "releases": [replay.release] if replay.release else [],
        "sdk": {"name": "sentry.javascript.react", "version": "8.41.0"},
        "started_at": iso_offset(replay.started_at),
        "tags": {},
        "trace_ids": [str(uuid.UUID(value)) for value in replay.trace_ids],
        "segment_names": None,
        "urls": list(replay.urls),
        "user": _user(replay),
        "clicks": [],
        "info_ids": [],
        "warning_ids": [],
        "count_warnings": 0,
        "count_infos": 0,
        "has_viewed": False,
        "replay_type": "session",
    }


def _user(replay: Replay) -> Json:
    """The user as replays print it: `ip`, where events say `ip_address`."""
    told = replay.user
    names = (told["username"], told["email"], told["id"], told["ip_address"])
    return {
        "id": told["id"],
        "username": told["username"],
        "email": told["email"],
        "ip": told["ip_address"],
        "display_name": next((name for name in names if name), None),
    }


# Endpoints about the organization: itself and its projects.

CREATED = "2021-03-01T09:00:00Z"
SWITCHED_OFF = (
    "isBookmarked",
    "firstTransactionEvent",
    "hasFlags",
    "hasMinifiedStackTrace",
    "hasMonitors",
    "hasProfiles",
    "hasSessions",
    "hasInsightsHttp",
    "hasInsightsDb",
    "hasInsightsAssets",
    "hasInsightsAppStart",
    "hasInsightsScreenLoad",
    "hasInsightsVitals",
    "hasInsightsCaches",
    "hasInsightsQueues",
    "hasInsightsAgentMonitoring",
    "hasInsightsMCP",
    "hasLogs",
    "hasTraceMetrics",
    "hasUserReports",
)


def organization(ask: Ask) -> Answer:
    """The organization; both its links lead back to this very server."""
    name = ask.organization
    return Answer(
        {
            "id": "4500001",
            "slug": name,
            "name": name.title(),
            "status": {"id": "active", "name": "active"},
            "dateCreated": CREATED,
            "isEarlyAdopter": False,
            "require2FA": False,
            "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
            "links": {"organizationUrl": ask.base_url, "regionUrl": ask.base_url},
            "hasAuthProvider": False,
            "allowMemberInvite": True,
            "allowMemberProjectCreation": True,
            "allowSuperuserAccess": False,
            "features": ["discover-basic", "global-views"],
            "access": list(ask.settings.scopes),
        }
    )


def project_list(ask: Ask) -> Answer:
    """The projects the token sees, by slug, in pages."""
    ordered = sorted(ask.visible_projects(), key=lambda one: one.slug)
    page = page_of(ask, ordered, per_page_of(ask))
    return Answer([project_body(ask, one) for one in page.items], headers=page.headers)


def project_body(ask: Ask, project: Project) -> Json:
    """A project as the organization lists it."""
    own = [event for event in ask.world.events if event.project.slug == project.slug]
    environments = {str(event.columns["environment"] or "") for event in own}
    first = min((event.second for event in own), default=None)
    team = {"id": "1", "name": "Shop", "slug": "shop"}
    return dict.fromkeys(SWITCHED_OFF, False) | {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "dateCreated": CREATED,
        "isMember": True,
        "features": ["releases"],
        "firstEvent": iso_z(first) if first else None,
        "access": list(ask.settings.scopes),
        "hasAccess": True,
        "team": team,
        "teams": [team],
        "platforms": sorted({str(event.columns["platform"]) for event in own}),
        "environments": sorted(environments - {""}),
        **_signals(ask, project),
        "latestRelease": None,
    }


def _signals(ask: Ask, project: Project) -> Json:
    """Which of the signals beside errors the project has sent."""
    replays = any(one.project == project for one in ask.world.replays)
    feedback = any(one.project == project for one in ask.world.feedback)
    said = feedback and ask.settings.feedback_on
    recorded = replays and ask.settings.replays_on
    return {"hasReplays": recorded, "hasFeedbacks": said, "hasNewFeedbacks": said}


# Releases: `GET /organizations/{org}/releases/`.


def release_list(ask: Ask) -> Answer:
    """Releases by the day they were released or made, the newest first.

    `start` and `end`, which are not documented, look at that day, both edges included.
    """
    chosen = ask.chosen_projects()
    window = asked_window(ask)
    known = [
        one
        for one in ask.world.releases()
        if one.project in chosen and (window is None or window.start <= one.listed_by <= window.end)
    ]
    known.sort(key=lambda one: one.listed_by, reverse=True)
    page = page_of(ask, known, per_page_of(ask))
    bodies = [release_body(one) | {"id": at} for at, one in enumerate(page.items, start=1)]
    return Answer(bodies, headers=page.headers)


def release_body(release: Release) -> Json:
    """A release as the organization lists it, without its number."""
    return {
        "version": release.version,
        "shortVersion": release.version.rpartition("@")[2],
        "status": "open",
        "versionInfo": version_info(release.version),
        "ref": None,
        "url": None,
        "dateReleased": iso_z(release.released) if release.released else None,
        "dateCreated": iso_z(release.created),
        "data": {},
        "newGroups": 0,
        "owner": None,
        "commitCount": 0,
        "lastCommit": None,
        "deployCount": 1 if release.deployed else 0,
        "lastDeploy": _deploy(release),
        "authors": [],
        "projects": [_released(release.project)],
        "firstEvent": None,
        "lastEvent": None,
        "currentProjectMeta": {},
        "userAgent": None,
    }


def _deploy(release: Release) -> Json | None:
    if release.deployed is None:
        return None
    return {
        "id": "1",
        "name": "",
        "url": None,
        "environment": release.environment,
        "dateStarted": None,
        "dateFinished": iso_z(release.deployed),
    }


def _released(project: Project) -> Json:
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "newGroups": 0,
        "platform": project.platform,
        "platforms": [project.platform],
        "hasHealthData": False,
    }


# The few web pages links out of Triage lead to while there is no real Sentry behind them.

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Demo Sentry</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em">
<h1>Demo Sentry</h1>{paragraphs}</body></html>
"""


def _page(*paragraphs: str) -> Answer:
    made = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
    text = PAGE.format(paragraphs=made)
    return Answer(text=text, content_type="text/html; charset=utf-8")


def front_page(ask: Ask) -> Answer:
    """Says what this server is."""
    return _page(
        "This server plays Sentry's web API for trying Triage out. It has no screens of its own.",
        f"It knows {len(ask.world.events)} events in {len(ask.world.projects)} projects.",
    )


def issue_page(ask: Ask) -> Answer:
    """Stands where Sentry would show an issue or an event."""
    return _page(
        "With a real Sentry you would be looking at this issue now:",
        ask.path,
    )
