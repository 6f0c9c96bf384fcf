"""Backups: one file with every row, from which SQLite and PostgreSQL can be restored.

The file is a ZIP archive with JSON lines for each table, and a manifest. The archive's comment has
the SHA-256 of all bytes before it, which reveals damage, and an HMAC of that with
`TRIAGE_HASH_KEY`, which reveals forgeries. What is encrypted stays encrypted.
"""

import base64
import errno
import hashlib
import hmac
import json
import os
import re
import sqlite3
import struct
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BufferedReader
from itertools import islice
from pathlib import Path
from shutil import copyfile
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.apps import apps
from django.conf import settings
from django.core.files import locks
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import AutoField, BigAutoField, Field, JSONField, Model

from apps.audit.models import Action, End
from apps.audit.trail import Actor, record
from apps.audit.verification import parse_position, verify_trail
from apps.crypto import fingerprint, key_of, keyed_hash
from apps.events.query import counted

FORMAT = 1
# Sessions and heartbeats end with the site that they belong to.
LEFT_OUT = frozenset(("django_session", "usersessions_usersession", "jobs_worker", "lookups_lease"))
# A site whose tables of these kinds are empty has nothing to lose.
_IN_USE = {
    "auth_user": ("person", "people"),
    "lookups_lookup": ("lookup", "lookups"),
    "incidents_incident": ("incident", "incidents"),
    "known_errors_knownerror": ("known error", "known errors"),
    "audit_entry": ("audit trail entry", "audit trail entries"),
}
_MANIFEST, _KEYS = "manifest.json", "keys.json"
_SEAL = re.compile(rb"sha256:([0-9a-f]{64}) hmac:([0-9a-f]{64})")
_SEAL_LENGTH = len("sha256: hmac:") + 2 * 64
_BATCH = 500
_BUFFER = 1 << 20
_MOST_BYTES = 4 << 20  # of the manifest, and of the keys
_SCRYPT = {"length": 32, "n": 2**16, "r": 8, "p": 1}
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
Migrations = frozenset[tuple[str, str]]


