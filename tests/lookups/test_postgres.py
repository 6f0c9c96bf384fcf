"""A real PostgreSQL as the database of many machines."""

from collections.abc import Iterator

import psycopg
import pytest

from apps.demo.server import DemoSentry
from tests.conftest import MOMENT
from tests.postgres import running_postgres
from tests.shell import Shell


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A cluster of this file's own; its URL."""
    with running_postgres() as url:
        yield url


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
