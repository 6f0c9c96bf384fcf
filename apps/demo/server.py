"""The demo Sentry as an HTTP server."""

from __future__ import annotations

import sys
import threading
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from apps.demo import endpoints, glitchtip
from apps.demo.http import (
    Answer,
    ApiError,
    Ask,
    Call,
    CallLog,
    Control,
    Fault,
    Faults,
    Handler,
    Limiter,
    Route,
    Settings,
    fault_from,
    forbidden,
    missing,
    route,
)
from apps.demo.world import World

# Which path is answered by whom, and which scope it takes.

ORG = r"/api/0/organizations/(?P<org>[^/]+)"
PROJECT = r"/api/0/projects/(?P<org>[^/]+)/(?P<project>[^/]+)"
ISSUE = rf"{ORG}/issues/(?P<issue>[^/]+)"
EVENT_ID = r"(?P<event>[0-9a-fA-F-]{32,36})"


ROUTES = (
    route(rf"{ORG}/", "org:read", endpoints.organization),
    route(rf"{ORG}/projects/", "org:read", endpoints.project_list),
    route(rf"{ORG}/releases/", "project:read", endpoints.release_list),
    route(rf"{ORG}/replays/", "org:read", endpoints.replay_list),
    route(rf"{ORG}/events/", "org:read", endpoints.events_table),
    route(rf"{ORG}/eventids/{EVENT_ID}/", "org:read", endpoints.event_by_id),
    route(rf"{ORG}/issues/", "event:read", endpoints.issue_list),
    route(rf"{ISSUE}/", "event:read", endpoints.issue_detail),
    route(rf"{ISSUE}/events/", "event:read", endpoints.issue_events),
    route(rf"{ISSUE}/events/(?P<event>[^/]+)/", "event:read", endpoints.issue_event_detail),
    route(rf"{PROJECT}/events/", "project:read", endpoints.project_events),
    route(rf"{PROJECT}/events/{EVENT_ID}/", "project:read", endpoints.event_detail),
    route(r"(?:/organizations/(?P<org>[^/]+))?/issues/.*", None, endpoints.issue_page),
    route(r"/", None, endpoints.front_page),
)


def find_route(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and what the path names, or None."""
    return next(((one, named) for one in ROUTES if (named := one.match(path)) is not None), None)


class DemoSentry:
    """Plays Sentry's web API for one organization over a world of events.

    Port 0 picks a free one; `url` tells which. Usable as a context manager.
    """

    def __init__(
        self,
        world: World,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "demo-token",  # noqa: S107 - it opens nothing but the demo
        organization: str = "acme",
        flavor: str = "sentry",
    ) -> None:
        """Binds the port at once; requests are answered after `start`."""
        self.world = world
        self.token = token
        self.organization = organization
        self.settings = Settings(flavor=flavor)
        self.faults = Faults()
        self.log = CallLog()
        self.limiter = Limiter(self.settings)
        self.control = Control(world, self.settings, self.faults, self.log)
        self._http = _Server((host, port), self)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start serving."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self.stop()

    @property
    def url(self) -> str:
        """`http://host:port`, without a slash at the end and without `/api/0`."""
        host, port = self._http.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def calls(self) -> list[Call]:
        """The API requests answered so far."""
        return self.log.all()

    @property
    def latency_s(self) -> float:
        """Seconds every API answer waits."""
        return self.settings.latency_s

    @latency_s.setter
    def latency_s(self, seconds: float) -> None:
        self.settings.latency_s = seconds

    @property
    def retention_days(self) -> float | None:
        """How long events can be asked for; None for ever."""
        return self.settings.retention_days

    @retention_days.setter
    def retention_days(self, days: float | None) -> None:
        self.settings.retention_days = days

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self._serve, name="demo-sentry", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._http.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """Stop serving, hang up on everyone and free the port. May be called twice."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.hang_up()
        self._http.server_close()

    def fail(self, path: str, *, times: int | None = 1, **fault: Any) -> None:
        """Let the next `times` requests whose path and query match the pattern go wrong.

        The rest are the keys of `Fault`, for example `status=503, body="busy"`.
        """
        self.faults.add(fault_from({"path": path, "times": times, **fault}))

    def clear(self) -> None:
        """Forget faults and calls; the world and the settings stay."""
        self.faults.clear()
        self.log.clear()

    def respond(self, path: str, params: dict[str, list[str]], auth: str) -> Answer:
        """The API's answer to a GET. `auth` is the Authorization header, empty without one."""
        if self.settings.flavor == "glitchtip":
            return self._as_glitchtip(path, params, auth)
        found = find_route(path)
        if found is None:
            return missing().answer()
        route, args = found
        over, headers = self.limiter.count(route.path.pattern)
        if over:
            answer = self.limiter.refusal()
        else:
            answer = self._answer(route, Ask(path, params, args, *self._context()), auth)
        answer.headers.update(headers)
        return answer

    def _as_glitchtip(self, path: str, params: dict[str, list[str]], auth: str) -> Answer:
        """No rate limit, other words, and web pages where there is no such route."""
        found = glitchtip.find(path)
        if found is None:
            return glitchtip.nowhere(path)
        route, args = found
        try:
            scheme, _, token = auth.partition(" ")
            if (scheme.lower(), token) != ("bearer", self.token):
                raise ApiError(401, "Unauthorized")
            if route.scope not in self.settings.scopes:
                raise ApiError(403, "Permission denied")
            if args.get("org", self.organization) != self.organization:
                raise missing("Not Found")
            return route.endpoint(Ask(path, params, args, *self._context()))
        except ApiError as error:
            return error.answer()

    def _context(self) -> tuple[str, str, World, Settings]:
        return self.url, self.organization, self.world, self.settings

    def _answer(self, route: Route, ask: Ask, auth: str) -> Answer:
        try:
            self._admit(route, ask, auth)
            return route.endpoint(ask)
        except ApiError as error:
            return error.answer()

    def _admit(self, route: Route, ask: Ask, auth: str) -> None:
        """Raises ApiError 401, 403 or 404 for those who may not pass."""
        if route.scope is None:
            return
        if not auth:
            raise ApiError(401, "Authentication credentials were not provided.")
        if auth != f"Bearer {self.token}":
            raise ApiError(401, "Invalid token")
        if ask.args["org"] != self.organization:
            raise missing()
        if route.scope not in self.settings.scopes:
            sign = f'Bearer error="insufficient_scope", scope="{route.scope}"'
            raise forbidden({"WWW-Authenticate": sign})

    def fault_for(self, target: str) -> Fault | None:
        """The fault that is to befall this request, counted as used."""
        return self.faults.take(target)


class _Server(ThreadingHTTPServer):
    """Knows the demo it serves and every open connection, to be able to hang up."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], demo: DemoSentry) -> None:
        self.demo = demo
        self._open: set[Any] = set()
        self._guard = threading.Lock()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close every connection still open."""
        with self._guard:
            still_open = list(self._open)
        for request in still_open:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; anything else is reported as usual."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
