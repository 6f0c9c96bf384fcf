"""The versions of a known error: who wrote which, what changed, and bringing one back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from apps.known_errors.models import KnownError
from apps.known_errors.patterns import PatternRefused, pattern_from
from apps.known_errors.writing import NAMES, SAID, differing

_MOST = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of an entry before and after a change, in words; both can be empty."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `how` is what made it; the first one has no differences."""

    id: int
    number: int
    at: datetime
    who: str
    how: str
    differences: tuple[Difference, ...]
    is_current: bool


def versions_of(entry: KnownError) -> Sequence[Version]:
    """All versions, the newest first; of very many the newest two hundred."""
    records = entry.history.select_related("history_user").order_by("-history_date", "-history_id")
    total = records.count()
    rows = list(records[: _MOST + 1])
    return tuple(_versions(rows, total))[:_MOST]


def as_of(entry: KnownError, version_id: int) -> tuple[str, ...]:
    """Give the entry the parts of that version, unsaved; returns which differ.

    Raises `DoesNotExist` of the history where it has no such version.
    """
    version = entry.history.get(history_id=version_id)
    parts = tuple(part for part in differing(entry, version) if part != "slug")
    for part in parts:
        setattr(entry, part, getattr(version, part))
    return parts


def _versions(rows: Sequence[Any], total: int) -> Iterator[Version]:
    for place, row in enumerate(rows):
        before = rows[place + 1] if place + 1 < len(rows) else None
        who = row.history_user.get_username() if row.history_user else ""
        yield Version(
            id=row.history_id,
            number=total - place,
            at=row.history_date,
            who=who,
            how=row.history_change_reason or ("changed" if before else "added"),
            differences=tuple(_differences(before, row)) if before else (),
            is_current=place == 0,
        )


def _differences(before: Any, after: Any) -> Iterator[Difference]:
    for part in SAID:
        was, is_now = getattr(before, part), getattr(after, part)
        if was != is_now:
            yield Difference(NAMES.get(part, part), _told(part, was), _told(part, is_now))


def _told(part: str, value: Any) -> str:
    """The value of a part in words."""
    if part == "pattern":
        return _told_pattern(value)
    if part == "links":
        return "\n".join(f"{link['label']}: {link['address']}" for link in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    return str(value if value is not None else "")


def _told_pattern(values: Any) -> str:
    try:
        return "\n".join(pattern_from(values).reasons)
    except PatternRefused:  # by the rules of today
        return str(values)
