"""From a finished draft to the event body the detail endpoints answer."""

from __future__ import annotations

import json
from typing import cast

from apps.demo.drafts import SDKS, Draft, culprit_of, made_up_id, title_of
from apps.demo.entries import entries_of
from apps.demo.model import Issue, Json, iso_z

GROUPING: Json = {"id": "newstyle:2023-01-11", "enhancements": "eJybzDRxc15qeXFJZU6q"}
ABSENT: Json = {"occurrence": None, "crashFile": None}
EMPTY_META: Json = {
    "entries": {},
    "message": None,
    "user": None,
    "contexts": None,
    "extra": None,
    "packages": None,
    "tags": {},
}


def full_body(draft: Draft, issue: Issue, tags: dict[str, str]) -> Json:
    """The full event as the issue's event list answers it with `full=1`.

    The extras of the single-event endpoint (release object, neighbours) are added on serving.
    """
    body: Json = {
        "id": draft.event_id,
        "groupID": str(issue.id),
        "eventID": draft.event_id,
        "projectID": str(issue.project.id),
        "message": draft.message or "",
        "title": title_of(draft),
        "location": draft.crash_frame.get("filename"),
        "user": user_of(draft),
        "tags": [tag_pair(key, value) for key, value in sorted(tags.items())],
        "platform": draft.platform,
        "dateReceived": iso_z(draft.received or draft.when),
        "contexts": contexts_of(draft),
        "dist": draft.dist,
        "sdk": sdk_of(draft),
        "context": dict(draft.extra),
        "packages": {},
        "type": draft.kind,
        "metadata": metadata_of(draft),
        "errors": [dict(error) for error in draft.errors],
        **ABSENT,
        "culprit": culprit_of(draft),
        "dateCreated": iso_z(draft.when),
        "fingerprints": [made_up_id("fingerprint", issue.id)],
        "groupingConfig": GROUPING,
        "_meta": EMPTY_META,
        "entries": entries_of(draft),
    }
    size = len(json.dumps(body, default=str))
    return body | {"size": size} | draft.overrides


def tag_pair(key: str, value: str) -> Json:
    """A tag as the API lists it; the `user` tag carries the search that finds it."""
    if key == "user":
        kind, _, rest = value.partition(":")
        return {"key": key, "value": value, "query": f'user.{kind}:"{rest}"'}
    return {"key": key, "value": value}


def tags_of(draft: Draft) -> dict[str, str]:
    """The tags Sentry derives from an event, and the caller's own on top."""
    handled = None if draft.handled is None or not draft.chain else _yes_no(draft.handled)
    request = draft.request or {}
    derived: dict[str, str | None] = {
        "level": draft.level,
        "environment": draft.environment,
        "release": draft.release,
        "dist": draft.dist,
        "transaction": draft.transaction,
        "logger": draft.logger,
        "handled": handled,
        "mechanism": draft.mechanism if draft.chain else None,
        "url": request.get("url"),
        "user": user_tag(draft),
    }
    named = {str(key): str(value) for key, value in derived.items() if value}
    return named | dict(draft.tags)


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"


def user_tag(draft: Draft) -> str | None:
    """The one typed form Sentry keeps in the `user` tag: id, else user name, e-mail, IP."""
    forms = (
        ("id", draft.user_id),
        ("username", draft.username),
        ("email", draft.email),
        ("ip", draft.ip),
    )
    return next((f"{kind}:{value}" for kind, value in forms if value), None)


def user_of(draft: Draft) -> Json | None:
    """The user object, or None when the SDK said nothing about the person."""
    known = (draft.user_id, draft.email, draft.username, draft.ip, draft.user)
    if not any(known):
        return None
    return {
        "id": draft.user_id,
        "email": draft.email,
        "username": draft.username,
        "ip_address": draft.ip,
        "name": None,
        "geo": None,
        "data": None,
        **(draft.user or {}),
    }


def sdk_of(draft: Draft) -> Json:
    """The SDK's name by platform, with a fixed version."""
    return {"name": SDKS.get(draft.platform or "", "sentry.unknown"), "version": "8.41.0"}


def contexts_of(draft: Draft) -> Json:
    """The caller's contexts, each with its `type`, and the trace when there is one."""
    contexts = {name: {"type": name, **cast(Json, value)} for name, value in draft.contexts.items()}
    if draft.trace_id:
        trace = {
            "type": "trace",
            "trace_id": draft.trace_id,
            "span_id": made_up_id("span", draft.event_id)[:16],
            "op": "http.server" if draft.request else "function",
            "status": "internal_error",
        }
        contexts = {"trace": trace} | contexts
    return contexts


def metadata_of(draft: Draft) -> Json:
    """The few facts Sentry titles an event with."""
    if not draft.chain:
        return {"title": title_of(draft)}
    error, frame = draft.outermost, draft.crash_frame
    facts = {"type": error.get("type"), "value": error.get("value") or ""}
    places = {"filename": frame.get("filename"), "function": frame.get("function")}
    return {key: value for key, value in (facts | places).items() if value is not None}
