"""The demo Sentry's data: projects, issues, events, replays, feedback, and releases.

`World` stores all of it and can be filled while it is being served.
"""

import hashlib
import os
import re
import threading
import tomllib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

Json = dict[str, Any]
Person = Mapping[str, str | None]
P = ParamSpec("P")

PERSON_KEYS = ("id", "email", "username", "ip_address")


@dataclass(frozen=True)
class Project:
    """A project; `platform` is the default for its events."""

    id: int
    slug: str
    name: str
    platform: str


def project_reference(project: Project) -> Json:
    """Return a project as other objects refer to it, with its ID as text."""
    return asdict(project) | {"id": str(project.id)}


@dataclass(frozen=True)
class Issue:
    """A group of similar events. `key` identifies it within its project, in the demo only.

    `category` is `error` or `feedback`; a feedback issue holds one message from one person.
    """

    id: int
    short_id: str
    key: str
    project: Project
    title: str
    culprit: str
    level: str
    kind: str
    status: str
    metadata: Json = field(default_factory=dict)
    category: str = "error"


@dataclass(frozen=True)
class History:
    """What happened to an issue apart from the events in the world.

    `earlier_users` and `earlier_events` are added to the counts. `day` holds additional events
    for each of the last 24 hours, oldest first. The assignee is `team` or `person` (name and
    email). `fixed_in` is a version, for resolved issues.
    """

    substatus: str | None = None
    fixed_in: str | None = None
    fixed_in_next: bool = False
    team: str | None = None
    person: Sequence[str] | None = None
    first_seen: datetime | None = None
    earlier_users: int = 0
    earlier_events: int = 0
    day: tuple[int, ...] = (0,) * 24


@dataclass(frozen=True)
class Release:
    """A version of one project, with its latest deploy (`deployed`, `environment`)."""

    version: str
    project: Project
    created: datetime
    released: datetime | None
    deployed: datetime | None = None
    environment: str | None = None

    @property
    def sort_date(self) -> datetime:
        """The date that orders the release list."""
        return self.released or self.created


@dataclass(frozen=True)
class Row:
    """What the events table lists: an event, a log entry, or a span.

    The table and the search read `columns`, which Sentry knows, and `tags`, the other attributes.
    """

    id: str
    project: Project
    timestamp: datetime
    columns: Json
    tags: Json

    @property
    def second(self) -> datetime:
        """The time as the events table stores it: whole seconds, UTC."""
        return self.timestamp.replace(microsecond=0)


@dataclass(frozen=True)
class Event(Row):
    """One stored event.

    The detail endpoints return `body`. As in Sentry it is stored apart from the columns and tags,
    so tests can make them disagree. `verbatim` bodies are returned unchanged. A lost body is listed
    with nothing but its IDs and time, and can't be retrieved.
    """

    issue: Issue
    body: Json
    verbatim: bool = False
    is_lost: bool = False

    @property
    def user_key(self) -> str | None:
        """The person as Sentry counts people: by the first identifier of the event."""
        names = ("user.id", "user.username", "user.email", "user.ip")
        return next((f"{name}:{self.columns[name]}" for name in names if self.columns[name]), None)


@dataclass(frozen=True)
class Replay:
    """One recorded session of one person. IDs are 32 hex digits without dashes.

    `user` has the keys of an event's user object. `dashed`: print the ID with dashes.
    """

    id: str
    project: Project
    started_at: datetime
    user: dict[str, str | None]
    dashed: bool
    duration_s: int = 120
    urls: tuple[str, ...] = ()
    error_ids: tuple[str, ...] = ()
    dead_clicks: int = 0
    rage_clicks: int = 0
    environment: str | None = "production"

    @property
    def finished_at(self) -> datetime:
        """The end of the recording."""
        return self.started_at + timedelta(seconds=self.duration_s)

    @property
    def row(self) -> Row:
        """What the search reads."""
        people = {f"user.{name}": value for name, value in self.user.items()}
        return Row(self.id, self.project, self.started_at, people, {})


def full_person(person: Person | None) -> dict[str, str | None]:
    """Return the four keys of a user object, None for missing ones.

    Raises ValueError for an unknown key: a misspelled one would silently make the user anonymous.
    """
    person = person or {}
    unknown = set(person) - set(PERSON_KEYS)
    if unknown:
        raise ValueError(f"A user has no {', '.join(sorted(unknown))}.")
    return {key: person.get(key) for key in PERSON_KEYS}


