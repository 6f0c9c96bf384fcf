"""Concurrent and killed writers leave the chain intact, on PostgreSQL and SQLite."""

import subprocess
import sys

import pytest

from tests.postgres import Postgres
from tests.shell import ROOT, Shell

WRITERS, EACH = 3, 25


@pytest.fixture(params=["postgresql", "sqlite"])
def site(request: pytest.FixtureRequest, shell: Shell, postgres: Postgres) -> Shell:
    """Return a shell on a database with an empty trail."""
    if request.param == "postgresql":
        shell.environment["DATABASE_URL"] = postgres.with_trail()
    return shell


def writer(site: Shell, count: int, *how: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.audit.writer", str(count), *how],
        cwd=ROOT,
        env=site.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def verdict(site: Shell) -> str:
    done = site.run("verify_audit")
    assert "protect" not in done.stderr
    return done.stdout + done.stderr


def test_concurrent_writers_keep_the_chain_intact(site: Shell) -> None:
    writers = [writer(site, EACH) for _ in range(WRITERS)]
    for one in writers:
        go(one)
    for one in writers:
        _out, complaint = one.communicate(timeout=60)
        assert one.returncode == 0, complaint
    assert f"End: {WRITERS * EACH}:" in verdict(site)


def test_a_killed_writer_leaves_no_gap_and_no_lock(site: Shell) -> None:
    dying = writer(site, 3, "die")
    go(dying)
    assert dying.stdout
    assert dying.stdout.readline() == "holds\n"
    waiting = writer(site, 2)
    go(waiting)
    dying.kill()
    dying.communicate()
    _out, complaint = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, complaint
    assert "End: 4:" in verdict(site)
