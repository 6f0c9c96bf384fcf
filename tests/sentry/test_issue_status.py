"""The status of an issue is parsed from the issues list."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.demo.world import History
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.fetch import fetch_answer
from apps.sentry.parsing import parse_issue
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry

TOP = datetime(2026, 11, 20, 13, tzinfo=UTC)
HOURS = [[int((TOP + timedelta(hours=at)).timestamp()), at] for at in range(24)]


def test_status_needs_no_extra_call(config: SentryConfig, demo_sentry: DemoSentry) -> None:
    event = demo_sentry.world.add_event(
        user_id="1001", timestamp=MOMENT, issue="cart", issue_status="resolved"
    )
    day = (*(0,) * 20, 3, 4, 5, 6)
    demo_sentry.world.set_history(
        event.issue, History(substatus=None, fixed_in="web@2.15.0", team="payments", day=day)
    )
    client = SentryClient(config)
    answer = fetch_answer(client, question("1001"), projects=client.projects(), now=NOW)
    client.close()
    (issue,) = answer.issues
    assert (issue.status, issue.fixed_in, issue.assignee) == (
        "resolved",
        "web@2.15.0",
        "the team payments",
    )
    assert [count for _hour, count in issue.last_day] == list(day)
    assert all(hour.tzinfo == UTC and hour.minute == 0 for hour, _count in issue.last_day)
    assert sum(call.path.endswith("/acme/issues/") for call in demo_sentry.calls) == 1


def test_assigned_persons_name_and_email_are_dropped() -> None:
    assigned = {"type": "user", "id": "7", "name": "Jo Berg", "email": "jo.berg@shop.example"}
    issue = parse_issue({"id": "1", "assignedTo": assigned})
    assert issue is not None
    assert issue.assignee == "someone"
    assert "jo" not in repr(issue).lower()


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        ({"type": "team", "id": "1", "name": "payments"}, "the team payments"),
        ({"type": "team", "id": "1"}, "a team"),
        ("team:1", "a team"),
        ("user:1", "someone"),
        ({"type": "robot", "name": "R2"}, None),
        ({"name": "Jo Berg"}, None),
        ([{"type": "team"}], None),
        (None, None),
    ],
)
def test_assignee_is_parsed_in_every_format(assigned: object, expected: str | None) -> None:
    issue = parse_issue({"id": "1", "assignedTo": assigned})
    assert issue is not None
    assert issue.assignee == expected


@pytest.mark.parametrize(
    "stats",
    [
        None,
        [],
        {"24h": []},
        {"24h": HOURS[:23]},
        {"24h": [*HOURS[:23], [HOURS[23][0], None]]},
        {"24h": [*HOURS[:23], [HOURS[23][0], -1]]},
        {"24h": [*HOURS[:23], "x"]},
        {"24h": [*HOURS[:23], [None, 4]]},
        {"24h": [*HOURS[:23], HOURS[0]]},
        {"14d": HOURS},
    ],
)
def test_incomplete_day_is_unknown(stats: object) -> None:
    issue = parse_issue({"id": "1", "stats": stats})
    assert issue is not None
    assert issue.last_day == ()


def test_last_24_hours_are_sorted() -> None:
    earlier = [HOURS[0][0] - 3600, 99]
    issue = parse_issue({"id": "1", "stats": {"24h": [*reversed(HOURS), earlier]}})
    assert issue is not None
    assert issue.last_day[0] == (TOP, 0)
    assert [count for _hour, count in issue.last_day] == list(range(24))


@pytest.mark.parametrize("details", [None, [], "x", {"inRelease": None}, {"inRelease": {}}, {}])
def test_malformed_status_details_are_no_fix(details: object) -> None:
    issue = parse_issue({"id": "1", "status": "resolved", "statusDetails": details})
    assert issue is not None
    assert (issue.fixed_in, issue.fixed_in_next) == (None, False)


def test_fix_in_the_next_release_is_parsed() -> None:
    issue = parse_issue({"id": "1", "statusDetails": {"inNextRelease": True}})
    assert issue is not None
    assert issue.fixed_in_next
