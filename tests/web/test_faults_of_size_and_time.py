"""Answers without an end, bombs, and servers that take their time, over real HTTP."""

import gzip
import socket
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.lookups.problems import problem_of
from apps.sentry import SentryClient, SentryConfig, SentryError, fetch_answer
from apps.sentry.http import MAX_RESPONSE_BYTES
from apps.sentry.parsing import Project
from tests.conftest import question, signed_in
from tests.web.asking import look_up
from tests.web.faulty import NO_ROWS, TOO_SLOW, UNREACHABLE, UNREADABLE, failed, wired
from tests.web.wire import MEGABYTE, Said, Wire, head, packed_spaces, whole

MOST_MEMORY = 3 * MAX_RESPONSE_BYTES
ON_THE_WAY = MAX_RESPONSE_BYTES + 16 * MEGABYTE
BOMB = packed_spaces(1000)


def _large() -> Iterator[bytes]:
    yield head(200 * MEGABYTE)
    for _ in range(200):
        yield b" " * MEGABYTE


def _without_an_end() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)


def _bomb() -> list[bytes]:
    return whole(BOMB, "Content-Encoding: gzip")


def _bomb_in_a_bomb() -> list[bytes]:
    return whole(gzip.compress(BOMB), "Content-Encoding: gzip, gzip")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("says", "most_sent"),
    [
        (_large, ON_THE_WAY),
        (_without_an_end, ON_THE_WAY),
        (_bomb, 2 * MEGABYTE),
        (_bomb_in_a_bomb, 2 * MEGABYTE),
    ],
)
def test_an_answer_beyond_any_size_is_refused_before_it_fills_the_memory(
    settings: Settings, agent: User, says: Said, most_sent: int
) -> None:
    with wired(settings, says) as wire:
        client = signed_in(agent)
        address = look_up(client)
        tracemalloc.start()
        try:
            words = failed(client, address)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert words == UNREADABLE
        assert peak < MOST_MEMORY
        assert wire.sent <= most_sent
        assert len(wire.lists) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content", [packed_spaces(1)[:200], b"not gzip at all", b""], ids=["cut off", "other", "empty"]
)
def test_a_packed_answer_that_cannot_be_unpacked_is_unreadable(
    settings: Settings, agent: User, content: bytes
) -> None:
    with wired(settings, lambda: whole(content, "Content-Encoding: gzip")):
        client = signed_in(agent)
        assert failed(client, look_up(client)) == UNREADABLE


def _slow_first_byte() -> Iterator[bytes]:
    time.sleep(3)
    yield from whole(NO_ROWS)


def _slow_drip() -> Iterator[bytes]:
    yield head(9999)
    for _ in range(80):
        yield b" "
        time.sleep(0.05)


def _slow_headers() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(80):
        yield f"X-{number}: 1\r\n".encode()
        time.sleep(0.05)
    yield b"\r\n"


# Each byte comes fast enough by itself, and the end of it long after the deadline.
SLOW = pytest.mark.parametrize("says", [_slow_first_byte, _slow_drip, _slow_headers])


def hurried(url: str) -> SentryClient:
    """A client with half a second; the site's own deadline is 25 s."""
    return SentryClient(
        SentryConfig(base_url=url, organization="acme", token="demo-token", deadline_s=0.5)
    )


def told_of(error: SentryError) -> tuple[str, str]:
    problem = problem_of(error)
    assert problem.page_status == 503
    return problem.message, problem.next_step


@SLOW
def test_a_list_of_events_slower_than_the_deadline_is_given_up(says: Said) -> None:
    with Wire(says) as wire:
        client = hurried(wire.url)
        with pytest.raises(SentryError) as raised:
            fetch_answer(client, question("1"), projects=[Project("1", "web")])
        client.close()
    assert told_of(raised.value) == TOO_SLOW


@SLOW
def test_a_list_of_projects_slower_than_the_deadline_is_given_up(says: Said) -> None:
    with Wire(says, projects=False) as wire:
        client = hurried(wire.url)
        with pytest.raises(SentryError) as raised:
            client.projects()
        client.close()
    assert told_of(raised.value) == TOO_SLOW


def test_a_host_that_never_accepts_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        client = hurried(f"http://127.0.0.1:{port}")
        with pytest.raises(SentryError) as raised:
            client.projects()
        client.close()
        for one in crowd:
            one.close()
    assert told_of(raised.value) in (TOO_SLOW, UNREACHABLE)
