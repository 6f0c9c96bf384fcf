"""Run lookups in the background, report their state, and cancel them.

Each process has a limited pool, and more lookups wait in its queue. A question that another
process works on takes no place in the pool. When a process dies, the leases of its lookups expire
and the next poll starts them again.
"""

import logging
import time
import traceback
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock

from django.db import connections
from django.utils import timezone

from apps.events.answer import Progress
from apps.lookups import cache, problems
from apps.lookups.models import Lookup, LookupState, Outcome
from apps.lookups.records import LOOKUPS
from apps.lookups.services import LookupResult, answer_lookup, stale_answer
from apps.lookups.single_flight import is_leased, read_progress, request_cancel

# Queries in the background.

MAX_CONCURRENT = 8
MAX_CONCURRENT_PER_PERSON = 3

_POLL_S = 0.03
_END_TTL_S = 30.0
_WAITING_TTL_S = 120.0

_PROBLEM = cache.JsonForm(problems.Problem)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    """A query of this process for lookups of the same question; without a future, it waits."""

    lookup: Lookup
    future: Future[LookupResult] | None = None


class _BackgroundPool:
    """The queries of this process by cache key, oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._jobs: dict[str, _Job] = {}

    def future_for(self, lookup: Lookup) -> Future[LookupResult] | None:
        """Return the lookup's own query, started if necessary; None while it has none."""
        with self._lock:
            job = self._jobs.get(lookup.cache_key)
            if job is None and not is_leased(lookup.cache_key):
                self._jobs[lookup.cache_key] = job = _Job(lookup)
                self._start_waiting()
            return job.future if job and job.lookup.uuid == lookup.uuid else None

    def is_queued(self, lookup: Lookup) -> bool:
        """Return whether the question waits for a thread of this process."""
        with self._lock:
            job = self._jobs.get(lookup.cache_key)
        return job is not None and job.future is None

    def _start_waiting(self) -> None:
        """Start the oldest queries for which there is room, in all and for their person."""
        if self._pool is None:  # not before the server has forked
            self._pool = ThreadPoolExecutor(MAX_CONCURRENT, thread_name_prefix="lookup")
        running = Counter(job.lookup.user_id for job in self._jobs.values() if job.future)
        for key, job in self._jobs.items():
            person = job.lookup.user_id
            has_room = running.total() < MAX_CONCURRENT
            if job.future is None and has_room and running[person] < MAX_CONCURRENT_PER_PERSON:
                running[person] += 1
                job.future = self._pool.submit(self._run, job.lookup.pk, key)

    def _run(self, pk: int, cache_key: str) -> LookupResult:
        try:
            return _answer(Lookup.objects.get(pk=pk))
        finally:
            connections.close_all()
            with self._lock:
                del self._jobs[cache_key]
                self._start_waiting()


_pool = _BackgroundPool()


def answer_soon(lookup: Lookup, patience_s: float) -> LookupResult | None:
    """Return the result if it arrives in time; else None, and the query continues.

    The end of a background query that stored nothing is reported once; the next call queries
    again. Raise `LookupFailed` and `LookupPurged`, as `answer_lookup` does.
    """
    known = known_result(lookup)
    if known is not None:
        return known
    _note_waiting(lookup)
    give_up = time.monotonic() + patience_s
    while (left := give_up - time.monotonic()) > 0:
        future = _pool.future_for(lookup)
        if future is None:
            time.sleep(min(_POLL_S, left))
            continue
        wait([future], left)
        if not future.done():
            return None
        _delete_end(lookup)
        return future.result()
    return None


def lookup_state(lookup: Lookup, patience_s: float) -> tuple[LookupState, Progress]:
    """Return state and progress of a lookup, after this many seconds or when it ends.

    Start the query if the state is unknown and nothing works on it.
    """
    state = _known_state(lookup)
    if state is None:
        _note_waiting(lookup)
        future = _pool.future_for(lookup)
        if future is not None:
            wait([future], patience_s)
            lookup.refresh_from_db()
            state = _known_state(lookup)
    is_running = is_leased(lookup.cache_key)  # else the stored progress is of an earlier query
    if state is None:
        is_waiting = not is_running and _pool.is_queued(lookup)
        state = LookupState.WAITING if is_waiting else LookupState.RUNNING
    return state, (read_progress(lookup) if is_running else None) or Progress()


def cancel_lookup(lookup: Lookup) -> None:
    """Stop a lookup in whichever process it runs, unless it has a result.

    Other lookups that wait for the same answer then query it themselves.
    """
    unanswered = Lookup.objects.filter(pk=lookup.pk, snapshot=None, purged_at=None)
    if unanswered.update(outcome=Outcome.CANCELLED, answered_at=timezone.now()):
        LOOKUPS.add(lookup.origin, Outcome.CANCELLED)
        request_cancel(lookup)
        _delete_end(lookup)


def _answer(lookup: Lookup) -> LookupResult:
    """Answer a lookup in the background, noting an end that stores nothing for those who wait."""
    waiting_since = cache.get(_waiting_key(lookup))
    waited_s = time.time() - waiting_since if isinstance(waiting_since, float) else 0.0
    try:
        result = answer_lookup(lookup, waited_s=max(waited_s, 0.0))
    except problems.LookupPurged:
        raise
    except problems.LookupFailed as failure:
        _note_end(lookup, LookupState.FAILED, failure.problem)
        raise
    except Exception as error:
        # Message and values can be a customer's: log only the type and the place.
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        _log.error("A lookup could not be answered: %s in %s", kind, f"{where.name}:{where.lineno}")
        if not problems.is_database_away(error):  # else the next call records the cached result
            _note_end(lookup, LookupState.FAILED, problems.BROKEN)
        raise
    if result.problem is not None:
        _note_end(lookup, LookupState.DONE, result.problem)
    return result


def _known_state(lookup: Lookup) -> LookupState | None:
    end = None if lookup.end else _read_end(lookup)
    return end[0] if end else lookup.end


def _note_waiting(lookup: Lookup) -> None:
    """Store since when this lookup waits: a failure after that is its failure too."""
    cache.add(_waiting_key(lookup), time.time(), _WAITING_TTL_S)


def _note_end(lookup: Lookup, state: LookupState, problem: problems.Problem) -> None:
    value = [state.value, _PROBLEM.dump_json(problem).decode()]
    cache.put_sealed(_end_key(lookup), value, _END_TTL_S)


def _read_end(lookup: Lookup) -> tuple[LookupState, problems.Problem] | None:
    """Return the noted end of a background query that stored nothing else."""
    value = cache.get_sealed(_end_key(lookup))
    if not isinstance(value, list) or len(value) != 2:
        return None
    try:
        return LookupState(value[0]), _PROBLEM.validate_json(value[1])
    except ValueError:  # another version's
        return None


def _delete_end(lookup: Lookup) -> None:
    cache.delete(_end_key(lookup))
    cache.delete(_waiting_key(lookup))


def known_result(lookup: Lookup) -> LookupResult | None:
    """Return a stored result or, once, the stale one that a query ended with; None if neither.

    Raise `LookupFailed` if that query failed, and as `answer_lookup` does.
    """
    if lookup.end:
        return answer_lookup(lookup)
    end = _read_end(lookup)
    if end is None:
        return None
    _delete_end(lookup)
    stale = stale_answer(lookup, end[1])
    if stale is None:
        raise problems.LookupFailed(end[1])
    return stale


def _end_key(lookup: Lookup) -> str:
    return f"ended/{lookup.uuid}"


def _waiting_key(lookup: Lookup) -> str:
    return f"waiting/{lookup.uuid}"
