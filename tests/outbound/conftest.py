"""Listeners, and a name resolution controlled by the test."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.outbound.listener import Listener
from tests.servers import in_background

REAL = socket.getaddrinfo


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    running: list[Listener] = []

    def start(address: str = "127.0.0.1", port: int = 0) -> Listener:
        listener = Listener(address, port)
        in_background(listener)
        running.append(listener)
        return listener

    yield start
    for listener in running:
        listener.shutdown()
        listener.server_close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The IP addresses of each name, one per resolution; the last is repeated."""
    known: dict[str, list[str]] = {}

    def resolve(host: str, port: int, *args: Any, **options: Any) -> Any:
        answers = known.get(host)
        if answers is None:
            return REAL(host, port, *args, **options)
        return REAL(answers.pop(0) if len(answers) > 1 else answers[0], port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known
