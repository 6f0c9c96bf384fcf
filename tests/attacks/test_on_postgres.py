"""Attacks on what PostgreSQL does differently: its locks, its zones, its texts."""

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
ASKED = """
for address in (
    "/admin/lookups/lookup/?before=2026-01-01T00:00:00-23:59~1",
    "/admin/audit/entry/?at__gte=2026-01-01 00:00:00-23:59",
    "/admin/lookups/exportrecord/?at__gte=2026-01-01 00:00:00%2B23:59",
):
    print("answered", browser.get(address).status_code)
print("answered", browser.post("/admin/lookups/lookup/", {"find": "jane\\0"}).status_code)
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Shell:
    """A site whose database is on PostgreSQL."""
    site = Shell(tmp_path_factory.mktemp("site"), "http://127.0.0.1:9")
    site.environment.update(
        DATABASE_URL=postgres.migrated(), TRIAGE_HTTPS="0", ALLOWED_HOSTS="localhost"
    )
    return site


def answers(shell: Shell, script: str) -> list[int]:
    done = shell.run("shell", "-v", "0", "-c", ADMIN + script)
    assert done.returncode == 0, done.stderr
    return [int(status) for status in re.findall(r"answered (\d+)", done.stdout)]


def test_no_zone_and_no_text_that_it_cannot_hold_makes_a_page_fail(shell: Shell) -> None:
    assert all(status < 500 for status in answers(shell, ASKED))


def test_forgetting_holds_no_lookup_while_it_waits_for_the_trail(shell: Shell) -> None:
    """Else it and a purge, which begins with the trail, would wait for each other."""
    shell.lookup("1001", "--at", MOMENT.isoformat())  # it is recorded, whatever became of it
    address = shell.environment["DATABASE_URL"]
    with psycopg.connect(address) as purge, psycopg.connect(address, autocommit=True) as watch:
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
        held = purge.execute("SELECT 1 FROM lookups_lookup FOR UPDATE NOWAIT").fetchall()
        assert held
        purge.commit()
        assert forgetting.wait() == 0
