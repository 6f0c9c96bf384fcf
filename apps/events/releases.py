"""Names of releases: how they are said, and which of two is the older one, where that is sure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from apps.events.answer import FixState, Known
from apps.events.event import Issue
from apps.events.grouping import Group

_DOTTED = re.compile(
    r"v?(?P<numbers>[0-9]{1,9}(?:\.[0-9]{1,9}){1,3})"
    r"(?:-(?P<pre>[0-9A-Za-z-]{1,60}(?:\.[0-9A-Za-z-]{1,60}){0,9}))?"
    r"(?:\+(?P<build>[0-9A-Za-z.-]{1,200}))?"
)
# What `git describe` writes behind a tag: commits after it, where semver would read "before it".
_AFTER_A_TAG = re.compile(
    r"(?:^|[.-])[0-9]+-g[0-9a-f]{4,40}(?:-dirty)?$|^[0-9]+(?:-dirty)?$|^dirty$"
)
_HASH = re.compile(r"[0-9a-f]{32,64}")
_SHOWN_OF_HASH = 12


@dataclass(frozen=True, slots=True)
class _Version:
    numbers: tuple[int, ...]
    pre: tuple[str, ...]
    build: str


def package_of(release: str) -> str:
    """What stands before the last `@`: `checkout-api` of `checkout-api@2.14.0`."""
    return release.rpartition("@")[0]


def short_release(release: str) -> str:
    """A release without its package; of a hash the first letters."""
    version = release.rpartition("@")[2] or release
    return version[:_SHOWN_OF_HASH] if _HASH.fullmatch(version) else version


def compared(first: str, second: str) -> int | None:
    """-1 when the first release is the older one, 1 when it is the newer one, 0 when they are one.

    None unless both are surely comparable: of the same package, with dotted numbers, in the order
    of semver (https://semver.org/#spec-item-11). A build has no order, so that of two builds of one
    version nothing is said.
    """
    if first == second:
        return 0
    one, other = _parsed(first), _parsed(second)
    if package_of(first) != package_of(second) or one is None or other is None:
        return None
    if one.numbers == other.numbers:
        return _compared_in_detail(one, other)
    return -1 if one.numbers < other.numbers else 1


def _compared_in_detail(one: _Version, other: _Version) -> int | None:
    if one.pre == other.pre:
        return 0 if one.build == other.build else None
    if any(_AFTER_A_TAG.search(".".join(version.pre)) for version in (one, other)):
        return None
    return -1 if _order(one.pre) < _order(other.pre) else 1


@lru_cache(maxsize=4096)
def _parsed(release: str) -> _Version | None:
    found = _DOTTED.fullmatch(release.rpartition("@")[2])
    if found is None:
        return None
    numbers = [int(number) for number in found["numbers"].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    pre = tuple(found["pre"].split(".")) if found["pre"] else ()
    return _Version(tuple(numbers), pre, found["build"] or "")


def _order(pre: tuple[str, ...]) -> tuple[bool, tuple[tuple[bool, int, str], ...]]:
    """Before a version come its pre-releases; numbers come before words, fewer before more."""
    parts = (
        (not part.isdigit(), int(part) if part.isdigit() else 0, "" if part.isdigit() else part)
        for part in pre
    )
    return (not pre, tuple(parts))


# Is it just them? How an issue stands among all customers, in words, as far as it is known.
#
# Counts and states are Sentry's and of the time at which the issue was read.

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_FIXED = ("resolved", "resolvedInNextRelease")
_STATES = {
    "unresolved": "still open",
    "ignored": "archived",
    "archived": "archived",
    "muted": "archived",
    "archived_until_escalating": "archived until it happens more often",
    "archived_until_condition_met": "archived for now",
    "archived_forever": "archived for good",
}


@dataclass(frozen=True, slots=True)
class LastDay:
    """How often the error came to all customers in the hours before the issue was read.

    `hours` are (start in UTC, number), the oldest first; `busiest` is the first of the worst.
    """

    total: int
    hours: tuple[tuple[datetime, int], ...]
    busiest: datetime | None


def is_only_theirs(group: Group) -> bool:
    """Whether the one customer that Sentry counts must be this one.

    That is sure where Sentry counts one, and an event names the customer by the user's own fields.
    """
    named = any(name.startswith("user.") for event in group.events for name in event.matched_on)
    return named and group.issue is not None and group.issue.users_affected == 1


def news_of(issue: Issue, moment: datetime) -> tuple[str, ...]:
    """What is special about its course: new, back again, more than usual.

    It was new at the moment when it was first seen in the day before it or later.
    """
    if issue.substatus == "regressed":
        return ("came back after it was fixed",)
    was_new = issue.first_seen is not None and issue.first_seen >= moment - _DAY
    is_new = issue.substatus == "new"
    news = ("new",) if is_new else ("new at that time",) if was_new else ()
    return (*news, "happening more than usual") if issue.substatus == "escalating" else news


def release_had(group: Group) -> str | None:
    """The release that the customer had when the newest of these events happened."""
    newest = group.newest
    return newest.release or (newest.body.release if newest.body else None)


def fix_of(group: Group, *, in_full: bool = False) -> str | None:
    """In which release it is fixed, and which one the customer had; None where it is in none.

    Which of the two is newer is said only where that is sure. Releases of one package are named
    without it unless `in_full`.
    """
    issue, had = group.issue, release_had(group)
    if issue is None or (issue.status is not None and issue.status not in _FIXED):
        return None
    if issue.fixed_in:
        order = compared(issue.fixed_in, had) if had else None
        named = (issue.fixed_in, had) if in_full else _named(issue.fixed_in, had)
        return _fixed_in(*named, order)
    if issue.fixed_in_next or issue.status == "resolvedInNextRelease":
        return _fixed_in("the next release", had if in_full else had and short_release(had), None)
    return None


def _fixed_in(fixed: str, had: str | None, order: int | None) -> str:
    """`order` is 1 where the fix is newer than what the customer had, None where nobody knows."""
    if order == 1:
        return f"fixed in {fixed}; the customer was on {had}, which is older"
    if order == -1:
        return f"marked as fixed in {fixed}, but the customer had {had}, which is newer"
    if order == 0:
        return f"marked as fixed in {fixed}, but the customer had that release"
    return f"marked as fixed in {fixed}{f', the customer had {had}' if had else ''}"


def _named(fixed: str, had: str | None) -> tuple[str, str | None]:
    """Both without their package where it is the same one, else in full."""
    if had is not None and package_of(fixed) != package_of(had):
        return fixed, had
    return short_release(fixed), had and short_release(had)


def state_of(issue: Issue) -> str | None:
    """What is being done about it; None where that is not known, or `fix_of` says it."""
    if issue.status in _FIXED:
        is_said = issue.fixed_in or issue.fixed_in_next or issue.status == "resolvedInNextRelease"
        return None if is_said else "marked as fixed"
    return _STATES.get(issue.substatus or "") or _STATES.get(issue.status or "")


def last_day_of(group: Group) -> LastDay | None:
    """None where it is not known, or where fewer are counted than the customer alone had."""
    hours = group.issue.last_day if group.issue else ()
    if not hours:
        return None
    total = sum(count for _hour, count in hours)
    end = hours[-1][0] + _HOUR
    own = sum(hours[0][0] <= event.timestamp < end for event in group.events)
    if total < own:
        return None
    busiest = max(hours, key=lambda pair: pair[1])[0] if total else None
    return LastDay(total, hours, busiest)


# How the fix of a known error stands for the customer, in words.


class Fix(StrEnum):
    """How the fix stands for this customer, by the release of their newest event."""

    NOT_PLANNED = "not_planned"
    PLANNED = "planned"
    OVERDUE = "overdue"
    NEWER = "newer"  # the fix is in a release newer than the customer's
    BACK = "back"  # the customer had the fixed release or a newer one, and it happened all the same
    UNSURE = "unsure"  # nobody can tell which of the two releases is newer, or one is not known


def fix_for(known: Known, group: Group, today: date) -> Fix:
    """How the fix stands for the customer of these events, on this day."""
    if known.state is FixState.PLANNED:
        overdue = known.planned_for is not None and known.planned_for < today
        return Fix.OVERDUE if overdue else Fix.PLANNED
    if known.state is FixState.OPEN:
        return Fix.NOT_PLANNED
    order = order_of(known.fixed_in, release_had(group))
    if order is None:
        return Fix.UNSURE
    return Fix.NEWER if order > 0 else Fix.BACK


def order_of(release: str, had: str | None) -> int | None:
    """1 where a release that a person wrote is newer than the one an event had, -1 where older.

    Without a package it is taken as one of the event's own package. None where nobody can tell.
    """
    if not release or not had:
        return None
    if not package_of(release):
        had = had.rpartition("@")[2] or had
    return compared(release, had)


def told_fix(known: Known, group: Group, today: date) -> str:
    """One sentence on the fix, for the agent. Raises nothing; every state has its words."""
    fix = fix_for(known, group, today)
    had = release_had(group)
    runs = short_release(had) if had else ""
    fixed = short_release(known.fixed_in)
    match fix:
        case Fix.NOT_PLANNED:
            return "Not fixed yet, and no date is known."
        case Fix.PLANNED:
            when = f" for {told_day(known.planned_for, today)}" if known.planned_for else ""
            return f"Fix planned{when}."
        case Fix.OVERDUE:
            day = told_day(known.planned_for, today) if known.planned_for else ""
            return (
                f"The fix was planned for {day}. Check whether it shipped before you promise "
                "anything."
            )
        case Fix.NEWER:
            return f"Fixed in {fixed}. The customer is on {runs}."
        case Fix.BACK:
            return (
                f"It was fixed in {fixed}, but the customer is on {runs}. It may be back: "
                "tell engineering."
            )
        case Fix.UNSURE:
            beside = f" The customer is on {runs}." if runs else ""
            return f"Fixed in {fixed}.{beside} We can't tell whether the customer has the fix."


def told_day(day: date, today: date) -> str:
    """A day as people say it: today, Thursday, or with its date."""
    away = (day - today).days
    if away in (0, 1, -1):
        return {0: "today", 1: "tomorrow", -1: "yesterday"}[away]
    if 1 < away < 7:
        return f"{day:%A}, {day.day} {day:%b}"
    return f"{day.day} {day:%b %Y}"
