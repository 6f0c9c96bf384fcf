"""gunicorn's worker: health checks are answered while all of its threads are busy."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.shell import ROOT

_healthy = threading.Event()


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Serve /stuck only after a health check; the server imports this by its name."""
    path = environ["PATH_INFO"]
    if path == "/first":
        _healthy.clear()
    elif path.endswith("/healthz"):
        _healthy.set()
    elif path == "/stuck" and not _healthy.wait(30):
        path = "too late"
    start_response("200 OK", [("Content-Length", str(len(path)))])
    return [path.encode()]


class Connection:
    """A connection to the server that is kept for several requests."""

    def __init__(self, address: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(address))

    def close(self) -> None:
        self.socket.close()

    def send(self, path: str, rest: str = "\r\n") -> None:
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{rest}".encode())

    def read(self) -> str:
        """Return the body of the next response."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.socket.recv(4096)
        return received.rpartition(b"\r\n\r\n")[2].decode() or self.socket.recv(4096).decode()

    def get(self, path: str) -> str:
        self.send(path)
        return self.read()


# gunicorn, with less patience.
_SERVER = """
from gunicorn.app.wsgiapp import run
from triage_site import worker
worker._ARRIVAL_S = 1.0
run()
"""
Connect = Callable[[], Connection]


def _is_listening(address: Path) -> bool:
    """Return whether a server accepts connections: its file exists a moment before it does."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(address)) == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The address of a server with one thread."""
    path = tmp_path_factory.mktemp("gunicorn") / "gunicorn.sock"
    command = [sys.executable, "-c", _SERVER, "tests.web.test_worker:application"]
    options = ["--bind", f"unix:{path}", "--threads", "1", "--keep-alive", "60"]
    process = subprocess.Popen([*command, *options, "--log-level", "critical"], cwd=ROOT)
    with ExitStack() as stack:
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        while not _is_listening(path):
            assert process.poll() is None
            time.sleep(0.02)
        yield path


@pytest.fixture
def connect(server: Path) -> Iterator[Connect]:
    """Connect to the server until the end of the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Connection(server)))


@pytest.mark.parametrize("probe", ["/healthz", "/below/healthz", "/healthz?from=probe"])
def test_health_check_does_not_wait_for_a_thread(connect: Connect, probe: str) -> None:
    stuck, waiting, kept = connect(), connect(), connect()
    assert kept.get("/first") == "/first"
    stuck.send("/stuck")
    waiting.send("/waiting?of=/healthz")
    assert kept.get(probe) == probe.partition("?")[0]
    assert (stuck.read(), waiting.read()) == ("/stuck", "/waiting")


def test_silent_connection_takes_no_thread(connect: Connect) -> None:
    silent = connect()
    assert connect().get("/page") == "/page"
    assert silent.get("/late") == "/late"


def test_requests_that_do_not_arrive_stop_no_health_check_and_lose_their_thread(
    connect: Connect,
) -> None:
    for rest in ("", "Content-Length: 9\r\n\r\nhalf", "CONTENT-LENGTH:9\r\n\r\n"):
        slow = connect()
        slow.send("/healthz", rest)
        assert connect().get("/healthz") == "/healthz", rest
        assert connect().get("/page") == "/page", rest
        assert slow.socket.recv(1) == b"", rest
