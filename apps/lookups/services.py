"""The one use case: record a lookup, answer it once, keep the redacted answer, tell failures."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from apps.audit.models import Action
from apps.audit.trail import SYSTEM, Actor
from apps.crypto import Unreadable
from apps.events.answer import Answer, Notice, NoticeCode, narrowed
from apps.events.event import Event, EventBody
from apps.events.query import duration
from apps.lookups import cache, single_flight, store
from apps.lookups.models import Lookup, Outcome, drop_findings
from apps.lookups.problems import (
    Gone,
    LookupCancelled,
    LookupFailed,
    LookupPurged,
    Problem,
    problem_of,
)
from apps.lookups.records import (
    names_of,
    question_of,
    record_answer,
    record_each,
    record_failure,
    was_forgotten,
)
from apps.lookups.sentry_connection import sentry_client, sentry_config, visible_projects
from apps.lookups.single_flight import Watch, share
from apps.lookups.store import CachedAnswer
from apps.redaction.engine import RULES_VERSION, Ledger, redact, redact_event, redact_text
from apps.sentry import SentryError, fetch_answer, fetch_event

_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class LookupResult:
    """A lookup's record with its redacted answer; `problem` is why a stale one stands in."""

    lookup: Lookup
    answer: Answer
    problem: Problem | None = None


def answer_lookup(lookup: Lookup, *, waited_s: float = 0.0) -> LookupResult:
    """The lookup's answer: its snapshot, or asked now by whoever opens it first.

    `waited_s` is for how long it was waited for before. Raises `LookupFailed` when Sentry could
    not be asked (recorded, and the next call tries again), its kind `LookupCancelled` when
    somebody stopped it, and `LookupPurged` when the answer is not kept any more.
    """
    kept = _snapshot_of(lookup)
    if kept is not None:
        return LookupResult(lookup, kept)
    started = time.monotonic() - waited_s
    watch = Watch(lookup)
    try:
        return share(
            lookup.cache_key,
            ready=lambda: _ready_answer(lookup, started),
            work=lambda: _ask(lookup, started, watch),
            goes_on=watch.goes_on,
        )
    except SentryError as error:
        problem = problem_of(error)
        record_failure(lookup, problem, started)
        raise LookupFailed(problem) from error


def answer_unredacted(lookup: Lookup) -> LookupResult:
    """Ask Sentry again and return the answer as it came. It is recorded, and kept nowhere.

    Raises `LookupFailed`.
    """
    started = time.monotonic()
    lookup.redacted = False
    try:
        answer = _fetch(lookup, Watch(lookup))
    except SentryError as error:
        _hide_customer(lookup, error)
        problem = problem_of(error)
        record_failure(lookup, problem, started)
        raise LookupFailed(problem) from error
    record_answer(lookup, answer, started, keep=False)
    return LookupResult(lookup, answer)


def read_event(lookup: Lookup, answer: Answer, event_id: str) -> Event | None:
    """One listed event with its body, asked for now if it was not among the first; redacted.

    None when the event is not part of the lookup. Raises `LookupFailed`.
    """
    listed = (*answer.events, *answer.beside.trace_errors)
    event = next((event for event in listed if event.id == event_id), None)
    if event is None or event.body is not None:
        return event
    cache = store.get_event(lookup.cache_key, event_id)
    if cache is not None:
        return cache
    try:
        with sentry_client() as client:
            whole = fetch_event(client, event)
    except SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    if event.matched_on == ("trace",) and whole.body and _names_somebody(whole.body):
        return None  # its row named nobody, but it is somebody's all the same
    redacted = redact_event(whole, customer=question_of(lookup).customer.identifier)
    store.put_event(lookup.cache_key, redacted)
    if not Lookup.objects.filter(pk=lookup.pk, purged_at=None).exists():
        store.drop_event(lookup.cache_key, event_id)  # somebody removed the answer meanwhile
    return redacted


def _names_somebody(body: EventBody) -> bool:
    return any(body.user.get(name) for name in ("id", "email", "username"))


def stale_answer(lookup: Lookup, problem: Problem) -> LookupResult | None:
    """The last answer to this very question, with its age and why there is no newer one."""
    kept = store.get(lookup.cache_key)
    if kept is None or was_forgotten(lookup, kept.answer):
        return None
    age = duration((datetime.now(UTC) - kept.answer.fetched_at).total_seconds())
    message = f"This result is {age} old. {problem.message} {problem.next_step}"
    notices = (Notice(NoticeCode.STALE, message), *kept.answer.notices)
    answer = replace(kept.answer, complete=False, notices=notices, call_log=())
    return LookupResult(lookup, answer, problem)