def as_utc(time: datetime) -> datetime:
    """Return the time in UTC; a naive one is UTC already, as in Sentry."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def iso_z(time: datetime) -> str:
    """Return the time as in Sentry's event bodies: UTC with `Z`, a fraction only if not zero."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def iso_offset(time: datetime) -> str:
    """Return the time as in the events table: whole seconds with `+00:00`."""
    return time.astimezone(UTC).replace(microsecond=0).isoformat()


def made_up_id(*parts: object) -> str:
    """Return 32 hex digits that depend only on the parts."""
    text = "|".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


# --- events before they are stored --------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """The arguments of `World.add_event`, with their defaults.

    `exception` with `frames` is the short form for a single exception; `exceptions` takes a
    whole chain in the order of the SDKs, innermost cause first, each `{type, value, module,
    mechanism, frames}`. `issue` identifies the group within the project, whose category and
    metadata are `category` and `metadata`. `user` adds keys to
    the user object, `entries` adds whole entries, `overrides` replaces top-level keys of the
    body. `trace_id`: None generates one, an empty string means no trace. `is_lost`: the server
    has the event's columns, but its body is gone.
    """

    event_id: str | None = None
    timestamp: datetime | None = None
    received: datetime | None = None
    project: str = "web"
    platform: str | None = None
    issue: str | None = None
    issue_status: str = "unresolved"
    category: str = "error"
    metadata: Json = field(default_factory=dict)
    kind: str | None = None
    title: str | None = None
    level: str | None = "error"
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
    is_lost: bool = False

    @property
    def chain(self) -> list[Json | None]:
        """The exceptions in either form, innermost first."""
        if self.exceptions:
            return list(self.exceptions)
        if self.exception is None:
            return []
        kind, value = self.exception
        return [{"type": kind, "value": value, "frames": self.frames}]

    @property
    def outermost(self) -> Json:
        """The exception raised last, which gives the event its title."""
        return next((item for item in reversed(self.chain) if item), {})

    @property
    def crash_frame(self) -> Json:
        """The frame Sentry points at: the last in-app frame, else the last frame."""
        frames = [frame for frame in self.outermost.get("frames") or [] if frame]
        in_app = [frame for frame in frames if frame.get("inApp")]
        found: Json = (in_app or frames or [{}])[-1]
        return found


ID_SEEDS = {"error": ("event", "trace"), "feedback": ("feedback", "feedback trace")}


def completed(draft: Draft, seed: str, number: int) -> Draft:
    """Return the draft with an ID, a kind, and an error unless it has content.

    `number` counts the events of the category; with `seed`, it makes the IDs repeatable.
    """
    is_empty = not (draft.exception or draft.exceptions or draft.message or draft.entries)
    exception = ("Error", "Something went wrong") if is_empty else draft.exception
    has_error = bool(exception or draft.exceptions)
    event_seed, trace_seed = ID_SEEDS[draft.category]
    trace_id = made_up_id(seed, trace_seed, number) if draft.trace_id is None else draft.trace_id
    return replace(
        draft,
        event_id=draft.event_id or made_up_id(seed, event_seed, number),
        kind=draft.kind or ("error" if has_error else "default"),
        exception=exception,
        trace_id=trace_id,
        transaction=draft.transaction or "",
    )


def title_of(draft: Draft) -> str:
    """Return the title: `Type: value`, or the first line of the message."""
    if draft.title is not None:
        return draft.title
    error = draft.outermost
    parts = [str(part) for part in (error.get("type"), error.get("value")) if part]
    text = ": ".join(parts) or draft.message or "<unlabeled event>"
    return text.split("\n", 1)[0][:256]


def culprit_of(draft: Draft) -> str:
    """Return the transaction, else module and function of the crash frame."""
    if draft.culprit is not None:
        return draft.culprit
    if draft.transaction:
        return draft.transaction
    frame = draft.crash_frame
    place = frame.get("module") or frame.get("filename") or ""
    return f"{place} in {frame['function']}" if frame.get("function") else str(place)


# --- event bodies, as the detail endpoints return them ------------------------------------------

FRAME_DEFAULTS: Json = {
    **dict.fromkeys(("filename", "absPath", "module", "package", "function", "lineNo", "vars")),
    "context": [],
    "inApp": False,
}
REQUEST_DEFAULTS: Json = {
    **dict.fromkeys(("method", "url", "data", "env")),
    "query": [],
    "headers": [],
    "cookies": [],
}
CRUMB_DEFAULTS: Json = {
    **dict.fromkeys(("timestamp", "category", "message", "data")),
    "type": "default",
    "level": "info",
}


def body_of(draft: Draft, issue: Issue, tags: dict[str, str], when: datetime) -> Json:
    """Return the event as in an issue's event list with `full=1`."""
    common: Json = {
        "id": draft.event_id,
        "groupID": str(issue.id),
        "eventID": draft.event_id,
        "projectID": str(issue.project.id),
        "dateCreated": iso_z(when),
    }
    if draft.is_lost:
        return common | {
            "title": "<unlabeled event>",
            "message": "",
            **dict.fromkeys(("user", "platform", "dateReceived", "culprit", "dist", "sdk")),
            **{name: [] for name in ("entries", "tags", "errors", "fingerprints")},
            **{name: {} for name in ("contexts", "context", "metadata", "packages")},
            "type": "default",
        }
    return common | {
        "message": draft.message or "",
        "title": title_of(draft),
        "user": user_of(draft),
        "tags": [{"key": key, "value": value} for key, value in sorted(tags.items())],
        "platform": draft.platform,
        "dateReceived": iso_z(as_utc(draft.received or when)),
        "contexts": contexts_of(draft),
        "context": dict(draft.extra),
        "type": draft.kind,
        "culprit": culprit_of(draft),
        "entries": entries_of(draft),
        **draft.overrides,
    }


