"""What is said of the fix of a known error, by the release that the customer runs."""

from datetime import UTC, date, datetime

import pytest

from apps.events.answer import FixState, Known
from apps.events.event import Event
from apps.events.grouping import Group
from apps.events.releases import told_fix

TODAY = date(2026, 11, 24)  # a Tuesday


def told(release: str | None, **fields: object) -> str:
    known = Known("one", "One", "It is known.", **fields)  # type: ignore[arg-type]
    event = Event(id="1", timestamp=datetime(2026, 11, 20, tzinfo=UTC), release=release)
    return told_fix(known, Group("9001", None, (event,)), TODAY)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 24), "Fix planned for today."),
        (date(2026, 11, 25), "Fix planned for tomorrow."),
        (date(2026, 11, 26), "Fix planned for Thursday, 26 Nov."),
        (date(2026, 12, 1), "Fix planned for 1 Dec 2026."),
        (None, "Fix planned."),
    ],
)
def test_a_planned_fix_names_the_day_as_people_say_it(day: date | None, said: str) -> None:
    assert told("web@2.14", state=FixState.PLANNED, planned_for=day) == said


def test_a_plan_that_is_over_is_no_promise() -> None:
    said = told("web@2.14", state=FixState.PLANNED, planned_for=date(2026, 11, 23))

    assert said.startswith("The fix was planned for yesterday. Check whether it shipped")


@pytest.mark.parametrize(
    ("fixed", "runs", "said"),
    [
        ("2.15", "web@2.14.3", "Fixed in 2.15. The customer is on 2.14.3."),
        ("web@2.15", "web@2.14", "Fixed in 2.15. The customer is on 2.14."),
        ("2.15", "web@2.15.0", "It was fixed in 2.15, but the customer is on 2.15.0."),
        ("2.15", "web@3.0", "It was fixed in 2.15, but the customer is on 3.0."),
        ("2.15", None, "Fixed in 2.15. We can't tell whether the customer has the fix."),
        ("2.15", "nightly", "The customer is on nightly. We can't tell whether the customer has"),
        ("api@2.15", "web@2.14", "We can't tell whether the customer has the fix."),
    ],
)
def test_a_fix_is_compared_with_what_the_customer_runs(
    fixed: str, runs: str | None, said: str
) -> None:
    assert said in told(runs, state=FixState.FIXED, fixed_in=fixed)


def test_an_open_error_promises_nothing() -> None:
    assert told("web@2.14") == "Not fixed yet, and no date is known."
