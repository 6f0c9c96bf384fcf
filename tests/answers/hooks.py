"""A webhook receiver: an HTTP server that verifies signatures with an independent library."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any

from standardwebhooks import Webhook

from tests.servers import in_background

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver(ThreadingHTTPServer):
    """Record verified messages, and answer with the configured status and headers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.headers: dict[str, str] = {}
        self.messages: list[Any] = []
        self.ids: list[str] = []
        self.forged = 0
        self.drips = False
        self.pours = False
        self.goes_on = Event()
        self.goes_on.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?team=7"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            message = Webhook(SECRET).verify(body, headers)
        except Exception:  # noqa: BLE001 - whatever the library thinks of it
            self.server.forged += 1
        else:
            self.server.messages.append(message)
            self.server.ids.append(headers["webhook-id"])
        self.server.goes_on.wait(20)
        if self.server.drips:
            self._drip()
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "1000000000" if self.server.pours else "0")
        self.end_headers()
        if self.server.pours:
            self._drip(b"")

    def _drip(self, head: bytes = b"HTTP/1.1 200 OK\r\nX-Long: ") -> None:
        """Send a header or a body that never ends, one character at a time."""
        pause = Event()
        self.wfile.write(head)
        for _ in range(200):
            try:
                self.wfile.write(b"a")
                self.wfile.flush()
            except OSError:
                return
            pause.wait(0.1)

    def log_message(self, *_words: Any) -> None:
        """Log nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    in_background(receiver)
    try:
        yield receiver
    finally:
        receiver.goes_on.set()
        receiver.shutdown()
        receiver.server_close()
