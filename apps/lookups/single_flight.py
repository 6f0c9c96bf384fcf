"""Query Sentry once for all lookups of the same question: lease, progress, cancellation, failures.

The worker renews its lease while it runs, so the loss of a worker is noticed within seconds.
While the shared cache is lost, leases are in the database and not renewed; progress, cancellation,
and failures then stay in their process.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread
from typing import TypeVar

from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.utils import timezone

from apps.events.answer import Progress
from apps.lookups import cache, problems, store
from apps.lookups.models import Lease, Lookup
from apps.lookups.problems import LookupCancelled
from apps.redis_outage import is_loss_new
from apps.sentry import errors
from apps.sentry.client import SentryClient
from apps.sentry.errors import SentryCrowded, SentryError, SentryRateLimited, SentryResting

T = TypeVar("T")

LEASE_S = 3.0
PATIENCE_S = 26.0
_RENEW_S = 0.3
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.03, 0.3


def is_leased(key: str) -> bool:
    """Return whether a process is working on this key."""
    if cache.get(f"{key}/lease") is not None:
        return True
    return not cache.is_settled() and _in_database(key).exists()


def run_once(
    key: str,
    *,
    ready: Callable[[], T | None],
    work: Callable[[], T],
    should_continue: Callable[[], bool] = lambda: True,
) -> T:
    """Return what `ready` finds, else the result of `work`, run by one caller per key at a time.

    Raise `SentryCrowded` after 26 s of waiting. `should_continue` is called three times a second
    from another thread; once it returns False, the lease is given up.
    """
    lease, pause_s = _Lease(key), _FIRST_PAUSE_S
    give_up = time.monotonic() + PATIENCE_S
    while True:
        found = ready()
        if found is not None:
            return found
        if lease.take():
            break
        if time.monotonic() > give_up:
            raise SentryCrowded("Another query for the same result is taking too long.")
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
    with _renewed(lease, should_continue):
        found = ready()
        return found if found is not None else work()


def _in_database(key: str) -> QuerySet[Lease]:
    return Lease.objects.filter(cache_key=key, until__gt=timezone.now())


class _Lease:
    """One caller's lease, which it may not hold yet."""

    def __init__(self, key: str) -> None:
        self._key, self._name = key, f"{key}/lease"
        self._token = uuid.uuid4().hex
        self._renewed_at = 0.0
        self._is_in_database: bool | None = None  # None: not tried

    def take(self) -> bool:
        """Take the lease if it is free, and return whether it was."""
        if not self._renew_in_cache():
            return False
        if cache.is_settled() or (not is_loss_new() and self._add_to_database()):
            return True
        cache.delete_if_equal(self._name, self._token)
        return False

    def renew(self) -> None:
        """Renew the lease, in the database once the cache is lost."""
        self._renew_in_cache()
        if self._is_in_database is None and not cache.is_settled():
            with suppress(DatabaseError):
                self._add_to_database()
            connection.close()

    def release(self) -> None:
        """Give the lease up, unless another caller has it by now."""
        cache.delete_if_equal(self._name, self._token)
        if self._is_in_database:
            with suppress(DatabaseError):
                _in_database(self._key).filter(token=self._token).delete()

    def _renew_in_cache(self) -> bool:
        now = time.monotonic()
        if now - self._renewed_at < LEASE_S:
            cache.put(self._name, self._token, LEASE_S)
        elif not cache.add(self._name, self._token, LEASE_S):
            return False  # after a long pause, another process may hold it
        self._renewed_at = now
        return True

    def _add_to_database(self) -> bool:
        now = timezone.now()
        Lease.objects.filter(cache_key=self._key, until__lte=now).delete()
        values = {"token": self._token, "until": now + timedelta(seconds=PATIENCE_S)}
        _row, self._is_in_database = Lease.objects.get_or_create(
            cache_key=self._key, defaults=values
        )
        return self._is_in_database


