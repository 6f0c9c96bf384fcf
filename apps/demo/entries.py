"""The `entries` of an event body: exceptions, threads, message, breadcrumbs, request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.demo.drafts import Draft
from apps.demo.model import Json, iso_z

FRAME_DEFAULTS: Json = {
    "filename": None,
    "absPath": None,
    "module": None,
    "package": None,
    "platform": None,
    "instructionAddr": None,
    "symbolAddr": None,
    "function": None,
    "rawFunction": None,
    "symbol": None,
    "context": [],
    "lineNo": None,
    "colNo": None,
    "inApp": False,
    "trust": None,
    "errors": None,
    "lock": None,
    "sourceLink": None,
    "vars": None,
}

REQUEST_DEFAULTS: Json = {
    "apiTarget": None,
    "method": None,
    "url": None,
    "query": [],
    "fragment": None,
    "data": None,
    "headers": [],
    "cookies": [],
    "env": None,
    "inferredContentType": None,
}

CRUMB_DEFAULTS: Json = {
    "timestamp": None,
    "type": "default",
    "category": None,
    "level": "info",
    "message": None,
    "data": None,
    "event_id": None,
}


def entries_of(draft: Draft) -> list[Json]:
    """All entries of the event, each `{type, data}`, in no order a reader may rely on."""
    made: list[Json] = []
    if draft.message is not None:
        text = {"formatted": draft.message, "message": None, "params": draft.params}
        made.append({"type": "message", "data": text})
    if draft.chain:
        made.append({"type": "exception", "data": exception_data(draft)})
    if draft.threads:
        made.append({"type": "threads", "data": {"values": [_thread(t) for t in draft.threads]}})
    if draft.breadcrumbs:
        crumbs = [breadcrumb(crumb) for crumb in draft.breadcrumbs]
        made.append({"type": "breadcrumbs", "data": {"values": crumbs}})
    if draft.request is not None:
        made.append({"type": "request", "data": request_data(draft.request)})
    made.extend(dict(entry) for entry in draft.entries)
    return made


def exception_data(draft: Draft) -> Json:
    """The exception chain, innermost cause first as SDKs send it."""
    values = [_exception(item, draft) for item in draft.chain]
    return {
        "values": values,
        "hasSystemFrames": any(_has_system_frames(value) for value in values if value),
        "excOmitted": None,
    }


def _has_system_frames(value: Json) -> bool:
    stacktrace = value["stacktrace"] or {}
    return bool(stacktrace.get("hasSystemFrames"))


def _exception(item: Json | None, draft: Draft) -> Json | None:
    if item is None:
        return None
    mechanism = {"type": draft.mechanism, "handled": draft.handled}
    return {
        "type": item.get("type"),
        "value": item.get("value"),
        "mechanism": item.get("mechanism", mechanism),
        "threadId": None,
        "module": item.get("module"),
        "stacktrace": stacktrace_of(item.get("frames")),
        "rawStacktrace": stacktrace_of(item.get("raw_frames")),
    }


def stacktrace_of(frames: Iterable[Mapping[str, Any]] | None) -> Json | None:
    """A stack trace, oldest call first; None stays None, the way Sentry says "no stack"."""
    if frames is None:
        return None
    full = [{**FRAME_DEFAULTS, **frame} for frame in frames]
    return {
        "frames": full,
        "framesOmitted": None,
        "registers": None,
        "hasSystemFrames": any(not frame["inApp"] for frame in full),
    }


def _thread(thread: Json) -> Json:
    base: Json = {"id": 0, "name": None, "current": False, "crashed": False, "state": None}
    told = {key: value for key, value in thread.items() if key != "frames"}
    return {
        **base,
        "rawStacktrace": None,
        **told,
        "stacktrace": stacktrace_of(thread.get("frames")),
    }


def breadcrumb(crumb: Mapping[str, Any]) -> Json:
    """A breadcrumb with every key; a datetime becomes the ISO text Sentry sends."""
    full = {**CRUMB_DEFAULTS, **crumb}
    if hasattr(full["timestamp"], "isoformat"):
        full["timestamp"] = iso_z(full["timestamp"])
    return full


def request_data(request: Json) -> Json:
    """The request with every key; query, headers and cookies become lists of pairs."""
    full = {**REQUEST_DEFAULTS, **request}
    for key in ("query", "headers", "cookies"):
        if isinstance(full[key], Mapping):
            full[key] = [[name, value] for name, value in full[key].items()]
    return full
