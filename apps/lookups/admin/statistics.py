"""The statistics above the list of lookups: the last thirty days, and what repeats this week.

The counts follow the filters for person, team, outcome, and cache; repeats are of all lookups. Both
are cached for a while.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import nlargest
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, CharField, F, Max, Sum, Value
from django.db.models import Count as CountOf
from django.db.models.functions import Cast, Coalesce, Least, Substr
from django.urls import reverse

from apps.events.query import counted
from apps.jobs.engine import Lease, periodic
from apps.jobs.models import Job
from apps.lookups import cache
from apps.lookups.admin.record import ERASED, format_milliseconds, who_of
from apps.lookups.models import Lookup, LookupDay, LookupIssue, Outcome

# Lookups per day (UTC). A past day is counted once and stored as a row: counting a million lookups
# for every view of the page would take seconds.

DAYS = 30
TODAY_TTL_S = 60
NO_PERSON = 0
_MAX_DURATION_MS = 2**22
_ID_SPACE = 2**40


class DayCount(NamedTuple):
    """The lookups of one day, person, outcome, and origin of the result.

    `person` is `NO_PERSON` for the command line; `slowest_ms` belongs to the lookup `slowest_id`.
    """

    person: int
    outcome: str
    shared: bool
    lookups: int
    calls: int
    saved: int
    slowest_ms: int
    slowest_id: int


def counted_days(now: datetime) -> dict[date, list[DayCount]]:
    """Return the counts of each of the last thirty days, oldest first, including today so far."""
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    stored = {row.day: row for row in LookupDay.objects.filter(day__gte=days[0], day__lt=today)}
    missing = {day for day in days if day not in stored and day != today}
    missing |= _outdated(stored, today)
    by_day = _count(missing) if missing else {}
    if by_day:
        highest = Lookup.objects.aggregate(highest=Max("pk"))["highest"] or 0
        LookupDay.objects.bulk_create(
            [LookupDay(day=day, highest_id=highest, counts=row) for day, row in by_day.items()],
            update_conflicts=True,
            unique_fields=["day"],
            update_fields=["highest_id", "counts"],
        )
    read = {day: [DayCount(*count) for count in row.counts] for day, row in stored.items()}
    return {**{day: [] for day in days}, **read, **by_day, today: _count_today(today)}


def _count_today(today: date) -> list[DayCount]:
    """Return today's counts, up to a minute old."""
    key = f"review/day/{today}"
    cached = cache.get(key)
    if isinstance(cached, list):
        return [DayCount(*count) for count in cached]
    counts = _count({today})[today]
    cache.put(key, counts, TODAY_TTL_S)
    return counts


def _outdated(stored: dict[date, LookupDay], today: date) -> set[date]:
    """Return the days that got lookups after they were counted, such as from a restored backup."""
    if not stored:
        return set()
    newest = max(row.highest_id for row in stored.values())
    # By primary key: this reads only what was added since, which is little more than today's.
    late = Lookup.objects.filter(pk__gt=newest).order_by("pk").values_list("created_at", flat=True)
    days = {moment.astimezone(UTC).date() for moment in late.iterator()}
    return {day for day in days if min(stored) <= day < today}


def _count(days: set[date]) -> dict[date, list[DayCount]]:
    """Count the lookups of these days in one query, from one index.

    `slowest` combines duration and primary key in one number. The columns to group by are wrapped
    in functions, so no database picks a filter's index for them and reads every lookup.
    """
    since = datetime.combine(min(days), time.min, UTC)
    until = datetime.combine(max(days), time.min, UTC) + timedelta(days=1)
    duration = Cast(Least(Coalesce("duration_ms", 0), _MAX_DURATION_MS), BigIntegerField())
    groups = {
        "day": Substr(Cast("created_at", CharField()), 1, 10),
        "person": Coalesce("user_id", NO_PERSON),
        "ended": Coalesce("outcome", Value("")),
        "was_shared": Coalesce("from_cache", Value(False)),
    }
    rows = (
        Lookup.objects.filter(created_at__gte=since, created_at__lt=until)
        .order_by()
        .annotate(**groups)
        .values(*groups)
        .annotate(
            lookups=CountOf("pk"),
            made=Sum("calls"),
            saved=Sum("calls_saved"),
            slowest=Max(duration * _ID_SPACE + F("pk")),
        )
        .values_list(*groups, "lookups", "made", "saved", "slowest")
    )
    by_day: dict[date, list[DayCount]] = {day: [] for day in days}
    for day, person, outcome, from_cache, lookups, calls, saved, slowest in rows:
        counts = by_day.get(date.fromisoformat(day))
        if counts is not None:
            slowest_ms, pk = divmod(slowest, _ID_SPACE)
            sums = (lookups, calls, saved, slowest_ms, pk if slowest_ms else 0)
            counts.append(DayCount(person, outcome, bool(from_cache), *sums))
    return by_day


