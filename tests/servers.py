"""Servers for tests: small HTTP servers in background threads, Redis, and gunicorn."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseServer
from threading import Thread

import redis
import requests

from tests.shell import ROOT


def in_background(server: BaseServer) -> None:
    """Serve in a thread, with a short poll interval for a fast `shutdown`."""
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Redis:
    """A redis-server that can be stopped and started again, empty, on the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start the server and wait until it responds."""
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: run make system-deps"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(
            [*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL
        )
        self.client = redis.Redis(port=self.port)
        for _ in range(100):
            try:
                self.client.ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        """Stop the server, also if it is frozen."""
        self.client.close()
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait()


@contextmanager
def running_gunicorn(
    variables: Mapping[str, str], log: Path, *options: str
) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run the site with these environment variables; yield its port and gunicorn's process."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "triage_site.wsgi", "--bind", f"127.0.0.1:{port}"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--log-level", "warning", *options],
            cwd=ROOT,
            env=variables,
            stdout=out,
            stderr=out,
        )
    try:
        _wait_for_site(port, process, log)
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=90)


def _wait_for_site(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())
