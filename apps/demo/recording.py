"""What a caller says about a new replay, and the defaults for everything left unsaid."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Required, TypedDict

from apps.demo.drafts import as_utc, made_up_id
from apps.demo.model import Json, Person, Project, Replay, full_person


class ReplayFields(TypedDict, total=False):
    """Everything `World.add_replay` understands.

    `project` is `web` unless told, `when` is the start. `user` has the keys of an event's user
    object: `id`, `email`, `username`, `ip_address`. `errors` is as many as `error_ids` unless
    told. `browser` is `{name, version}`. Ids are taken with dashes or without.
    """

    project: str
    when: Required[datetime]
    duration_s: int
    user: Person | None
    urls: Sequence[str]
    error_ids: Sequence[str]
    trace_ids: Sequence[str]
    errors: int | None
    dead_clicks: int
    rage_clicks: int
    release: str | None
    environment: str | None
    browser: Json | None
    archived: bool
    replay_id: str | None


def recorded(told: ReplayFields, project: Project, seed: str, number: int) -> Replay:
    """The stored replay; `number` counts replays. Every other one prints its id with dashes.

    Raises ValueError for an id that is none.
    """
    error_ids = tuple(_hex(value) for value in told.get("error_ids", ()))
    errors = told.get("errors")
    return Replay(
        id=_hex(told.get("replay_id") or made_up_id(seed, "replay", number)),
        project=project,
        started_at=as_utc(told["when"]),
        duration_s=told.get("duration_s", 120),
        user=full_person(told.get("user")),
        urls=tuple(told.get("urls", ())),
        error_ids=error_ids,
        trace_ids=tuple(_hex(value) for value in told.get("trace_ids", ())),
        count_errors=len(error_ids) if errors is None else errors,
        dead_clicks=told.get("dead_clicks", 0),
        rage_clicks=told.get("rage_clicks", 0),
        release=told.get("release"),
        environment=told.get("environment", "production"),
        browser=told.get("browser") or {},
        archived=told.get("archived", False),
        dashed=number % 2 == 1,
    )


def _hex(value: str) -> str:
    return uuid.UUID(value).hex
