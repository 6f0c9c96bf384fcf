"""The figures as drawings: bars with their lengths, and the same as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from apps.lookups.models import Lookup, Outcome
from apps.lookups.review.figures import Figures, Week
from apps.lookups.review.rows import ERASED, told_ms

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
        repeats=_repeats(of_week),
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


def _repeats(of_week: Week) -> tuple[Bar, ...]:
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
