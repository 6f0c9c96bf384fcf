"""Whether Redis is currently lost, and counters in the cache."""

import time
from dataclasses import dataclass

from django.core.cache.backends.base import BaseCache
from django.utils.connection import ConnectionProxy

PAUSE_S = 10.0
# Processes notice a loss at their next call, and a return up to a pause later.
_NOTICED_S = 1.0


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
