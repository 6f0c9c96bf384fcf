"""The store of everything the demo Sentry knows. Safe to fill while it is being served."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Required, TypedDict, Unpack, cast

# What the demo Sentry knows about: projects, issues, events and replays.

Json = dict[str, Any]
Person = Mapping[str, str | None]

PERSON_KEYS = ("id", "email", "username", "ip_address")


@dataclass(frozen=True)
class Project:
    """A project as the API names it: a numeric id, a slug, and the platform it was set up for."""

    id: int
    slug: str
    name: str
    platform: str


@dataclass(frozen=True)
class Issue:
    """A group of like events. `key` is the demo's own name for it inside its project.

    `category` is `error` or `feedback`; a feedback issue holds one message of one person.
    """

    id: int
    short_id: str
    key: str
    project: Project
    title: str
    culprit: str
    level: str
    kind: str
    platform: str
    logger: str | None
    status: str
    metadata: Json = field(default_factory=dict)
    category: str = "error"


@dataclass(frozen=True)
class History:
    """What an issue has behind it beside the events in the world.

    `earlier_users` and `earlier_events` are counted on top of those, `day` is how often more it
    came in each of the last 24 hours, the oldest first. `team` or `person` (a name and an e-mail)
    has it. `fixed_in` is a version, for issues of the status resolved.
    """

    substatus: str | None = None
    fixed_in: str | None = None
    fixed_in_next: bool = False
    team: str | None = None
    person: tuple[str, str] | None = None
    first_seen: datetime | None = None
    earlier_users: int = 0
    earlier_events: int = 0
    day: tuple[int, ...] = (0,) * 24


@dataclass(frozen=True)
class Release:
    """A version of one project. `deployed` is when it went live last, in `environment`."""

    version: str
    project: Project
    created: datetime
    released: datetime | None
    deployed: datetime | None = None
    environment: str | None = None

    @property
    def listed_by(self) -> datetime:
        """The time by which the list is in order."""
        return self.released or self.created


@dataclass(frozen=True)
class Event:
    """One stored event.

    `columns` and `tags` are what the events table and the search see, `body` is what the
    detail endpoints answer. They are kept apart, as in Sentry, so that a test can make them
    disagree. `verbatim` bodies are served exactly as given.
    """

    id: str
    project: Project
    issue: Issue
    timestamp: datetime
    columns: Json
    tags: dict[str, str]
    body: Json
    verbatim: bool = False

    @property
    def second(self) -> datetime:
        """The moment as the events table stores it: whole seconds, UTC."""
        return self.timestamp.replace(microsecond=0)

    @property
    def user_key(self) -> str | None:
        """The person as Sentry counts people: by the first identifier the event has."""
        names = ("user.id", "user.username", "user.email", "user.ip")
        return next((f"{name}:{self.columns[name]}" for name in names if self.columns[name]), None)


@dataclass(frozen=True)
class Replay:
    """One recorded session of one person. All ids are 32 hex digits without dashes.

    `user` has the keys of an event's user object. `dashed` says how the row prints its id.
    """

    id: str
    project: Project
    started_at: datetime
    duration_s: int
    user: dict[str, str | None]
    urls: tuple[str, ...]
    error_ids: tuple[str, ...]
    trace_ids: tuple[str, ...]
    count_errors: int
    dead_clicks: int
    rage_clicks: int
    release: str | None
    environment: str | None
    browser: Json
    archived: bool
    dashed: bool

    @property
    def finished_at(self) -> datetime:
        """When the recording ended."""
        return self.started_at + timedelta(seconds=self.duration_s)


def full_person(told: Person | None) -> dict[str, str | None]:
    """The four keys of a user object, None where nothing is told.

    Raises ValueError for another key: a misspelt one would make an anonymous person in silence.
    """
    unknown = set(told or {}) - set(PERSON_KEYS)
    if unknown:
        raise ValueError(f"A user has no {', '.join(sorted(unknown))}.")
    return {key: (told or {}).get(key) for key in PERSON_KEYS}


def iso_z(moment: datetime) -> str:
    """A moment as Sentry's bodies print it: UTC, with `Z`, a fraction only if there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def iso_offset(moment: datetime) -> str:
    """A moment as the events table prints it: whole seconds and `+00:00`."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


# What a caller says about a new event, and the defaults for everything left unsaid.

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SDKS = {
    "python": "sentry.python.django",
    "javascript": "sentry.javascript.react",
    "node": "sentry.javascript.node",
    "php": "sentry.php",
    "ruby": "sentry.ruby.rails",
    "java": "sentry.java.spring-boot",
    "go": "sentry.go",
    "csharp": "sentry.dotnet.aspnetcore",
    "elixir": "sentry.elixir",
    "rust": "sentry.rust",
    "native": "sentry.native",
    "cocoa": "sentry.cocoa",
}


class EventFields(TypedDict, total=False):
    """Everything `World.add_event` understands; see `Draft` for meanings and defaults."""

    event_id: str | None
    timestamp: datetime | None
    received: datetime | None
    project: str
    platform: str | None
    issue: str | None
    issue_status: str
    kind: str | None
    title: str | None
    level: str
    logger: str | None
    handled: bool | None
    mechanism: str
    exception: tuple[str | None, str | None] | None
    exceptions: Sequence[Json | None]
    frames: Sequence[Json] | None
    threads: Sequence[Json]
    message: str | None
    params: Any
    breadcrumbs: Sequence[Json]
    request: Json | None
    entries: Sequence[Json]
    errors: Sequence[Json]
    user_id: str | None
    email: str | None
    username: str | None
    ip: str | None
    user: Json | None
    tags: Mapping[str, str]
    environment: str | None
    release: str | None
    dist: str | None
    transaction: str | None
    culprit: str | None
    trace_id: str | None
    contexts: Json
    extra: Json
    overrides: Json


@dataclass(frozen=True)
class Draft:
    """One event as told by the caller.

    `exception` with `frames` is the short form for a single exception; `exceptions` takes a
    whole chain in the order SDKs send it, innermost cause first, each `{type, value, module,
    mechanism, frames}`. `issue` names the group inside the project. `user` adds keys to the
    user object, `entries` adds whole entries, `overrides` replaces top-level keys of the body.
    A `trace_id` of None gets a made-up one, an empty string means no trace.
    """

    event_id: str | None = None
    timestamp: datetime | None = None
    received: datetime | None = None
    project: str = "web"
    platform: str | None = None
    issue: str | None = None
    issue_status: str = "unresolved"
    kind: str | None = None
    title: str | None = None
    level: str = "error"
    logger: str | None = None
    handled: bool | None = False
    mechanism: str = "generic"
    exception: tuple[str | None, str | None] | None = None
    exceptions: Sequence[Json | None] = ()
    frames: Sequence[Json] | None = None
    threads: Sequence[Json] = ()
    message: str | None = None
    params: Any = None
    breadcrumbs: Sequence[Json] = ()
    request: Json | None = None
    entries: Sequence[Json] = ()
    errors: Sequence[Json] = ()
    user_id: str | None = None
    email: str | None = None
    username: str | None = None
    ip: str | None = None
    user: Json | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    environment: str | None = "production"
    release: str | None = None
    dist: str | None = None
    transaction: str | None = None
    culprit: str | None = None
    trace_id: str | None = None
    contexts: Json = field(default_factory=dict)
    extra: Json = field(default_factory=dict)
    overrides: Json = field(default_factory=dict)

    @property
    def when(self) -> datetime:
        """The moment it happened; the epoch for a draft that is not completed yet."""
        return self.timestamp or EPOCH

    @property
    def chain(self) -> list[Json | None]:
        """The exceptions, innermost first, whichever way they were told."""
        if self.exceptions:
            return list(self.exceptions)
        if self.exception is None:
            return []
        kind, value = self.exception
        return [{"type": kind, "value": value, "frames": self.frames}]

    @property
    def outermost(self) -> Json:
        """The exception that was raised last, the one Sentry titles the event after."""
        return next((item for item in reversed(self.chain) if item), {})

    @property
    def crash_frame(self) -> Json:
        """The frame Sentry points at: the last in-app one, else the last of all."""
        frames = [frame for frame in self.outermost.get("frames") or [] if frame]
        in_app = [frame for frame in frames if frame.get("inApp")]
        found: Json = (in_app or frames or [{}])[-1]
        return found


def made_up_id(*parts: object) -> str:
    """32 hex digits that depend on nothing but the parts, for event and trace ids."""
    text = "|".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive one is taken to be UTC already, as Sentry does."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def completed(draft: Draft, seed: str, number: int, now: datetime) -> Draft:
    """The draft with an id, times, a platform, a kind and something to show for an error.

    `number` counts the events of the world; together with `seed` it makes the ids repeatable.
    """
    timestamp = as_utc(draft.timestamp or now)
    said_nothing = not (draft.exception or draft.exceptions or draft.message or draft.entries)
    exception = ("Error", "Something went wrong") if said_nothing else draft.exception
    has_error = bool(exception or draft.exceptions)
    trace = made_up_id(seed, "trace", number) if draft.trace_id is None else draft.trace_id
    return replace(
        draft,
        event_id=draft.event_id or made_up_id(seed, "event", number),
        timestamp=timestamp,
        received=as_utc(draft.received or timestamp),
        platform=draft.platform or "python",
        kind=draft.kind or ("error" if has_error else "default"),
        exception=exception,
        trace_id=trace,
        transaction=draft.transaction or "",
    )


def title_of(draft: Draft) -> str:
    """The line Sentry heads the event with: `Type: value`, or the message's first line."""
    if draft.title is not None:
        return draft.title
    error = draft.outermost
    parts = [str(part) for part in (error.get("type"), error.get("value")) if part]
    text = ": ".join(parts) or draft.message or "<unlabeled event>"
    return text.split("\n", 1)[0][:256]


