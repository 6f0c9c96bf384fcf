"""One request as the endpoints see it, and what they answer."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Generic, Protocol, TypeVar, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from apps.demo.world import Draft, Event, EventFields, Json, Project, World

# The knobs of the demo Sentry, each standing for something real servers differ in.

ALL_SCOPES = ("event:read", "org:read", "project:read")


@dataclass
class Settings:
    """Changed while the server runs, by tests or through `PUT /_demo/settings`.

    `flavor`: which server is played, `sentry` or `glitchtip`. `latency_s`: seconds every API
    answer waits. `retention_days`: how long events can be asked
    for, None for ever. `full_page_cap`: most full bodies on a page, None for servers without
    the cap. `row_page_cap`: most rows on a page of the events table, silently.
    `visible_projects`: slugs the token sees, None for all. `multi_project`: off for plans that
    refuse to search several projects at once. `events_table`: off for servers that lack the
    feature. `issue_events_empty`: the issue's event list answers `[]` although there are
    events. `scopes`: what the token may do. `rate_limit` requests per `rate_window_s` seconds
    are enforced only when `rate_limited` is on. `now`: a fixed clock in ISO form, else None.
    `replays_on` and `feedback_on`: off for servers without replays (404 with an empty body)
    and for those whose issue search does not know the category feedback (400).
    """

    flavor: str = "sentry"
    latency_s: float = 0.0
    retention_days: float | None = 90
    full_page_cap: int | None = 10
    row_page_cap: int | None = None
    visible_projects: list[str] | None = None
    multi_project: bool = True
    events_table: bool = True
    issue_events_empty: bool = False
    scopes: list[str] = field(default_factory=lambda: list(ALL_SCOPES))
    rate_limit: int = 1000
    rate_window_s: int = 300
    rate_limited: bool = False
    replays_on: bool = True
    feedback_on: bool = True
    now: str | None = None

    def clock(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC) if self.now is None else datetime.fromisoformat(self.now)

    def change(self, values: dict[str, Any]) -> None:
        """Set the named knobs. Raises KeyError for a name that does not exist."""
        known = {one.name for one in fields(self)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise KeyError(", ".join(unknown))
        for name, value in values.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """All knobs by name."""
        return asdict(self)


SEVERAL = "You cannot view events from multiple projects."


@dataclass(frozen=True)
class Answer:
    """A complete answer. `text` goes out as it is; otherwise `payload` goes out as JSON."""

    payload: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json"

    @property
    def content(self) -> bytes:
        """The body in bytes, UTF-8."""
        if self.text is not None:
            return self.text.encode()
        return json.dumps(self.payload, default=str, ensure_ascii=False).encode()


class ApiError(Exception):
    """An error answer of the API: a status and Sentry's `detail`."""

    def __init__(self, status: int, detail: Any, headers: dict[str, str] | None = None) -> None:
        """`detail` is a text, or an object of `code`, `message` and `extra`."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def answer(self) -> Answer:
        """The error as it goes over the wire."""
        return Answer({"detail": self.detail}, status=self.status, headers=self.headers)


def bad(detail: str) -> ApiError:
    """A 400 with that text."""
    return ApiError(400, detail)


def missing(detail: str = "The requested resource does not exist") -> ApiError:
    """A 404 with Sentry's standing text, or another."""
    return ApiError(404, detail)


def forbidden(headers: dict[str, str] | None = None) -> ApiError:
    """A 403 with Sentry's standing text."""
    return ApiError(403, "You do not have permission to perform this action.", headers)


