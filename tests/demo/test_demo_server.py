"""Authorization, faults, recorded calls, and the demo's own endpoints."""

import pytest
import requests

from apps.demo.http import ApiError
from apps.demo.world import World
from tests.demo.conftest import NOON, Api
from tests.demo_sentry import DemoSentry, Fault

ORG = "organizations/acme/"


def test_no_token_is_answered_401(api: Api) -> None:
    answer = api.get(ORG, token=None)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}


def test_a_wrong_token_is_answered_401(api: Api) -> None:
    answer = api.get(ORG, token="stolen")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


@pytest.mark.parametrize("path", ["organizations/nobody/", "organizations/acme/teapots/", "x/"])
def test_unknown_places_are_answered_404(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"detail": "The requested resource does not exist"}


def test_a_missing_scope_is_answered_403_and_named(api: Api, demo: DemoSentry) -> None:
    demo.settings.scopes = ["org:read"]
    answer = api.get(f"{ORG}issues/")
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_the_organization_links_back_to_the_server(api: Api, demo: DemoSentry) -> None:
    links = api.get(ORG).json()["links"]
    assert links == {"organizationUrl": demo.url, "regionUrl": demo.url}


def test_projects_come_in_pages(api: Api, world: World) -> None:
    for slug in ("web", "shop", "app"):
        world.add_project(slug)
    answer = api.get(f"{ORG}projects/", per_page=2)
    assert [one["slug"] for one in answer.json()] == ["app", "shop"]
    assert 'rel="next"; results="true"' in answer.headers["Link"]


def test_releases_and_replays_are_answered(api: Api, world: World) -> None:
    world.add_event(timestamp=NOON, release="web@1.0")
    assert [one["version"] for one in api.get(f"{ORG}releases/").json()] == ["web@1.0"]
    assert api.get(f"{ORG}replays/").json() == {"data": []}


def test_every_response_has_the_rate_limit(api: Api) -> None:
    for path in (ORG, f"{ORG}issues/"):
        headers = api.get(path).headers
        assert headers["X-Sentry-Rate-Limit-Limit"] == "1000"
        assert headers["X-Sentry-Rate-Limit-Remaining"] == "999"


def test_a_fault_happens_the_given_number_of_times(api: Api, demo: DemoSentry) -> None:
    demo.fail(r"/acme/$", times=2, status=503, body="busy", content_type="text/plain")
    answers = [api.get(ORG) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].text == "busy"


def test_a_fault_can_wait_for_its_turn(api: Api, demo: DemoSentry) -> None:
    demo.fail("acme", after=1, status=500)
    assert [api.get(ORG).status_code for _ in range(3)] == [200, 500, 200]


def test_a_fault_matches_path_and_query(api: Api, demo: DemoSentry) -> None:
    demo.world.add_event(timestamp=NOON)
    demo.fail(r"cursor=0%3A1%3A0", status=502)
    assert api.table().status_code == 200
    assert api.table(cursor="0:1:0").status_code == 502


def test_a_fault_can_remove_a_header(api: Api, demo: DemoSentry) -> None:
    demo.world.add_event(timestamp=NOON)
    demo.fail("events", headers={"Link": None, "X-Odd": "yes"})
    answer = api.table()
    assert "Link" not in answer.headers
    assert (answer.headers["X-Odd"], len(answer.json()["data"])) == ("yes", 1)


@pytest.mark.parametrize("drop", ["before", "middle"])
def test_a_fault_can_cut_the_connection(api: Api, demo: DemoSentry, drop: str) -> None:
    demo.fail("acme", drop=drop)
    with pytest.raises(requests.exceptions.RequestException):
        api.get(ORG)
    assert api.get(ORG).status_code == 200


def test_a_slow_answer_is_slow(api: Api, demo: DemoSentry) -> None:
    demo.fail("acme", delay_s=0.1)
    assert api.get(ORG).elapsed.total_seconds() >= 0.1
    demo.settings.latency_s = 0.05
    assert api.get(ORG).elapsed.total_seconds() >= 0.05


def test_a_fault_with_an_unknown_key_is_refused(demo: DemoSentry) -> None:
    with pytest.raises(ApiError, match="unknown keys: color"):
        demo.fail("x", color="red")


def test_calls_are_recorded(api: Api, demo: DemoSentry) -> None:
    demo.world.add_event(timestamp=NOON)
    api.table("user.id:1")
    api.get("nowhere/")
    first, second = demo.calls
    assert (first.method, first.status) == ("GET", 200)
    assert first.path == "/api/0/organizations/acme/events/"
    assert first.query["query"] == ["user.id:1"]
    assert (second.path, second.status) == ("/api/0/nowhere/", 404)
    demo.clear()
    assert demo.calls == []


def test_the_world_can_be_built_over_the_wire(api: Api, demo: DemoSentry) -> None:
    control = f"{demo.url}/_demo/"
    events = [
        {"timestamp": "2026-11-23T12:00:00+00:00", "user_id": "1"},
        {"timestamp": "2026-11-23T12:00:00", "user_id": "1"},
    ]
    made = api.session.post(f"{control}events", json=events, timeout=5)
    assert made.status_code == 201
    assert api.found("user.id:1") == {one["id"] for one in made.json()}
    place = {"kind": "logs", "when": "2026-11-23T12:00:00+00:00", "project": "web"}
    log = {**place, "columns": {"message": "Saved"}, "tags": {}}
    api.session.post(f"{control}items", json=log, timeout=5)
    assert [row.columns["message"] for row in demo.world.items("logs")] == ["Saved"]
    api.session.delete(f"{control}events", timeout=5)
    assert (demo.world.events, demo.world.items("logs")) == ((), ())


def test_faults_calls_and_settings_can_be_changed_over_the_wire(api: Api, demo: DemoSentry) -> None:
    """Benchmarks run it in a process of its own."""
    control = f"{demo.url}/_demo/"
    faults = [{"path": "acme", "status": 418, "times": None}]
    api.session.post(f"{control}faults", json=faults, timeout=5)
    assert api.get(ORG).status_code == 418
    [call] = api.session.get(f"{control}calls", timeout=5).json()
    assert (call["path"], call["status"]) == ("/api/0/organizations/acme/", 418)
    api.session.delete(f"{control}faults", timeout=5)
    api.session.delete(f"{control}calls", timeout=5)
    assert api.get(ORG).status_code == 200
    assert len(api.session.get(f"{control}calls", timeout=5).json()) == 1
    api.session.put(f"{control}settings", json={"retention_days": 7}, timeout=5)
    assert demo.settings.retention_days == 7


def test_a_connection_is_reused(api: Api, demo: DemoSentry) -> None:
    first = requests.Session()
    with first:
        for _ in range(3):
            answer = first.get(f"{demo.url}/", timeout=5)
            assert answer.raw.version == 11
            assert "close" not in answer.headers.get("Connection", "")
    assert len(demo.calls) == 3


def test_issue_links_lead_to_a_page_that_shows_markup_as_text(api: Api, demo: DemoSentry) -> None:
    answer = api.session.get(f"{demo.url}/organizations/acme/issues/<script>/", timeout=5)
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_stopping_twice_is_allowed() -> None:
    demo = DemoSentry(World())
    demo.start()
    demo.stop()
    demo.stop()


def test_a_fault_without_an_answer_lets_the_usual_one_pass() -> None:
    assert not Fault("x", delay_s=1).replaces_response
    assert Fault("x", body=[]).replaces_response
