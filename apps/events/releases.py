"""Releases: their short names and order, the status of an issue, and the state of its fix."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from apps.events.answer import CatalogEntry, FixState
from apps.events.event import Issue
from apps.events.grouping import Group

_DOTTED = re.compile(
    r"v?(?P<numbers>[0-9]{1,9}(?:\.[0-9]{1,9}){1,3})"
    r"(?:-(?P<pre>[0-9A-Za-z-]{1,60}(?:\.[0-9A-Za-z-]{1,60}){0,9}))?"
    r"(?:\+(?P<build>[0-9A-Za-z.-]{1,200}))?"
)
# The suffix of `git describe` means commits after the tag; semver would read it as a pre-release.
_AFTER_A_TAG = re.compile(
    r"(?:^|[.-])[0-9]+-g[0-9a-f]{4,40}(?:-dirty)?$|^[0-9]+(?:-dirty)?$|^dirty$"
)
_HASH = re.compile(r"[0-9a-f]{32,64}")
_SHORT_HASH_LENGTH = 12


@dataclass(frozen=True, slots=True)
class _Version:
    numbers: tuple[int, ...]
    pre: tuple[str, ...]
    build: str


def package_of(release: str) -> str:
    """Return the part before the last `@`: `checkout-api` of `checkout-api@2.14.0`."""
    return release.rpartition("@")[0]


def short_release(release: str) -> str:
    """Return the release without its package, and only the first characters of a hash."""
    version = release.rpartition("@")[2] or release
    return version[:_SHORT_HASH_LENGTH] if _HASH.fullmatch(version) else version


def compare_releases(first: str, second: str) -> int | None:
    """Return -1 if the first release is older, 1 if it is newer, 0 if both are the same.

    Return None unless both have dotted numbers and the same package. The order is semver's
    (https://semver.org/#spec-item-11), in which two builds of one version have no order.
    """
    if first == second:
        return 0
    one, other = _parse(first), _parse(second)
    if package_of(first) != package_of(second) or one is None or other is None:
        return None
    if one.numbers != other.numbers:
        return -1 if one.numbers < other.numbers else 1
    if one.pre == other.pre:
        return 0 if one.build == other.build else None
    if any(_AFTER_A_TAG.search(".".join(version.pre)) for version in (one, other)):
        return None
    return -1 if _pre_release_key(one.pre) < _pre_release_key(other.pre) else 1


@lru_cache(maxsize=4096)
def _parse(release: str) -> _Version | None:
    found = _DOTTED.fullmatch(release.rpartition("@")[2])
    if found is None:
        return None
    numbers = [int(number) for number in found["numbers"].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    pre = tuple(found["pre"].split(".")) if found["pre"] else ()
    return _Version(tuple(numbers), pre, found["build"] or "")


def _pre_release_key(pre: tuple[str, ...]) -> tuple[bool, tuple[tuple[bool, int, str], ...]]:
    """Sort pre-releases before the version, numbers before words, and fewer parts before more."""
    parts = ((False, int(part), "") if part.isdigit() else (True, 0, part) for part in pre)
    return (not pre, tuple(parts))


# The issue among all customers. Counts and states are Sentry's at the time the issue was read.

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_NEXT_RELEASE = "resolvedInNextRelease"
_FIXED_STATUSES = ("resolved", _NEXT_RELEASE)
_STATUS_TEXTS = {
    "unresolved": "not resolved yet",
    "ignored": "archived",
    "archived": "archived",
    "muted": "archived",
    "archived_until_escalating": "archived until it happens more often",
    "archived_until_condition_met": "archived for now",
    "archived_forever": "archived for good",
}


@dataclass(frozen=True, slots=True)
class LastDay:
    """The number of events over all customers in the day before the issue was read.

    `hours` are (start in UTC, count) pairs, oldest first; `busiest` is the start of the worst hour.
    """

    total: int
    hours: tuple[tuple[datetime, int], ...]
    busiest: datetime | None


def affects_only_customer(group: Group) -> bool:
    """Return whether the issue certainly affects no other customer.

    That takes a count of one affected user, and an event that matched on a field of its user.
    """
    is_user = any(name.startswith("user.") for event in group.events for name in event.matched_on)
    return is_user and group.issue is not None and group.issue.users_affected == 1


def issue_trends(issue: Issue, moment: datetime) -> tuple[str, ...]:
    """Return what is unusual about the issue: new, back again, more frequent.

    It was new at `moment` if it was first seen in the day before or later.
    """
    if issue.substatus == "regressed":
        return ("came back after it was fixed",)
    was_new = issue.first_seen is not None and issue.first_seen >= moment - _DAY
    is_new = issue.substatus == "new"
    trends = ("new",) if is_new else ("new at that time",) if was_new else ()
    return (*trends, "happening more than usual") if issue.substatus == "escalating" else trends


def customer_release(group: Group) -> str | None:
    """Return the release that the customer was on at the newest event."""
    return group.newest.release or group.newest.details.release


def is_fixed_in_newer(group: Group) -> bool:
    """Return whether the issue is certainly fixed in a release newer than the customer's."""
    return _order_of_fix(group) == 1


def _order_of_fix(group: Group) -> int | None:
    issue, release = group.issue, customer_release(group)
    if issue is None or issue.status not in (None, *_FIXED_STATUSES):
        return None
    return compare_releases(issue.fixed_in, release) if issue.fixed_in and release else None


def issue_fix_text(group: Group, *, in_full: bool = False) -> str | None:
    """Describe in which release the issue is fixed and the customer's release; None if in none.

    Say which is newer only if that is certain. Omit a package that both share, unless `in_full`.
    """
    issue, release = group.issue, customer_release(group)
    if issue is None or issue.status not in (None, *_FIXED_STATUSES):
        return None
    if not (issue.fixed_in or issue.fixed_in_next or issue.status == _NEXT_RELEASE):
        return None
    fixed = issue.fixed_in or "the next release"
    order = _order_of_fix(group)
    is_same = not issue.fixed_in or release is None or package_of(fixed) == package_of(release)
    if is_same and not in_full:
        release = release and short_release(release)
        fixed = short_release(fixed) if issue.fixed_in else fixed
    if order == 1:
        return f"fixed in {fixed}; the customer was on {release}, which is older"
    if order == -1:
        return f"marked as fixed in {fixed}, but the customer was on {release}, which is newer"
    if order == 0:
        return f"marked as fixed in {fixed}, but the customer was on that release"
    return f"marked as fixed in {fixed}{f'; the customer was on {release}' if release else ''}"


def issue_status_text(issue: Issue) -> str | None:
    """Describe the issue's status; None if unknown or covered by `issue_fix_text`."""
    if issue.status in _FIXED_STATUSES:
        has_release = issue.fixed_in or issue.fixed_in_next or issue.status == _NEXT_RELEASE
        return None if has_release else "marked as fixed"
    return _STATUS_TEXTS.get(issue.substatus or "") or _STATUS_TEXTS.get(issue.status or "")


def last_day_of(group: Group) -> LastDay | None:
    """Return the last day; None if unknown, or if Sentry counts fewer than the customer's own."""
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


class CustomerFixState(StrEnum):
    """The state of a known error's fix for a customer, by the release they were on."""

    NOT_PLANNED = "not_planned"
    PLANNED = "planned"
    OVERDUE = "overdue"
    NEWER = "newer"  # the fix is in a release newer than the customer's
    BACK = "back"  # it happened although the customer was on the fixed release or a newer one
    UNSURE = "unsure"  # the releases cannot be compared, or one is unknown


def customer_fix_state(entry: CatalogEntry, release: str | None, today: date) -> CustomerFixState:
    """Return the state of the fix for a customer on this release.

    Without a package, the release of the fix is taken to be of the customer's package.
    """
    if entry.state is FixState.PLANNED:
        overdue = entry.planned_for is not None and entry.planned_for < today
        return CustomerFixState.OVERDUE if overdue else CustomerFixState.PLANNED
    if entry.state is FixState.OPEN:
        return CustomerFixState.NOT_PLANNED
    if release and not package_of(entry.fixed_in):
        release = release.rpartition("@")[2] or release
    order = compare_releases(entry.fixed_in, release) if entry.fixed_in and release else None
    if order is None:
        return CustomerFixState.UNSURE
    return CustomerFixState.NEWER if order > 0 else CustomerFixState.BACK


def describe_fix(entry: CatalogEntry, release: str | None, today: date) -> str:
    """Return a sentence or two on the fix for a customer on this release, for the agent."""
    current = short_release(release) if release else ""
    fixed = short_release(entry.fixed_in)
    day = format_day(entry.planned_for, today) if entry.planned_for else ""
    match customer_fix_state(entry, release, today):
        case CustomerFixState.NOT_PLANNED:
            return "Not fixed yet, and no date is known."
        case CustomerFixState.PLANNED:
            return f"Fix planned for {day}." if day else "Fix planned."
        case CustomerFixState.OVERDUE:
            shipped = "Check whether it shipped before you promise anything."
            return f"The fix was planned for {day}. {shipped}"
        case CustomerFixState.NEWER:
            return f"Fixed in {fixed}. The customer is on {current}."
        case CustomerFixState.BACK:
            was_fixed = f"It was fixed in {fixed}, but the customer is on {current}."
            return f"{was_fixed} It may be back: tell engineering."
        case CustomerFixState.UNSURE:
            known = f" The customer is on {current}." if current else ""
            return f"Fixed in {fixed}.{known} We can't tell whether the customer has the fix."


def format_day(day: date, today: date) -> str:
    """Return the day as people say it: today, tomorrow, a weekday, or the date."""
    days = (day - today).days
    if days in (0, 1, -1):
        return {0: "today", 1: "tomorrow", -1: "yesterday"}[days]
    if 1 < days < 7:
        return f"{day:%A}, {day.day} {day:%b}"
    return f"{day.day} {day:%b %Y}"