def entries_of(draft: Draft) -> list[Json]:
    """Return the entries `{type, data}` of the event; their order is not significant."""
    data: Json = {}
    if draft.message is not None:
        data["message"] = {"formatted": draft.message, "params": draft.params}
    if draft.chain:
        data["exception"] = {"values": [_exception(item, draft) for item in draft.chain]}
    if draft.threads:
        data["threads"] = {"values": [_thread(thread) for thread in draft.threads]}
    if draft.breadcrumbs:
        data["breadcrumbs"] = {"values": [_breadcrumb(crumb) for crumb in draft.breadcrumbs]}
    if draft.request is not None:
        data["request"] = REQUEST_DEFAULTS | draft.request
    entries = [{"type": kind, "data": value} for kind, value in data.items()]
    return [*entries, *(dict(entry) for entry in draft.entries)]


def _exception(item: Json | None, draft: Draft) -> Json | None:
    if item is None:
        return None
    mechanism = {"type": draft.mechanism, "handled": draft.handled}
    return {
        "type": item.get("type"),
        "value": item.get("value"),
        "mechanism": item.get("mechanism", mechanism),
        "module": item.get("module"),
        "stacktrace": _stacktrace(item.get("frames")),
    }


def _stacktrace(frames: Iterable[Json] | None) -> Json | None:
    """Return a stack trace, oldest call first; None, as in Sentry, means there is no stack."""
    return None if frames is None else {"frames": [FRAME_DEFAULTS | frame for frame in frames]}


def _thread(thread: Json) -> Json:
    defaults: Json = {"id": 0, "name": None, "current": False, "crashed": False, "state": None}
    own = {key: value for key, value in thread.items() if key != "frames"}
    return defaults | own | {"stacktrace": _stacktrace(thread.get("frames"))}


def _breadcrumb(crumb: Json) -> Json:
    full = CRUMB_DEFAULTS | crumb
    if isinstance(full["timestamp"], datetime):
        full["timestamp"] = iso_z(full["timestamp"])
    return full


def tags_of(draft: Draft) -> dict[str, str]:
    """Return the tags that Sentry derives from an event, overridden by the event's own."""
    has_error = bool(draft.chain)
    handled = {True: "yes", False: "no", None: None}[draft.handled]
    identifiers = {
        "id": draft.user_id,
        "username": draft.username,
        "email": draft.email,
        "ip": draft.ip,
    }
    names = ("level", "environment", "release", "dist", "transaction", "logger")
    derived: dict[str, str | None] = {
        **{name: getattr(draft, name) for name in names},
        "handled": handled if has_error else None,
        "mechanism": draft.mechanism if has_error else None,
        "url": (draft.request or {}).get("url"),
        # Sentry stores one identifier, with its kind.
        "user": next((f"{kind}:{value}" for kind, value in identifiers.items() if value), None),
    }
    named = {key: str(value) for key, value in derived.items() if value}
    return named | dict(draft.tags)


