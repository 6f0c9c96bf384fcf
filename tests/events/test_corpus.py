"""Test redaction against the corpus, row by row."""

import re
from collections import Counter

from apps.redaction.engine import Ledger, redact_text, redact_value
from tests.events.corpus import rows

SECRETS = tuple(rows("secrets_*"))
LOOKALIKES = tuple(rows("lookalikes_*"))


def test_every_secret_is_redacted() -> None:
    leaking = [f"{row.origin}: {row.text!r} -> {row.shown!r}" for row in SECRETS if row.leaks]
    assert not leaking, "\n".join(leaking)


def test_every_lookalike_survives() -> None:
    damaged = [
        f"{row.origin}: {row.text!r} -> {row.shown!r}" for row in LOOKALIKES if row.is_damaged
    ]
    assert not damaged, "\n".join(damaged)


def test_redaction_is_idempotent() -> None:
    changed = [
        f"{row.origin}: {row.shown!r} -> {again!r}"
        for row in (*SECRETS, *LOOKALIKES)
        if (again := redact_text(row.shown, Ledger(frozenset(), first_number=500))) != row.shown
    ]
    assert not changed, "\n".join(changed)


def test_every_secret_is_redacted_inside_other_text() -> None:
    """Test that secrets are found in structured values and between the lines of a log."""
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


def test_corpus_is_large_and_has_all_kinds() -> None:
    kinds = Counter(row.kind for row in SECRETS)
    assert len(SECRETS) > 400
    assert len(LOOKALIKES) > 400
    for kind in ("card", "email", "ipv4", "ipv6", "iban", "phone", "ssn", "token", "password"):
        assert kinds[kind] >= 10
