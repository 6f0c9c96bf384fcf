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
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from apps.events.answer import Progress
from apps.lookups import cache, store
from apps.lookups.models import Lookup
from apps.lookups.problems import LookupCancelled, known_errors
from apps.sentry import SentryClient, SentryError, SentryRateLimited, SentryResting

T = TypeVar("T")

LEASE_S = 1.0
PATIENCE_S = 26.0
_RENEW_S = 0.1
_POLL_S = 0.03


def is_leased(key: str) -> bool:
    """Whether somebody is at work for this key, in whichever process."""
    return cache.get(_lease_of(key)) is not None


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
        taken = cache.add(lease, mine, LEASE_S)
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
            cache.put(lease, mine, LEASE_S)
            if not goes_on():
                cache.delete_if_equal(lease, mine)
                return

    thread = Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        cache.delete_if_equal(lease, mine)


# An asking as others see it: how far it is, for every process, and whether it shall end.
#
# Both go through the shared cache.

# Few calls to the cache: each can meet a busy moment and be taken for its loss.
_TELL_S = 0.1
_LOOK_EVERY = 3
_PROGRESS_KEPT_S = 10.0
_CANCELLED_FOR_S = 120.0
_PROGRESS = TypeAdapter(Progress)


class Watch:
    """One asking under way."""

    def __init__(self, lookup: Lookup) -> None:
        self._uuid: UUID = lookup.uuid
        self._key = store.progress_key(lookup.cache_key)
        self._client: SentryClient | None = None
        self._is_cancelled = False
        self._beats = 0

    def goes_on(self) -> bool:
        """Whether it shall go on; once it was cancelled, hang up and say no."""
        self._beats += 1
        if self._beats % _LOOK_EVERY or cache.get(_cancel_key(self._uuid)) is None:
            return True
        self._is_cancelled = True
        if self._client is not None:
            self._client.hang_up()
        return False

    @contextmanager
    def following(self, client: SentryClient) -> Iterator[None]:
        """Tell of this client's answer. Raises `LookupCancelled` when it was cancelled meanwhile.

        A client that was hung up on may still have made an answer of what it had read by then.
        """
        self._client, over = client, Event()
        cache.delete(self._key)
        Thread(target=self._tell, args=(client, over), name="progress", daemon=True).start()
        try:
            yield
        except SentryError as error:
            if self._is_cancelled:
                raise LookupCancelled from error
            raise
        finally:
            self._client = None
            over.set()
        if self._is_cancelled:
            raise LookupCancelled

    def _tell(self, client: SentryClient, over: Event) -> None:
        """Tell how far it is, from a thread of its own: neither answer nor lease wait for words.

        The last word stands for a while after, in which the answer is redacted and kept.
        """
        is_over, last, told_at = False, b"", 0.0
        while not is_over:
            is_over = over.wait(_TELL_S)
            value = _PROGRESS.dump_json(client.course.progress())
            if value != last or time.monotonic() - told_at > _PROGRESS_KEPT_S / 3:
                cache.put_sealed_bytes(self._key, value, _PROGRESS_KEPT_S)
                last, told_at = value, time.monotonic()


def progress_of(lookup: Lookup) -> Progress | None:
    """How far the asking of this question is, whoever asks it; None when nobody tells."""
    content = cache.get_sealed_bytes(store.progress_key(lookup.cache_key))
    try:
        return None if content is None else _PROGRESS.validate_json(content)
    except ValidationError:
        return None


def tell_to_stop(lookup: Lookup) -> None:
    """Let whoever asks for this lookup stop, in whichever process."""
    cache.put(_cancel_key(lookup.uuid), 1, _CANCELLED_FOR_S)


def _cancel_key(uuid: UUID) -> str:
    return f"cancelled/{uuid}"


# A failure that the others who waited for the same answer share, instead of repeating it.

_FAILURE_KEPT_S = 10


def note(key: str, error: SentryError) -> None:
    """Tell those who wait under this key that the asking failed, and how."""
    wait = error.retry_after if isinstance(error, SentryRateLimited | SentryResting) else 0.0
    known = known_errors()
    name = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in known), "")
    value = [name, error.message, error.detail, wait, time.time()]
    cache.put_sealed(f"{key}/failure", value, _FAILURE_KEPT_S)


def since(key: str, moment: float) -> SentryError | None:
    """The failure noted under this key after that moment (epoch seconds), as an error to raise."""
    value = cache.get_sealed(f"{key}/failure")
    if not isinstance(value, list) or len(value) != 5 or value[4] < moment:
        return None
    name, message, detail, wait, _when = value
    kind = known_errors().get(name)
    if kind is not None and issubclass(kind, SentryRateLimited | SentryResting):
        return kind(message, retry_after=wait, detail=detail)
    return kind(message, detail=detail) if kind else None
