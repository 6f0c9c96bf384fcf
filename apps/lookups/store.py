"""Shared answers in the cache, and the snapshot each lookup keeps: redacted and sealed.

Values are JSON, never pickled objects: what a shared cache holds is not trusted to be code.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from pydantic import TypeAdapter, ValidationError

from apps.crypto import Unreadable, keyed_hash, seal_as, unseal_as
from apps.events.answer import Answer, NoticeCode
from apps.events.event import Event
from apps.events.query import Question, Window
from apps.lookups import cache
from apps.lookups.models import Lookup
from apps.redaction.engine import RULES_VERSION
from apps.sentry import SentryConfig

SCHEMA = 3
SETTLED_AFTER = timedelta(minutes=10)
KEEP_SETTLED = timedelta(days=1)
KEEP_EMPTY = timedelta(minutes=5)
KEEP_YOUNG = timedelta(seconds=30)
KEEP_STALE = timedelta(days=1)
MOST_WINDOWS = 50

_ANSWER = TypeAdapter(Answer)
_EVENT = TypeAdapter(Event)
_SHORT_LIVED = (NoticeCode.PARTIAL_BODIES, NoticeCode.SIGNAL_MISSING, NoticeCode.INCOMPLETE_LIST)


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A shared answer and until when it counts as fresh (UTC)."""

    answer: Answer
    until: datetime

    @property
    def is_fresh(self) -> bool:
        """Whether it may still be given without asking Sentry."""
        return self.until > datetime.now(UTC)


def cache_key(question: Question, config: SentryConfig) -> str:
    """One key for all that changes the answer; the customer cannot be read from it."""
    window = [question.window.start.isoformat(), question.window.end.isoformat()]
    return f"answer/{_digest([_identity(question, config), window])}"


def windows_key(question: Question, config: SentryConfig) -> str:
    """One key for the question whatever its window: there stand the windows that are held."""
    return f"windows/{_digest(_identity(question, config))}"


def _identity(question: Question, config: SentryConfig) -> list[object]:
    return [
        SCHEMA,
        RULES_VERSION,
        config.base_url,
        config.organization,
        sorted(question.projects or config.projects),
        sorted(question.environments),
        question.customer.kind,
        question.customer.identifier,
        list(question.fields),
        config.max_events,
        config.max_bodies,
        config.retention_days,
        sorted(config.signals),
        _digest([config.token]),
    ]


def _digest(identity: list[object]) -> str:
    return keyed_hash("triage.store", json.dumps(identity))


def time_to_keep(answer: Answer) -> timedelta:
    """How long an answer is shared: the surer it is to stay true, the longer."""
    if answer.fetched_at - answer.question.window.end < SETTLED_AFTER:
        return KEEP_YOUNG
    if any(answer.has_notice(code) for code in _SHORT_LIVED):
        return KEEP_YOUNG
    return KEEP_SETTLED if answer.events else KEEP_EMPTY


def get(key: str) -> CachedAnswer | None:
    """The shared answer under this key, fresh or stale, if it can still be read."""
    content = cache.get_sealed_bytes(key)
    if content is None:
        return None
    until, _, answer = content.partition(b"\n")
    try:
        return CachedAnswer(_ANSWER.validate_json(answer), datetime.fromisoformat(until.decode()))
    except ValueError:  # a `ValidationError` is one
        return None


def put(key: str, answer: Answer) -> datetime:
    """Share a redacted answer, fresh for a while and stale for a day more; returns until when."""
    until = datetime.now(UTC) + time_to_keep(answer)
    _put(key, answer, until)
    return until


def put_related(key: str, answer: Answer) -> None:
    """Share an answer to which something was added beside its events, as fresh as it was."""
    kept = get(key)
    if kept is not None and kept.answer.fetched_at == answer.fetched_at:
        _put(key, answer, kept.until)


def _put(key: str, answer: Answer, until: datetime) -> None:
    content = until.isoformat().encode() + b"\n" + _ANSWER.dump_json(answer)
    cache.put_sealed_bytes(key, content, _at_most(until - datetime.now(UTC) + KEEP_STALE))


def _at_most(wanted: timedelta) -> float:
    """So many seconds, or fewer: no copy outlives what a lookup itself may keep."""
    return min(wanted, timedelta(days=settings.TRIAGE_KEEP_LOOKUPS_DAYS)).total_seconds()


def delete(key: str, answer: Answer | None) -> None:
    """Forget the shared answer, what is told of it, and its events that were read later."""
    for one in keys_of(key, answer):
        cache.delete(one)


