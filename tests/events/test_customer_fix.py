"""Test the sentence about a known error's fix."""

from datetime import date

import pytest

from apps.events.answer import CatalogEntry, FixState
from apps.events.releases import describe_fix

TODAY = date(2026, 11, 24)  # a Tuesday


def fix_text(release: str | None, **fields: object) -> str:
    known = CatalogEntry("one", "One", "It is known.", **fields)  # type: ignore[arg-type]
    return describe_fix(known, release, TODAY)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 24), "Fix planned for today."),
        (date(2026, 11, 25), "Fix planned for tomorrow."),
        (date(2026, 11, 26), "Fix planned for Thursday, 26 Nov."),
        (date(2026, 12, 1), "Fix planned for 1 Dec 2026."),
        (None, "Fix planned."),
    ],
)
def test_planned_fix_names_the_day(day: date | None, expected: str) -> None:
    assert fix_text("web@2.14", state=FixState.PLANNED, planned_for=day) == expected


def test_overdue_fix_is_not_promised() -> None:
    text = fix_text("web@2.14", state=FixState.PLANNED, planned_for=date(2026, 11, 23))

    assert text.startswith("The fix was planned for yesterday. Check whether it shipped")


@pytest.mark.parametrize(
    ("fixed", "release", "expected"),
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
def test_fix_is_compared_with_customer_release(
    fixed: str, release: str | None, expected: str
) -> None:
    assert expected in fix_text(release, state=FixState.FIXED, fixed_in=fixed)


def test_open_error_has_no_fix() -> None:
    assert fix_text("web@2.14") == "Not fixed yet, and no date is known."
