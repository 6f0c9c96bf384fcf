"""Shared answers in the cache, and the snapshot each lookup keeps. Both hold redacted answers.

Values are JSON, never pickled objects: what a shared cache holds is not trusted to be code.
"""

import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from apps.events.answer import Answer, NoticeCode
from apps.events.event import Event
from apps.events.question import Question, Window
from apps.events.redaction import RULES_VERSION
from apps.lookups import shared
from apps.sentry import SentryConfig

SCHEMA = 2
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
class Kept:
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
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()


def time_to_keep(answer: Answer) -> timedelta:
    """How long an answer is shared: the surer it is to stay true, the longer."""
    if answer.fetched_at - answer.question.window.end < SETTLED_AFTER:
        return KEEP_YOUNG
    if any(answer.has_notice(code) for code in _SHORT_LIVED):
        return KEEP_YOUNG
    return KEEP_SETTLED if answer.events else KEEP_EMPTY


def get(key: str) -> Kept | None:
    """The shared answer under this key, fresh or stale, if it can still be read."""
    value = shared.get(key)
    if not isinstance(value, list) or len(value) != 2:
        return None
    try:
        return Kept(_ANSWER.validate_json(value[1]), datetime.fromisoformat(value[0]))
    except (ValidationError, ValueError, TypeError):
        return None


def put(key: str, answer: Answer) -> datetime:
    """Share a redacted answer, fresh for a while and stale for a day more; returns until when."""
    keep = time_to_keep(answer)
    until = datetime.now(UTC) + keep
    value = [until.isoformat(), _ANSWER.dump_json(answer).decode()]
    shared.put(key, value, (keep + KEEP_STALE).total_seconds())
    return until


def put_beside(key: str, answer: Answer) -> None:
    """Share an answer to which something was added beside its events, as fresh as it was."""
    kept = get(key)
    if kept is not None and kept.answer.fetched_at == answer.fetched_at:
        left = kept.until - datetime.now(UTC) + KEEP_STALE
        value = [kept.until.isoformat(), _ANSWER.dump_json(answer).decode()]
        shared.put(key, value, left.total_seconds())


def drop(key: str, answer: Answer | None) -> None:
    """Forget the shared answer, and the events of it that were read later."""
    shared.delete(key)
    for event in (*answer.events, *answer.beside.trace_errors) if answer else ():
        if event.body is None:
            shared.delete(f"{key}/{event.id}")


def note_window(index: str, key: str, answer: Answer) -> None:
    """Remember that a whole and complete answer to this window is held under the key.

    Two who note at the same time may lose one note: that costs a call, never an event.
    """
    if not answer.complete or answer.notices:
        return
    window = answer.question.window
    row = [window.start.isoformat(), window.end.isoformat(), key]
    rows = [row, *(kept for kept in _rows(index) if kept != row)][:MOST_WINDOWS]
    shared.put(index, rows, (KEEP_SETTLED + KEEP_STALE).total_seconds())


def get_around(index: str, window: Window) -> Kept | None:
    """A fresh answer to a window that this one lies inside, if one is held."""
    for start, end, key in _rows(index):
        if start <= window.start.isoformat() and window.end.isoformat() <= end:
            kept = get(key)
            if kept is not None and kept.is_fresh:
                return kept
    return None


def _rows(index: str) -> list[list[str]]:
    rows = shared.get(index)
    return [row for row in rows if len(row) == 3] if isinstance(rows, list) else []


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
    value = shared.get(f"{key}/{event_id}")
    if not isinstance(value, str):
        return None
    try:
        return _EVENT.validate_json(value)
    except ValidationError:
        return None


def put_event(key: str, event: Event) -> None:
    """Share one redacted event for a day."""
    value = _EVENT.dump_json(event).decode()
    shared.put(f"{key}/{event.id}", value, KEEP_SETTLED.total_seconds())
