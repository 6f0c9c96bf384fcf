"""The doorbell: huey's storage, which wakes the workers of `manage.py run_huey`, and has no data.

It is Redis, or a file next to the database. While it can't be used, workers look for work every
second.
"""

import logging
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from huey.storage import BaseStorage, RedisStorage, SqliteStorage
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.cache_outage import is_redis_lost, outage

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
        pool = ConnectionPool.from_url(url, socket_timeout=_PATIENCE_S, **options)
        super().__init__(name, connection_pool=pool)
        self._listener = Redis.from_url(url, socket_timeout=5, **options)

    def dequeue(self) -> bytes | None:
        """Wait a second for the next ring."""
        item: Any = self._listener.brpop([self.queue_key], timeout=1)
        return item[1] if item else None


@cache
def storage() -> BaseStorage:
    """Return the storage that all processes of the site share."""
    if settings.REDIS_URL:
        return _RedisDoorbell("triagedemo" if settings.DEMO else "triage", settings.REDIS_URL)
    file = Path(settings.TRIAGE_QUEUE_FILE)
    file.parent.mkdir(parents=True, exist_ok=True)
    return SqliteStorage("triage", str(file), timeout=_PATIENCE_S)


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
