"""Triggers refuse changes of the trail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection

from apps.audit import models
from apps.audit.models import Action, Entry
from apps.audit.trail import record
from apps.audit.verification import erase_words, prune_trail
from tests.audit.trails import ANA, sql, verdict, written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def guarded() -> Iterator[None]:
    """Install the triggers, which the test database lacks so that it can be emptied."""
    models.install_triggers(connection)
    yield
    models.remove_triggers(connection)


COLUMNS = "action, actor, origin, address, target, customer_hash, detail, words_hash, previous"
EMPTY = ", ''" * 6 + ", '{}'" + ", ''" * 3
ROW = f"(sequence, at, {COLUMNS}, digest) VALUES (2, '2026-01-01'{EMPTY})"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'eve' WHERE sequence = 2",
        "UPDATE audit_entry SET sequence = 9 WHERE sequence = 3",
        "UPDATE OR REPLACE audit_entry SET sequence = 1 WHERE sequence = 2",
        "DELETE FROM audit_entry WHERE sequence = 3",
        "DELETE FROM audit_entry",
        f"INSERT OR REPLACE INTO audit_entry {ROW}",
        "UPDATE audit_end SET sequence = 1",
        "DELETE FROM audit_end",
        "INSERT OR REPLACE INTO audit_end (id, sequence, digest) VALUES (1, 1, '')",
        "UPDATE audit_checkpoint SET sequence = 3",
        "DELETE FROM audit_checkpoint",
        "INSERT OR REPLACE INTO audit_checkpoint VALUES (1, 'x', '2026-01-01', 1, 'x')",
    ],
)
def test_the_database_refuses_changes_of_the_trail(statement: str) -> None:
    written(1)
    prune_trail(datetime.now(UTC) + timedelta(days=1))
    written(2)
    with pytest.raises(IntegrityError, match="The audit trail only grows"):
        sql(statement)
    assert verdict().startswith("End: 4:")


def test_recording_and_erasing_words_are_allowed() -> None:
    written(2)
    record(Action.VIEWED, ANA)
    assert erase_words("c" * 64) == 2
    assert Entry.objects.count() == 3


def test_a_forged_checkpoint_allows_deletion_but_is_detected() -> None:
    written(4)
    third = Entry.objects.get(sequence=3).digest
    sql(
        "INSERT INTO audit_checkpoint (sequence, digest, at, count, signature)"
        " VALUES (3, %s, '2026-01-01', 3, %s)",
        third,
        "0" * 64,
    )
    sql("DELETE FROM audit_words")
    sql("DELETE FROM audit_entry WHERE sequence <= 3")
    assert "The checkpoint at entry 3 is forged" in verdict()


def test_missing_triggers_are_reported() -> None:
    assert models.missing_triggers(connection) == []
    sql("DROP TRIGGER audit_entry_kept")
    assert models.missing_triggers(connection) == ["audit_entry_kept"]
