"""The export as JSON of the schema `triage.lookup/1`."""

import json
from dataclasses import asdict

from apps.exports.content import iso
from apps.exports.escaping import enclose
from apps.exports.facts import (
    AsideFacts,
    CrumbFacts,
    Document,
    EventFacts,
    ExceptionFacts,
    Header,
    IssueFacts,
    KnownFacts,
    NearbyFacts,
    SightFacts,
)

SCHEMA = "triage.lookup/1"
_CAN_GO = ("nearby", "known_unchecked")
# The plain form has to fit where the block did: what this many leave away costs less than the
# block's own two lines.
_FEW_ISSUES = 10
Json = dict[str, object]


def render(document: Document, *, inside_block: bool = False) -> str:
    """Plain JSON, or the same JSON in the marked block with the preset's question before it.

    In the block, whose every word counts, what was not looked for or found is left away.
    """
    values = data(document)
    if not inside_block:
        return f"{_written(values)}\n"
    written = _written(_without_nothing(document, values))
    return f"{document.preset.question}{enclose(written, document.marker)}"


def _without_nothing(document: Document, values: Json) -> Json:
    kept = {key: value for key, value in values.items() if value or key not in _CAN_GO}
    if len(document.issues) <= _FEW_ISSUES:
        told = [_issue(issue) for issue in document.issues]
        kept["issues"] = [
            {key: value for key, value in issue.items() if value or key != "known"}
            for issue in told
        ]
    return kept


def data(document: Document) -> Json:
    """The facts as plain data; unknown is null, no key is ever missing."""
    crumbs: dict[str, list[CrumbFacts]] = {}
    for crumb in document.story:
        crumbs.setdefault(crumb.event_id, []).append(crumb)
    neutralised = {f"neutralised {kind}": n for kind, n in document.neutralised.items()}
    return {
        "schema": SCHEMA,
        **_header(document.header),
        "issues": [_issue(issue) for issue in document.issues],
        "known_unchecked": document.header.known_unchecked,
        "events": [_event(event, crumbs.get(event.id, [])) for event in document.events],
        "beside": [_aside(aside) for aside in document.asides],
        "nearby": _nearby(document.nearby),
        "redaction": {"counts": {**document.hidden, **neutralised}},
        "omitted": [
            {"what": left_out.what, "count": left_out.count, "where": left_out.where}
            for left_out in document.omitted
        ],
    }


def _written(values: Json) -> str:
    """One line for each key, issue and event: short, and still readable."""

    lines = []
    for key, value in values.items():
        if isinstance(value, list) and value:
            inner = ",\n".join(_compact(item) for item in value)
            lines.append(f"{_compact(key)}:[\n{inner}]")
        else:
            lines.append(f"{_compact(key)}:{_compact(value)}")
    return "{" + ",\n".join(lines) + "}"


def _compact(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "".join(map(_escaped, written)) if not written.isprintable() else written


def _escaped(letter: str) -> str:
    """What cannot be seen, or cannot be encoded, as JSON's own escape."""
    return letter if letter.isprintable() else json.dumps(letter)[1:-1]


def _header(header: Header) -> Json:
    return {
        "lookup_id": header.lookup_id,
        "customer": header.customer,
        "matched_on": list(header.matched_on),
        "window": {
            "moment": iso(header.moment),
            "start": iso(header.start),
            "end": iso(header.end),
            "minutes": header.minutes,
        },
        "searched": {
            "organization": header.organization,
            "projects": list(header.projects),
            "environments": list(header.environments),
        },
        **({"only_issue": header.only_issue} if header.only_issue else {}),
        "complete": header.complete,
        "notices": [{"code": note.code, "message": note.message} for note in header.notices],
        "fetched_at": iso(header.fetched_at),
        "from_cache": header.from_cache,
        "totals": {
            "events": header.events_total,
            "issues": header.issues_total,
            "events_listed": header.events_listed,
            "bodies_read": header.bodies_read,
        },
    }


def _issue(issue: IssueFacts) -> Json:
    return {
        "id": issue.id,
        "short_id": issue.short_id,
        "title": issue.title,
        "summary": issue.summary,
        "level": issue.level,
        "project": issue.project,
        "handled": issue.handled,
        "events": issue.events,
        "users_affected": issue.users_affected,
        "first_seen": iso(issue.first_seen),
        "last_seen": iso(issue.last_seen),
        "permalink": issue.permalink,
        "standing": asdict(issue.standing) if issue.standing else None,
        "known": [_known(known) for known in issue.known],
    }


def _known(known: KnownFacts) -> Json:
    planned_for = known.planned_for
    return {**asdict(known), "planned_for": planned_for and planned_for.isoformat()}


def _event(event: EventFacts, crumbs: list[CrumbFacts]) -> Json:
    request = {"method": event.method, "url": event.url}
    return {
        "id": event.id,
        "issue_id": event.issue_id,
        "project": event.project,
        "timestamp": iso(event.timestamp),
        "title": event.title,
        "culprit": event.culprit,
        "transaction": event.transaction,
        "level": event.level,
        "handled": event.handled,
        "release": event.release,
        "environment": event.environment,
        "device": event.device,
        "trace_id": event.trace_id,
        "exceptions": [_exception(exception) for exception in event.exceptions],
        "breadcrumbs": [
            {
                "timestamp": iso(crumb.timestamp),
                "category": crumb.category,
                "level": crumb.level,
                "message": crumb.message,
            }
            for crumb in crumbs
        ],
        "request": request if event.method or event.url else None,
        "permalink": event.permalink,
    }


def _aside(aside: AsideFacts) -> Json:
    return {
        "kind": aside.kind,
        "id": aside.id,
        "timestamp": iso(aside.timestamp),
        "project": aside.project,
        "text": aside.text,
        "permalink": aside.permalink,
    }


def _nearby(nearby: NearbyFacts | None) -> Json | None:
    if nearby is None:
        return None
    return {
        "last": _sight(nearby.last),
        "before": _sight(nearby.before),
        "after": _sight(nearby.after),
        "since": iso(nearby.since),
        "until": iso(nearby.until),
        "problem": nearby.problem,
    }


def _sight(sight: SightFacts | None) -> Json | None:
    if sight is None:
        return None
    return {
        "id": sight.id,
        "timestamp": iso(sight.timestamp),
        "project": sight.project,
        "level": sight.level,
        "title": sight.title,
        "summary": sight.summary,
        "permalink": sight.permalink,
    }


def _exception(exception: ExceptionFacts) -> Json:
    return {
        "type": exception.type,
        "value": exception.value,
        "frames": [
            {
                "file": frame.file,
                "line": frame.line,
                "function": frame.function,
                "in_app": frame.in_app,
                "code": frame.code,
            }
            for frame in exception.frames
        ],
    }
