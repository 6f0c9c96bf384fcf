"""Shared answers in Django's cache, and the snapshot each lookup keeps. Both hold redacted answers.

Values are JSON, never pickled objects: what a shared cache holds is not trusted to be code.
"""

import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from pydantic import TypeAdapter, ValidationError

from apps.events.answer import Answer, NoticeCode
from apps.events.event import Event
from apps.events.question import Question
from apps.events.redaction import RULES_VERSION
from apps.sentry import SentryConfig

SCHEMA = 1
SETTLED_AFTER = timedelta(minutes=10)
KEEP_SETTLED = timedelta(days=1)
KEEP_EMPTY = timedelta(minutes=5)
KEEP_YOUNG = timedelta(seconds=30)

_ANSWER = TypeAdapter(Answer)
_EVENT = TypeAdapter(Event)
_SHORT_LIVED = (NoticeCode.PARTIAL_BODIES, NoticeCode.SIGNAL_MISSING, NoticeCode.INCOMPLETE_LIST)


@dataclass(frozen=True, slots=True)
class Kept:
    """A shared answer and until when it counts as fresh (UTC)."""

    answer: Answer
    until: datetime


def cache_key(question: Question, config: SentryConfig) -> str:
    """One key for all that changes the answer; the customer cannot be read from it."""
    identity = [
        SCHEMA,
        RULES_VERSION,
        config.base_url,
        config.organization,
        sorted(question.projects or config.projects),
        sorted(question.environments),
        question.customer.kind,
        question.customer.identifier,
        list(question.fields),
        question.window.start.isoformat(),
        question.window.end.isoformat(),
        config.max_events,
        config.max_bodies,
    ]
    digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return f"answer/{SCHEMA}/{digest}"


def time_to_keep(answer: Answer) -> timedelta:
    """How long an answer is shared: the surer it is to stay true, the longer."""
    if answer.fetched_at - answer.question.window.end < SETTLED_AFTER:
        return KEEP_YOUNG
    if any(answer.has_notice(code) for code in _SHORT_LIVED):
        return KEEP_YOUNG
    return KEEP_SETTLED if answer.events else KEEP_EMPTY


def get(key: str) -> Kept | None:
    """The shared answer under this key, if there is one that can still be read."""
    value = cache.get(key)
    if not isinstance(value, list) or len(value) != 2:
        return None
    try:
        return Kept(_ANSWER.validate_json(value[1]), datetime.fromisoformat(value[0]))
    except (ValidationError, ValueError):
        return None


def put(key: str, answer: Answer) -> datetime:
    """Share a redacted answer; returns until when."""
    keep = time_to_keep(answer)
    until = datetime.now(UTC) + keep
    value = [until.isoformat(), _ANSWER.dump_json(answer).decode()]
    cache.set(key, value, round(keep.total_seconds()))
    return until


def drop(key: str) -> None:
    """Forget the shared answer."""
    cache.delete(key)


def to_snapshot(answer: Answer) -> bytes:
    """A redacted answer as the lookup's record keeps it."""
    return zlib.compress(_ANSWER.dump_json(answer))


def from_snapshot(snapshot: bytes) -> Answer | None:
    """The kept answer; None when an older version of the program wrote it in another shape."""
    try:
        return _ANSWER.validate_json(zlib.decompress(snapshot))
    except (ValidationError, zlib.error):
        return None


def get_event(key: str, event_id: str) -> Event | None:
    """One event that was read later than its answer."""
    value = cache.get(f"{key}/{event_id}")
    if not isinstance(value, str):
        return None
    try:
        return _EVENT.validate_json(value)
    except ValidationError:
        return None


def put_event(key: str, event: Event) -> None:
    """Share one redacted event for a day."""
    value = _EVENT.dump_json(event).decode()
    cache.set(f"{key}/{event.id}", value, round(KEEP_SETTLED.total_seconds()))
