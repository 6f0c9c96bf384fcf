"""How the fix of a known error stands for the customer, in words."""

from datetime import date
from enum import StrEnum

from apps.events.impact import release_had
from apps.events.known import FixState, Known
from apps.events.releases import compared, package_of, short_release
from apps.events.timeline import Group


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
