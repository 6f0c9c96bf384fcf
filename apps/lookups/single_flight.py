"""Many ask the same, one goes out: a lock in the cache, and the others wait for its answer."""

import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")

LEASE_S = 30
PATIENCE_S = 26.0
_POLL_S = 0.05


def share(key: str, *, ready: Callable[[], T | None], work: Callable[[], T]) -> T:
    """What `ready` finds, else what `work` makes, done by one caller at a time for a key.

    A cache that is down answers None to `add`: then everyone works for themselves, which is
    dear but right. So is working without the lock after 26 s of waiting.
    """
    lock, mine = f"{key}/lock", uuid.uuid4().hex
    give_up = time.monotonic() + PATIENCE_S
    while True:
        found = ready()
        if found is not None:
            return found
        taken = cache.add(lock, mine, LEASE_S)
        if taken is not False or time.monotonic() > give_up:
            break
        time.sleep(_POLL_S)
    try:
        found = ready()
        return found if found is not None else work()
    finally:
        if cache.get(lock) == mine:
            cache.delete(lock)
