"""Lookups in words: a row of the list under Manage, and the page of one record."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group

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
    """A lookup in words, for a row of the list and the page of its record."""

    lookup: Lookup
    now: datetime
    reason: str
    teams: str = ""

    @property
    def created(self) -> str:
        return format_time(self.lookup.created_at)

    @property
    def created_iso(self) -> str:
        return self.lookup.created_at.astimezone(UTC).isoformat(timespec="seconds")

    @property
    def who(self) -> str:
        return who_of(self.lookup)

    @property
    def customer(self) -> str:
        return self.lookup.customer or ERASED

    @property
    def window(self) -> str:
        """The reported time and the minutes around it."""
        moment = format_time(self.lookup.moment)
        return f"{moment}{_NBSP}±{_NBSP}{self.lookup.minutes}{_NBSP}min"

    @property
    def outcome(self) -> str:
        """The outcome, with the problem of a failed lookup."""
        label, problem = str(Outcome(self.lookup.outcome).label), self.lookup.problem
        return f"{label}: {problem.replace('_', ' ')}" if problem else label

    @property
    def found(self) -> str:
        """What was found, or an empty text before there is a result."""
        lookup = self.lookup
        if lookup.events is None:
            return ""
        if not lookup.events:
            return "no errors"
        count, noun = lookup.problems, "problem"
        if count is None:
            count, noun = lookup.issues or 0, "issue"
        return f"{_with_noun(lookup.events, 'event')}, {_with_noun(count, noun)}"

    @property
    def cost(self) -> str:
        """The number of calls and the time they took."""
        lookup = self.lookup
        if lookup.duration_ms is None:
            return ""
        calls = "from cache" if lookup.from_cache else _with_noun(lookup.calls, "call")
        return f"{calls}, {format_milliseconds(lookup.duration_ms)}"

    @property
    def state(self) -> StoredState:
        """The state of the stored result."""
        return stored_state(self.lookup, self.now)

    @property
    def retention(self) -> str:
        """How long the result is fresh and stored, or since when it is not."""
        lookup, state = self.lookup, self.state
        if state is StoredState.PURGED and lookup.purged_at:
            return f"{self._distance(lookup.purged_at)} ago"
        if lookup.expires_at is None or state is StoredState.NONE:
            return ""
        if state is StoredState.EXPIRED:
            return f"{self._distance(lookup.expires_at)} ago"
        note = f"stored for {self._distance(lookup.expires_at)}"
        if state is StoredState.FRESH and lookup.cached_until:
            return f"for {self._distance(lookup.cached_until)}, {note}"
        return note

    def _distance(self, moment: datetime) -> str:
        return format_duration((moment - self.now).total_seconds()).replace(" ", _NBSP)


def rows_of(lookups: Sequence[Lookup], now: datetime) -> list[LookupRow]:
    """Return the rows for these lookups, in two queries for all of them."""
    people = {lookup.user_id for lookup in lookups if lookup.user_id}
    groups = Group.objects.filter(team__isnull=False, user__in=people).order_by("name")
    teams: dict[int | None, list[str]] = defaultdict(list)
    for person, team in groups.values_list("user", "name"):
        teams[person].append(team)
    reasons = reasons_of(lookups)
    return [
        LookupRow(one, now, reasons.get(one.audit_target, ""), ", ".join(teams[one.user_id]))
        for one in lookups
    ]


def reasons_of(lookups: Sequence[Owned]) -> dict[str, str]:
    """Return the reasons for these lookups or incidents, by their `audit_target`."""
    targets = [lookup.audit_target for lookup in lookups]
    words = Words.objects.filter(entry__target__in=targets, entry__action=Action.LOOKED_UP)
    rows = words.select_related("entry")
    return {row.entry.target: decrypt_words(row) or "can no longer be read" for row in rows}


def who_of(record: Lookup | ExportRecord) -> str:
    """Return the person, or the system user of a command line."""
    return str(record.user) if record.user else record.system_user or "unknown"


def format_milliseconds(milliseconds: int) -> str:
    """Return a duration in milliseconds, or in seconds if it is at least one."""
    if milliseconds < 1000:
        return f"{milliseconds}{_NBSP}ms"
    return f"{milliseconds / 1000:.1f}{_NBSP}s"


def format_time(moment: datetime) -> str:
    """Return a time in UTC: 20 Nov 2026, 14:05."""
    return f"{moment.astimezone(UTC):%d %b %Y, %H:%M}".lstrip("0").replace(" ", _NBSP)


def _with_noun(number: int, noun: str) -> str:
    return f"{number}{_NBSP}{noun}" if number == 1 else f"{number}{_NBSP}{noun}s"


MAX_ROWS = 100
TOKEN_BUDGET = 6000


def record_context(lookup: Lookup, now: datetime) -> dict[str, object]:
    """Return what the page of a lookup's record shows, with the result as the agent saw it."""
    answer = store.readable_snapshot(lookup)
    if answer is not None and answer.redaction_version < RULES_VERSION:
        answer = redact(answer)
    row = LookupRow(lookup, now, reasons_of([lookup]).get(lookup.audit_target, ""))
    exports = lookup.exports.select_related("user")[:MAX_ROWS]
    entries = Entry.objects.filter(target=lookup.audit_target).order_by("-sequence")[:MAX_ROWS]
    return {
        "facts": _facts(row),
        "answer": answer,
        "missing": _MISSING.get(row.state, _UNREADABLE),
        "headline": answer and headline(answer, ZoneInfo(lookup.zone)),
        "issues": answer and group_by_issue(answer),
        "text": answer and _text(answer, lookup),
        "exports": [_export_cells(export) for export in exports],
        "trail": [
            (
                format_time(entry.at),
                entry.actor or entry.origin,
                entry.get_action_display(),
                f"entry {entry.sequence}" + (f", from {entry.address}" if entry.address else ""),
            )
            for entry in entries
        ],
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


def _facts(row: LookupRow) -> dict[str, str]:
    lookup, state = row.lookup, str(row.state.label)
    facts = {
        "Looked up": f"{row.created} UTC",
        "Who": f"{row.who} ({Origin(lookup.origin).label})",
        "Reason": row.reason,
        "Customer": row.customer,
        "Window": f"{row.window} UTC",
        "Projects": ", ".join(lookup.projects) or "all",
        "Environments": ", ".join(lookup.environments) or "all",
        "Outcome": row.outcome,
        "Sentry's message": lookup.problem_detail,
        "Found": row.found,
        "Read in full": "" if lookup.bodies is None else counted(lookup.bodies, "event"),
        "Cost": row.cost,
        "Calls saved": str(lookup.calls_saved or ""),
        "Stored result": f"{state}, {row.retention}" if row.retention else state,
        "Stored until": f"{format_time(lookup.expires_at)} UTC" if lookup.expires_at else "",
        "Shown": "with redaction" if lookup.redacted else "without redaction",
        "Keyed hash of the customer": lookup.customer_hash,
        "Lookup ID": str(lookup.uuid),
    }
    return {name: value for name, value in facts.items() if value}


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


def _export_cells(export: ExportRecord) -> tuple[str, str, str, str]:
    redaction = "" if export.redacted else "without redaction"
    details = [export.preset, f"about {export.tokens} tokens", redaction, export.reason]
    return (
        format_time(export.at),
        who_of(export),
        f"{ExportMethod(export.how).label}, {export.format}",
        ", ".join(part for part in details if part and part != "none"),
    )
