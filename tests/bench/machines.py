"""Measure three web processes and two workers that share only PostgreSQL and Redis.

`python -m tests.bench.machines` starts each as on a machine of its own, with its own folder. The
status is 1 if the same question was asked twice, if the second worker doesn't help, or if anything
was lost or failed while processes were killed.
"""

import os
import platform
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import requests

from tests.attacks.production import HOST, OVER_TLS, environment
from tests.bench.sentry_process import MOMENT, ORGANIZATION, TOKEN, Sentry, running_sentry
from tests.postgres import Postgres, running_postgres
from tests.servers import Redis, running_gunicorn
from tests.shell import ROOT, Shell

LATENCY_S = 0.1
BATCH_LATENCY_S = 2.0  # so that the time of the demo, a single process, hardly counts
MACHINES = 3
CUSTOMERS = 500
BATCH_SHARE = 0.45
KILLS = 12
_CUT_OFF = 0  # the connection ended with its killed process
_LEAD = """
from django.contrib.auth.models import Group, User
from apps.accounts.models import ApiToken
from apps.accounts.tokens import set_new_token
user = User.objects.create(username="lead")
user.groups.add(Group.objects.get(name="lead"))
record = ApiToken(name="machines", user=user, scopes=["lookup", "read"])
print(set_new_token(record))
record.save()
"""
Check = tuple[str, bool]


@dataclass
class Site:
    """The machines, and what they share."""

    ports: Sequence[int]
    gunicorns: Sequence[int]
    worker_environments: Sequence[dict[str, str]]
    database: str
    redis: Redis
    sentry: Sentry
    token: str
    log: Path
    workers: "dict[int, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def start_worker(self, number: int) -> None:
        """Start the worker of this number."""
        with self.log.open("a") as log:
            self.workers[number] = subprocess.Popen(
                [sys.executable, "manage.py", "run_huey"],
                cwd=ROOT,
                env=self.worker_environments[number],
                stdout=log,
                stderr=log,
            )
        started = self.count("SELECT count(*) FROM jobs_worker")
        _until(lambda: self.count("SELECT count(*) FROM jobs_worker") > started)

    def stop_workers(self) -> None:
        """Stop the workers, after what they are doing."""
        for worker in self.workers.values():
            worker.terminate()
        for worker in self.workers.values():
            worker.wait()
        self.workers.clear()

    def count(self, query: str) -> int:
        """Return the only number that the query finds."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query).fetchone()
        assert row
        return int(row[0])

    def send(
        self, machine: int, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Call the API of a machine, and return the status and the result."""
        headers = {"Host": HOST, **OVER_TLS, "Authorization": f"Bearer {self.token}"}
        url = f"http://127.0.0.1:{self.ports[machine]}/api/v1/{path}"
        method = "GET" if body is None else "POST"
        try:
            reply = requests.request(method, url, json=body, headers=headers, timeout=60)
        except requests.ConnectionError:
            return _CUT_OFF, {}
        return reply.status_code, reply.json()


@contextmanager
def running_site() -> Iterator[Site]:
    """Run the machines without workers."""
    with (
        ExitStack() as stack,
        running_postgres() as postgres,
        running_sentry() as sentry,
    ):
        folder = Path(stack.enter_context(TemporaryDirectory()))
        redis = Redis(folder)
        stack.callback(redis.stop)
        shared = {
            "DATABASE_URL": Postgres(postgres, folder).migrated(),
            "REDIS_URL": redis.url,
            "SENTRY_BASE_URL": sentry.url,
            "SENTRY_AUTH_TOKEN": TOKEN,
            "SENTRY_ORG": ORGANIZATION,
            "DJANGO_SETTINGS_MODULE": "tests.bench.busy_settings",
        }
        machines = [
            environment(Path(stack.enter_context(TemporaryDirectory())), **shared)
            for _ in range(MACHINES + 2)
        ]
        shell = Shell(folder, sentry.url)
        shell.environment = machines[0]
        made = shell.run("shell", "-v", "0", "-c", _LEAD)
        assert made.returncode == 0, made.stderr
        servers = [
            stack.enter_context(
                running_gunicorn(machine, folder / f"{number}.log", "--workers", "1")
            )
            for number, machine in enumerate(machines[:MACHINES])
        ]
        site = Site(
            ports=[port for port, _process in servers],
            gunicorns=[process.pid for _port, process in servers],
            worker_environments=machines[MACHINES:],
            database=shared["DATABASE_URL"],
            redis=redis,
            sentry=sentry,
            token=made.stdout.strip(),
            log=folder / "workers.log",
        )
        stack.callback(site.stop_workers)
        yield site


def _until(condition: Callable[[], bool], every: float = 0.05) -> None:
    give_up = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < give_up, "the condition never held"
        time.sleep(every)


def lay_out(sentry: Sentry) -> None:
    """Give every tenth customer an event, and let Sentry take its time."""
    for number in range(0, CUSTOMERS, 10):
        sentry.lay_out(f"customer-{number}", 1, 1)
    sentry.set_latency(LATENCY_S)
    sentry.lift_limit()


def _question(number: int) -> dict[str, Any]:
    return {"customer": f"customer-{number}", "at": MOMENT.isoformat(), "window_minutes": 10}


