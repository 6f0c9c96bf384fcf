"""Replays: `GET /organizations/{org}/replays/`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from apps.demo.exchange import Answer, Ask, bad
from apps.demo.model import Json, Replay, iso_offset
from apps.demo.paging import page_of, per_page_of
from apps.demo.replay_search import searched
from apps.demo.windows import Window, window_of

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
    test = searched(ask.one("query") or "")
    environments = ask.many("environment")
    found = [
        one
        for one in ask.world.replays
        if one.project in projects
        and _touches(one, window)
        and (not environments or (one.environment or "") in environments)
        and test(one)
    ]
    page = page_of(ask, _sorted(ask, found), per_page_of(ask))
    rows = [replay_row(one) for one in page.items]
    data = [{name: row[name] for name in fields} if fields else row for row in rows]
    return Answer({"data": data}, headers=page.headers)


def _touches(replay: Replay, window: Window) -> bool:
    return replay.started_at < window.end and replay.finished_at >= window.start


def _sorted(ask: Ask, replays: Sequence[Replay]) -> list[Replay]:
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
