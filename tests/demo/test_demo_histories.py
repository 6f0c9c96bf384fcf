"""The status of the demo's issues, and its releases."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.demo.story import build_world
from apps.demo.world import History, World
from tests.demo.conftest import Api
from tests.demo_sentry import DemoSentry

ORG = "organizations/acme/"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def story() -> World:
    return build_world(NOON)


def test_an_issue_has_its_history(api: Api, demo: DemoSentry, world: World) -> None:
    demo.settings.now = (NOON + timedelta(minutes=20)).isoformat()
    event = world.add_event(timestamp=NOON, user_id="1", issue_status="resolved")
    world.set_history(
        event.issue,
        History(
            fixed_in="web@2",
            person=("Jo Berg", "jo@shop.example"),
            first_seen=NOON - 100 * HOUR,
            earlier_users=4,
            earlier_events=9,
            day=(*(0,) * 22, 7, 2),
        ),
    )
    [issue] = api.get(f"{ORG}issues/", group=event.issue.id).json()
    assert (issue["count"], issue["userCount"]) == ("10", 5)
    assert issue["firstSeen"] == "2026-11-19T08:00:00Z"
    assert issue["statusDetails"] == {"inRelease": "web@2"}
    assert issue["assignedTo"] == {
        "type": "user", "id": "7", "name": "Jo Berg", "email": "jo@shop.example",
    }  # fmt: skip
    hours = issue["stats"]["24h"]
    assert [hours[0][1], *(count for _hour, count in hours[-2:])] == [0, 7, 3]
    assert hours[-1][0] == NOON.timestamp()


def test_numbers_of_a_window_leave_out_what_was_before(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON, user_id="1")
    world.set_history(event.issue, History(earlier_users=4, earlier_events=9))
    edges = {"start": "2026-11-23T11:00:00", "end": "2026-11-23T13:00:00"}
    [issue] = api.get(f"{ORG}issues/", query="", **edges).json()
    assert (issue["count"], issue["userCount"]) == ("1", 1)


def test_a_release_has_its_latest_deploy(api: Api, world: World) -> None:
    world.add_release("web@1", NOON - HOUR, deployed=NOON, environment="staging")
    [release] = api.get(f"{ORG}releases/").json()
    assert (release["dateReleased"], release["dateCreated"]) == (None, "2026-11-23T11:00:00Z")
    assert release["lastDeploy"]["environment"] == "staging"
    assert release["lastDeploy"]["dateFinished"] == "2026-11-23T12:00:00Z"


def test_releases_come_newest_first_and_of_a_span_of_time(api: Api, world: World) -> None:
    for at in (1, 3, 2):
        world.add_release(f"web@{at}", NOON - 9 * HOUR, released=NOON + at * HOUR)

    def versions(**params: str) -> list[str]:
        return [one["version"] for one in api.get(f"{ORG}releases/", **params).json()]

    assert versions() == ["web@3", "web@2", "web@1"]
    span = {"start": "2026-11-23T13:30:00", "end": "2026-11-23T14:00:00"}
    assert versions(**span) == ["web@2"]


def test_no_event_of_the_story_has_a_release_before_it_went_live(story: World) -> None:
    live = {one.version: one.deployed for one in story.releases() if one.deployed}
    for event in story.events:
        since = live.get(event.columns["release"])
        assert since is None or since <= event.timestamp, event.columns["release"]


def test_the_story_has_every_kind_of_status(story: World) -> None:
    histories = [(issue, story.history_of(issue)) for issue in story.issues]
    assert {"new", "regressed", "escalating"} <= {one.substatus for _issue, one in histories}
    fixed = [issue for issue, one in histories if one.fixed_in or one.fixed_in_next]
    assert len(fixed) >= 3
    assert {issue.status for issue in fixed} == {"resolved"}
    assert any(one.team for _issue, one in histories)
    assert any(one.person for _issue, one in histories)
    assert all(sum(one.day) <= one.earlier_events for _issue, one in histories)


def test_clearing_the_world_deletes_them(world: World) -> None:
    event = world.add_event(timestamp=NOON)
    world.set_history(event.issue, History(team="payments"))
    world.add_release("web@1", NOON)
    world.clear()
    assert world.releases() == []
    assert world.history_of(event.issue) == History()
