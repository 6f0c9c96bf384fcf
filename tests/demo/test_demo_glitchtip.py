"""The demo as a GlitchTip: the routes of the client, and their traps."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from apps.demo.world import World
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry

ORG = "organizations/acme/"
EVENTS = "projects/acme/web/events/"
NEXT = re.compile(r'<([^>]*)>; rel="next"; results="true"; cursor="([^"]*)"')


@pytest.fixture
def demo(world: World) -> Iterator[DemoSentry]:
    with DemoSentry(world, flavor="glitchtip") as running:
        yield running


def found(api: Api, query: str, **params: Any) -> int:
    answer = api.get(f"{ORG}issues/", query=query, **params)
    assert answer.status_code == 200, answer.text
    return len(answer.json())


@pytest.mark.parametrize("path", [f"{ORG}events/", f"{ORG}eventids/{'0' * 32}/", "x/"])
def test_there_is_no_events_table(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (404, "text/html")


@pytest.mark.parametrize(
    "path", [f"{ORG}issues/1/events/", f"{EVENTS}{'0' * 32}/json/", f"{ORG}issues"]
)
def test_unknown_paths_of_the_front_end_are_answered_200_with_a_page(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")


def test_refusals_have_glitchtips_texts(api: Api, demo: DemoSentry) -> None:
    refused = api.get(ORG, token="stolen")
    assert (refused.status_code, refused.json()) == (401, {"detail": "Unauthorized"})
    unknown = api.get("organizations/nobody/")
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "Not Found"})
    demo.settings.scopes = []
    denied = api.get(f"{ORG}issues/")
    assert (denied.status_code, denied.json()) == (403, {"detail": "Permission denied"})
    assert "X-Sentry-Rate-Limit-Limit" not in denied.headers


def test_unknown_projects_and_issues_have_an_empty_list(api: Api) -> None:
    assert api.get("projects/acme/typo/events/").json() == []
    assert api.get("issues/12345/events/").json() == []


@pytest.mark.parametrize(
    ("given", "length"), [(None, 50), (7, 7), (0, 50), (-1, 0), (100, 100), (5000, 100)]
)
def test_a_page_has_fifty_rows_or_up_to_a_hundred(
    api: Api, world: World, given: int | None, length: int
) -> None:
    for place in range(120):
        world.add_event(timestamp=NOON + timedelta(seconds=place))
    assert len(api.get(EVENTS, limit=given).json()) == length


@pytest.mark.parametrize(
    "params", [{"limit": "x"}, {"cursor": "0:0:0"}, {"cursor": base64.b64encode(b"q=1").decode()}]
)
def test_bad_numbers_and_cursors_are_answered_422(api: Api, params: dict[str, str]) -> None:
    answer = api.get(EVENTS, **params)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"]


def test_the_link_is_odd_and_ties_at_the_edge_are_skipped(api: Api, world: World) -> None:
    for _ in range(3):
        world.add_event(timestamp=NOON)
    world.add_event(timestamp=NOON - timedelta(seconds=1))
    first = api.get(EVENTS, limit=2)
    assert first.headers["Link"].startswith("{'<")
    assert first.headers["X-Hits"] == "4"
    _address, cursor = NEXT.findall(first.headers["Link"])[0]
    second = api.get(EVENTS, limit=2, cursor=cursor)
    assert len(second.json()) == 1
    assert 'rel="next"; results="false"' in second.headers["Link"]


def test_a_home_made_cursor_leads_to_what_was_received_before(api: Api, world: World) -> None:
    for place in range(3):
        world.add_event(timestamp=NOON, received=NOON + timedelta(hours=place))
    before = (NOON + timedelta(hours=1)).isoformat()
    cursor = base64.b64encode(f"p={quote(before)}".encode()).decode()
    assert len(api.get(EVENTS, cursor=cursor).json()) == 1


def test_the_project_ignores_the_query_and_lists_full_events(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON, user_id="7", environment="staging")
    (event,) = api.get(EVENTS, query='"', start="nonsense", environment="x").json()
    assert event["entries"]
    assert event["user"] == {"id": "7"}
    assert {"key": "environment", "value": "staging"} in event["tags"]
    assert not {"level", "environment", "release", "location"} & set(event)
    assert isinstance(event["projectID"], int)


def test_an_issue_lists_its_events_in_snake_case(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON, request={"url": "/", "query": [["a", "1"]]})
    (listed,) = api.get(f"issues/{event.issue.id}/events/").json()
    (request,) = (one["data"] for one in listed["entries"] if one["type"] == "request")
    assert request["query_string"] == [["a", "1"]]
    assert listed["event_id"] == event.id
    assert listed["date_created"] == "2026-11-23T12:00:00.000Z"
    assert "eventID" not in listed


def test_only_the_raw_event_has_its_level_and_the_issue_that_of_the_first(
    api: Api, world: World
) -> None:
    world.add_event(timestamp=NOON, level="error", issue="A")
    event = world.add_event(timestamp=NOON + timedelta(hours=1), level="info", issue="A")
    raw = f"{ORG}issues/{event.issue.id}/events"
    assert api.get(f"{raw}/{event.id}/json/").json()["level"] == "info"
    assert [one["level"] for one in api.get(f"{ORG}issues/").json()] == ["error"]
    assert all("level" not in one for one in api.get(EVENTS).json())
    assert api.get(f"{raw}/{'0' * 32}/json/").status_code == 500


def test_tags_of_an_issue_are_counted(api: Api, world: World) -> None:
    for user in ("7", "7", "8", None):
        event = world.add_event(timestamp=NOON, user_id=user, issue="A")
    (tag,) = api.get(f"issues/{event.issue.id}/tags/", key="user.id").json()
    assert (tag["uniqueValues"], tag["totalValues"]) == (2, 3)
    assert api.get("issues/12345/tags/").status_code == 404


def test_a_project_lacks_environments_that_another_had_before(
    api: Api, world: World, demo: DemoSentry
) -> None:
    world.add_event(timestamp=NOON, environment="production")
    for environment in ("production", "qa"):
        world.add_event(timestamp=NOON + timedelta(hours=1), environment=environment, project="api")
    listed = {
        path: {one["name"] for one in api.get(f"{path}environments/").json()}
        for path in (ORG, "projects/acme/web/", "projects/acme/api/")
    }
    assert list(listed.values()) == [{"production", "qa"}, {"production"}, {"qa"}]
    demo.settings.hidden_environments = ["qa"]
    assert len(api.get(f"{ORG}environments/").json()) == 1
    assert len(api.get(f"{ORG}environments/", visibility="all").json()) == 2


def test_a_single_event_is_found_by_id_in_its_project(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON)
    world.add_project("api")
    assert api.get(f"{EVENTS}{event.id.upper()}/").json()["eventID"] == event.id
    assert api.get(f"projects/acme/api/events/{event.id}/").status_code == 404
    assert api.get(f"{EVENTS}nonsense/").status_code == 422


def test_issues_are_found_by_the_exact_tags_of_any_event(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON, user_id="1001", email="Bob@x.com", issue="A")
    world.add_event(timestamp=NOON, user_id='a"b', tags={"plan": "gold"}, issue="A")
    for query in ("user.id:1001", 'user.id:"1001" plan:gold', 'user.id:"a\\"b"'):
        assert found(api, query) == 1, query
    for query in (
        'user:"id:1001"',
        "user.email:bob@x.com",
        "user.id:1*",
        "!user.id:1001",
        "1001",
    ):
        assert found(api, query) == 0, query


def test_a_value_with_quotes_at_its_edges_is_never_found(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON, user_id='a "b"')
    assert found(api, 'user.id:"a \\"b\\""') == 0


def test_an_unbalanced_quote_is_answered_500_with_a_page(api: Api) -> None:
    answer = api.get(f"{ORG}issues/", query='user.id:"x')
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (500, "text/html")


def test_issues_are_chosen_by_id_and_project_and_sorted(api: Api, world: World) -> None:
    old = world.add_event(timestamp=NOON - timedelta(days=1), issue="A")
    new = world.add_event(timestamp=NOON, issue="B", project="api")
    assert found(api, "", id=old.issue.id) == 1
    assert found(api, "", project=[new.project.id]) == 1
    assert found(api, "", project=-1) == 0
    listed = api.get(f"{ORG}issues/", sort="first_seen").json()
    assert [one["id"] for one in listed] == [str(old.issue.id), str(new.issue.id)]
    assert (listed[0]["userCount"], listed[0]["count"]) == (0, "1")
    for params in ({"sort": "date"}, {"project": "web"}):
        assert api.get(f"{ORG}issues/", **params).status_code == 422
