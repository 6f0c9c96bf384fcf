"""Whether Redis is lost, so that `redis_cache.py` falls back to memory. Also counters."""

import re
import time
from collections import Counter
from dataclasses import dataclass
from threading import Lock

from django.core.cache.backends.base import BaseCache
from django.utils.connection import ConnectionProxy

# Scheme, user, hosts, name of the master, and the rest, such as /0?sentinel_password=secret.
SENTINELS = re.compile(
    r"(rediss?)\+sentinel://([^/?#]*@)?([^@/?#]+)/([A-Za-z0-9._-]+)/?((?:\d*(?:\?.*)?)?)$"
)
PAUSE_S = 10.0
# Processes notice a loss at their next call, and a return up to a pause later.
_NOTICED_S = 2.0


@dataclass
class Outage:
    """One state for all threads of the process."""

    until: float = 0.0  # on the monotonic clock
    began: float = -PAUSE_S
    used_memory: bool = False

    def begin(self) -> None:
        """Leave Redis alone for a while."""
        now = time.monotonic()
        if now > self.until + PAUSE_S:
            self.began = now
        self.until = now + PAUSE_S


outage = Outage()


def is_redis_lost() -> bool:
    """Return whether Redis failed within the last ten seconds."""
    return time.monotonic() < outage.until


def is_loss_new() -> bool:
    """Return whether other processes may not know yet that Redis is lost."""
    return time.monotonic() < outage.began + _NOTICED_S


def is_return_new() -> bool:
    """Return whether Redis is lost, or other processes may not know yet that it is back."""
    return time.monotonic() < outage.until + PAUSE_S


def retry_redis() -> None:
    """Use Redis again at once, for example after it was replaced."""
    outage.until = 0.0


def increment(cache: "BaseCache | ConnectionProxy[BaseCache]", key: str, seconds: float) -> int:
    """Add one to a counter that expires after this many seconds, and return it."""
    cache.add(key, 0, seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # it expired in between
        return 1


# Things that anyone can repeat at will are counted, so that they need not be recorded each time.

MAX_KEYS = 1000


class PerMinute:
    """Counts of this process for the current minute, by key. Surplus keys count together."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._minute = 0

    def count(self, key: str) -> int:
        """Count one more, and return how many there were within the minute."""
        now = int(time.time() // 60)
        with self._lock:
            if now != self._minute:
                self._counts.clear()
                self._minute = now
            if key not in self._counts and len(self._counts) >= MAX_KEYS:
                key = "all the others"
            self._counts[key] += 1
            return self._counts[key]

    def clear(self) -> None:
        """Start over."""
        with self._lock:
            self._counts.clear()


def is_due(count: int, limit: int) -> bool:
    """Return whether to write this one: up to the limit, and then each power of ten."""
    return count <= limit or (count >= 10 and str(count).strip("0") == "1")