@dataclass(frozen=True)
class Ask:
    """One authorised request: where to, with what, and the world it is asked of."""

    path: str
    params: dict[str, list[str]]
    args: dict[str, str]
    base_url: str
    organization: str
    world: World
    settings: Settings

    @property
    def now(self) -> datetime:
        """The server's present moment."""
        return self.settings.clock()

    def one(self, name: str) -> str | None:
        """The parameter's last value, as Sentry's web framework reads it, or None."""
        values = self.params.get(name)
        return values[-1] if values else None

    def many(self, name: str) -> list[str]:
        """All values of a repeated parameter."""
        return self.params.get(name, [])

    def is_on(self, name: str) -> bool:
        """True for exactly `1` or `true` (Sentry API: the `full` parameter)."""
        return self.one(name) in ("1", "true")

    def visible_projects(self) -> list[Project]:
        """The projects the token sees."""
        allowed = self.settings.visible_projects
        return [one for one in self.world.projects if allowed is None or one.slug in allowed]

    def project(self) -> Project:
        """The project named in the path. Raises ApiError when there is none to see."""
        found = self.world.find_project(self.args["project"])
        if found is None:
            raise missing()
        if found not in self.visible_projects():
            raise forbidden()
        return found

    def chosen_projects(self, refusal: str = SEVERAL) -> list[Project]:
        """The projects a list is asked about: repeated numeric ids, `-1` or none for all.

        Raises ApiError: 400 for a slug, 403 for an id the token cannot see, 400 when several
        are meant and the plan refuses that, with this endpoint's words.
        """
        visible = self.visible_projects()
        try:
            numbers = {int(value) for value in self.many("project")}
        except ValueError as error:
            raise bad("Invalid project parameter. Values must be numbers.") from error
        if not numbers or -1 in numbers:
            chosen = visible
        elif numbers - {one.id for one in visible}:
            raise forbidden()
        else:
            chosen = [one for one in visible if one.id in numbers]
        if len(chosen) > 1 and not self.settings.multi_project:
            raise bad(refusal)
        return chosen


def as_object(value: Any) -> Json:
    """A JSON value that must be an object. Raises ApiError 400 when it is not."""
    if not isinstance(value, dict):
        raise bad("An object is expected.")
    return value


# The log of API requests, so that a test can say what was asked and how often.


@dataclass(frozen=True)
class Call:
    """One answered request. `ms` is how long the server took; a dropped one has status 0.

    `started` is in seconds of the process's own clock, to tell which calls overlapped.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    status: int
    ms: float
    started: float = 0.0


class CallLog:
    """Calls in the order they were answered."""

    def __init__(self) -> None:
        """Empty at first."""
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Note one."""
        with self._lock:
            self._calls.append(call)

    def all(self) -> list[Call]:
        """All of them so far."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Start anew."""
        with self._lock:
            self._calls.clear()


# Things that go wrong on purpose: error answers, delays, cut connections.


@dataclass(frozen=True)
class Fault:
    """What happens to requests whose path and query match `path`, a regular expression.

    `times`: how often, None for always; `after`: how many matching requests pass unharmed
    first. `status`, `body`, `content_type` and `headers` change the answer, a header of None is
    taken away. Without `status` and `body` the usual answer is made. `delay_s` waits before
    answering, `drip_s` waits in the middle of the body. `drop`: `before` hangs up without a
    word, `middle` hangs up after half the body.
    """

    path: str
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: Any = None
    content_type: str | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0
    drop: str | None = None

    @property
    def answers_itself(self) -> bool:
        """True when the usual answer is not even made."""
        return self.status is not None or self.body is not None

    def answer(self) -> Answer:
        """The fault's own answer; a body that is no text goes out as JSON."""
        text = self.body if isinstance(self.body, str) else None
        if self.body is None:
            text = ""
        return Answer(self.body, status=self.status or 200, text=text)

    def spoil(self, answer: Answer) -> Answer:
        """The answer with the fault's headers and content type."""
        changed = {name: value for name, value in self.headers.items() if value is not None}
        kept = {name: value for name, value in answer.headers.items() if name not in self.headers}
        return Answer(
            answer.payload,
            status=answer.status,
            headers=kept | changed,
            text=answer.text,
            content_type=self.content_type or answer.content_type,
        )


class Faults:
    """The faults in waiting, first come first served."""

    def __init__(self) -> None:
        """None at first."""
        self._lock = threading.Lock()
        self._waiting: list[list[Any]] = []

    def add(self, fault: Fault) -> None:
        """Let it happen to the next requests that match."""
        with self._lock:
            self._waiting.append([fault, fault.after, fault.times])

    def clear(self) -> None:
        """Let nothing more go wrong."""
        with self._lock:
            self._waiting.clear()

    def take(self, target: str) -> Fault | None:
        """The fault that befalls this path and query, counted as used."""
        with self._lock:
            for entry in self._waiting:
                fault, passing, left = entry
                if left == 0 or not re.search(fault.path, target):
                    continue
                if passing:
                    entry[1] -= 1
                    continue
                entry[2] = None if left is None else left - 1
                return fault if isinstance(fault, Fault) else None
            return None