def ask_everywhere(site: Site) -> list[Check]:
    """Ask the same question on all machines at once, again and again."""
    site.sentry.forget_calls()
    statuses: Counter[int] = Counter()
    with ThreadPoolExecutor(2 * MACHINES) as pool:
        for number in range(10):
            replies = pool.map(
                lambda machine, asked=number: site.send(
                    machine % MACHINES, "lookups/", _question(asked)
                )[0],
                range(2 * MACHINES),
            )
            statuses.update(replies)
    asked = Counter(site.sentry.answered_lists().values())
    return [
        (
            f"10 questions, {2 * MACHINES} times each on {MACHINES} machines: {dict(statuses)}",
            set(statuses) == {200},
        ),
        (f"each list was asked for once: {dict(asked)}", set(asked) == {1}),
    ]


def begin_batch(site: Site, minutes_ago: int) -> str:
    """Send a list of all customers, and return the incident's ID."""
    at = MOMENT - timedelta(minutes=minutes_ago)
    customers = [f"customer-{number}" for number in range(CUSTOMERS)]
    status, begun = site.send(
        0, "incidents/", {"customers": customers, "at": at.isoformat(), "window_minutes": 30}
    )
    assert status == 202, begun
    return str(begun["incident_id"])


def wait_for_batch(
    site: Site, incident: str, is_over: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Return the first result that is over."""
    results: list[dict[str, Any]] = []

    def has_come() -> bool:
        status, result = site.send(1, f"incidents/{incident}/")
        results.append(result)
        return status == 200 and is_over(result)

    _until(has_come, every=0.5)  # each result takes a machine's time
    return results[-1]


def _is_asked(result: dict[str, Any]) -> bool:
    return not result["not_asked"]


def _is_finished(result: dict[str, Any]) -> bool:
    return bool(result["state"] == "finished")


def measure_batches(site: Site) -> list[Check]:
    """Time the same batch with one worker and with two."""
    site.sentry.set_latency(BATCH_LATENCY_S)
    asked, finished = [], []
    for workers in (1, 2):
        site.start_worker(workers - 1)
        incident = begin_batch(site, workers)
        began = time.monotonic()
        wait_for_batch(site, incident, _is_asked)
        asked.append(time.monotonic() - began)
        result = wait_for_batch(site, incident, _is_finished)
        finished.append(time.monotonic() - began)
        print(
            f"  {CUSTOMERS} customers, {workers} workers: asked within {asked[-1]:.1f} s, "
            f"finished within {finished[-1]:.1f} s, {result['calls']} calls"
        )
    site.sentry.set_latency(LATENCY_S)
    shares = {"asked": asked[1] / asked[0], "finished": finished[1] / finished[0]}
    return [
        (f"two workers take {share:.2f} of the time of one until {what}", share <= BATCH_SHARE)
        for what, share in shares.items()
    ]


def kill_at_random(site: Site) -> list[Check]:
    """Kill web processes, workers, and Redis while people look up customers and a batch runs."""
    incident, chance = begin_batch(site, 5), random.Random(20)  # noqa: S311 - repeatable
    replies: list[tuple[int, dict[str, Any]]] = []
    before = site.count("SELECT count(*) FROM lookups_lookup")
    is_over = False

    def look_up(machine: int) -> None:
        for number in range(machine, CUSTOMERS, MACHINES):
            if is_over:
                return
            replies.append(site.send(machine, "lookups/", _question(number)))
            time.sleep(0.2)

    with ThreadPoolExecutor(MACHINES) as pool:
        working = [pool.submit(look_up, machine) for machine in range(MACHINES)]
        for number in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.5))
            _kill_one(site, ("web", "worker", "Redis")[number % 3], chance)
        is_over = True
        for future in working:
            future.result()
    result = wait_for_batch(site, incident, _is_finished)
    statuses = Counter(status for status, _result in replies)
    rows = site.count("SELECT count(*) FROM lookups_lookup") - before
    stuck = site.count("SELECT count(*) FROM jobs_job WHERE state = 'failed'")
    return [
        (
            f"{KILLS} kills, no 5xx ({_CUT_OFF} is a connection cut off): {dict(statuses)}",
            max(statuses) < 500,
        ),
        (f"{rows} records of {statuses[200]} answered", statuses[200] <= rows <= len(replies)),
        (
            f"the batch is whole: {result['answered']} of {CUSTOMERS} answered",
            result["answered"] == CUSTOMERS,
        ),
        (f"no job failed: {stuck}", not stuck),
    ]


def _kill_one(site: Site, what: str, chance: random.Random) -> None:
    if what == "web":
        gunicorn = chance.choice(site.gunicorns)
        children = Path(f"/proc/{gunicorn}/task/{gunicorn}/children").read_text().split()
        if children:
            os.kill(int(children[0]), signal.SIGKILL)
    elif what == "worker":
        number = chance.choice(sorted(site.workers))
        site.workers[number].kill()
        site.workers[number].wait()
        site.start_worker(number)
    else:
        site.redis.process.kill()
        site.redis.process.wait()
        time.sleep(chance.uniform(0, 1))
        site.redis.start()


def main() -> int:
    """Print the figures and checks. Return 1 if a check failed."""
    print(
        f"{MACHINES} web processes and 2 workers, {os.cpu_count()} CPUs (load "
        f"{os.getloadavg()[0]:.1f} before), Python {platform.python_version()}, Sentry "
        f"{LATENCY_S * 1000:.0f} ms"
    )
    with running_site() as site:
        lay_out(site.sentry)
        checks = [*ask_everywhere(site), *measure_batches(site), *kill_at_random(site)]
        for line in site.log.read_text().splitlines()[-10:]:
            print(f"  log: {line}")
    for what, is_met in checks:
        print(f"  {'ok    ' if is_met else 'MISSED'}  {what}")
    return 0 if all(is_met for _what, is_met in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
