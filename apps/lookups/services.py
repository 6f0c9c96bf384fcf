"""Answer lookups: from their snapshot, from the cache, or from Sentry; and purge results."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from apps.audit.models import Action
from apps.audit.trail import SYSTEM, Actor
from apps.crypto import Unreadable
from apps.events.answer import Answer, Notice, NoticeCode, narrow_to_window
from apps.events.event import Event
from apps.events.query import Question, format_duration
from apps.lookups import cache, problems, records, single_flight, store
from apps.lookups.models import Lookup, LookupState, delete_findings
from apps.lookups.sentry_connection import sentry_client, sentry_config, visible_projects
from apps.lookups.single_flight import LookupMonitor, run_once
from apps.lookups.store import CachedAnswer
from apps.lookups.throttling import FairSlots, request_slot
from apps.redaction.engine import RULES_VERSION, Ledger, redact, redact_event, redact_text
from apps.sentry.errors import SentryCrowded, SentryError
from apps.sentry.fetch import fetch_answer, fetch_event

_BATCH = 100

# More queries at a time would make each slower, and those that wait cost almost nothing.
MAX_RUNNING = 8
_TURN_S = 25.0
_running = FairSlots(MAX_RUNNING)


@dataclass(frozen=True, slots=True)
class LookupResult:
    """A lookup and its answer; `problem` is the reason why the answer is stale.

    The answer is limited to `projects`, the slugs that its reader can see; None means all.
    """

    lookup: Lookup
    answer: Answer
    problem: problems.Problem | None = None
    projects: Collection[str] | None = None


def answer_lookup(lookup: Lookup, *, waited_s: float = 0.0) -> LookupResult:
    """Return the lookup's redacted result, querying Sentry if it has none yet.

    `waited_s` is the time that people have waited already. Raise `LookupFailed` when the query
    failed (this is recorded, and the next call tries again), and its subclasses `LookupCancelled`
    when someone stopped it and `LookupPurged` when the result is no longer stored.
    """
    stored = read_snapshot(lookup)
    if stored is not None:
        return LookupResult(lookup, stored)
    started = time.monotonic() - waited_s
    monitor = LookupMonitor(lookup)
    try:
        return run_once(
            lookup.cache_key,
            ready=lambda: _ready_result(lookup, started),
            work=lambda: _query(lookup, started, monitor),
            should_continue=monitor.should_continue,
        )
    except SentryError as error:
        problem = problems.problem_of(error)
        records.record_failure(lookup, problem, started)
        is_crowded = isinstance(error, SentryCrowded)
        raise (problems.LookupCrowded if is_crowded else problems.LookupFailed)(problem) from error


def answer_unredacted(lookup: Lookup) -> LookupResult:
    """Return the unredacted result, which is recorded, not stored. Raise `LookupFailed`."""
    started = time.monotonic()
    lookup.redacted = False
    try:
        answer = _fetch(lookup, LookupMonitor(lookup))
    except SentryError as error:
        _hide_customer(lookup, error)
        problem = problems.problem_of(error)
        records.record_failure(lookup, problem, started)
        raise problems.LookupFailed(problem) from error
    records.record_answer(lookup, answer, started, save_answer=False)
    return LookupResult(lookup, answer)


def read_event(lookup: Lookup, answer: Answer, event_id: str) -> Event | None:
    """Return a listed event with its redacted body, or None. Raise `LookupFailed`.

    Takes a request slot if the body may have to be fetched.
    """
    listed = (*answer.events, *answer.beside.trace_errors)
    event = next((event for event in listed if event.id == event_id), None)
    if event is None or event.body is not None:
        return event
    with request_slot(lookup.user_id):
        cached = store.get_event(lookup, event_id)
        if cached is not None:
            return cached
        try:
            with sentry_client(person=lookup.user_id) as client:
                fetched = fetch_event(client, event)
        except SentryError as error:
            raise problems.LookupFailed(problems.problem_of(error)) from error
    user = fetched.body.user if fetched.body else {}
    if event.matched_on == ("trace",) and any(map(user.get, ("id", "email", "username"))):
        return None  # its row named no user, yet it belongs to one
    redacted = redact_event(fetched, customer=records.question_of(lookup).customer.identifier)
    store.put_event(lookup, redacted)
    return redacted


def stale_answer(lookup: Lookup, problem: problems.Problem) -> LookupResult | None:
    """Return the last cached result, with a notice of its age and of why there is no newer one."""
    cached = store.get(lookup.cache_key)
    if cached is None or records.was_erased(lookup, cached.answer):
        return None
    age = format_duration((datetime.now(UTC) - cached.answer.fetched_at).total_seconds())
    message = f"This result is {age} old. {problem.message} {problem.next_step}"
    notices = (Notice(NoticeCode.STALE, message), *cached.answer.notices)
    answer = replace(cached.answer, complete=False, notices=notices, call_log=())
    return LookupResult(lookup, answer, problem)


def purge_answers(lookups: Sequence[Lookup], *, actor: Actor = SYSTEM) -> int:
    """Delete the results of these lookups, stored and cached. Return how many.

    The audit trail gets an entry by `actor` for every lookup first. The cache is cleared last: a
    concurrent query fills it before it notices the purge.
    """
    pks = [lookup.pk for lookup in lookups]
    batches = [pks[first : first + _BATCH] for first in range(0, len(pks), _BATCH)]
    keys, purged = set[str](), 0
    for batch in batches:
        for lookup in Lookup.objects.filter(pk__in=batch):
            keys.update(store.keys_of_lookup(lookup))
    with transaction.atomic():
        records.record_actions(Action.PURGED, actor, lookups)
        for batch in batches:
            rows = Lookup.objects.filter(pk__in=batch)
            same = list(rows.values_list("cache_key", flat=True))
            Lookup.objects.filter(cache_key__in=same).update(cached_until=None)
            delete_findings(batch)
            purged += rows.update(snapshot=None, purged_at=timezone.now())
    for key in keys:
        cache.delete(key)
    store.truncate_wal()
    return purged


def read_snapshot(lookup: Lookup) -> Answer | None:
    """Return the stored answer, redacted by today's rules, or None.

    Raise `LookupPurged` and `LookupCancelled`. Never queries Sentry.
    """
    if lookup.end == LookupState.PURGED:
        removal = problems.Removal.PURGED if lookup.customer else problems.Removal.ERASED
        raise problems.LookupPurged(problems.Removal.EXPIRED if lookup.is_expired else removal)
    if lookup.end == LookupState.CANCELLED:
        raise problems.LookupCancelled
    try:
        answer = store.from_snapshot(lookup)
    except Unreadable as error:
        raise problems.LookupPurged(problems.Removal.UNREADABLE) from error
    if answer is not None and answer.redaction_version < RULES_VERSION:
        return redact(answer)
    return answer


def _ready_result(lookup: Lookup, started: float) -> LookupResult | None:
    """Return a result that another request stored just now, or one from cache.

    Raise the failure of a query that ended since `started` (monotonic clock).
    """
    lookup.refresh_from_db(fields=["snapshot", "purged_at", "expires_at", "outcome"])
    stored = read_snapshot(lookup)
    if stored is not None:
        lookup.refresh_from_db()
        return LookupResult(lookup, stored)
    cached = None if lookup.fresh else _cached_answer(lookup)
    if cached is None or records.was_erased(lookup, cached.answer):
        waited_s = time.monotonic() - started
        error = single_flight.failure_since(lookup.cache_key, time.time() - waited_s)
        if error is not None:
            raise error
        return None
    lookup.from_cache = True
    lookup.cached_until = cached.until
    lookup.calls_saved = cached.answer.calls
    answer = replace(cached.answer, call_log=())
    records.record_answer(lookup, answer, started)
    return LookupResult(lookup, answer)


def _cached_answer(lookup: Lookup) -> CachedAnswer | None:
    """Return a fresh cached answer for the question, or for it in a window around its own."""
    question = records.question_of(lookup)
    cached = store.get(lookup.cache_key) or _recorded_answer(lookup.cache_key, question)
    if cached is not None:
        return cached if cached.is_fresh else None
    if question.customer.hex_id:
        return None  # an event looked up by its ID is shown even outside the window
    wider = store.get_wider(store.windows_key(question, sentry_config()), question.window)
    if wider is None:
        return None
    narrowed = narrow_to_window(wider.answer, question)
    return CachedAnswer(replace(narrowed, call_log=wider.answer.call_log), wider.until)


def _recorded_answer(key: str, question: Question) -> CachedAnswer | None:
    """Return the fresh answer of another lookup of the question: the cache can be lost."""
    now = timezone.now()
    stored = Lookup.objects.filter(cache_key=key, cached_until__gt=now, purged_at=None)
    other = stored.filter(expires_at__gt=now, snapshot__isnull=False).first()
    answer = store.readable_snapshot(other) if other else None
    if other is None or other.cached_until is None or answer is None:
        return None
    # The columns aren't encrypted, so compare the values that are.
    is_same = other.customer and records.customer_of(other) == question.customer
    if not is_same or replace(answer.question, customer=question.customer) != question:
        return None
    return CachedAnswer(answer, other.cached_until)


def _query(lookup: Lookup, started: float, monitor: LookupMonitor) -> LookupResult:
    try:
        with _running.hold(lookup.user_id, _TURN_S):
            answer = redact(_fetch(lookup, monitor))
    except SentryError as error:
        _hide_customer(lookup, error)
        stale = stale_answer(lookup, problems.problem_of(error))
        if stale is None:
            single_flight.note_failure(lookup.cache_key, error)
            raise
        lookup.from_cache = True
        records.record_answer(
            lookup, stale.answer, started, save_answer=False, problem=stale.problem
        )
        return stale
    lookup.cached_until = store.put(lookup.cache_key, answer)
    index = store.windows_key(records.question_of(lookup), sentry_config())
    store.index_window(index, lookup.cache_key, answer)
    try:
        records.record_answer(lookup, answer, started)
    except problems.LookupPurged:  # last, so that a concurrent purge leaves no cached copy
        store.delete(lookup.cache_key, answer)
        raise
    return LookupResult(lookup, answer)


def _hide_customer(lookup: Lookup, error: SentryError) -> None:
    """Redact Sentry's message, which can repeat the query and goes into records and logs."""
    error.detail = redact_text(error.detail, Ledger(records.identifiers_of(lookup)))


def _fetch(lookup: Lookup, monitor: LookupMonitor) -> Answer:
    with sentry_client(person=lookup.user_id) as client, monitor.watch(client):
        projects = visible_projects(client)
        return fetch_answer(client, records.question_of(lookup), projects=projects)
