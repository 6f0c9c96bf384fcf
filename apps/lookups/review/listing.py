"""The list as a file: CSV that no spreadsheet takes for formulas, or a JSON object a line."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from apps.audit.admin import csv_line
from apps.lookups.models import Lookup
from apps.lookups.review.rows import ERASED
from apps.lookups.store import stored_state

Cell = str | int | bool | None

Facts = Callable[[Lookup], dict[str, Cell]]


def facts_of(now: datetime, *, with_customers: bool) -> Facts:
    """What a file tells of a lookup; the customer as typed only where that is wanted."""

    def facts(lookup: Lookup) -> dict[str, Cell]:
        typed: dict[str, Cell] = {"customer": lookup.customer or ERASED} if with_customers else {}
        return {
            "lookup": str(lookup.uuid),
            "asked_at": _told(lookup.created_at),
            "user": lookup.user.get_username() if lookup.user else "",
            "system_user": lookup.system_user,
            "origin": lookup.origin,
            "customer_hash": lookup.customer_hash,
            **typed,
            "moment": _told(lookup.moment),
            "minutes": lookup.minutes,
            "projects": " ".join(lookup.projects),
            "environments": " ".join(lookup.environments),
            "outcome": lookup.outcome,
            "problem": lookup.problem,
            "events": lookup.events,
            "issues": lookup.issues,
            "calls": lookup.calls,
            "calls_saved": lookup.calls_saved,
            "duration_ms": lookup.duration_ms,
            "from_cache": lookup.from_cache,
            "redacted": lookup.redacted,
            "state": stored_state(lookup, now).value,
            "expires_at": _told(lookup.expires_at),
            "purged_at": _told(lookup.purged_at),
        }

    return facts


def as_csv(lookups: Iterable[Lookup], facts: Facts) -> Iterator[str]:
    """The lines, with a head. What a spreadsheet would run gets an apostrophe in front."""
    head: list[str] = []
    for lookup in lookups:
        told = facts(lookup)
        if not head:
            head = list(told)
            yield csv_line(head)
        yield csv_line(told.values())


def as_json_lines(lookups: Iterable[Lookup], facts: Facts) -> Iterator[str]:
    """One object a line."""
    for lookup in lookups:
        yield json.dumps(facts(lookup), ensure_ascii=False) + "\n"


def _told(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""
