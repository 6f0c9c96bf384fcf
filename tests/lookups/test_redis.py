"""Lookups with a real Redis as the shared cache: up, down, and frozen."""

import json
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

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
    """A redis-server for one test."""

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


def ask(shell: Shell, redis_url: str) -> dict[str, object]:
    done = shell.lookup("1001", "--at", AT, "--format", "json", REDIS_URL=redis_url)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_two_processes_use_one_cached_result(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    first = ask(shell, redis_server.url)
    calls = len(demo_sentry.calls)
    second = ask(shell, redis_server.url)
    assert (first["from_cache"], second["from_cache"]) == (False, True)
    assert first["events"] == second["events"]
    assert len(demo_sentry.calls) == calls


def test_redis_contains_no_readable_customer_data(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(
        user_id="1001", email="jane@example.com", timestamp=MOMENT, exception=("Broke", "Ouch")
    )
    ask(shell, redis_server.url)
    names = sorted(redis_server.client.scan_iter())
    values = [redis_server.client.get(name) or b"" for name in names]
    assert [name for name in names if b"answer/" in name]
    assert [name for name in names if b"windows/" in name]
    for secret in (b"jane", b"Broke", b"Ouch", MOMENT.isoformat()[:10].encode()):
        assert not [value for value in (*names, *values) if secret in value]
    assert not [name for name in names if b"1001" in re.sub(rb"[0-9a-f]{64}", b"", name)]


def test_lookups_work_while_redis_is_down(shell: Shell, demo_sentry: DemoSentry) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    answer = ask(shell, f"redis://127.0.0.1:{free_port()}/0")
    assert answer["from_cache"] is False
    assert answer["complete"] is True


def test_lookups_work_while_redis_is_frozen(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    redis_server.process.send_signal(signal.SIGSTOP)
    assert ask(shell, redis_server.url)["complete"] is True
