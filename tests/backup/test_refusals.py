"""What can't be backed up or restored is refused with a sentence, and changes nothing."""

import fcntl
import json
import os
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from apps.audit.models import Action
from apps.audit.trail import SYSTEM, record
from apps.backup import _SEAL_LENGTH, Backup, BackupRefused, _SignedFile, new_file, restore
from apps.crypto import fingerprint
from tests.backup.conftest import Places
from tests.backup.sites import ACTOR, add_person, backed_up, opened, site
from tests.postgres import Postgres
from tests.shell import Shell

pytestmark = pytest.mark.django_db
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def content(place: Places) -> bytes:
    """A backup of a site with one person and a reason."""
    with site(place.new("sqlite")):
        add_person("ana")
        record(Action.LOOKED_UP, SYSTEM, words="Ticket 7")
        return backed_up()[0]


def test_a_flipped_bit_is_noticed_wherever_it_is(content: bytes) -> None:
    places = [0, len(content) - 1, *range(7, len(content), len(content) // 50)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        with pytest.raises(BackupRefused):
            opened(bytes(changed))


def test_a_cut_or_longer_file_is_noticed(content: bytes) -> None:
    lengths = [0, 1, 140, 141, len(content) - 1]
    for length in [*lengths, *range(7, len(content), len(content) // 50)]:
        with pytest.raises(BackupRefused):
            Backup(BytesIO(content[:length]))
    with pytest.raises(BackupRefused):
        Backup(BytesIO(content + b"\n"))


def rewritten(content: bytes, **changes: object) -> bytes:
    """Return the backup with another manifest, with digests by someone who has the key."""
    target, source = BytesIO(), ZipFile(BytesIO(content))
    signed = _SignedFile(target)
    with ZipFile(signed, "w") as archive:  # type: ignore[call-overload]  # needs only write()
        archive.comment = b"0" * _SEAL_LENGTH
        for name in source.namelist():
            data = source.read(name)
            if name == "manifest.json":
                data = json.dumps({**json.loads(data), **changes}).encode()
            archive.writestr(name, data)
    signed.finish()
    return target.getvalue()


def test_keys_formats_and_versions_that_do_not_fit_are_refused(
    content: bytes, settings: Settings
) -> None:
    needed = fingerprint(settings.TRIAGE_HASH_KEY)
    data_key = settings.TRIAGE_DATA_KEYS[0]
    migrations = Backup(BytesIO(content)).manifest.migrations
    rows: tuple[tuple[str, bytes, dict[str, object], str], ...] = (
        ("format", rewritten(content, format=2, version="9.0"), {}, "Triage 9.0, in a newer"),
        (
            "schema",
            rewritten(content, version="9.0", migrations=[*migrations, ["lookups", "9999_x"]]),
            {},
            "Triage 9.0, which is newer than this one (1.1.0 has no migration lookups.9999_x)",
        ),
        (
            "hash key",
            content,
            {"TRIAGE_HASH_KEY": "h" * 40},
            f"fingerprint {needed}) than this site has",
        ),
        ("data key", content, {"TRIAGE_DATA_KEYS": ("d" * 40,)}, f"{fingerprint(data_key)} (1 val"),
        ("another archive", zipped("a.txt"), {}, "isn't a Triage backup"),
    )
    for name, file, changed, sentence in rows:
        for variable, value in changed.items():
            setattr(settings, variable, value)
        with pytest.raises(BackupRefused) as refused:
            opened(file)
        assert sentence in str(refused.value), name
        settings.TRIAGE_HASH_KEY, settings.TRIAGE_DATA_KEYS = settings.SECRET_KEY, (data_key,)
    settings.TRIAGE_DATA_KEYS = ("d" * 40, data_key)
    opened(content)


def zipped(name: str) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        archive.writestr(name, "")
    return file.getvalue()


def test_a_forged_file_is_refused(content: bytes, settings: Settings) -> None:
    ours = settings.TRIAGE_HASH_KEY
    settings.TRIAGE_HASH_KEY = "f" * 40
    forged = rewritten(content, audit_end=f"7:{'0' * 64}")
    settings.TRIAGE_HASH_KEY = ours
    with pytest.raises(BackupRefused, match="changed by someone without TRIAGE_HASH_KEY"):
        opened(forged)


def test_a_lost_data_key_can_be_accepted(content: bytes, place: Places, settings: Settings) -> None:
    settings.TRIAGE_DATA_KEYS = ("d" * 40,)
    backup = Backup(BytesIO(content))
    backup.check(without_keys=True)
    with site(place.new("sqlite")):
        done = restore(backup, ACTOR)
        assert done.unreadable == 1
        assert "can't be decrypted" in done.broken
        assert User.objects.get().username == "ana"


def test_keys_come_only_with_the_passphrase(place: Places, settings: Settings) -> None:
    with site(place.new("sqlite")):
        without, _manifest = backed_up()
        content, _manifest = backed_up(PASSPHRASE)
    for secret in (settings.SECRET_KEY, PASSPHRASE):
        assert secret.encode() not in b"".join(
            ZipFile(BytesIO(content)).read(name) for name in ZipFile(BytesIO(content)).namelist()
        )
    assert opened(content).keys(PASSPHRASE) == {
        "SECRET_KEY": settings.SECRET_KEY,
        "TRIAGE_HASH_KEY": settings.TRIAGE_HASH_KEY,
        "TRIAGE_DATA_KEYS": ",".join(settings.TRIAGE_DATA_KEYS),
    }
    with pytest.raises(BackupRefused, match="passphrase is wrong"):
        opened(content).keys(PASSPHRASE + " ")
    with pytest.raises(BackupRefused, match="contains no keys"):
        opened(without).keys(PASSPHRASE)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_site_that_is_not_empty_is_kept(kind: str, content: bytes, place: Places) -> None:
    with site(place.new(kind)):
        add_person("bo")
        with pytest.raises(BackupRefused, match="isn't empty: it has 1 person"):
            restore(opened(content), ACTOR)
        assert User.objects.get().username == "bo"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_site_that_runs_is_left_alone(kind: str, content: bytes, place: Places) -> None:
    url = place.new(kind)
    with site(url):
        User.objects.exists()
        with site(url), pytest.raises(BackupRefused, match="The site or a worker is running"):
            restore(opened(content), ACTOR)
    with site(url):
        assert not User.objects.exists()
        restore(opened(content), ACTOR)


def test_two_restores_never_replace_the_same_file(
    content: bytes, place: Places, tmp_path: Path
) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)  # as another process that restores
    fcntl.flock(folder, fcntl.LOCK_EX)
    with site(place.new("sqlite")):
        with pytest.raises(BackupRefused, match="Another restore is running"):
            restore(opened(content), ACTOR)
        os.close(folder)
        assert restore(opened(content), ACTOR).broken == ""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_failure_while_loading_leaves_the_site_empty(
    kind: str, content: bytes, place: Places
) -> None:
    tables = json.loads(ZipFile(BytesIO(content)).read("manifest.json"))["tables"]
    tables["mfa_authenticator"]["rows"] = 1
    broken = rewritten(content, tables=tables)
    with site(place.new(kind)):
        before = permissions()
        with pytest.raises(BackupRefused, match="0 rows of mfa_authenticator instead of 1"):
            restore(opened(broken), ACTOR)
        assert (User.objects.count(), permissions()) == (0, before)
        restore(opened(content), ACTOR)


def permissions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM auth_group_permissions")
        return int(cursor.fetchone()[0])


def test_what_postgresql_cannot_store_is_named_by_its_rows(
    place: Places, postgres: Postgres
) -> None:
    with site(place.new("sqlite")):
        add_person("a\0b")
        content, _manifest = backed_up()
    with (
        site(postgres.migrated()),
        pytest.raises(BackupRefused, match="rows 1 to 1 of auth_user can't be stored"),
    ):
        restore(opened(content), ACTOR)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "backup.zip"
    with new_file(path, overwrite=False) as file:
        file.write(b"first")
        assert not path.exists()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"first", 0o600)
    with pytest.raises(BackupRefused, match="already exists"), new_file(path, overwrite=False):
        pass
    with pytest.raises(TypeError), new_file(path, overwrite=True) as file:
        file.writelines([b"half", None])  # type: ignore[list-item]  # fails
    assert path.read_bytes() == b"first"
    with new_file(path, overwrite=True) as file:
        with pytest.raises(BackupRefused, match="Another process"), new_file(path, overwrite=True):
            pass
        file.write(b"second")
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"second", ["backup.zip"])


def test_commands_say_what_is_needed(shell: Shell, tmp_path: Path) -> None:
    path, secret, keys = tmp_path / "b.zip", tmp_path / "passphrase", tmp_path / "keys.env"
    secret.write_text(PASSPHRASE + "\n")
    made = shell.run("backup", str(path), "--with-keys", "--passphrase-file", str(secret))
    key = fingerprint(shell.environment["SECRET_KEY"])
    assert (made.returncode, f"TRIAGE_HASH_KEY   {key}" in made.stderr) == (0, True)
    assert "already exists" in shell.run("backup", str(path)).stderr
    piped = shell.run("backup", "-", "--with-keys")
    assert "there is no terminal" in piped.stderr
    other = {"SECRET_KEY": "o" * 50, "DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}"}
    refused = shell.run("restore", str(path), **other)
    assert f"fingerprint {key}) than this site has" in refused.stderr
    arguments = ("restore", str(path), "--keys-to", str(keys), "--passphrase-file", str(secret))
    assert shell.run(*arguments, **other).returncode == 0
    assert f"TRIAGE_HASH_KEY={'x' * 50}" in keys.read_text()
    del shell.environment["SECRET_KEY"], other["SECRET_KEY"]
    other["TRIAGE_ENV_FILE"] = str(keys)
    assert "its keys are set" in shell.run("restore", str(path), "--check", **other).stdout
    restored = shell.run("restore", str(path), **other)
    assert restored.returncode == 0, restored.stderr
    assert "The audit trail is intact" in restored.stdout
    none = shell.run("restore", str(tmp_path / "none.zip"), **other)
    assert "none.zip can't be read (No such file or directory)." in none.stderr