def culprit_of(draft: Draft) -> str:
    """Where it went wrong in one line: the transaction, else module and function of the crash."""
    if draft.culprit is not None:
        return draft.culprit
    if draft.transaction:
        return draft.transaction
    frame = draft.crash_frame
    place = frame.get("module") or frame.get("filename") or ""
    return f"{place} in {frame['function']}" if frame.get("function") else str(place)


# What a caller says about a new replay, and the defaults for everything left unsaid.


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


# The `entries` of an event body: exceptions, threads, message, breadcrumbs, request.

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


# From a finished draft to the event body the detail endpoints answer.

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


# From a finished draft to the columns of the events table, which the search works on too.

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


# User feedback: what somebody wrote about their trouble, kept as an issue of its own.

FIRST_FEEDBACK_ID = 7_100_000_001
SOURCE = "new_feedback_envelope"
TITLE_LENGTH = 60


class FeedbackFields(TypedDict, total=False):
    """Everything `World.add_feedback` understands.

    `project` is `web` unless told. `user` has the keys of an event's user object: `id`, `email`,
    `username`, `ip_address`. `name` and `contact_email` are what was typed into the form.
    """

    project: str
    when: Required[datetime]
    message: Required[str]
    user: Person | None
    contact_email: str | None
    name: str | None
    url: str | None
    associated_event_id: str | None
    replay_id: str | None
    environment: str | None
    event_id: str | None