@contextmanager
def _renewed(lease: _Lease, should_continue: Callable[[], bool]) -> Iterator[None]:
    """Renew the lease from a thread until the work is done or given up."""
    done = Event()

    def renew() -> None:
        while not done.wait(_RENEW_S):
            lease.renew()
            if not should_continue():
                lease.release()
                return

    thread = Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        lease.release()


# Progress and cancellation, for every process through the shared cache. Calls to the cache are
# few: each can meet a busy moment and be mistaken for the loss of the cache.

_PUBLISH_EVERY_S = 0.1
_PROGRESS_TTL_S = 10.0
_CANCEL_TTL_S = 120.0
_PROGRESS = cache.JsonForm(Progress)


class LookupMonitor:
    """Publishes the progress of a running lookup and stops it when it is canceled."""

    def __init__(self, lookup: Lookup) -> None:
        self._cancel_key = f"cancelled/{lookup.uuid}"
        self._key = store.progress_key(lookup.cache_key)
        self._client: SentryClient | None = None
        self._is_cancelled = False

    def should_continue(self) -> bool:
        """Return False, and hang up the client, once the lookup was canceled."""
        if cache.get(self._cancel_key) is None:
            return True
        self._is_cancelled = True
        if self._client is not None:
            self._client.abort()
        return False

    @contextmanager
    def watch(self, client: SentryClient) -> Iterator[None]:
        """Publish the client's progress. Raise `LookupCancelled` if it was canceled meanwhile.

        A client that was hung up may still return an answer made of what it had read by then.
        """
        if self._is_cancelled:
            raise LookupCancelled
        self._client, over = client, Event()
        cache.delete(self._key)
        Thread(target=self._publish, args=(client, over), name="progress", daemon=True).start()
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

    def _publish(self, client: SentryClient, over: Event) -> None:
        """Publish progress from a separate thread, so that neither answer nor lease waits for it.

        The last value outlives the query: the answer is redacted and stored in that time.
        """
        is_over, last, published_at = False, b"", 0.0
        while not is_over:
            is_over = over.wait(_PUBLISH_EVERY_S)
            value = _PROGRESS.dump_json(client.progress_tracker.snapshot())
            if value != last or time.monotonic() - published_at > _PROGRESS_TTL_S / 3:
                cache.put_sealed_bytes(self._key, value, _PROGRESS_TTL_S)
                last, published_at = value, time.monotonic()


def read_progress(lookup: Lookup) -> Progress | None:
    """Return the progress of the query for this question, no matter which process runs it."""
    return _PROGRESS.read(cache.get_sealed_bytes(store.progress_key(lookup.cache_key)))


def request_cancel(lookup: Lookup) -> None:
    """Ask the process that works on this lookup, if any, to stop."""
    cache.put(f"cancelled/{lookup.uuid}", 1, _CANCEL_TTL_S)


# Failures, shared with the callers that waited for the same answer instead of repeated by them.

_FAILURE_TTL_S = 10


def note_failure(key: str, error: SentryError) -> None:
    """Store the failure for those who wait under this key."""
    wait = error.retry_after if isinstance(error, SentryRateLimited | SentryResting) else 0.0
    value = [problems.class_name(error), error.message, error.detail, wait, time.time()]
    cache.put_sealed(f"{key}/failure", value, _FAILURE_TTL_S)


def failure_since(key: str, start: float) -> SentryError | None:
    """Return the failure stored under this key since `start` (epoch seconds), ready to raise."""
    value = cache.get_sealed(f"{key}/failure")
    if not isinstance(value, list) or len(value) != 5 or value[4] < start:
        return None
    name, message, detail, wait, _when = value
    if name not in problems.OF_SENTRY:  # another version's
        return None
    kind: type[SentryError] = getattr(errors, name)
    if issubclass(kind, SentryRateLimited | SentryResting):
        return kind(message, retry_after=wait, detail=detail)
    return kind(message, detail=detail)
