"""A lookup as a row of the list, in words."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import Group
from django.urls import reverse

from apps.audit.models import Action, Words
from apps.audit.trail import opened
from apps.events.query import duration
from apps.lookups.models import Lookup, Outcome
from apps.lookups.store import StoredState, stored_state

ERASED = "erased"
_NBSP = "\N{NO-BREAK SPACE}"
_LEAST_MS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """What the list tells of one lookup. `kept` is how long its answer still stays."""

    pk: int
    record: str
    page: str
    asked: str
    asked_iso: str
    who: str
    teams: str
    customer: str
    is_erased: bool
    window: str
    outcome: str
    outcome_kind: str
    found: str
    cost: str
    state: str
    state_kind: str
    kept: str
    why: str


def rows_of(lookups: Sequence[Lookup], now: datetime) -> list[Row]:
    """The rows, in two queries for all of them."""
    teams = _teams_of({lookup.user_id for lookup in lookups if lookup.user_id})
    reasons = reasons_of(lookups)
    return [
        _row(lookup, now, teams.get(lookup.user_id or 0, ""), reasons.get(lookup.audit_target, ""))
        for lookup in lookups
    ]


def reasons_of(lookups: Sequence[Lookup]) -> dict[str, str]:
    """What people typed as their reason to look, by the lookup's name in the audit trail."""
    words = Words.objects.filter(
        entry__target__in=[lookup.audit_target for lookup in lookups],
        entry__action=Action.LOOKED_UP,
    ).select_related("entry")
    return {one.entry.target: opened(one) or "can no longer be read" for one in words}


def who_of(lookup: Lookup) -> str:
    """The person, or the system's user of a command line."""
    return str(lookup.user) if lookup.user else lookup.system_user or "unknown"


def found_in(lookup: Lookup) -> str:
    """What was found, in words; empty before an answer."""
    if lookup.events is None:
        return ""
    if not lookup.events:
        return "no errors"
    return f"{_counted(lookup.events, 'event')}, {_counted(lookup.issues or 0, 'issue')}"


def cost_of(lookup: Lookup) -> str:
    """Calls and time; a shared answer cost nothing."""
    if lookup.duration_ms is None:
        return ""
    calls = "shared" if lookup.from_cache else _counted(lookup.calls, "call")
    return f"{calls}, {told_ms(lookup.duration_ms)}"


def told_ms(milliseconds: int) -> str:
    """A length of time as short as it can be told."""
    if milliseconds < _LEAST_MS:
        return f"{milliseconds}{_NBSP}ms"
    return f"{milliseconds / 1000:.1f}{_NBSP}s"


def kept_for(lookup: Lookup, state: StoredState, now: datetime) -> str:
    """How long the answer is fresh and kept, or since when it is not."""
    if state is StoredState.PURGED and lookup.purged_at:
        return f"{_since(lookup.purged_at, now)} ago"
    if lookup.expires_at is None or state is StoredState.NONE:
        return ""
    if state is StoredState.EXPIRED:
        return f"{_since(lookup.expires_at, now)} ago"
    kept = f"kept for {_since(lookup.expires_at, now)}"
    if state is StoredState.FRESH and lookup.cached_until:
        return f"for {_since(lookup.cached_until, now)}, {kept}"
    return kept


def told_time(moment: datetime) -> str:
    """20 Nov 2026, 14:05, in UTC."""
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M}".lstrip("0").replace(" ", _NBSP)


def window_of(lookup: Lookup) -> str:
    """The moment and the minutes around it."""
    return f"{told_time(lookup.moment)}{_NBSP}±{_NBSP}{lookup.minutes}{_NBSP}min"


def outcome_of(lookup: Lookup) -> str:
    """How it ended, with why where it failed."""
    told = str(Outcome(lookup.outcome).label)
    return f"{told}: {lookup.problem.replace('_', ' ')}" if lookup.problem else told


def _row(lookup: Lookup, now: datetime, teams: str, why: str) -> Row:
    state = stored_state(lookup, now)
    return Row(
        pk=lookup.pk,
        record=reverse("admin:lookups_lookup_change", args=[lookup.pk]),
        page=reverse("lookup_detail", args=[lookup.uuid]),
        asked=told_time(lookup.created_at),
        asked_iso=lookup.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        who=who_of(lookup),
        teams=teams,
        customer=lookup.customer or ERASED,
        is_erased=not lookup.customer,
        window=window_of(lookup),
        outcome=outcome_of(lookup),
        outcome_kind=lookup.outcome,
        found=found_in(lookup),
        cost=cost_of(lookup),
        state=state.label,
        state_kind=state.value,
        kept=kept_for(lookup, state, now),
        why=why,
    )


def _teams_of(people: set[int]) -> dict[int, str]:
    named: dict[int, list[str]] = defaultdict(list)
    rows = Group.objects.filter(team__isnull=False, user__in=people).order_by("name")
    for person, team in rows.values_list("user", "name"):
        named[person].append(team)
    return {person: ", ".join(teams) for person, teams in named.items()}


def _since(moment: datetime, now: datetime) -> str:
    return duration((moment - now).total_seconds()).replace(" ", _NBSP)


def _counted(number: int, noun: str) -> str:
    return f"{number}{_NBSP}{noun}" if number == 1 else f"{number}{_NBSP}{noun}s"
