"""Answers as one person may read them. Pages and API read here, and nowhere else.

What a lookup keeps, what others share, and what is asked just now all pass `allowed_part` on the
way out. `projects` are the slugs that the reader may see, None stands for all: see
`accounts.teams.projects_of`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.utils import timezone

from apps.events.answer import Answer, Progress, allowed_part
from apps.events.query import Move, moved
from apps.lookups import background, cache, store
from apps.lookups.access import Asker
from apps.lookups.background import State, cancel_lookup, has_ended, place_to_wait, read_event_now
from apps.lookups.known_errors import with_known
from apps.lookups.models import Lookup, Origin
from apps.lookups.problems import LookupFailed, LookupPurged, problem_of
from apps.lookups.records import own_question, question_of, reason_of, record_lookup, told_beside
from apps.lookups.sentry_connection import sentry_client, visible_projects
from apps.lookups.services import LookupResult, answer_lookup
from apps.lookups.services import answer_unredacted as answer_all_unredacted
from apps.lookups.services import kept_answer as kept_answer_whole
from apps.redaction.engine import with_later
from apps.sentry import SentryError, fetch_beside

__all__ = [
    "LookupPurged",
    "LookupResult",
    "Projects",
    "State",
    "answer_now",
    "answer_soon",
    "answer_unredacted",
    "cancel_lookup",
    "count_newer",
    "has_ended",
    "kept_answer",
    "place_to_wait",
    "read_event_now",
    "sees_all_of",
    "state_of",
]

Projects = Collection[str] | None


def answer_now(lookup: Lookup, projects: Projects) -> LookupResult:
    """The answer, asked for within the request if need be. Raises as `answer_lookup` does."""
    return _allowed(background.answer_now(lookup), projects)


def answer_soon(lookup: Lookup, patience_s: float, projects: Projects) -> LookupResult | None:
    """The answer if it is there in so many seconds, else None. Raises as `answer_lookup` does."""
    result = background.answer_soon(lookup, patience_s)
    return result and _allowed(result, projects)


def kept_answer(lookup: Lookup, projects: Projects) -> Answer | None:
    """The answer that is kept, without its known errors; None where there is none. Asks nobody."""
    answer = kept_answer_whole(lookup)
    return answer and allowed_part(answer, projects)


def answer_unredacted(lookup: Lookup, projects: Projects) -> LookupResult:
    """The answer as Sentry gives it now; it is kept nowhere. Raises `LookupFailed`."""
    return _allowed(answer_all_unredacted(lookup), projects)


def state_of(lookup: Lookup, patience_s: float, projects: Projects) -> tuple[State, Progress]:
    """Where the lookup stands, and how far it is: that only to who may see all that it searches."""
    state, progress = background.state_of(lookup, patience_s)
    return state, progress if sees_all_of(lookup, projects) else Progress()


def count_newer(lookup: Lookup, projects: Projects) -> int | None:
    """How many events came in since; None too for who may not see all that it searches."""
    return background.count_new_events(lookup) if sees_all_of(lookup, projects) else None


def sees_all_of(lookup: Lookup, projects: Projects) -> bool:
    """Whether the reader may see every project that the lookup searches, so its counts too."""
    if projects is None:
        return True
    return bool(lookup.projects) and all(slug in projects for slug in lookup.projects)


def _allowed(result: LookupResult, projects: Projects) -> LookupResult:
    return replace(result, answer=with_known(allowed_part(result.answer, projects)))


# Reading what could not be read in time beside an answer, when somebody asks for it.

SIGNALS_PAUSE_S = 15.0


def read_beside(lookup: Lookup) -> None:
    """Ask again for the signals that were not read, redact them, and keep them with the answer.

    One asks for all: who comes within 15 seconds after another finds what that one read. Raises
    `LookupFailed` when not even the projects could be listed, and `LookupPurged`.
    """
    answer = answer_lookup(lookup).answer
    signals = tuple(dict.fromkeys(one.signal for one in answer.beside.unread if one.can_retry))
    if not signals or cache.add(f"{lookup.cache_key}/beside", 1, SIGNALS_PAUSE_S) is False:
        return
    question = question_of(lookup)
    try:
        with sentry_client() as client:
            projects = visible_projects(client)
            later = fetch_beside(client, question, signals, answer.events, projects=projects)
    except SentryError as error:
        raise LookupFailed(problem_of(error)) from error
    whole = with_later(answer, later, customer=question.customer.identifier)
    kept = Lookup.objects.filter(pk=lookup.pk, purged_at=None, snapshot__isnull=False)
    if kept.update(snapshot=store.to_snapshot(lookup, whole), beside=told_beside(whole.beside)):
        store.put_related(lookup.cache_key, whole)
        if not kept.exists():  # somebody removed the answer meanwhile
            store.delete(lookup.cache_key, whole)


# From one lookup to the next: moving on in time, coming back, and what is new since.

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