def user_of(draft: Draft) -> Json | None:
    """Return the user object, or None without any information about the person."""
    if not any((draft.user_id, draft.email, draft.username, draft.ip, draft.user)):
        return None
    return {
        "id": draft.user_id,
        "email": draft.email,
        "username": draft.username,
        "ip_address": draft.ip,
        **(draft.user or {}),
    }


def contexts_of(draft: Draft) -> Json:
    """Return the event's contexts, each with its `type`, and the trace if there is one."""
    contexts = {name: {"type": name, **value} for name, value in draft.contexts.items()}
    if not draft.trace_id:
        return contexts
    trace = {
        "type": "trace",
        "trace_id": draft.trace_id,
        "span_id": made_up_id("span", draft.event_id)[:16],
        "op": "http.server" if draft.request else "function",
        "status": "internal_error",
    }
    return {"trace": trace} | contexts


# --- columns of the events table, which the search uses as well ---------------------------------

NUMBER_COLUMNS = frozenset({"issue.id", "project.id", "span.duration", "precise.start_ts"})
BOOLEAN_COLUMNS = frozenset({"error.handled", "is_transaction"})
ARRAY_COLUMNS = frozenset({"error.type", "error.value"})


def columns_of(draft: Draft, issue: Issue) -> Json:
    """Return the event's columns without its tags. Only here is `issue.id` an integer.

    The array columns list the outermost exception first.
    """
    project = issue.project
    chain = [item for item in reversed(draft.chain) if item]
    is_known = bool(chain) and draft.handled is not None
    names = ("platform", "level", "environment", "release", "dist", "transaction")
    return {
        "id": draft.event_id,
        "issue.id": issue.id,
        "issue": issue.short_id,
        "issue.category": issue.category,
        "title": title_of(draft),
        "message": draft.message or title_of(draft),
        "culprit": culprit_of(draft),
        "event.type": draft.kind,
        "project": project.slug,
        "project.name": project.slug,
        "project.id": project.id,
        **{name: getattr(draft, name) for name in names},
        "trace": draft.trace_id or None,
        "replayId": (draft.contexts.get("replay") or {}).get("replay_id"),
        "error.type": [item.get("type") or "" for item in chain],
        "error.value": [item.get("value") or "" for item in chain],
        "error.handled": draft.handled if is_known else None,
        "user.id": draft.user_id,
        "user.email": draft.email,
        "user.username": draft.username,
        "user.ip": draft.ip,
    }


TAG = re.compile(r"tags\[([^],]+)(?:,(string|number|boolean))?\]")


def type_of(value: object) -> str:
    """Return the type of an attribute as it is written in `tags[name,type]`."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string"


def column(row: Row, name: str) -> Any:
    """Return the value of a field.

    `tags[x]` is always the tag. Any other name is a column, else a tag; an unknown name is null
    (Sentry API: unknown names resolve as tags). A tag that is not text is found only by its type.
    """
    if name == "timestamp":
        return row.second
    if name in row.columns:
        return row.columns[name]
    tag = TAG.fullmatch(name)
    value = row.tags.get(tag.group(1) if tag else name)
    return value if type_of(value) == ((tag and tag.group(2)) or "string") else None


# --- logs and spans ----------------------------------------------------------------------------

HTTP_STATUSES = {403: "permission_denied", 404: "not_found", 413: "failed_precondition"}


def status_of(http_status: int | None) -> str:
    """Return the status that the SDKs give to a span with this response."""
    if http_status is None or http_status < 400:
        return "ok"
    return HTTP_STATUSES.get(
        http_status, "invalid_argument" if http_status < 500 else "internal_error"
    )


# --- replays and feedback -----------------------------------------------------------------------

FEEDBACK_SOURCE = "new_feedback_envelope"
MAX_TITLE_LENGTH = 60


def _hex(value: str) -> str:
    return uuid.UUID(value).hex


# What a feedback's context has besides the message.
FEEDBACK_FIELDS = ("contact_email", "name", "url", "replay_id", "associated_event_id")


def shortened(message: str) -> str:
    """Return the message on one line, cut to the length of a title."""
    line = " ".join(message.split())
    if len(line) <= MAX_TITLE_LENGTH:
        return line
    return line[: MAX_TITLE_LENGTH - 3].rstrip() + "..."


# --- the world ----------------------------------------------------------------------------------

ID_LENGTHS = {"logs": 32, "spans": 16}
FIRST_PROJECT_ID = 4_501_001
FIRST_ISSUE_IDS = {"error": 6_500_000_001, "feedback": 7_100_000_001}


def _takes_fields_of(
    make: Callable[P, Draft],
) -> Callable[[Callable[[Any, Draft], Event]], Callable[Concatenate[Any, P], Event]]:
    """Let a method that takes a draft take the draft's fields instead."""

    def decorate(method: Callable[[Any, Draft], Event]) -> Callable[Concatenate[Any, P], Event]:
        def with_fields(self: Any, /, *args: P.args, **fields: P.kwargs) -> Event:
            return method(self, make(*args, **fields))

        return with_fields

    return decorate


