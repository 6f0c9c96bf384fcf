"""Asking outside the request: begun in the background, waited for shortly, told of, cancelled.

Eight askings run in each process; more wait for their turn. Nobody takes one of these places only
to wait for somebody else's asking of the same question. A process that dies takes its askings with
it: the lease of each ends by itself, and the next one who looks begins anew.
"""

import logging
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from apps.events.answer import Answer, NoticeCode, Progress
from apps.events.event import Event
from apps.lookups import cache, store
from apps.lookups.models import Lookup, Outcome
from apps.lookups.problems import BROKEN, LookupFailed, LookupPurged, Problem, problem_of
from apps.lookups.records import question_of
from apps.lookups.sentry_connection import sentry_client, visible_projects
from apps.lookups.services import LookupResult, answer_lookup, read_event, stale_answer
from apps.lookups.single_flight import is_leased, progress_of, tell_to_stop
from apps.sentry import SentryCrowded, SentryError, fetch_ids

# Asking within the request, in a bounded number of places, so that threads are left for others.

_lock = Lock()
_waiting = 0


def answer_now(lookup: Lookup) -> LookupResult:
    """The answer, asked for within the request if need be. Raises as `answer_lookup` does."""
    if has_ended(lookup):
        return answer_lookup(lookup)
    with place_to_wait():
        return answer_lookup(lookup)


def read_event_now(lookup: Lookup, answer: Answer, event_id: str) -> Event | None:
    """`read_event` within the request."""
    listed = (*answer.events, *answer.beside.trace_errors)
    if all(event.body is not None for event in listed if event.id == event_id):
        return read_event(lookup, answer, event_id)
    with place_to_wait():
        return read_event(lookup, answer, event_id)


def has_ended(lookup: Lookup) -> bool:
    """Whether the lookup has an end of its own, so that nobody need be asked."""
    is_cancelled = lookup.outcome == Outcome.CANCELLED
    return is_cancelled or lookup.snapshot is not None or lookup.is_removed


@contextmanager
def place_to_wait() -> Iterator[None]:
    """A place among the requests of this process that may wait for Sentry at the same time.

    Raises `LookupFailed` at once when all are taken.
    """
    global _waiting  # noqa: PLW0603 - one server, one count for the process
    with _lock:
        if _waiting >= settings.TRIAGE_MOST_WAITING:
            raise LookupFailed(problem_of(SentryCrowded("All request slots are in use.")))
        _waiting += 1
    try:
        yield
    finally:
        with _lock:
            _waiting -= 1


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
    if has_ended(lookup) or not cache.is_available():
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
    waiting_since = cache.get(_waiting_key(lookup))
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
    if not cache.is_available():
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
    cache.add(_waiting_key(lookup), time.time(), _WAITING_KEPT_S)


def _note_end(lookup: Lookup, state: State, problem: Problem) -> None:
    cache.put_sealed(
        _end_key(lookup), [state.value, _PROBLEM.dump_json(problem).decode()], _END_KEPT_S
    )


def _end_of(lookup: Lookup) -> tuple[State, Problem] | None:
    """The end of an asking that nothing was kept of but this note."""
    value = cache.get_sealed(_end_key(lookup))
    if not isinstance(value, list) or len(value) != 2 or has_ended(lookup):
        return None
    try:
        return State(value[0]), _PROBLEM.validate_json(value[1])
    except (ValidationError, ValueError):
        return None


def _forget_end(lookup: Lookup) -> None:
    cache.delete(_end_key(lookup))
    cache.delete(_waiting_key(lookup))


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


# Whether more came in of a window that was young when it was looked at.

NEWER_PAUSE_S = 50.0
PATIENCE_S = 5.0


def count_new_events(lookup: Lookup) -> int | None:
    """How many events there are by now that the lookup's answer does not have.

    None where nobody found out: the window had settled, Sentry failed, or somebody is at it. One
    asks for all who look at the same, and no more than once in 50 seconds.
    """
    known = store.readable_snapshot(lookup)
    if known is None or not known.has_notice(NoticeCode.WINDOW_OPEN):
        return None
    ids = _ids(lookup)
    return None if ids is None else len(ids - {event.id for event in known.events})


def _ids(lookup: Lookup) -> set[str] | None:
    key = f"{lookup.cache_key}/ids"
    held = cache.get_sealed(key)
    if isinstance(held, list):
        return set(held)
    if cache.add(f"{key}/asked", 1, NEWER_PAUSE_S) is not True:
        return None
    try:
        with sentry_client(PATIENCE_S) as client:
            projects = visible_projects(client)
            found = fetch_ids(client, question_of(lookup), projects=projects)
    except SentryError:
        return None
    cache.put_sealed(key, sorted(found), NEWER_PAUSE_S)
    return set(found)
