"""A server that speaks the protocol of chat completions, well or badly, over real HTTP."""

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
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ModelServer:
    """Where it listens, what it was asked, and what it does with the next request."""

    url: str
    plays: list[Play]
    seen: list[Seen] = field(default_factory=list)
    # A play that waits goes on once this is set; the end of a test sets it.
    go_on: Event = field(default_factory=Event)

    def will(self, *plays: Play) -> None:
        """What it does with the next requests; the last play stays."""
        self.plays[:] = plays


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    model: ModelServer


class Handler(BaseHTTPRequestHandler):
    """Notes the request, and does what is played."""

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
            return  # who asked has gone

    def begin(self, status: int = 200, headers: Mapping[str, str] = NONE) -> None:
        """The head of an answer that ends with its connection."""
        self.send_response(status)
        for name, value in {"Content-Type": "text/event-stream", **headers}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self.wfile.write(data)
        self.wfile.flush()

    def chunk(self, **values: Any) -> None:
        """One chunk of a stream."""
        told = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", **values}
        self.raw(b"data: " + json.dumps(told).encode() + b"\n\n")

    def say(self, text: str) -> None:
        """A piece of the answer."""
        self.chunk(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])

    def stop(self, reason: str | None = "stop", usage: object = (900, 60)) -> None:
        """The end of an answer: why, and what was used."""
        self.chunk(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])
        if isinstance(usage, tuple):
            sent, came = usage
            usage = {"prompt_tokens": sent, "completion_tokens": came, "total_tokens": sent + came}
        if usage is not None:
            self.chunk(choices=[], usage=usage)
        self.raw(b"data: [DONE]\n\n")

    def wait(self) -> None:
        """Until the test goes on."""
        self.server.model.go_on.wait(60)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@contextmanager
def model_server(*plays: Play) -> Iterator[ModelServer]:
    """A running server that does this."""
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
    """A cause as it was asked for."""
    told = {"cause": cause, "confidence": confidence, "events": events, "confirm": confirm}
    return json.dumps(told) + "\n"


def says(*pieces: str, reason: str | None = "stop", usage: object = (900, 60)) -> Play:
    """An answer in these pieces."""

    def play(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.say(piece)
        handler.stop(reason, usage)

    return play


def refuses(
    status: int, code: str = "", message: str = "No.", *, param: str = "", after: str = ""
) -> Play:
    """An error as such servers tell it; its words can quote what nobody may log or show."""
    kind = "invalid_request_error"
    told = {"error": {"message": message, "type": kind, "code": code, "param": param}}
    headers = {"Content-Type": "application/json", **({"Retry-After": after} if after else {})}

    def play(handler: Handler) -> None:
        handler.begin(status, headers)
        handler.raw(json.dumps(told).encode())

    return play


def sends(*pieces: bytes, headers: Mapping[str, str] = NONE) -> Play:
    """These bytes as the body of a stream, and then the connection ends."""

    def play(handler: Handler) -> None:
        handler.begin(headers=headers)
        for piece in pieces:
            handler.raw(piece)

    return play


def hangs(*pieces: str) -> Play:
    """These pieces, and then nothing more."""

    def play(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.say(piece)
        handler.wait()

    return play


def drips(handler: Handler) -> None:
    """A comment now and then, for ever: no single read waits long."""
    handler.begin()
    while not handler.server.model.go_on.wait(0.05):
        handler.raw(b": still here\n\n")


def drips_its_head(handler: Handler) -> None:
    """The same in the head of the answer."""
    handler.raw(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.model.go_on.wait(0.05):
        handler.raw(b"X-Still: here\r\n")


def breaks_off(*pieces: str) -> Play:
    """These pieces of an answer that promised more, then a reset."""

    def play(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for piece in pieces:
            handler.say(piece)
        handler.connection.shutdown(socket.SHUT_RDWR)

    return play
