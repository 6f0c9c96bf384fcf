"""Whatever is done to the trail behind the program's back, `verify_audit` names the place."""

import pytest
from django.db import transaction
from pytest_django import Settings

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import record
from tests.audit.trails import ANA, noted, sql, verdict, written

pytestmark = pytest.mark.django_db


def test_a_whole_trail_is_told_with_its_end() -> None:
    written(3)
    assert noted() == f"3:{Entry.objects.get(sequence=3).digest}"


def test_an_empty_trail_is_whole() -> None:
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
def test_a_changed_column_is_noticed(column: str, value: object) -> None:
    written(5)
    sql(f"UPDATE audit_entry SET {column} = %s WHERE sequence = 3", value)  # noqa: S608
    assert "Entry 3 was changed" in verdict()


def test_a_missing_entry_is_named() -> None:
    written(5)
    sql("DELETE FROM audit_words WHERE entry_id = 3")
    sql("DELETE FROM audit_entry WHERE sequence = 3")
    assert "Entry 3 is missing" in verdict()


def test_entries_that_changed_places_are_out_of_order() -> None:
    written(6)
    sql("DELETE FROM audit_words")
    for old, new in ((2, 99), (5, 2), (99, 5)):
        sql("UPDATE audit_entry SET sequence = %s WHERE sequence = %s", new, old)
    assert "out of order: what stands as entry 2 was entry 5" in verdict()


def test_closing_the_gap_of_a_missing_entry_is_noticed() -> None:
    written(5)
    sql("DELETE FROM audit_words")
    sql("DELETE FROM audit_entry WHERE sequence = 2")
    for number in (3, 4, 5):
        sql("UPDATE audit_entry SET sequence = %s WHERE sequence = %s", number - 1, number)
    assert "what stands as entry 2 was entry 3" in verdict()


def test_an_entry_before_the_first_is_noticed() -> None:
    written(2)
    sql("DELETE FROM audit_words")
    sql("UPDATE audit_entry SET sequence = 0 WHERE sequence = 1")
    assert "Entry 0 stands before the first entry" in verdict()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("sequence = 2", "The recorded end doesn't match entry 2"),
        ("sequence = 4", "Entries are missing at the end"),
        ("digest = 'a'", "doesn't match entry 3"),
    ],
)
def test_an_end_that_does_not_fit_is_told(change: str, told: str) -> None:
    written(3)
    sql(f"UPDATE audit_end SET {change}")  # noqa: S608
    assert told in verdict()


def test_a_tail_that_was_cut_with_its_end_is_noticed_by_the_noted_end() -> None:
    written(5)
    end = noted()
    sql("DELETE FROM audit_words WHERE entry_id > 3")
    sql("DELETE FROM audit_entry WHERE sequence > 3")
    digest = Entry.objects.get(sequence=3).digest
    sql("UPDATE audit_end SET sequence = 3, digest = %s", digest)
    assert verdict().startswith("End: 3:")
    assert "entries were cut off" in verdict("--expect", end)


def test_a_trail_that_was_written_anew_is_noticed_by_the_noted_end() -> None:
    written(3)
    end = noted()
    for table in ("words", "entry", "end"):
        sql(f"DELETE FROM audit_{table}")  # noqa: S608
    written(4)
    assert verdict().startswith("End: 4:")
    assert "Entry 3 is not the one that was noted" in verdict("--expect", end)


def test_a_noted_end_is_still_part_of_a_longer_trail() -> None:
    written(2)
    end = noted()
    written(3)
    assert verdict("--expect", end).startswith("End: 5:")


def test_what_cannot_be_an_end_is_refused() -> None:
    assert "enter the number and digest" in verdict("--expect", "12")


def test_erased_words_leave_the_trail_whole() -> None:
    written(3)
    Words.objects.filter(entry_id=2).delete()
    assert verdict().startswith("End: 3:")


def test_words_that_were_exchanged_do_not_fit() -> None:
    written(3)
    other = bytes(Words.objects.get(entry_id=3).sealed)
    Words.objects.filter(entry_id=2).update(sealed=other)
    assert "The words of entry 2 don't match" in verdict()


def test_words_that_nobody_typed_do_not_fit() -> None:
    written(1)
    record(Action.VIEWED, ANA)
    Words.objects.filter(entry_id=1).update(entry_id=2)
    assert "The words of entry 2 don't match" in verdict()


def test_damaged_words_are_told() -> None:
    written(2)
    Words.objects.filter(entry_id=2).update(sealed=b"x" * 80)
    assert "The words of entry 2 cannot be opened" in verdict()


def test_another_key_is_told_as_that(settings: Settings) -> None:
    written(5)
    settings.TRIAGE_HASH_KEY = "another key, of thirty-two letters"
    assert "No entry fits its digest" in verdict()
    assert "TRIAGE_HASH_KEY" in verdict()


def test_a_key_that_changed_midway_is_told_with_the_place(settings: Settings) -> None:
    written(30)
    key = settings.TRIAGE_HASH_KEY
    settings.TRIAGE_HASH_KEY = "another key, of thirty-two letters"
    written(30)
    settings.TRIAGE_HASH_KEY = key
    assert "From entry 31 on none fits its digest" in verdict()


def test_more_entries_than_a_batch_are_walked() -> None:
    written(1)
    with transaction.atomic():
        for _ in range(2100):
            record(Action.VIEWED, ANA)
    assert noted().startswith("2101:")
    sql("UPDATE audit_entry SET actor = 'eve' WHERE sequence = 2050")
    assert "Entry 2050 was changed" in verdict()
