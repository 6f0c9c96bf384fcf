"""The events table: fields, windows, pages, projects."""

import re
from datetime import timedelta
from typing import Any

import pytest

from apps.demo.world import World
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry


def test_rows_have_the_requested_keys_and_two_more(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON, user_id="1", project="web")
    row = api.table(field=["issue.id", "issue", "timestamp", "nonsense"]).json()["data"][0]
    assert set(row) == {"issue.id", "issue", "timestamp", "nonsense", "id", "project.name"}
    assert isinstance(row["issue.id"], int)
    assert row["issue"] == "WEB-1"
    assert row["nonsense"] is None


def test_times_are_whole_seconds_in_utc(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON + timedelta(milliseconds=900))
    assert api.table().json()["data"][0]["timestamp"] == "2026-11-23T12:00:00+00:00"


def test_the_end_is_exclusive_and_the_start_is_not(api: Api, world: World) -> None:
    at_start = world.add_event(timestamp=NOON)
    world.add_event(timestamp=NOON + timedelta(seconds=60))
    window = {"start": "2026-11-23T12:00:00", "end": "2026-11-23T12:01:00"}
    assert api.found("", **window) == {at_start.id}


def test_a_fraction_of_the_last_second_is_cut_off(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON + timedelta(seconds=59.9))
    window = {"start": "2026-11-23T12:00:59", "end": "2026-11-23T12:01:00"}
    assert api.found("", **window) == {event.id}


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"start": "2026-11-23T12:00:00+02:00"}, "is not a valid ISO8601 date query"),
        ({"start": "yesterday"}, "is not a valid ISO8601 date query"),
        ({"end": None}, "start and end are both required"),
        ({"start": "2026-11-23T12:30:00"}, "start must be before end"),
        ({"field": [f"tag{number}" for number in range(21)]}, "up to 20 fields at a time"),
        ({"field": []}, "No columns selected"),
        ({"sort": "-level"}, "Cannot sort by a field that is not selected."),
        ({"per_page": "0"}, "Invalid per_page value. Must be between 1 and 100."),
        ({"per_page": "101"}, "Invalid per_page value. Must be between 1 and 100."),
        ({"per_page": "many"}, "Invalid per_page parameter."),
        ({"cursor": "next"}, "Invalid cursor parameter."),
        ({"project": "web"}, "Invalid project parameter. Values must be numbers."),
        ({"dataset": "mistakes"}, "dataset must be one of"),
    ],
)
def test_bad_parameters_are_refused_with_a_reason(
    api: Api, world: World, params: dict[str, Any], detail: str
) -> None:
    world.add_event(timestamp=NOON)
    answer = api.table(**params)
    assert answer.status_code == 400
    assert detail in answer.json()["detail"]


def test_twenty_fields_are_allowed(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON)
    assert api.table(field=[f"tag{number}" for number in range(20)]).status_code == 200


def test_a_window_older_than_the_retention_is_refused(api: Api, demo: DemoSentry) -> None:
    demo.world.add_event()
    demo.settings.retention_days = 30
    answer = api.table(start="2026-09-01T00:00:00", end="2026-09-02T00:00:00")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Invalid date range. Please try a more recent date range."


def test_a_start_older_than_the_retention_is_moved_up(api: Api, demo: DemoSentry) -> None:
    recent = demo.world.add_event(timestamp=NOON)
    demo.world.add_event(timestamp=NOON - timedelta(days=40))
    demo.settings.retention_days = 30
    assert api.found("", start="2026-01-01T00:00:00") == {recent.id}


def test_the_link_header_names_both_neighbors(api: Api, world: World) -> None:
    for _ in range(3):
        world.add_event(timestamp=NOON)
    link = api.table(per_page=2).headers["Link"]
    pattern = r'<([^>]+)>; rel="(\w+)"; results="(\w+)"; cursor="([\d:]+)"'
    found = {rel: (results, cursor) for _, rel, results, cursor in re.findall(pattern, link)}
    assert found == {"previous": ("false", "0:0:1"), "next": ("true", "0:2:0")}


def test_following_the_cursor_reaches_every_row_once(api: Api, world: World) -> None:
    ids = {world.add_event(timestamp=NOON).id for _ in range(7)}
    pages = [
        api.table(per_page=3, cursor=f"0:{offset}:0", sort="-timestamp") for offset in (0, 3, 6)
    ]
    rows = [row["id"] for page in pages for row in page.json()["data"]]
    assert len(rows) == 7
    assert set(rows) == ids
    assert 'rel="next"; results="false"' in pages[-1].headers["Link"]


def test_a_capped_page_is_short_but_says_there_is_more(api: Api, demo: DemoSentry) -> None:
    for _ in range(5):
        demo.world.add_event(timestamp=NOON)
    demo.settings.row_page_cap = 2
    answer = api.table(per_page=100)
    assert len(answer.json()["data"]) == 2
    assert 'results="true"; cursor="0:2:0"' in answer.headers["Link"]


def test_sorting_newest_first(api: Api, world: World) -> None:
    for seconds in (5, 1, 9):
        world.add_event(timestamp=NOON + timedelta(seconds=seconds))
    times = [row["timestamp"] for row in api.table(sort="-timestamp").json()["data"]]
    assert times == sorted(times, reverse=True)


def test_sorting_oldest_first(api: Api, world: World) -> None:
    for minutes in (3, 1, 2):
        world.add_event(timestamp=NOON + timedelta(minutes=minutes))
    times = [row["timestamp"] for row in api.table(sort="timestamp").json()["data"]]
    assert len(times) == 3
    assert times == sorted(times)


def test_counting_gives_one_row(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON, user_id="1")
    world.add_event(timestamp=NOON, user_id="2")
    assert api.table("user.id:1", field=["count()"]).json()["data"] == [{"count()": 1}]
    assert api.table("user.id:3", field=["count()"]).json()["data"] == [{"count()": 0}]


def test_an_aggregate_turns_rows_into_groups(api: Api, world: World) -> None:
    for level in ("error", "error", "info"):
        world.add_event(timestamp=NOON, level=level)
    rows = api.table(field=["level", "count()"], sort="-count()").json()["data"]
    assert rows == [{"level": "error", "count()": 2}, {"level": "info", "count()": 1}]


def test_projects_are_chosen_by_number(api: Api, world: World) -> None:
    web = world.add_event(timestamp=NOON, project="web")
    shop = world.add_event(timestamp=NOON, project="shop")
    assert api.found("", project=web.project.id) == {web.id}
    assert api.found("", project=-1) == {web.id, shop.id}
    assert api.table(project=17).status_code == 403


def test_an_unknown_environment_finds_nothing(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON, environment="staging")
    assert api.found("", environment=["staging", "qa"]) == {event.id}
    assert api.found("", environment="nowhere") == set()


def test_a_token_without_projects_gets_a_tip_and_no_error(api: Api, demo: DemoSentry) -> None:
    demo.world.add_event(timestamp=NOON)
    demo.settings.visible_projects = []
    answer = api.table()
    assert answer.status_code == 200
    tip = "Need at least one valid project to query."
    assert answer.json() == {"data": [], "meta": {"tips": {"query": tip}}}


def test_a_plan_for_single_projects_refuses_several(api: Api, demo: DemoSentry) -> None:
    web = demo.world.add_event(timestamp=NOON, project="web")
    demo.world.add_event(timestamp=NOON, project="shop")
    demo.settings.multi_project = False
    detail = "You cannot view events from multiple projects."
    assert api.table().json() == {"detail": detail}
    assert api.found("", project=web.project.id) == {web.id}
