"""Connections that can be hung up on: a time-out for one read cannot bound an answer that drips.

`requests` waits anew for each piece of an answer, headers included. Here a call that is not over
at its time has its socket shut, whatever it is reading, so that no call outlives the lookup.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock, Timer, local
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


@dataclass
class _Call:
    """One call under way; the connection is known once the request is sent."""

    connection: HTTPConnection | None = None

    def hang_up(self) -> None:
        """Wake whoever reads from the socket: the answer ends there."""
        sock = self.connection.sock if self.connection else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Current(local):
    """The call of this thread."""

    call: _Call | None = None


_current = _Current()


def _note(connection: HTTPConnection) -> None:
    if _current.call is not None:
        _current.call.connection = connection


class _WatchedHTTP(HTTPConnection):
    def request(self, *args: Any, **options: Any) -> None:
        _note(self)
        super().request(*args, **options)


class _WatchedHTTPS(HTTPSConnection):
    def request(self, *args: Any, **options: Any) -> None:
        _note(self)
        super().request(*args, **options)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class WatchedAdapter(HTTPAdapter):
    """An adapter whose connections `OpenCalls` can reach."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Let the pool make watched connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class OpenCalls:
    """The calls under way of one client, which can all be hung up on at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[_Call] = []
        self.is_over = False

    def hang_up(self) -> None:
        """End every call that is under way; whoever waits for one is told of a failure."""
        with self._lock:
            self.is_over = True
            for call in self._calls:
                call.hang_up()

    @contextmanager
    def hung_up_after(self, seconds: float) -> Iterator[None]:
        """Shut the socket of this thread's call when the block is not left in time."""
        call = _Call()
        timer = Timer(seconds, call.hang_up)
        timer.daemon = True
        _current.call = call
        with self._lock:
            self._calls.append(call)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            _current.call = None
            with self._lock:
                self._calls.remove(call)
