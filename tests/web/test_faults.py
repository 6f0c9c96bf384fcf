"""Faults between Triage and Sentry over real HTTP: the exact status and message of each."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.conftest import signed_in
from tests.demo_sentry import DemoSentry
from tests.servers import free_port
from tests.shell import start_with
from tests.web.asking import form_data, look_up, text
from tests.web.faulty import (
    AWAY,
    LIMITED,
    NO_ROWS,
    REFUSED,
    SENTRY_FAILED,
    TOO_SLOW,
    UNKNOWN,
    UNREACHABLE,
    UNREADABLE,
    failure_message,
    headline_of,
    locked_database,
    use_wire,
)
from tests.web.tokens import token_of
from tests.web.wire import RESET, Wire, full_response, response_head

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"drop": "middle"}, UNREACHABLE),
        ({"drop": "before"}, UNREACHABLE),
        ({"status": 200, "body": "<html>sign in</html>", "content_type": "text/html"}, UNREADABLE),
        (
            {
                "status": 401,
                "body": '{"detail": {"code": "sso-required", "message": "Must login via SSO"}}',
            },
            REFUSED,
        ),
        ({"status": 404, "body": ""}, UNKNOWN),
        ({"status": 502, "body": "<html>Bad</html>", "content_type": "text/html"}, SENTRY_FAILED),
        (
            {"status": 504, "body": "upstream request timeout", "content_type": "text/plain"},
            TOO_SLOW,
        ),
    ],
)
def test_each_fault_has_its_message(
    ana: Client, connected: DemoSentry, fault: dict[str, object], message: tuple[str, str]
) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, **fault)
    assert failure_message(ana, address) == message


def test_refused_connection_is_unreachable(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    connected.stop()
    assert failure_message(ana, address) == UNREACHABLE


@pytest.mark.parametrize("ending", [(), (RESET,)], ids=["closed", "reset"])
def test_truncated_body_is_unreachable(
    settings: Settings, agent: User, ending: tuple[bytes, ...]
) -> None:
    with use_wire(settings, lambda: [response_head(5000), b'{"data": [', *ending]) as wire:
        client = signed_in(agent)
        assert failure_message(client, look_up(client)) == UNREACHABLE
        assert len(wire.lists) == 3


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/octet-stream", "§"])
def test_valid_json_is_read_regardless_of_content_type(
    ana: Client, connected: DemoSentry, kind: str
) -> None:
    connected.fail("/acme/", times=None, content_type=kind)
    response = ana.get(look_up(ana))
    assert response.status_code == 200
    assert "The payment was declined." in text(response)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"detail": "You are attempting to use this endpoint too often."}', "application/json"),
        ('"You are attempting to use this endpoint too often."', "application/json"),
        ('{"detail": "You are attempting to use this endpoint too often."}', "text/html"),
        ("<html>slow down</html>", "text/html"),
        ("", "text/html"),
    ],
)
def test_rate_limit_in_any_format_shows_wait(
    ana: Client, connected: DemoSentry, body: str, kind: str
) -> None:
    address = look_up(ana)
    headers = {"X-Sentry-Rate-Limit-Reset": str(int(time.time()) + 90)}
    connected.fail(
        "/acme/events/", times=None, status=429, body=body, content_type=kind, headers=headers
    )
    headline, step = failure_message(ana, address)
    assert headline == LIMITED
    assert step in {f"Try again in {seconds} seconds." for seconds in range(80, 91)}
    assert sum(call.path.endswith("/events/") for call in connected.calls) == 1


def test_rate_limit_reset_in_the_past_waits_one_second(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    headers = {"X-Sentry-Rate-Limit-Reset": str(int(time.time()) - 3600)}
    connected.fail("/acme/events/", times=None, status=429, body='"no"', headers=headers)
    response = ana.get(address)
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert f"{LIMITED}</h1>" in unescape(text(response))
    assert "Try again in 1 second." in text(response)


def test_admin_sees_only_the_message_of_a_structured_detail(
    ana: Client, connected: DemoSentry, admin: User
) -> None:
    address = look_up(ana)
    detail = {"code": "sso-required", "message": "Must login via SSO", "extra": {"loginUrl": "/x"}}
    body = json.dumps({"detail": detail})
    connected.fail("/acme/events/", times=None, status=401, body=body)
    page = text(signed_in(admin).get(address))
    assert "401 Must login via SSO" in page
    assert "loginUrl" not in page


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_redirect_to_another_host_is_not_followed(
    settings: Settings, agent: User, status: str
) -> None:
    with Wire(lambda: full_response(NO_ROWS)) as other_host:
        address = f"{other_host.url}/api/0/organizations/acme/events/"
        with use_wire(
            settings, lambda: full_response(b"", f"Location: {address}", status=status)
        ) as wire:
            client = signed_in(agent)
            assert failure_message(client, look_up(client)) == UNREADABLE
    assert other_host.asked == []
    assert all("Bearer demo-token" in request for request in wire.asked)


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_wrong_server_clock_is_tolerated(settings: Settings, agent: User, days: int) -> None:
    settings.TRIAGE_SIGNALS = ()
    date = f"Date: {formatdate(time.time() + days * 86400, usegmt=True)}"
    with use_wire(settings, lambda: full_response(NO_ROWS, date)):
        client = signed_in(agent)
        response = client.get(look_up(client))
    assert response.status_code == 200
    assert "We have not seen this customer where we searched" in text(response)


@pytest.mark.parametrize("hours", [-2, 2])
def test_rate_limit_reset_uses_the_servers_clock(
    settings: Settings, agent: User, hours: int
) -> None:
    server_time = int(time.time()) + hours * 3600
    lines = (
        f"Date: {formatdate(server_time, usegmt=True)}",
        f"X-Sentry-Rate-Limit-Reset: {server_time + 90}",
    )
    with use_wire(
        settings, lambda: full_response(b'"slow down"', *lines, status="429 Too Many Requests")
    ):
        client = signed_in(agent)
        headline, step = failure_message(client, look_up(client))
    assert headline == LIMITED
    assert step in {f"Try again in {seconds} seconds." for seconds in range(80, 92)}


def test_result_works_without_cache(ana: Client, connected: DemoSentry, settings: Settings) -> None:
    address = look_up(ana)
    location = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = start_with({"REDIS_URL": location}).settings["CACHES"]
    response = ana.get(address)
    assert response.status_code == 200
    assert "The payment was declined." in text(response)


@pytest.mark.django_db(transaction=True)
def test_locked_database_returns_503_and_retry_succeeds(ana: Client) -> None:
    address = look_up(ana)
    ana.raise_request_exception = False
    with locked_database():
        response = ana.get(address)
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert headline_of(text(response)) == AWAY
    assert ana.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_lookup_that_cannot_be_recorded_does_not_query_sentry(
    ana: Client, connected: DemoSentry
) -> None:
    ana.raise_request_exception = False
    with locked_database():
        response = ana.post("/lookups/", form_data())
    assert response.status_code == 503
    assert headline_of(text(response)) == AWAY
    assert not [call for call in connected.calls if call.path.endswith("/events/")]


@contextmanager
def lost_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no query reach the database, as while it restarts."""
    with monkeypatch.context() as patch:
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", "/nowhere/triage.sqlite3")
        yield
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_each_page_has_a_next_step_while_the_database_is_away(
    ana: Client, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, reviewer = look_up(ana), signed_in(admin)
    token = f"Bearer {token_of(admin)}"
    for client in (ana, reviewer):
        client.raise_request_exception = False
    with lost_database(monkeypatch):
        for client, path in (
            *((ana, "/"), (ana, address), (ana, f"{address}export.md")),
            *((ana, f"{address}progress"), (reviewer, "/admin/"), (reviewer, "/review/forget/")),
        ):
            response = client.get(path)
            assert (response.status_code, response["Retry-After"]) == (503, "10"), path
            assert headline_of(text(response)) == AWAY, path
            assert "frame-ancestors" in response["Content-Security-Policy"], path
        response = ana.get(f"/api/v1{address}", headers={"Authorization": token})
        assert (response.status_code, response["Retry-After"]) == (503, "10")
        assert (response.json()["code"], response.json()["message"]) == ("database_away", AWAY[0])
        assert ana.get("/healthz").status_code == 200
        assert ana.get("/readyz").status_code == 503
