"""A real PostgreSQL of the tests' own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg


@contextmanager
def running_postgres() -> Iterator[str]:
    """A cluster that ends with the block; yields its URL."""
    with TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server, url = _start(Path(folder))
        try:
            _wait_for(url)
            yield url
        finally:
            server.terminate()
            server.wait()


def _program(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"))), "")
    assert found, f"{name} is missing: run make system-deps"
    return found


def _as_postgres(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else [*command]


def _start(folder: Path) -> tuple["subprocess.Popen[bytes]", str]:
    data = str(folder / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(
        _as_postgres(_program("initdb"), "-D", data, "-U", "triage", "-A", "trust", "-N"),
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )
    settings = ["-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-F"]
    server = subprocess.Popen(
        _as_postgres(_program("postgres"), "-D", data, *settings),
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    return server, f"postgres://triage@127.0.0.1:{port}/postgres"


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("PostgreSQL did not start")
