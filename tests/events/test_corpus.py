"""Recall and wrong hits on the corpus: each row by itself, and the rates that must hold."""

import re
from collections import Counter

import pytest

from apps.events.ledger import Ledger
from apps.events.redaction import redact_text, redact_value
from tests.events.corpus import Row, rows

SECRETS = tuple(rows("secrets_*"))
LOOKALIKES = tuple(rows("lookalikes_*"))


def name_of(row: Row) -> str:
    return f"{row.origin}-{row.kind}"


@pytest.mark.parametrize("row", SECRETS, ids=name_of)
def test_each_secret_is_hidden(row: Row) -> None:
    assert not row.leaks, f"{row.text!r} -> {row.shown!r}"


@pytest.mark.parametrize("row", LOOKALIKES, ids=name_of)
def test_each_look_alike_stays(row: Row) -> None:
    assert not row.is_damaged, f"{row.text!r} -> {row.shown!r}"


@pytest.mark.parametrize("row", [*SECRETS, *LOOKALIKES], ids=name_of)
def test_redacting_again_changes_nothing(row: Row) -> None:
    assert redact_text(row.shown, Ledger(frozenset(), first_number=500)) == row.shown


@pytest.mark.parametrize("row", SECRETS, ids=name_of)
def test_each_secret_is_hidden_in_the_middle_of_more_text(row: Row) -> None:
    """A structured value, between lines of a log, and as it stands in JSON's own spelling."""
    if row.text[0] in "/\\?" or row.text[-1].isspace():
        return
    log = f"14:05:00 INFO checkout\n{row.text}\n14:05:01 INFO done"
    for shown in (
        redact_text(log, Ledger(frozenset())),
        str(redact_value({"note": [row.text]}, Ledger(frozenset()))),
    ):
        plain = re.sub(r"<[a-z-]+-\d+>", "", shown)
        assert not [piece for piece in row.pieces if len(piece) > 3 and piece in plain], shown


def test_the_corpus_is_large_and_no_kind_is_missing() -> None:
    kinds = Counter(row.kind for row in SECRETS)
    assert len(SECRETS) > 400
    assert len(LOOKALIKES) > 400
    for kind in ("card", "email", "ipv4", "ipv6", "iban", "phone", "ssn", "token", "password"):
        assert kinds[kind] >= 10