@periodic("day-counts", every=timedelta(hours=1))
def _count_past_days(_job: Job, _lease: Lease) -> None:
    """Count the days that are over, so that no one has to wait for it."""
    counted_days(datetime.now(UTC))


# Figures of the last thirty days and repeats of this week.

MAX_ROWS = 5
MIN_REPEATS = 2
WEEK_TTL_S = 300
_WEEK_KEY = "review/week"


@dataclass(frozen=True, slots=True)
class Repeat:
    """An issue that several lookups of this week found."""

    issue_id: str
    title: str
    project: str
    lookups: int
    customers: int


@dataclass(frozen=True, slots=True)
class Week:
    """What repeats; `asked_about` has a lookup of each customer and the number of lookups."""

    asked_about: list[tuple[int, int]]
    repeats: list[Repeat]


_WEEK = cache.JsonForm(Week)


def repeats_this_week(now: datetime) -> Week:
    """Return what repeats in all lookups of the last seven days, up to five minutes old."""
    cached = cache.get_sealed(_WEEK_KEY)
    known = _WEEK.read(cached) if isinstance(cached, str) else None
    if known is not None:
        return known
    since = now - timedelta(days=7)
    week = Week(_repeated_customers(since), _repeated_issues(since))
    cache.put_sealed(_WEEK_KEY, _WEEK.dump_json(week).decode(), WEEK_TTL_S)
    return week


def _repeated_customers(since: datetime) -> list[tuple[int, int]]:
    """Return the newest lookup and the number of lookups of the most looked-up customers."""
    rows = (
        Lookup.objects.filter(created_at__gte=since)
        .order_by()
        .annotate(customer_key=Coalesce("customer_hash", Value("")))  # as in `_count`
        .values("customer_key")
        .annotate(lookups=CountOf("pk"), newest=Max("pk"))
        .filter(lookups__gte=MIN_REPEATS)
        .order_by("-lookups", "-newest")[:MAX_ROWS]
    )
    return [(row["newest"], row["lookups"]) for row in rows]


def _repeated_issues(since: datetime) -> list[Repeat]:
    """Return the issues that most lookups found, with their number of lookups and customers."""
    rows = list(
        LookupIssue.objects.filter(asked_at__gte=since)
        .annotate(issue=Coalesce("issue_id", Value("")))
        .values("issue")
        .annotate(lookups=CountOf("lookup_id"), newest=Max("lookup_id"))
        .filter(lookups__gte=MIN_REPEATS)
        .order_by("-lookups", "-newest")[:MAX_ROWS]
    )
    found = LookupIssue.objects.filter(issue_id__in=[row["issue"] for row in rows])
    customers = found.filter(asked_at__gte=since).order_by().values("issue_id")
    by_issue = customers.annotate(customers=CountOf("customer_hash", distinct=True))
    counts = dict(by_issue.values_list("issue_id", "customers"))
    latest = found.filter(lookup_id__in=[row["newest"] for row in rows])
    newest = {issue.issue_id: issue for issue in latest}
    repeats = []
    for row in rows:
        issue = newest.get(row["issue"])
        title, project = (issue.title, issue.project) if issue else ("", "")
        count = counts.get(row["issue"], 0)
        repeats.append(Repeat(row["issue"], title, project, row["lookups"], count))
    return repeats


# Charts of the figures.

