"""Issues, their events, single events, and the project's event list."""

import uuid
from datetime import timedelta

import pytest

from apps.demo.world import World
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry, add_raw


def ids(answer: object) -> list[str]:
    assert hasattr(answer, "json")
    return [event["eventID"] for event in answer.json()]


def test_full_pages_are_cut_to_ten_silently(api: Api, world: World) -> None:
    events = [world.add_event(timestamp=NOON) for _ in range(12)]
    answer = api.issue_events(events[0].issue.id, full=1, per_page=100)
    assert len(answer.json()) == 10
    assert 'rel="next"; results="true"; cursor="0:10:0"' in answer.headers["Link"]


def test_older_servers_have_no_such_cap(api: Api, demo: DemoSentry) -> None:
    events = [demo.world.add_event(timestamp=NOON) for _ in range(12)]
    demo.settings.full_page_cap = None
    assert len(api.issue_events(events[0].issue.id, full=1).json()) == 12


def test_full_list_items_lack_the_release_of_the_detail(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON, release="web@1")
    assert "release" not in api.issue_events(event.issue.id, full=1).json()[0]


def test_an_or_without_parentheses_leaks_other_issues(api: Api, world: World) -> None:
    mine = world.add_event(timestamp=NOON, issue="a", user_id="1")
    other = world.add_event(timestamp=NOON, issue="b", email="one@example.com")
    query = 'user.id:"1" OR user.email:"one@example.com"'
    assert set(ids(api.issue_events(mine.issue.id, query))) == {mine.id, other.id}
    assert ids(api.issue_events(mine.issue.id, f"({query})")) == [mine.id]


def test_a_list_of_ids_finds_exactly_these_events_of_the_issue(api: Api, world: World) -> None:
    events = [world.add_event(timestamp=NOON + timedelta(seconds=at)) for at in range(3)]
    other = world.add_event(timestamp=NOON, issue="other")
    issue, wanted = events[0].issue.id, [events[2].id, events[0].id]
    dashed = str(uuid.UUID(wanted[1])).upper()
    for query in (
        f"id:[{','.join(wanted)}]",
        f"id:[{wanted[1]}, {wanted[0]}]",
        f'id:["{wanted[0]}",{dashed}]',
        f"id:[{','.join((*wanted, other.id, '0' * 32))}]",
    ):
        assert ids(api.issue_events(issue, query, full=1)) == wanted, query
    refused = api.issue_events(issue, f"id:[{wanted[0]},nonsense]")
    assert (refused.status_code, "valid UUID hex" in refused.json()["detail"]) == (400, True)


def test_a_lost_body_is_listed_without_content_and_not_found_alone(api: Api, world: World) -> None:
    lost = world.add_event(timestamp=NOON, user_id="1", is_lost=True)
    assert api.found("user.id:1") == {lost.id}
    (listed,) = api.issue_events(lost.issue.id, f"id:[{lost.id}]", full=1).json()
    assert listed["eventID"] == lost.id
    assert not any(listed[name] for name in ("entries", "contexts", "tags", "user", "dateReceived"))
    for path in ("projects/acme/web", f"organizations/acme/issues/{lost.issue.id}"):
        assert api.get(f"{path}/events/{lost.id}/").status_code == 404, path


def test_an_issues_events_come_newest_first_whatever_sort_says(api: Api, world: World) -> None:
    old = world.add_event(timestamp=NOON)
    new = world.add_event(timestamp=NOON + timedelta(seconds=5))
    assert ids(api.issue_events(old.issue.id, sort="timestamp")) == [new.id, old.id]


def test_the_project_list_ignores_users(api: Api, world: World) -> None:
    for user in ("1001", "1002"):
        world.add_event(timestamp=NOON, user_id=user)
    answer = api.get("projects/acme/web/events/", user="1001")
    assert len(ids(answer)) == 2
    assert "entries" not in answer.json()[0]


def test_a_single_event_has_its_release(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON, release="web@1.2")
    body = api.get(f"projects/acme/web/events/{event.id}/").json()
    assert body["release"]["version"] == "web@1.2"


def test_an_unknown_event_is_not_found(api: Api, world: World) -> None:
    world.add_project("web")
    answer = api.get(f"projects/acme/web/events/{'0' * 32}/")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Event not found"})


def test_an_event_is_found_without_knowing_its_project(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON, project="shop")
    body = api.get(f"organizations/acme/eventids/{event.id}/").json()
    assert (body["projectSlug"], body["groupId"]) == ("shop", str(event.issue.id))
    assert body["event"]["eventID"] == event.id


def test_a_raw_body_is_served_unchanged_next_to_its_own_row(api: Api, world: World) -> None:
    body = {"eventID": "a" * 32, "entries": None, "tags": "none"}
    event = add_raw(world, body, row={"user.id": "7"}, timestamp=NOON, user_id="1")
    assert api.found("user.id:7") == {"a" * 32}
    assert api.get(f"projects/acme/web/events/{event.id}/").json() == body
    assert api.issue_events(event.issue.id, full=1).json() == [body]


def test_known_issues_come_back_whatever_their_status(api: Api, world: World) -> None:
    done = world.add_event(timestamp=NOON, issue="done", issue_status="resolved", user_id="1")
    world.add_event(timestamp=NOON, issue="open")
    answer = api.get("organizations/acme/issues/", group=[done.issue.id, 99], query="user.id:2")
    [issue] = answer.json()
    assert (issue["id"], issue["count"], issue["userCount"]) == (str(done.issue.id), "1", 1)
    assert issue["status"] == "resolved"


def test_group_numbers_must_be_numbers(api: Api) -> None:
    answer = api.get("organizations/acme/issues/", group="WEB-1")
    assert (answer.status_code, answer.json()["detail"]) == (400, "Group ids must be integers")


@pytest.mark.parametrize("query", ["user.id:1 OR user.id:2", "user.id:1 AND level:error"])
def test_the_issue_search_knows_no_booleans(api: Api, query: str) -> None:
    answer = api.get("organizations/acme/issues/", query=query)
    assert answer.status_code == 400
    assert "are not supported in this search" in answer.json()["detail"]


def test_the_issue_search_finds_issues_by_their_events(api: Api, world: World) -> None:
    wanted = world.add_event(timestamp=NOON, issue="a", user_id="1")
    world.add_event(timestamp=NOON, issue="b", user_id="2")
    answer = api.get("organizations/acme/issues/", query='user.id:["1","9"]')
    assert [issue["id"] for issue in answer.json()] == [str(wanted.issue.id)]
