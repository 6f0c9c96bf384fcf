"""Concurrent lookups of one question need the calls of one, across threads and processes."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connections

from apps.lookups.access import Requester
from apps.lookups.models import Lookup, Origin
from apps.lookups.records import record_lookup
from apps.lookups.services import answer_lookup
from tests.conftest import MOMENT, question
from tests.demo_sentry import DemoSentry
from tests.servers import Redis
from tests.shell import Shell

AGENTS = 50
PROCESSES = 4
AT = MOMENT.isoformat()


def two_customers_alike(demo: DemoSentry) -> None:
    """Give customers 1001 and 1002 twelve events each, in the same four issues."""
    for customer in ("1001", "1002"):
        for place in range(12):
            demo.world.add_event(
                user_id=customer,
                timestamp=MOMENT + timedelta(seconds=place),
                issue=f"Issue {place % 4}",
            )


def calls_for_events(demo: DemoSentry) -> Counter[str]:
    """Return the calls by path, without those for projects, which are cached.

    Those for logs and spans come too late or not, by chance.
    """
    optional = (["logs"], ["spans"])
    return Counter(
        call.path
        for call in demo.calls
        if not call.path.endswith("/projects/") and call.query.get("dataset") not in optional
    )


@pytest.mark.django_db(transaction=True)
def test_fifty_agents_at_once_need_the_calls_of_one(connected: DemoSentry, agent: User) -> None:
    two_customers_alike(connected)

    def recorded(customer: str) -> Lookup:
        return record_lookup(
            question(customer),
            requester=Requester(Origin.WEB, agent),
            typed=customer,
            zone=ZoneInfo("UTC"),
        )

    first = answer_lookup(recorded("1001")).lookup
    one = calls_for_events(connected)
    lookups = [recorded("1002") for _ in range(AGENTS)]
    connected.clear()
    connected.settings.latency_s = 0.1
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


def test_four_processes_at_once_need_the_calls_of_one(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    two_customers_alike(demo_sentry)

    def look_up(customer: str) -> tuple[int, str, str]:
        alone = {"REDIS_URL": redis_server.url, "TRIAGE_SIGNALS": "none"}  # signals can come late
        done = shell.lookup(customer, "--at", AT, "--format", "json", **alone)
        return done.returncode, done.stdout, done.stderr

    look_up("1001")
    one = calls_for_events(demo_sentry)
    demo_sentry.clear()
    demo_sentry.settings.latency_s = 1.0
    with ThreadPoolExecutor(PROCESSES) as pool:
        runs = list(pool.map(look_up, ["1002"] * PROCESSES))
    assert {(code, err) for code, _out, err in runs} == {(0, "")}
    answers = [json.loads(out) for _code, out, _err in runs]
    assert {len(answer["events"]) for answer in answers} == {12}
    assert calls_for_events(demo_sentry) == one
    assert sorted(answer["from_cache"] for answer in answers) == [False] + [True] * (PROCESSES - 1)


def most_at_once(demo: DemoSentry) -> int:
    """Return the highest number of concurrent calls."""
    spans = [(call.started, call.started + call.ms / 1000) for call in demo.calls]
    return max(sum(start <= at < end for start, end in spans) for at, _end in spans)


def test_processes_with_one_token_send_four_calls_at_a_time(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    for customer in range(4):
        for place in range(6):
            demo_sentry.world.add_event(
                user_id=str(customer),
                timestamp=MOMENT + timedelta(seconds=place),
                issue=f"Issue {place}",
            )
    demo_sentry.settings.latency_s = 0.3

    def look_up(customer: int) -> int:
        options = ("--at", AT, "--format", "json")
        # A signal that is given up still runs at the server: a call more, for a moment.
        environment = {"REDIS_URL": redis_server.url, "TRIAGE_SIGNALS": "none"}
        return shell.lookup(str(customer), *options, **environment).returncode

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(look_up, range(4))) == [0] * 4
    assert most_at_once(demo_sentry) == 4


def test_redis_dying_between_two_lookups_costs_no_calls(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    two_customers_alike(demo_sentry)
    first = shell.lookup("1001", "--at", AT, "--format", "json", REDIS_URL=redis_server.url)
    redis_server.process.kill()
    redis_server.process.wait()
    second = shell.lookup("1001", "--at", AT, "--format", "json", REDIS_URL=redis_server.url)
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    before, after = json.loads(first.stdout), json.loads(second.stdout)
    assert after["from_cache"] is True
    assert after["events"] == before["events"]


def test_redis_dying_during_a_lookup_does_not_break_it(
    shell: Shell, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    two_customers_alike(demo_sentry)
    demo_sentry.settings.latency_s = 0.5
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            shell.lookup, "1001", "--at", AT, "--format", "json", REDIS_URL=redis_server.url
        )
        while not (demo_sentry.calls or running.done()):
            time.sleep(0.02)
        redis_server.process.kill()
        redis_server.process.wait()
        done = running.result()
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["complete"], len(answer["events"])) == (True, 12)


def test_simultaneous_first_lookups_migrate_the_database_once(
    fresh_shell: Shell, demo_sentry: DemoSentry
) -> None:
    """Nobody ran `migrate` yet; the command line works without it."""
    two_customers_alike(demo_sentry)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _one: fresh_shell.lookup("1001", "--at", AT), range(4)))
    assert [(done.returncode, done.stderr[-300:]) for done in runs] == [(0, "")] * 4
