"""Recall and wrong hits on the corpus, row by row."""

import re
from collections import Counter

from apps.redaction.engine import Ledger, redact_text, redact_value
from tests.events.corpus import rows

SECRETS = tuple(rows("secrets_*"))
LOOKALIKES = tuple(rows("lookalikes_*"))


def test_each_secret_is_hidden() -> None:
    leaking = [f"{row.origin}: {row.text!r} -> {row.shown!r}" for row in SECRETS if row.leaks]
    assert not leaking, "\n".join(leaking)


def test_each_look_alike_stays() -> None:
    damaged = [
        f"{row.origin}: {row.text!r} -> {row.shown!r}" for row in LOOKALIKES if row.is_damaged
    ]
    assert not damaged, "\n".join(damaged)


def test_redacting_again_changes_nothing() -> None:
    changed = [
        f"{row.origin}: {row.shown!r} -> {again!r}"
        for row in (*SECRETS, *LOOKALIKES)
        if (again := redact_text(row.shown, Ledger(frozenset(), first_number=500))) != row.shown
    ]
    assert not changed, "\n".join(changed)


def test_each_secret_is_hidden_in_the_middle_of_more_text() -> None:
    """A structured value, between lines of a log, and as it stands in JSON's own spelling."""
    leaking = []
    for row in SECRETS:
        if row.text[0] in "/\\?" or row.text[-1].isspace():
            continue
        log = f"14:05:00 INFO checkout\n{row.text}\n14:05:01 INFO done"
        for shown in (
            redact_text(log, Ledger(frozenset())),
            str(redact_value({"note": [row.text]}, Ledger(frozenset()))),
        ):
            plain = re.sub(r"<[a-z-]+-\d+>", "", shown)
            if any(len(piece) > 3 and piece in plain for piece in row.pieces):
                leaking.append(f"{row.origin}: {row.text!r} -> {shown!r}")
    assert not leaking, "\n".join(leaking)


def test_the_corpus_is_large_and_no_kind_is_missing() -> None:
    kinds = Counter(row.kind for row in SECRETS)
    assert len(SECRETS) > 400
    assert len(LOOKALIKES) > 400
    for kind in ("card", "email", "ipv4", "ipv6", "iban", "phone", "ssn", "token", "password"):
        assert kinds[kind] >= 10