def purge_answers(lookups: Sequence[Lookup], *, actor: Actor = SYSTEM) -> int:
    """Remove the kept answers of these lookups, snapshot and shared copy; returns how many.

    `actor` is who wants it so: the trail names them first, with every lookup. The cache is emptied
    last: whoever answers fills it first and then finds the mark.
    """
    chosen = [lookup.pk for lookup in lookups]
    parts = [chosen[first : first + _AT_A_TIME] for first in range(0, len(chosen), _AT_A_TIME)]
    copies = {copy for part in parts for copy in _copies_of(part)}
    with transaction.atomic():
        record_each(Action.PURGED, actor, lookups)
        purged = sum(_purge(part) for part in parts)
    for copy in copies:
        cache.delete(copy)
    return purged


def _copies_of(chosen: Sequence[int]) -> Iterator[str]:
    for lookup in Lookup.objects.filter(pk__in=chosen):
        yield from store.keys_of(lookup.cache_key, store.readable_snapshot(lookup))


def _purge(chosen: Sequence[int]) -> int:
    keys = Lookup.objects.filter(pk__in=chosen).values_list("cache_key", flat=True)
    Lookup.objects.filter(cache_key__in=list(keys)).update(cached_until=None)
    drop_findings(chosen)
    return Lookup.objects.filter(pk__in=chosen).update(snapshot=None, purged_at=timezone.now())


def _snapshot_of(lookup: Lookup) -> Answer | None:
    if lookup.is_removed:
        raise LookupPurged(why_gone(lookup))
    if lookup.outcome == Outcome.CANCELLED:
        raise LookupCancelled
    try:
        answer = store.from_snapshot(lookup)
    except Unreadable as error:
        raise LookupPurged(Gone.UNREADABLE) from error
    if answer is not None and answer.redaction_version < RULES_VERSION:
        return redact(answer)
    return answer


def kept_answer(lookup: Lookup) -> Answer | None:
    """The answer that is kept, by today's redaction; None where there is none (any more)."""
    try:
        return _snapshot_of(lookup)
    except (LookupPurged, LookupCancelled):
        return None


def why_gone(lookup: Lookup) -> Gone:
    """What became of an answer that was removed."""
    if lookup.is_expired:
        return Gone.EXPIRED
    return Gone.PURGED if lookup.customer else Gone.ERASED


def _ready_answer(lookup: Lookup, started: float) -> LookupResult | None:
    """The answer another opener has just brought, or a fresh shared copy."""
    lookup.refresh_from_db(fields=["snapshot", "purged_at", "expires_at", "outcome"])
    own = _snapshot_of(lookup)
    if own is not None:
        lookup.refresh_from_db()
        return LookupResult(lookup, own)
    copy = None if lookup.fresh else _shared_answer(lookup)
    if copy is None or was_forgotten(lookup, copy.answer):
        _raise_if_just_failed(lookup, started)
        return None
    lookup.from_cache = True
    lookup.cached_until = copy.until
    lookup.calls_saved = copy.answer.calls
    answer = replace(copy.answer, call_log=())
    record_answer(lookup, answer, started)
    return LookupResult(lookup, answer)


def _shared_answer(lookup: Lookup) -> CachedAnswer | None:
    """A fresh answer to this question, or to the same one in a window around this one."""
    kept = store.get(lookup.cache_key)
    if kept is not None:
        return kept if kept.is_fresh else None
    question = question_of(lookup)
    if question.customer.hex_id:
        return None  # an event given by its id is shown wherever in time it lies
    around = store.get_wider(store.windows_key(question, sentry_config()), question.window)
    if around is None:
        return None
    within = narrowed(around.answer, question)
    return CachedAnswer(replace(within, call_log=around.answer.call_log), around.until)


def _ask(lookup: Lookup, started: float, watch: Watch) -> LookupResult:
    try:
        answer = redact(_fetch(lookup, watch))
    except SentryError as error:
        _hide_customer(lookup, error)
        stale = stale_answer(lookup, problem_of(error))
        if stale is None:
            single_flight.note(lookup.cache_key, error)
            raise
        lookup.from_cache = True
        record_answer(lookup, stale.answer, started, keep=False, problem=stale.problem)
        return stale
    lookup.cached_until = store.put(lookup.cache_key, answer)
    store.note_window(
        store.windows_key(question_of(lookup), sentry_config()), lookup.cache_key, answer
    )
    try:
        record_answer(lookup, answer, started)
    except LookupPurged:  # only now, so that no copy is left by whoever removed it just before
        store.delete(lookup.cache_key, answer)
        raise
    return LookupResult(lookup, answer)


def _hide_customer(lookup: Lookup, error: SentryError) -> None:
    """Sentry may repeat the question in what it says; that goes into records and logs."""
    ledger = Ledger(names_of(lookup))
    error.detail = redact_text(error.detail, ledger)


def _raise_if_just_failed(lookup: Lookup, started: float) -> None:
    """Who waited for an answer that failed shares the failure instead of repeating it."""
    error = single_flight.since(lookup.cache_key, time.time() - (time.monotonic() - started))
    if error is not None:
        raise error


def _fetch(lookup: Lookup, watch: Watch) -> Answer:
    with sentry_client() as client, watch.following(client):
        projects = visible_projects(client)
        return fetch_answer(client, question_of(lookup), projects=projects)
