"""Failed attempts are counted with Redis, without it, and while it is down."""

import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.test import Client
from pytest_django import Settings

from apps.redis_outage import retry_redis
from tests.servers import Redis
from tests.shell import start_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis_server(tmp_path: Path, settings: Settings) -> Iterator[Redis]:
    """Run Redis on a free port, configured for the site."""
    server = Redis(tmp_path)
    settings.CACHES = start_with({"REDIS_URL": server.url}).settings["CACHES"]
    yield server
    caches["default"].close()
    server.stop()


def enter(password: str) -> bytes:
    given = {"login": "ana", "password": password}
    response = Client().post("/accounts/login/", given)
    return b"signed in" if response.status_code == 302 else response.content


def test_processes_share_the_count(agent: User, redis_server: Redis) -> None:
    for _attempt in range(5):
        enter("wrong")
    assert b"Too many attempts" in enter("ana-password")
    redis_server.client.flushall()  # the count is nowhere else
    assert enter("ana-password") == b"signed in"


@pytest.mark.parametrize("loss", [signal.SIGKILL, signal.SIGSTOP])
def test_the_lockout_works_without_redis(
    agent: User, redis_server: Redis, loss: signal.Signals
) -> None:
    redis_server.process.send_signal(loss)
    if loss == signal.SIGKILL:
        redis_server.process.wait()
    assert enter("ana-password") == b"signed in"
    for _attempt in range(5):
        assert b"is incorrect" in enter("wrong")
        retry_redis()
    assert b"Too many attempts" in enter("ana-password")


def test_values_of_an_outage_are_dropped_when_redis_is_back(redis_server: Redis) -> None:
    redis_server.process.send_signal(signal.SIGSTOP)
    cache.set("key", "during the outage", 60)
    assert cache.get("key") == "during the outage"
    redis_server.process.send_signal(signal.SIGCONT)
    retry_redis()
    cache.set("other", 1, 60)
    redis_server.process.send_signal(signal.SIGSTOP)
    assert cache.get("key") is None


def test_loss_of_redis_is_logged_once_without_its_password(
    redis_server: Redis, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "apps.redis_cache")
    redis_server.client.config_set("requirepass", "right")
    location = redis_server.url.replace("//", "//:wrong-password@")
    settings.CACHES = start_with({"REDIS_URL": location}).settings["CACHES"]
    for _ in range(2):
        cache.set("key", 1, 60)
        retry_redis()
    (logged,) = caplog.messages
    assert logged.startswith("Redis failed (AuthenticationError)")