class BackupRefused(Exception):
    """Nothing was backed up or restored; the message is a plain sentence that says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns and number of rows, and the highest number that a row ever had."""

    columns: list[str]
    rows: int
    highest: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup has, and which keys are needed for it.

    Keys are named by their fingerprints: `data_keys` with the number of values that each opens.
    `unreadable` counts the values that none of them opens.
    """

    format: int
    version: str
    made_at: str
    migrations: list[list[str]]
    tables: dict[str, Table]
    hash_key: str
    data_keys: dict[str, int]
    unreadable: int
    audit_end: str

    @property
    def rows(self) -> int:
        """Return the number of rows of all tables."""
        return sum(table.rows for table in self.tables.values())


# What both directions know about the tables: the models as of some migrations, so that a backup
# can be made before an upgrade, and restored after it.


def _applied(loader: MigrationLoader) -> Migrations:
    applied = loader.applied_migrations or {}
    own = {key for key in applied if key[0] in loader.migrated_apps}
    if not own.issubset(loader.disk_migrations or ()):
        raise BackupRefused(
            "A newer version of Triage has changed this database. Use that version."
        )
    return frozenset(key for key in applied if key in loader.graph.nodes)


def _models(loader: MigrationLoader, migrations: Migrations) -> list[type[Model]]:
    state = loader.project_state(sorted(migrations))
    models = state.apps.get_models(include_auto_created=True)
    own = [model for model in models if model._meta.managed and not model._meta.proxy]
    return sorted(own, key=lambda model: model._meta.db_table)


def _fields(model: type[Model]) -> "list[Field[Any, Any]]":
    return list(model._meta.local_concrete_fields)


def _columns(model: type[Model]) -> list[str]:
    return [str(one.column) for one in _fields(model)]


def _sealed_values(model: type[Model], column: str, value: Any) -> Iterator[bytes]:
    """Yield the encrypted values in a value: columns of bytes, and secrets of second factors."""
    if isinstance(value, bytes | memoryview):
        yield bytes(value)
    elif model._meta.db_table == "mfa_authenticator" and column == "data":
        for name in ("secret", "seed"):
            with suppress(ValueError, LookupError, TypeError):  # no secret of ours
                yield base64.b64decode(value[name], validate=True)


# Making a backup.


def write_backup(file: IO[bytes], actor: Actor, passphrase: str = "") -> Manifest:
    """Write a backup of the database as it is now, while the site can continue writing.

    With a passphrase, it has the keys, encrypted with that. The audit trail records it first.
    """
    with _plain_errors("Nothing was backed up"):
        loader = MigrationLoader(connection)
    migrations = _applied(loader)
    if not migrations:
        raise BackupRefused("There is nothing to back up: the database has no tables.")
    record(Action.BACKED_UP, actor, detail={"keys": bool(passphrase)})
    signed = _SignedFile(file)
    with ZipFile(signed, "w", ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]  # needs only write()
        archive.comment = b"0" * _SEAL_LENGTH
        if passphrase:
            archive.writestr(_KEYS, _locked_keys(passphrase))
        keys: Counter[str] = Counter()
        with _one_moment():
            tables = {
                model._meta.db_table: _write_table(archive, model, keys)
                for model in _models(loader, migrations)
                if model._meta.db_table not in LEFT_OUT
            }
            end = End.objects.filter(pk=1).first() or End()
        manifest = Manifest(
            format=FORMAT,
            version=settings.TRIAGE_VERSION,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            migrations=sorted(map(list, migrations)),
            tables=tables,
            hash_key=fingerprint(settings.TRIAGE_HASH_KEY),
            data_keys={key: count for key, count in sorted(keys.items()) if key},
            unreadable=keys[""],
            audit_end=f"{end.sequence}:{end.digest}",
        )
        archive.writestr(_MANIFEST, json.dumps(asdict(manifest), indent=1))
    signed.finish()
    return manifest


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read everything as it is at one moment, in a transaction that blocks no writer."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")  # Django's own begins as a writer
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _write_table(archive: ZipFile, model: type[Model], keys: Counter[str]) -> Table:
    fields = _fields(model)
    rows = model._base_manager.order_by("pk").values_list(*(one.attname for one in fields))
    columns = _columns(model)
    may_be_sealed = [
        (position, columns[position])
        for position, one in enumerate(fields)
        if one.get_internal_type() in ("BinaryField", "JSONField")
    ]
    count, iterator = 0, rows.iterator(chunk_size=_BATCH)
    with archive.open(_member(model._meta.db_table), "w", force_zip64=True) as member:
        while batch := list(islice(iterator, _BATCH)):
            member.write("".join(f"{_encode(row)}\n" for row in batch).encode())
            count += len(batch)
            for row in batch:
                for position, column in may_be_sealed:
                    for sealed in _sealed_values(model, column, row[position]):
                        key = key_of(sealed)
                        keys[fingerprint(key) if key else ""] += 1
    return Table(columns, count, _highest_number(model))


def _member(table: str) -> str:
    return f"tables/{table}.jsonl"


def _plain(value: object) -> str:
    """Return a text that the field's `to_python` reads back without loss."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


_encode = json.JSONEncoder(separators=(",", ":"), default=_plain).encode