def fault_from(values: dict[str, Any]) -> Fault:
    """A fault from JSON. Raises ApiError 400 for unknown keys or a pattern that is none."""
    unknown = sorted(set(values) - {one.name for one in fields(Fault)})
    if unknown or "path" not in values:
        raise bad(f"A fault needs a path; unknown keys: {', '.join(unknown) or 'none'}.")
    try:
        re.compile(str(values["path"]))
    except re.error as error:
        raise bad(f"The path is no regular expression: {error}.") from error
    return Fault(**values)


# The demo's own endpoints under `/_demo/`, for tests and trials. They need no token.

FIELD_NAMES = frozenset(one.name for one in fields(Draft))


class Control:
    """Changes the world, the settings and the faults of a running server."""

    def __init__(self, world: World, settings: Settings, faults: Faults, calls: CallLog) -> None:
        """Holds on to the parts it changes."""
        self.world = world
        self.settings = settings
        self.faults = faults
        self.calls = calls

    def handle(self, method: str, path: str, payload: Any) -> Answer:
        """Answer one control request; `payload` is the request's JSON or None."""
        actions: dict[tuple[str, str], Callable[[Any], Answer]] = {
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: self._done(self.faults.clear),
            ("GET", "calls"): lambda _: Answer([asdict(call) for call in self.calls.all()]),
            ("DELETE", "calls"): lambda _: self._done(self.calls.clear),
            ("POST", "events"): self._add_events,
            ("DELETE", "events"): lambda _: self._done(self.world.clear),
            ("GET", "settings"): lambda _: Answer(self.settings.as_json()),
            ("PUT", "settings"): self._change_settings,
        }
        action = actions.get((method, path.removeprefix("/_demo/").rstrip("/")))
        try:
            return missing().answer() if action is None else action(payload)
        except ApiError as error:
            return error.answer()

    def _done(self, act: Callable[[], None]) -> Answer:
        act()
        return Answer(status=204, text="")

    def _add_faults(self, payload: Any) -> Answer:
        told = [fault_from(as_object(item)) for item in _listed(payload)]
        for fault in told:
            self.faults.add(fault)
        return Answer({"added": len(told)}, status=201)

    def _add_events(self, payload: Any) -> Answer:
        made = [self._add_event(as_object(item)) for item in _listed(payload)]
        return Answer(
            [{"id": one.id, "issue.id": one.issue.id, "project": one.project.slug} for one in made],
            status=201,
        )

    def _add_event(self, told: Json) -> Event:
        """One event: the fields of `World.add_event`, or `raw` with `row` beside them."""
        raw, row = told.get("raw"), told.get("row")
        named = event_fields({key: told[key] for key in told if key not in ("raw", "row")})
        if raw is None:
            return self.world.add_event(**named)
        return self.world.add_raw(as_object(raw), row=row, **named)

    def _change_settings(self, payload: Any) -> Answer:
        try:
            self.settings.change(as_object(payload))
        except KeyError as error:
            raise bad(f"Unknown setting: {error.args[0]}.") from error
        return Answer(self.settings.as_json())


def _listed(payload: Any) -> list[Any]:
    return payload if isinstance(payload, list) else [payload]


def event_fields(told: Json) -> EventFields:
    """Event fields from JSON: times are ISO texts. Raises ApiError 400 for what is unknown."""
    unknown = sorted(set(told) - FIELD_NAMES)
    if unknown:
        raise bad(f"Unknown event fields: {', '.join(unknown)}.")
    read = dict(told)
    for name in ("timestamp", "received"):
        if isinstance(read.get(name), str):
            try:
                read[name] = datetime.fromisoformat(read[name])
            except ValueError as error:
                raise bad(f"{name} is no ISO time.") from error
    return cast(EventFields, read)


# Reads a request off the wire and puts an answer onto it.

