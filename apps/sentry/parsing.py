"""Parse Sentry's JSON. Any field can be missing, null, or of another type.

Paths and types follow Sentry's event and issue serializers.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from apps.events.answer import Signal
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Issue, Request
from apps.events.query import as_hex_id
from apps.sentry.errors import SentryBadResponse, SentryNotFound

# Coerce single JSON values. Nothing here raises.

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_TRUE = frozenset(("true", "yes", "1"))
_FALSE = frozenset(("false", "no", "0"))


def text(value: object) -> str | None:
    """Return nonblank text, a number as text, or the last value of a list; else None."""
    if isinstance(value, list):
        value = next((item for item in reversed(value) if item not in (None, "")), None)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return value.replace("\x00", "") if value.strip() else None
    return None


def integer(value: object) -> int | None:
    """Return a whole number, also from text (Sentry's issue counts are text)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    return None


def number(value: object) -> float | None:
    """Return a finite number, also from text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def flag(value: object) -> bool | None:
    """Return true, false, or None (unknown) from a boolean, 1 and 0, "yes" and "no", or a list.

    A list with one false is false: one unhandled exception is enough.
    """
    if isinstance(value, list):
        known = {flag(item) for item in value if not isinstance(item, list)} - {None}
        return None if not known else known == {True}
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 time or epoch seconds in UTC; a time without an offset is UTC."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value.strip())
            return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """Return a JSON array, or an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a JSON array."""
    return [item for item in items(value) if isinstance(item, dict)]


def pairs(value: object) -> Iterator[tuple[str, str]]:
    """Yield names and values of a list of pairs, a list of {key, value}, or an object."""
    if isinstance(value, dict):
        value = [[name, inner] for name, inner in value.items()]
    for item in items(value):
        raw: object = [item.get("key"), item.get("value")] if isinstance(item, dict) else item
        if isinstance(raw, list) and len(raw) == 2:
            name = text(raw[0])
            if name:
                yield name, _shown(raw[1])


_MAX_NESTED = 5


def _shown(value: object, depth: int = 0) -> str:
    if isinstance(value, list):
        if depth == _MAX_NESTED:
            return "<too deep>"
        return ", ".join(_shown(item, depth + 1) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value) or ""


# Status of an issue.

_HOURS = 24


def _assignee(value: object) -> str | None:
    """Return a team with its name, and a person without name and email address.

    Older servers send `team:1` and `user:1`.
    """
    assigned = mapping(value)
    kind = text(assigned.get("type")) or (text(value) or "").partition(":")[0]
    if kind not in ("team", "user"):
        return None
    name = text(assigned.get("name"))
    if kind == "user":
        return "someone"
    return f"the team {name}" if name else "a team"


def _last_day(value: object) -> tuple[tuple[datetime, int], ...]:
    """Parse pairs of an hour (epoch seconds) and a count; unless there are 24, return none."""
    found: dict[datetime, int] = {}
    for row in items(value):
        hour, count = (*items(row), None, None)[:2]
        start, number = moment(hour), integer(count)
        if isinstance(hour, str) or start is None or number is None or number < 0:
            return ()
        found[start] = number
    return tuple(sorted(found.items())[-_HOURS:]) if len(found) >= _HOURS else ()


# Exceptions and their frames.


def parse_exceptions(entries: Mapping[str, object]) -> Iterator[ExceptionInfo]:
    """Yield exceptions, the raised one first: SDKs send the innermost cause first."""
    data = mapping(entries.get("exception"))
    values = mappings(data.get("values")) or mappings([data.get("value")])
    fallback = _frames_without_exception(entries)
    for place, raw in enumerate(reversed(values)):
        frames = _frames(raw)
        if not frames and place == 0:
            frames = fallback
        mechanism = mapping(raw.get("mechanism"))
        yield ExceptionInfo(
            type=text(raw.get("type")),
            value=text(raw.get("value")),
            module=text(raw.get("module")),
            mechanism=text(mechanism.get("type")),
            handled=flag(mechanism.get("handled")),
            frames=frames,
        )
    if not values and fallback:
        yield ExceptionInfo(frames=fallback)


def _frames_without_exception(entries: Mapping[str, object]) -> tuple[Frame, ...]:
    """Return the frames of a message's stack trace, the crashed thread, or else a template."""
    frames = _frames(entries)
    threads = _threads(entries)
    for state in ("crashed", "current"):
        for thread in threads:
            if not frames and flag(thread.get(state)):
                frames = _frames(thread)
    template = mapping(entries.get("template"))
    return frames or ((_frame(template),) if template else ())


def _threads(entries: Mapping[str, object]) -> list[Mapping[str, object]]:
    return mappings(mapping(entries.get("threads")).get("values"))


def _frames(raw: Mapping[str, object]) -> tuple[Frame, ...]:
    """Return frames with the crash site first: Sentry sends the oldest call first."""
    stack = mapping(raw.get("stacktrace")) or mapping(raw.get("rawStacktrace"))
    return tuple(_frame(frame) for frame in reversed(mappings(stack.get("frames"))))


def _frame(raw: Mapping[str, object]) -> Frame:
    return Frame(
        file=text(raw.get("filename")) or text(raw.get("absPath")) or text(raw.get("package")),
        line=integer(raw.get("lineNo")),
        column=integer(raw.get("colNo")),
        function=text(raw.get("function")) or text(raw.get("instructionAddr")),
        module=text(raw.get("module")),
        in_app=flag(raw.get("inApp")),
        code=tuple(_code(raw.get("context"))),
        variables=dict(mapping(raw.get("vars"))),
    )


def _code(value: object) -> Iterator[tuple[int, str]]:
    for line in items(value):
        if isinstance(line, list) and len(line) == 2:
            number = integer(line[0])
            if number is not None:
                yield number, line[1] if isinstance(line[1], str) else ""


# Projects, events, and issues.

_SHORT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}-[A-Za-z0-9]{1,20}")
_LEVELS = frozenset(("fatal", "error", "warning", "info", "debug"))