class _SignedFile:
    """Writes and hashes the archive, whose last bytes it replaces by the digests."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._held, self._digest = file, b"", hashlib.sha256()
        self.flush = file.flush

    def write(self, data: bytes) -> int:
        """Write all but the last bytes so far."""
        ready = self._held + bytes(data)
        ready, self._held = ready[:-_SEAL_LENGTH], ready[-_SEAL_LENGTH:]
        self._digest.update(ready)
        self._file.write(ready)
        return len(data)

    def finish(self) -> None:
        """Write the digests."""
        digest = self._digest.hexdigest()
        self._file.write(f"sha256:{digest} hmac:{_signature(digest)}".encode())
        self._file.flush()


def _signature(digest: str) -> str:
    return keyed_hash("triage.backup", digest)


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """Create a file that appears only once it is complete, and that only its owner can read.

    If the process is killed, an earlier file stays as it is.
    """
    partial = path.with_name(f"{path.name}.partial")
    with _plain_errors(f"Nothing was written to {path}"):
        if not overwrite:
            _refuse_existing(path)
        with open(_open_partial(partial), "wb") as file:
            if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
                raise BackupRefused(f"Another process is writing {path}.")
            try:
                os.fchmod(file.fileno(), 0o600)
                file.truncate()
                yield file
                file.flush()
                os.fsync(file.fileno())
                if not overwrite:
                    _refuse_existing(path)
                partial.replace(path)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        _sync_folder(path)


def _open_partial(partial: Path) -> int:
    """Create the file, or open one that was left behind, unless someone else prepared it."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileExistsError):
        return os.open(partial, flags | os.O_CREAT | os.O_EXCL, 0o600)
    descriptor = os.open(partial, flags | os.O_NONBLOCK)
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid() or found.st_nlink > 1:
        os.close(descriptor)
        raise BackupRefused(f"{partial} belongs to someone else. Remove it, and try again.")
    return descriptor


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise BackupRefused(f"{path} already exists. Choose another name, or use --force.")


def _sync_folder(path: Path) -> None:
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _plain_errors(sentence: str) -> Iterator[None]:
    """Turn a failure of the disk or the database into a sentence, without data from a row."""
    try:
        yield
    except (OSError, DatabaseError) as error:
        text = str(error.__cause__ or error).lower()
        if getattr(error, "errno", None) in _NO_SPACE or "full" in text or "no space" in text:
            raise BackupRefused(f"{sentence}: there isn't enough space on the disk.") from error
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise BackupRefused(f"{sentence} ({reason}).") from error


# The keys, with --with-keys.


def _locked_keys(passphrase: str) -> str:
    salt = os.urandom(16)
    keys = {
        "SECRET_KEY": settings.SECRET_KEY,
        "TRIAGE_HASH_KEY": settings.TRIAGE_HASH_KEY,
        "TRIAGE_DATA_KEYS": ",".join(settings.TRIAGE_DATA_KEYS),
    }
    locked = _lock(passphrase, salt).encrypt(json.dumps(keys).encode())
    return json.dumps({"salt": salt.hex(), "locked": locked.decode()})


def _lock(passphrase: str, salt: bytes) -> Fernet:
    derived = Scrypt(salt=salt, **_SCRYPT).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


# Reading a backup.


class Backup:
    """A backup with the bytes that were written. Its keys may be missing."""

    def __init__(self, file: IO[bytes]) -> None:
        self._digest, self._signature = _check_bytes(file)
        with _foreign_refused():
            self.archive = ZipFile(file)
            content = self._read(_MANIFEST)
            if content["format"] != FORMAT:
                raise BackupRefused(
                    f"The backup was made by Triage {_shown(content['version'])}, in a newer "
                    "format. Install that version to restore it."
                )
            tables = {name: Table(**table) for name, table in content.pop("tables").items()}
            self.manifest = Manifest(tables=tables, **content)

    def _read(self, name: str) -> Any:
        """Return a small member, whose size anyone may have chosen."""
        if self.archive.getinfo(name).file_size > _MOST_BYTES:
            raise BadZipFile
        return json.loads(self.archive.read(name))

    def keys(self, passphrase: str) -> Mapping[str, str]:
        """Return the variables with the keys."""
        if _KEYS not in self.archive.namelist():
            raise BackupRefused("The backup was made without --with-keys, so it contains no keys.")
        with _foreign_refused():
            stored = self._read(_KEYS)
            try:
                lock = _lock(passphrase, bytes.fromhex(stored["salt"]))
                keys: dict[str, str] = json.loads(lock.decrypt(stored["locked"].encode()))
            except InvalidToken as error:
                raise BackupRefused("The passphrase is wrong.") from error
            return keys

    @property
    def migrations(self) -> Migrations:
        """Return the migrations of the database that was backed up."""
        return frozenset((app, name) for app, name in self.manifest.migrations)

    def check(self, *, without_keys: bool = False) -> None:
        """Refuse what this site can't restore. `without_keys` accepts that a data key is lost."""
        own_hash_key = fingerprint(settings.TRIAGE_HASH_KEY)
        if self.manifest.hash_key != own_hash_key:
            raise BackupRefused(
                "The backup needs another TRIAGE_HASH_KEY (fingerprint "
                f"{_shown(self.manifest.hash_key)}) than this site has ({own_hash_key}). Set it in "
                "the environment or in .env. If it was never set, set it to the SECRET_KEY of "
                "that time."
            )
        if not hmac.compare_digest(self._signature, _signature(self._digest)):
            raise BackupRefused(
                "The file was changed by someone without TRIAGE_HASH_KEY. Use another backup."
            )
        loader = MigrationLoader(None)
        unknown = sorted(key for key in self.migrations if key not in loader.disk_migrations)
        if unknown:
            name = ".".join(unknown[0])
            raise BackupRefused(
                f"The backup was made by Triage {self.manifest.version}, which is newer than this "
                f"one ({settings.TRIAGE_VERSION} has no migration {name}). Install that version."
            )
        own = {fingerprint(key) for key in settings.TRIAGE_DATA_KEYS}
        missing = {key: n for key, n in self.manifest.data_keys.items() if key not in own}
        if missing and not without_keys:
            named = " and ".join(f"{key} ({counted(n, 'value')})" for key, n in missing.items())
            raise BackupRefused(
                f"TRIAGE_DATA_KEYS lacks the key with the fingerprint {named}. It now has "
                f"{', '.join(sorted(own))}. Add the missing key to the end, in the environment or "
                "in .env. If it is lost, use --without-lost-keys: its data will stay unreadable."
            )


