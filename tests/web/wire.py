"""A server that says on the wire exactly what a test wants: wrong, endless, packed, cut off."""

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

Said = Callable[[], Iterable[bytes]]

_NO_FAREWELL = struct.pack("ii", 1, 0)


def head(length: int, *lines: str, status: str = "200 OK") -> bytes:
    """A head of an answer; header lines replace the usual type by naming another."""
    usual = () if any(line.startswith("Content-Type") for line in lines) else (_JSON,)
    told = (f"HTTP/1.1 {status}", *usual, *lines, f"Content-Length: {length}", "Connection: close")
    return "\r\n".join((*told, "", "")).encode()


_JSON = "Content-Type: application/json"


def whole(content: bytes, *lines: str, status: str = "200 OK") -> list[bytes]:
    """An answer with that body."""
    return [head(len(content), *lines, status=status), content]


def packed_spaces(megabytes: int) -> bytes:
    """So many megabytes of JSON's blanks, as a few kilobytes of gzip."""
    return gzip.compress(b" " * MEGABYTE) * megabytes


class Wire:
    """Lists one project, and says anything else as told. Remembers what came in and went out.

    With `projects` off, not even the projects are listed.
    """

    def __init__(self, says: Said, *, projects: bool = True) -> None:
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
        """The requests for anything but the projects."""
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
                for part in whole(json.dumps(PROJECTS).encode()) if listing else self.says():
                    if part == RESET:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
                        return
                    connection.sendall(part)
                    self.sent += 0 if listing else len(part)
            except OSError:
                return
