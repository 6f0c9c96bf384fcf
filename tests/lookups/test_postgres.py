"""Lookups with a real PostgreSQL database."""

import psycopg

from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.postgres import Postgres
from tests.shell import Shell


def test_an_unmigrated_database_says_how_to_migrate(shell: Shell, postgres: Postgres) -> None:
    done = shell.lookup("1001", "--at", MOMENT.isoformat(), DATABASE_URL=postgres.empty())
    assert done.returncode == 4
    assert "manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lookup_is_recorded_with_its_snapshot(
    shell: Shell, demo_sentry: DemoSentry, postgres: Postgres
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    url = postgres.migrated()
    done = shell.lookup("1001", "--at", MOMENT.isoformat(), DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT outcome, events, snapshot IS NOT NULL FROM lookups_lookup"
        ).fetchone()
    assert row == ("found", 1, True)
