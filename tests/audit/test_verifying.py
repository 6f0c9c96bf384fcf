"""`verify_audit` detects any tampering and names the entry."""

import pytest
from pytest_django import Settings

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import record, record_each
from tests.audit.trails import ANA, noted, sql, verdict, written

pytestmark = pytest.mark.django_db


def test_verify_prints_the_end_of_an_intact_trail() -> None:
    written(3)
    assert noted() == f"3:{Entry.objects.get(sequence=3).digest}"


def test_an_empty_trail_is_intact() -> None:
    assert noted().startswith("0:")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-01-01 00:00:00"),
        ("action", "viewed"),
        ("actor_id", 8),
        ("actor", "ben"),
        ("origin", "cli"),
        ("address", "198.51.100.1"),
        ("target", "lookup 9"),
        ("customer_hash", "d" * 64),
        ("detail", '{"minutes": 99}'),
        ("words_hash", ""),
        ("previous", "e" * 64),
        ("digest", "f" * 64),
    ],
)
def test_a_changed_column_is_detected(column: str, value: object) -> None:
    written(5)
    sql(f"UPDATE audit_entry SET {column} = %s WHERE sequence = 3", value)  # noqa: S608
    assert "Entry 3 was changed" in verdict()


def test_a_missing_entry_is_reported() -> None:
    written(5)
    sql("DELETE FROM audit_words WHERE entry_id = 3")
    sql("DELETE FROM audit_entry WHERE sequence = 3")
    assert "Entry 3 is missing" in verdict()


def test_swapped_entries_are_reported_as_out_of_order() -> None:
    written(6)
    sql("DELETE FROM audit_words")
    for old, new in ((2, 99), (5, 2), (99, 5)):
        sql("UPDATE audit_entry SET sequence = %s WHERE sequence = %s", new, old)
    assert "out of order: entry 2 was written as entry 5" in verdict()


def test_renumbering_after_a_deletion_is_detected() -> None:
    written(5)
    sql("DELETE FROM audit_words")
    sql("DELETE FROM audit_entry WHERE sequence = 2")
    for number in (3, 4, 5):
        sql("UPDATE audit_entry SET sequence = %s WHERE sequence = %s", number - 1, number)
    assert "entry 2 was written as entry 3" in verdict()


def test_an_entry_before_the_first_is_detected() -> None:
    written(2)
    sql("DELETE FROM audit_words")
    sql("UPDATE audit_entry SET sequence = 0 WHERE sequence = 1")
    assert "Entry 0 comes before the first entry" in verdict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("sequence = 2", "The recorded end doesn't match entry 2"),
        ("sequence = 4", "Entries are missing at the end"),
        ("digest = 'a'", "doesn't match entry 3"),
    ],
)
def test_a_mismatched_end_is_reported(change: str, message: str) -> None:
    written(3)
    sql(f"UPDATE audit_end SET {change}")  # noqa: S608
    assert message in verdict()


def test_a_noted_end_reveals_a_truncated_trail() -> None:
    written(5)
    end = noted()
    sql("DELETE FROM audit_words WHERE entry_id > 3")
    sql("DELETE FROM audit_entry WHERE sequence > 3")
    digest = Entry.objects.get(sequence=3).digest
    sql("UPDATE audit_end SET sequence = 3, digest = %s", digest)
    assert verdict().startswith("End: 3:")
    assert "entries were cut off" in verdict("--expect", end)


def test_a_noted_end_reveals_a_rewritten_trail() -> None:
    written(3)
    end = noted()
    for table in ("words", "entry", "end"):
        sql(f"DELETE FROM audit_{table}")  # noqa: S608
    written(4)
    assert verdict().startswith("End: 4:")
    assert "Entry 3 isn't the one that was noted" in verdict("--expect", end)


def test_a_noted_end_is_found_in_a_longer_trail() -> None:
    written(2)
    end = noted()
    written(3)
    assert verdict("--expect", end).startswith("End: 5:")


def test_a_malformed_end_is_rejected() -> None:
    assert "enter the number and digest" in verdict("--expect", "12")


def test_erased_words_leave_the_trail_intact() -> None:
    written(3)
    Words.objects.filter(entry_id=2).delete()
    assert verdict().startswith("End: 3:")


def test_swapped_words_are_detected() -> None:
    written(3)
    other = bytes(Words.objects.get(entry_id=3).sealed)
    Words.objects.filter(entry_id=2).update(sealed=other)
    assert "The words of entry 2 don't match" in verdict()


def test_added_words_are_detected() -> None:
    written(1)
    record(Action.VIEWED, ANA)
    Words.objects.filter(entry_id=1).update(entry_id=2)
    assert "The words of entry 2 don't match" in verdict()


def test_damaged_words_are_reported() -> None:
    written(2)
    Words.objects.filter(entry_id=2).update(sealed=b"x" * 80)
    assert "The words of entry 2 can't be decrypted" in verdict()


def test_a_wrong_key_is_reported(settings: Settings) -> None:
    written(5)
    settings.TRIAGE_HASH_KEY = "another key, of thirty-two letters"
    assert "No entry matches its digest" in verdict()
    assert "TRIAGE_HASH_KEY" in verdict()


def test_a_key_change_is_reported_with_its_first_entry(settings: Settings) -> None:
    written(30)
    key = settings.TRIAGE_HASH_KEY
    settings.TRIAGE_HASH_KEY = "another key, of thirty-two letters"
    written(30)
    settings.TRIAGE_HASH_KEY = key
    assert "From entry 31 on, no entry matches its digest" in verdict()


def test_a_trail_longer_than_a_batch_is_verified() -> None:
    written(1)
    record_each(Action.VIEWED, ANA, [""] * 1100, target="")
    assert noted().startswith("1101:")
    sql("UPDATE audit_entry SET actor = 'eve' WHERE sequence = 1050")
    assert "Entry 1050 was changed" in verdict()
