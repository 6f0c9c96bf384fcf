"""Any random tampering is detected, if necessary with a noted end."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit.models import End, Entry, Words
from apps.audit.verification import Position, verify_trail
from tests.audit.trails import sql, written
from tests.examples import examples

COLUMNS = ("actor", "target", "origin", "customer_hash", "words_hash", "previous", "digest")
LENGTH = 12
Tampering = tuple[Callable[[int, int], None], int, int]
numbers = st.integers(1, LENGTH)


def delete(one: int, _other: int) -> None:
    sql("DELETE FROM audit_entry WHERE sequence = %s", one)


def swap(one: int, other: int) -> None:
    for old, new in ((one, -1), (other, one), (-1, other)):
        sql("UPDATE audit_entry SET sequence = %s WHERE sequence = %s", new, old)


def edit(one: int, other: int) -> None:
    column = COLUMNS[other % len(COLUMNS)]
    sql(f"UPDATE audit_entry SET {column} = 'x' WHERE sequence = %s", one)  # noqa: S608


def insert(one: int, other: int) -> None:
    copied = Entry.objects.filter(sequence=one).first()
    if copied is None:
        return
    for number in range(LENGTH, other - 1, -1):
        sql("UPDATE audit_entry SET sequence = %s WHERE sequence = %s", number + 1, number)
    copied.sequence = other
    copied.save(force_insert=True)
    fit_end()


def cut(one: int, _other: int) -> None:
    sql("DELETE FROM audit_entry WHERE sequence >= %s", one)
    fit_end()


def close_gap(one: int, _other: int) -> None:
    delete(one, 0)
    for number in range(one + 1, LENGTH + 1):
        sql("UPDATE audit_entry SET sequence = %s WHERE sequence = %s", number - 1, number)
    fit_end()


def fit_end() -> None:
    """Make the end match, as a careful attacker would."""
    last = Entry.objects.first()
    End.objects.update(
        sequence=last.sequence if last else 0, digest=last.digest if last else "0" * 64
    )


tamperings = st.lists(
    st.tuples(
        st.sampled_from([delete, swap, edit, insert, cut, close_gap]),
        numbers,
        numbers,
    ),
    min_size=1,
    max_size=3,
)


def rows() -> list[tuple[object, ...]]:
    return list(Entry.objects.order_by("sequence").values_list())


@pytest.mark.django_db
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tamperings)
def test_any_tampering_is_detected(
    tamperings: list[Tampering],
) -> None:
    with transaction.atomic():
        written(LENGTH)
        Words.objects.all().delete()
        before, end = rows(), End.objects.get()
        noted = Position(end.sequence, end.digest)
        assert not verify_trail(noted).broken
        for tamper, one, other in tamperings:
            with suppress(IntegrityError), transaction.atomic():  # the number exists
                tamper(one, other)
        is_intact = not verify_trail(noted).broken
        assert is_intact == (rows() == before)
        transaction.set_rollback(True)
