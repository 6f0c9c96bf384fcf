"""Asking outside the request: begun in the background, waited for shortly, told of, cancelled.

Eight askings run in each process; more wait for their turn. Nobody takes one of these places only
to wait for somebody else's asking of the same question. A process that dies takes its askings with
it: the lease of each ends by itself, and the next one who looks begins anew.
"""

import logging
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from uuid import UUID

from django.db import connections
from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from apps.events.answer import Progress
from apps.lookups import sealed, shared
from apps.lookups.models import Lookup, Outcome
from apps.lookups.problems import BROKEN, LookupFailed, LookupPurged, Problem
from apps.lookups.services import LookupResult, answer_lookup, stale_answer
from apps.lookups.single_flight import is_leased
from apps.lookups.watching import progress_of, tell_to_stop
from apps.lookups.within_request import answer_now, has_ended

MOST_AT_ONCE = 8

_POLL_S = 0.03
_END_KEPT_S = 30.0
_WAITING_KEPT_S = 120.0

_PROBLEM = TypeAdapter(Problem)
_log = logging.getLogger(__name__)


class State(StrEnum):
    """Where a lookup stands. `LOST`: without a shared cache nobody can tell."""

    WAITING = "waiting"
    ASKING = "asking"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PURGED = "purged"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class _Job:
    """An asking of this process, for one lookup; others may have the same question."""

    lookup: UUID
    future: Future[LookupResult]


class _Office:
    """The askings of this process, by question."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._jobs: dict[str, _Job] = {}

    def job_for(self, lookup: Lookup) -> Future[LookupResult] | None:
        """The lookup's own asking, begun if need be; None while another has the question."""
        with self._lock:
            job = self._jobs.get(lookup.cache_key)
            if job is None and not is_leased(lookup.cache_key):
                job = self._begin(lookup)
            return job.future if job and job.lookup == lookup.uuid else None

    def is_queued(self, lookup: Lookup) -> bool:
        """Whether the question waits for a place in this process."""
        with self._lock:
            job = self._jobs.get(lookup.cache_key)
        return job is not None and not job.future.running()

    def _begin(self, lookup: Lookup) -> _Job:
        if self._pool is None:  # not before the server has forked
            self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="asking")
        future = self._pool.submit(self._run, lookup.pk, lookup.cache_key)
        self._jobs[lookup.cache_key] = job = _Job(lookup.uuid, future)
        return job

    def _run(self, pk: int, cache_key: str) -> LookupResult:
        try:
            return _answer(Lookup.objects.get(pk=pk))
        finally:
            connections.close_all()
            with self._lock:
                del self._jobs[cache_key]


_office = _Office()


def answer_soon(lookup: Lookup, patience_s: float) -> LookupResult | None:
    """The answer if it is there within so many seconds, else None: it is being asked for.

    How an asking in the background has ended is told here once; the next call asks anew. Raises
    `LookupFailed` and `LookupPurged`, as `answer_lookup` does.
    """
    ended = _take_end(lookup)
    if ended is not None:
        return ended
    if has_ended(lookup) or not shared.is_awake():
        return answer_now(lookup)
    _note_waiting(lookup)
    give_up = time.monotonic() + patience_s
    while (left := give_up - time.monotonic()) > 0:
        future = _office.job_for(lookup)
        if future is None:
            time.sleep(min(_POLL_S, left))
            continue
        _wait(future, left)
        if not future.done():
            return None
        _forget_end(lookup)
        return future.result()
    return None


def state_of(lookup: Lookup, patience_s: float) -> tuple[State, Progress]:
    """Where the lookup stands and how far it is, after so many seconds or when that changes.

    Begins the asking if nobody is at it and nothing is known.
    """
    known = _known_state(lookup)
    if known is None:
        _note_waiting(lookup)
        future = _office.job_for(lookup)
        if future is not None:
            _wait(future, patience_s)
            lookup.refresh_from_db()
            known = _known_state(lookup)
    is_asked = is_leased(lookup.cache_key)  # else what was told is of an asking that has ended
    if known is None:
        is_waiting = not is_asked and _office.is_queued(lookup)
        known = State.WAITING if is_waiting else State.ASKING
    return known, (progress_of(lookup) if is_asked else None) or Progress()


def cancel_lookup(lookup: Lookup) -> None:
    """Stop the asking for this lookup, wherever it runs. One that was answered stays answered.

    Others who wait for the same answer ask for it themselves.
    """
    unanswered = Lookup.objects.filter(pk=lookup.pk, snapshot=None, purged_at=None)
    if unanswered.update(outcome=Outcome.CANCELLED, answered_at=timezone.now()):
        tell_to_stop(lookup)
        _forget_end(lookup)


def _answer(lookup: Lookup) -> LookupResult:
    """The answer in the background; an end that nothing is kept of is noted for who waits."""
    waiting_since = shared.get(_waiting_key(lookup))
    waited_s = time.time() - waiting_since if isinstance(waiting_since, float) else 0.0
    try:
        result = answer_lookup(lookup, waited_s=max(waited_s, 0.0))
    except LookupPurged:
        raise
    except LookupFailed as failure:
        _note_end(lookup, State.FAILED, failure.problem)
        raise
    except Exception as error:
        # Its words and its values may be a customer's: the log gets what it was and where.
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        _log.error("A lookup could not be answered: %s in %s", kind, f"{where.name}:{where.lineno}")
        _note_end(lookup, State.FAILED, BROKEN)
        raise
    if result.problem is not None:
        _note_end(lookup, State.DONE, result.problem)
    return result


def _known_state(lookup: Lookup) -> State | None:
    """Where the lookup stands, if that is known without asking."""
    if lookup.is_removed:
        return State.PURGED
    if lookup.outcome == Outcome.CANCELLED:
        return State.CANCELLED
    if lookup.snapshot is not None:
        return State.DONE
    if not shared.is_awake():
        return State.LOST
    end = _end_of(lookup)
    return end[0] if end else None


def _wait(future: Future[LookupResult], patience_s: float) -> None:
    try:
        future.exception(timeout=patience_s)
    except FutureTimeout:
        return


def _note_waiting(lookup: Lookup) -> None:
    """Remember since when this lookup waits: a failure that comes later is its failure too."""
    shared.add(_waiting_key(lookup), time.time(), _WAITING_KEPT_S)


def _note_end(lookup: Lookup, state: State, problem: Problem) -> None:
    sealed.put(_end_key(lookup), [state.value, _PROBLEM.dump_json(problem).decode()], _END_KEPT_S)


def _end_of(lookup: Lookup) -> tuple[State, Problem] | None:
    """The end of an asking that nothing was kept of but this note."""
    value = sealed.get(_end_key(lookup))
    if not isinstance(value, list) or len(value) != 2 or has_ended(lookup):
        return None
    try:
        return State(value[0]), _PROBLEM.validate_json(value[1])
    except (ValidationError, ValueError):
        return None


def _forget_end(lookup: Lookup) -> None:
    shared.delete(_end_key(lookup))
    shared.delete(_waiting_key(lookup))


def _take_end(lookup: Lookup) -> LookupResult | None:
    """The stale answer with which an asking has ended. Raises `LookupFailed` where it failed."""
    end = _end_of(lookup)
    if end is None:
        return None
    _forget_end(lookup)
    _state, problem = end
    stale = stale_answer(lookup, problem)
    if stale is None:
        raise LookupFailed(problem)
    return stale


def _end_key(lookup: Lookup) -> str:
    return f"ended/{lookup.uuid}"


def _waiting_key(lookup: Lookup) -> str:
    return f"waiting/{lookup.uuid}"
