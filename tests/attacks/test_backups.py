"""Backups that others forged, and what others on the machine could read or replace."""

import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.db import connection
from pytest_django import Settings

from apps.backup import _SEAL_LENGTH, Backup, BackupRefused, _SignedFile, new_file, restore
from tests.backup.conftest import Places, place  # noqa: F401 - a fixture
from tests.backup.sites import ACTOR, add_person, backed_up, opened, site

pytestmark = pytest.mark.django_db
FOREIGN = "isn't a Triage backup"


@pytest.fixture
def content(place: Places) -> bytes:  # noqa: F811 - the fixture
    """A backup of a site with one person."""
    with site(place.new("sqlite")):
        add_person("ana")
        return backed_up()[0]


def forged(content: bytes, manifest: bytes, settings: Settings) -> bytes:
    """Return the backup with another manifest, by someone without `TRIAGE_HASH_KEY`."""
    ours, settings.TRIAGE_HASH_KEY = settings.TRIAGE_HASH_KEY, "f" * 40
    target = BytesIO()
    signed = _SignedFile(target)
    with ZipFile(signed, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # needs only write()
        archive.comment = b"0" * _SEAL_LENGTH
        archive.writestr("manifest.json", manifest)
        archive.writestr("keys.json", b"[1]")
    signed.finish()
    settings.TRIAGE_HASH_KEY = ours
    return target.getvalue()


def test_a_forged_manifest_is_refused_in_a_sentence(content: bytes, settings: Settings) -> None:
    whole = json.loads(ZipFile(BytesIO(content)).read("manifest.json"))
    by_stranger = "changed by someone without TRIAGE_HASH_KEY"
    rows: list[tuple[str, bytes, str]] = [
        ("a list", b"[]", FOREIGN),
        ("deep", b"[" * 100_000, FOREIGN),
        ("a bomb", b" " * 5_000_000 + b"{}", FOREIGN),
        ("no tables", json.dumps({"format": 1}).encode(), FOREIGN),
        ("tables", json.dumps({**whole, "tables": [1]}).encode(), FOREIGN),
        ("a table", json.dumps({**whole, "tables": {"x": {"y": 1}}}).encode(), FOREIGN),
        ("migrations", json.dumps({**whole, "migrations": [[["a"], 7]]}).encode(), by_stranger),
        ("data keys", json.dumps({**whole, "data_keys": [1]}).encode(), by_stranger),
        ("escapes", json.dumps({**whole, "hash_key": "\x1b[2J" * 99}).encode(), "needs another"),
        ("escapes in a version", b'{"format": 2, "version": "\\u001b[2J"}', "newer format"),
    ]
    for what, manifest, sentence in rows:
        with pytest.raises(BackupRefused) as refused:
            opened(forged(content, manifest, settings))
        assert sentence in str(refused.value), what
        assert str(refused.value).isprintable(), what
        assert len(str(refused.value)) < 400, what


def test_forged_keys_are_refused_in_a_sentence(content: bytes, settings: Settings) -> None:
    manifest = ZipFile(BytesIO(content)).read("manifest.json")
    with pytest.raises(BackupRefused, match=FOREIGN):
        Backup(BytesIO(forged(content, manifest, settings))).keys("passphrase")


@pytest.mark.parametrize("prepare", [os.link, os.symlink, lambda _file, pipe: os.mkfifo(pipe)])
def test_a_file_prepared_by_someone_else_is_not_written(
    tmp_path: Path, prepare: Callable[[Path, Path], None]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"kept")
    prepare(theirs, tmp_path / "backup.zip.partial")
    with pytest.raises(BackupRefused), new_file(tmp_path / "backup.zip", overwrite=True) as file:
        file.write(b"secret")
    assert theirs.read_bytes() == b"kept"


def test_no_one_else_can_read_what_is_being_restored(content: bytes, place: Places) -> None:  # noqa: F811 - the fixture
    modes: set[int] = set()

    def look() -> None:
        file = Path(str(connection.settings_dict["NAME"]))
        modes.update(one.stat().st_mode & 0o777 for one in file.parent.glob(f"{file.name}*"))

    def watch(execute: Any, *query: Any) -> Any:
        done = execute(*query)
        look()
        return done

    for has_tables in (True, False):
        with site(place.new("sqlite", tables=has_tables)):
            if has_tables:
                Path(str(connection.settings_dict["NAME"])).chmod(0o600)
            with connection.execute_wrapper(watch):
                restore(opened(content), ACTOR)
            look()
            assert modes == {0o600}, has_tables