class World:
    """Projects, issues, events, replays, and feedback.

    IDs are repeatable: they depend on the seed and the order. Errors, replays, and feedback are
    counted separately, so adding one kind never changes the IDs of another.
    """

    def __init__(self, seed: str = "demo") -> None:
        self._seed = seed
        self._lock = threading.RLock()  # for additions; each read is a single operation
        self.clear()

    def clear(self) -> None:
        """Delete everything and restart the IDs."""
        with self._lock:
            self._projects: dict[str, Project] = {}
            self._issues: dict[tuple[str, str], Issue] = {}
            self._events: dict[str, Event] = {}
            self._items: dict[str, list[Row]] = {"logs": [], "spans": []}
            self._replays: list[Replay] = []
            self._releases: dict[tuple[str, str], Release] = {}
            self._histories: dict[int, History] = {}
            self._counts: Counter[str] = Counter()

    @property
    def events(self) -> tuple[Event, ...]:
        """All events except feedback, in insertion order."""
        return self.events_in("error")

    def items(self, kind: str) -> tuple[Row, ...]:
        """Return all `logs` or `spans`, in insertion order."""
        return tuple(self._items[kind])

    @property
    def projects(self) -> tuple[Project, ...]:
        """All projects in insertion order."""
        return tuple(self._projects.values())

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues except feedback, in insertion order."""
        return tuple(one for one in self.all_issues if one.category == "error")

    @property
    def replays(self) -> tuple[Replay, ...]:
        """All replays in insertion order."""
        return tuple(self._replays)

    @property
    def feedback(self) -> tuple[Event, ...]:
        """The event of each feedback, in insertion order."""
        return self.events_in("feedback")

    @property
    def all_issues(self) -> tuple[Issue, ...]:
        """The issues of errors, then those of feedback."""
        return tuple(sorted(self._issues.values(), key=lambda one: one.category))

    def events_in(self, category: str) -> tuple[Event, ...]:
        """Return all events of issues in the category, in insertion order."""
        events = tuple(self._events.values())
        return tuple(event for event in events if event.issue.category == category)

    def add_project(self, slug: str, platform: str = "python", name: str | None = None) -> Project:
        """Return the project with the slug, creating it if necessary."""
        with self._lock:
            if slug not in self._projects:
                number = FIRST_PROJECT_ID + len(self._projects)
                shown = name or slug.replace("-", " ").title()
                self._projects[slug] = Project(number, slug, shown, platform)
            return self._projects[slug]

    @_takes_fields_of(Draft)
    def add_event(self, draft: Draft) -> Event:
        """Add an event from the fields of a `Draft`, and its project and issue if necessary.

        The key of the issue is `issue`, else the exception's type, else the title.
        """
        with self._lock:
            self._counts[draft.category] += 1
            project = self.add_project(draft.project, draft.platform or "python")
            when = as_utc(draft.timestamp or datetime.now(UTC))
            placed = replace(draft, platform=draft.platform or project.platform, timestamp=when)
            full = completed(placed, self._seed, self._counts[draft.category])
            issue, tags = self._issue_for(full, project), tags_of(full)
            event = Event(
                id=str(full.event_id),
                project=project,
                issue=issue,
                timestamp=when,
                columns=columns_of(full, issue),
                tags=tags,
                body=body_of(full, issue, tags, when),
                is_lost=full.is_lost,
            )
            return self.put_event(event)

    def put_event(self, event: Event) -> Event:
        """Put an event last, in place of that with its ID."""
        self._events.pop(event.id, None)
        self._events[event.id] = event
        return event

    def add_replay(
        self,
        *,
        when: datetime,
        project: str = "web",
        user: Person | None = None,
        replay_id: str | None = None,
        **fields: Any,
    ) -> Replay:
        """Add a replay from the fields of a `Replay`. Raises ValueError for an invalid ID."""
        with self._lock:
            number = len(self._replays) + 1
            for name, read in (("urls", str), ("error_ids", _hex)):
                fields[name] = tuple(map(read, fields.get(name, ())))
            replay = Replay(
                id=_hex(replay_id or made_up_id(self._seed, "replay", number)),
                project=self.add_project(project, "javascript"),
                started_at=as_utc(when),
                user=full_person(user),
                dashed=number % 2 == 1,
                **fields,
            )
            self._replays.append(replay)
            return replay

    def add_feedback(
        self,
        *,
        when: datetime,
        message: str,
        project: str = "web",
        user: Person | None = None,
        **fields: Any,
    ) -> Event:
        """Add a message from a person, which is an issue with one event.

        `fields` are `FEEDBACK_FIELDS`, and those of a `Draft`. Only `feedback` and `all_issues`
        include it, `events` and `issues` do not. As in Sentry, the email typed into the form
        becomes the user's unless the user has one. The message is in `contexts.feedback`, and
        there are no entries.
        """
        with self._lock:
            person, title = full_person(user), f"User Feedback: {shortened(message)}"
            typed = {name: fields.pop(name, None) for name in FEEDBACK_FIELDS}
            context = {"message": message, **typed, "source": FEEDBACK_SOURCE}
            shown = {name: context[name] for name in ("message", "contact_email", "name", "source")}
            return self.add_event(
                category="feedback",
                timestamp=when,
                project=project,
                platform=self.add_project(project, "javascript").platform,
                issue=f"feedback-{self._counts['feedback'] + 1}",
                metadata={"title": title, "value": message, **shown},
                kind="generic",
                title=title,
                culprit="user",
                level="info",
                handled=None,
                message=message,
                user_id=person["id"],
                email=person["email"] or typed["contact_email"],
                username=person["username"],
                ip=person["ip_address"],
                request={"url": typed["url"]} if typed["url"] else None,
                contexts={"feedback": context},
                overrides={"entries": []},
                **fields,
            )

    def add_log(self, when: datetime, message: str, severity: str = "info", **fields: Any) -> Row:
        """Add a log entry. `fields` are those that logs and spans share; see `_add_row`.

        Its `user.name` is the username, as the SDKs send it in logs.
        """
        columns = {
            "message": message,
            "severity": severity,
            "timestamp_precise": int(when.timestamp() * 1_000_000) * 1000,
        }
        return self._add_row("logs", when, columns, fields)

    def add_span(
        self, when: datetime, duration_ms: float, op: str, description: str | None, **fields: Any
    ) -> Row:
        """Add a span that starts at `when`; `status` follows from `http_status` unless given."""
        http_status = fields.get("http_status")
        if http_status:
            own = fields.get("attributes", {})
            fields["attributes"] = {"http.response.status_code": http_status, **own}
        columns = {
            "span.op": op,
            "span.description": description,
            "span.duration": duration_ms,
            "span.status": fields.get("status") or status_of(http_status),
            "span.status_code": str(http_status) if http_status else None,
            "transaction": fields.get("transaction"),
            "is_transaction": fields.get("is_transaction", False),
            "precise.start_ts": when.timestamp(),
        }
        return self._add_row("spans", when, columns, fields)

    def _add_row(self, kind: str, when: datetime, columns: Json, fields: Json) -> Row:
        """Add a row of a project and a person; `attributes` are the program's own."""
        person = full_person(fields.get("user"))
        label = columns.get("message") or columns.get("span.description")
        common = {
            "trace": fields.get("trace") or made_up_id("trace", kind, when, label),
            "environment": fields.get("environment", "production"),
            "release": fields.get("release"),
            "user.id": person["id"],
            "user.email": person["email"],
            "user.name" if kind == "logs" else "user.username": person["username"],
            "user.ip": person["ip_address"],
        }
        tags = dict(fields.get("attributes", {}))
        row = self.add_item(kind, when, fields.get("project", "web"), columns | common, tags)
        row.columns["sentry.item_id" if kind == "logs" else "span_id"] = row.id
        return row

    def add_item(self, kind: str, when: datetime, project: str, columns: Json, tags: Json) -> Row:
        """Add one of the `logs` or `spans`, and its project if necessary."""
        with self._lock:
            own, place = self._items[kind], self.add_project(project)
            new_id = made_up_id(self._seed, kind, len(own) + 1)[: ID_LENGTHS[kind]]
            names = {
                "id": new_id,
                "project": place.slug,
                "project.name": place.slug,
                "project.id": place.id,
            }
            own.append(Row(new_id, place, as_utc(when), names | columns, tags))
            return own[-1]

    def find_event(self, event_id: str) -> Event | None:
        """Return the event with the ID, in any case and with or without dashes."""
        return self._events.get(event_id.replace("-", "").lower())

    def find_issue(self, issue_id: str) -> Issue | None:
        """Return the issue with the numeric ID or short ID."""
        names = (issue_id, issue_id.upper())
        return next(
            (one for one in self.all_issues if str(one.id) in names or one.short_id in names), None
        )

    def find_project(self, name: str) -> Project | None:
        """Return the project with the slug or numeric ID."""
        return next((one for one in self.projects if name in (one.slug, str(one.id))), None)

    def events_of(self, issue: Issue) -> list[Event]:
        """Return the issue's events, oldest first."""
        own = [event for event in tuple(self._events.values()) if event.issue.id == issue.id]
        return sorted(own, key=lambda event: (event.timestamp, event.id))

    def set_history(self, issue: Issue, history: History) -> None:
        """Set what happened to the issue apart from its events."""
        self._histories[issue.id] = history

    def history_of(self, issue: Issue) -> History:
        """Return the history of the issue, an empty one by default."""
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
        """Add a release, and its project if necessary."""
        with self._lock:
            where = environment if deployed else None
            release = Release(
                version, self.add_project(project), created, released, deployed, where
            )
            self._releases[version, project] = release
            return release

    def releases(self) -> list[Release]:
        """Return the added releases and those of events, the latter released an hour before."""
        first: dict[tuple[str, str], Release] = {}
        for event in sorted(self.events, key=lambda one: one.timestamp):
            version = event.columns["release"]
            if isinstance(version, str) and version:
                at = event.second - timedelta(hours=1)
                release = Release(version, event.project, created=at, released=at)
                first.setdefault((version, event.project.slug), release)
        return list((first | self._releases).values())

    def _issue_for(self, draft: Draft, project: Project) -> Issue:
        key = str(draft.issue or draft.outermost.get("type") or title_of(draft))
        place = (project.slug, key)
        if place not in self._issues:
            like = [one for one in self._issues.values() if one.category == draft.category]
            own = sum(one.project.slug == project.slug for one in like)
            # The `U` keeps feedback from shifting the numbers of errors.
            mark = "U" if draft.category == "feedback" else ""
            self._issues[place] = Issue(
                id=FIRST_ISSUE_IDS[draft.category] + 37 * len(like),
                short_id=f"{project.slug.upper()}-{mark}{own + 1:X}",
                key=key,
                project=project,
                title=title_of(draft),
                culprit=culprit_of(draft),
                level=draft.level or "error",
                kind=draft.kind or "error",
                status=draft.issue_status,
                metadata=draft.metadata,
                category=draft.category,
            )
        return self._issues[place]


