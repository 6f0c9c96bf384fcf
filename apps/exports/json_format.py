"""The export as JSON of the schema `triage.lookup/1`."""

import json
from dataclasses import asdict
from functools import lru_cache
from itertools import groupby
from typing import cast

from apps.exports.blocks import iso
from apps.exports.escaping import enclose
from apps.exports.facts import (
    ActivityFacts,
    BreadcrumbFacts,
    Document,
    EventFacts,
    ExceptionFacts,
    Header,
    IssueFacts,
    KnownFacts,
    OccurrenceFacts,
    OtherOccurrencesFacts,
    ProblemFacts,
    RelatedFacts,
)

SCHEMA = "triage.lookup/1"
Json = dict[str, object]


def render(document: Document) -> str:
    """Return plain JSON."""
    return f"{_serialized(data(document))}\n"


def render_block(document: Document) -> str:
    """Return the prompt, and shortened JSON inside the marked block."""
    block = _serialized(_without_empty(data(document)))
    sources = "summary, sentence: Triage; known: support; the rest: recorded."
    return f"{document.preset.prompt}{enclose(block, document.marker, sources)}"


def _without_empty(values: Json) -> Json:
    """Return the facts without unknown, empty, and derived ones, which no model needs."""
    window = values["window"]
    if isinstance(window, dict):
        values = {**values, "window": {key: window[key] for key in ("moment", "minutes")}}
    present = _present(**values)
    present["problems"] = [one for one in cast(list[Json], values["problems"]) if one["joined"]]
    for name in ("issues", "events"):
        present[name] = [_present(**row) for row in cast(list[Json], values[name])]
    return {name: present[name] for name in values if present.get(name) not in (None, [])}


def data(document: Document) -> Json:
    """Return the facts as plain data; unknown values are null.

    Of the keys of an event, an exception, a frame, a log, and a span, the last ones are missing if
    empty, and so is the headline. In a slim document, this applies to all keys of an event.
    """
    crumbs: dict[str, list[BreadcrumbFacts]] = {}
    for crumb in document.breadcrumbs:
        crumbs.setdefault(crumb.event_id, []).append(crumb)
    events = [_event(event, crumbs.get(event.id, [])) for event in document.events]
    neutralized = {f"neutralised {kind}": n for kind, n in document.neutralized.items()}
    return {
        "schema": SCHEMA,
        **_header(document.header),
        "problems": [_problem(problem) for problem in document.problems],
        "issues": [_issue(issue) for issue in document.issues],
        "known_unchecked": document.header.known_unchecked,
        "events": [_present(**event) for event in events] if document.slim else events,
        **({"headline": document.note} if document.note else {}),
        "beside": [*map(_related, document.related), *map(_activity, document.activity)],
        "nearby": _other_occurrences(document.other_occurrences),
        "redaction": {"counts": {**document.hidden, **neutralized}},
        "omitted": [
            {"what": omission.what, "count": omission.count, "where": omission.where}
            for omission in document.omitted
        ],
        "least_budget": document.least_budget,
        "elsewhere": [{"what": one.what, "count": one.count} for one in document.elsewhere],
    }


def _serialized(values: Json) -> str:
    """Serialize with one line for each key, issue, and event, which is short but readable."""
    lines = []
    for key, value in values.items():
        if isinstance(value, list) and value:
            inner = ",\n".join(_compact(item) for item in value)
            lines.append(f"{_compact(key)}:[\n{inner}]")
        else:
            lines.append(f"{_compact(key)}:{_compact(value)}")
    return "{" + ",\n".join(lines) + "}"


def _compact(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isprintable() else "".join(map(_escaped, text))


@lru_cache(maxsize=4096)
def _escaped(character: str) -> str:
    """Escape a character that is invisible or cannot be encoded."""
    return character if character.isprintable() else json.dumps(character)[1:-1]


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
            **({"only_fields": list(header.only_fields)} if header.only_fields else {}),
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


def _problem(problem: ProblemFacts) -> Json:
    return {
        "sentence": problem.sentence,
        "issues": list(problem.issues),
        "events": list(problem.events),
        "times": problem.times,
        "cause": problem.cause,
        "joined": [{"issue": issue, "reason": reason} for issue, reason in problem.joined],
        "is_noise": problem.is_noise,
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
        "standing": asdict(issue.status) if issue.status else None,
        "known": [_known(known) for known in issue.known],
    }


def _known(known: KnownFacts) -> Json:
    planned_for = known.planned_for
    return {**asdict(known), "planned_for": planned_for and planned_for.isoformat()}


def _event(event: EventFacts, crumbs: list[BreadcrumbFacts]) -> Json:
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
        **_present(
            received=iso(event.received),
            delay=event.delay,
            message=event.message,
            details=_details(event),
        ),
    }


def _details(event: EventFacts) -> Json:
    """Return the details by section: an object, or a list of lines or of pairs.

    Pairs are needed if a name occurs twice, such as that of a parameter.
    """
    details: Json = {}
    for section, group in groupby(event.details, key=lambda one: one.section):
        rows = list(group)
        named = {one.name: one.value for one in rows if one.name is not None}
        details[section] = (
            named
            if len(named) == len(rows)
            else [one.value if one.name is None else [one.name, one.value] for one in rows]
        )
    return details


def _present(**values: object) -> Json:
    return {name: value for name, value in values.items() if value not in (None, {}, [])}


def _related(related: RelatedFacts) -> Json:
    return {
        "kind": related.kind,
        "id": related.id,
        "timestamp": iso(related.timestamp),
        "project": related.project,
        "text": related.text,
        "permalink": related.permalink,
    }


def _activity(row: ActivityFacts) -> Json:
    """Return a log entry or a request; only the keys that related data have may be null."""
    return {
        "kind": row.kind,
        "id": row.id,
        "timestamp": iso(row.timestamp),
        "project": row.project,
        "text": row.text,
        "permalink": None,
        **_present(
            state=row.state,
            duration_ms=row.duration_ms,
            usual_ms=row.usual_ms,
            trace_id=row.trace_id,
            names_customer=row.names_customer,
            details=[list(pair) for pair in row.details],
            sentence=row.sentence,
            times=row.times,
            known=[_known(known) for known in row.known],
        ),
    }


def _other_occurrences(times: OtherOccurrencesFacts | None) -> Json | None:
    if times is None:
        return None
    return {
        "last": _occurrence(times.last),
        "before": _occurrence(times.before),
        "after": _occurrence(times.after),
        "since": iso(times.since),
        "until": iso(times.until),
        "problem": times.problem,
    }


def _occurrence(error: OccurrenceFacts | None) -> Json | None:
    if error is None:
        return None
    return {
        "id": error.id,
        "timestamp": iso(error.timestamp),
        "project": error.project,
        "level": error.level,
        "title": error.title,
        "summary": error.summary,
        "permalink": error.permalink,
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
                **_present(around=[list(line) for line in frame.around]),
            }
            for frame in exception.frames
        ],
        **_present(
            module=exception.module, mechanism=exception.mechanism, handled=exception.handled
        ),
    }
