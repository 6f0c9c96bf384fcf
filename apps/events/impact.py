"""Is it just them? How an issue stands among all customers, in words, as far as it is known.

Counts and states are Sentry's and of the time at which the issue was read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.events.event import Issue
from apps.events.releases import compared, package_of, short_release
from apps.events.timeline import Group

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
