"""Results as one reader can see them: the only way to a result for pages and API.

Every result passes `restrict_to_projects`. `projects` are the slugs that the reader can see, or
None for all; see `projects_of` in `apps.accounts.models`.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.http import Http404
from django.utils import timezone

from apps.audit.models import Action
from apps.audit.trail import record
from apps.events.answer import Answer, NoticeCode, Progress, restrict_to_projects
from apps.events.query import MAX_WINDOW_MINUTES, Move, apply_move
from apps.known_errors.catalogue import search_catalogue, with_known_errors
from apps.lookups import background, cache, problems, records, store
from apps.lookups.access import Requester, find_lookup
from apps.lookups.background import cancel_lookup
from apps.lookups.models import Lookup, LookupState, Origin
from apps.lookups.sentry_connection import (
    recent_state,
    search_choices,
    sentry_client,
    visible_projects,
)
from apps.lookups.services import (
    LookupResult,
    answer_lookup,
    answer_unredacted,
    read_event,
    read_snapshot,
)
from apps.lookups.store import get_derived, put_derived
from apps.lookups.throttling import request_slot
from apps.redaction.engine import add_related
from apps.sentry.errors import SentryError
from apps.sentry.fetch import fetch_ids, fetch_related

# Passed on to pages and assistants, which can't import the layers below.
__all__ = [
    "LookupResult",
    "LookupState",
    "cancel_lookup",
    "get_derived",
    "put_derived",
    "read_event",
]

Projects = Collection[str] | None


def result_now(lookup: Lookup, projects: Projects, patience_s: float = 0.0) -> LookupResult:
    """Return the result, querying Sentry within the request. Raise as `answer_lookup` does.

    If too many requests wait for Sentry, this one waits for `patience_s` seconds before it fails.
    """
    result = background.known_result(lookup)
    if result is None:
        with request_slot(lookup.user_id, patience_s):
            result = answer_lookup(lookup)
    return _restrict(result, projects)


def result_soon(lookup: Lookup, patience_s: float, projects: Projects) -> LookupResult | None:
    """Return the result if it arrives in time, else None. Raise as `answer_lookup` does."""
    result = background.answer_soon(lookup, patience_s)
    return result and _restrict(result, projects)


def stored_result(lookup_id: str, requester: Requester) -> LookupResult:
    """Return the stored result for a program, and count that. Raise `LookupFailed`.

    Without a person, any lookup can be read, as from the command line. Never queries Sentry.
    """
    records.count_call(requester.user, "reads")
    try:
        wanted = uuid.UUID(lookup_id)
        lookup = (
            find_lookup(requester.user, requester.actor, wanted)
            if requester.user
            else Lookup.objects.select_related("typed").get(uuid=wanted)
        )
    except (ValueError, Http404, Lookup.DoesNotExist) as error:
        raise problems.LookupFailed(problems.NO_SUCH_LOOKUP) from error
    if not lookup.end:
        raise problems.LookupFailed(problems.NOT_STORED)
    return result_now(lookup, requester.projects)


def search_known_errors(words: str, requester: Requester) -> list[dict[str, object]]:
    """Return what the support team wrote, for a program, and count and record that."""
    records.count_call(requester.user, "searches")
    record(Action.REVIEWED, requester.actor, target="known errors")
    rows: list[dict[str, object]] = [
        {
            "name": known.slug,
            "title": known.title,
            "explanation": known.explanation,
            "workaround": known.workaround,
            "reply": known.reply,
            "state": known.state.value,
            "planned_for": known.planned_for and known.planned_for.isoformat(),
            "fixed_in": known.fixed_in,
            "links": [link.address for link in known.links],
        }
        for known in search_catalogue(words, requester.projects)
    ]
    return [{name: value for name, value in row.items() if value} for row in rows]


def check_status(requester: Requester) -> dict[str, object]:
    """Return what a program needs to know before it calls, and count and record that."""
    token = requester.token
    records.count_call(requester.user, "checks")
    record(Action.REVIEWED, requester.actor, target="status")
    return {
        "sentry": recent_state(),
        "projects": list(search_choices(requester.projects)[0]),
        "window_minutes": settings.TRIAGE_WINDOW_MINUTES,
        "max_window_minutes": MAX_WINDOW_MINUTES,
        "max_events": settings.TRIAGE_MAX_EVENTS,
        "lookups_per_minute": settings.TRIAGE_LOOKUPS_PER_MINUTE,
        "lookups_left": records.lookups_left(token.user) if token else None,
        "calls_per_minute": settings.TRIAGE_CALLS_PER_MINUTE,
        "reason": settings.TRIAGE_REASON,
        "stored_days": settings.TRIAGE_KEEP_LOOKUPS_DAYS,
        "token_expires": token and token.expires_at.isoformat(timespec="seconds"),
    }


def stored_answer(lookup: Lookup, projects: Projects) -> Answer | None:
    """Return the stored answer, without its known errors, or None. Never queries Sentry."""
    try:
        answer = read_snapshot(lookup)
    except (problems.LookupPurged, problems.LookupCancelled):
        return None
    return answer and restrict_to_projects(answer, projects)


def unredacted_result(lookup: Lookup, projects: Projects) -> LookupResult:
    """Query Sentry and return the unredacted result, which is not stored. Raise `LookupFailed`."""
    return _restrict(answer_unredacted(lookup), projects)


def visible_state(
    lookup: Lookup, patience_s: float, projects: Projects
) -> tuple[LookupState, Progress]:
    """Return state and progress; the progress is empty unless the reader sees all projects."""
    state, progress = background.lookup_state(lookup, patience_s)
    return state, progress if sees_all_projects(lookup, projects) else Progress()


def sees_all_projects(lookup: Lookup, projects: Projects) -> bool:
    """Return whether the reader can see every project that the lookup searches."""
    if projects is None:
        return True
    return bool(lookup.projects) and all(slug in projects for slug in lookup.projects)


def _restrict(result: LookupResult, projects: Projects) -> LookupResult:
    answer = with_known_errors(restrict_to_projects(result.answer, projects))
    return replace(result, answer=answer, projects=projects)


# Events that arrived after the lookup, in a window that was recent then.

_NEWER_PAUSE_S = 50.0
_NEWER_PATIENCE_S = 5.0


def count_new(lookup: Lookup, projects: Projects) -> int | None:
    """Return how many events exist now that the lookup's result lacks, counted once in 50 seconds.

    Return None if the window had settled, Sentry failed, another request is counting for the same
    question, or the reader doesn't see all projects.
    """
    answer = store.readable_snapshot(lookup) if sees_all_projects(lookup, projects) else None
    if answer is None or not answer.has_notice(NoticeCode.WINDOW_OPEN):
        return None
    key = f"{lookup.cache_key}/ids"
    ids = cache.get_sealed(key)
    if not isinstance(ids, list):
        if not cache.add(f"{key}/asked", 1, _NEWER_PAUSE_S):
            return None
        try:
            with sentry_client(_NEWER_PATIENCE_S) as client:
                question, visible = records.question_of(lookup), visible_projects(client)
                ids = sorted(fetch_ids(client, question, projects=visible))
        except SentryError:
            return None
        cache.put_sealed(key, ids, _NEWER_PAUSE_S)
    return len(set(ids) - {event.id for event in answer.events})


# Related data that could not be read in time, read again on request.

SIGNALS_PAUSE_S = 15.0
_LATE_S = 3.0


def read_related(lookup: Lookup, patience_s: float | None = None) -> None:
    """Read the missing signals again, redact them, and store them with the answer.

    Once in 15 seconds for all lookups of a question. `patience_s` replaces the deadline of a
    lookup. Raise `LookupFailed` when not even the projects could be listed, and `LookupPurged`.
    """
    answer = answer_lookup(lookup).answer
    signals = answer.beside.to_read_again(has_events=bool(answer.events))
    if not signals or not cache.add(f"{lookup.cache_key}/beside", 1, SIGNALS_PAUSE_S):
        return
    question = records.question_of(lookup)
    try:
        with sentry_client(patience_s, person=lookup.user_id) as client:
            projects = visible_projects(client)
            later = fetch_related(
                client, question, signals, answer.events, projects=projects, known=answer.beside
            )
    except SentryError as error:
        raise problems.LookupFailed(problems.problem_of(error)) from error
    extended = add_related(answer, later, customer=question.customer.identifier)
    stored = Lookup.objects.filter(pk=lookup.pk, purged_at=None, snapshot__isnull=False)
    snapshot = store.to_snapshot(lookup, extended)
    if stored.update(snapshot=snapshot, beside=records.related_counts(extended.beside)):
        store.put_related(lookup.cache_key, extended)
        if not stored.exists():  # the result was purged in the meantime
            store.delete(lookup.cache_key, extended)


def with_late_related(result: LookupResult) -> LookupResult:
    """Return the result with the related data that was late, if it can be read in 3 seconds."""
    lookup, answer = result.lookup, result.answer
    is_late = answer.beside.to_read_again(has_events=bool(answer.events))
    if lookup.snapshot is None or not is_late:
        return result
    try:
        with request_slot(lookup.user_id):
            read_related(lookup, _LATE_S)
        lookup.refresh_from_db()
        return result_now(lookup, result.projects)
    except problems.LookupFailed:
        return result


# From one lookup to another: moved in time, recent ones, and news since the previous one.

MAX_RECENT = 8
_SHOWN = (
    *("uuid", "created_at", "moment", "minutes", "zone", "projects", "outcome", "issues"),
    *("problems", "cache_key", "expires_at", "purged_at", "typed__customer_hash", "typed__sealed"),
)


def move_lookup(lookup: Lookup, move: Move, *, requester: Requester) -> Lookup | None:
    """Return a new lookup of the same customer in the moved window; None if there is none.

    Raise `LookupFailed` when no Sentry is configured, and its subclass `CustomerErased`.
    """
    question = apply_move(records.visible_question(lookup, requester), move, timezone.now())
    if question is None:
        return None
    zone, reason = ZoneInfo(lookup.zone), records.reason_of(lookup)
    return records.record_lookup(
        question, requester=requester, typed=lookup.customer, zone=zone, reason=reason
    )


def recent_lookups(user: User) -> Sequence[Lookup]:
    """Return the person's last lookups on the web with a stored customer, one per question."""
    own = Lookup.objects.filter(user=user, origin=Origin.WEB, typed__isnull=False)
    rows = own.select_related("typed").only(*_SHOWN)[: 4 * MAX_RECENT]
    newest = {lookup.cache_key: lookup for lookup in reversed(rows)}
    return sorted(newest.values(), key=lambda lookup: lookup.created_at, reverse=True)[:MAX_RECENT]


@dataclass(frozen=True, slots=True)
class NewSince:
    """The number of events that are new since the person's previous lookup, and its time."""

    new: int
    looked_at: datetime


def previous_lookup(lookup: Lookup, user: User) -> int | None:
    """Return the key of the same person's previous lookup of the same question, or None."""
    if lookup.user_id != user.pk:
        return None
    same = Lookup.objects.filter(user=user, cache_key=lookup.cache_key, redacted=True)
    earlier = same.filter(created_at__lt=lookup.created_at, snapshot__isnull=False)
    return earlier.values_list("pk", flat=True).first()


def new_since(previous_pk: int | None, answer: Answer) -> NewSince | None:
    """Return what is new since the previous lookup; "nothing new" only if the list is complete."""
    previous = Lookup.objects.filter(pk=previous_pk).first() if previous_pk else None
    known = store.readable_snapshot(previous) if previous else None
    if known is None or answer.fetched_at <= known.fetched_at:
        return None
    new = {event.id for event in answer.events} - {event.id for event in known.events}
    is_listed = answer.complete or answer.is_only_pending
    return NewSince(len(new), known.fetched_at) if new or is_listed else None
