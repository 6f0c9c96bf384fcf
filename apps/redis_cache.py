"""The Redis fallback: a cache that uses the process's memory while Redis is lost, without raising.

After a failure, Redis is skipped for ten seconds, because each call to a frozen server would take
its whole timeout. What the process stored in the meantime is dropped once Redis is back.
"""

import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted
from django_redis.pool import ConnectionFactory
from redis import ConnectionPool
from redis.connection import SSLConnection, parse_url
from redis.exceptions import RedisError
from redis.sentinel import Sentinel, SentinelConnectionPool

from apps.redis_outage import SENTINELS, is_redis_lost, outage

_FAILURES = (ConnectionInterrupted, RedisError, OSError)
_log = logging.getLogger(__name__)


def redis_pool(url: str, **options: Any) -> ConnectionPool:
    """Return connections to the server at the URL, or to the master that its sentinels name."""
    sentinels = SENTINELS.fullmatch(url)
    if sentinels is None:
        return ConnectionPool.from_url(url, **options)
    scheme, user, hosts, master, rest = sentinels.groups()
    options |= parse_url(f"{scheme}://{user or ''}sentinel/{rest}")  # type: ignore[no-untyped-call]
    own = {
        name: options.pop(f"sentinel_{name}")
        for name in ("username", "password")
        if f"sentinel_{name}" in options
    }
    del options["host"]
    secure = options.pop("connection_class", None) is SSLConnection
    same = {name: options[name] for name in options if name.startswith(("socket_", "ssl_"))}
    addresses = [urlsplit(f"//{host}") for host in hosts.split(",")]
    manager = Sentinel(  # type: ignore[no-untyped-call]
        [(one.hostname, one.port or 26379) for one in addresses],
        sentinel_kwargs={**same, **own, "ssl": secure},
    )
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        master, manager, ssl=secure, **options
    )


class Pools(ConnectionFactory):  # type: ignore[misc]
    """The connections of the cache."""

    def get_connection_pool(self, params: dict[str, Any]) -> ConnectionPool:
        """Return new connections with these parameters, one of which is the URL."""
        return redis_pool(**params)


class FallbackRedisCache(RedisCache):  # type: ignore[misc]
    """Redis, or the process's memory while Redis is lost."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._memory = LocMemCache(f"memory of {server}", params)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._call("add", *args, **kwargs))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or the default if it is missing or not JSON."""
        try:
            return self._call("get", key, default, version)
        except ValueError:  # written by another program
            return default

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        try:
            return dict(self._call("get_many", list(keys), version))
        except ValueError:  # written by another program
            return {}

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._call("set", *args, **kwargs)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._call("incr", key, delta, version))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._call("delete", *args, **kwargs))

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if not is_redis_lost():
            try:
                result = getattr(self.client, method)(*args, **kwargs)
            except _FAILURES as error:
                if not outage.used_memory:
                    cause = type(error.__cause__ or error).__name__
                    _log.warning("Redis failed (%s). Using this process's memory for now.", cause)
                outage.begin()
            else:
                if outage.used_memory:
                    outage.used_memory = False
                    self._memory.clear()
                return result
        outage.used_memory = True
        return getattr(self._memory, method)(*args, **kwargs)
