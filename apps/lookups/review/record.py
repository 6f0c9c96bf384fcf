"""The page of one record: what was asked and found, what it cost, and who did what with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse

from apps.audit.models import Action, Entry
from apps.events.answer import Answer, Call
from apps.events.grouping import group_by_issue
from apps.events.redaction import RULES_VERSION, redact
from apps.events.summary import headline
from apps.exports import render
from apps.lookups import store
from apps.lookups.models import ExportRecord, How, Lookup, Origin
from apps.lookups.review.rows import (
    ERASED,
    cost_of,
    found_in,
    kept_for,
    outcome_of,
    reasons_of,
    told_time,
    who_of,
    window_of,
)
from apps.lookups.store import StoredState, stored_state

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
