"""PostgreSQL triggers refuse changes of the trail."""

import re
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, IntegrityError

from tests.postgres import Postgres
from tests.shell import ROOT, Shell

PRUNE = (
    "from datetime import UTC, datetime, timedelta\n"
    "from apps.audit.models import Action\n"
    "from apps.audit.verification import prune_trail\n"
    "from apps.audit.trail import Actor, record\n"
    "for _ in range(3): record(Action.VIEWED, Actor('web'), words='Ticket')\n"
    "assert prune_trail(datetime.now(UTC) + timedelta(days=1)) == 3\n"
    "record(Action.VIEWED, Actor('web'))\n"
)


WRITE = (
    "from apps.audit.models import Action\n"
    "from apps.audit.trail import Actor, record\n"
    "record(Action.VIEWED, Actor('web'), customer_hash='c', words='Ticket')\n"
)
FORGET = "from apps.audit.verification import erase_words\nassert erase_words('c') == 1\n"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> str:
    """Return a database with three pruned and two remaining entries."""
    address = postgres.with_trail()
    shell = Shell(tmp_path_factory.mktemp("guards"), "http://127.0.0.1:9")
    done = shell.run("shell", "-v", "0", "-c", PRUNE, DATABASE_URL=address)
    assert done.returncode == 0, done.stderr
    return address


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'eve'",
        "DELETE FROM audit_entry WHERE sequence = 5",
        "TRUNCATE audit_entry CASCADE",
        "INSERT INTO audit_entry SELECT * FROM audit_entry WHERE sequence = 5"
        " ON CONFLICT (sequence) DO UPDATE SET actor = 'eve'",
        "CREATE TEMP TABLE audit_checkpoint AS SELECT 99 AS sequence; DELETE FROM audit_entry",
        "UPDATE audit_checkpoint SET sequence = 5",
        "DELETE FROM audit_checkpoint",
        "TRUNCATE audit_checkpoint",
        "UPDATE audit_end SET sequence = 1",
        "DELETE FROM audit_end",
        "TRUNCATE audit_end",
    ],
)
def test_the_database_refuses_changes_of_the_trail(url: str, statement: str) -> None:
    with (
        psycopg.connect(url) as connection,
        pytest.raises(IntegrityError, match="The audit trail only grows"),
    ):
        connection.execute(statement)


def test_words_can_be_erased(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM audit_words")


def test_the_site_needs_no_update_or_delete_rights_on_entries(url: str, tmp_path: Path) -> None:
    documented = (ROOT / "docs" / "audit.md").read_text()
    granted = re.findall(r"^ +((?:REVOKE|GRANT) .+;)$", documented, re.MULTILINE)
    assert len(granted) == 5
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE triage_site LOGIN")
        for statement in granted:
            connection.execute(statement)
    shell = Shell(tmp_path, "http://127.0.0.1:9")
    as_site = {"DATABASE_URL": url.replace("triage@", "triage_site@")}
    done = shell.run("shell", "-v", "0", "-c", WRITE + FORGET, **as_site)
    assert done.returncode == 0, done.stderr
    assert "The audit trail is intact" in shell.run("verify_audit", **as_site).stdout
    with psycopg.connect(as_site["DATABASE_URL"], autocommit=True) as connection:
        for refused in ("UPDATE audit_entry SET actor = ''", "DELETE FROM audit_entry"):
            with pytest.raises(InsufficientPrivilege):
                connection.execute(refused)
