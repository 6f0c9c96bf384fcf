"""Lookups through the API, and its documentation."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.lookups.models import Lookup, Origin
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

REQUEST = {"customer": "1001", "at": MOMENT.isoformat()}


@pytest.fixture
def token(agent: User, connected: DemoSentry) -> str:
    """Ana's token, after one event for customer 1001."""
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


def test_lookup_is_returned_as_json_and_recorded(token: str, agent: User) -> None:
    response = post(token, {**REQUEST, "window_minutes": 3})
    data = response.json()
    assert response.status_code == 200
    assert data["schema"] == "triage.lookup/1"
    assert data["window"]["minutes"] == 3
    assert len(data["events"]) == 1
    lookup = Lookup.objects.get()
    assert (lookup.origin, lookup.user, str(lookup.uuid)) == (
        Origin.API,
        agent,
        data["lookup_id"],
    )


def test_copied_customer_is_read_as_in_the_form(token: str) -> None:
    data = post(token, {**REQUEST, "customer": "User ID: 1001"}).json()
    assert (len(data["events"]), data["searched"]["only_fields"]) == (1, ["user.id"])
    assert post(token, {**REQUEST, "customer": "username:1001"}).json()["events"] == []
    problem = post(token, {**REQUEST, "customer": "Order ID: 1001"}).json()
    assert problem["code"] == "bad_input"
    assert "type “exactly:” in front of it" in problem["next_step"]
    data = post(token, {**REQUEST, "customer": "exactly:Order ID: 1001"}).json()
    assert (data["complete"], data["events"]) == (True, [])


def test_reported_time_accepts_epoch_seconds(token: str) -> None:
    data = post(token, {"customer": "1001", "at": int(MOMENT.timestamp())}).json()
    assert len(data["events"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"customer": "", "at": "2026-11-20T14:05:00Z"},
        {"customer": "1", "at": "soon"},
        {"customer": "1", "at": None},
        {"customer": ["1"], "at": "2026-11-20T14:05:00Z"},
        {**REQUEST, "window_minutes": 0},
        {**REQUEST, "window_minutes": "5"},
        {**REQUEST, "projects": "web"},
        {**REQUEST, "environments": [""]},
        {**REQUEST, "user": 1},
        {**REQUEST, "at": True},
        [],
        "not json",
        '{"customer": "1001", "at": NaN}',
    ],
)
def test_bad_request_creates_no_lookup(token: str, body: object) -> None:
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
def test_each_sentry_failure_has_its_status_and_code(
    token: str, connected: DemoSentry, fault: dict[str, object], status: int, code: str
) -> None:
    connected.fail("/acme/events/", times=None, **fault)
    response = post(token, REQUEST)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_sentry_rate_limit_sets_retry_after(token: str, connected: DemoSentry) -> None:
    connected.fail("/acme/events/", times=None, status=429, headers={"Retry-After": "90"})
    response = post(token, REQUEST)
    assert (response.status_code, response["Retry-After"]) == (503, "90")
    assert response.json()["retry_after"] == 90


def test_openapi_document_requires_api_access(token: str, admin: User) -> None:
    address = "/api/v1/openapi.json"
    with_token = Client().get(address, headers={"Authorization": f"Bearer {token}"})
    assert "/api/v1/lookups/" in with_token.json()["paths"]
    assert signed_in(admin).get(address).status_code == 200
    assert Client().get(address).status_code == 401


@pytest.mark.parametrize(
    ("field", "named"), [("user_id", "user_id"), ("<b>jane@example.com", "an unknown field")]
)
def test_unknown_field_is_refused_and_echoed_only_if_harmless(
    token: str, field: str, named: str
) -> None:
    message = post(token, {**REQUEST, field: 1}).json()["message"]
    assert named in message
    assert "jane" not in message


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_unsupported_method_returns_allowed_methods(token: str, method: str) -> None:
    response = getattr(Client(), method)("/api/v1/lookups/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/api/", "/api/v1/lookups", "/api/v1/x/y", "/api/v2/lookups/"])
def test_unknown_path_returns_json_404(path: str, db: None) -> None:
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
def test_content_type_must_be_json(token: str, content_type: str, status: int) -> None:
    response = Client().post(
        "/api/v1/lookups/",
        json.dumps(REQUEST),
        content_type=content_type,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (response.status_code, response["Content-Type"]) == (status, "application/json")


def test_oversized_body_is_refused(token: str) -> None:
    response = post(token, {**REQUEST, "customer": "x" * 2_000_000})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


@pytest.mark.usefixtures("one_minute")
def test_lookup_limit_sets_retry_after(token: str, settings: Settings) -> None:
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 1
    assert post(token, REQUEST).status_code == 200
    response = post(token, REQUEST)
    assert (response.status_code, response.json()["code"]) == (429, "too_many_lookups")
    assert int(response["Retry-After"]) == response.json()["retry_after"]


def test_internal_error_hides_details(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.lookups.records.record_lookup", lambda *_args, **_named: 1 / 0)
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {token}"}
    response = client.post("/api/v1/lookups/", REQUEST, "application/json", headers=headers)
    assert (response.status_code, response.json()["code"]) == (500, "broken")
    assert "division" not in response.content.decode()


def test_api_page_matches_openapi_document_and_its_permissions(
    token: str, agent: User, outsider: User
) -> None:
    address, headers = "/api/v1/", {"Authorization": f"Bearer {token}"}
    page = signed_in(agent).get(address).content.decode()
    document = Client().get("/api/v1/openapi.json", headers=headers).json()
    for path, methods in document["paths"].items():
        assert path in page
        for operation in methods.values():
            assert all(f"<code>{status}</code>" in page for status in operation["responses"])
    assert Client().get(address, headers=headers).status_code == 200
    assert signed_in(outsider).get(address).status_code == 403
    assert Client().get(address).status_code == 401
    browser = Client().get(address, headers={"Accept": "text/html"})
    assert "/accounts/login/" in browser["Location"]
