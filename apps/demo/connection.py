"""Reads a request off the wire and puts an answer onto it."""

from __future__ import annotations

import json
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, urlsplit

from apps.demo.calls import Call, CallLog
from apps.demo.control import Control
from apps.demo.exchange import Answer, ApiError, bad
from apps.demo.faults import Fault
from apps.demo.settings import Settings

BODILESS = (204, 304)


class Demo(Protocol):
    """What a connection needs of the demo it belongs to."""

    settings: Settings
    log: CallLog
    control: Control

    def respond(self, path: str, params: dict[str, list[str]], auth: str) -> Answer:
        """The API's answer to a GET."""

    def fault_for(self, target: str) -> Fault | None:
        """The fault that is to befall this request."""


class DemoServer(Protocol):
    """An HTTP server that knows its demo."""

    demo: Demo


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "DemoSentry"
    disable_nagle_algorithm = True

    @property
    def demo(self) -> Demo:
        """The demo this connection belongs to."""
        return cast("DemoServer", self.server).demo

    def do_GET(self) -> None:
        """An API request, or a look at the demo's own state."""
        if self.path.startswith("/_demo/"):
            self._control()
        else:
            self._serve_api()

    def do_POST(self) -> None:
        """Only the demo's own endpoints take anything but GET."""
        self._control()

    def do_PUT(self) -> None:
        """See do_POST."""
        self._control()

    def do_DELETE(self) -> None:
        """See do_POST."""
        self._control()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on the terminal; the call log has it all."""

    def _control(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            payload = self._parsed(body)
        except ApiError as error:
            self._send(error.answer(), None)
            return
        path = urlsplit(self.path).path
        self._send(self.demo.control.handle(self.command, path, payload), None)

    def _parsed(self, body: bytes) -> Any:
        try:
            return json.loads(body) if body else None
        except ValueError as error:
            raise bad(f"No JSON: {error}") from error

    def _serve_api(self) -> None:
        started = time.perf_counter()
        parts = urlsplit(self.path)
        params = parse_qs(parts.query, keep_blank_values=True)
        fault = self.demo.fault_for(self.path)
        time.sleep(self.demo.settings.latency_s + (fault.delay_s if fault else 0.0))
        if fault is not None and fault.drop == "before":
            answer = Answer(status=0)
        elif fault is not None and fault.answers_itself:
            answer = fault.spoil(fault.answer())
        else:
            auth = self.headers.get("Authorization", "")
            answer = self.demo.respond(parts.path, params, auth)
            answer = fault.spoil(answer) if fault else answer
        ms = (time.perf_counter() - started) * 1000
        call = Call(self.command, parts.path, params, answer.status, round(ms, 1), started)
        self.demo.log.add(call)
        if answer.status:
            self._send(answer, fault)
        else:
            self._hang_up()

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        """Head and body leave in one write, so that nothing waits for an acknowledgement."""
        content = answer.content
        lines = [f"HTTP/1.1 {answer.status} {self._phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in self._all_headers(answer, content)]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self._write(head + content, len(head), fault)

    def _phrase(self, status: int) -> str:
        return self.responses[status][0] if status in self.responses else "Unknown"

    def _all_headers(self, answer: Answer, content: bytes) -> list[tuple[str, str]]:
        """Everything but the status line; the content type is the answer's."""
        headers = [("Server", self.server_version), ("Date", self.date_time_string())]
        headers += answer.headers.items()
        if answer.status not in BODILESS:
            headers += [
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(content))),
            ]
        return headers

    def _write(self, message: bytes, head: int, fault: Fault | None) -> None:
        if fault is None or not (fault.drip_s or fault.drop):
            self.wfile.write(message)
            return
        middle = head + (len(message) - head) // 2
        self.wfile.write(message[:middle])
        time.sleep(fault.drip_s)
        if fault.drop == "middle":
            self._hang_up()
        else:
            self.wfile.write(message[middle:])

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
