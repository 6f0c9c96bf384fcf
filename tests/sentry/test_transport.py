"""Statuses, retries, and odd bodies over HTTP."""

import socket
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

import pytest
import requests
import responses

from apps.sentry import errors
from apps.sentry.client import SentryClient
from apps.sentry.config import Deadline, SentryConfig
from apps.sentry.throttling import RateLimiter
from tests.sentry.conftest import API

PROJECTS = f"{API}/organizations/acme/projects/"
GOOD = [{"id": "1", "slug": "web"}]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.SentryRejectedQuery),
        (401, errors.SentryAuthRefused),
        (403, errors.SentryPermissionMissing),
        (404, errors.SentryNotFound),
        (302, errors.SentryBadResponse),
        (410, errors.SentryRetired),
        (422, errors.SentryRejectedQuery),
    ],
)
def test_permanent_errors_are_not_retried(
    wire: responses.RequestsMock, client: SentryClient, status: int, kind: type[errors.SentryError]
) -> None:
    wire.get(PROJECTS, status=status, json={"detail": "no"})
    with pytest.raises(kind):
        client.projects()
    assert len(client.call_log) == 1


def test_retired_endpoint_says_when_and_what_replaces_it(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    headers = {
        "X-Sentry-Deprecation-Date": "2026-12-01T00:00:00+00:00",
        "X-Sentry-Replacement-Endpoint": "/api/0/organizations/acme/workspaces/",
    }
    body = {"message": "This API no longer exists."}
    wire.get(PROJECTS, status=410, headers=headers, json=body)
    with pytest.raises(errors.SentryRetired) as raised:
        client.projects()
    for text in (body["message"], *headers, *headers.values()):
        assert text in raised.value.detail


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, errors.SentryTimeout),
        (500, errors.SentryServerError),
        (502, errors.SentryServerError),
        (503, errors.SentryServerError),
        (504, errors.SentryTimeout),
    ],
)
def test_temporary_errors_are_tried_three_times(
    wire: responses.RequestsMock, client: SentryClient, status: int, kind: type[errors.SentryError]
) -> None:
    wire.get(PROJECTS, status=status, body="<html>bad gateway</html>")
    with pytest.raises(kind):
        client.projects()
    assert len(client.call_log) == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ConnectionError("refused by secret-host"), errors.SentryUnreachable),
        (requests.ConnectTimeout("slow"), errors.SentryTimeout),
        (requests.ReadTimeout("slow"), errors.SentryTimeout),
    ],
)
def test_broken_connection_is_tried_three_times(
    wire: responses.RequestsMock,
    client: SentryClient,
    error: Exception,
    kind: type[errors.SentryError],
) -> None:
    wire.get(PROJECTS, body=error)
    with pytest.raises(kind) as raised:
        client.projects()
    assert len(client.call_log) == 3
    assert "secret-host" not in raised.value.detail


def test_successful_retry_is_returned(wire: responses.RequestsMock, client: SentryClient) -> None:
    wire.get(PROJECTS, status=503)
    wire.get(PROJECTS, json=GOOD)
    assert [project.slug for project in client.projects()] == ["web"]


def test_short_rate_limit_is_waited_for(wire: responses.RequestsMock, client: SentryClient) -> None:
    wire.get(PROJECTS, status=429, json="too fast", headers={"Retry-After": "0"})
    wire.get(PROJECTS, json=GOOD)
    assert client.projects()
    assert len(client.call_log) == 2


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Retry-After", lambda now: "300"),
        ("Retry-After", lambda now: formatdate(now + 300, usegmt=True)),
        ("X-Sentry-Rate-Limit-Reset", lambda now: str(int(now) + 300)),
    ],
)
def test_long_rate_limit_is_raised_at_once(
    wire: responses.RequestsMock,
    client: SentryClient,
    name: str,
    written: Callable[[float], str],
) -> None:
    headers = {name: written(time.time())}
    wire.get(PROJECTS, status=429, body='"slow down"', content_type="text/html", headers=headers)
    with pytest.raises(errors.SentryRateLimited) as raised:
        client.projects()
    assert len(client.call_log) == 1
    assert 290 <= raised.value.retry_after <= 301


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Sentry-Rate-Limit-Reset": "12"},
        {"X-Sentry-Rate-Limit-Reset": "soon"},
        {"Retry-After": "whenever"},
        {"X-Sentry-Rate-Limit-ConcurrentRemaining": "0", "X-Sentry-Rate-Limit-Reset": "9e12"},
        {},
    ],
)
def test_rate_limit_without_a_usable_time_waits_a_second(
    wire: responses.RequestsMock, client: SentryClient, headers: dict[str, str]
) -> None:
    wire.get(PROJECTS, status=429, json={"detail": "too fast"}, headers=headers)
    wire.get(PROJECTS, json=GOOD)
    assert client.projects()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ('{"detail": "Invalid token"}', "Invalid token"),
        ('{"detail": {"code": "sso-required", "message": "Must login via SSO"}}', "Must login"),
        ('"a bare string"', "a bare string"),
        ("<html><b>proxy</b> says no</html>", "proxy says no"),
        ("", "401"),
    ],
)
def test_error_detail_is_sentrys_text(
    wire: responses.RequestsMock, client: SentryClient, body: str, detail: str
) -> None:
    wire.get(PROJECTS, status=401, body=body)
    with pytest.raises(errors.SentryAuthRefused, match="doesn't accept") as raised:
        client.projects()
    assert detail in raised.value.detail


