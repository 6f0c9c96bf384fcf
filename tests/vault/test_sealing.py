"""Sealed content is unreadable without a key, and keys can be rotated."""

import pytest
from pytest_django import Settings

from apps.crypto import Unreadable, seal, unseal

OLD, NEW = "old-" * 10, "new-" * 10


def test_sealed_content_is_compressed_and_unreadable(settings: Settings) -> None:
    sealed = seal(b"jane@example.com " * 100)
    assert b"jane" not in sealed
    assert len(sealed) < 200
    assert unseal(sealed) == b"jane@example.com " * 100


def test_a_new_first_key_keeps_older_content_readable(settings: Settings) -> None:
    settings.TRIAGE_DATA_KEYS = (OLD,)
    sealed = seal(b"kept")
    settings.TRIAGE_DATA_KEYS = (NEW, OLD)
    assert unseal(sealed) == b"kept"
    newer = seal(b"newer")
    settings.TRIAGE_DATA_KEYS = (NEW,)
    assert unseal(newer) == b"newer"
    with pytest.raises(Unreadable):
        unseal(sealed)


@pytest.mark.parametrize("broken", [b"", b"x", b"\x80" * 80])
def test_broken_content_is_unreadable(broken: bytes) -> None:
    with pytest.raises(Unreadable):
        unseal(broken)


def test_one_changed_byte_makes_it_unreadable() -> None:
    sealed = bytearray(seal(b"kept"))
    sealed[-1] ^= 1
    with pytest.raises(Unreadable):
        unseal(bytes(sealed))
