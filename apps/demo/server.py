"""The demo Sentry as an HTTP server."""

import json
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

from apps.demo import endpoints, glitchtip
from apps.demo.http import (
    HTML,
    ApiError,
    ApiRequest,
    ApiResponse,
    Call,
    Control,
    Fault,
    Faults,
    RateLimiter,
    Route,
    Settings,
    bad_request,
    fault_from,
    forbidden,
    not_found,
)
from apps.demo.world import World


class DemoSentry:
    """Serves Sentry's web API, or GlitchTip's, for one organization over a world of events.

    Port 0 selects a free port, which is part of `url`. Usable as a context manager.
    """

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "demo-token",  # noqa: S107 - opens nothing but the demo
        organization: str = "acme",
        flavor: str = "sentry",
    ) -> None:
        """Bind the port; requests are served after `start`."""
        self.world = world
        self.token = token
        self.organization = organization
        self.settings = Settings(flavor=flavor)
        self.faults = Faults()
        self.calls: list[Call] = []
        self.control = Control(world, self.settings, self.faults, self.calls)
        self._limiter = RateLimiter(self.settings)
        self._http = _Server((host, port), self)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """`http://host:port`, without a trailing slash and without `/api/0`."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Serve in a new thread."""
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), name="demo-sentry", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, close all connections, and free the port. Can be called twice."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.close_connections()
        self._http.server_close()

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
        """Return the API's response to a GET. `auth` is the Authorization header, or empty."""
        is_glitchtip = self.settings.flavor == "glitchtip"
        for route in glitchtip.ROUTES if is_glitchtip else endpoints.ROUTES:
            if match := re.fullmatch(route.path, path):
                break
        else:
            return glitchtip.unknown_path(path) if is_glitchtip else not_found().response()
        args = {name: value for name, value in match.groupdict().items() if value}
        headers = {} if is_glitchtip else self._limiter.count(route.path)
        request = ApiRequest(
            path, params, args, self.url, self.organization, self.world, self.settings
        )
        authorize = self._authorize_as_glitchtip if is_glitchtip else self._authorize
        try:
            authorize(route, request, auth)
            response = route.endpoint(request)
        except ApiError as error:
            response = error.response()
        response.headers.update(headers)
        return response

    def _authorize(self, route: Route, request: ApiRequest, auth: str) -> None:
        if route.scope is None:
            return
        if not auth:
            raise ApiError(401, "Authentication credentials were not provided.")
        if auth != f"Bearer {self.token}":
            raise ApiError(401, "Invalid token")
        if request.args["org"] != self.organization:
            raise not_found()
        if route.scope not in self.settings.scopes:
            challenge = f'Bearer error="insufficient_scope", scope="{route.scope}"'
            raise forbidden({"WWW-Authenticate": challenge})

    def _authorize_as_glitchtip(self, route: Route, request: ApiRequest, auth: str) -> None:
        scheme, _, token = auth.partition(" ")
        if (scheme.lower(), token) != ("bearer", self.token):
            raise ApiError(401, "Unauthorized")
        if route.scope not in self.settings.scopes:
            raise ApiError(403, "Permission denied")
        if request.args.get("org", self.organization) != self.organization:
            raise not_found("Not Found")


class _Server(ThreadingHTTPServer):
    """Knows its demo and every open connection, so that it can close them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], demo: DemoSentry) -> None:
        self.demo = demo
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Close every open connection."""
        with self._lock:
            still_open = list(self._open)
        for request in still_open:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect; report anything else as usual."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """A connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "DemoSentry"
    disable_nagle_algorithm = True

    @property
    def _demo(self) -> DemoSentry:
        return cast(_Server, self.server).demo

    def do_GET(self) -> None:
        """Serve the API, or the demo's own endpoints."""
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
        self._send(response, None)

    do_POST = do_PUT = do_DELETE = _control  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing; the calls are recorded."""

    def _serve_api(self) -> None:
        started = time.perf_counter()
        parts = urlsplit(self.path)
        params = parse_qs(parts.query, keep_blank_values=True)
        fault = self._demo.faults.take(self.path)
        time.sleep(self._demo.settings.latency_s)
        if fault is not None and fault.delay_s:
            self._demo.faults.delay(fault.delay_s)
        if fault is not None and fault.drop == "before":
            response = ApiResponse(status=0)
        elif fault is not None and fault.replaces_response:
            response = fault.response()
        elif len(self.path) > self._demo.settings.longest_address:
            response = ApiResponse(status=414, text="<h1>Too long</h1>", content_type=HTML)
        else:
            auth = self.headers.get("Authorization", "")
            response = self._demo.respond(parts.path, params, auth)
            response = fault.applied_to(response) if fault else response
        ms = round((time.perf_counter() - started) * 1000, 1)
        size = len(response.content)
        call = Call(self.command, parts.path, params, response.status, ms, started, size)
        self._demo.calls.append(call)
        if response.status:
            self._send(response, fault)
        else:
            self._drop()

    def _send(self, response: ApiResponse, fault: Fault | None) -> None:
        """Send head and body in one write, so that nothing waits for an acknowledgment."""
        content = response.content
        headers = {"Server": self.server_version, "Date": self.date_time_string()}
        headers |= response.headers
        if response.status not in (204, 304):
            headers |= {"Content-Type": response.content_type, "Content-Length": str(len(content))}
        phrase = self.responses.get(response.status, ("Unknown",))[0]
        lines = [f"HTTP/1.1 {response.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if fault is None or fault.drop != "middle":
            self.wfile.write(head + content)
        else:
            self.wfile.write(head + content[: len(content) // 2])
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError as error:
        raise bad_request(f"Invalid JSON: {error}") from error