@pytest.mark.parametrize(
    "body", ["<html>sign in</html>", '[{"id": "1", "sl', "", "[" * 5000, b"\xff\xfe"]
)
def test_response_that_is_not_json_is_unreadable(
    wire: responses.RequestsMock, client: SentryClient, body: str
) -> None:
    wire.get(PROJECTS, body=body)
    with pytest.raises(errors.SentryBadResponse):
        client.projects()


def test_object_instead_of_a_list_is_unreadable(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    wire.get(PROJECTS, json={"unexpected": True})
    with pytest.raises(errors.SentryBadResponse):
        client.projects()


def test_lone_surrogate_is_replaced(wire: responses.RequestsMock, client: SentryClient) -> None:
    wire.get(PROJECTS, body='[{"id": "1", "slug": "w\\ud83deb"}]')
    (project,) = client.projects()
    assert project.slug.encode()


def test_no_call_is_sent_without_time_left(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    client.deadline = Deadline(0)
    with pytest.raises(errors.SentryTimeout):
        client.projects()
    assert len(client.call_log) == 0


def test_token_is_sent_only_in_the_header(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    wire.get(PROJECTS, json=GOOD)
    client.projects()
    request = wire.calls[0].request
    assert request.headers["Authorization"] == "Bearer s3cr3t"
    assert "s3cr3t" not in str(request.url)
    assert "s3cr3t" not in repr(client.config)


def test_token_is_not_sent_to_another_host(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    wire.get(PROJECTS, status=302, headers={"Location": "https://elsewhere.test/"})
    wire.get("https://elsewhere.test/", json=GOOD)
    with pytest.raises(errors.SentryBadResponse):
        client.projects()
    assert len(wire.calls) == 1


def test_pages_are_followed_by_cursor_not_by_url(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    link = (
        '<https://evil.test/x?a=1,2&cursor=0:0:1>; rel="previous"; results="false"; '
        'cursor="0:0:1", <https://evil.test/x?a=1,2&cursor=0:100:0>; rel="next"; '
        'results="true"; cursor="0:100:0"'
    )
    wire.get(PROJECTS, json=GOOD, headers={"Link": link})
    wire.get(
        PROJECTS,
        json=[{"id": "2", "slug": "api"}],
        headers={"Link": link.replace('"true"', '"false"')},
        match=[responses.matchers.query_param_matcher({"per_page": "100", "cursor": "0:100:0"})],
    )
    assert [project.slug for project in client.projects()] == ["web", "api"]


@pytest.mark.parametrize(
    ("busy_s", "blamed"), [(0, errors.SentryTimeout), (0.4, errors.SentryCrowded)]
)
def test_dripping_response_ends_with_the_deadline(busy_s: float, blamed: type) -> None:
    """A server that sends single bytes never exceeds the read timeout.

    It isn't blamed if the call spent most of its time waiting for one of Triage's own slots.
    """
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _address = server.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n[")
            for _ in range(100):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    port = server.getsockname()[1]
    config = SentryConfig(
        base_url=f"http://127.0.0.1:{port}", organization="acme", token="t", deadline_s=0.5
    )
    limiter = RateLimiter(1)
    client = SentryClient(config, limiter)
    busy = limiter.slot(0)
    busy.__enter__()
    threading.Timer(busy_s, busy.__exit__, (None, None, None)).start()
    with pytest.raises(errors.SentryTimeout) as raised:
        client.projects()
    assert raised.type is blamed
    client.close()
    server.close()