# These flags of Sentry's say whether a project has ever sent anything of the kind.
_PRODUCT_FLAGS = {
    Signal.REPLAYS: ("hasReplays",),
    Signal.FEEDBACK: ("hasFeedbacks", "hasNewFeedbacks"),
}


@dataclass(frozen=True, slots=True)
class Project:
    """A project the token can see, with its environments; None if these were not listed.

    `unused` are signals that it has never sent, as far as Sentry says so.
    """

    id: str
    slug: str
    environments: tuple[str, ...] | None = None
    unused: tuple[Signal, ...] = ()


def parse_project(body: object) -> Project | None:
    """Parse a row of the projects list; return None without ID or slug."""
    raw = mapping(body)
    project_id, slug = text(raw.get("id")), text(raw.get("slug"))
    if not project_id or not slug:
        return None
    unused = tuple(
        signal
        for signal, flags in _PRODUCT_FLAGS.items()
        if all(raw.get(flag) is False for flag in flags)
    )
    listed = raw.get("environments")
    if not isinstance(listed, list):
        return Project(project_id, slug, None, unused)
    return Project(project_id, slug, tuple(name for name in map(text, listed) if name), unused)


def parse_row(body: object, identity_fields: Sequence[str]) -> Event | None:
    """Parse a row of the events table; return None without ID or time, which every event has."""
    raw = mapping(body)
    event_id = as_hex_id(text(raw.get("id")) or "")
    timestamp = moment(raw.get("timestamp"))
    if event_id is None or timestamp is None:
        return None
    return Event(
        id=event_id,
        timestamp=timestamp,
        project=text(raw.get("project.name")) or text(raw.get("project")),
        issue_id=_issue_id(raw.get("issue.id")) or _short_id(raw.get("issue")),
        title=text(raw.get("title")),
        message=text(raw.get("message")),
        culprit=text(raw.get("culprit")),
        transaction=text(raw.get("transaction")),
        level=parse_level(raw.get("level")),
        platform=text(raw.get("platform")),
        handled=flag(raw.get("error.handled")),
        release=text(raw.get("release")),
        environment=text(raw.get("environment")),
        trace_id=as_hex_id(text(raw.get("trace")) or ""),
        identities=tuple(_identities(raw, identity_fields)),
    )


Identities = tuple[tuple[str, str], ...]


def _issue_id(value: object) -> str | None:
    """Return an issue ID sent as number or text; None for 0 and anything else."""
    number = integer(value)
    return str(number) if number else None


def _short_id(value: object) -> str | None:
    """Return the short ID of an issue such as WEB-1A, which newer rows have instead."""
    short_id = text(value) or ""
    return short_id if _SHORT_ID.fullmatch(short_id) else None