_FOREIGN = (
    *(BadZipFile, zlib.error, struct.error, EOFError, RuntimeError),
    *(ValueError, TypeError, LookupError, AttributeError),
)


@contextmanager
def _foreign_refused() -> Iterator[None]:
    """Refuse what only someone else's file can have, before its signature is checked."""
    try:
        yield
    except _FOREIGN as error:
        raise BackupRefused("The file isn't a Triage backup.") from error


def _shown(text: object) -> str:
    """Return the start of an untrusted text, safe to show in a terminal."""
    return "".join(filter(str.isprintable, str(text)[:40]))


def _check_bytes(file: IO[bytes]) -> tuple[str, str]:
    """Return the digest of all bytes but the last, and the signature in these."""
    size = file.seek(0, os.SEEK_END) - _SEAL_LENGTH
    file.seek(max(size, 0))
    seal = _SEAL.fullmatch(file.read())
    if seal is None:
        raise BackupRefused("The file isn't a Triage backup, or its end is missing.")
    file.seek(0)
    digest = hashlib.sha256()
    while size and (chunk := file.read(min(size, 1 << 20))):
        digest.update(chunk)
        size -= len(chunk)
    if digest.hexdigest() != seal[1].decode():
        raise BackupRefused("The file is damaged: its content has changed. Use another copy.")
    return digest.hexdigest(), seal[2].decode()


