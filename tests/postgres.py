"""A real PostgreSQL server for tests, with empty or migrated databases."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from tests.servers import free_port
from tests.shell import Shell

_MIGRATE_TRAIL = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
executor.migrate([one for one in executor.loader.graph.leaf_nodes() if one[0] == "audit"])
"""


class Postgres:
    """A running server that creates databases and returns their URLs."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._count = 0

    def empty(self) -> str:
        """Create a database without tables."""
        return self._create("template1")

    def migrated(self) -> str:
        """Create a database with all tables; `migrate` runs once per server."""
        return self._create(self._with_all_tables)

    def with_trail(self) -> str:
        """Create a database with only the tables of the audit trail, which takes less time."""
        return self._create(self._with_trail)

    @cached_property
    def _with_all_tables(self) -> str:
        return self._template("migrate", "-v", "0")

    @cached_property
    def _with_trail(self) -> str:
        return self._template("shell", "-v", "0", "-c", _MIGRATE_TRAIL)

    def _template(self, *command: str) -> str:
        url = self.empty()
        done = Shell(self._folder, "http://127.0.0.1:9").run(*command, DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        return url.rpartition("/")[2]

    def _create(self, template: str) -> str:
        self._count += 1
        name = f"triage_{self._count}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"{self._url.rpartition('/')[0]}/{name}"


class Cluster:
    """A PostgreSQL server that can be stopped and started again with its data."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        self._folder, self._data = folder, folder / "data"
        self._port = free_port()
        self.url = f"postgres://triage@127.0.0.1:{self._port}/postgres"
        options = ["-U", "triage", "-A", "trust", "-N"]
        subprocess.run(
            _as_postgres(_program("initdb"), "-D", str(self._data), *options),
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start the server and wait until it responds."""
        settings = ["-p", str(self._port), "-k", str(self._folder), "-h", "127.0.0.1", "-F"]
        settings += ["-N", "300"]  # several gunicorns have many threads
        self._server = subprocess.Popen(
            _as_postgres(_program("postgres"), "-D", str(self._data), *settings),
            cwd="/",
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            try:
                psycopg.connect(self.url, connect_timeout=1).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("PostgreSQL did not start")

    def stop(self) -> None:
        """Stop the server at once, without waiting for clients."""
        postmaster = (self._data / "postmaster.pid").read_text().split()[0]
        os.kill(int(postmaster), signal.SIGINT)
        self._server.wait()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL server of its own."""
    with TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a PostgreSQL server and yield its URL."""
    with running_cluster() as cluster:
        yield cluster.url


def _program(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"))), "")
    assert found, f"{name} is missing: run make system-deps"
    return found


def _as_postgres(*command: str) -> list[str]:
    """Return the command as another user, if root: PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else [*command]
