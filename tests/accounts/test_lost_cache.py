"""Failed attempts are counted with Redis, without it, and while it is down."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from apps.lookups import cache
from apps.signin import allauth_adapters as attempts
from tests.lookups.test_redis import Redis

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis_server(tmp_path: Path, settings: Settings) -> Iterator[Redis]:
    """Run Redis on a free port, configured for the site."""
    server = Redis(tmp_path)
    options = {
        "SOCKET_CONNECT_TIMEOUT": 0.25,
        "SOCKET_TIMEOUT": 0.25,
        "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
    }
    backend = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": server.url}
    settings.REDIS_URL = server.url
    settings.CACHES = {"default": {**backend, "OPTIONS": options}}
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
        attempts.clear_attempts()  # as in a process that has counted nothing
    assert b"Too many attempts" in enter("ana-password")


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
        cache.retry_now()
    assert b"Too many attempts" in enter("ana-password")