# Restoring.


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `broken` says what is wrong with the audit trail, if anything is."""

    unreadable: int
    audit_end: str
    broken: str


def restore(backup: Backup, actor: Actor) -> Restored:
    """Load the backup into the empty database. If anything fails, the database stays as it was."""
    end = parse_position(backup.manifest.audit_end)
    place = _new_sqlite_file if connection.vendor == "sqlite" else _postgresql_transaction
    with _plain_errors("Nothing was restored"), _for_owner_only(), place():
        loader = _prepare(backup.migrations)
        models = _models(loader, backup.migrations)
        with connection.constraint_checks_disabled(), transaction.atomic():
            for model in models:
                table = _quoted(model._meta.db_table)
                _execute(f"DELETE FROM {table}")  # noqa: S608 - what migrations wrote
            kept = [model for model in models if model._meta.db_table not in LEFT_OUT]
            unreadable = sum(_load_table(backup, model) for model in kept)
            _set_numbers(models, backup.manifest.tables)
        connection.check_constraints()
        call_command("migrate", verbosity=0, interactive=False)
        _set_numbers(apps.get_models(include_auto_created=True), backup.manifest.tables)
        record(
            Action.RESTORED,
            actor,
            detail={
                "made": backup.manifest.made_at,
                "version": backup.manifest.version,
                "end": end.sequence,
            },
        )
        verified = verify_trail(end)
    return Restored(unreadable, str(verified.end), verified.broken)


def _execute(statement: str, parameters: Sequence[str | int] = ()) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone() if cursor.description else None


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _check_empty() -> None:
    """Refuse a site that has anything to lose."""
    tables = set(connection.introspection.table_names())
    found = []
    for table, names in _IN_USE.items():
        if table in tables:
            [count] = _execute(f"SELECT COUNT(*) FROM {_quoted(table)}")  # noqa: S608 - our names
            found += [counted(count, *names)] if count else []
    if found:
        raise BackupRefused(
            f"This site isn't empty: it has {' and '.join(found)}. Restore into a new database "
            "(DATABASE_URL), which keeps this one as it is."
        )


@contextmanager
def _for_owner_only() -> Iterator[None]:
    """Let no one else read new files. A file that replaces another then gets its mode."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _new_sqlite_file() -> Iterator[None]:
    """Work in a new file, which replaces the database when everything in it is right."""
    final = Path(str(connection.settings_dict["NAME"]))
    new = final.with_name(f"{final.name}.restoring")
    files = [new.with_name(new.name + end) for end in ("", "-wal", "-shm", "-journal")]
    with _only_restore(final.parent):
        _check_empty()
        connection.close()
        _close_sqlite_log(final)
        for file in files:
            file.unlink(missing_ok=True)
        connection.settings_dict["NAME"] = new
        try:
            copyfile(final, new)
            _execute("PRAGMA synchronous=OFF")  # the file is flushed at the end
            yield
            connection.close()
            _close_sqlite_log(new)
            _take_place(new, final)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = final
            for file in files:
                file.unlink(missing_ok=True)


@contextmanager
def _only_restore(folder: Path) -> Iterator[None]:
    """Keep other restores out of the folder until this one ends, or is killed."""
    locked = os.open(folder, os.O_RDONLY)
    try:
        if not locks.lock(locked, locks.LOCK_EX | locks.LOCK_NB):
            raise BackupRefused(f"Another restore is running in {folder}. Wait until it ends.")
        yield
    finally:
        os.close(locked)