def _identities(raw: Mapping[str, object], fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        value = raw.get(field)
        if value is None and field.startswith("tags["):
            value = raw.get(field[5:-1])
        for single in items(value) if isinstance(value, list) else (value,):
            identity = single if isinstance(single, str) else text(single)
            if identity:
                yield field, identity


def parse_level(value: object) -> str | None:
    """Return a known level in lowercase; None for anything else."""
    level = (text(value) or "").lower()
    return level if level in _LEVELS else None


def parse_full_event(body: object, identity_fields: Sequence[str]) -> Event | None:
    """Parse a full event, with its body unless that is empty; return None without ID or time."""
    raw = mapping(body)
    event_id = event_id_of(raw)
    happened = moment(raw.get("dateCreated")) or moment(raw.get("dateReceived"))
    if event_id is None or happened is None:
        return None
    details = parse_body(raw)
    tags = dict(details.tags)
    user = {f"user.{name}": value for name, value in details.user.items()}
    identities: dict[str, object] = {**user, **{f"tags[{k}]": v for k, v in tags.items()}}
    event = Event(
        id=event_id,
        timestamp=happened.replace(microsecond=0),
        project=text(raw.get("projectSlug")),
        issue_id=_issue_id(raw.get("groupID")),
        title=text(raw.get("title")),
        transaction=tags.get("transaction"),
        level=parse_level(tags.get("level")),
        platform=text(raw.get("platform")),
        identities=tuple(_identities(identities, identity_fields)),
    )
    whole = merge_body(event, details)
    return replace(whole, body=None) if is_empty_body(raw) else whole


def merge_body(event: Event, body: EventBody) -> Event:
    """Return the event with its body, which also fills the fields missing in the row."""
    return replace(
        event,
        body=body,
        message=event.message or body.message,
        culprit=event.culprit or body.culprit,
        handled=event.handled if event.handled is not None else body.handled,
        release=event.release or body.release,
        environment=event.environment or body.environment,
        trace_id=event.trace_id or body.trace_id,
    )


def event_id_of(body: object) -> str | None:
    """Return the 32 hex digits of an event's ID (`eventID`, else `id`)."""
    raw = mapping(body)
    return as_hex_id(text(raw.get("eventID")) or "") or as_hex_id(text(raw.get("id")) or "")


_CONTENT = ("entries", "contexts", "context", "tags", "user", "message", "occurrence")


def is_empty_body(body: object) -> bool:
    """Return whether this is an event that Sentry lists but whose body it has lost."""
    raw = mapping(body)
    return not raw.get("dateReceived") and not any(raw.get(name) for name in _CONTENT)


def parse_body(body: object) -> EventBody:
    """Parse the stack, breadcrumbs, request, and so on of a full event."""
    raw = mapping(body)
    entries = {
        kind: entry.get("data")
        for entry in mappings(raw.get("entries"))
        if (kind := text(entry.get("type")))
    }
    tags = tuple(pairs(raw.get("tags")))
    tag = dict(tags)
    exceptions = tuple(parse_exceptions(entries))
    sdk = {name: mapping(raw.get("sdk")).get(name) for name in ("name", "version")}
    sent = {
        **mapping(raw.get("contexts")),
        "sdk": {name: value for name, value in sdk.items() if value},
        "request environment": mapping(entries.get("request")).get("env"),
    }
    contexts = {name: mapping(value) for name, value in sent.items() if mapping(value)}
    handled = next((e.handled for e in exceptions if e.handled is not None), None)
    lists, unread = _lists(raw, entries, exceptions[0].frames if exceptions else ())
    return EventBody(
        message=_message(raw, entries),
        exceptions=exceptions,
        breadcrumbs=tuple(
            _breadcrumb(crumb)
            for crumb in mappings(mapping(entries.get("breadcrumbs")).get("values"))
        ),
        request=_request(mapping(entries.get("request"))),
        tags=tags,
        contexts=contexts,
        extra={**_evidence(raw, entries), **mapping(raw.get("context"))},
        lists=lists,
        unread=unread,
        happened_at=moment(raw.get("dateCreated")),
        received_at=moment(raw.get("dateReceived")),
        release=text(mapping(raw.get("release")).get("version")) or tag.get("release"),
        environment=tag.get("environment"),
        trace_id=as_hex_id(text(mapping(contexts.get("trace")).get("trace_id")) or ""),
        handled=handled if handled is not None else flag(tag.get("handled")),
        culprit=text(raw.get("culprit")),
        user={
            name: value if isinstance(value, str | dict | list) else text(value)
            for name, value in mapping(raw.get("user")).items()
            if value not in _NOTHING
        },
    )


def _message(raw: Mapping[str, object], entries: Mapping[str, object]) -> str | None:
    entry = mapping(entries.get("message"))
    message = text(entry.get("formatted")) or text(entry.get("message"))
    return message or text(raw.get("message")) or _occurrence_text(raw)


def _occurrence_text(raw: Mapping[str, object]) -> str | None:
    """Return what a monitor found, without its title if that is the event's."""
    found = mapping(raw.get("occurrence"))
    title, subtitle = text(found.get("issueTitle")), text(found.get("subtitle"))
    if title and title in (text(raw.get("title")) or ""):
        title = None
    return ": ".join(filter(None, (title, subtitle))) or None


_MAX_LINES = 100
_REPORTS = ("csp", "hpkp", "expectct", "expectstaple", "nel")
_NOTHING: tuple[object, ...] = (None, "", [], {})


def _evidence(raw: Mapping[str, object], entries: Mapping[str, object]) -> dict[str, object]:
    """Return a monitor's measurements, a browser's report, and what a message lacks."""
    occurrence = mapping(raw.get("occurrence"))
    shown = mappings(occurrence.get("evidenceDisplay"))
    message = _message(raw, entries) or ""
    sent = mapping(entries.get("message")).get("params")
    params = (list(sent.values()) if isinstance(sent, dict) else items(sent))[:_MAX_LINES]
    lacks = [value for value in params if text(value) and str(value) not in message]
    found = _occurrence_text(raw)
    evidence: dict[str, object] = {
        **{text(one.get("name")) or "": text(one.get("value")) for one in shown},
        **{name: value for kind in _REPORTS for name, value in mapping(entries.get(kind)).items()},
        "occurrence": None if not found or found in message else found,
        **mapping(occurrence.get("evidenceData")),
        "message parameters": lacks,
    }
    return {name: value for name, value in evidence.items() if name and value not in _NOTHING}


# Lists in a body, as texts with a line per thread, span, and so on.

_MAX_LINE = 300
_READ = frozenset((
    *("exception", "stacktrace", "threads", "template", "message", "breadcrumbs", "request"),
    *("spans", "debugmeta", *_REPORTS),
))  # fmt: skip


def _lists(
    raw: Mapping[str, object], entries: Mapping[str, object], crash: tuple[Frame, ...]
) -> tuple[dict[str, str], dict[str, int]]:
    """Return the lists as texts, and the counts of what is not read: unknown types, long lists.

    A template or stack trace is listed unless its frames are those of the crash.
    """
    template, spans = mapping(entries.get("template")), entries.get("spans")
    stacks = ((_frame(template),) if template else (), _frames(entries))
    images = mapping(entries.get("debugmeta")).get("images")
    lines: dict[str, list[str]] = {
        "user report": [text(mapping(raw.get("userReport")).get("comments")) or ""],
        "problems reported by Sentry": [
            _joined(one, "type", "message") for one in mappings(raw.get("errors"))
        ],
        **{
            name: [] if frames == crash else [_frame_line(frame) for frame in frames]
            for name, frames in zip(("template", "stack trace"), stacks, strict=True)
        },
        "threads": [_thread_line(one) for one in _threads(entries)],
        "spans": [
            _span_line(one) for one in mappings(spans) or mappings(mapping(spans).get("spans"))
        ],
        "packages": [" ".join(pair) for pair in pairs(raw.get("packages"))],
        "debug images": [
            _joined(one, "code_file", "debug_file", "name", "type", "debug_id", "uuid")
            for one in mappings(images)
        ],
    }
    filled = {name: [line for line in found if line] for name, found in lines.items()}
    unread = {name: len(found) - _MAX_LINES for name, found in filled.items()}
    unread |= {f"entries of the type {kind[:40]}": 1 for kind in entries.keys() - _READ}
    params = mapping(entries.get("message")).get("params")
    unread["message parameters"] = (
        len(params) - _MAX_LINES if isinstance(params, dict | list) else 0
    )
    unread["crash files"] = 1 if raw.get("crashFile") else 0
    return (
        {
            name: "\n".join(" ".join(line.split())[:_MAX_LINE] for line in found[:_MAX_LINES])
            for name, found in filled.items()
            if found
        },
        {name: count for name, count in sorted(unread.items()) if count > 0},
    )


def _joined(raw: Mapping[str, object], *names: str) -> str:
    return " ".join(filter(None, (text(raw.get(name)) for name in names)))


def _frame_line(frame: Frame) -> str:
    place = ":".join(str(part) for part in (frame.file, frame.line) if part is not None)
    return " ".join(filter(None, (place, frame.function, frame.crash_code)))


def _thread_line(raw: Mapping[str, object]) -> str:
    frames = _frames(raw)
    states = [state for state in ("crashed", "current") if flag(raw.get(state))]
    name = " ".join(filter(None, (_joined(raw, "id", "name", "state"), *states)))
    return ": ".join(filter(None, (name, _frame_line(frames[0]) if frames else "")))


def _span_line(raw: Mapping[str, object]) -> str:
    began, ended = moment(raw.get("start_timestamp")), moment(raw.get("timestamp"))
    took = f"{(ended - began).total_seconds() * 1000:.0f} ms" if began and ended else ""
    return " ".join(
        filter(None, (text(raw.get("op")), took, _joined(raw, "status", "description")))
    )


def _breadcrumb(raw: Mapping[str, object]) -> Breadcrumb:
    return Breadcrumb(
        timestamp=moment(raw.get("timestamp")),
        type=text(raw.get("type")),
        category=text(raw.get("category")),
        level=text(raw.get("level")),
        message=text(raw.get("message")),
        data=dict(mapping(raw.get("data"))),
    )


def _request(raw: Mapping[str, object]) -> Request | None:
    if not raw:
        return None
    url, fragment = text(raw.get("url")), text(raw.get("fragment"))
    return Request(
        method=text(raw.get("method")),
        url=f"{url}#{fragment}" if url and fragment and "#" not in url else url,
        query=tuple(pairs(raw.get("query") or raw.get("query_string"))),
        headers=tuple(pairs(raw.get("headers"))),
        cookies=tuple(pairs(raw.get("cookies"))),
        data=_request_data(raw.get("data")),
    )


def _request_data(value: object) -> object:
    """Parse JSON that was sent as text, because redaction needs its keys."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def parse_issue(body: object) -> Issue | None:
    """Parse a row of the issues list; return None without ID."""
    raw = mapping(body)
    issue_id = _issue_id(raw.get("id"))
    if issue_id is None:
        return None
    unhandled = flag(raw.get("isUnhandled"))
    fix = mapping(raw.get("statusDetails"))
    link = text(raw.get("permalink")) or ""
    return Issue(
        id=issue_id,
        short_id=text(raw.get("shortId")),
        title=text(raw.get("title")),
        project=text(mapping(raw.get("project")).get("slug")),
        level=parse_level(raw.get("level")),
        handled=None if unhandled is None else not unhandled,
        users_affected=integer(raw.get("userCount")),
        events_total=integer(raw.get("count")),
        first_seen=moment(raw.get("firstSeen")),
        last_seen=moment(raw.get("lastSeen")),
        permalink=link if link.startswith(("https://", "http://")) else None,
        status=text(raw.get("status")),
        substatus=text(raw.get("substatus")),
        fixed_in=text(fix.get("inRelease")),
        fixed_in_next=flag(fix.get("inNextRelease")) is True,
        assignee=_assignee(raw.get("assignedTo")),
        last_day=_last_day(mapping(raw.get("stats")).get("24h")),
    )


def parse_counts(body: object, identity_fields: Sequence[str]) -> list[tuple[Identities, int]]:
    """Parse the rows of a `count()` query by identities. Raise `SentryBadResponse`."""
    counts = []
    for raw in items(mapping(body).get("data")):
        count = integer(mapping(raw).get("count()"))
        if count is None:
            raise SentryBadResponse("The events were not counted.")
        counts.append((tuple(_identities(mapping(raw), identity_fields)), count))
    return counts


def parse_groups(
    body: object, identity_fields: Sequence[str]
) -> list[tuple[Identities, frozenset[str]]]:
    """Parse the rows of a query by identities and issue, as identities and the issue's IDs.

    Newer servers name issues of events by their short IDs, and those of groups by both.
    """
    return [
        (
            tuple(_identities(raw, identity_fields)),
            frozenset(filter(None, (_issue_id(raw.get("issue.id")), _short_id(raw.get("issue"))))),
        )
        for raw in mappings(check_table(body))
    ]


def is_partial(body: object) -> bool:
    """Return whether the server says that it searched only a part of its data."""
    return mapping(mapping(body).get("meta")).get("dataScanned") == "partial"


def check_table(body: object) -> list[object]:
    """Return the rows of a page.

    Raise `SentryNotFound` if the table is empty only because the token sees no project
    (`meta.tips.query`), and `SentryBadResponse` if there is no table.
    """
    tips = mapping(mapping(mapping(body).get("meta")).get("tips"))
    if "at least one valid project" in (text(tips.get("query")) or ""):
        raise SentryNotFound("The token sees none of the projects.")
    rows = mapping(body).get("data")
    if not isinstance(rows, list):
        raise SentryBadResponse("The events table came without rows.")
    return rows
