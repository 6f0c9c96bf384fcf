"""Lookups with a real Redis as the shared cache: up, down, and frozen."""

import json
import re
import signal
import subprocess
import sys
from typing import Any

from django.core.cache import caches

from apps.lookups.throttling import SLOT_S
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.lookups.background import until
from tests.servers import Redis, free_port
from tests.shell import ROOT, CommandLine, Shell, start_with

AT = MOMENT.isoformat()


def ask(commands: Shell | CommandLine, **changes: Any) -> dict[str, object]:
    done = commands.lookup("1001", "--at", AT, "--format", "json", **changes)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_two_processes_use_one_cached_result_which_is_not_readable(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(
        user_id="1001", email="jane@example.com", timestamp=MOMENT, exception=("Broke", "Ouch")
    )
    first = ask(shell, REDIS_URL=redis_server.url)
    calls = len(demo_sentry.calls)
    second = ask(shell, REDIS_URL=redis_server.url)
    assert (first["from_cache"], second["from_cache"]) == (False, True)
    assert first["events"] == second["events"]
    assert len(demo_sentry.calls) == calls

    names = sorted(redis_server.client.scan_iter())
    values = [redis_server.client.get(name) or b"" for name in names]
    assert [name for name in names if b"answer/" in name]
    assert [name for name in names if b"windows/" in name]
    for secret in (b"jane", b"Broke", b"Ouch", MOMENT.isoformat()[:10].encode()):
        assert not [value for value in (*names, *values) if secret in value]
    assert not [name for name in names if b"1001" in re.sub(rb"[0-9a-f]{64}", b"", name)]


def test_lookups_work_while_redis_is_down(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    answer = ask(command_line, CACHES=caches_in(f"redis://127.0.0.1:{free_port()}/0"))
    assert answer["from_cache"] is False
    assert answer["complete"] is True


def test_lookups_work_while_redis_is_frozen(
    command_line: CommandLine, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    redis_server.process.send_signal(signal.SIGSTOP)
    assert ask(command_line, CACHES=caches_in(redis_server.url))["complete"] is True
    caches["default"].close()


def caches_in(redis_url: str) -> Any:
    """Return the setting `CACHES` of a site with this Redis."""
    return start_with({"REDIS_URL": redis_url}).settings["CACHES"]


def test_slots_are_renewed_while_sentry_is_slow_and_free_soon_after_a_kill(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    demo_sentry.fail("/acme/events/", times=None, delay_s=60)

    def slot_ms() -> int:
        slots = redis_server.client.scan_iter("*/slot/*")
        return max((redis_server.client.pttl(slot) for slot in slots), default=0)

    process = subprocess.Popen(
        [sys.executable, "manage.py", "lookup", "1001", "--at", AT],
        cwd=ROOT,
        env={**shell.environment, "REDIS_URL": redis_server.url},
    )
    until(lambda: 0 < slot_ms() < 1000 * SLOT_S - 500)
    until(lambda: slot_ms() > 1000 * SLOT_S - 200)
    process.kill()
    process.wait()
    assert slot_ms() <= 1000 * SLOT_S
    demo_sentry.clear()
    assert ask(shell, REDIS_URL=redis_server.url)["complete"] is True
