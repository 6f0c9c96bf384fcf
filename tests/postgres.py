"""A real PostgreSQL server for tests, with empty or migrated databases."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from tests.shell import Shell


class Postgres:
    """A running server that creates databases and returns their URLs."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._count = 0

    def empty(self) -> str:
        """Create a database without tables."""
        return self._create("template1")

    @cached_property
    def _template(self) -> str:
        url = self.empty()
        shell = Shell(self._folder, "http://127.0.0.1:9")
        migrated = shell.run("migrate", "-v", "0", DATABASE_URL=url)
        assert migrated.returncode == 0, migrated.stderr
        return url.rpartition("/")[2]

    def migrated(self) -> str:
        """Create a database with all tables; `migrate` runs once per server."""
        return self._create(self._template)

    def _create(self, template: str) -> str:
        self._count += 1
        name = f"triage_{self._count}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"{self._url.rpartition('/')[0]}/{name}"


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a cluster and yield its URL."""
    with TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server, url = _start(Path(folder))
        try:
            _wait_for(url)
            yield url
        finally:
            postmaster = (Path(folder) / "data" / "postmaster.pid").read_text().split()[0]
            os.kill(int(postmaster), signal.SIGINT)  # fast shutdown, without waiting for clients
            server.wait()


def _program(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"))), "")
    assert found, f"{name} is missing: run make system-deps"
    return found


def _as_postgres(*command: str) -> list[str]:
    """Return the command as another user, if root: PostgreSQL refuses to run as root."""
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
