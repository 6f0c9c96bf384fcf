"""Lookups in words: a row of the list under Manage, and the page of one record."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.urls import reverse

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import decrypt_words
from apps.events.answer import Answer
from apps.events.grouping import group_by_issue
from apps.events.query import counted, format_duration
from apps.events.summary import headline
from apps.exports import render
from apps.lookups import store
from apps.lookups.access import Owned
from apps.lookups.models import ExportMethod, ExportRecord, Lookup, Origin, Outcome
from apps.lookups.store import StoredState, stored_state
from apps.redaction.engine import RULES_VERSION, redact

ERASED = "erased"
_NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class LookupRow:
    """A lookup in the list, in words; `record` and `page` are URLs."""

    pk: int
    record: str
    page: str
    created: str
    created_iso: str
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
    retention: str
    reason: str


def rows_of(lookups: Sequence[Lookup], now: datetime, query: str = "") -> list[LookupRow]:
    """Return the rows for these lookups, in two queries for all of them.

    `query` is appended to the URLs of their records.
    """
    teams = _teams_of({lookup.user_id for lookup in lookups if lookup.user_id})
    reasons = reasons_of(lookups)
    rows = []
    for lookup in lookups:
        state = stored_state(lookup, now)
        row = LookupRow(
            pk=lookup.pk,
            record=reverse("admin:lookups_lookup_change", args=[lookup.pk]) + query,
            page=reverse("lookup_detail", args=[lookup.uuid]),
            created=format_time(lookup.created_at),
            created_iso=lookup.created_at.astimezone(UTC).isoformat(timespec="seconds"),
            who=who_of(lookup),
            teams=teams.get(lookup.user_id or 0, ""),
            customer=lookup.customer or ERASED,
            is_erased=not lookup.customer,
            window=window_of(lookup),
            outcome=outcome_label(lookup),
            outcome_kind=lookup.outcome,
            found=found_in(lookup),
            cost=cost_of(lookup),
            state=state.label,
            state_kind=state.value,
            retention=retention_note(lookup, state, now),
            reason=reasons.get(lookup.audit_target, ""),
        )
        rows.append(row)
    return rows


def reasons_of(lookups: Sequence[Owned]) -> dict[str, str]:
    """Return the reasons for these lookups or incidents, by their `audit_target`."""
    words = Words.objects.filter(
        entry__target__in=[lookup.audit_target for lookup in lookups],
        entry__action=Action.LOOKED_UP,
    ).select_related("entry")
    return {row.entry.target: decrypt_words(row) or "can no longer be read" for row in words}


def who_of(record: Lookup | ExportRecord) -> str:
    """Return the person, or the system user of a command line."""
    return str(record.user) if record.user else record.system_user or "unknown"


def found_in(lookup: Lookup) -> str:
    """Return what was found, or an empty text before there is a result."""
    if lookup.events is None:
        return ""
    if not lookup.events:
        return "no errors"
    events = _with_noun(lookup.events, "event")
    if lookup.problems is None:
        return f"{events}, {_with_noun(lookup.issues or 0, 'issue')}"
    return f"{events}, {_with_noun(lookup.problems, 'problem')}"


def cost_of(lookup: Lookup) -> str:
    """Return the number of calls and the time they took."""
    if lookup.duration_ms is None:
        return ""
    calls = "from cache" if lookup.from_cache else _with_noun(lookup.calls, "call")
    return f"{calls}, {format_milliseconds(lookup.duration_ms)}"


def format_milliseconds(milliseconds: int) -> str:
    """Return a duration in milliseconds, or in seconds if it is at least one."""
    if milliseconds < 1000:
        return f"{milliseconds}{_NBSP}ms"
    return f"{milliseconds / 1000:.1f}{_NBSP}s"


def retention_note(lookup: Lookup, state: StoredState, now: datetime) -> str:
    """Return how long the result is fresh and stored, or since when it is not."""
    if state is StoredState.PURGED and lookup.purged_at:
        return f"{_distance(lookup.purged_at, now)} ago"
    if lookup.expires_at is None or state is StoredState.NONE:
        return ""
    if state is StoredState.EXPIRED:
        return f"{_distance(lookup.expires_at, now)} ago"
    note = f"stored for {_distance(lookup.expires_at, now)}"
    if state is StoredState.FRESH and lookup.cached_until:
        return f"for {_distance(lookup.cached_until, now)}, {note}"
    return note


def format_time(moment: datetime) -> str:
    """Return a time in UTC: 20 Nov 2026, 14:05."""
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M}".lstrip("0").replace(" ", _NBSP)


def window_of(lookup: Lookup) -> str:
    """Return the reported time and the minutes around it."""
    return f"{format_time(lookup.moment)}{_NBSP}±{_NBSP}{lookup.minutes}{_NBSP}min"


def outcome_label(lookup: Lookup) -> str:
    """Return the outcome, with the problem of a failed lookup."""
    label = str(Outcome(lookup.outcome).label)
    return f"{label}: {lookup.problem.replace('_', ' ')}" if lookup.problem else label


def _teams_of(people: set[int]) -> dict[int, str]:
    by_person: dict[int, list[str]] = defaultdict(list)
    rows = Group.objects.filter(team__isnull=False, user__in=people).order_by("name")
    for person, team in rows.values_list("user", "name"):
        by_person[person].append(team)
    return {person: ", ".join(teams) for person, teams in by_person.items()}


def _distance(moment: datetime, now: datetime) -> str:
    return format_duration((moment - now).total_seconds()).replace(" ", _NBSP)


def _with_noun(number: int, noun: str) -> str:
    return f"{number}{_NBSP}{noun}" if number == 1 else f"{number}{_NBSP}{noun}s"


MAX_ROWS = 100
TOKEN_BUDGET = 6000


def record_context(lookup: Lookup, now: datetime) -> dict[str, object]:
    """Return what the page of a lookup's record shows, with the result as the agent saw it."""
    answer = store.readable_snapshot(lookup)
    if answer is not None and answer.redaction_version < RULES_VERSION:
        answer = redact(answer)
    state = stored_state(lookup, now)
    exports = lookup.exports.select_related("user")[:MAX_ROWS]
    entries = Entry.objects.filter(target=lookup.audit_target).order_by("-sequence")[:MAX_ROWS]
    return {
        "facts": _facts(lookup, state, now),
        "answer": answer,
        "missing": _MISSING.get(state, _UNREADABLE),
        "headline": answer and headline(answer, ZoneInfo(lookup.zone)),
        "issues": answer and group_by_issue(answer),
        "text": answer and _text(answer, lookup),
        "exports": [_export_row(export) for export in exports],
        "trail": [_entry_row(entry) for entry in entries],
    }


