"""The one use case: record a lookup, answer it once, keep the redacted answer, tell failures."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.question import Customer, Question, Window, parse_customer
from apps.events.redaction import RULES_VERSION, redact, redact_event
from apps.lookups import store
from apps.lookups.connection import (
    sentry_client,
    sentry_config,
    visible_projects,
)
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.problems import LookupFailed, Problem, problem_of
from apps.lookups.single_flight import share
from apps.sentry import SentryError, fetch_answer, fetch_event


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and through which door. `system_user` names the person behind a command line."""

    origin: Origin
    user: User | None = None
    system_user: str = ""


@dataclass(frozen=True, slots=True)
class LookupResult:
    """A lookup's record with its redacted answer."""

    lookup: Lookup
    answer: Answer


class LookupPurged(Exception):
    """The answer was removed by an admin; asking again takes a new lookup."""


def hash_customer(identifier: str) -> str:
    """A keyed hash, by which lookups of one customer are found without keeping the name."""
    digest = salted_hmac("triage.customer", identifier.strip().casefold(), algorithm="sha256")
    return str(digest.hexdigest())


def record_lookup(
    question: Question, *, asker: Asker, typed: str, zone: ZoneInfo, fresh: bool = False
) -> Lookup:
    """Write down that somebody asks, before anything is asked. `typed` is the customer as typed.

    Raises `LookupFailed` when no Sentry is configured.
    """
    try:
        key = store.cache_key(question, sentry_config())
    except SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    return Lookup.objects.create(
        user=asker.user,
        origin=asker.origin,
        system_user=asker.system_user,
        customer=typed.strip(),
        customer_hash=hash_customer(question.customer.identifier),
        moment=question.window.moment,
        minutes=question.window.minutes,
        zone=zone.key,
        projects=list(question.projects),
        environments=list(question.environments),
        fresh=fresh,
        cache_key=key,
        marker=secrets.token_hex(8),
    )


def question_of(lookup: Lookup) -> Question:
    """The question a record stands for."""
    customer: Customer = parse_customer(lookup.customer)
    return Question(
        customer=customer,
        window=Window(moment=lookup.moment, minutes=lookup.minutes),
        projects=tuple(lookup.projects),
        environments=tuple(lookup.environments),
        fields=tuple(settings.TRIAGE_CUSTOMER_FIELDS),
    )


def repeat_lookup(lookup: Lookup, *, asker: Asker) -> Lookup:
    """A new lookup of the same question that asks Sentry past the shared copy."""
    return record_lookup(
        question_of(lookup),
        asker=asker,
        typed=lookup.customer,
        zone=ZoneInfo(lookup.zone),
        fresh=True,
    )


def answer_lookup(lookup: Lookup) -> LookupResult:
    """The lookup's answer: its snapshot, or asked now by whoever opens it first.

    Raises `LookupFailed` when Sentry could not be asked (recorded, and the next call tries
    again) and `LookupPurged` when the answer was removed.
    """
    kept = _snapshot_of(lookup)
    if kept is not None:
        return LookupResult(lookup, kept)
    started = time.monotonic()
    try:
        return share(
            lookup.cache_key,
            ready=lambda: _ready_answer(lookup, started),
            work=lambda: _ask(lookup, started),
        )
    except SentryError as error:
        problem = problem_of(error)
        _record_failure(lookup, problem, started)
        raise LookupFailed(problem) from error


def answer_unredacted(lookup: Lookup) -> LookupResult:
    """Ask Sentry again and return the answer as it came. It is recorded, and kept nowhere.

    Raises `LookupFailed`.
    """
    started = time.monotonic()
    lookup.redacted = False
    try:
        answer = _fetch(lookup)
    except SentryError as error:
        problem = problem_of(error)
        _record_failure(lookup, problem, started)
        raise LookupFailed(problem) from error
    _record_answer(lookup, answer, started, keep=False)
    return LookupResult(lookup, answer)


