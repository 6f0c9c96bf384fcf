"""From one lookup to the next: moving on in time, coming back, and what is new since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone

from apps.events.answer import Answer
from apps.events.query import Move, moved
from apps.lookups import store
from apps.lookups.asked import own_question, record_lookup
from apps.lookups.asker import Asker
from apps.lookups.models import Lookup, Origin
from apps.lookups.reasons import reason_of

MOST_RECENT = 8


def move_lookup(lookup: Lookup, move: Move, *, asker: Asker) -> Lookup | None:
    """A new lookup of the same customer where the move leads; None where it leads nowhere.

    Raises `LookupFailed` when no Sentry is configured, and its kind `CustomerErased`.
    """
    question = moved(own_question(lookup, asker), move, timezone.now())
    if question is None:
        return None
    zone = ZoneInfo(lookup.zone)
    return record_lookup(
        question, asker=asker, typed=lookup.customer, zone=zone, reason=reason_of(lookup)
    )


def recent_lookups(user: User) -> Sequence[Lookup]:
    """The person's last lookups on the web whose customer is kept: newest first, each once."""
    mine = Lookup.objects.filter(user=user, origin=Origin.WEB, typed__isnull=False)
    rows = mine.select_related("typed").defer("snapshot")[: 4 * MOST_RECENT]
    newest = {lookup.cache_key: lookup for lookup in reversed(rows)}
    return sorted(newest.values(), key=lambda lookup: lookup.created_at, reverse=True)[:MOST_RECENT]


@dataclass(frozen=True, slots=True)
class Since:
    """How many events are new since the same person last asked the same, and when that was."""

    new: int
    looked_at: datetime


def new_since(lookup: Lookup, answer: Answer, user: User) -> Since | None:
    """What is new since this person's last look; None without one, or where it cannot be told.

    It is told to who looked both times. That nothing is new is said only of answers of which all
    was listed.
    """
    if lookup.user_id != user.pk:
        return None
    before = (
        Lookup.objects.filter(user=user, cache_key=lookup.cache_key, redacted=True)
        .filter(created_at__lt=lookup.created_at, snapshot__isnull=False)
        .first()
    )
    if before is None:
        return None
    known = store.readable_snapshot(before)
    if known is None or answer.fetched_at <= known.fetched_at:
        return None
    new = {event.id for event in answer.events} - {event.id for event in known.events}
    is_whole = answer.complete or answer.only_waits
    return Since(len(new), known.fetched_at) if new or is_whole else None
