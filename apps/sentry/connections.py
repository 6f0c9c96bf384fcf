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

from urllib3.connection import HTTPConnection

from apps.outbound import GuardedAdapter, GuardedHTTP, GuardedHTTPS


@dataclass
class _Call:
    """One call under way; the connection is known once it is being made."""

    connection: HTTPConnection | None = None
    is_over: bool = False

    def hang_up(self) -> None:
        """Wake whoever reads from the socket: the answer ends there."""
        self.is_over = True
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


def _refuse_if_over(connection: HTTPConnection) -> None:
    """A connection that stands only after the hang-up must not carry the request any more."""
    if _current.call is not None and _current.call.is_over:
        connection.close()
        raise ConnectionAbortedError("hung up on while connecting")


class _WatchedHTTP(GuardedHTTP):
    def connect(self) -> None:
        super().connect()
        _refuse_if_over(self)

    def request(self, *args: Any, **options: Any) -> None:
        _note(self)
        super().request(*args, **options)


class _WatchedHTTPS(GuardedHTTPS):
    def connect(self) -> None:
        super().connect()
        _refuse_if_over(self)

    def request(self, *args: Any, **options: Any) -> None:
        _note(self)
        super().request(*args, **options)


class WatchedAdapter(GuardedAdapter):
    """An adapter whose connections `OpenCalls` can reach."""

    plain = _WatchedHTTP
    secure = _WatchedHTTPS


class OpenCalls:
    """The calls under way of one client, which can all be hung up on at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[_Call] = []
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether all were hung up on."""
        with self._lock:
            return self._is_over

    def hang_up(self) -> None:
        """End every call that is under way and let none begin; each of them fails."""
        with self._lock:
            self._is_over = True
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
            call.is_over = self._is_over
            self._calls.append(call)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            _current.call = None
            with self._lock:
                self._calls.remove(call)