def read_event(lookup: Lookup, answer: Answer, event_id: str) -> Event | None:
    """One listed event with its body, asked for now if it was not among the first; redacted.

    None when the event is not part of the lookup. Raises `LookupFailed`.
    """
    event = next((event for event in answer.events if event.id == event_id), None)
    if event is None or event.body is not None:
        return event
    shared = store.get_event(lookup.cache_key, event_id)
    if shared is not None:
        return shared
    try:
        with sentry_client() as client:
            whole = fetch_event(client, event)
    except SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    redacted = redact_event(whole, customer=question_of(lookup).customer.identifier)
    store.put_event(lookup.cache_key, redacted)
    return redacted


def purge_answers(lookups: Sequence[Lookup]) -> int:
    """Remove the kept answers of these lookups, snapshot and shared copy; returns how many."""
    keys = {lookup.cache_key for lookup in lookups}
    for key in keys:
        store.drop(key)
    Lookup.objects.filter(cache_key__in=keys).update(cached_until=None)
    return Lookup.objects.filter(pk__in=[lookup.pk for lookup in lookups]).update(
        snapshot=None, purged_at=timezone.now()
    )


def search_choices() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Slugs of projects and names of environments to choose from; empty when Sentry is silent."""
    try:
        with sentry_client() as client:
            projects = visible_projects(client)
            allowed = client.config.projects
    except SentryError:
        return (), ()
    offered = [project for project in projects if not allowed or project.slug in allowed]
    environments = {name for project in offered for name in project.environments}
    return tuple(sorted(project.slug for project in offered)), tuple(sorted(environments))


def sentry_state() -> str:
    """ "ok", or the code of the problem that asking Sentry meets now."""
    try:
        with sentry_client() as client:
            client.projects()
    except SentryError as error:
        return problem_of(error).code
    return "ok"


def _snapshot_of(lookup: Lookup) -> Answer | None:
    if lookup.purged_at is not None:
        raise LookupPurged
    if lookup.snapshot is None:
        return None
    answer = store.from_snapshot(bytes(lookup.snapshot))
    if answer is not None and answer.redaction_version < RULES_VERSION:
        return redact(answer)
    return answer


def _ready_answer(lookup: Lookup, started: float) -> LookupResult | None:
    """The answer another opener has just brought, or a fresh shared copy."""
    lookup.refresh_from_db(fields=["snapshot", "purged_at"])
    own = _snapshot_of(lookup)
    if own is not None:
        lookup.refresh_from_db()
        return LookupResult(lookup, own)
    shared = None if lookup.fresh else store.get(lookup.cache_key)
    if shared is None:
        return None
    lookup.from_cache = True
    lookup.cached_until = shared.until
    answer = replace(shared.answer, calls=0)
    _record_answer(lookup, answer, started)
    return LookupResult(lookup, answer)


def _ask(lookup: Lookup, started: float) -> LookupResult:
    answer = redact(_fetch(lookup))
    lookup.cached_until = store.put(lookup.cache_key, answer)
    _record_answer(lookup, answer, started)
    return LookupResult(lookup, answer)


def _fetch(lookup: Lookup) -> Answer:
    with sentry_client() as client:
        projects = visible_projects(client)
        return fetch_answer(client, question_of(lookup), projects=projects)


def _record_answer(lookup: Lookup, answer: Answer, started: float, *, keep: bool = True) -> None:
    lookup.outcome = _outcome_of(answer)
    lookup.problem = lookup.problem_detail = ""
    lookup.answered_at = datetime.now(UTC)
    lookup.fetched_at = answer.fetched_at
    lookup.events = len(answer.events)
    lookup.issues = len({event.issue_id for event in answer.events})
    lookup.bodies = answer.bodies_read
    lookup.calls = answer.calls
    lookup.duration_ms = round((time.monotonic() - started) * 1000)
    if keep:
        lookup.snapshot = store.to_snapshot(answer)
    lookup.save()


def _outcome_of(answer: Answer) -> Outcome:
    if not answer.complete:
        return Outcome.INCOMPLETE
    return Outcome.FOUND if answer.events else Outcome.NOTHING


def _record_failure(lookup: Lookup, problem: Problem, started: float) -> None:
    lookup.outcome = Outcome.FAILED
    lookup.problem = problem.code
    lookup.problem_detail = problem.detail[:500]
    lookup.answered_at = datetime.now(UTC)
    lookup.duration_ms = round((time.monotonic() - started) * 1000)
    lookup.save()