BODILESS = (204, 304)


class Demo(Protocol):
    """What a connection needs of the demo it belongs to."""

    settings: Settings
    log: CallLog
    control: Control

    def respond(self, path: str, params: dict[str, list[str]], auth: str) -> Answer:
        """The API's answer to a GET."""

    def fault_for(self, target: str) -> Fault | None:
        """The fault that is to befall this request."""


class DemoServer(Protocol):
    """An HTTP server that knows its demo."""

    demo: Demo


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "DemoSentry"
    disable_nagle_algorithm = True

    @property
    def demo(self) -> Demo:
        """The demo this connection belongs to."""
        return cast("DemoServer", self.server).demo

    def do_GET(self) -> None:
        """An API request, or a look at the demo's own state."""
        if self.path.startswith("/_demo/"):
            self._control()
        else:
            self._serve_api()

    def do_POST(self) -> None:
        """Only the demo's own endpoints take anything but GET."""
        self._control()

    def do_PUT(self) -> None:
        """See do_POST."""
        self._control()

    def do_DELETE(self) -> None:
        """See do_POST."""
        self._control()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on the terminal; the call log has it all."""

    def _control(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            payload = self._parsed(body)
        except ApiError as error:
            self._send(error.answer(), None)
            return
        path = urlsplit(self.path).path
        self._send(self.demo.control.handle(self.command, path, payload), None)

    def _parsed(self, body: bytes) -> Any:
        try:
            return json.loads(body) if body else None
        except ValueError as error:
            raise bad(f"No JSON: {error}") from error

    def _serve_api(self) -> None:
        started = time.perf_counter()
        parts = urlsplit(self.path)
        params = parse_qs(parts.query, keep_blank_values=True)
        fault = self.demo.fault_for(self.path)
        time.sleep(self.demo.settings.latency_s + (fault.delay_s if fault else 0.0))
        if fault is not None and fault.drop == "before":
            answer = Answer(status=0)
        elif fault is not None and fault.answers_itself:
            answer = fault.spoil(fault.answer())
        else:
            auth = self.headers.get("Authorization", "")
            answer = self.demo.respond(parts.path, params, auth)
            answer = fault.spoil(answer) if fault else answer
        ms = (time.perf_counter() - started) * 1000
        call = Call(self.command, parts.path, params, answer.status, round(ms, 1), started)
        self.demo.log.add(call)
        if answer.status:
            self._send(answer, fault)
        else:
            self._hang_up()

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        """Head and body leave in one write, so that nothing waits for an acknowledgement."""
        content = answer.content
        lines = [f"HTTP/1.1 {answer.status} {self._phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in self._all_headers(answer, content)]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self._write(head + content, len(head), fault)

    def _phrase(self, status: int) -> str:
        return self.responses[status][0] if status in self.responses else "Unknown"

    def _all_headers(self, answer: Answer, content: bytes) -> list[tuple[str, str]]:
        """Everything but the status line; the content type is the answer's."""
        headers = [("Server", self.server_version), ("Date", self.date_time_string())]
        headers += answer.headers.items()
        if answer.status not in BODILESS:
            headers += [
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(content))),
            ]
        return headers

    def _write(self, message: bytes, head: int, fault: Fault | None) -> None:
        if fault is None or not (fault.drip_s or fault.drop):
            self.wfile.write(message)
            return
        middle = head + (len(message) - head) // 2
        self.wfile.write(message[:middle])
        time.sleep(fault.drip_s)
        if fault.drop == "middle":
            self._hang_up()
        else:
            self.wfile.write(message[middle:])

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


# Counts requests the way Sentry's rate limiter does and says so in every answer.

CONCURRENT_LIMIT = 15


