"""The API as a program sees it."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.accounts.models import ApiToken
from apps.accounts.tokens import renew_hash
from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup, Origin
from tests.conftest import MOMENT, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = {"customer": "1001", "at": MOMENT.isoformat()}


def token_of(user: User) -> str:
    """A token in this person's name, issued as the review does it."""
    record = ApiToken(name="ticket system", user=user)
    token = renew_hash(record)
    record.save()
    return token


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
        [],
        "not json",
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


def test_a_token_that_is_wrong_revoked_or_its_persons_account_closed_is_refused(
    token: str, agent: User
) -> None:
    assert post("triage_wrong", ASKED).status_code == 401
    assert post("", ASKED).status_code == 401
    agent.is_active = False
    agent.save()
    response = post(token, ASKED)
    assert (response.status_code, response.json()["code"]) == (401, "no_access")


def test_a_revoked_token_is_refused(token: str) -> None:
    ApiToken.objects.update(revoked_at=MOMENT)
    assert post(token, ASKED).status_code == 401


def test_a_token_can_do_no_more_than_its_person(outsider: User, connected: DemoSentry) -> None:
    token = token_of(outsider)
    assert post(token, ASKED).status_code == 403


def test_only_the_hash_of_a_token_is_kept(token: str) -> None:
    record = ApiToken.objects.get()
    assert token not in repr(vars(record))
    assert len(record.token_hash) == 64


def test_the_openapi_document_is_for_whoever_may_use_the_api(token: str, admin: User) -> None:
    address = "/api/v1/openapi.json"
    with_token = Client().get(address, headers={"Authorization": f"Bearer {token}"})
    assert "/api/v1/lookups/" in with_token.json()["paths"]
    assert signed_in(admin).get(address).status_code == 200
    assert Client().get(address).status_code == 401
