"""One event and one issue, as Triage speaks of them. Unknown is `None`, never a missing field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on a stack. `code` holds (line number, text) pairs around `line`."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    function: str | None = None
    module: str | None = None
    in_app: bool = False
    code: tuple[tuple[int, str], ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)

    @property
    def crash_code(self) -> str | None:
        """The text of the frame's own line, `None` when Sentry did not keep it."""
        return next((text for number, text in self.code if number == self.line), None)


@dataclass(frozen=True, slots=True)
class ExceptionInfo:
    """One exception of a chain. `frames` start at the crash site."""

    type: str | None = None
    value: str | None = None
    module: str | None = None
    handled: bool | None = None
    frames: tuple[Frame, ...] = ()

    @property
    def crash_frame(self) -> Frame | None:
        """The frame to show first: the innermost one of the application, else the innermost."""
        in_app = (frame for frame in self.frames if frame.in_app)
        return next(in_app, self.frames[0] if self.frames else None)


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """Something the application noted before the event. `data` is what the SDK sent along."""

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
    """What only the full event knows. `exceptions` start with the raised one, then its causes.

    `breadcrumbs` are oldest first.
    """

    message: str | None = None
    exceptions: tuple[ExceptionInfo, ...] = ()
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    request: Request | None = None
    tags: tuple[tuple[str, str], ...] = ()
    contexts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    happened_at: datetime | None = None
    release: str | None = None
    environment: str | None = None
    trace_id: str | None = None
    handled: bool | None = None
    culprit: str | None = None
    user: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One error of one customer. `timestamp` is aware and in UTC, with second precision.

    `body` is `None` until the full event was read; `matched_on` names the fields in which
    the customer was found.
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
    identities: tuple[tuple[str, str], ...] = ()
    body: EventBody | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """The group an event belongs to. Counts and times are Sentry's, of all customers together.

    `fixed_in` is the release in which it is marked as fixed, `fixed_in_next` that it is in the one
    to come. `assignee` says who has it in words: a team by its name, a person without. `last_day`
    holds each hour before the issue was read, the oldest first: when it began (UTC) and how often
    the error came in it; empty where that is not known.
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


# What a breadcrumb tells: SDKs put the story of a request or a navigation into its data.


def told_by(crumb: Breadcrumb) -> str | None:
    """The crumb's message, with the request or the way that its data holds; None for neither.

    A part that the message has already is not said twice.
    """
    parts = [crumb.message or ""]
    known = _request(crumb) or _way(crumb)
    if known and known not in parts[0]:
        parts.append(known)
    return " ".join(part for part in parts if part) or None


def is_told_by_data(crumb: Breadcrumb) -> bool:
    """Whether the data is a request or a way, which `told_by` has put into words."""
    return bool(_request(crumb) or _way(crumb))


def _request(crumb: Breadcrumb) -> str:
    """`POST /pay 500`, from what HTTP crumbs carry."""
    sent = crumb.data
    if not sent.get("url"):
        return ""
    method = sent.get("method") or sent.get("http.method")
    status = sent.get("status_code") or sent.get("http.response.status_code")
    words = (method, sent["url"], status, sent.get("reason"))
    return " ".join(str(word) for word in words if word not in (None, ""))


def _way(crumb: Breadcrumb) -> str:
    """`/cart to /checkout`, from what navigation crumbs carry."""
    came, went = crumb.data.get("from"), crumb.data.get("to")
    if not went:
        return ""
    return f"{came} to {went}" if came else f"to {went}"
