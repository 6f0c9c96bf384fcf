"""The API as a program sees it."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup, Origin
from tests.conftest import MOMENT, signed_in
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

ASKED = {"customer": "1001", "at": MOMENT.isoformat()}


@pytest.fixture
def token(agent: User, connected: DemoSentry) -> str:
    """A token in Ana's name, and one event of customer 1001."""
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    return token_of(agent)


def post(token: str, body: object) -> Any:
    content = body if isinstance(body, str) else json.dumps(body)
    return Client().post(
        "/api/v1/lookups/",
        content,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_a_lookup_comes_back_as_plain_data_and_is_recorded(token: str, agent: User) -> None:
    response = post(token, {**ASKED, "window_minutes": 3})
    answer = response.json()
    assert response.status_code == 200
    assert answer["schema"] == "triage.lookup/1"
    assert answer["window"]["minutes"] == 3
    assert len(answer["events"]) == 1
    lookup = Lookup.objects.get()
    assert (lookup.origin, lookup.user, str(lookup.uuid)) == (
        Origin.API,
        agent,
        answer["lookup_id"],
    )


def test_epoch_seconds_are_a_moment_too(token: str) -> None:
    answer = post(token, {"customer": "1001", "at": int(MOMENT.timestamp())}).json()
    assert len(answer["events"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"customer": "", "at": "2026-11-20T14:05:00Z"},
        {"customer": "1", "at": "soon"},
        {"customer": "1", "at": None},
        {"customer": ["1"], "at": "2026-11-20T14:05:00Z"},
        {**ASKED, "window_minutes": 0},
        {**ASKED, "window_minutes": "5"},
        {**ASKED, "projects": "web"},
        {**ASKED, "environments": [""]},
        {**ASKED, "user": 1},
        {**ASKED, "at": True},
        [],
        "not json",
        '{"customer": "1001", "at": NaN}',
    ],
)
def test_a_bad_request_is_a_problem_and_not_a_lookup(token: str, body: object) -> None:
    response = post(token, body)
    problem = response.json()
    assert response.status_code == 400
    assert problem["code"] == "bad_input"
    assert set(problem) == {"code", "message", "next_step", "retry_after"}
    assert Lookup.objects.count() == 0


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 401}, 502, "auth_refused"),
        ({"status": 403}, 502, "permission_missing"),
        ({"status": 404}, 502, "not_found"),
        ({"status": 400}, 502, "query_refused"),
        ({"status": 500}, 502, "server_error"),
        ({"status": 200, "body": "<html>"}, 502, "unreadable"),
        ({"status": 504}, 504, "too_slow"),
        ({"drop": "before"}, 504, "unreachable"),
    ],
)
def test_each_failure_has_its_status_and_code(
    token: str, connected: DemoSentry, fault: dict[str, object], status: int, code: str
) -> None:
    connected.fail("/acme/events/", times=None, **fault)
    response = post(token, ASKED)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_rate_limit_says_when_to_come_back(token: str, connected: DemoSentry) -> None:
    connected.fail("/acme/events/", times=None, status=429, headers={"Retry-After": "90"})
    response = post(token, ASKED)
    assert (response.status_code, response["Retry-After"]) == (503, "90")
    assert response.json()["retry_after"] == 90


def test_the_openapi_document_is_for_whoever_may_use_the_api(token: str, admin: User) -> None:
    address = "/api/v1/openapi.json"
    with_token = Client().get(address, headers={"Authorization": f"Bearer {token}"})
    assert "/api/v1/lookups/" in with_token.json()["paths"]
    assert signed_in(admin).get(address).status_code == 200
    assert Client().get(address).status_code == 401


@pytest.mark.parametrize(
    ("field", "named"), [("user_id", "user_id"), ("<b>jane@example.com", "an unknown field")]
)
def test_a_field_that_is_not_known_is_refused_and_named_only_if_it_is_a_name(
    token: str, field: str, named: str
) -> None:
    message = post(token, {**ASKED, field: 1}).json()["message"]
    assert named in message
    assert "jane" not in message


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_a_method_that_is_not_taken_is_a_problem_that_names_those_that_are(
    token: str, method: str
) -> None:
    response = getattr(Client(), method)("/api/v1/lookups/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/api/", "/api/v1/lookups", "/api/v1/x/y", "/api/v2/lookups/"])
def test_an_address_that_is_not_there_is_a_problem_too(path: str, db: None) -> None:
    for response in (Client(enforce_csrf_checks=True).post(path), Client().get(path)):
        assert (response.status_code, response.json()["code"]) == (404, "no_such_address")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded; charset=utf-7", 400),
        ("application/json; charset=utf-8", 200),
    ],
)
def test_a_body_of_another_type_is_refused_by_name(
    token: str, content_type: str, status: int
) -> None:
    response = Client().post(
        "/api/v1/lookups/",
        json.dumps(ASKED),
        content_type=content_type,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (response.status_code, response["Content-Type"]) == (status, "application/json")


def test_a_body_that_is_too_large_is_a_problem(token: str) -> None:
    response = post(token, {**ASKED, "customer": "x" * 2_000_000})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_who_asks_too_often_is_told_when_to_come_back(token: str, settings: Settings) -> None:
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 1
    assert post(token, ASKED).status_code == 200
    response = post(token, ASKED)
    assert (response.status_code, response.json()["code"]) == (429, "too_many_lookups")
    assert int(response["Retry-After"]) == response.json()["retry_after"]


def test_a_fault_of_our_own_is_a_problem_without_details(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.web.api.record_lookup", lambda *_args, **_named: 1 / 0)
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {token}"}
    response = client.post("/api/v1/lookups/", ASKED, "application/json", headers=headers)
    assert (response.status_code, response.json()["code"]) == (500, "broken")
    assert "division" not in response.content.decode()


def test_the_page_tells_what_the_document_does_to_the_same_people(
    token: str, agent: User, outsider: User
) -> None:
    address, sent = "/api/v1/", {"Authorization": f"Bearer {token}"}
    page = signed_in(agent).get(address).content.decode()
    document = Client().get("/api/v1/openapi.json", headers=sent).json()
    for path, methods in document["paths"].items():
        assert path in page
        for operation in methods.values():
            assert all(f"<code>{status}</code>" in page for status in operation["responses"])
    assert Client().get(address, headers=sent).status_code == 200
    assert signed_in(outsider).get(address).status_code == 403
    assert Client().get(address).status_code == 401
    browser = Client().get(address, headers={"Accept": "text/html"})
    assert "/accounts/login/" in browser["Location"]