def feedback_draft(told: FeedbackFields, project: Project, seed: str, number: int) -> Draft:
    """The finished draft of the feedback's one event; `number` counts feedback only.

    An e-mail address typed into the form becomes the user's when the user has none, as in
    Sentry. The message is in `contexts.feedback`; there are no entries to read it from.
    """
    person = full_person(told.get("user"))
    url = told.get("url")
    title = f"User Feedback: {shortened(told['message'])}"
    draft = Draft(
        event_id=told.get("event_id") or made_up_id(seed, "feedback", number),
        trace_id=made_up_id(seed, "feedback trace", number),
        timestamp=as_utc(told["when"]),
        project=project.slug,
        platform=project.platform,
        kind="generic",
        title=title,
        culprit="user",
        level="info",
        handled=None,
        message=told["message"],
        user_id=person["id"],
        email=person["email"] or told.get("contact_email"),
        username=person["username"],
        ip=person["ip_address"],
        environment=told.get("environment", "production"),
        request={"url": url} if url else None,
        contexts={"feedback": _context(told)},
    )
    overrides = {
        "entries": [],
        "metadata": _metadata(told, title),
        "occurrence": _occurrence(draft, told),
    }
    return completed(replace(draft, overrides=overrides), seed, number, draft.when)


def shortened(message: str) -> str:
    """The message on one line, cut where the title would get too long."""
    line = " ".join(message.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 3].rstrip() + "..."


def feedback_issue(draft: Draft, project: Project, number: int, own: int) -> Issue:
    """The issue around one feedback.

    `number` counts all feedback, `own` that of the project. The short id has a letter which no
    issue of errors has, so that neither shifts the other's numbers.
    """
    return Issue(
        id=FIRST_FEEDBACK_ID + 37 * (number - 1),
        short_id=f"{project.slug.upper()}-U{own:X}",
        key=f"feedback-{number}",
        project=project,
        title=title_of(draft),
        culprit="user",
        level=draft.level,
        kind="generic",
        platform=project.platform,
        logger=None,
        status="unresolved",
        metadata=draft.overrides["metadata"],
        category="feedback",
    )


