"""A server that sends raw responses: malformed, endless, compressed, or cut off."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

PROJECTS = [{"id": "1", "slug": "web"}]
MEGABYTE = 1024 * 1024
RESET = b"\0 hang up with a reset"

Responder = Callable[[], Iterable[bytes]]

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def response_head(length: int, *lines: str, status: str = "200 OK") -> bytes:
    """Return the head of a response; a Content-Type line replaces the default one."""
    default = () if any(line.startswith("Content-Type") for line in lines) else (_JSON,)
    head_lines = (
        f"HTTP/1.1 {status}",
        *default,
        *lines,
        f"Content-Length: {length}",
        "Connection: close",
    )
    return "\r\n".join((*head_lines, "", "")).encode()


_JSON = "Content-Type: application/json"


def full_response(content: bytes, *lines: str, status: str = "200 OK") -> list[bytes]:
    """Return a response with that body."""
    return [response_head(len(content), *lines, status=status), content]


def gzipped_spaces(megabytes: int) -> bytes:
    """Return that many megabytes of spaces as a few kilobytes of gzip."""
    return gzip.compress(b" " * MEGABYTE) * megabytes


class Wire:
    """Lists one project and answers other requests with `says`; records all traffic.

    Without `projects`, the list of projects comes from `says`, too.
    """

    def __init__(self, says: Responder, *, projects: bool = True) -> None:
        self.says = says
        self._lists_projects = projects
        self.asked: list[str] = []
        self.sent = 0
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    @property
    def lists(self) -> list[str]:
        """Return all requests except those for the list of projects."""
        return [one for one in self.asked if "/projects/" not in one.split(" ")[1]]

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                more = connection.recv(65536)
                if not more:
                    return
                request += more
            self.asked.append(request.decode())
            listing = self._lists_projects and b"/projects/?" in request.split(b"\r\n")[0]
            try:
                for part in (
                    full_response(json.dumps(PROJECTS).encode()) if listing else self.says()
                ):
                    if part == RESET:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                        return
                    connection.sendall(part)
                    self.sent += 0 if listing else len(part)
            except OSError:
                return
