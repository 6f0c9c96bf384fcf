"""A real PostgreSQL as the database of many machines."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from apps.demo.server import DemoSentry
from tests.conftest import MOMENT
from tests.shell import Shell


def _program(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"))), "")
    assert found, f"{name} is missing: run make system-deps"
    return found


def _as_postgres(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else [*command]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A cluster of the tests' own; yields its URL."""
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


def test_a_database_without_tables_says_what_to_type(shell: Shell, postgres: str) -> None:
    done = shell.lookup("1001", "--at", MOMENT.isoformat(), DATABASE_URL=postgres)
    assert done.returncode == 4
    assert "manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lookup_is_recorded_with_its_snapshot(
    shell: Shell, demo_sentry: DemoSentry, postgres: str
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    migrated = shell.run("migrate", "-v", "0", DATABASE_URL=postgres)
    assert migrated.returncode == 0, migrated.stderr
    done = shell.lookup("1001", "--at", MOMENT.isoformat(), DATABASE_URL=postgres)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(postgres) as connection:
        row = connection.execute(
            "SELECT outcome, events, snapshot IS NOT NULL FROM lookups_lookup"
        ).fetchone()
    assert row == ("found", 1, True)