WIDTH, HEIGHT = 600, 96
_GAP = 3
_MIN_HEIGHT = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A day in the column chart, with its position and label."""

    x: float
    y: float
    width: float
    height: float
    label: str
    number: int


@dataclass(slots=True)
class Bar:
    """A row of a bar chart; `length` is a percentage of the longest, `href` shows its lookups."""

    value: int
    label: str
    number: str
    href: str = ""
    kind: str = ""
    note: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Charts:
    """Everything shown above the list."""

    scope: str
    columns: list[Column]
    busiest: str
    total: str
    hit_rate: str
    calls: str
    saved: str
    outcomes: list[Bar]
    slowest: list[Bar]
    people: list[Bar]
    asked_about: list[Bar]
    repeats: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT


def charts(matches: Callable[[DayCount], bool], scope: str, now: datetime) -> Charts:
    """Return the charts of the lookups that match, up to a minute old, and of what repeats.

    `scope` names the lookups that they are limited to.
    """
    by_day = {day: list(filter(matches, group)) for day, group in counted_days(now).items()}
    counts = [count for day_counts in by_day.values() for count in day_counts]
    days = [(day, sum(count.lookups for count in group)) for day, group in by_day.items()]
    busiest, most = max(days, key=lambda pair: pair[1])
    total = sum(count.lookups for count in counts)
    shared = sum(count.lookups for count in counts if count.shared)
    outcomes, by_person = Counter[str](), Counter[int]()
    for count in counts:
        outcomes[count.outcome] += count.lookups
        by_person[count.person] += count.lookups
    people = by_person.most_common(MAX_ROWS)
    names = dict(User.objects.filter(pk__in=dict(people)).values_list("pk", "username"))
    slowest = nlargest(MAX_ROWS, counts, key=lambda count: count.slowest_ms)
    slow = [(one.slowest_id, one.slowest_ms) for one in slowest if one.slowest_id]
    week = repeats_this_week(now)
    pks = [pk for pk, _number in (*slow, *week.asked_about)]
    lookups = Lookup.objects.defer("snapshot").select_related("user", "typed").in_bulk(pks)
    return Charts(
        scope=scope,
        columns=_columns(days),
        busiest=f"{_format_day(busiest)} with {most:,}" if most else "",
        total=f"{total:,}",
        hit_rate=f"{100 * shared / total:.0f}%" if total else "none yet",
        calls=f"{sum(count.calls for count in counts):,}",
        saved=f"{sum(count.saved for count in counts):,}",
        outcomes=_measured(
            Bar(outcomes[one], str(one.label), f"{outcomes[one]:,}", f"?outcome={one}", one)
            for one in Outcome
            if outcomes[one]
        ),
        slowest=_measured(_slow_bar(lookups.get(pk), number) for pk, number in slow),
        people=_measured(
            Bar(number, names.get(pk, "a command line or deleted account"), f"{number:,}")
            for pk, number in people
        ),
        asked_about=_measured(
            _customer_bar(lookups.get(pk), number) for pk, number in week.asked_about
        ),
        repeats=_measured(map(_repeat_bar, week.repeats)),
    )


def _columns(days: Sequence[tuple[date, int]]) -> list[Column]:
    highest = max(number for _day, number in days)
    step = WIDTH / len(days)
    columns = []
    for position, (day, number) in enumerate(days):
        height = max(round(number / highest * HEIGHT, 1), _MIN_HEIGHT) if number else 0
        x, y = round(position * step, 1), round(HEIGHT - height, 1)
        columns.append(Column(x, y, round(step - _GAP, 1), height, _format_day(day), number))
    return columns


def _measured(bars: Iterable[Bar]) -> list[Bar]:
    measured = list(bars)
    highest = max((bar.value for bar in measured), default=0)
    for bar in measured:
        bar.length = max(round(100 * bar.value / highest), 1)
    return measured


def _repeat_bar(repeat: Repeat) -> Bar:
    return Bar(
        repeat.lookups,
        repeat.title or f"Issue {repeat.issue_id}",
        f"{counted(repeat.lookups, 'lookup')}, {counted(repeat.customers, 'customer')}",
        f"?{urlencode({'issue': repeat.issue_id, 'age': 'week'})}",
        note=repeat.project,
    )


def _slow_bar(lookup: Lookup | None, milliseconds: int) -> Bar:
    number = format_milliseconds(milliseconds)
    if lookup is None:
        return Bar(milliseconds, "deleted", number)
    label = f"{who_of(lookup)}, {_format_day(lookup.created_at.date())}"
    address = reverse("admin:lookups_lookup_change", args=[lookup.pk])
    return Bar(milliseconds, label, number, address)


def _customer_bar(lookup: Lookup | None, number: int) -> Bar:
    if lookup is None:
        return Bar(number, "deleted", f"{number:,}")
    address = f"?{urlencode({'q': lookup.customer_hash, 'age': 'week'})}"
    return Bar(number, lookup.customer or ERASED, f"{number:,}", address)


def _format_day(day: date) -> str:
    return f"{day.day} {day:%b}"
