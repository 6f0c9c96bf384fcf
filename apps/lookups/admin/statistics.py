"""What stands above the list: counts of the last thirty days, and what repeats this week.

The counts follow the filters for person, team, outcome and way of answering; what repeats is told
of all lookups. Both are kept in the shared cache for a while.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import nlargest
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, CharField, F, Max, Sum, Value
from django.db.models import Count as CountOf
from django.db.models.functions import Cast, Coalesce, Least, Substr
from django.urls import reverse
from pydantic import TypeAdapter, ValidationError

from apps.lookups import cache
from apps.lookups.admin.record import ERASED, told_ms
from apps.lookups.models import Lookup, LookupDay, LookupIssue, Outcome

# Lookups counted day by day (UTC). A day that is over is counted once and kept as one row.
#
# Counting a million lookups anew for every look at the page would take seconds.

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


T = TypeVar("T")

MOST_ROWS = 5
LEAST_REPEATS = 2
WEEK_KEPT_S = 300
_WEEK_KEY = "review/week"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lookups are counted: of whom, with which outcome, shared or not; None for all."""

    people: frozenset[int] | None = None
    outcome: str = ""
    shared: bool | None = None

    def takes(self, count: Count) -> bool:
        """Whether these are among them."""
        return (
            (self.people is None or count.person in self.people)
            and self.outcome in ("", count.outcome)
            and self.shared in (None, count.shared)
        )


@dataclass(frozen=True, slots=True)
class Slow:
    """One of the slowest lookups."""

    lookup_id: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """An issue that several lookups of this week met."""

    issue_id: str
    title: str
    project: str
    lookups: int
    customers: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of the last thirty days."""

    days: list[tuple[date, int]]
    outcomes: list[tuple[str, int]]
    lookups: int
    shared: int
    calls: int
    saved: int
    slowest: list[Slow]
    people: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Week:
    """What repeats; `asked_about` has a lookup for each customer, and how many there were."""

    asked_about: list[tuple[int, int]]
    repeats: list[Repeat]


_WEEK = TypeAdapter(Week)


def figures(wanted: Wanted, now: datetime) -> Figures:
    """The counts of the lookups that are wanted, at most a minute old."""
    by_day = {
        day: [count for count in counts if wanted.takes(count)]
        for day, counts in counted_days(now).items()
    }
    counts = [count for of_day in by_day.values() for count in of_day]
    outcomes = _summed((count.outcome, count.lookups) for count in counts)
    slowest = nlargest(MOST_ROWS, counts, key=lambda count: count.slowest_ms)
    return Figures(
        days=[(day, sum(count.lookups for count in of_day)) for day, of_day in by_day.items()],
        outcomes=[(one.value, outcomes[one.value]) for one in Outcome if outcomes[one.value]],
        lookups=sum(count.lookups for count in counts),
        shared=sum(count.lookups for count in counts if count.shared),
        calls=sum(count.calls for count in counts),
        saved=sum(count.saved for count in counts),
        slowest=[Slow(count.slowest_id, count.slowest_ms) for count in slowest if count.slowest_id],
        people=_names(_summed((count.person, count.lookups) for count in counts)),
    )


def week(now: datetime) -> Week:
    """What repeats in all lookups of the last seven days, at most five minutes old."""
    held = cache.get_sealed(_WEEK_KEY)
    if isinstance(held, str):
        try:
            return _WEEK.validate_json(held)
        except ValidationError:
            cache.delete(_WEEK_KEY)  # of an older version of the program
    since = now - timedelta(days=7)
    counted = Week(_asked_about(since), _repeats(since))
    cache.put_sealed(_WEEK_KEY, _WEEK.dump_json(counted).decode(), WEEK_KEPT_S)
    return counted


def _summed(pairs: Iterable[tuple[T, int]]) -> Counter[T]:
    total: Counter[T] = Counter()
    for what, number in pairs:
        total[what] += number
    return total


def _names(by_person: Mapping[int, int]) -> list[tuple[str, int]]:
    most = nlargest(MOST_ROWS, by_person.items(), key=lambda pair: pair[1])
    names = dict(User.objects.filter(pk__in=[pk for pk, _ in most]).values_list("pk", "username"))
    return [(str(names.get(pk, "a command line or deleted account")), n) for pk, n in most]


def _asked_about(since: datetime) -> list[tuple[int, int]]:
    """The customers most asked about: a lookup of each, and how many there were."""
    rows = (
        Lookup.objects.filter(created_at__gte=since)
        .order_by()
        .annotate(whom=Coalesce("customer_hash", Value("")))  # as in `days`: no filter's index
        .values("whom")
        .annotate(lookups=CountOf("pk"), one=Max("pk"))
        .filter(lookups__gte=LEAST_REPEATS)
        .order_by("-lookups", "-one")[:MOST_ROWS]
    )
    return [(row["one"], row["lookups"]) for row in rows]


def _repeats(since: datetime) -> list[Repeat]:
    """The issues that most lookups met, and how many customers those were about."""
    rows = list(
        LookupIssue.objects.filter(asked_at__gte=since)
        .annotate(which=Coalesce("issue_id", Value("")))
        .values("which")
        .annotate(lookups=CountOf("lookup_id"), newest=Max("lookup_id"))
        .filter(lookups__gte=LEAST_REPEATS)
        .order_by("-lookups", "-newest")[:MOST_ROWS]
    )
    ids = [row["which"] for row in rows]
    found = LookupIssue.objects.filter(issue_id__in=ids)
    customers = found.filter(asked_at__gte=since).order_by().values("issue_id")
    by_issue = dict(
        customers.annotate(customers=CountOf("customer_hash", distinct=True)).values_list(
            "issue_id", "customers"
        )
    )
    newest = {one.issue_id: one for one in found.filter(lookup_id__in=[r["newest"] for r in rows])}
    return [
        Repeat(
            issue_id=row["which"],
            title=newest[row["which"]].title if row["which"] in newest else "",
            project=newest[row["which"]].project if row["which"] in newest else "",
            lookups=row["lookups"],
            customers=by_issue.get(row["which"], 0),
        )
        for row in rows
    ]


# The figures as drawings: bars with their lengths, and the same as text.

WIDTH, HEIGHT = 600, 96
_GAP = 3
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A day of the drawing: where it stands, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a list; `length` is its percentage of the longest, `href` leads to its lookups."""

    label: str
    number: str
    length: int
    href: str = ""
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Charts:
    """All that stands above the list."""

    scope: str
    columns: tuple[Column, ...]
    first_day: str
    last_day: str
    busiest: str
    total: str
    hit_rate: str
    calls: str
    saved: str
    outcomes: tuple[Bar, ...]
    slowest: tuple[Bar, ...]
    people: tuple[Bar, ...]
    asked_about: tuple[Bar, ...]
    repeats: tuple[Bar, ...]
    width: int = WIDTH
    height: int = HEIGHT


