"""What a caller says about a new event, and the defaults for everything left unsaid."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypedDict

from apps.demo.model import Json

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