def keys_of(key: str, answer: Answer | None) -> Iterator[str]:
    """All under which something of this answer may be held."""
    yield from (key, f"{key}/ids", f"{key}/failure", progress_key(key))
    for event in (*answer.events, *answer.beside.trace_errors) if answer else ():
        if event.body is None:
            yield f"{key}/{event.id}"


def note_window(index: str, key: str, answer: Answer) -> None:
    """Remember that a whole and complete answer to this window is held under the key.

    Two who note at the same time may lose one note: that costs a call, never an event.
    """
    if not answer.complete or answer.notices:
        return
    window = answer.question.window
    row = [window.start.isoformat(), window.end.isoformat(), key]
    rows = [row, *(kept for kept in _rows(index) if kept != row)][:MOST_WINDOWS]
    cache.put_sealed(index, rows, _at_most(KEEP_SETTLED + KEEP_STALE))


def get_wider(index: str, window: Window) -> CachedAnswer | None:
    """A fresh answer to a window that this one lies inside, if one is held."""
    for start, end, key in _rows(index):
        if start <= window.start.isoformat() and window.end.isoformat() <= end:
            kept = get(key)
            if kept is not None and kept.is_fresh:
                return kept
    return None


def _rows(index: str) -> list[list[str]]:
    rows = cache.get_sealed(index)
    return [row for row in rows if len(row) == 3] if isinstance(rows, list) else []


def to_snapshot(lookup: Lookup, answer: Answer) -> bytes:
    """A redacted answer as the lookup's record keeps it: sealed for this record alone."""
    return seal_as(lookup.audit_target, _ANSWER.dump_json(answer))


def from_snapshot(lookup: Lookup) -> Answer | None:
    """The answer that the record keeps.

    None when there is none, or when an older version of the program wrote it in another shape.
    Raises `Unreadable`.
    """
    if lookup.snapshot is None:
        return None
    content = unseal_as(lookup.audit_target, bytes(lookup.snapshot))
    try:
        return _ANSWER.validate_json(content)
    except ValidationError:
        return None


def readable_snapshot(lookup: Lookup) -> Answer | None:
    """The same where it makes no difference why there is none."""
    try:
        return from_snapshot(lookup)
    except Unreadable:
        return None


def get_event(key: str, event_id: str) -> Event | None:
    """One event that was read later than its answer."""
    content = cache.get_sealed_bytes(f"{key}/{event_id}")
    try:
        return None if content is None else _EVENT.validate_json(content)
    except ValidationError:
        return None


def put_event(key: str, event: Event) -> None:
    """Share one redacted event for a day."""
    cache.put_sealed_bytes(f"{key}/{event.id}", _EVENT.dump_json(event), _at_most(KEEP_SETTLED))


def drop_event(key: str, event_id: str) -> None:
    """Forget one event that was read later."""
    cache.delete(f"{key}/{event_id}")


def progress_key(key: str) -> str:
    """Where it is told how far the asking for this answer is."""
    return key.replace("answer/", "progress/", 1)


# How long a lookup's answer is kept, and what became of it: told by columns, not the cache.


class StoredState(models.TextChoices):
    """What is kept of an answer."""

    FRESH = "fresh", "fresh"
    STALE = "stale", "stored, not fresh"
    EXPIRED = "expired", "expired"
    PURGED = "purged", "purged"
    NONE = "none", "nothing stored"


def stored_state(lookup: Lookup, now: datetime) -> StoredState:
    """What is kept of this lookup's answer."""
    if lookup.purged_at is not None:
        return StoredState.PURGED
    if lookup.expires_at is None or not lookup.has_answer:
        return StoredState.NONE
    if lookup.cached_until is not None and lookup.cached_until > now:
        return StoredState.FRESH
    return StoredState.EXPIRED if lookup.expires_at <= now else StoredState.STALE


def is_stored_as(state: StoredState, now: datetime) -> Q:
    """The same, as a condition of a query; each lookup is in one state."""
    unpurged = Q(purged_at__isnull=True)
    kept = unpurged & Q(has_answer=True)
    # There are few of them, and as a list of their own they are found by their index alone.
    fresh = Lookup.objects.filter(cached_until__gt=now, has_answer=True).values("pk")
    not_fresh = Q(cached_until__isnull=True) | Q(cached_until__lte=now)
    return {
        StoredState.PURGED: Q(purged_at__isnull=False),
        StoredState.NONE: unpurged & Q(has_answer=False),
        StoredState.EXPIRED: kept & Q(expires_at__lte=now) & not_fresh,
        StoredState.FRESH: unpurged & Q(pk__in=fresh),
        StoredState.STALE: kept & Q(expires_at__gt=now) & not_fresh,
    }[state]
