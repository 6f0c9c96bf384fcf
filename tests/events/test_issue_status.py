"""Test what is known about an issue among all customers, and about its fix."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.events.event import Event, Issue
from apps.events.grouping import Group
from apps.events.releases import (
    affects_only_customer,
    issue_fix_text,
    issue_status_text,
    issue_trends,
    last_day_of,
)

MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = tuple((MOMENT.replace(minute=0) - 23 * HOUR + back * HOUR, 0) for back in range(24))


def group(release: str | None = "shop@2.14.0", **issue: object) -> Group:
    event = Event("a" * 32, MOMENT, issue_id="1", release=release, matched_on=("user.id",))
    return Group("1", Issue("1", **issue), (event,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("release", "fixed_in", "expected"),
    [
        ("shop@2.14.0", "shop@2.15.0",
         "fixed in 2.15.0; the customer was on 2.14.0, which is older"),
        ("shop@2.15.0", "shop@2.15.0",
         "marked as fixed in 2.15.0, but the customer was on that release"),
        ("shop@2.16.0", "shop@2.15.0",
         "marked as fixed in 2.15.0, but the customer was on 2.16.0, which is newer"),
        ("1f2e3d4", "9a8b7c6", "marked as fixed in 9a8b7c6; the customer was on 1f2e3d4"),
        ("api@2.14.0", "shop@2.15.0",
         "marked as fixed in shop@2.15.0; the customer was on api@2.14.0"),
        (None, "shop@2.15.0", "marked as fixed in 2.15.0"),
    ],
)  # fmt: skip
def test_fix_text_includes_customer_release(
    release: str | None, fixed_in: str, expected: str
) -> None:
    assert issue_fix_text(group(release, status="resolved", fixed_in=fixed_in)) == expected


def test_fix_text_with_full_release_names() -> None:
    fixed = group(status="resolved", fixed_in="shop@2.15.0")
    assert issue_fix_text(fixed, in_full=True) == (
        "fixed in shop@2.15.0; the customer was on shop@2.14.0, which is older"
    )


def test_fix_in_next_release_and_no_fix() -> None:
    coming = "marked as fixed in the next release; the customer was on 2.14.0"
    assert issue_fix_text(group(status="resolved", fixed_in_next=True)) == coming
    assert issue_fix_text(group(status="resolvedInNextRelease")) == coming
    assert issue_fix_text(group(status="resolved")) is issue_fix_text(group()) is None
    assert issue_fix_text(group(status="unresolved", fixed_in="shop@2.15.0")) is None


def test_status_text_does_not_repeat_fix_text() -> None:
    def text(**issue: object) -> str | None:
        return issue_status_text(Issue("1", **issue))  # type: ignore[arg-type]

    assert text(status="unresolved") == "not resolved yet"
    assert text(status="resolved") == "marked as fixed"
    assert text(status="resolved", fixed_in="2.15.0") is None
    assert text(status="ignored", substatus="archived_forever") == "archived for good"
    assert text(status="<script>", substatus="?") is text() is None


def test_issue_is_new_within_a_day_of_reported_time() -> None:
    def trends(**issue: object) -> tuple[str, ...]:
        return issue_trends(Issue("1", **issue), MOMENT)  # type: ignore[arg-type]

    assert trends(first_seen=MOMENT - 23 * HOUR) == ("new at that time",)
    assert trends(first_seen=MOMENT - 23 * HOUR, substatus="new") == ("new",)
    assert trends(first_seen=MOMENT - 25 * HOUR) == trends() == ()
    assert trends(first_seen=MOMENT - 99 * HOUR, substatus="new") == ("new",)
    assert trends(substatus="regressed", first_seen=MOMENT) == ("came back after it was fixed",)
    assert trends(substatus="escalating") == ("happening more than usual",)
    assert trends(substatus="ongoing") == ()


def test_affects_only_customer_requires_single_matching_user() -> None:
    assert affects_only_customer(group(users_affected=1))
    assert not affects_only_customer(group(users_affected=2))
    assert not affects_only_customer(group())
    by_trace = replace(group(users_affected=1).newest, matched_on=("trace",))
    assert not affects_only_customer(replace(group(users_affected=1), events=(by_trace,)))


def test_last_day_has_total_and_busiest_hour() -> None:
    hours = (*DAY[:12], (DAY[12][0], 30), *DAY[13:23], (DAY[23][0], 1))
    day = last_day_of(group(last_day=hours))
    assert day is not None
    assert (day.total, day.busiest) == (31, DAY[12][0])


def test_last_day_below_own_count_is_ignored() -> None:
    assert last_day_of(group(last_day=DAY)) is None
    later = tuple((hour + 48 * HOUR, count) for hour, count in DAY)
    quiet = last_day_of(group(last_day=later))
    assert quiet is not None
    assert (quiet.total, quiet.busiest) == (0, None)
    assert last_day_of(group()) is None