def _context(told: FeedbackFields) -> Json:
    return {
        "message": told["message"],
        "contact_email": told.get("contact_email"),
        "name": told.get("name"),
        "url": told.get("url"),
        "replay_id": told.get("replay_id"),
        "associated_event_id": told.get("associated_event_id"),
        "source": SOURCE,
    }


def _metadata(told: FeedbackFields, title: str) -> Json:
    return {
        "title": title,
        "value": told["message"],
        "message": told["message"],
        "contact_email": told.get("contact_email"),
        "name": told.get("name"),
        "source": SOURCE,
    }


def _occurrence(draft: Draft, told: FeedbackFields) -> Json:
    """What makes it an issue although nothing was raised."""
    evidence = {key: value for key, value in _context(told).items() if value is not None}
    shown = ("message", "contact_email", "name")
    return {
        "id": made_up_id("occurrence", draft.event_id),
        "eventId": draft.event_id,
        "issueTitle": draft.title,
        "subtitle": told["message"],
        "evidenceData": evidence,
        "evidenceDisplay": [
            {"name": key, "value": evidence[key], "important": key == "message"}
            for key in shown
            if key in evidence
        ],
        "type": 6001,
        "detectionTime": iso_z(draft.when),
        "level": draft.level,
        "culprit": "user",
    }


FIRST_PROJECT_ID = 4_501_001
FIRST_ISSUE_ID = 6_500_000_001


