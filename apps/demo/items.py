"""Logs and spans as Sentry's SDKs send them, and the list of their attributes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from apps.demo.http import ApiRequest, ApiResponse, page_of
from apps.demo.world import Json, Row, World, full_person, made_up_id, type_of

SEVERITIES = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
# Names under which a column is found as well, but not listed among the attributes.
SECONDARY = frozenset({"log.body", "sentry.item_id", "severity_text", "span_id", "description"})
HTTP_STATUSES = {
    401: "unauthenticated",
    403: "permission_denied",
    404: "not_found",
    409: "already_exists",
    413: "failed_precondition",
    429: "resource_exhausted",
    501: "unimplemented",
    503: "unavailable",
    504: "deadline_exceeded",
}


def add_log(
    world: World, when: datetime, message: str, severity: str = "info", **fields: Any
) -> Row:
    """Add a log entry, of a project, user, trace, environment, and release; see `add_span`.

    Its `user.name` is the username, as the SDKs send it in logs.
    """
    columns = {
        "message": message,
        "log.body": message,
        "severity": severity,
        "severity_text": severity,
        "severity_number": SEVERITIES[severity],
        "timestamp_precise": int(when.timestamp() * 1_000_000) * 1000,
    }
    return _add(world, "logs", when, columns, fields)


def add_span(
    world: World,
    when: datetime,
    duration_ms: float,
    op: str,
    description: str | None,
    **fields: Any,
) -> Row:
    """Add a span that starts at `when`; `attributes` are the program's own, of any type.

    `status` follows from `http_status` unless given.
    """
    http_status = fields.get("http_status")
    if http_status:
        own = fields.get("attributes", {})
        fields["attributes"] = {"http.response.status_code": http_status, **own}
    columns = {
        "span.op": op,
        "span.description": description,
        "description": description,
        "message": description,
        "span.duration": duration_ms,
        "span.status": fields.get("status") or status_of(http_status),
        "span.status_code": str(http_status) if http_status else None,
        "transaction": fields.get("transaction"),
        "is_transaction": fields.get("is_transaction", False),
        "precise.start_ts": when.timestamp(),
        "precise.finish_ts": (when + timedelta(milliseconds=duration_ms)).timestamp(),
    }
    return _add(world, "spans", when, columns, fields)


def _add(world: World, kind: str, when: datetime, columns: Json, fields: Json) -> Row:
    person = full_person(fields.get("user"))
    common = {
        "trace": fields.get("trace") or made_up_id("trace", kind, when, columns["message"]),
        "environment": fields.get("environment", "production"),
        "release": fields.get("release"),
        "user.id": person["id"],
        "user.email": person["email"],
        "user.name" if kind == "logs" else "user.username": person["username"],
        "user.ip": person["ip_address"],
    }
    tags = dict(fields.get("attributes", {}))
    project = fields.get("project", "web")
    row = world.add_item(kind, when, project, columns | common, tags)
    row.columns["sentry.item_id" if kind == "logs" else "span_id"] = row.id
    return row


def status_of(http_status: int | None) -> str:
    """Return the status that the SDKs give to a span with this response."""
    if http_status is None or http_status < 400:
        return "ok"
    return HTTP_STATUSES.get(
        http_status, "invalid_argument" if http_status < 500 else "internal_error"
    )


def attribute_names(request: ApiRequest) -> ApiResponse:
    """Return the names of the attributes of logs or spans, by name, of one type or of all."""
    name = "itemType" if request.one("itemType") else "dataset"
    kind = request.one(name) or ""
    if kind not in request.settings.datasets or kind not in ("logs", "spans"):
        return ApiResponse({name: [f'"{kind}" is not a valid choice.']}, status=400)
    wanted = request.many("attributeType") or ["string", "number", "boolean"]
    part = request.one("substringMatch") or ""
    projects = request.chosen_projects()
    known = {
        (key, type_of(value), source)
        for row in request.world.items(kind)
        if row.project in projects
        for source, values in (("sentry", row.columns), ("user", row.tags))
        for key, value in values.items()
        if value is not None and key not in SECONDARY and part in key
    }
    found = sorted(one for one in known if one[1] in wanted)
    page, headers = page_of(request, found, 100)
    return ApiResponse([_attribute(*one) for one in page], headers=headers)


def _attribute(name: str, kind: str, source: str) -> Json:
    """Return one attribute; an unknown one that isn't text is asked for with its type."""
    is_plain = kind == "string" or source == "sentry"
    return {
        "key": name if is_plain else f"tags[{name},{kind}]",
        "name": name,
        "attributeSource": {"source_type": source},
        "attributeType": kind,
    }
