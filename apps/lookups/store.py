"""Redacted answers, encrypted: cached for the same question, and as the snapshot of one lookup.

Values are JSON, never pickled, because the content of a shared cache is not trusted to be code.
"""

import functools
import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q

from apps.crypto import Unreadable, keyed_hash, seal_as, unseal_as
from apps.events.answer import Answer, NoticeCode
from apps.events.event import Event
from apps.events.query import Question, Window
from apps.lookups import cache
from apps.lookups.models import Lookup, LookupState
from apps.redaction.engine import RULES_VERSION
from apps.sentry.config import SentryConfig

SCHEMA = 4
SETTLED_AFTER = timedelta(minutes=10)
TTL_SETTLED = timedelta(days=1)
TTL_EMPTY = timedelta(minutes=5)
TTL_RECENT = timedelta(seconds=30)
STALE_FOR = timedelta(days=1)
MAX_WINDOWS = 50

_ANSWER, _EVENT = cache.JsonForm(Answer), cache.JsonForm(Event)
_SHORT_LIVED = (NoticeCode.PARTIAL_BODIES, NoticeCode.SIGNAL_MISSING, NoticeCode.INCOMPLETE_LIST)


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A cached answer, fresh until `until` (UTC)."""

    answer: Answer
    until: datetime

    @property
    def is_fresh(self) -> bool:
        """Return whether it can be reused without querying Sentry."""
        return self.until > datetime.now(UTC)


def cache_key(question: Question, config: SentryConfig) -> str:
    """Return the key for everything that affects the answer. It doesn't reveal the customer."""
    window = [question.window.start.isoformat(), question.window.end.isoformat()]
    return f"answer/{_digest([_identity(question, config), window])}"


def windows_key(question: Question, config: SentryConfig) -> str:
    """Return the key of the index of cached windows for a question, whatever its own window."""
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
        list(question.customer.fields),
        list(question.fields),
        config.max_events,
        config.max_bodies,
        config.retention_days,
        sorted(config.signals),
        _digest([config.token]),
    ]


def _digest(identity: list[object]) -> str:
    return keyed_hash("triage.store", json.dumps(identity))


def time_to_live(answer: Answer) -> timedelta:
    """Return how long an answer is fresh: the longest if no more events are expected."""
    is_recent = answer.fetched_at - answer.question.window.end < SETTLED_AFTER
    if is_recent or any(map(answer.has_notice, _SHORT_LIVED)):
        return TTL_RECENT
    return TTL_SETTLED if answer.events else TTL_EMPTY


def get(key: str) -> CachedAnswer | None:
    """Return the cached answer, fresh or stale, or None if it is missing or unreadable."""
    until, _, answer = (cache.get_sealed_bytes(key) or b"").partition(b"\n")
    try:
        return CachedAnswer(_ANSWER.validate_json(answer), datetime.fromisoformat(until.decode()))
    except ValueError:
        return None


def put(key: str, answer: Answer) -> datetime:
    """Cache a redacted answer until a day after it stops being fresh. Return that time."""
    until = datetime.now(UTC) + time_to_live(answer)
    _put(key, answer, until)
    return until


def put_related(key: str, answer: Answer) -> None:
    """Replace a cached answer after related data was added to it. It expires as before."""
    cached = get(key)
    if cached is not None and cached.answer.fetched_at == answer.fetched_at:
        _put(key, answer, cached.until)


def _put(key: str, answer: Answer, until: datetime) -> None:
    content = until.isoformat().encode() + b"\n" + _ANSWER.dump_json(answer)
    cache.put_sealed_bytes(key, content, _ttl_s(until - datetime.now(UTC) + STALE_FOR))


def _ttl_s(wanted: timedelta) -> float:
    """Return the seconds to cache for: no copy outlives the retention of the lookup itself."""
    return min(wanted, timedelta(days=settings.TRIAGE_KEEP_LOOKUPS_DAYS)).total_seconds()


def delete(key: str, answer: Answer | None) -> None:
    """Delete the cached answer, its progress and failure, and its events that were read later."""
    for cached in keys_of(key, answer):
        cache.delete(cached)


def keys_of(key: str, answer: Answer | None) -> Iterator[str]:
    """Yield every cache key that can hold a part of this answer."""
    yield from (key, f"{key}/ids", f"{key}/failure", progress_key(key))
    for event in (*answer.events, *answer.beside.trace_errors) if answer else ():
        if event.body is None:
            yield f"{key}/{event.id}"


def keys_of_lookup(lookup: Lookup) -> Iterator[str]:
    """Yield the cache keys of the lookup's snapshot and of everything derived from it."""
    yield from keys_of(lookup.cache_key, readable_snapshot(lookup))
    for kind in get_args(Derived):
        yield f"{kind}/{lookup.uuid}"


def index_window(index: str, key: str, answer: Answer) -> None:
    """Add the key of a complete answer without notices to the index of windows.

    Of two concurrent updates one can be lost, which costs a call to Sentry, never an event.
    """
    if not answer.complete or answer.notices:
        return
    window = answer.question.window
    row = [window.start.isoformat(), window.end.isoformat(), key]
    rows = [row, *(other for other in _windows(index) if other != row)][:MAX_WINDOWS]
    cache.put_sealed(index, rows, _ttl_s(TTL_SETTLED + STALE_FOR))


def get_wider(index: str, window: Window) -> CachedAnswer | None:
    """Return a fresh cached answer for a window that contains this one, or None."""
    for start, end, key in _windows(index):
        if start <= window.start.isoformat() and window.end.isoformat() <= end:
            cached = get(key)
            if cached is not None and cached.is_fresh:
                return cached
    return None