class World:
    """Projects, issues, events, replays and feedback.

    Ids are repeatable: they depend on the seed and the order. Errors, replays and feedback are
    counted apart, so that one more of one kind changes no id of another.
    """

    def __init__(self, seed: str = "demo") -> None:
        """An empty world; two worlds of one seed filled alike have the same ids."""
        self._seed = seed
        self._lock = threading.RLock()
        self._projects: dict[str, Project] = {}
        self._issues: dict[tuple[str, str], Issue] = {}
        self._events: list[Event] = []
        self._by_id: dict[str, Event] = {}
        self._replays: list[Replay] = []
        self._feedback: list[Event] = []
        self._releases: dict[tuple[str, str], Release] = {}
        self._histories: dict[int, History] = {}
        self._counter = 0

    @property
    def events(self) -> tuple[Event, ...]:
        """All events but feedback, in the order they were added."""
        with self._lock:
            return tuple(self._events)

    @property
    def projects(self) -> tuple[Project, ...]:
        """All projects in the order they were made."""
        with self._lock:
            return tuple(self._projects.values())

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues but feedback, in the order they were made."""
        with self._lock:
            return tuple(self._issues.values())

    @property
    def replays(self) -> tuple[Replay, ...]:
        """All replays in the order they were added."""
        with self._lock:
            return tuple(self._replays)

    @property
    def feedback(self) -> tuple[Event, ...]:
        """The event of each feedback, in the order they were added."""
        with self._lock:
            return tuple(self._feedback)

    @property
    def all_issues(self) -> tuple[Issue, ...]:
        """The issues of errors, then those of feedback."""
        return (*self.issues, *(event.issue for event in self.feedback))

    def clear(self) -> None:
        """Forget everything; ids start anew."""
        with self._lock:
            self._projects.clear()
            self._issues.clear()
            self._events.clear()
            self._by_id.clear()
            self._replays.clear()
            self._feedback.clear()
            self._releases.clear()
            self._histories.clear()
            self._counter = 0

    def add_project(self, slug: str, platform: str = "python", name: str | None = None) -> Project:
        """The project of that slug, made if need be."""
        with self._lock:
            if slug not in self._projects:
                number = FIRST_PROJECT_ID + len(self._projects)
                named = name or slug.replace("-", " ").title()
                self._projects[slug] = Project(number, slug, named, platform)
            return self._projects[slug]

    def add_event(self, **fields: Unpack[EventFields]) -> Event:
        """A new event; whatever is not said gets a sensible default (see `Draft`).

        The project and the issue are made when they do not exist yet. The issue is `issue`
        inside the project, else the exception's type, else the title.
        """
        with self._lock:
            draft, issue = self._prepare(Draft(**fields))
            event = _event(draft, issue)
            return self.add(event)

    def add_raw(
        self, body: Json, *, row: Json | None = None, **fields: Unpack[EventFields]
    ) -> Event:
        """An event whose body is served exactly as given, however odd.

        The table row is made from `fields` like any other event's, with `row` laid over it.
        The event is found under `event_id`, else under the body's `eventID`.
        """
        told = fields.get("event_id") or body.get("eventID")
        with self._lock:
            draft, issue = self._prepare(Draft(**fields))
            if isinstance(told, str):
                draft = replace(draft, event_id=told)
            event = _event(draft, issue)
            columns = event.columns | (row or {})
            return self.add(replace(event, body=body, columns=columns, verbatim=True))

    def add(self, event: Event) -> Event:
        """Store an event that was put together elsewhere; an id known already is replaced."""
        with self._lock:
            if event.id in self._by_id:
                self._events.remove(self._by_id[event.id])
            self._events.append(event)
            self._by_id[event.id] = event
            return event

    def add_replay(self, **fields: Unpack[ReplayFields]) -> Replay:
        """A new replay; see `ReplayFields`. Its project is made when it does not exist yet."""
        with self._lock:
            project = self.add_project(fields.get("project", "web"), "javascript")
            replay = recorded(fields, project, self._seed, len(self._replays) + 1)
            self._replays.append(replay)
            return replay

    def add_feedback(self, **fields: Unpack[FeedbackFields]) -> Event:
        """What somebody wrote about their trouble, see `FeedbackFields`: an issue of its own.

        It is no error: `events` and `issues` do not have it, `feedback` and `all_issues` do.
        """
        with self._lock:
            number = len(self._feedback) + 1
            project = self.add_project(fields.get("project", "web"), "javascript")
            draft = feedback_draft(fields, project, self._seed, number)
            own = sum(event.project.slug == project.slug for event in self._feedback)
            event = _event(draft, feedback_issue(draft, project, number, own + 1))
            self._feedback.append(event)
            self._by_id[event.id] = event
            return event

    def find_event(self, event_id: str) -> Event | None:
        """The event of that id (dashes and case do not matter), if there is one."""
        with self._lock:
            return self._by_id.get(event_id.replace("-", "").lower())

    def find_issue(self, issue_id: str) -> Issue | None:
        """The issue of that numeric id or short id, if there is one."""
        names = (issue_id, issue_id.upper())
        return next(
            (one for one in self.all_issues if str(one.id) in names or one.short_id in names), None
        )

    def find_project(self, name: str) -> Project | None:
        """The project of that slug or numeric id, if there is one."""
        return next((one for one in self.projects if name in (one.slug, str(one.id))), None)

    def events_of(self, issue: Issue) -> list[Event]:
        """The issue's events, oldest first."""
        among = self.among(issue)
        own = [event for event in among if event.issue.id == issue.id]
        return sorted(own, key=lambda event: (event.timestamp, event.id))

    def among(self, issue: Issue) -> tuple[Event, ...]:
        """All events of the issue's category: the errors, or the feedback."""
        return self.feedback if issue.category == "feedback" else self.events

    def tell_history(self, issue: Issue, history: History) -> None:
        """What the issue has behind it, beside its events."""
        with self._lock:
            self._histories[issue.id] = history

    def history_of(self, issue: Issue) -> History:
        """What was told of it; nothing by default."""
        with self._lock:
            return self._histories.get(issue.id, History())

    def add_release(
        self,
        version: str,
        created: datetime,
        *,
        project: str = "web",
        released: datetime | None = None,
        deployed: datetime | None = None,
        environment: str = "production",
    ) -> Release:
        """A release as its own dates tell it. Its project is made when it does not exist yet."""
        with self._lock:
            where = environment if deployed else None
            made = Release(version, self.add_project(project), created, released, deployed, where)
            self._releases[version, project] = made
            return made

    def releases(self) -> list[Release]:
        """Those that were added, and each that an event names.

        Of the latter the demo takes it that they were made and released an hour before.
        """
        first: dict[tuple[str, str], Event] = {}
        for event in sorted(self.events, key=lambda one: one.timestamp):
            version = event.columns["release"]
            if isinstance(version, str) and version:
                first.setdefault((version, event.project.slug), event)
        seen = {
            (version, slug): _released(version, event.project, event.second - timedelta(hours=1))
            for (version, slug), event in first.items()
        }
        return list((seen | self._releases).values())

    def _prepare(self, draft: Draft) -> tuple[Draft, Issue]:
        """The finished draft and its issue. Counts the event."""
        self._counter += 1
        project = self.add_project(draft.project, draft.platform or "python")
        placed = replace(draft, platform=draft.platform or project.platform)
        full = completed(placed, self._seed, self._counter, datetime.now(UTC))
        return full, self._issue_for(full, project)

    def _issue_for(self, draft: Draft, project: Project) -> Issue:
        key = draft.issue or draft.outermost.get("type") or title_of(draft)
        place = (project.slug, str(key))
        if place not in self._issues:
            number = len(self._issues)
            own = sum(1 for slug, _ in self._issues if slug == project.slug)
            self._issues[place] = Issue(
                id=FIRST_ISSUE_ID + 37 * number,
                short_id=f"{project.slug.upper()}-{own + 1:X}",
                key=str(key),
                project=project,
                title=title_of(draft),
                culprit=culprit_of(draft),
                level=draft.level,
                kind=draft.kind or "error",
                platform=draft.platform or project.platform,
                logger=draft.logger,
                status=draft.issue_status,
                metadata=metadata_of(draft),
            )
        return self._issues[place]


