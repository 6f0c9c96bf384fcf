"""The demo Sentry as tests need it: it records its calls, fails on request, or plays GlitchTip.

Tests in other processes change it over HTTP, with its endpoints below `/_demo/`, which need no
token. `python -m tests.demo_sentry` serves the demo's story like `manage.py demo_sentry`.
"""

import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from apps.demo import server
from apps.demo.http import ApiError, ApiResponse, bad_request, not_found
from apps.demo.world import Draft, Event, Json, World
from tests import glitchtip
from tests.glitchtip import Settings


def add_raw(world: World, body: Json, *, row: Json | None = None, **fields: Any) -> Event:
    """Add an event with a body that is returned unchanged, however odd.

    The table row is made from `fields`, as in `World.add_event`, and overridden by `row`. The
    event's ID is `event_id`, else the body's `eventID`.
    """
    event_id = fields.get("event_id") or body.get("eventID")
    known = {"event_id": event_id} if isinstance(event_id, str) else {}
    event = world.add_event(**fields | known)
    columns = event.columns | (row or {})
    return world.put_event(replace(event, body=body, columns=columns, verbatim=True))


# --- faults: error responses, delays, and dropped connections -----------------------------------


@dataclass(frozen=True)
class Fault:
    """A deliberate failure of requests whose path and query match `path`, a regular expression.

    `times`: how often, None for always; `after`: how many matching requests succeed first.
    `status`, `body`, `content_type`, and `headers` change the response; a header of None is
    removed. Without `status` and `body`, the usual response is made. `delay_s` delays the response.
    `drop`: `before` closes the connection without a response, `middle` after half of the body.
    """

    path: str
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: Any = None
    content_type: str | None = None
    delay_s: float = 0.0
    drop: str | None = None

    @property
    def replaces_response(self) -> bool:
        """Whether the usual response is not made at all."""
        return self.status is not None or self.body is not None

    def response(self) -> ApiResponse:
        """Return the fault's own response; a body that is not text is sent as JSON."""
        text = "" if self.body is None else self.body if isinstance(self.body, str) else None
        return self.applied_to(ApiResponse(self.body, status=self.status or 200, text=text))

    def applied_to(self, response: ApiResponse) -> ApiResponse:
        """Return the response with the fault's headers and content type."""
        headers = {
            name: value
            for name, value in (response.headers | self.headers).items()
            if value is not None
        }
        content_type = self.content_type or response.content_type
        return replace(response, headers=headers, content_type=content_type)


class Faults:
    """The pending faults, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []
        self._cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        """Apply the fault to the next requests that match."""
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Remove all faults, and end their delays."""
        with self._lock:
            self._pending.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def delay(self, seconds: float) -> None:
        """Wait so long, or until the faults are removed."""
        self._cleared.wait(seconds)

    def take(self, target: str) -> Fault | None:
        """Return the fault for a path and query, and count it as used."""
        with self._lock:
            for place, fault in enumerate(self._pending):
                if fault.times == 0 or not re.search(fault.path, target):
                    continue
                if fault.after:
                    self._pending[place] = replace(fault, after=fault.after - 1)
                    continue
                if fault.times is not None:
                    self._pending[place] = replace(fault, times=fault.times - 1)
                return fault
            return None


def fault_from(values: Json) -> Fault:
    """Return a fault from JSON. Raises ApiError 400 for unknown keys or an invalid pattern."""
    unknown = sorted(set(values) - {one.name for one in fields(Fault)})
    if unknown or "path" not in values:
        raise bad_request(f"A fault needs a path; unknown keys: {', '.join(unknown) or 'none'}.")
    try:
        re.compile(str(values["path"]))
    except re.error as error:
        raise bad_request(f"Invalid regular expression: {error}.") from error
    return Fault(**values)


# --- the endpoints below `/_demo/` --------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A request with its response. `ms` is the server's time; a dropped one has status 0.

    `started` is a time of `perf_counter`, which shows whether calls overlapped. `size` is the
    length of the body in bytes.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    status: int
    ms: float
    started: float = 0.0
    size: int = 0


class Control:
    """Changes the world, the settings, and the faults of a running server."""

    def __init__(self, world: World, settings: Settings, faults: Faults, calls: list[Call]) -> None:
        self.world = world
        self.settings = settings
        self.faults = faults
        self.calls = calls

    def handle(self, method: str, path: str, payload: Any) -> ApiResponse:
        """Respond to a request; `payload` is its JSON or None."""
        actions: dict[tuple[str, str], Callable[[Any], ApiResponse]] = {
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _: self._clear(self.faults),
            ("GET", "calls"): lambda _: ApiResponse([asdict(call) for call in [*self.calls]]),
            ("DELETE", "calls"): lambda _: self._clear(self.calls),
            ("POST", "events"): self._add_events,
            ("DELETE", "events"): lambda _: self._clear(self.world),
            ("POST", "items"): self._add_items,
            ("PUT", "settings"): self._change_settings,
        }
        action = actions.get((method, path.removeprefix("/_demo/").rstrip("/")))
        if action is None:
            raise not_found()
        return action(payload)

    def _clear(self, part: Faults | World | list[Call]) -> ApiResponse:
        part.clear()
        return ApiResponse(status=204, text="")

    def _change_settings(self, payload: Any) -> ApiResponse:
        [values] = _objects(payload)
        self.settings.change(values)
        return ApiResponse(asdict(self.settings))

    def _add_items(self, payload: Any) -> ApiResponse:
        made = [
            self.world.add_item(**{**item, "when": datetime.fromisoformat(item["when"])})
            for item in _objects(payload)
        ]
        return ApiResponse([{"id": row.id} for row in made], status=201)

    def _add_faults(self, payload: Any) -> ApiResponse:
        for fault in [fault_from(item) for item in _objects(payload)]:
            self.faults.add(fault)
        return ApiResponse(status=201, text="")

    def _add_events(self, payload: Any) -> ApiResponse:
        events = [self.world.add_event(**_event_fields(item)) for item in _objects(payload)]
        return ApiResponse([{"id": event.id} for event in events], status=201)


