"""Entries are append-only and chained."""

import pytest
from django.db import transaction

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import Actor, digest_of, record
from apps.crypto import unseal

ANA = Actor("web", 7, "ana", "203.0.113.9")

pytestmark = pytest.mark.django_db


def test_an_entry_has_all_facts_of_an_action() -> None:
    record(
        Action.LOOKED_UP,
        ANA,
        target="lookup 1",
        customer_hash="c" * 64,
        detail={"minutes": 5},
        words="Ticket 42",
    )
    entry = Entry.objects.get()
    assert (entry.actor_id, entry.actor, entry.origin, entry.address) == (
        *(7, "ana"),
        *("web", "203.0.113.9"),
    )
    assert (entry.action, entry.target, entry.detail) == ("looked_up", "lookup 1", {"minutes": 5})
    assert unseal(bytes(Words.objects.get().sealed)) == b"Ticket 42"


def test_entries_are_numbered_and_chained() -> None:
    for number in range(3):
        record(Action.VIEWED, ANA, target=f"lookup {number}", detail={"ä": ["b", "a"], "n": None})
    entries = list(Entry.objects.order_by("sequence"))
    assert [entry.sequence for entry in entries] == [1, 2, 3]
    assert [entry.previous for entry in entries] == ["0" * 64, entries[0].digest, entries[1].digest]
    assert all(digest_of(entry) == entry.digest for entry in entries)


def test_a_rollback_leaves_no_gap() -> None:
    with transaction.atomic():
        record(Action.VIEWED, ANA)
        transaction.set_rollback(True)
    record(Action.VIEWED, ANA)
    assert [entry.sequence for entry in Entry.objects.all()] == [1]