_UNREADABLE = (
    "The result was stored by another version of Triage or with a key that's no longer "
    "available. It can't be read."
)
_MISSING = {
    StoredState.PURGED: "An admin deleted the result. The lookup record is still stored.",
    StoredState.EXPIRED: "The result expired and was deleted. The lookup record is still stored.",
    StoredState.NONE: "No result was stored: none arrived, or it was shown without redaction.",
}


def _facts(lookup: Lookup, state: StoredState, now: datetime) -> list[tuple[str, str]]:
    note = retention_note(lookup, state, now)
    rows = [
        ("Looked up", f"{format_time(lookup.created_at)} UTC"),
        ("Who", f"{who_of(lookup)} ({Origin(lookup.origin).label})"),
        ("Reason", reasons_of([lookup]).get(lookup.audit_target, "")),
        ("Customer", lookup.customer or ERASED),
        ("Window", f"{window_of(lookup)} UTC"),
        ("Projects", ", ".join(lookup.projects) or "all"),
        ("Environments", ", ".join(lookup.environments) or "all"),
        ("Outcome", outcome_label(lookup)),
        ("Sentry's message", lookup.problem_detail),
        ("Found", found_in(lookup)),
        ("Read in full", "" if lookup.bodies is None else counted(lookup.bodies, "event")),
        ("Cost", cost_of(lookup)),
        ("Calls saved", str(lookup.calls_saved) if lookup.calls_saved else ""),
        ("Stored result", f"{state.label}, {note}" if note else str(state.label)),
        ("Stored until", f"{format_time(lookup.expires_at)} UTC" if lookup.expires_at else ""),
        ("Shown", "with redaction" if lookup.redacted else "without redaction"),
        ("Keyed hash of the customer", lookup.customer_hash),
        ("Lookup ID", str(lookup.uuid)),
    ]
    return [(name, value) for name, value in rows if value]


def _text(answer: Answer, lookup: Lookup) -> str:
    return render(
        answer,
        format="text",
        marker=lookup.marker,
        budget=TOKEN_BUDGET,
        lookup_id=str(lookup.uuid),
        from_cache=lookup.from_cache,
        zone=lookup.zone,
    ).text


# Time, person, action, and details of an export, and of an entry of the audit trail.


def _export_row(export: ExportRecord) -> tuple[str, str, str, str]:
    redaction = "" if export.redacted else "without redaction"
    details = [export.preset, f"about {export.tokens} tokens", redaction, export.reason]
    return (
        format_time(export.at),
        who_of(export),
        f"{ExportMethod(export.how).label}, {export.format}",
        ", ".join(part for part in details if part and part != "none"),
    )


def _entry_row(entry: Entry) -> tuple[str, str, str, str]:
    address = f", from {entry.address}" if entry.address else ""
    return (
        format_time(entry.at),
        entry.actor or entry.origin,
        str(entry.get_action_display()),
        f"entry {entry.sequence}{address}",
    )
