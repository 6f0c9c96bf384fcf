"""Is it just them? Only what Sentry said is said, and which release is newer only when sure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.events.event import Event, Issue
from apps.events.grouping import Group
from apps.events.releases import fix_of, is_only_theirs, last_day_of, news_of, state_of

MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = tuple((MOMENT.replace(minute=0) - 23 * HOUR + back * HOUR, 0) for back in range(24))


def group(release: str | None = "shop@2.14.0", **issue: object) -> Group:
    told = Event("a" * 32, MOMENT, issue_id="1", release=release, matched_on=("user.id",))
    return Group("1", Issue("1", **issue), (told,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("had", "issue", "said"),
    [
        ("shop@2.14.0", "shop@2.15.0",
         "fixed in 2.15.0; the customer was on 2.14.0, which is older"),
        ("shop@2.15.0", "shop@2.15.0",
         "marked as fixed in 2.15.0, but the customer had that release"),
        ("shop@2.16.0", "shop@2.15.0",
         "marked as fixed in 2.15.0, but the customer had 2.16.0, which is newer"),
        ("1f2e3d4", "9a8b7c6", "marked as fixed in 9a8b7c6, the customer had 1f2e3d4"),
        ("api@2.14.0", "shop@2.15.0",
         "marked as fixed in shop@2.15.0, the customer had api@2.14.0"),
        (None, "shop@2.15.0", "marked as fixed in 2.15.0"),
    ],
)  # fmt: skip
def test_a_fix_is_told_with_what_the_customer_had(had: str | None, issue: str, said: str) -> None:
    assert fix_of(group(had, status="resolved", fixed_in=issue)) == said


def test_an_export_names_releases_in_full() -> None:
    fixed = group(status="resolved", fixed_in="shop@2.15.0")
    assert fix_of(fixed, in_full=True) == (
        "fixed in shop@2.15.0; the customer was on shop@2.14.0, which is older"
    )


def test_a_fix_to_come_is_told_as_one_and_no_fix_as_none() -> None:
    coming = "marked as fixed in the next release, the customer had 2.14.0"
    assert fix_of(group(status="resolved", fixed_in_next=True)) == coming
    assert fix_of(group(status="resolvedInNextRelease")) == coming
    assert fix_of(group(status="resolved")) is fix_of(group()) is None
    assert fix_of(group(status="unresolved", fixed_in="shop@2.15.0")) is None


def test_what_is_done_about_it_is_said_once() -> None:
    def said(**issue: object) -> str | None:
        return state_of(Issue("1", **issue))  # type: ignore[arg-type]

    assert said(status="unresolved") == "still open"
    assert said(status="resolved") == "marked as fixed"
    assert said(status="resolved", fixed_in="2.15.0") is None
    assert said(status="ignored", substatus="archived_forever") == "archived for good"
    assert said(status="<script>", substatus="?") is said() is None


def test_new_is_what_began_in_the_day_before_the_moment() -> None:
    def news(**issue: object) -> tuple[str, ...]:
        return news_of(Issue("1", **issue), MOMENT)  # type: ignore[arg-type]

    assert news(first_seen=MOMENT - 23 * HOUR) == ("new at that time",)
    assert news(first_seen=MOMENT - 23 * HOUR, substatus="new") == ("new",)
    assert news(first_seen=MOMENT - 25 * HOUR) == news() == ()
    assert news(first_seen=MOMENT - 99 * HOUR, substatus="new") == ("new",)
    assert news(substatus="regressed", first_seen=MOMENT) == ("came back after it was fixed",)
    assert news(substatus="escalating") == ("happening more than usual",)
    assert news(substatus="ongoing") == ()


def test_it_is_only_theirs_when_sentry_counts_one_and_that_is_surely_them() -> None:
    assert is_only_theirs(group(users_affected=1))
    assert not is_only_theirs(group(users_affected=2))
    assert not is_only_theirs(group())
    by_trace = replace(group(users_affected=1).newest, matched_on=("trace",))
    assert not is_only_theirs(replace(group(users_affected=1), events=(by_trace,)))


def test_the_last_day_is_told_with_its_worst_hour() -> None:
    hours = (*DAY[:12], (DAY[12][0], 30), *DAY[13:23], (DAY[23][0], 1))
    day = last_day_of(group(last_day=hours))
    assert day is not None
    assert (day.total, day.busiest) == (31, DAY[12][0])


def test_a_day_with_fewer_than_the_customer_alone_had_is_not_believed() -> None:
    assert last_day_of(group(last_day=DAY)) is None
    later = tuple((hour + 48 * HOUR, count) for hour, count in DAY)
    quiet = last_day_of(group(last_day=later))
    assert quiet is not None
    assert (quiet.total, quiet.busiest) == (0, None)
    assert last_day_of(group()) is None
