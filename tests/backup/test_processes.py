"""Backups of a site in use, and processes that are killed, on both databases."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from apps.audit.models import Action
from apps.audit.trail import SYSTEM, record_each
from tests.backup.conftest import Places
from tests.backup.sites import site
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.shell import ROOT, Shell

pytestmark = pytest.mark.django_db
OPEN_ALL = """
from apps.audit.models import Entry
from apps.lookups.models import Lookup
from apps.lookups.store import from_snapshot
lookups = Lookup.objects.all()
opened = [from_snapshot(one) for one in lookups if one.snapshot is not None]
assert all(one.customer for one in lookups)
assert all(one is not None for one in opened)
targets = set(Entry.objects.values_list("target", flat=True))
assert {one.audit_target for one in lookups} <= targets
print("OPENED", len(opened))
"""


def start(shell: Shell, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def wait_until(is_so: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait for a condition, or the end of the process."""
    while process.poll() is None and not is_so():
        time.sleep(0.002)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_backups_during_eight_writers_are_consistent(
    kind: str, shell: Shell, place: Places, demo_sentry: DemoSentry, tmp_path: Path
) -> None:
    for second in range(3):
        demo_sentry.world.add_event(user_id="0-1", timestamp=MOMENT + timedelta(seconds=second))
    shell.environment["DATABASE_URL"] = place.new(kind)
    shell.environment["TRIAGE_SIGNALS"] = "none"
    writer = start(shell, "-m", "tests.backup.writer", MOMENT.isoformat())
    assert writer.stdout
    try:
        for number in range(3):
            for _ in range(20):
                assert writer.stdout.readline()
            made = shell.run("backup", str(tmp_path / f"{number}.zip"))
            assert made.returncode == 0, made.stderr
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    for number in range(3):
        shell.environment["DATABASE_URL"] = place.new("sqlite")
        restored = shell.run("restore", str(tmp_path / f"{number}.zip"))
        assert "The audit trail is intact" in restored.stdout, restored.stderr
        opened = shell.run("shell", "-v", "0", "-c", OPEN_ALL)
        assert int(opened.stdout.partition("OPENED ")[2]) >= 20 * (number + 1) - 8, opened.stderr


@pytest.fixture
def large(place: Places, shell: Shell, settings: Settings) -> str:
    """A site whose backup and restore take a while."""
    shell.environment["SECRET_KEY"] = settings.SECRET_KEY
    url = place.new("sqlite")
    with site(url):
        for _ in range(20):
            record_each(Action.LOOKED_UP, SYSTEM, ["c" * 64] * 1000, target="incident")
    return url


def test_a_killed_backup_leaves_no_file_and_the_earlier_one(
    large: str, shell: Shell, tmp_path: Path
) -> None:
    shell.environment["DATABASE_URL"] = large
    path, partial = tmp_path / "b.zip", tmp_path / "b.zip.partial"
    for size in (0, 1, 1000, 100_000):
        process = start(shell, "manage.py", "backup", str(path))
        wait_until(lambda size=size: partial.exists() and partial.stat().st_size >= size, process)  # type: ignore[misc]
        process.kill()
        process.communicate()
        assert not path.exists()
    assert shell.run("backup", str(path)).returncode == 0
    whole = path.read_bytes()
    process = start(shell, "manage.py", "backup", "--force", str(path))
    wait_until(lambda: partial.exists() and partial.stat().st_size > 1000, process)
    process.kill()
    process.communicate()
    assert path.read_bytes() == whole
    assert shell.run("backup", "--force", str(path)).returncode == 0
    assert not partial.exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_killed_restore_leaves_an_empty_site(
    kind: str, large: str, shell: Shell, place: Places, tmp_path: Path
) -> None:
    shell.environment["DATABASE_URL"] = large
    path = tmp_path / "b.zip"
    assert shell.run("backup", str(path)).returncode == 0
    shell.environment["DATABASE_URL"] = target = place.new(kind, tables=False)
    for delay in (0, 0.1, 0.2, 0.4):
        process = start(shell, "manage.py", "restore", str(path))
        assert process.stdout
        assert process.stdout.readline(), "the file was checked"
        time.sleep(delay)
        process.kill()
        rest, _ = process.communicate()
        assert "Restored" not in rest, "killed too late: make the site larger"
        with site(target):
            assert not rows_of_the_trail()
    for _ in range(50):  # PostgreSQL notices late that the other end is gone
        done = shell.run("restore", str(path))
        if "is running" not in done.stderr:
            break
    assert "The audit trail is intact" in done.stdout, done.stderr
    assert not list(tmp_path.glob("*.restoring*"))


def rows_of_the_trail() -> int:
    if "audit_entry" not in connection.introspection.table_names():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM audit_entry")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_full_disk_is_named_and_leaves_nothing(
    command: str, large: str, shell: Shell, place: Places, tmp_path: Path
) -> None:
    shell.environment["DATABASE_URL"] = large
    path = tmp_path / "b.zip"
    if command == "restore":
        assert shell.run("backup", str(path)).returncode == 0
        shell.environment["DATABASE_URL"] = place.new("sqlite")
    full = subprocess.run(
        ["sh", "-c", f"ulimit -f 400 && exec {sys.executable} manage.py {command} {path}"],
        cwd=ROOT,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 1
    assert "there isn't enough space on the disk" in full.stderr
    assert not list(tmp_path.glob("*.partial")) + list(tmp_path.glob("*.restoring*"))
    assert path.exists() is (command == "restore")
    assert shell.run(command, str(path)).returncode == 0
