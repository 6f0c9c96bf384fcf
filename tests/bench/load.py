"""Measure the site under many people, undisturbed and while a part of it fails.

`python -m tests.bench.load --people 200 --seconds 60` starts gunicorn as the README does, with
PostgreSQL, Redis, and the demo Sentry in a process of its own, and stops them at the end. Each
fault begins after a third of its run and ends after two thirds. The status is 1 if a request
failed without a plain page, or if a lookup was lost or answered twice.
"""

import argparse
import os
import platform
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import psycopg

from tests.attacks.production import environment
from tests.bench.crowd import CUSTOMERS, CUT_OFF, PASSWORD, Browser, Person, Sample
from tests.bench.sentry_process import ORGANIZATION, TOKEN, Sentry, running_sentry
from tests.postgres import Cluster, Postgres, running_cluster
from tests.servers import Redis, running_gunicorn
from tests.shell import Shell

LATENCY_S = 0.1
HEALTH_S = 0.2
PROCESSES = 2
_EVERYTHING = "."
_PEOPLE = """
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from apps.accounts.models import ApiToken
from apps.accounts.tokens import set_new_token
password, agents = make_password({password!r}), Group.objects.get(name="agent")
for number in range({people}):
    user = User.objects.create(username=f"person-{{number}}", password=password)
    user.groups.add(agents)
    record = ApiToken(name="load", user=user, scopes=["lookup", "read"])
    print(set_new_token(record))
    record.save()
"""


