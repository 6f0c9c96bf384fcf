"""Attacks that depend on PostgreSQL's locks, time zones, and text types."""

import re
import subprocess
import sys
import time

import psycopg
import pytest

from tests.conftest import MOMENT
from tests.postgres import Postgres
from tests.shell import ROOT, Shell

ADMIN = """
from django.contrib.auth.models import Group, User
from django.test import Client
User.objects.filter(username="ada").exists() or User.objects.create_user("ada", password="p")
ada = User.objects.get(username="ada")
ada.groups.set(Group.objects.filter(name="admin"))
browser = Client(HTTP_HOST="localhost", raise_request_exception=False)
browser.force_login(ada)
session = browser.session
import time
session["signed_in_at"] = session["seen_at"] = int(time.time())
session.save()
"""
REQUESTS = """
for url in (
    "/admin/lookups/lookup/?before=2026-01-01T00:00:00-23:59~1",
    "/admin/audit/entry/?at__gte=2026-01-01 00:00:00-23:59",
    "/admin/lookups/exportrecord/?at__gte=2026-01-01 00:00:00%2B23:59",
):
    print("answered", browser.get(url).status_code)
print("answered", browser.post("/admin/lookups/lookup/", {"find": "jane\\0"}).status_code)
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Shell:
    """A site with a PostgreSQL database."""
    site = Shell(tmp_path_factory.mktemp("site"), "http://127.0.0.1:9")
    site.environment.update(
        DATABASE_URL=postgres.migrated(), TRIAGE_HTTPS="0", ALLOWED_HOSTS="localhost"
    )
    return site


def statuses(shell: Shell, script: str) -> list[int]:
    result = shell.run("shell", "-v", "0", "-c", ADMIN + script)
    assert result.returncode == 0, result.stderr
    return [int(status) for status in re.findall(r"answered (\d+)", result.stdout)]


def test_unsupported_offsets_and_null_bytes_do_not_crash_pages(shell: Shell) -> None:
    assert all(status < 500 for status in statuses(shell, REQUESTS))


def test_forgetting_locks_no_lookup_while_waiting_for_audit_trail(shell: Shell) -> None:
    """A lock would cause a deadlock with a purge, which locks the audit trail first."""
    shell.lookup("1001", "--at", MOMENT.isoformat())  # recorded even if it failed
    url = shell.environment["DATABASE_URL"]
    with psycopg.connect(url) as purge, psycopg.connect(url, autocommit=True) as watch:
        purge.execute("SELECT 1 FROM audit_end FOR UPDATE")
        forgetting = subprocess.Popen(
            [sys.executable, "manage.py", "forget_customer", "--yes"],
            cwd=ROOT,
            env=shell.environment,
            stdin=subprocess.PIPE,
            text=True,
        )
        assert forgetting.stdin is not None
        forgetting.stdin.write("1001\n")
        forgetting.stdin.close()
        while not watch.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            assert forgetting.poll() is None
            time.sleep(0.05)
        unlocked_rows = purge.execute("SELECT 1 FROM lookups_lookup FOR UPDATE NOWAIT").fetchall()
        assert unlocked_rows
        purge.commit()
        assert forgetting.wait() == 0
