"""Endless responses, decompression bombs, and slow servers over real HTTP."""

import gzip
import socket
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.lookups.problems import problem_of
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.errors import SentryError
from apps.sentry.fetch import fetch_answer
from apps.sentry.http import MAX_RESPONSE_BYTES
from apps.sentry.parsing import Project
from tests.conftest import question, signed_in
from tests.web.asking import look_up
from tests.web.faulty import NO_ROWS, TOO_SLOW, UNREACHABLE, UNREADABLE, failure_message, use_wire
from tests.web.wire import MEGABYTE, Responder, Wire, full_response, gzipped_spaces, response_head

MAX_MEMORY = 3 * MAX_RESPONSE_BYTES
MAX_IN_FLIGHT = MAX_RESPONSE_BYTES + 16 * MEGABYTE
BOMB = gzipped_spaces(1000)


def _large() -> Iterator[bytes]:
    yield response_head(200 * MEGABYTE)
    for _ in range(200):
        yield b" " * MEGABYTE


def _endless() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)


def _bomb() -> list[bytes]:
    return full_response(BOMB, "Content-Encoding: gzip")


def _nested_bomb() -> list[bytes]:
    return full_response(gzip.compress(BOMB), "Content-Encoding: gzip, gzip")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("respond", "max_sent"),
    [
        (_large, MAX_IN_FLIGHT),
        (_endless, MAX_IN_FLIGHT),
        (_bomb, 2 * MEGABYTE),
        (_nested_bomb, 2 * MEGABYTE),
    ],
)
def test_oversized_response_is_refused_before_it_fills_memory(
    settings: Settings, agent: User, respond: Responder, max_sent: int
) -> None:
    with use_wire(settings, respond) as wire:
        client = signed_in(agent)
        address = look_up(client)
        tracemalloc.start()
        try:
            message = failure_message(client, address)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert message == UNREADABLE
        assert peak < MAX_MEMORY
        assert wire.sent <= max_sent
        assert len(wire.lists) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content", [gzipped_spaces(1)[:200], b"not gzip at all", b""], ids=["cut off", "other", "empty"]
)
def test_invalid_gzip_is_unreadable(settings: Settings, agent: User, content: bytes) -> None:
    with use_wire(settings, lambda: full_response(content, "Content-Encoding: gzip")):
        client = signed_in(agent)
        assert failure_message(client, look_up(client)) == UNREADABLE


def _slow_first_byte() -> Iterator[bytes]:
    time.sleep(3)
    yield from full_response(NO_ROWS)


def _slow_drip() -> Iterator[bytes]:
    yield response_head(9999)
    for _ in range(80):
        yield b" "
        time.sleep(0.05)


def _slow_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(80):
        yield f"X-{number}: 1\r\n".encode()
        time.sleep(0.05)
    yield b"\r\n"


# No response is complete by the deadline, even where each byte arrives quickly.
SLOW_RESPONSES = pytest.mark.parametrize("respond", [_slow_first_byte, _slow_drip, _slow_headers])


def impatient_client(url: str) -> SentryClient:
    """Return a client with a deadline of 0.5 s; the site's own is 25 s."""
    return SentryClient(
        SentryConfig(base_url=url, organization="acme", token="demo-token", deadline_s=0.5)
    )


def message_of(error: SentryError) -> tuple[str, str]:
    problem = problem_of(error)
    assert problem.page_status == 503
    return problem.message, problem.next_step


@SLOW_RESPONSES
def test_slow_event_list_times_out(respond: Responder) -> None:
    with Wire(respond) as wire:
        client = impatient_client(wire.url)
        with pytest.raises(SentryError) as raised:
            fetch_answer(client, question("1"), projects=[Project("1", "web")])
        client.close()
    assert message_of(raised.value) == TOO_SLOW


@SLOW_RESPONSES
def test_slow_project_list_times_out(respond: Responder) -> None:
    with Wire(respond, projects=False) as wire:
        client = impatient_client(wire.url)
        with pytest.raises(SentryError) as raised:
            client.projects()
        client.close()
    assert message_of(raised.value) == TOO_SLOW


def test_host_that_never_accepts_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        clients = [socket.socket() for _ in range(4)]
        for one in clients:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        client = impatient_client(f"http://127.0.0.1:{port}")
        with pytest.raises(SentryError) as raised:
            client.projects()
        client.close()
        for one in clients:
            one.close()
    assert message_of(raised.value) in (TOO_SLOW, UNREACHABLE)