@dataclass(frozen=True)
class Site:
    """The running parts of a site."""

    port: int
    gunicorn: int
    database: str
    cluster: Cluster
    redis: Redis
    sentry: Sentry
    log: Path

    def web_processes(self) -> list[int]:
        """Return the process IDs of gunicorn's web processes."""
        children = Path(f"/proc/{self.gunicorn}/task/{self.gunicorn}/children")
        return [int(pid) for pid in children.read_text().split()]

    def forget_freshness(self) -> None:
        """Keep earlier results from being used again."""
        with psycopg.connect(self.database) as connection:
            connection.execute("UPDATE lookups_lookup SET cached_until = NULL")

    def rows(self) -> int:
        """Return how many lookups are recorded."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute("SELECT count(*) FROM lookups_lookup").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def running_site(people: int) -> Iterator[tuple[Site, list[Person]]]:
    """Run a site with accounts and API tokens for these people."""
    with (
        TemporaryDirectory() as name,
        running_cluster() as cluster,
        running_sentry() as sentry,
    ):
        folder = Path(name)
        redis = Redis(folder)
        shell = Shell(folder, sentry.url)
        database = Postgres(cluster.url, folder).migrated()
        shell.environment |= environment(
            folder,
            DATABASE_URL=database,
            REDIS_URL=redis.url,
            SENTRY_BASE_URL=sentry.url,
            SENTRY_AUTH_TOKEN=TOKEN,
            SENTRY_ORG=ORGANIZATION,
        )
        made = shell.run("shell", "-v", "0", "-c", _PEOPLE.format(people=people, password=PASSWORD))
        assert made.returncode == 0, made.stderr
        options = ("--workers", str(PROCESSES), "--threads", "32", "--timeout", "60")
        log = folder / "server.log"
        try:
            with running_gunicorn(shell.environment, log, *options) as (port, process):
                crowd = [
                    Person(port, number, people, token)
                    for number, token in enumerate(made.stdout.split())
                ]
                yield Site(port, process.pid, database, cluster, redis, sentry, log), crowd
        finally:
            redis.stop()


# Faults: what begins and what ends each, and what it excuses.


@dataclass(frozen=True)
class Fault:
    """What fails during the middle third of a run.

    `statuses` are those that it excuses if the page explains them. `times_asked` is how often it
    may make Sentry answer the same query.
    """

    name: str
    begin: Callable[[Site], None]
    end: Callable[[Site], None]
    statuses: frozenset[int] = frozenset()
    times_asked: int = 1


def _nothing(_site: Site) -> None:
    pass


def _kill_redis(site: Site) -> None:
    site.redis.process.kill()
    site.redis.process.wait()


def _freeze_redis(site: Site) -> None:
    site.redis.process.send_signal(signal.SIGSTOP)


def _thaw_redis(site: Site) -> None:
    site.redis.process.send_signal(signal.SIGCONT)


def _kill_web_process(site: Site) -> None:
    os.kill(site.web_processes()[0], signal.SIGKILL)


def _break_sentry(**fault: object) -> Callable[[Site], None]:
    return lambda site: site.sentry.fail({"path": _EVERYTHING, "times": None, **fault})


def _mend_sentry(site: Site) -> None:
    site.sentry.recover()


_BY_SENTRY = frozenset({502, 503, 504})
UNDISTURBED = Fault("undisturbed", _nothing, _nothing)
FAULTS = (
    Fault("Redis killed", _kill_redis, lambda site: site.redis.start()),
    Fault("Redis frozen", _freeze_redis, _thaw_redis),
    Fault(
        "PostgreSQL restarted",
        lambda site: site.cluster.stop(),
        lambda site: site.cluster.start(),
        frozenset({503}),
        times_asked=2,
    ),
    Fault("Sentry hung", _break_sentry(delay_s=120), _mend_sentry, _BY_SENTRY, times_asked=9),
    Fault("Sentry answers 429", _break_sentry(status=429), _mend_sentry, _BY_SENTRY, times_asked=9),
    Fault("web process killed", _kill_web_process, _nothing, frozenset({CUT_OFF}), times_asked=2),
)


# A run and its report.


@dataclass(frozen=True)
class Run:
    """What people met during one fault."""

    fault: Fault
    failed_at: float
    seconds: float
    samples: Sequence[Sample]
    health: Sequence[Sample]
    accepted: int
    attempts: int
    rows: int
    lost: Sequence[str]
    times_asked: Counter[int]

    @property
    def rate(self) -> float:
        """Return the requests per second."""
        return len(self.samples) / self.seconds

    def percentiles(self) -> tuple[float, float, float, float]:
        """Return p50, p95, p99, and the maximum, in seconds."""
        cuts = quantiles((sample.seconds for sample in self.samples), n=100, method="inclusive")
        return cuts[49], cuts[94], cuts[98], max(sample.seconds for sample in self.samples)

    def unexcused(self) -> Counter[tuple[int, str]]:
        """Return the failures that neither the fault excuses nor a plain page explains.

        A health check has no page, so it must never fail.
        """
        return Counter((sample.status, sample.kind) for sample in self.unexcused_samples())

    def unexcused_samples(self) -> Iterator[Sample]:
        """Yield the requests that failed so."""
        for sample in (*self.samples, *self.health):
            if (sample.status >= 500 or sample.status == CUT_OFF) and not self._is_excused(sample):
                yield sample

    def _is_excused(self, sample: Sample) -> bool:
        if sample.status not in self.fault.statuses:
            return False
        if sample.status == CUT_OFF:  # only what was open when the fault began
            ended = sample.began + sample.seconds
            return sample.began < self.failed_at + 1 and ended < self.failed_at + 10
        return sample.is_plain

    def checks(self) -> list[tuple[str, bool]]:
        """Return what must be true of every run, and whether it is."""
        failures, often = self.unexcused(), max(self.times_asked, default=0)
        doubled = self.accepted > self.rows or self.rows > self.attempts
        return [
            (f"no failure without a plain page: {dict(failures) or 'none'}", not failures),
            (f"no lookup lost: {len(self.lost)} of {self.accepted}", not self.lost),
            (f"one record each: {self.rows} of {self.attempts} sent", not doubled),
            (
                f"one question, one answer by Sentry: {dict(sorted(self.times_asked.items()))}",
                often <= self.fault.times_asked,
            ),
        ]


def run(site: Site, crowd: Sequence[Person], fault: Fault, seconds: float, pause_s: float) -> Run:
    """Let everyone work for this time while the fault comes and goes."""
    site.redis.client.flushall()
    site.forget_freshness()
    _wait_until_ready(site)
    site.sentry.forget_calls()
    before = site.rows()
    health, stopped, over = Browser(site.port, "192.0.2.1"), threading.Event(), time.monotonic()
    began, over = over, over + seconds
    watch = threading.Thread(target=_watch_health, args=(health, stopped))
    watch.start()
    for person in crowd:
        person.browser.samples.clear()
    with ThreadPoolExecutor(len(crowd)) as pool:
        working = [pool.submit(person.work, over, pause_s) for person in crowd]
        time.sleep(max(0.0, began + seconds / 3 - time.monotonic()))
        failed_at = time.monotonic()
        fault.begin(site)
        time.sleep(max(0.0, began + seconds * 2 / 3 - time.monotonic()))
        fault.end(site)
        for future in working:
            future.result()
    elapsed = time.monotonic() - began
    stopped.set()
    watch.join()
    samples = [sample for person in crowd for sample in person.browser.samples]
    with ThreadPoolExecutor(16) as pool:
        lost = [lookup for some in pool.map(Person.settle, crowd) for lookup in some]
    return Run(
        fault=fault,
        failed_at=failed_at,
        seconds=elapsed,
        samples=samples,
        health=health.samples,
        accepted=sum(len(person.accepted) for person in crowd),
        attempts=sum(person.attempts for person in crowd),
        rows=site.rows() - before,
        lost=lost,
        times_asked=Counter(site.sentry.answered_lists().values()),
    )


def _watch_health(browser: Browser, stopped: threading.Event) -> None:
    while not stopped.wait(0.2):
        browser.send("/healthz", kind="health")


def _wait_until_ready(site: Site) -> None:
    """Wait until all processes use the database, Redis, and Sentry again."""
    probe, ready = Browser(site.port, "192.0.2.2"), 0
    give_up = time.monotonic() + 180
    while ready < 10:
        assert time.monotonic() < give_up, site.log.read_text()[-5000:]
        reply = probe.send("/readyz")
        ready = ready + 1 if reply.text.count('"ok"') == 3 else 0
        time.sleep(0.1 if ready else 1.0)


def _table(runs: Sequence[Run]) -> None:
    usual = runs[0]
    print(
        "\n                          requests/s      p50          p95          p99          max"
        "    health  statuses"
    )
    for one in runs:
        times = " ".join(
            f"{mine:6.2f} x{mine / theirs:4.1f}"
            for mine, theirs in zip(one.percentiles(), usual.percentiles(), strict=True)
        )
        slowest = max((sample.seconds for sample in one.health), default=0.0)
        statuses = Counter(sample.status for sample in one.samples)
        print(
            f"  {one.fault.name:22} {one.rate:6.1f} x{one.rate / usual.rate:4.1f} {times}"
            f" {slowest:7.2f}  {dict(sorted(statuses.items()))}"
        )
    print("\n  Seconds; x: compared with the undisturbed run; health: its slowest response.")


def _by_kind(one: Run) -> None:
    print(f"\n  {one.fault.name}, by kind: requests, p50, max")
    samples = sorted(one.samples, key=lambda sample: sample.kind)
    for kind, some in groupby(samples, key=lambda sample: sample.kind):
        times = sorted(sample.seconds for sample in some)
        print(f"    {kind:10} {len(times):6} {times[len(times) // 2]:7.2f} {times[-1]:7.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=4, help="seconds between two clicks")
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", action="append", choices=names, help="these faults")
    return parser.parse_args()


def main() -> int:
    """Print the figures and checks of each run. Return 1 if a check failed."""
    chosen = _arguments()
    busy = os.getloadavg()[0]
    print(
        f"{chosen.people} people, {chosen.seconds:.0f} s a run, {os.cpu_count()} CPUs (load "
        f"{busy:.1f} before), Python {platform.python_version()}, Sentry {LATENCY_S * 1000:.0f} ms"
    )
    faults = [fault for fault in FAULTS if not chosen.only or fault.name in chosen.only]
    with running_site(chosen.people) as (site, crowd):
        began = time.monotonic()
        sign_in(crowd)
        print(f"{len(crowd)} signed in within {time.monotonic() - began:.0f} s")
        lay_out(site.sentry)
        runs = []
        for fault in (UNDISTURBED, *faults):
            runs.append(run(site, crowd, fault, chosen.seconds, chosen.pause))
            print(f"\n{fault.name}")
            for what, is_met in runs[-1].checks():
                print(f"  {'ok    ' if is_met else 'MISSED'}  {what}")
            for said, times in Counter(one.said for one in runs[-1].unexcused_samples()).items():
                print(f"          {times} times: {said!r}")
        errors = Counter(
            line[26:] for line in site.log.read_text().splitlines() if " ERROR " in line
        )
        for line, times in errors.most_common(10):
            print(f"  log, {times} times: {line}")
    _table(runs)
    _by_kind(runs[0])
    slowest = max(sample.seconds for sample in runs[0].health)
    verdict = "ok" if slowest <= HEALTH_S else "MISSED (busy machine?)"
    print(f"\n  {verdict}  health within {HEALTH_S} s, undisturbed: {slowest:.2f}")
    return 0 if all(is_met for one in runs for _what, is_met in one.checks()) else 1


def sign_in(crowd: Sequence[Person]) -> None:
    """Sign everyone in, a few at a time, as in the morning."""
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(Person.sign_in, crowd))


def lay_out(sentry: Sentry) -> None:
    """Give every customer twelve events in three issues, and let Sentry take its time."""
    for number in range(CUSTOMERS):
        sentry.lay_out(f"customer-{number}", 12, 3)
    sentry.set_latency(LATENCY_S)
    sentry.lift_limit()


if __name__ == "__main__":
    raise SystemExit(main())
