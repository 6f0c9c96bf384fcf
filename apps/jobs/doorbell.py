"""The doorbell: huey's storage, which wakes the workers of `manage.py run_huey`, and has no data.

It is Redis, or a file next to the database. While it can't be used, workers look for work every
second.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from huey.storage import BaseStorage, RedisStorage, SqliteStorage
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.redis_cache import redis_pool
from apps.redis_outage import is_redis_lost, outage

FAILURES = (RedisError, sqlite3.Error, OSError)
_RING = b"look"
_PATIENCE_S = 0.25
_log = logging.getLogger(__name__)


class _RedisDoorbell(RedisStorage):  # type: ignore[misc]  # huey has no types
    """A list in Redis. Adding to it gives up soon, because a person may be waiting."""

    def __init__(self, name: str, url: str) -> None:
        options: dict[str, Any] = {
            "socket_connect_timeout": _PATIENCE_S,
            "retry": Retry(NoBackoff(), 0),
        }
        pool = redis_pool(url, socket_timeout=_PATIENCE_S, **options)
        super().__init__(name, connection_pool=pool)
        self._listener = Redis(connection_pool=redis_pool(url, socket_timeout=5, **options))

    def dequeue(self) -> bytes | None:
        item: Any = self._listener.brpop([self.queue_key], timeout=1)
        return item[1] if item else None


class _FileDoorbell(SqliteStorage):  # type: ignore[misc]  # huey has no types
    """A file that is created when it is first needed, and again if it is deleted or damaged."""

    def __init__(self, name: str, file: Path) -> None:
        self._file = file
        self._inode = 0
        self._conn: sqlite3.Connection | None = None
        super().__init__(name, str(file), timeout=_PATIENCE_S, create_tables=False)

    @property
    def conn(self) -> sqlite3.Connection:
        """Return the connection to the file that others use now."""
        if self._conn and not (self._file.exists() and self._file.stat().st_ino == self._inode):
            self._conn.close()
            self._conn = None
        connection: sqlite3.Connection = super().conn
        return connection

    def _create_connection(self) -> sqlite3.Connection:
        self._file.parent.mkdir(0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError, PermissionError):
            os.mknod(self._file, 0o600)  # opening and closing it would end others' locks
        connection: sqlite3.Connection = super()._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        self._inode = self._file.stat().st_ino
        return connection

    @contextmanager
    def db(self, commit: bool = False, close: bool = False) -> Iterator[sqlite3.Cursor]:
        """Yield a cursor. A damaged file is deleted: it has no data."""
        try:
            with super().db(commit, close) as cursor:
                yield cursor
        except sqlite3.OperationalError:  # such as a full disk
            raise
        except sqlite3.DatabaseError:
            self.close()
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            raise


@cache
def storage() -> BaseStorage:
    """Return the storage that all processes of the site share."""
    if settings.REDIS_URL:
        return _RedisDoorbell("triage", settings.REDIS_URL)
    return _FileDoorbell("triage", Path(settings.TRIAGE_QUEUE_FILE))


def press() -> None:
    """Wake a worker, without failing or waiting long."""
    if settings.REDIS_URL and is_redis_lost():
        return
    try:
        storage().enqueue(_RING)
    except FAILURES as error:
        if settings.REDIS_URL:
            outage.begin()
        _log.warning("No worker could be woken (%s).", type(error).__name__)
