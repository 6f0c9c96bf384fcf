"""Old entries are pruned, and the rest can still be verified."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.audit.models import Checkpoint, Entry, Words
from apps.audit.verification import TrailBroken, erase_words, prune_trail
from tests.audit.trails import noted, sql, verdict, written

pytestmark = pytest.mark.django_db


def after(sequence: int) -> datetime:
    """Return a time just after that entry."""
    return Entry.objects.get(sequence=sequence).at + timedelta(microseconds=1)


def test_old_entries_are_pruned_with_their_words() -> None:
    written(10)
    end = noted()
    assert prune_trail(after(6)) == 6
    assert list(Entry.objects.order_by("sequence").values_list("sequence", flat=True)) == [
        *(7, 8, 9, 10, 11)
    ]
    assert Words.objects.count() == 4
    assert verdict("--expect", end).startswith("End: 11:")


def test_pruning_is_recorded() -> None:
    written(3)
    prune_trail(after(2))
    last = Entry.objects.get(sequence=4)
    assert (last.action, last.origin) == ("pruned", "system")
    assert last.detail == {"up_to": 2, "entries": 2}


def test_the_trail_continues_after_pruning_all_entries() -> None:
    written(3)
    assert prune_trail(datetime.now(UTC) + timedelta(days=1)) == 3
    written(2)
    assert verdict().startswith("End: 6:")


def test_repeated_pruning_keeps_the_chain() -> None:
    for _ in range(3):
        written(4)
        assert prune_trail(datetime.now(UTC) + timedelta(days=1)) >= 4
    assert Checkpoint.objects.count() == 3
    assert verdict().startswith("End: 15:")


def test_pruning_keeps_new_entries() -> None:
    written(2)
    assert prune_trail(datetime.now(UTC) - timedelta(days=1)) == 0
    assert Entry.objects.count() == 2


def test_a_clock_set_back_does_not_split_the_trail() -> None:
    written(6)
    late = datetime.now(UTC) + timedelta(days=1)
    sql("UPDATE audit_entry SET at = %s WHERE sequence = 3", late)
    with pytest.raises(TrailBroken):
        prune_trail(late + timedelta(days=1))
    assert prune_trail(late) == 2


def test_a_broken_part_is_not_pruned() -> None:
    written(6)
    sql("UPDATE audit_entry SET actor = 'eve' WHERE sequence = 3")
    with pytest.raises(TrailBroken, match="Entry 3 was changed"):
        prune_trail(after(5))
    assert Entry.objects.count() == 6
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize("column", ["sequence", "digest", "at", "count", "signature"])
def test_a_changed_checkpoint_is_reported_as_forged(column: str) -> None:
    written(6)
    prune_trail(after(3))
    value = {"sequence": "4", "count": "9", "at": "'2026-01-01'"}.get(column, "'f'")
    sql(f"UPDATE audit_checkpoint SET {column} = {value}")  # noqa: S608
    assert "is forged" in verdict()


def test_a_deleted_checkpoint_is_detected() -> None:
    written(6)
    prune_trail(after(3))
    sql("DELETE FROM audit_checkpoint")
    assert "Entries 1 to 3 are missing" in verdict()


def test_a_pruned_end_cannot_be_compared() -> None:
    written(2)
    early = noted()
    written(4)
    last_pruned = f"4:{Entry.objects.get(sequence=4).digest}"
    prune_trail(after(4))
    assert "was pruned after it was noted" in verdict("--expect", early)
    assert verdict("--expect", last_pruned).startswith("End: 7:")


def test_words_about_a_customer_can_be_erased() -> None:
    written(3)
    assert erase_words("c" * 64) == 3
    assert erase_words("") == 0
    assert verdict().startswith("End: 3:")
