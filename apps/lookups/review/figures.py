"""What stands above the list: counts of the last thirty days, and what repeats this week.

The counts follow the filters for person, team, outcome and way of answering; what repeats is told
of all lookups. Both are kept in the shared cache for a while.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nlargest
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import Count as CountOf
from django.db.models import Max, Value
from django.db.models.functions import Coalesce
from pydantic import TypeAdapter, ValidationError

from apps.lookups import cache
from apps.lookups.models import Lookup, LookupIssue, Outcome
from apps.lookups.review.days import Count, counted_days

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
