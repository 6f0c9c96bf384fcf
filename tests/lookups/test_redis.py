"""A real Redis as the shared cache: up, down and frozen."""

import json
import shutil
import signal
import socket
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from apps.demo.server import DemoSentry
from tests.conftest import MOMENT
from tests.shell import Shell

AT = MOMENT.isoformat()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Redis:
    """A redis-server of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: run make system-deps"
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(port=self.port)
        self._wait()

    def _wait(self) -> None:
        for _ in range(100):
            try:
                self.client.ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        self.client.close()
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """Redis on a free port, empty."""
    server = Redis(tmp_path)
    yield server
    server.stop()


def ask(shell: Shell, redis_url: str) -> dict[str, object]:
    done = shell.lookup("1001", "--at", AT, "--format", "json", REDIS_URL=redis_url)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_two_processes_share_one_answer(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    first = ask(shell, redis_server.url)
    calls = len(demo_sentry.calls)
    second = ask(shell, redis_server.url)
    assert (first["from_cache"], second["from_cache"]) == (False, True)
    assert first["events"] == second["events"]
    assert len(demo_sentry.calls) == calls


def test_redis_holds_json_without_the_customer(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(user_id="1001", email="jane@example.com", timestamp=MOMENT)
    ask(shell, redis_server.url)
    (key,) = [name for name in redis_server.client.scan_iter() if b"answer/" in name]
    value = redis_server.client.get(key)
    assert isinstance(value, bytes)
    text = zlib.decompress(value).decode()
    assert json.loads(text)
    assert "jane@example.com" not in text
    assert "1001" not in key.decode() + text.replace("4501001", "")


def test_a_redis_that_is_down_costs_the_sharing_and_not_the_answer(
    shell: Shell, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    answer = ask(shell, f"redis://127.0.0.1:{free_port()}/0")
    assert answer["from_cache"] is False
    assert answer["complete"] is True


def test_a_redis_that_is_frozen_costs_the_sharing_and_not_the_answer(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    redis_server.process.send_signal(signal.SIGSTOP)
    assert ask(shell, redis_server.url)["complete"] is True