def _objects(payload: Any) -> list[Json]:
    """Return the objects of a list, or the one object. Raises ApiError 400 for anything else."""
    items = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(item, dict) for item in items):
        raise bad_request("An object is expected.")
    return items


def _event_fields(values: Json) -> Json:
    """Return event fields from JSON, with times from ISO text. Raises ApiError 400."""
    unknown = sorted(set(values) - {one.name for one in fields(Draft)})
    if unknown:
        raise bad_request(f"Unknown event fields: {', '.join(unknown)}.")
    try:
        return values | {
            name: datetime.fromisoformat(values[name])
            for name in ("timestamp", "received")
            if isinstance(values.get(name), str)
        }
    except ValueError as error:
        raise bad_request("Times must be ISO texts.") from error


# --- the server ---------------------------------------------------------------------------------


class _Handler(server.Handler):
    @property
    def _demo(self) -> "DemoSentry":
        return cast("DemoSentry", self.server.demo)

    def do_GET(self) -> None:  # noqa: N802 - name of http.server
        """Serve the API, or the endpoints below `/_demo/`."""
        if self.path.startswith("/_demo/"):
            self._control()
        else:
            self._serve_api()

    def _control(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        try:
            response = self._demo.control.handle(self.command, path, _parsed(body))
        except ApiError as error:
            response = error.response()
        self.send(response)

    do_POST = do_PUT = do_DELETE = _control  # noqa: N815 - names of http.server

    def _serve_api(self) -> None:
        started = time.perf_counter()
        parts = urlsplit(self.path)
        fault = self._demo.faults.take(self.path)
        response = self._failure(fault) if fault else self.api_response()
        ms = round((time.perf_counter() - started) * 1000, 1)
        params = parse_qs(parts.query, keep_blank_values=True)
        size = len(response.content)
        call = Call(self.command, parts.path, params, response.status, ms, started, size)
        self._demo.calls.append(call)
        if not response.status:
            self._drop()
        elif fault and fault.drop == "middle":
            self.wfile.write(self.head(response) + response.content[: size // 2])
            self._drop()
        else:
            self.send(response)

    def _failure(self, fault: Fault) -> ApiResponse:
        if fault.delay_s:
            self._demo.faults.delay(fault.delay_s)
        if fault.drop != "before" and not fault.replaces_response:
            return fault.applied_to(self.api_response())
        time.sleep(self._demo.settings.latency_s)
        return ApiResponse(status=0) if fault.drop == "before" else fault.response()

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError as error:
        raise bad_request(f"Invalid JSON: {error}") from error


class DemoSentry(server.DemoSentry):
    """A demo that records its calls, and that `fail` and `settings` change while it runs."""

    handler = _Handler
    settings: Settings

    def __init__(self, world: World, *, flavor: str = "sentry", **options: Any) -> None:
        self.faults = Faults()
        self.calls: list[Call] = []
        super().__init__(world, **options)
        self.settings = Settings(flavor=flavor)
        self.control = Control(world, self.settings, self.faults, self.calls)

    def fail(self, path: str, *, times: int | None = 1, **fault: Any) -> None:
        """Let the next `times` requests whose path and query match the pattern fail.

        Other arguments are the fields of `Fault`, such as `status=503, body="busy"`.
        """
        self.faults.add(fault_from({"path": path, "times": times, **fault}))

    def clear(self) -> None:
        """Delete faults and calls, but not the world and the settings."""
        self.faults.clear()
        self.calls.clear()

    def respond(self, path: str, params: dict[str, list[str]], auth: str) -> ApiResponse:
        """Return the response of Sentry, or of GlitchTip if that is its flavor."""
        if self.settings.flavor != "glitchtip":
            return super().respond(path, params, auth)
        for route in glitchtip.ROUTES:
            if match := re.fullmatch(route.path, path):
                break
        else:
            return glitchtip.unknown_path(path)
        request = self.request(path, params, match)
        try:
            glitchtip.authorize(route, request, auth, self.token)
            return route.endpoint(request)
        except ApiError as error:
            return error.response()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "triage_site.settings")
    from django.core.management import execute_from_command_line

    from apps.demo.management.commands import demo_sentry

    demo_sentry.DemoSentry = DemoSentry  # type: ignore[attr-defined]
    execute_from_command_line([sys.argv[0], "demo_sentry", *sys.argv[1:]])