# --- the customers of the demo ------------------------------------------------------------------


@cache
def story_data(name: str) -> Json:
    """Return a TOML file of the story, read once; don't change it."""
    file = Path(__file__).parent / "story" / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))


STARTED_VARIABLE = "TRIAGE_DEMO_STARTED"


@dataclass(frozen=True)
class DemoCustomer:
    """A customer to look up, with the time (UTC) and what to expect; `key` is the demo's own."""

    key: str
    identifier: str
    moment: datetime
    what: str


def started_at() -> datetime:
    """Return the time at which the demo's story starts, in UTC, rounded down to the minute.

    It comes from the environment variable `TRIAGE_DEMO_STARTED` (ISO), so that the site and the
    demo server agree, and defaults to now. Raises ValueError if the variable is not an ISO time.
    """
    value = os.environ.get(STARTED_VARIABLE)
    start = datetime.fromisoformat(value) if value else datetime.now(UTC)
    return as_utc(start).replace(second=0, microsecond=0)


def customers(now: datetime | None = None) -> tuple[DemoCustomer, ...]:
    """Return the customers to try, most recent first; `now` is the start of the story."""
    start = now or started_at()
    return tuple(
        DemoCustomer(
            one["key"],
            one["identifier"],
            start - timedelta(minutes=one["minutes_ago"]),
            one["what"],
        )
        for one in story_data("customers")["customers"]
    )
