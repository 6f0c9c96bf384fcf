"""An HTTP server that speaks the chat completions protocol, correctly or not."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any

from tests.servers import in_background

NONE: Mapping[str, str] = {}
Play = Callable[["Handler"], None]


@dataclass
class Seen:
    """A received request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ModelServer:
    """The server's URL, its received requests, and its next responses."""

    url: str
    plays: list[Play]
    seen: list[Seen] = field(default_factory=list)
    # Set when a waiting response should continue, and at the end of the test.
    go_on: Event = field(default_factory=Event)

    def will(self, *plays: Play) -> None:
        """Set the next responses; the last one repeats."""
        self.plays[:] = plays


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    model: ModelServer


class Handler(BaseHTTPRequestHandler):
    """Record the request, and play the next response."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        model = self.server.model
        model.seen.append(Seen(self.path, dict(self.headers), body))
        self.close_connection = True
        play = model.plays.pop(0) if len(model.plays) > 1 else model.plays[0]
        try:
            play(self)
        except OSError:
            return  # the client has disconnected

    def begin(self, status: int = 200, headers: Mapping[str, str] = NONE) -> None:
        """Send the head of a response that ends with its connection."""
        self.send_response(status)
        for name, value in {"Content-Type": "text/event-stream", **headers}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def raw(self, data: bytes) -> None:
        """Send raw bytes."""
        self.wfile.write(data)
        self.wfile.flush()

    def chunk(self, **values: Any) -> None:
        """Send a chunk of the stream."""
        chunk = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            **values,
        }
        self.raw(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def say(self, text: str) -> None:
        """Send a piece of the answer."""
        self.chunk(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])

    def stop(self, reason: str | None = "stop", usage: object = (900, 60)) -> None:
        """Send the finish reason and the usage."""
        self.chunk(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])
        if isinstance(usage, tuple):
            sent, came = usage
            usage = {"prompt_tokens": sent, "completion_tokens": came, "total_tokens": sent + came}
        if usage is not None:
            self.chunk(choices=[], usage=usage)
        self.raw(b"data: [DONE]\n\n")

    def wait(self) -> None:
        """Wait until the test ends or continues."""
        self.server.model.go_on.wait(60)

    def log_message(self, *_words: Any) -> None:
        """Log nothing."""


@contextmanager
def model_server(*plays: Play) -> Iterator[ModelServer]:
    """Run a server with these responses."""
    listener = _Listener(("127.0.0.1", 0), Handler)
    model = ModelServer(f"http://127.0.0.1:{listener.server_address[1]}/v1", list(plays))
    listener.model = model
    in_background(listener)
    try:
        yield model
    finally:
        model.go_on.set()
        listener.shutdown()
        listener.server_close()


def line(cause: str, *events: str, confidence: str = "high", confirm: str = "Read the log.") -> str:
    """Return a cause in the requested format."""
    values = {"cause": cause, "confidence": confidence, "events": events, "confirm": confirm}
    return json.dumps(values) + "\n"


def says(*pieces: str, reason: str | None = "stop", usage: object = (900, 60)) -> Play:
    """Play an answer in these pieces."""

    def play(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.say(piece)
        handler.stop(reason, usage)

    return play


def refuses(
    status: int, code: str = "", message: str = "No.", *, param: str = "", after: str = ""
) -> Play:
    """Play an error, whose message may contain text that must not be logged or shown."""
    kind = "invalid_request_error"
    body = {"error": {"message": message, "type": kind, "code": code, "param": param}}
    headers = {"Content-Type": "application/json", **({"Retry-After": after} if after else {})}

    def play(handler: Handler) -> None:
        handler.begin(status, headers)
        handler.raw(json.dumps(body).encode())

    return play


def sends(*pieces: bytes, headers: Mapping[str, str] = NONE) -> Play:
    """Play a stream of these bytes, then close the connection."""

    def play(handler: Handler) -> None:
        handler.begin(headers=headers)
        for piece in pieces:
            handler.raw(piece)

    return play


def hangs(*pieces: str) -> Play:
    """Play these pieces, then nothing more."""

    def play(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.say(piece)
        handler.wait()

    return play


def drips(handler: Handler) -> None:
    """Play endless comments, so that no single read takes long."""
    handler.begin()
    while not handler.server.model.go_on.wait(0.05):
        handler.raw(b": still here\n\n")


def drips_its_head(handler: Handler) -> None:
    """Play an endless head."""
    handler.raw(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.model.go_on.wait(0.05):
        handler.raw(b"X-Still: here\r\n")


def breaks_off(*pieces: str) -> Play:
    """Play these pieces of a longer answer, then reset the connection."""

    def play(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for piece in pieces:
            handler.say(piece)
        handler.connection.shutdown(socket.SHUT_RDWR)

    return play
