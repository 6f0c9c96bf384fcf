"""Web processes, workers, and Redis are killed at random moments while people work.

Nothing is lost, nothing is done twice that people could see, and nothing waits for longer than a
lease and a sweep.
"""

import csv
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from apps.jobs.engine import SWEEP_S
from tests.answers.hooks import SECRET, Receiver, receiving
from tests.attacks.production import environment
from tests.bench.crowd import CUT_OFF, PASSWORD, Browser
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.jobs.short import LEASE_S
from tests.lookups.background import until
from tests.postgres import Postgres
from tests.servers import Redis, free_port
from tests.shell import DATABASE, ROOT, Shell

ROUNDS, KILLS = 10, 5
STUCK_S = 2 * (LEASE_S + SWEEP_S) + 20  # processes also have to start, on a busy machine
LIST = ("1001", "1002", "1003", "1004", "1005")
_PEOPLE = f"""
from django.contrib.auth.models import Group, User
leads = Group.objects.filter(name="lead")
for name in ("lea", "ben"):
    User.objects.create_user(name, password={PASSWORD!r}).groups.set(leads)
"""


@dataclass
class Site:
    """A database, perhaps Redis, the environment of their processes, and what people did."""

    query: Callable[[str], list[Any]]
    shell: Shell
    receiver: Receiver
    sentry: DemoSentry
    redis: Redis | None = None
    port: int = field(default_factory=free_port)
    lookups: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def number(self, query: str) -> int:
        return int(self.query(f"SELECT count(*) FROM {query}")[0][0])  # noqa: S608


class Lea:
    """A lead at work. Her browser sends a form again if the connection was cut off."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._browser = Browser(site.port, "198.51.100.7")
        self.send = self._browser.send
        self._numbers = count()

    def sign_in(self) -> None:
        """Sign in as soon as the site is there."""
        until(lambda: self.send("/accounts/login/").status == 200)
        form = {"login": "lea", "password": PASSWORD}
        assert self.send("/accounts/login/", form).status == 302

    def work(self, is_over: Callable[[], bool]) -> None:
        while not is_over():
            for act in (self._look_up, self._share, self._hand_over, self._look_up_many):
                act()
                time.sleep(0.05)

    def _post(self, path: str, **form: str) -> str:
        """Send a form until there is a response, and return where that leads."""
        for _try in range(100):
            reply = self.send(path, form)
            self._site.statuses[reply.status] += 1
            if reply.status != CUT_OFF:
                return reply.headers.get("Location", "")
            time.sleep(0.1)
        raise AssertionError("The site never came back.")

    def _look_up(self) -> None:
        at = MOMENT - timedelta(seconds=next(self._numbers))
        form = {"customer": "1001", "at": at.isoformat(), "zone": "UTC", "window": "10"}
        if address := self._post("/lookups/", **form):
            self._site.lookups.append(address)

    def _share(self) -> None:
        if self._site.lookups:
            address = self._site.lookups[-1]
            if self._post(f"{address}share/", reader="ben"):
                self._site.shared.append(address)

    def _hand_over(self) -> None:
        """Send a draft, once: whether it left isn't known if the connection was cut off."""
        if self._site.lookups:
            text = f"Draft {next(self._numbers)}"
            form = {"do": "hand over", "subject": "About it", "text": text}
            reply = self.send(f"{self._site.lookups[-1]}reply/", form)
            self._site.statuses[reply.status] += 1
            if reply.status == 303:
                self._site.drafts.append(text)

    def _look_up_many(self) -> None:
        number = next(self._numbers)
        at = (MOMENT - timedelta(seconds=number)).isoformat()
        form = {"customers": "\n".join(LIST), "at": at, "zone": "UTC", "window": "10"}
        if address := self._post("/incidents/", **form, form=f"form {number}", confirmed="1"):
            self._site.lists.append(address)