def charts(counted: Figures, of_week: Week, scope: str) -> Charts:
    """The drawings of these figures; `scope` says which lookups they are about."""
    lookups = _lookups_named(counted, of_week)
    return Charts(
        scope=scope,
        columns=_columns(counted.days),
        first_day=_told(counted.days[0][0]),
        last_day=_told(counted.days[-1][0]),
        busiest=_busiest(counted.days),
        total=grouped(counted.lookups),
        hit_rate=_share(counted.shared, counted.lookups),
        calls=grouped(counted.calls),
        saved=grouped(counted.saved),
        outcomes=_bars(
            [
                (str(Outcome(name).label), number, f"?{urlencode({'outcome': name})}", name)
                for name, number in counted.outcomes
            ]
        ),
        slowest=tuple(
            Bar(
                label=_who_and_when(lookups.get(one.lookup_id)),
                number=told_ms(one.milliseconds),
                length=_length(one.milliseconds, counted.slowest[0].milliseconds),
                href=_record(one.lookup_id) if one.lookup_id in lookups else "",
            )
            for one in counted.slowest
        ),
        people=_bars([(name, number, "", "") for name, number in counted.people]),
        asked_about=_bars([_about(lookups.get(pk), number) for pk, number in of_week.asked_about]),
        repeats=_repeat_bars(of_week),
    )


def grouped(number: int) -> str:
    """Return a whole number with its thousands separated: 12,345."""
    return f"{number:,}"


def _columns(days: Sequence[tuple[date, int]]) -> tuple[Column, ...]:
    most = max((number for _, number in days), default=0)
    step = WIDTH / max(len(days), 1)
    return tuple(
        Column(
            x=round(place * step, 1),
            y=round(HEIGHT - (height := _height(number, most)), 1),
            width=round(step - _GAP, 1),
            height=height,
            label=_told(day),
            number=number,
        )
        for place, (day, number) in enumerate(days)
    )


def _height(number: int, most: int) -> float:
    return max(round(number / most * HEIGHT, 1), _LEAST) if number else 0


def _length(number: int, most: int) -> int:
    return max(round(100 * number / most), 1) if number and most else 0


def _bars(rows: Sequence[tuple[str, int, str, str]]) -> tuple[Bar, ...]:
    most = max((number for _, number, _, _ in rows), default=0)
    return tuple(
        Bar(label, grouped(number), _length(number, most), href, kind)
        for label, number, href, kind in rows
    )


def _repeat_bars(of_week: Week) -> tuple[Bar, ...]:
    most = max((one.lookups for one in of_week.repeats), default=0)
    return tuple(
        Bar(
            label=one.title or f"Issue {one.issue_id}",
            number=f"{_counted(one.lookups, 'lookup')}, {_counted(one.customers, 'customer')}",
            length=_length(one.lookups, most),
            href=f"?{urlencode({'issue': one.issue_id, 'age': 'week'})}",
            note=one.project,
        )
        for one in of_week.repeats
    )


def _lookups_named(counted: Figures, of_week: Week) -> dict[int, Lookup]:
    """The lookups that the figures name, in one query."""
    named = [one.lookup_id for one in counted.slowest] + [pk for pk, _ in of_week.asked_about]
    return Lookup.objects.defer("snapshot").select_related("user", "typed").in_bulk(named)


def _about(lookup: Lookup | None, number: int) -> tuple[str, int, str, str]:
    if lookup is None:
        return ("deleted", number, "", "")
    address = f"?{urlencode({'q': lookup.customer_hash, 'age': 'week'})}"
    return (lookup.customer or ERASED, number, address, "")


def _who_and_when(lookup: Lookup | None) -> str:
    if lookup is None:
        return "deleted"
    who = str(lookup.user) if lookup.user else lookup.system_user or "unknown"
    return f"{who}, {_told(lookup.created_at.date())}"


def _record(pk: int) -> str:
    return reverse("admin:lookups_lookup_change", args=[pk])


def _busiest(days: Sequence[tuple[date, int]]) -> str:
    day, number = max(days, key=lambda pair: pair[1])
    return f"{_told(day)} with {grouped(number)}" if number else ""


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "none yet"


def _counted(number: int, noun: str) -> str:
    return f"{grouped(number)} {noun}" if number == 1 else f"{grouped(number)} {noun}s"


def _told(day: date) -> str:
    return f"{day.day} {day:%b}"