class Limiter:
    """Fixed windows of `rate_window_s` seconds, one counter per endpoint."""

    def __init__(self, settings: Settings) -> None:
        """Reads its numbers from the settings anew for every request."""
        self._settings = settings
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], int] = {}

    def count(self, endpoint: str) -> tuple[bool, dict[str, str]]:
        """Count one request. Returns whether it is over the limit, and the headers to send."""
        limit, span = self._settings.rate_limit, self._settings.rate_window_s
        window = int(time.time()) // span
        with self._lock:
            used = self._counts.get((endpoint, window), 0) + 1
            self._counts[(endpoint, window)] = used
        headers = {
            "X-Sentry-Rate-Limit-Limit": str(limit),
            "X-Sentry-Rate-Limit-Remaining": str(max(limit - used, 0)),
            "X-Sentry-Rate-Limit-Reset": str((window + 1) * span),
            "X-Sentry-Rate-Limit-ConcurrentLimit": str(CONCURRENT_LIMIT),
            "X-Sentry-Rate-Limit-ConcurrentRemaining": str(CONCURRENT_LIMIT - 1),
        }
        return self._settings.rate_limited and used > limit, headers

    def refusal(self) -> Answer:
        """The 429. Its content type is HTML although the body is JSON, and it names no
        Retry-After (Sentry API: rate limits)."""
        limit, span = self._settings.rate_limit, self._settings.rate_window_s
        text = (
            "You are attempting to use this endpoint too frequently. "
            f"Limit is {limit} requests in {span} seconds"
        )
        return Answer({"detail": text}, status=429, content_type="text/html; charset=utf-8")


# A path, what it takes to pass, and who answers.

Endpoint = Callable[[Ask], Answer]


@dataclass(frozen=True)
class Route:
    """A path, the scope its token needs (None for the web pages) and the endpoint."""

    path: re.Pattern[str]
    scope: str | None
    endpoint: Endpoint

    def match(self, path: str) -> dict[str, str] | None:
        """What the path names, or None when it is another path."""
        found = self.path.fullmatch(path)
        if found is None:
            return None
        return {name: value for name, value in found.groupdict().items() if value is not None}


def route(path: str, scope: str | None, endpoint: Endpoint) -> Route:
    """A route from the text of its pattern."""
    return Route(re.compile(path), scope, endpoint)


# Pages, cursors and the Link header.

CURSOR = re.compile(r"-?\d+(?:\.\d+)?:(\d+):[01]")
MAX_PER_PAGE = 100

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list and the header that leads to its neighbours."""

    items: Sequence[T]
    link: str

    @property
    def headers(self) -> dict[str, str]:
        """The Link header, ready to send."""
        return {"Link": self.link}


def per_page_of(ask: Ask, name: str = "per_page") -> int:
    """How many items a page may have: 1 to 100, 100 by default. Raises ApiError 400."""
    told = ask.one(name)
    if told is None:
        return MAX_PER_PAGE
    try:
        number = int(told)
    except ValueError as error:
        raise bad(f"Invalid {name} parameter.") from error
    if not 1 <= number <= MAX_PER_PAGE:
        raise bad(f"Invalid {name} value. Must be between 1 and {MAX_PER_PAGE}.")
    return number


def offset_of(ask: Ask) -> int:
    """Where the page starts, from a cursor `value:offset:is_prev`. Raises ApiError 400."""
    told = ask.one("cursor")
    if told is None:
        return 0
    match = CURSOR.fullmatch(told)
    if match is None:
        raise bad("Invalid cursor parameter.")
    return int(match.group(1))


def page_of(ask: Ask, items: Sequence[T], size: int) -> Page[T]:
    """The page a request asks for. Offsets shift when new items come in, as in Sentry."""
    offset = offset_of(ask)
    return Page(items[offset : offset + size], link_header(ask, offset, size, len(items)))


def link_header(ask: Ask, offset: int, size: int, total: int) -> str:
    """Both neighbours, always; `results` says whether going there is of use."""
    back = (f"0:{max(offset - size, 0)}:1", "previous", offset > 0)
    onward = (f"0:{offset + size}:0", "next", offset + size < total)
    return ", ".join(_link(ask, *neighbour) for neighbour in (back, onward))


def _link(ask: Ask, cursor: str, rel: str, results: bool) -> str:
    kept = {name: values for name, values in ask.params.items() if name != "cursor"}
    address = f"{ask.base_url}{ask.path}?{urlencode(kept, doseq=True)}&cursor={cursor}"
    return f'<{address}>; rel="{rel}"; results="{str(results).lower()}"; cursor="{cursor}"'
