"""Replays: the row, the search, the window, and servers without them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import requests

from apps.demo.world import World
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry

ONE = {"id": "1", "email": "one@example.com"}
HOUR = {"start": "2026-11-23T11:30:00", "end": "2026-11-23T12:30:00"}


def replays(api: Api, query: str = "", **params: Any) -> requests.Response:
    """Request the replays of the hour around noon."""
    return api.get("organizations/acme/replays/", query=query, **(HOUR | params))


def seen(api: Api, query: str = "", **params: Any) -> list[str]:
    """Return the IDs of the replays found, without dashes."""
    answer = replays(api, query, **params)
    assert answer.status_code == 200, answer.text
    return [uuid.UUID(row["id"]).hex for row in answer.json()["data"]]


def test_a_replay_prints_its_user_times_and_dashed_ids(api: Api, world: World) -> None:
    event = world.add_event(timestamp=NOON)
    world.add_replay(
        when=NOON,
        duration_s=90,
        user={**ONE, "ip_address": "192.0.2.1"},
        urls=["https://shop.example/"],
        error_ids=[event.id],
        rage_clicks=2,
    )
    [row] = replays(api).json()["data"]
    assert row["error_ids"] == [str(uuid.UUID(event.id))]
    assert (row["count_errors"], row["count_rage_clicks"]) == (1, 2)
    assert row["started_at"] == "2026-11-23T12:00:00+00:00"
    assert row["finished_at"] == "2026-11-23T12:01:30+00:00"
    assert row["user"] == {
        "id": "1",
        "username": None,
        "email": "one@example.com",
        "ip": "192.0.2.1",
        "display_name": "one@example.com",
    }


def test_every_other_replay_prints_its_id_with_dashes(api: Api, world: World) -> None:
    for at in range(4):
        world.add_replay(when=NOON + timedelta(minutes=at))
    printed = [row["id"] for row in replays(api, field="id").json()["data"]]
    assert ["-" in text for text in printed] == [False, True, False, True]


def test_rows_have_only_the_requested_fields(api: Api, world: World) -> None:
    world.add_replay(when=NOON)
    [row] = replays(api, field=["id", "urls"]).json()["data"]
    assert set(row) == {"id", "urls"}
    assert {"started_at", "user", "is_archived"} < set(replays(api).json()["data"][0])


def test_a_field_that_does_not_exist_is_refused_by_its_name(api: Api) -> None:
    answer = replays(api, field=["id", "mood"])
    assert answer.status_code == 400
    assert answer.json() == {"field": ['"mood" is not a valid choice.']}


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"query": "mood:bad"}, "Unsupported search field: mood"),
        ({"query": "user.id:"}, "Empty string after 'user.id:'"),
        ({"start": "yesterday"}, "yesterday is not a valid ISO8601 date query"),
        ({"per_page": 101}, "Invalid per_page value. Must be between 1 and 100."),
    ],
)
def test_replay_searches_are_refused_with_a_reason(
    api: Api, params: dict[str, Any], detail: str
) -> None:
    answer = replays(api, **params)
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_replays_are_found_by_person(api: Api, world: World) -> None:
    mine = world.add_replay(when=NOON, user={**ONE, "username": "one"})
    world.add_replay(when=NOON, user={"id": "10"})
    world.add_replay(when=NOON)
    for query in ('user.id:"1"', 'user.email:"one@*"', "user.username:[one,two]"):
        assert seen(api, query) == [mine.id], query
    assert len(seen(api, "!has:user.id")) == 1


def test_or_works_inside_parentheses_and_bare(api: Api, world: World) -> None:
    ids = {world.add_replay(when=NOON, user=user).id for user in (ONE, {"email": "x@y.example"})}
    world.add_replay(when=NOON, user={"id": "3"})
    query = 'user.id:"1" OR user.email:"x@y.example"'
    assert set(seen(api, query)) == ids
    assert set(seen(api, f"({query})")) == ids
    assert set(seen(api, f"({query}) AND !user.id:3")) == ids


def test_a_replay_is_found_when_it_touches_the_window(api: Api, world: World) -> None:
    early = world.add_replay(when=NOON - timedelta(seconds=90), duration_s=120)
    world.add_replay(when=NOON - timedelta(seconds=90), duration_s=60)
    late = world.add_replay(when=NOON + timedelta(seconds=59), duration_s=600)
    world.add_replay(when=NOON + timedelta(seconds=60))
    window = {"start": "2026-11-23T12:00:00", "end": "2026-11-23T12:01:00"}
    assert seen(api, **window) == [late.id, early.id]


def test_replays_come_by_project_environment_and_page(api: Api, world: World) -> None:
    shop = world.add_replay(when=NOON, project="shop")
    staging = world.add_replay(when=NOON - timedelta(seconds=1), environment="staging")
    assert seen(api, project=shop.project.id) == [shop.id]
    assert seen(api, environment=["staging", "qa"]) == [staging.id]
    assert seen(api, per_page=1) == [shop.id]
    assert seen(api, per_page=1, cursor="0:1:0") == [staging.id]


def test_a_server_without_replays_answers_an_empty_404(api: Api, demo: DemoSentry) -> None:
    demo.world.add_replay(when=NOON)
    demo.settings.replays_on = False
    answer = replays(api)
    assert (answer.status_code, answer.content) == (404, b"")


def test_replays_need_the_right_scope(api: Api, demo: DemoSentry) -> None:
    demo.settings.scopes = ["event:read"]
    assert replays(api).status_code == 403


def test_a_misspelled_user_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="user_id"):
        world.add_replay(when=NOON, user={"user_id": "1"})
