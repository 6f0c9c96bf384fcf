"""Asking within the request, in a bounded number of places, so that threads are left for others."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from django.conf import settings

from apps.events.answer import Answer
from apps.events.event import Event
from apps.lookups.models import Lookup, Outcome
from apps.lookups.problems import LookupFailed, problem_of
from apps.lookups.services import LookupResult, answer_lookup, read_event
from apps.sentry import SentryCrowded

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
