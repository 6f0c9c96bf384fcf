"""Many who ask the same at the same moment cost what one costs: threads, and processes."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connections

from apps.demo.server import DemoSentry
from apps.lookups.access import Asker
from apps.lookups.models import Lookup, Origin
from apps.lookups.records import record_lookup
from apps.lookups.services import answer_lookup
from tests.conftest import MOMENT, question
from tests.lookups.test_redis import Redis
from tests.shell import Shell

AGENTS = 50
PROCESSES = 4
AT = MOMENT.isoformat()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """Redis on a free port, empty."""
    server = Redis(tmp_path)
    yield server
    server.stop()


def two_customers_alike(demo: DemoSentry) -> None:
    """Customers 1001 and 1002 have twelve events each, in the same four issues."""
    for customer in ("1001", "1002"):
        for place in range(12):
            demo.world.add_event(
                user_id=customer,
                timestamp=MOMENT + timedelta(seconds=place),
                issue=f"Issue {place % 4}",
            )


def calls_for_events(demo: DemoSentry) -> Counter[str]:
    """The calls by path; the projects are looked up once and cached, so they are left out."""
    return Counter(call.path for call in demo.calls if not call.path.endswith("/projects/"))


@pytest.mark.django_db(transaction=True)
def test_fifty_agents_at_once_cost_the_calls_of_one(connected: DemoSentry, agent: User) -> None:
    two_customers_alike(connected)

    def recorded(customer: str) -> Lookup:
        return record_lookup(
            question(customer),
            asker=Asker(Origin.WEB, agent),
            typed=customer,
            zone=ZoneInfo("UTC"),
        )

    first = answer_lookup(recorded("1001")).lookup
    one = calls_for_events(connected)
    lookups = [recorded("1002") for _ in range(AGENTS)]
    connected.clear()
    connected.latency_s = 0.1
    together = Barrier(AGENTS)

    def open_it(lookup: Lookup) -> tuple[bool, frozenset[str]]:
        try:
            together.wait()
            answer = answer_lookup(lookup).answer
            return answer.complete, frozenset(event.id for event in answer.events)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AGENTS) as pool:
        answers = set(pool.map(open_it, lookups))
    ((complete, events),) = answers
    assert complete
    assert len(events) == 12
    assert calls_for_events(connected) == one
    assert Lookup.objects.filter(from_cache=False, pk__gt=first.pk).count() == 1


def test_four_processes_at_once_cost_the_calls_of_one(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    two_customers_alike(demo_sentry)

    def ask(customer: str) -> tuple[int, str, str]:
        alone = {"REDIS_URL": redis_server.url, "TRIAGE_SIGNALS": "none"}  # these may come late
        done = shell.lookup(customer, "--at", AT, "--format", "json", **alone)
        return done.returncode, done.stdout, done.stderr

    ask("1001")
    one = calls_for_events(demo_sentry)
    demo_sentry.clear()
    demo_sentry.latency_s = 1.0
    with ThreadPoolExecutor(PROCESSES) as pool:
        runs = list(pool.map(ask, ["1002"] * PROCESSES))
    assert {(code, said) for code, _out, said in runs} == {(0, "")}
    answers = [json.loads(out) for _code, out, _said in runs]
    assert {len(answer["events"]) for answer in answers} == {12}
    assert calls_for_events(demo_sentry) == one
    assert sorted(answer["from_cache"] for answer in answers) == [False] + [True] * (PROCESSES - 1)


def most_at_once(demo: DemoSentry) -> int:
    """How many calls were answered side by side at most."""
    spans = [(call.started, call.started + call.ms / 1000) for call in demo.calls]
    return max(sum(start <= at < end for start, end in spans) for at, _end in spans)


def test_processes_that_share_a_token_send_four_calls_at_a_time(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    for customer in range(4):
        for place in range(6):
            demo_sentry.world.add_event(
                user_id=str(customer),
                timestamp=MOMENT + timedelta(seconds=place),
                issue=f"Issue {place}",
            )
    demo_sentry.latency_s = 0.3

    def ask(customer: int) -> int:
        options = ("--at", AT, "--format", "json")
        # A signal that is given up still runs at the server: a call more, for a moment.
        told = {"REDIS_URL": redis_server.url, "TRIAGE_SIGNALS": "none"}
        return shell.lookup(str(customer), *options, **told).returncode

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [0] * 4
    assert most_at_once(demo_sentry) == 4


def test_a_redis_that_dies_between_two_lookups_costs_the_sharing_and_not_the_answer(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    two_customers_alike(demo_sentry)
    first = shell.lookup("1001", "--at", AT, "--format", "json", REDIS_URL=redis_server.url)
    redis_server.process.kill()
    redis_server.process.wait()
    second = shell.lookup("1001", "--at", AT, "--format", "json", REDIS_URL=redis_server.url)
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    before, after = json.loads(first.stdout), json.loads(second.stdout)
    assert after["from_cache"] is False
    assert after["events"] == before["events"]


def test_a_redis_that_dies_in_the_middle_of_a_lookup_does_not_take_it_along(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    two_customers_alike(demo_sentry)
    demo_sentry.latency_s = 0.5
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(
            shell.lookup, "1001", "--at", AT, "--format", "json", REDIS_URL=redis_server.url
        )
        while not (demo_sentry.calls or asking.done()):
            time.sleep(0.02)
        redis_server.process.kill()
        redis_server.process.wait()
        done = asking.result()
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["complete"], len(answer["events"])) == (True, 12)


def test_first_lookups_at_the_same_moment_prepare_the_database_together(
    fresh_shell: Shell, demo_sentry: DemoSentry
) -> None:
    """Nobody ran `migrate` yet: the command line promises to work without."""
    two_customers_alike(demo_sentry)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _one: fresh_shell.lookup("1001", "--at", AT), range(4)))
    assert [(done.returncode, done.stderr[-300:]) for done in runs] == [(0, "")] * 4
