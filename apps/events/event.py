"""Sentry's events, issues, logs, and spans as plain data. Unknown values are None."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """A stack frame. `code` contains (line number, text) pairs around `line`.

    `in_app` is None if the SDK didn't say whether the code is the application's or a library's.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    function: str | None = None
    module: str | None = None
    in_app: bool | None = None
    code: tuple[tuple[int, str], ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)

    @property
    def crash_code(self) -> str | None:
        """The source text of the frame's line; None if Sentry did not store it."""
        return next((text for number, text in self.code if number == self.line), None)


@dataclass(frozen=True, slots=True)
class ExceptionInfo:
    """An exception of a chain. `frames` start at the crash site.

    `mechanism` is how the SDK caught it. A stack trace without exception has only frames.
    """

    type: str | None = None
    value: str | None = None
    module: str | None = None
    mechanism: str | None = None
    handled: bool | None = None
    frames: tuple[Frame, ...] = ()

    @property
    def crash_frame(self) -> Frame | None:
        """The innermost in-app frame, or else the innermost frame."""
        in_app = (frame for frame in self.frames if frame.in_app)
        return next(in_app, self.frames[0] if self.frames else None)


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """A breadcrumb recorded before the event. `data` is passed through from the SDK."""

    timestamp: datetime | None = None
    type: str | None = None
    category: str | None = None
    level: str | None = None
    message: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """The HTTP request during which the event happened."""

    method: str | None = None
    url: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    data: object = None


@dataclass(frozen=True, slots=True)
class EventBody:
    """The details of a full event.

    `exceptions` are the raised one, then its causes; `breadcrumbs` are oldest first. `extra` is the
    SDK's, and what replaces a stack trace: a monitor's measurements, a browser's report. `lists`
    are texts of a line per thread, span, and so on; `unread` counts what is not read, by kind.
    """

    message: str | None = None
    exceptions: tuple[ExceptionInfo, ...] = ()
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    request: Request | None = None
    tags: tuple[tuple[str, str], ...] = ()
    contexts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    happened_at: datetime | None = None
    received_at: datetime | None = None
    release: str | None = None
    environment: str | None = None
    trace_id: str | None = None
    handled: bool | None = None
    culprit: str | None = None
    user: Mapping[str, object] = field(default_factory=dict)

    @property
    def crash_frame(self) -> Frame | None:
        """The crash frame of the raised exception."""
        return self.exceptions[0].crash_frame if self.exceptions else None


_NO_BODY = EventBody()


@dataclass(frozen=True, slots=True)
class Event:
    """An event in Sentry. `timestamp` is in UTC with second precision.

    `body` is None until the full event is read; `matched_on` names the fields in which the
    customer was found, and `spelling` is their identifier there if its capitals differ from what
    was typed (redaction leaves only the capitals' places).
    """

    id: str
    timestamp: datetime
    project: str | None = None
    issue_id: str | None = None
    title: str | None = None
    message: str | None = None
    culprit: str | None = None
    transaction: str | None = None
    level: str | None = None
    platform: str | None = None
    handled: bool | None = None
    release: str | None = None
    environment: str | None = None
    trace_id: str | None = None
    permalink: str | None = None
    matched_on: tuple[str, ...] = ()
    spelling: str | None = None
    identities: tuple[tuple[str, str], ...] = ()
    body: EventBody | None = None

    @property
    def details(self) -> EventBody:
        """The body; an empty one if the full event was not read."""
        return self.body or _NO_BODY


@dataclass(frozen=True, slots=True)
class Issue:
    """A Sentry issue. Counts and times are Sentry's, over all customers.

    `fixed_in` is the release in which it is marked as fixed; `fixed_in_next` means the next one.
    `assignee` describes it in words: a team by name, a person without. `last_day` are
    (start in UTC, count) pairs for the hours before the issue was read, oldest first; empty if
    unknown.
    """

    id: str
    short_id: str | None = None
    title: str | None = None
    project: str | None = None
    level: str | None = None
    status: str | None = None
    handled: bool | None = None
    users_affected: int | None = None
    events_total: int | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    permalink: str | None = None
    substatus: str | None = None
    fixed_in: str | None = None
    fixed_in_next: bool = False
    assignee: str | None = None
    last_day: tuple[tuple[datetime, int], ...] = ()


# Logs and spans: what a customer did where nothing raised an error. `identities` are the customer's
# identifiers in a row; redaction removes them. A row that doesn't name the customer belongs to one
# of their traces.


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A structured log entry. `timestamp` is UTC; `attributes` are its others, as text."""

    id: str
    timestamp: datetime
    severity: str | None = None
    message: str | None = None
    trace_id: str | None = None
    project: str | None = None
    environment: str | None = None
    release: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    names_customer: bool = False
    identities: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A timed operation: a request, a query, a task. `started_at` is UTC, durations are in ms.

    `is_segment` means that it is the root span of its service. `usual_ms` is the median duration
    of the same transaction over all customers, as Sentry computes it.
    """

    id: str
    started_at: datetime
    duration_ms: float | None = None
    op: str | None = None
    description: str | None = None
    status: str | None = None
    http_status: int | None = None
    transaction: str | None = None
    trace_id: str | None = None
    project: str | None = None
    environment: str | None = None
    release: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    is_segment: bool = False
    usual_ms: float | None = None
    names_customer: bool = False
    identities: tuple[tuple[str, str], ...] = ()


def time_of(row: LogEntry | Span) -> datetime:
    """Return when it was logged or began."""
    return row.timestamp if isinstance(row, LogEntry) else row.started_at


def breadcrumb_message(crumb: Breadcrumb) -> str | None:
    """Return the message, and the request or navigation in the data unless it has that; or None."""
    message, from_data = crumb.message or "", _from_data(crumb)
    if from_data in message:
        return message or None
    return f"{message} {from_data}" if message else from_data


def is_message_from_data(crumb: Breadcrumb) -> bool:
    """Return whether `breadcrumb_message` covers the data: it is a request or a navigation."""
    return bool(_from_data(crumb))


def _from_data(crumb: Breadcrumb) -> str:
    """Return `POST /pay 500` for a request in the data, `/cart to /checkout` for a navigation."""
    data = crumb.data
    if data.get("url"):
        method = data.get("method") or data.get("http.method")
        status = data.get("status_code") or data.get("http.response.status_code")
        words = (method, data["url"], status, data.get("reason"))
        return " ".join(str(word) for word in words if word not in (None, ""))
    origin, target = data.get("from"), data.get("to")
    if not target:
        return ""
    return f"{origin} to {target}" if origin else f"to {target}"
