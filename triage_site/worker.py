"""gunicorn's worker with threads, and one more thread that only answers health checks."""

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ

from gunicorn.workers.gthread import TConn, ThreadWorker

_PROBE = re.compile(rb"(?:GET|HEAD) [^ ?]*/healthz[ ?]")
_FIRST_LINE = 256


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gives a request to a thread when it begins to arrive, and a health check to its own."""

    def init_process(self) -> None:
        """Serve until the process is told to stop."""
        self._probes = ThreadPoolExecutor(1)
        super().init_process()

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
        start = _start_of_request(conn.sock)
        if start or conn.initialized or conn.data_ready:
            pool = self._probes if _PROBE.match(start) else self.tpool
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


def _start_of_request(connection: socket.socket) -> bytes:
    """Return what has arrived of a request, without taking it."""
    try:
        return connection.recv(_FIRST_LINE, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return b""
