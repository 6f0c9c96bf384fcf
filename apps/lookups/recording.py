"""Writing down how a lookup ended, and what was found."""

import time
from datetime import UTC, datetime

from django.db import transaction

from apps.events.answer import Answer, Beside, Signal
from apps.events.grouping import UNGROUPED, group_by_issue
from apps.lookups import store
from apps.lookups.findings import LookupIssue, LookupProject, drop_findings, sealed_title
from apps.lookups.models import Lookup, Outcome
from apps.lookups.problems import LookupCancelled, LookupPurged, Problem

# Not among them: `purged_at`.
_WRITTEN = (
    *("outcome", "problem", "problem_detail", "answered_at", "fetched_at", "events", "issues"),
    *(
        "bodies",
        "calls",
        "calls_saved",
        "beside",
        "duration_ms",
        "from_cache",
        "cached_until",
        "has_answer",
        "redacted",
        "snapshot",
    ),
)


def record_answer(
    lookup: Lookup,
    answer: Answer,
    started: float,
    *,
    keep: bool = True,
    problem: Problem | None = None,
) -> None:
    """Save outcome, counts and cost; with `keep` also the answer itself, which must be redacted.

    `started` is of the monotonic clock; `problem` is why a stale answer stands in. Raises
    `LookupCancelled` and `LookupPurged`.
    """
    lookup.outcome = outcome_of(answer)
    lookup.problem = problem.code if problem else ""
    lookup.problem_detail = problem.detail[:500] if problem else ""
    lookup.answered_at = datetime.now(UTC)
    lookup.fetched_at = answer.fetched_at
    lookup.events = len(answer.events)
    lookup.issues = len({event.issue_id for event in answer.events})
    lookup.bodies = answer.bodies_read
    lookup.calls = answer.calls
    lookup.beside = told_beside(answer.beside)
    lookup.duration_ms = _since(started)
    if keep:
        lookup.snapshot = store.to_snapshot(lookup, answer)
        lookup.has_answer = True
    with transaction.atomic():
        _save(lookup)
        if keep:
            _record_findings(lookup, answer)


def _record_findings(lookup: Lookup, answer: Answer) -> None:
    """A row for each issue and each project, for the review."""
    drop_findings([lookup.pk])
    groups = [group for group in group_by_issue(answer) if group.issue_id != UNGROUPED]
    LookupIssue.objects.bulk_create(
        LookupIssue(
            lookup_id=lookup.pk,
            issue_id=group.issue_id[:100],
            project=(group.newest.project or "")[:100],
            sealed_title=sealed_title(group.issue_id[:100], group.title),
            events=len(group.events),
            asked_at=lookup.created_at,
            customer_hash=lookup.customer_hash,
        )
        for group in groups
    )
    found = {event.project for event in answer.events if event.project}
    LookupProject.objects.bulk_create(
        LookupProject(lookup_id=lookup.pk, project=project[:100], asked_at=lookup.created_at)
        for project in sorted(found | set(lookup.projects))
    )


def told_beside(beside: Beside) -> dict[str, object]:
    """How much was found beside the events, what was not read, and the calls it took."""
    counts: dict[str, object] = {
        Signal.REPLAYS: len(beside.replays),
        Signal.FEEDBACK: len(beside.feedback),
        Signal.TRACES: len(beside.trace_errors),
        Signal.DEPLOYS: len(beside.deploys),
    }
    unread = sorted({one.signal for one in beside.unread})
    return {**counts, "unread": unread, "calls": beside.calls}


def outcome_of(answer: Answer) -> Outcome:
    """Nothing is sure but what is complete."""
    if not answer.complete:
        return Outcome.INCOMPLETE
    return Outcome.FOUND if answer.events else Outcome.NOTHING


def record_failure(lookup: Lookup, problem: Problem, started: float) -> None:
    """Save why there is no answer. Raises `LookupCancelled` and `LookupPurged`."""
    lookup.outcome = Outcome.FAILED
    lookup.problem = problem.code
    lookup.problem_detail = problem.detail[:500]
    lookup.answered_at = datetime.now(UTC)
    lookup.duration_ms = _since(started)
    _save(lookup)


def _save(lookup: Lookup) -> None:
    """Write it down, unless somebody cancelled the lookup or had its customer forgotten meanwhile.

    Raises `LookupCancelled` and `LookupPurged`.
    """
    written = {name: getattr(lookup, name) for name in _WRITTEN}
    unpurged = Lookup.objects.filter(pk=lookup.pk, purged_at=None)
    if unpurged.exclude(outcome=Outcome.CANCELLED).update(**written):
        return
    if unpurged.exists():
        raise LookupCancelled
    raise LookupPurged


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
