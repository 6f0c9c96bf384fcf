"""The demo Sentry as an HTTP server."""

import re
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from apps.demo.endpoints import ROUTES
from apps.demo.http import (
    HTML,
    ApiError,
    ApiRequest,
    ApiResponse,
    Route,
    Settings,
    forbidden,
    not_found,
)
from apps.demo.world import World

CONCURRENT_LIMIT = 15
RATE_WINDOW_S = 300


class Handler(BaseHTTPRequestHandler):
    """A connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "DemoSentry"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        """Serve the API."""
        self.send(self.api_response())

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def api_response(self) -> ApiResponse:
        """Return the usual response of the API, after its delay."""
        demo, parts = self.server.demo, urlsplit(self.path)
        time.sleep(demo.settings.latency_s)
        if len(self.path) > demo.settings.longest_address:
            return ApiResponse(status=414, text="<h1>Too long</h1>", content_type=HTML)
        params = parse_qs(parts.query, keep_blank_values=True)
        return demo.respond(parts.path, params, self.headers.get("Authorization", ""))

    def send(self, response: ApiResponse) -> None:
        """Send head and body in one write, so that nothing waits for an acknowledgment."""
        self.wfile.write(self.head(response) + response.content)

    def head(self, response: ApiResponse) -> bytes:
        """Return the status line and the headers."""
        headers = {"Server": self.server_version, "Date": self.date_time_string()}
        headers |= response.headers
        if response.status not in (204, 304):
            size = str(len(response.content))
            headers |= {"Content-Type": response.content_type, "Content-Length": size}
        phrase = self.responses.get(response.status, ("Unknown",))[0]
        lines = [f"HTTP/1.1 {response.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class DemoSentry:
    """Serves Sentry's web API for one organization over a world of events.

    Port 0 selects a free port, which is part of `url`. Usable as a context manager.
    """

    handler: ClassVar[type[Handler]] = Handler

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "demo-token",  # noqa: S107 - opens nothing but the demo
        organization: str = "acme",
    ) -> None:
        """Bind the port; requests are served after `start`."""
        self.world = world
        self.token = token
        self.organization = organization
        self.settings = Settings()
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, int]] = Counter()
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

    def respond(self, path: str, params: dict[str, list[str]], auth: str) -> ApiResponse:
        """Return the API's response to a GET. `auth` is the Authorization header, or empty."""
        for route in ROUTES:
            if match := re.fullmatch(route.path, path):
                break
        else:
            return not_found().response()
        request = self.request(path, params, match)
        limits = self._count(route.path)
        try:
            self._authorize(route, request, auth)
            response = route.endpoint(request)
        except ApiError as error:
            response = error.response()
        response.headers.update(limits)
        return response

    def request(self, path: str, params: dict[str, list[str]], match: re.Match[str]) -> ApiRequest:
        """Return the request of a path that matches the pattern of a route."""
        args = {name: value for name, value in match.groupdict().items() if value}
        return ApiRequest(
            path, params, args, self.url, self.organization, self.world, self.settings
        )

    def _count(self, path: str) -> dict[str, str]:
        """Count a request to a route and return the headers to send, which tell its limit."""
        window, limit = int(time.time()) // RATE_WINDOW_S, self.settings.rate_limit
        with self._lock:
            self._counts[path, window] += 1
            used = self._counts[path, window]
        return {
            "X-Sentry-Rate-Limit-Limit": str(limit),
            "X-Sentry-Rate-Limit-Remaining": str(max(limit - used, 0)),
            "X-Sentry-Rate-Limit-Reset": str((window + 1) * RATE_WINDOW_S),
            "X-Sentry-Rate-Limit-ConcurrentLimit": str(CONCURRENT_LIMIT),
            "X-Sentry-Rate-Limit-ConcurrentRemaining": str(CONCURRENT_LIMIT - 1),
        }

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


class _Server(ThreadingHTTPServer):
    """Knows its demo and every open connection, so that it can close them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], demo: DemoSentry) -> None:
        self.demo = demo
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        super().__init__(address, demo.handler)

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