def _windows(index: str) -> list[list[str]]:
    rows = cache.get_sealed(index)
    return [row for row in rows if len(row) == 3] if isinstance(rows, list) else []


def to_snapshot(lookup: Lookup, answer: Answer) -> bytes:
    """Encrypt a redacted answer for this lookup alone."""
    return seal_as(lookup.audit_target, _ANSWER.dump_json(answer))


def from_snapshot(lookup: Lookup) -> Answer | None:
    """Return the stored answer, or None without one in today's format. Raise `Unreadable`."""
    if lookup.snapshot is None:
        return None
    return _ANSWER.read(unseal_as(lookup.audit_target, bytes(lookup.snapshot)))


def readable_snapshot(lookup: Lookup) -> Answer | None:
    """Return the lookup's stored answer, or None if there is none that can be read."""
    try:
        return from_snapshot(lookup)
    except Unreadable:
        return None


def get_event(lookup: Lookup, event_id: str) -> Event | None:
    """Return a cached event that was read later than the lookup's answer, or None."""
    return _EVENT.read(cache.get_sealed_bytes(f"{lookup.cache_key}/{event_id}"))


def put_event(lookup: Lookup, event: Event) -> None:
    """Cache a redacted event of the lookup's answer for a day."""
    key = f"{lookup.cache_key}/{event.id}"
    _put_unless_purged(lookup, key, _EVENT.dump_json(event), _ttl_s(TTL_SETTLED))


def _put_unless_purged(lookup: Lookup, key: str, content: bytes, seconds: float) -> None:
    cache.put_sealed_bytes(key, content, seconds)
    if not Lookup.objects.filter(pk=lookup.pk, purged_at=None).exists():
        cache.delete(key)  # the result was purged in the meantime


def truncate_wal() -> None:
    """Empty SQLite's log, after this transaction: the database overwrites deleted data."""
    if connection.vendor == "sqlite":
        transaction.on_commit(
            lambda: connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        )


def progress_key(key: str) -> str:
    """Return the key for the progress of the query for this answer."""
    return key.replace("answer/", "progress/", 1)


# What was last derived from a snapshot is cached for as long as someone may reload the page. It is
# used only for the same snapshot, reader's projects, code, and everything else in `basis`.

Derived = Literal["export", "page"]
_DERIVED_TTL_S = 600
_MAX_DERIVED = 1_000_000


def get_derived(
    kind: Derived, lookup: Lookup, projects: Collection[str] | None, basis: str
) -> bytes | None:
    """Return what was derived from the lookup's snapshot on the same basis, or None."""
    digest = _basis_digest(lookup, projects, basis)
    content = cache.get_sealed_bytes(f"{kind}/{lookup.uuid}") if digest else None
    return content[32:] if content and content[:32] == digest else None


def put_derived(
    kind: Derived, lookup: Lookup, projects: Collection[str] | None, basis: str, content: bytes
) -> None:
    """Cache what was derived from the lookup's snapshot, encrypted, unless it is very large."""
    digest = _basis_digest(lookup, projects, basis)
    if digest and len(content) <= _MAX_DERIVED:
        _put_unless_purged(lookup, f"{kind}/{lookup.uuid}", digest + content, _DERIVED_TTL_S)


def _basis_digest(lookup: Lookup, projects: Collection[str] | None, basis: str) -> bytes | None:
    """Return a digest of everything that a derived part depends on; None without a snapshot."""
    if lookup.end != LookupState.DONE:
        return None
    parts = (basis, None if projects is None else sorted(projects), _code_version())
    return hashlib.sha256(repr(parts).encode() + bytes(lookup.snapshot)).digest()


@functools.cache
def _code_version() -> str:
    """Return a digest of the code, word lists, and templates."""
    patterns = (
        *(f"apps/**/*.{kind}" for kind in ("py", "toml", "txt", "xz")),
        "templates/**/*.html",
    )
    files = sorted(file for pattern in patterns for file in settings.BASE_DIR.glob(pattern))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


# The state of a lookup's stored result, computed from its columns alone.


class StoredState(models.TextChoices):
    """The state of a stored result."""

    FRESH = "fresh", "fresh"
    STALE = "stale", "stored, not fresh"
    EXPIRED = "expired", "expired"
    PURGED = "purged", "purged"
    NONE = "none", "nothing stored"


def stored_state(lookup: Lookup, now: datetime) -> StoredState:
    """Return the state of this lookup's result."""
    if lookup.purged_at is not None:
        return StoredState.PURGED
    if lookup.expires_at is None or not lookup.has_answer:
        return StoredState.NONE
    if lookup.cached_until is not None and lookup.cached_until > now:
        return StoredState.FRESH
    return StoredState.EXPIRED if lookup.expires_at <= now else StoredState.STALE


def stored_state_filter(state: StoredState, now: datetime) -> Q:
    """Return the query condition for a state. Each lookup is in exactly one."""
    unpurged = Q(purged_at__isnull=True)
    stored = unpurged & Q(has_answer=True)
    # These are few; a subquery finds them by their own index.
    fresh = Lookup.objects.filter(cached_until__gt=now, has_answer=True).values("pk")
    not_fresh = Q(cached_until__isnull=True) | Q(cached_until__lte=now)
    return {
        StoredState.PURGED: Q(purged_at__isnull=False),
        StoredState.NONE: unpurged & Q(has_answer=False),
        StoredState.EXPIRED: stored & Q(expires_at__lte=now) & not_fresh,
        StoredState.FRESH: unpurged & Q(pk__in=fresh),
        StoredState.STALE: stored & Q(expires_at__gt=now) & not_fresh,
    }[state]
