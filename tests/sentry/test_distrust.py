"""Responses that look complete but aren't, and hostile responses."""

import gzip
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import responses

from apps.events.answer import Answer, NoticeCode
from apps.sentry import errors
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.fetch import fetch_answer
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry
from tests.sentry.conftest import API

TABLE = f"{API}/organizations/acme/events/"
PROJECTS = f"{API}/organizations/acme/projects/"


def row(number: int, **fields: object) -> dict[str, object]:
    named = {"id": f"{number:032x}", "timestamp": MOMENT.isoformat(), "user.id": "1"}
    return {**named, "issue.id": None, "project.name": "web", **fields}


def look_up(client: SentryClient) -> Answer:
    return fetch_answer(client, question("1"), projects=client.projects(), now=NOW)


@pytest.fixture
def table(wire: responses.RequestsMock) -> Callable[..., None]:
    """Return a function that serves these rows with this Link header."""

    def serve(rows: list[dict[str, object]], link: str | None = None) -> None:
        wire.get(PROJECTS, json=[{"id": "1", "slug": "web"}])
        headers = {"Link": link} if link else {}
        wire.get(TABLE, json={"data": rows}, headers=headers)
        wire.get(re.compile(".*"), status=404, json={"detail": "no"})

    return serve


@pytest.mark.parametrize(
    "link",
    [
        None,
        '<https://x/>; rel="Next"; results="True"; cursor="0:100:0"',
        '<https://x/?a=>>; rel="next" results="true"',
        "<https://x/>; rel=next; results=true; cursor=0:100:0",
    ],
)
def test_full_page_without_a_link_is_incomplete(
    client: SentryClient, table: Callable[..., None], link: str | None
) -> None:
    table([row(number) for number in range(100)], link)
    answer = look_up(client)
    assert len(answer.events) == 100
    assert not answer.complete
    assert answer.has_notice(NoticeCode.INCOMPLETE_LIST)


def test_page_that_is_not_full_needs_no_link(
    client: SentryClient, table: Callable[..., None]
) -> None:
    table([row(1)])
    assert look_up(client).complete


def test_nothing_is_not_certain_for_a_token_without_projects(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    wire.get(PROJECTS, json=[])
    wire.get(TABLE, json={"data": []})
    wire.get(re.compile(".*"), status=404, json={"detail": "no"})
    answer = look_up(client)
    assert not answer.complete
    assert answer.nearby is None
    assert "Our key can’t see any project" in answer.notices[0].message


def test_rows_without_identity_make_the_answer_incomplete(
    client: SentryClient, table: Callable[..., None]
) -> None:
    table([row(1, **{"user.id": None}), row(2)])
    answer = look_up(client)
    assert len(answer.events) == 1
    assert not answer.complete


def test_other_customers_rows_are_left_out_silently(
    client: SentryClient, table: Callable[..., None]
) -> None:
    table([row(1, **{"user.id": "11"}), row(2)])
    answer = look_up(client)
    assert (len(answer.events), answer.complete) == (1, True)


def test_token_repeated_by_sentry_is_redacted(
    wire: responses.RequestsMock, client: SentryClient
) -> None:
    wire.get(PROJECTS, status=500, json={"detail": "bad header Bearer s3cr3t"})
    with pytest.raises(errors.SentryServerError) as raised:
        client.projects()
    assert "s3cr3t" not in raised.value.detail
    assert "bad header" in raised.value.detail


@pytest.mark.parametrize("after", ["9" * 400, "²", "-5", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_odd_retry_after_is_bounded(
    wire: responses.RequestsMock, client: SentryClient, after: str
) -> None:
    wire.get(PROJECTS, status=429, headers={"Retry-After": after.encode().decode("latin-1")})
    with pytest.raises(errors.SentryRateLimited) as raised:
        client.projects()
    assert 0 < raised.value.retry_after <= 3600


def test_empty_response_is_unreadable(wire: responses.RequestsMock, client: SentryClient) -> None:
    wire.get(PROJECTS, status=204)
    with pytest.raises(errors.SentryBadResponse):
        client.projects()


def _dripping(pieces: Iterator[bytes]) -> int:
    """Start a server that sends one piece every 50 ms, and return its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server:
            connection, _address = server.accept()
            with connection:
                connection.recv(4096)
                for piece in pieces:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return
                    time.sleep(0.05)

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])


def _headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(90):
        yield b"X-More-%d: x\r\n" % number


def _gzip() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999\r\n\r\n"
    packed = gzip.compress(bytes(random.Random(1).randbytes(90)))  # noqa: S311 - only filling
    yield from (packed[place : place + 1] for place in range(90))


def _chunk_size() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ in range(90):
        yield b"0"


@pytest.mark.parametrize("pieces", [_headers, _gzip, _chunk_size])
def test_dripping_response_ends_with_the_deadline(pieces: Callable[[], Iterator[bytes]]) -> None:
    port = _dripping(pieces())
    config = SentryConfig(
        base_url=f"http://127.0.0.1:{port}", organization="acme", token="t", deadline_s=0.5
    )
    client = SentryClient(config)
    with pytest.raises(errors.SentryTimeout):
        client.projects()
    client.close()


def test_too_large_page_of_bodies_is_read_event_by_event(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for place in range(3):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT + timedelta(seconds=place))
    demo_sentry.fail(r"/issues/\d+/events/", times=None, status=200, body="x" * 34_000_000)
    client = SentryClient(config)
    assert look_up(client).bodies_read == 3
    client.close()


def test_events_of_the_same_second_need_no_extra_call(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    for _ in range(120):
        demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    client = SentryClient(config)
    answer = look_up(client)
    client.close()
    assert answer.bodies_read == 50
    assert answer.notices == ()
    paths = [call.path for call in demo_sentry.calls]
    assert len([path for path in paths if re.search(r"/issues/\d+/events/", path)]) == 5
    assert not [path for path in paths if "/projects/acme/" in path]


def test_unknown_environment_makes_the_answer_incomplete(
    demo_sentry: DemoSentry, config: SentryConfig
) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT, environment="production")
    client = SentryClient(config)
    lookup: Any = replace(question("1"), environments=("prodction",))
    answer = fetch_answer(client, lookup, projects=client.projects(), now=NOW)
    client.close()
    assert not answer.complete
    assert answer.has_notice(NoticeCode.ENVIRONMENT_UNKNOWN)
