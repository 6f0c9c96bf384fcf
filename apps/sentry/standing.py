"""How an issue stands: what is done about it, by whom, and how often it came in the last day."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypedDict

from apps.sentry.lenient import flag, integer, items, mapping, moment, text

_HOURS = 24


class Standing(TypedDict):
    """The fields of an `Issue` that are read here."""

    status: str | None
    substatus: str | None
    fixed_in: str | None
    fixed_in_next: bool
    assignee: str | None
    last_day: tuple[tuple[datetime, int], ...]


def standing_of(raw: Mapping[str, object]) -> Standing:
    """From one row of the issues list; what is missing or of another type is not known."""
    fix = mapping(raw.get("statusDetails"))
    return Standing(
        status=text(raw.get("status")),
        substatus=text(raw.get("substatus")),
        fixed_in=text(fix.get("inRelease")),
        fixed_in_next=flag(fix.get("inNextRelease")) is True,
        assignee=_assignee(raw.get("assignedTo")),
        last_day=_last_day(mapping(raw.get("stats")).get("24h")),
    )


def _assignee(value: object) -> str | None:
    """A team by its name. Of a person of the staff neither name nor e-mail is kept.

    Older servers write `team:1` and `user:1`.
    """
    assigned = mapping(value)
    kind = text(assigned.get("type")) or (text(value) or "").partition(":")[0]
    if kind not in ("team", "user"):
        return None
    name = text(assigned.get("name"))
    if kind == "user":
        return "somebody"
    return f"the team {name}" if name else "a team"


def _last_day(value: object) -> tuple[tuple[datetime, int], ...]:
    """Pairs of an hour (epoch seconds) and a number; all 24 of them, or it is not known."""
    found: dict[datetime, int] = {}
    for row in items(value):
        hour, count = (*items(row), None, None)[:2]
        began, often = moment(hour), integer(count)
        if isinstance(hour, str) or began is None or often is None or often < 0:
            return ()
        found[began.astimezone(UTC)] = often
    return tuple(sorted(found.items())[-_HOURS:]) if len(found) >= _HOURS else ()