def _take_place(new: Path, final: Path) -> None:
    before = final.stat()
    new.chmod(before.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(new, before.st_uid, before.st_gid)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    _close_sqlite_log(final)
    new.replace(final)
    _sync_folder(final)


def _close_sqlite_log(file: Path) -> None:
    """Write SQLite's log to the file, and delete it. That works only if no one uses the file."""
    database = sqlite3.connect(file, timeout=1, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise BackupRefused(_STOP.format("another process uses the database")) from error
    finally:
        database.close()


_STOP = "The site or a worker is running: {}. Stop all of them, and run this again."


@contextmanager
def _postgresql_transaction() -> Iterator[None]:
    """Work in one transaction, with no one else in the database."""
    _check_empty()
    [others] = _execute(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND usename = current_user AND pid <> pg_backend_pid()"
    )
    if others:
        used = f"{counted(others, 'connection')} to the database {'are' if others > 1 else 'is'}"
        raise BackupRefused(_STOP.format(f"{used} open"))
    with transaction.atomic():
        yield


def _prepare(migrations: Migrations) -> MigrationLoader:
    """Give the empty database the tables that it had when the backup was made."""
    executor = MigrationExecutor(connection)
    if executor.loader.applied_migrations and _applied(executor.loader) != migrations:
        _drop_tables(executor.loader)
        executor = MigrationExecutor(connection)
    every = executor.migration_plan(executor.loader.graph.leaf_nodes())
    plan = [step for step in every if (step[0].app_label, step[0].name) in migrations]
    executor.migrate(None, plan)
    return MigrationLoader(connection)


def _drop_tables(loader: MigrationLoader) -> None:
    """Remove tables of another version: they have no rows, and few migrations can be undone."""
    if connection.vendor == "sqlite":
        connection.close()
        Path(str(connection.settings_dict["NAME"])).unlink()
        return
    models = _models(loader, frozenset(loader.graph.nodes))
    names = {model._meta.db_table for model in models} | {"django_migrations"}
    for table in names.intersection(connection.introspection.table_names()):
        _execute(f"DROP TABLE {_quoted(table)} CASCADE")


def _load_table(backup: Backup, model: type[Model]) -> int:
    """Insert the rows of a table, and return how many encrypted values no key opens."""
    table, fields = model._meta.db_table, _fields(model)
    expected = backup.manifest.tables.get(table)
    columns = _columns(model)
    if expected is None or expected.columns != columns:
        raise BackupRefused(
            f"The backup has different columns in {table} than this version of Triage."
        )
    converted = [(at, one) for at, one in enumerate(fields) if _kind(one) in _CONVERTED]
    rows = unreadable = 0
    with BufferedReader(backup.archive.open(_member(table)), _BUFFER) as lines:  # type: ignore[type-var]  # has readinto()
        while batch := [json.loads(line) for line in islice(lines, _BATCH)]:
            for row in batch:
                for at, one in converted:
                    value = one.to_python(row[at])
                    sealed = _sealed_values(model, columns[at], value)
                    unreadable += sum(key_of(part) is None for part in sealed)
                    row[at] = (  # without what Django sets when it saves a row
                        connection.ops.adapt_json_value(value, one.encoder)
                        if isinstance(one, JSONField)
                        else one.get_db_prep_save(value, connection)
                    )
            where = f"rows {rows + 1} to {rows + len(batch)} of {table} can't be stored"
            with _plain_errors(f"Nothing was restored: {where} in this database"):
                _insert(table, columns, batch)
            rows += len(batch)
    if rows != expected.rows:
        raise BackupRefused(
            f"The backup has {counted(rows, 'row')} of {table} instead of {expected.rows}."
        )
    return unreadable


def _insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    into = f"{_quoted(table)} ({', '.join(map(_quoted, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            signs = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {into} VALUES ({signs})", rows)  # noqa: S608 - our names
            return
        with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


# Others are the same in JSON, Python, and both databases.
_CONVERTED = frozenset(
    (
        *("BinaryField", "JSONField", "UUIDField", "DecimalField", "DurationField"),
        *("DateField", "DateTimeField", "TimeField"),
    )
)


def _kind(one: "Field[Any, Any]") -> str:
    while one.is_relation:
        one = one.target_field  # type: ignore[attr-defined]  # a foreign key has one
    return one.get_internal_type()


# The numbers of rows, which are never used twice: the audit trail names people by them.


def _counter(model: type[Model]) -> str:
    """Return the column that the database numbers; empty if there is none."""
    key = model._meta.pk
    return str(key.column) if isinstance(key, AutoField | BigAutoField) else ""


def _highest_number(model: type[Model]) -> int:
    table, column = model._meta.db_table, _counter(model)
    if not column:
        return 0
    if connection.vendor == "sqlite":
        row = _execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
    else:
        [sequence] = _execute("SELECT pg_get_serial_sequence(%s, %s)", [_quoted(table), column])
        row = _execute(f"SELECT last_value - (NOT is_called)::int FROM {sequence}")  # noqa: S608
    return int(row[0]) if row else 0


def _set_numbers(models: Collection[type[Model]], tables: Mapping[str, Table]) -> None:
    """Let new rows get higher numbers than any row ever had."""
    for model in models:
        table, column = model._meta.db_table, _counter(model)
        if not column or table not in tables:
            continue
        [last] = _execute(f"SELECT MAX({_quoted(column)}) FROM {_quoted(table)}")  # noqa: S608
        number = max(last or 0, tables[table].highest, _highest_number(model))
        if connection.vendor == "sqlite":
            _execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            _execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])
        elif number:
            [sequence] = _execute("SELECT pg_get_serial_sequence(%s, %s)", [_quoted(table), column])
            _execute("SELECT setval(%s, %s)", [sequence, number])
