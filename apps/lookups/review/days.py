"""Lookups counted day by day (UTC). A day that is over is counted once and kept as one row.

Counting a million lookups anew for every look at the page would take seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import BigIntegerField, CharField, F, Max, Sum, Value
from django.db.models import Count as CountOf
from django.db.models.functions import Cast, Coalesce, Least, Substr

from apps.lookups import cache
from apps.lookups.models import Lookup, LookupDay

DAYS = 30
TODAY_KEPT_S = 60
NOBODY = 0
_LONGEST_MS = 2**22
_ROOM_FOR_ID = 2**40


@dataclass(frozen=True, slots=True)
class Count:
    """The lookups of one person that ended in one way. `person` is `NOBODY` for a command line.

    `slowest_ms` is of the lookup `slowest_id`.
    """

    person: int
    outcome: str
    shared: bool
    lookups: int
    calls: int
    saved: int
    slowest_ms: int
    slowest_id: int


def counted_days(now: datetime) -> dict[date, list[Count]]:
    """Each of the last thirty days, the oldest first, today as far as it has come."""
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    kept = {row.day: row for row in LookupDay.objects.filter(day__gte=days[0], day__lt=today)}
    missing = {day for day in days if day not in kept and day != today} | _added_to(kept, today)
    counted = _count(missing) if missing else {}
    _keep(counted)
    read = {day: _read(row.counts) for day, row in kept.items() if day not in counted}
    return {**{day: [] for day in days}, **read, **counted, today: _of_today(today)}


def _of_today(today: date) -> list[Count]:
    """Today's counts, at most a minute old."""
    key = f"review/day/{today}"
    held = cache.get(key)
    if isinstance(held, list):
        return _read(held)
    counts = _count({today})[today]
    cache.put(key, [_row(count) for count in counts], TODAY_KEPT_S)
    return counts


def _added_to(kept: dict[date, LookupDay], today: date) -> set[date]:
    """Days that got lookups after they were counted, for example out of a restored copy."""
    if not kept:
        return set()
    newest = max(row.highest_id for row in kept.values())
    # Along the key: only what was added since is read, and that is little more than today's.
    late = Lookup.objects.filter(pk__gt=newest).order_by("pk").values_list("created_at", flat=True)
    days = {moment.astimezone(UTC).date() for moment in late.iterator()}
    return {day for day in days if min(kept) <= day < today}


def _count(days: set[date]) -> dict[date, list[Count]]:
    """The counts of these days, out of one index, in one query."""
    counted: dict[date, list[Count]] = {day: [] for day in days}
    for told, person, outcome, from_cache, lookups, calls, saved, slowest in _rows(days):
        of_day = counted.get(date.fromisoformat(told))
        if of_day is not None:
            took, pk = divmod(slowest, _ROOM_FOR_ID)
            sums = (lookups, calls, saved, took, pk if took else 0)
            of_day.append(Count(person, outcome, bool(from_cache), *sums))
    return counted


def _rows(days: set[date]) -> Iterable[tuple[str, int, str, bool, int, int, int, int]]:
    """Day, person, outcome and way of answering; how many; calls, saved; the slowest with its id.

    What is grouped by is wrapped so that no database takes the index of a filter for it, which
    would read every lookup there is.
    """
    since, until = _start(min(days)), _start(max(days) + timedelta(days=1))
    took = Cast(Least(Coalesce("duration_ms", 0), _LONGEST_MS), BigIntegerField())
    groups = {
        "day": Substr(Cast("created_at", CharField()), 1, 10),
        "person": Coalesce("user_id", NOBODY),
        "ended": Coalesce("outcome", Value("")),
        "was_shared": Coalesce("from_cache", Value(False)),
    }
    rows: Iterable[tuple[str, int, str, bool, int, int, int, int]] = (
        Lookup.objects.filter(created_at__gte=since, created_at__lt=until)
        .order_by()
        .annotate(**groups)
        .values(*groups)
        .annotate(
            lookups=CountOf("pk"),
            made=Sum("calls"),
            saved=Sum("calls_saved"),
            slowest=Max(took * _ROOM_FOR_ID + F("pk")),
        )
        .values_list(*groups, "lookups", "made", "saved", "slowest")
    )
    return rows


def _keep(counted: dict[date, list[Count]]) -> None:
    if not counted:
        return
    highest = Lookup.objects.aggregate(highest=Max("pk"))["highest"] or 0
    LookupDay.objects.bulk_create(
        [
            LookupDay(day=day, highest_id=highest, counts=[_row(count) for count in counts])
            for day, counts in counted.items()
        ],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["highest_id", "counts"],
    )


def _row(count: Count) -> list[int | str | bool]:
    return [
        *(count.person, count.outcome, count.shared, count.lookups),
        *(count.calls, count.saved, count.slowest_ms, count.slowest_id),
    ]


def _read(rows: list[list[Any]]) -> list[Count]:
    return [Count(*row) for row in rows]


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