def _released(version: str, project: Project, at: datetime) -> Release:
    return Release(version, project, created=at, released=at)


def _event(draft: Draft, issue: Issue) -> Event:
    """The stored event of a finished draft."""
    tags = tags_of(draft)
    return Event(
        id=str(draft.event_id),
        project=issue.project,
        issue=issue,
        timestamp=draft.when,
        columns=columns_of(draft, issue),
        tags=tags,
        body=full_body(draft, issue, tags),
    )


# The customers of the demo: whom to look up, when, and what went wrong for them then.

STARTED_VARIABLE = "TRIAGE_DEMO_STARTED"


@dataclass(frozen=True)
class DemoCustomer:
    """One suggestion: type the identifier and the moment, and this is what there is to see.

    `key` names the customer inside the demo only. The moment is in UTC, on the minute.
    """

    key: str
    identifier: str
    moment: datetime
    what: str


CAST = (
    ("ada", "1001", 25, "Card declined three times, then the cart broke; a replay and feedback"),
    ("hanna", "hanna.berg@example.se", 75, "No error then; one 14 minutes before, one later"),
    ("nils", "nils.berg@example.se", 80, "Never seen: known to the shop by another e-mail"),
    ("leo", "leo.martin@example.fr", 90, "No error then but a dead button; trouble an hour before"),
    ("mia", "mia+shop@example.org", 180, "Timeouts at the checkout, in German; one names no user"),
    ("mallory", "mallory@example.net", 240, "Hostile texts and secrets that must not leak"),
    ("kowalski", "CORP\\kowalski", 300, "Invoices: a chain of .NET exceptions"),
    ("nadia", "NADIA.HADDAD@EXAMPLE.COM", 420, "The Android app crashes, in Arabic"),
    ("oda", "3003", 540, "Odd events: no stack, 250 frames, message only, a background job"),
    ("pepe", 'José "Pepe" Muñoz', 1560, "The shipping partner refuses, an upload is too large"),
    ("busy", "20417", 1800, "About 140 events in one hour over six issues"),
    (
        "yara",
        "9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10",
        2880,
        "iPhone: a crash, an out-of-memory kill, a native fault",
    ),
    ("sakura", "sakura_田中", 3000, "React Native, Elixir and Rust errors, in Japanese"),
    ("beatriz", "beatriz.costa@example.pt", 4200, "Sent round in a circle while signing in"),
)


def started_at() -> datetime:
    """The moment the demo's story is told from, rounded down to the minute, in UTC.

    Taken from the environment variable `TRIAGE_DEMO_STARTED` (ISO) so that the site and the
    demo server agree; without it, now. Raises ValueError when the variable holds no ISO time.
    """
    told = os.environ.get(STARTED_VARIABLE)
    moment = datetime.fromisoformat(told) if told else datetime.now(UTC)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(second=0, microsecond=0)


def customers(now: datetime | None = None) -> tuple[DemoCustomer, ...]:
    """The customers to try, the most recent first. `now` is the story's start, see above."""
    start = now or started_at()
    return tuple(
        DemoCustomer(key, identifier, start - timedelta(minutes=minutes), what)
        for key, identifier, minutes, what in CAST
    )