class Processes:
    """Two workers and a server. One that was killed is started again."""

    def __init__(self, nursery: "subprocess.Popen[str]", site: Site) -> None:
        self._nursery, self._site = nursery, site
        self._commands = ("run_huey", "run_huey", f"serve {site.port}")
        self._running = [self._start(command) for command in self._commands]

    def _start(self, command: str) -> int:
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.write(f"{command}\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def kill_one(self, chance: random.Random) -> None:
        """Kill a worker, a web process, the whole server, or Redis."""
        workers = [partial(self._kill_worker, which) for which in (0, 1)]
        victims: list[Callable[[], None]] = [*workers, *workers]
        victims += [self._kill_web_process, self._kill_server]
        if self._site.redis:
            victims.append(partial(_kill_redis, self._site.redis, chance.uniform(0, 0.5)))
        chance.choice(victims)()

    def kill_workers(self) -> None:
        """Kill all workers at once."""
        for which in (0, 1):
            self._kill_worker(which)

    def _kill_worker(self, which: int) -> None:
        os.kill(self._running[which], signal.SIGKILL)
        self._running[which] = self._start(self._commands[which])

    def _kill_web_process(self) -> None:
        server = self._running[2]
        for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)

    def _kill_server(self) -> None:
        os.killpg(self._running[2], signal.SIGKILL)
        until(partial(_has_ended, self._running[2]))
        self._running[2] = self._start(self._commands[2])

    def stop(self) -> None:
        """Stop all, and wait until they have ended."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        for process in self._running:
            until(partial(_has_ended, process))


def _kill_redis(redis: Redis, pause_s: float) -> None:
    redis.process.kill()
    redis.process.wait()
    time.sleep(pause_s)
    redis.start()


def _has_ended(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


@contextmanager
def running_processes(site: Site, log: Path) -> Iterator[Processes]:
    with (
        log.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.nursery"],
            cwd=ROOT,
            env={**site.shell.environment, "DJANGO_SETTINGS_MODULE": "tests.jobs.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        ) as nursery,
    ):
        processes = Processes(nursery, site)
        try:
            yield processes
        finally:
            processes.stop()


@pytest.fixture(params=["sqlite", "postgres and redis"])
def site(
    tmp_path: Path, migrated: Path, demo_sentry: DemoSentry, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """A site with two people, and a Sentry that takes its time."""
    for number, customer in enumerate(LIST[:3]):
        demo_sentry.world.add_event(
            user_id=customer,
            timestamp=MOMENT + timedelta(seconds=number),
            project="web",
            exception=("PaymentDeclined", "Card declined"),
            release=f"shop@2.{number % 2}.0",
        )
    demo_sentry.settings.change({"latency_s": 0.1, "rate_limit": 1_000_000})
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        variables = environment(
            tmp_path,
            SENTRY_BASE_URL=demo_sentry.url,
            SENTRY_AUTH_TOKEN="demo-token",
            SENTRY_ORG="acme",
            TRIAGE_WEBHOOK_URL=receiver.url,
            TRIAGE_WEBHOOK_SECRET=SECRET,
        )
        redis: Redis | None = None
        database: Any = None
        if request.param == "sqlite":
            copyfile(migrated, tmp_path / DATABASE)
            database = sqlite3.connect(tmp_path / DATABASE, isolation_level=None)
        else:
            postgres: Postgres = request.getfixturevalue("postgres")
            redis = Redis(tmp_path)
            stack.callback(redis.stop)
            variables |= {"DATABASE_URL": postgres.migrated(), "REDIS_URL": redis.url}
            database = psycopg.connect(variables["DATABASE_URL"], autocommit=True)
        stack.enter_context(closing(database))
        shell = Shell(tmp_path, demo_sentry.url)
        shell.environment = variables
        made = shell.run("shell", "-v", "0", "-c", _PEOPLE)
        assert made.returncode == 0, made.stderr
        yield Site(
            lambda sql: database.execute(sql).fetchall(), shell, receiver, demo_sentry, redis
        )


_OPEN = "jobs_job WHERE kind NOT LIKE 'periodic.%' AND state IN ('waiting', 'running')"


def wait_for_the_end(site: Site) -> None:
    """Wait until nothing is left to do, which must not take longer than a lease."""
    give_up = time.monotonic() + STUCK_S
    while stuck := site.query(f"SELECT kind, state, tries, problem FROM {_OPEN}"):  # noqa: S608
        assert time.monotonic() < give_up, stuck
        time.sleep(0.1)


def test_nothing_is_lost_done_twice_or_stuck(site: Site, tmp_path: Path) -> None:
    chance = random.Random(20)  # noqa: S311 - the same moments in every run
    with running_processes(site, tmp_path / "log") as processes, ThreadPoolExecutor(1) as pool:
        lea = Lea(site)
        lea.sign_in()
        for _round in range(ROUNDS):
            is_over = False
            working = pool.submit(lea.work, lambda: is_over)  # noqa: B023 - this round's
            for _kill in range(KILLS):
                time.sleep(chance.uniform(0.2, 1.2))
                processes.kill_one(chance)
            is_over = True
            working.result()
            wait_for_the_end(site)
    assert max(site.statuses) < 500, site.statuses
    assert min(map(len, (site.lookups, site.lists, site.drafts, site.shared))) > ROUNDS // 2
    assert site.number("jobs_job WHERE tries > 1"), "no kill met a running job"
    check_jobs(site)
    check_lists(site)
    check_drafts(site)
    shares = site.number("lookups_lookupshare WHERE ended_at IS NULL")
    assert shares == len(set(site.shared))
    assert site.number("lookups_lookup") >= len(set(site.lookups)) == len(site.lookups)
    assert site.shell.run("verify_audit").returncode == 0


def check_jobs(site: Site) -> None:
    states = site.query("SELECT DISTINCT state FROM jobs_job WHERE kind NOT LIKE 'periodic.%'")
    assert states == [("done",)]
    assert not site.query("SELECT kind FROM jobs_job GROUP BY kind, key HAVING count(*) > 1")


def check_lists(site: Site) -> None:
    """Each list is answered, recorded once per customer, and there is one incident for it."""
    incidents = site.number("incidents_incident")
    assert incidents == len(set(site.lists)) == len(site.lists)
    assert not site.number("incidents_incident WHERE finished_at IS NULL")
    assert not site.number("incidents_incidentline WHERE sealed_finding IS NULL")
    recorded = "audit_entry WHERE action = 'looked_up' AND target LIKE 'incident %'"
    assert site.number(recorded) == incidents * len(LIST)


def check_drafts(site: Site) -> None:
    """Each draft arrives under one ID, by which receivers leave out what is sent again."""
    arrived = {one["data"]["id"]: one["data"]["text"] for one in site.receiver.messages}
    assert set(site.drafts) <= set(arrived.values())
    assert len(set(arrived.values())) == len(arrived)
    assert site.number("answers_handover WHERE state = 'sent'") == len(arrived)
    assert site.number("answers_handover") == len(arrived)


@pytest.mark.parametrize("site", ["postgres and redis"], indirect=True)
def test_a_list_goes_its_whole_way_on_many_machines(site: Site, tmp_path: Path) -> None:
    """From the form to the erasure of a customer, with workers that die in the middle."""
    at = MOMENT.astimezone(ZoneInfo("Asia/Kolkata")).isoformat()
    form = {"customers": "\n".join(LIST), "at": at, "zone": "Asia/Kolkata", "window": "10"}
    with running_processes(site, tmp_path / "log") as processes:
        lea = Lea(site)
        lea.sign_in()
        assert "5 customers to look up" in lea.send("/incidents/", form).text
        site.sentry.settings.change({"latency_s": 1.0})
        address = lea.send("/incidents/", {**form, "confirmed": "1"}).headers["Location"]
        until(lambda: site.number(f"{_OPEN} AND state = 'running'") == 2)
        processes.kill_workers()
        site.sentry.settings.change({"latency_s": 0.0})
        wait_for_the_end(site)
        assert site.number("jobs_job WHERE tries = 2") == 2

        def exported(suffix: str) -> str:
            reply = lea.send(f"{address}export.{suffix}")
            assert reply.status == 200
            return reply.text

        result = json.loads(exported("json"))
        assert (result["state"], result["complete"], result["answered"]) == ("finished", True, 5)
        assert [one["lines"] for one in result["failures"]] == [[1, 2, 3]]
        assert datetime.fromisoformat(result["window"]["moment"]) == MOMENT
        page = lea.send(address).text
        assert "The payment was declined." in page
        assert "The payment was declined." in exported("md")
        rows = list(csv.DictReader(io.StringIO(exported("csv"))))
        assert [row["line"] for row in rows] == ["1", "2", "3", "4", "5"]
        assert [row["releases"] for row in rows[:3]] == ["shop@2.0.0", "shop@2.1.0", "shop@2.0.0"]

        site.sentry.settings.change({"latency_s": 1.0})
        longer = {**form, "customers": "\n".join(map(str, range(1001, 1351))), "confirmed": "1"}
        canceled = lea.send("/incidents/", longer).headers["Location"]
        until(lambda: bool(site.number(f"{_OPEN} AND state = 'running'")))
        assert lea.send(f"{canceled}cancel/", {}).status == 303
        assert not site.number(_OPEN)
        site.sentry.settings.change({"latency_s": 0.0})
        assert json.loads(lea.send(f"{canceled}export.json").text)["state"] == "cancelled"

        erased = site.shell.run("forget_customer", "--yes", stdin="1001\n")
        assert erased.returncode == 0, erased.stderr
        result = json.loads(exported("json"))
        assert [one["lines"] for one in result["failures"]] == [[2, 3]]
        assert "1001" not in lea.send(address).text
        assert site.number("incidents_incidentline WHERE sealed_customer IS NULL") == 2
        assert site.shell.run("verify_audit").returncode == 0
        assert not site.number("pg_stat_activity WHERE state LIKE 'idle in transaction%'")
