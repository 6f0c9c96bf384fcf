"""The page of one record: what was asked and found, what it cost, and who did what with it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.urls import reverse

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import opened
from apps.events.answer import Answer, Call
from apps.events.grouping import group_by_issue
from apps.events.query import duration
from apps.events.summary import headline
from apps.exports import render
from apps.lookups import store
from apps.lookups.models import ExportRecord, How, Lookup, Origin, Outcome
from apps.lookups.store import StoredState, stored_state
from apps.redaction.engine import RULES_VERSION, redact

# A lookup as a row of the list, in words.

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


MOST_ROWS = 100
BUDGET = 6000


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the record."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FoundIssue:
    """An issue of the answer; `others` leads to the lookups that met it too."""

    title: str
    project: str
    events: int
    others: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer as the agent saw it: redacted."""

    headline: str
    notices: tuple[str, ...]
    issues: tuple[FoundIssue, ...]
    text: str
    calls: Sequence[Call]


@dataclass(frozen=True, slots=True)
class Happened:
    """An export or an entry of the audit trail."""

    at: str
    who: str
    what: str
    more: str


@dataclass(frozen=True, slots=True)
class Record:
    """All of the page."""

    page: str
    facts: tuple[Fact, ...]
    seen: Seen | None
    without: str
    exports: tuple[Happened, ...]
    trail: tuple[Happened, ...]


def record_of(lookup: Lookup, now: datetime) -> Record:
    """The record in words. `without` says why nothing of the answer can be shown."""
    answer = _kept_answer(lookup)
    state = stored_state(lookup, now)
    return Record(
        page=reverse("lookup_detail", args=[lookup.uuid]),
        facts=tuple(_facts(lookup, state, now)),
        seen=_seen(answer, lookup) if answer else None,
        without="" if answer else _WITHOUT[state],
        exports=tuple(map(_exported, _exports_of(lookup))),
        trail=tuple(map(_happened, _entries_of(lookup))),
    )


_UNREADABLE = (
    "The result was stored by another version of Triage or with a key that's no longer "
    "available. It can't be read."
)
_WITHOUT = {
    StoredState.PURGED: "An admin deleted the result. The lookup record is kept.",
    StoredState.EXPIRED: "The result expired and was deleted. The lookup record is kept.",
    StoredState.NONE: "No result was stored: none arrived, or it was shown without redaction.",
    StoredState.FRESH: _UNREADABLE,
    StoredState.STALE: _UNREADABLE,
}


def _kept_answer(lookup: Lookup) -> Answer | None:
    answer = store.readable_snapshot(lookup)
    if answer is not None and answer.redaction_version < RULES_VERSION:
        return redact(answer)
    return answer


def _facts(lookup: Lookup, state: StoredState, now: datetime) -> list[Fact]:
    reason = reasons_of([lookup]).get(lookup.audit_target, "")
    told = [
        ("Asked", f"{told_time(lookup.created_at)} UTC"),
        ("Who", f"{who_of(lookup)}, by {Origin(lookup.origin).label}"),
        ("Why", reason),
        ("Customer", lookup.customer or ERASED),
        ("Window", f"{window_of(lookup)} UTC"),
        ("Projects", ", ".join(lookup.projects) or "all"),
        ("Environments", ", ".join(lookup.environments) or "all"),
        ("Outcome", outcome_of(lookup)),
        ("What Sentry said", lookup.problem_detail),
        ("Found", found_in(lookup)),
        ("Read in full", "" if lookup.bodies is None else f"{lookup.bodies} events"),
        ("Cost", cost_of(lookup)),
        ("Calls saved", str(lookup.calls_saved) if lookup.calls_saved else ""),
        ("Answer", _told_state(lookup, state, now)),
        ("Kept until", f"{told_time(lookup.expires_at)} UTC" if lookup.expires_at else ""),
        ("Shown", "with redaction" if lookup.redacted else "without redaction"),
        ("Keyed hash of the customer", lookup.customer_hash),
        ("Lookup", str(lookup.uuid)),
    ]
    return [Fact(name, value) for name, value in told if value]


def _told_state(lookup: Lookup, state: StoredState, now: datetime) -> str:
    kept = kept_for(lookup, state, now)
    return f"{state.label}, {kept}" if kept else str(state.label)


def _seen(answer: Answer, lookup: Lookup) -> Seen:
    zone = ZoneInfo(lookup.zone)
    text = render(
        answer,
        format="text",
        marker=lookup.marker,
        budget=BUDGET,
        lookup_id=str(lookup.uuid),
        from_cache=lookup.from_cache,
        zone=lookup.zone,
    ).text
    return Seen(
        headline=headline(answer, zone),
        notices=tuple(notice.message for notice in answer.all_notices),
        issues=tuple(
            FoundIssue(
                title=group.title,
                project=group.newest.project or "",
                events=len(group.events),
                others=f"{reverse('admin:lookups_lookup_changelist')}?issue={group.issue_id}",
            )
            for group in group_by_issue(answer)
        ),
        text=text,
        calls=answer.call_log,
    )


def _exports_of(lookup: Lookup) -> Sequence[ExportRecord]:
    return list(lookup.exports.select_related("user")[:MOST_ROWS])


def _exported(one: ExportRecord) -> Happened:
    shown = "" if one.redacted else "without redaction"
    more = [one.preset, f"about {one.tokens} tokens", shown, one.reason]
    return Happened(
        at=told_time(one.at),
        who=str(one.user) if one.user else one.system_user or "unknown",
        what=f"{How(one.how).label}, {one.format}",
        more=", ".join(part for part in more if part and part != "none"),
    )


def _entries_of(lookup: Lookup) -> Sequence[Entry]:
    return list(Entry.objects.filter(target=lookup.audit_target).order_by("-sequence")[:MOST_ROWS])


def _happened(entry: Entry) -> Happened:
    known = Action.values
    what = str(Action(entry.action).label) if entry.action in known else entry.action
    return Happened(
        at=told_time(entry.at),
        who=entry.actor or entry.origin,
        what=what,
        more=f"entry {entry.sequence}" + (f", from {entry.address}" if entry.address else ""),
    )
