"""gunicorn's worker with threads, and one more thread that only answers health checks."""

import io
import re
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker

# A whole request without a body: half of one would keep the only thread of health checks waiting.
_PROBE = re.compile(
    rb"(?:GET|HEAD) [^ ?\r\n]*/healthz[ ?]"
    rb"(?:(?!\n(?:content-length|transfer-encoding)\b).)*\r\n\r\n",
    re.DOTALL | re.IGNORECASE,
)
_MOST_OF_PROBE = 4096
_ARRIVAL_S = 30.0
_LARGEST_BODY = 3_000_000  # Django refuses larger ones without reading them

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gives a request to a thread when it begins to arrive, and a health check to its own.

    A request that doesn't arrive in time loses its connection.
    """

    def init_process(self) -> None:
        """Serve until the process has to stop."""
        self._probes = ThreadPoolExecutor(1)
        self._arriving: dict[socket.socket, float] = {}
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application, which starts once a request has arrived."""
        super().load_wsgi()
        self.wsgi: Any = partial(self._run, self.wsgi)

    def _run(
        self, application: Application, request: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        size = int(request.get("CONTENT_LENGTH") or 0)
        if size <= _LARGEST_BODY:
            body = request["wsgi.input"].read(size)
            if len(body) < size:
                raise NoMoreData  # half of a form would be read as all of it
            request["wsgi.input"] = io.BytesIO(body)
        self._arriving.pop(request["gunicorn.socket"], None)
        return application(request, start_response)

    def handle(self, conn: TConn) -> Any:
        """Read and answer a request."""
        self._arriving[conn.sock] = time.monotonic() + _ARRIVAL_S
        try:
            return super().handle(conn)
        finally:
            self._arriving.pop(conn.sock, None)

    def murder_pending(self) -> None:
        """Close connections whose request is overdue. Called every second."""
        super().murder_pending()
        now = time.monotonic()
        for connection, until in self._arriving.copy().items():
            if now > until:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return the pool, with all threads running: starting one is slow while others are busy."""
        pool: ThreadPoolExecutor = super().get_thread_pool()
        for _ in range(self.cfg.threads):
            pool.submit(time.sleep, 0.01)
        return pool

    def accept(self, listener: socket.socket) -> None:
        """Accept all connections that wait."""
        before = -1
        while before < self.nr_conns < self.worker_connections:
            before = self.nr_conns
            super().accept(listener)

    def enqueue_req(self, conn: TConn) -> None:
        """Submit a request, or wait for the first one of a new connection."""
        start = b""
        with suppress(OSError):  # look at what has arrived, without consuming it
            start = conn.sock.recv(_MOST_OF_PROBE, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        if start or conn.initialized or conn.data_ready:
            pool = self._probes if _PROBE.fullmatch(start) else self.tpool
            request = pool.submit(self.handle, conn)
            request.add_done_callback(
                lambda done: self.method_queue.defer(self.finish_request, conn, done)
            )
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, readable)
