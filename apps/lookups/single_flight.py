"""Many ask the same, one goes out: a lease in the shared cache, and the others wait.

The one who goes renews the lease while it works, so that a dead one is missed within half a
second. Without a cache everyone works for themselves: dear, but right.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

from apps.lookups import shared

T = TypeVar("T")

LEASE_S = 1.0
PATIENCE_S = 26.0
_RENEW_S = 0.1
_POLL_S = 0.03


def is_leased(key: str) -> bool:
    """Whether somebody is at work for this key, in whichever process."""
    return shared.get(_lease_of(key)) is not None


def share(
    key: str,
    *,
    ready: Callable[[], T | None],
    work: Callable[[], T],
    goes_on: Callable[[], bool] = lambda: True,
) -> T:
    """What `ready` finds, else what `work` makes, done by one caller at a time for a key.

    After 26 s of waiting the work is done without the lease. Ten times a second `goes_on` is asked
    from another thread; once it says no, the lease ends and others may go.
    """
    lease, mine = _lease_of(key), uuid.uuid4().hex
    give_up = time.monotonic() + PATIENCE_S
    while True:
        found = ready()
        if found is not None:
            return found
        taken = shared.add(lease, mine, LEASE_S)
        if taken is not False or time.monotonic() > give_up:
            break
        time.sleep(_POLL_S)
    with _renewed(lease, mine, goes_on):
        found = ready()
        return found if found is not None else work()


def _lease_of(key: str) -> str:
    return f"{key}/lease"


@contextmanager
def _renewed(lease: str, mine: str, goes_on: Callable[[], bool]) -> Iterator[None]:
    """Keep the lease alive from a thread of its own until the work is done or given up."""
    done = Event()

    def renew() -> None:
        while not done.wait(_RENEW_S):
            shared.put(lease, mine, LEASE_S)
            if not goes_on():
                shared.delete_if(lease, mine)
                return

    thread = Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        shared.delete_if(lease, mine)
