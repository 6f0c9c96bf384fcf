"""What can go wrong between us and Sentry, over real HTTP: each fault's exact status and words."""

import json
import sqlite3
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

from apps.demo.server import DemoSentry
from tests.conftest import signed_in
from tests.lookups.test_redis import free_port
from tests.web.asking import filled, look_up, text
from tests.web.faulty import (
    LIMITED,
    NO_ROWS,
    OWN_FAULT,
    REFUSED,
    TOO_SLOW,
    UNKNOWN,
    UNREACHABLE,
    UNREADABLE,
    failed,
    headline_of,
    wired,
)
from tests.web.wire import RESET, Wire, head, whole

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fault", "words"),
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
        ({"status": 502, "body": "<html>Bad</html>", "content_type": "text/html"}, OWN_FAULT),
        (
            {"status": 504, "body": "upstream request timeout", "content_type": "text/plain"},
            TOO_SLOW,
        ),
    ],
)
def test_each_fault_has_its_words(
    ana: Client, connected: DemoSentry, fault: dict[str, object], words: tuple[str, str]
) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, **fault)
    assert failed(ana, address) == words


def test_a_refused_connection_is_said(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    connected.stop()
    assert failed(ana, address) == UNREACHABLE


@pytest.mark.parametrize("ending", [(), (RESET,)], ids=["closed", "reset"])
def test_a_body_that_breaks_off_in_the_middle_is_a_lost_connection(
    settings: Settings, agent: User, ending: tuple[bytes, ...]
) -> None:
    with wired(settings, lambda: [head(5000), b'{"data": [', *ending]) as wire:
        client = signed_in(agent)
        assert failed(client, look_up(client)) == UNREACHABLE
        assert len(wire.lists) == 3


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/octet-stream", "§"])
def test_good_json_of_another_content_type_is_read(
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
def test_a_rate_limit_in_any_form_says_when_to_come_back(
    ana: Client, connected: DemoSentry, body: str, kind: str
) -> None:
    address = look_up(ana)
    headers = {"X-Sentry-Rate-Limit-Reset": str(int(time.time()) + 90)}
    connected.fail(
        "/acme/events/", times=None, status=429, body=body, content_type=kind, headers=headers
    )
    headline, step = failed(ana, address)
    assert headline == LIMITED
    assert step in {f"Try again in {seconds} seconds." for seconds in range(80, 91)}
    assert sum(call.path.endswith("/events/") for call in connected.calls) == 1


def test_a_reset_time_in_the_past_is_waited_for_a_second_at_a_time(
    ana: Client, connected: DemoSentry
) -> None:
    address = look_up(ana)
    headers = {"X-Sentry-Rate-Limit-Reset": str(int(time.time()) - 3600)}
    connected.fail("/acme/events/", times=None, status=429, body='"no"', headers=headers)
    response = ana.get(address)
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert f"{LIMITED}</h1>" in unescape(text(response))
    assert "Try again in 1 second." in text(response)


def test_an_object_as_the_detail_is_told_to_the_admin_as_a_sentence(
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
def test_a_redirect_to_another_host_is_not_followed_and_never_sees_the_token(
    settings: Settings, agent: User, status: str
) -> None:
    with Wire(lambda: whole(NO_ROWS)) as elsewhere:
        address = f"{elsewhere.url}/api/0/organizations/acme/events/"
        with wired(settings, lambda: whole(b"", f"Location: {address}", status=status)) as wire:
            client = signed_in(agent)
            assert failed(client, look_up(client)) == UNREADABLE
    assert elsewhere.asked == []
    assert all("Bearer demo-token" in request for request in wire.asked)


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_server_whose_clock_is_wrong_is_understood(
    settings: Settings, agent: User, days: int
) -> None:
    date = f"Date: {formatdate(time.time() + days * 86400, usegmt=True)}"
    with wired(settings, lambda: whole(NO_ROWS, date)):
        client = signed_in(agent)
        response = client.get(look_up(client))
    assert response.status_code == 200
    assert "No errors for this customer in this window." in text(response)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_rate_limit_ends_by_the_clock_of_the_server_that_set_it(
    settings: Settings, agent: User, hours: int
) -> None:
    theirs = int(time.time()) + hours * 3600
    lines = (
        f"Date: {formatdate(theirs, usegmt=True)}",
        f"X-Sentry-Rate-Limit-Reset: {theirs + 90}",
    )
    with wired(settings, lambda: whole(b'"slow down"', *lines, status="429 Too Many Requests")):
        client = signed_in(agent)
        headline, step = failed(client, look_up(client))
    assert headline == LIMITED
    assert step in {f"Try again in {seconds} seconds." for seconds in range(80, 92)}


def test_a_cache_that_is_gone_does_not_take_the_page_away(
    ana: Client, connected: DemoSentry, settings: Settings
) -> None:
    address = look_up(ana)
    place = f"redis://127.0.0.1:{free_port()}/0"
    usual = settings.CACHES["default"]
    settings.CACHES = {
        "default": {**usual, "BACKEND": "django_redis.cache.RedisCache", "LOCATION": place}
    }
    response = ana.get(address)
    assert response.status_code == 200
    assert "The payment was declined." in text(response)


@contextmanager
def locked_database() -> Iterator[None]:
    """Somebody else writes and does not end; we wait a moment instead of the usual 20 s."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 200")
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        writer.rollback()
        writer.close()
        connection.close()


BROKEN = (
    "Something broke on our side",
    "It's nothing you typed. Try again in a minute. If it keeps happening, tell your Triage admin.",
)


@pytest.mark.django_db(transaction=True)
def test_a_locked_database_is_our_own_fault_and_the_lookup_answers_afterwards(ana: Client) -> None:
    address = look_up(ana)
    ana.raise_request_exception = False
    with locked_database():
        response = ana.get(address)
    assert response.status_code == 500
    assert headline_of(text(response)) == BROKEN
    assert ana.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_lookup_that_cannot_be_recorded_is_not_asked(ana: Client, connected: DemoSentry) -> None:
    ana.raise_request_exception = False
    with locked_database():
        response = ana.post("/lookups/", filled())
    assert response.status_code == 500
    assert headline_of(text(response)) == BROKEN
    assert not [call for call in connected.calls if call.path.endswith("/events/")]
