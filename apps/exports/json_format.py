"""The export as JSON of the schema `triage.lookup/1`."""

import json
from collections import defaultdict
from dataclasses import asdict
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from typing import cast

from apps.exports import facts
from apps.exports.escaping import enclose
from apps.exports.markdown import iso

SCHEMA = "triage.lookup/1"
Json = dict[str, object]


def render(document: facts.Document) -> str:
    """Return plain JSON."""
    return f"{_serialized(data(document))}\n"


def render_block(document: facts.Document) -> str:
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


def data(document: facts.Document) -> Json:
    """Return the facts as plain data; unknown values are null.

    Of the keys of an event, an exception, a frame, a log, and a span, the last ones are missing if
    empty, and so is the headline. In a slim document, this applies to all keys of an event.
    """
    crumbs: dict[str, list[Json]] = defaultdict(list)
    for crumb in document.breadcrumbs:
        crumbs[crumb.event_id].append(_values(crumb, "timestamp category level message"))
    events = [_event(event, crumbs[event.id]) for event in document.events]
    neutralized = {f"neutralised {kind}": n for kind, n in document.neutralized.items()}
    return {
        "schema": SCHEMA,
        **_header(document),
        "problems": [
            {
                **_values(problem, "sentence issues events times cause"),
                "joined": [{"issue": issue, "reason": reason} for issue, reason in problem.joined],
                "is_noise": problem.is_noise,
            }
            for problem in document.problems
        ],
        "issues": [_issue(issue) for issue in document.issues],
        "known_unchecked": document.answer.known.unchecked,
        "events": [_present(**event) for event in events] if document.slim else events,
        **({"headline": document.note} if document.note else {}),
        "beside": [_related(one) for one in (*document.related, *document.activity)],
        "nearby": document.other_occurrences and _other_occurrences(document.other_occurrences),
        "redaction": {"counts": {**document.hidden, **neutralized}},
        "omitted": [asdict(one) for one in document.omitted],
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
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _values(one: object, names: str) -> Json:
    return {name: _value(getattr(one, name)) for name in names.split()}


def _value(value: object) -> object:
    if isinstance(value, date):
        return iso(value) if isinstance(value, datetime) else value.isoformat()
    return [_value(one) for one in value] if isinstance(value, tuple) else value


def _header(document: facts.Document) -> Json:
    header, answer = document.header, document.answer
    return {
        **_values(header, "lookup_id customer matched_on"),
        "window": _values(answer.question.window, "moment start end minutes"),
        "searched": {
            **_values(header, "organization projects environments"),
            **_present(**_values(header, "only_fields")),
        },
        **_present(**_values(header, "only_issue")),
        "complete": answer.complete,
        "notices": [asdict(note) for note in header.notices],
        "fetched_at": iso(answer.fetched_at),
        "from_cache": header.from_cache,
        "totals": {
            "events": answer.events_total,
            "issues": header.issues_total,
            "events_listed": len(answer.events),
            "bodies_read": answer.bodies_read,
        },
    }


def _issue(issue: facts.Issue) -> Json:
    names = "id short_id title summary level project handled events users_affected first_seen"
    return {
        **_values(issue, f"{names} last_seen permalink"),
        "standing": asdict(issue.status) if issue.status else None,
        "known": [_known(known) for known in issue.known],
    }


def _known(known: facts.KnownError) -> Json:
    planned_for = _value(known.entry.planned_for)
    return asdict(known.entry) | {"planned_for": planned_for, "fix": known.fix, "why": known.why}


def _event(event: facts.Event, crumbs: list[Json]) -> Json:
    names = "id issue_id project timestamp title culprit transaction level handled release"
    return {
        **_values(event, f"{names} environment device trace_id"),
        "exceptions": [
            {
                **_values(exception, "type value"),
                "frames": [
                    {
                        **_values(frame, "file line function in_app"),
                        "code": frame.crash_code,
                        **_present(around=[[*one] for one in frame.code if one[0] != frame.line]),
                    }
                    for frame in exception.frames
                ],
                **_present(**_values(exception, "module mechanism handled")),
            }
            for exception in event.exceptions
        ],
        "breadcrumbs": crumbs,
        "request": _values(event, "method url") if event.method or event.url else None,
        "permalink": event.permalink,
        **_present(**_values(event, "received delay message"), details=_details(event)),
    }


def _details(event: facts.Event) -> Json:
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


def _related(row: facts.RelatedEntry) -> Json:
    """Return the keys that all related data have, which may be null, and what a row has more."""
    more = "state duration_ms usual_ms trace_id names_customer details sentence times"
    known = [_known(known) for known in row.known]
    return {
        **_values(row, "kind id timestamp project text permalink"),
        **_present(**_values(row, more), known=known),
    }


def _other_occurrences(nearby: facts.OtherOccurrences) -> Json:
    names = "id timestamp project level title summary permalink"
    errors = {"last": nearby.last, "before": nearby.before, "after": nearby.after}
    return {
        **{name: error and _values(error, names) for name, error in errors.items()},
        **_values(nearby, "since until problem"),
    }
