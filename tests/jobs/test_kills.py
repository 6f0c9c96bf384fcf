"""Workers, producers, and Redis are killed at random moments: nothing is lost, or done twice."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import psycopg
import pytest

from tests.lookups.background import until
from tests.postgres import Postgres
from tests.servers import Redis
from tests.shell import DATABASE, ROOT, Shell

KILLS = 50
TABLES = ("CREATE TABLE produced (key text)", "CREATE TABLE effects (key text)")
COMMANDS = ("run_huey", "run_huey", "produce")


@dataclass
class Site:
    """A database, perhaps Redis, and the environment of the processes that share them."""

    query: Callable[[str], list[Any]]
    environment: dict[str, str]
    redis: Redis | None = None

    def keys(self, table: str) -> list[str]:
        return sorted(row[0] for row in self.query(f"SELECT key FROM {table}"))  # noqa: S608


class Processes:
    """Two workers and a producer. One that was killed is started again."""

    def __init__(self, nursery: "subprocess.Popen[str]") -> None:
        self._nursery = nursery
        self._running = [self._start(command) for command in COMMANDS]

    def _start(self, command: str) -> int:
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.write(f"{command}\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def kill(self, which: int, *, restart: bool = True) -> None:
        os.kill(self._running[which], signal.SIGKILL)
        if restart:
            self._running[which] = self._start(COMMANDS[which])

    def stop_workers(self) -> None:
        """Stop the workers, and wait until they have ended."""
        for process in self._running[:2]:
            os.kill(process, signal.SIGTERM)
            until(partial(_has_ended, process))


def _has_ended(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


@contextmanager
def running_processes(site: Site, log: Path) -> Iterator[Processes]:
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.nursery"],
            cwd=ROOT,
            env={**site.environment, "DJANGO_SETTINGS_MODULE": "tests.jobs.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        ) as nursery,
    ):
        processes = Processes(nursery)
        try:
            yield processes
        finally:
            for which in range(len(COMMANDS)):
                with suppress(ProcessLookupError):
                    processes.kill(which, restart=False)


@contextmanager
def sqlite_site(folder: Path, migrated: Path) -> Iterator[Site]:
    copyfile(migrated, folder / DATABASE)
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as database:
        for table in TABLES:
            database.execute(table)
        environment = Shell(folder, "http://127.0.0.1:9").environment
        yield Site(lambda sql: database.execute(sql).fetchall(), environment)


@contextmanager
def postgres_site(folder: Path, postgres: Postgres) -> Iterator[Site]:
    url, redis = postgres.migrated(), Redis(folder)
    try:
        with psycopg.connect(url, autocommit=True) as database:
            for table in TABLES:
                database.execute(table)
            environment = {
                **Shell(folder, "http://127.0.0.1:9").environment,
                "DATABASE_URL": url,
                "REDIS_URL": redis.url,
            }
            yield Site(lambda sql: database.execute(sql).fetchall(), environment, redis)
    finally:
        redis.stop()


def kill_at_random(site: Site, processes: Processes) -> None:
    """Kill one process after another at random moments."""
    chance = random.Random(20)  # noqa: S311 - the same moments in every run
    for _kill in range(KILLS):
        time.sleep(chance.uniform(0, 0.9))
        which = chance.randrange(4 if site.redis else 3)
        if which < len(COMMANDS):
            processes.kill(which)
        elif site.redis:
            site.redis.process.kill()
            site.redis.process.wait()
            time.sleep(chance.uniform(0, 0.5))
            site.redis.start()


@pytest.mark.parametrize("kind", ["sqlite", "postgres and redis"])
def test_nothing_is_lost_or_done_twice(
    kind: str, tmp_path: Path, migrated: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        opened = sqlite_site(tmp_path, migrated)
    else:
        opened = postgres_site(tmp_path, request.getfixturevalue("postgres"))
    with opened as site, running_processes(site, tmp_path / "log") as processes:
        until(lambda: bool(site.keys("effects")))
        kill_at_random(site, processes)
        processes.kill(2, restart=False)
        until(lambda: site.keys("effects") == site.keys("produced"))
        processes.stop_workers()
        assert site.keys("effects") == site.keys("produced")
        taken_over = "SELECT count(*) FROM jobs_job WHERE kind = 'killed' AND tries > 1"
        assert site.query(taken_over)[0][0] > 0, "no kill met a running job"
        states = "SELECT DISTINCT state FROM jobs_job WHERE kind = 'killed'"
        assert site.query(states) == [("done",)]
        twice = "SELECT kind FROM jobs_job WHERE kind <> 'killed' GROUP BY kind HAVING count(*) > 1"
        assert site.query(twice) == []
