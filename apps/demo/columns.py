"""From a finished draft to the columns of the events table, which the search works on too."""

from __future__ import annotations

from typing import Any

from apps.demo.drafts import Draft, culprit_of, title_of
from apps.demo.model import Event, Issue, Json

DATE_COLUMNS = frozenset({"timestamp"})
INTEGER_COLUMNS = frozenset({"issue.id", "project.id", "project_id"})
BOOLEAN_COLUMNS = frozenset({"error.handled", "error.unhandled"})
ARRAY_COLUMNS = frozenset({"error.type", "error.value", "error.mechanism", "stack.filename"})
ID_COLUMNS = frozenset({"id", "trace"})


def columns_of(draft: Draft, issue: Issue) -> Json:
    """Every named column of the event; tags are looked up beside this.

    `issue.id` is an integer here and only here; elsewhere in the API it is a string.
    """
    frame = draft.crash_frame
    request = draft.request or {}
    return {
        "id": draft.event_id,
        "issue.id": issue.id,
        "issue": issue.short_id,
        "title": title_of(draft),
        "message": draft.message or title_of(draft),
        "culprit": culprit_of(draft),
        "location": frame.get("filename"),
        "event.type": draft.kind,
        "project": issue.project.slug,
        "project.name": issue.project.slug,
        "project.id": issue.project.id,
        "project_id": issue.project.id,
        "platform": draft.platform,
        "level": draft.level,
        "environment": draft.environment,
        "release": draft.release,
        "dist": draft.dist,
        "transaction": draft.transaction,
        "trace": draft.trace_id or None,
        "http.method": request.get("method"),
        "http.url": request.get("url"),
        "replayId": (draft.contexts.get("replay") or {}).get("replay_id"),
        **error_columns(draft),
        **user_columns(draft),
    }


def error_columns(draft: Draft) -> Json:
    """The columns that tell of the exceptions; arrays list the outermost one first."""
    chain = [item for item in reversed(draft.chain) if item]
    filename = draft.crash_frame.get("filename")
    known = bool(chain) and draft.handled is not None
    return {
        "error.type": [item.get("type") or "" for item in chain],
        "error.value": [item.get("value") or "" for item in chain],
        "error.mechanism": [draft.mechanism for _ in chain],
        "error.handled": draft.handled if known else None,
        "error.unhandled": not draft.handled if known else None,
        "stack.filename": [filename] if filename else [],
    }


def user_columns(draft: Draft) -> Json:
    """The user's columns; `user.display` is the first of e-mail, user name, id and IP."""
    display = draft.email or draft.username or draft.user_id or draft.ip
    return {
        "user.id": draft.user_id,
        "user.email": draft.email,
        "user.username": draft.username,
        "user.ip": draft.ip,
        "user.display": display,
    }


def column(event: Event, name: str) -> Any:
    """The value of a field for an event.

    `tags[x]` is always the tag, a bare name is a column first and a tag otherwise; an unknown
    name is no error but null (Sentry API: unknown names resolve as tags).
    """
    if name == "timestamp":
        return event.second
    if name.startswith("tags[") and name.endswith("]"):
        return event.tags.get(name[5:-1])
    if name in event.columns:
        return event.columns[name]
    return event.tags.get(name)


def type_of(name: str) -> str:
    """The word `meta.fields` uses for a field."""
    kinds = (
        (DATE_COLUMNS, "date"),
        (INTEGER_COLUMNS, "integer"),
        (BOOLEAN_COLUMNS, "boolean"),
        (ARRAY_COLUMNS, "array"),
    )
    return next((word for names, word in kinds if name in names), "string")
