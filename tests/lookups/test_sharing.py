"""Stale answers, narrower windows, shared failures and rate limits, and the circuit breaker."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connections

from apps.events.answer import Answer, NoticeCode
from apps.events.query import Question
from apps.lookups import cache as lookups_cache
from apps.lookups import single_flight, store
from apps.lookups.access import Requester
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.problems import LookupFailed
from apps.lookups.records import record_lookup
from apps.lookups.services import answer_lookup
from apps.lookups.single_flight import run_once
from apps.lookups.throttling import FAILURES_TO_OPEN
from apps.sentry.errors import SentryCrowded
from tests.conftest import MOMENT, question
from tests.demo_sentry import DemoSentry

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(agent: User, connected: DemoSentry) -> Callable[..., Answer]:
    """Return a function that looks up as Ana. Customer 1 has five events, a minute apart."""
    for minutes in (-4, -2, 0, 2, 4):
        connected.world.add_event(
            user_id="1", timestamp=MOMENT + timedelta(minutes=minutes), issue=f"Issue {minutes}"
        )

    def look_up(query: Question, *, fresh: bool = False) -> Answer:
        lookup = record_lookup(
            query,
            requester=Requester(Origin.WEB, agent),
            typed=query.customer.identifier,
            zone=ZoneInfo("UTC"),
            fresh=fresh,
        )
        return answer_lookup(lookup).answer

    return look_up


def fail(demo: DemoSentry, **fault: object) -> None:
    demo.fail("/acme/", times=None, **fault)


def failure(ask: Callable[..., Answer], query: Question, *, fresh: bool = False) -> str:
    with pytest.raises(LookupFailed) as failed:
        ask(query, fresh=fresh)
    return failed.value.problem.code


def test_a_window_inside_a_cached_one_costs_no_call(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    connected.clear()
    inside = ask(question("1", minutes=2, moment=MOMENT + timedelta(minutes=1)))
    offsets = [(event.timestamp - MOMENT).total_seconds() / 60 for event in inside.events]
    assert offsets == [2, 0]
    assert len(inside.issues) == 2
    assert inside.events_total == 2
    assert inside.complete
    assert connected.calls == []


def test_a_window_beyond_a_cached_one_is_queried(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    connected.clear()
    ask(question("1", minutes=4, moment=MOMENT + timedelta(minutes=2)))
    assert connected.calls


def test_another_customer_is_never_answered_from_a_cached_window(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    assert ask(question("2", minutes=2)).events == ()


def test_an_incomplete_answer_is_not_used_for_narrower_windows(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    connected.fail(r"/issues/\d+/events/", times=None, status=403)
    ask(question("1"))
    connected.clear()
    ask(question("1", minutes=2))
    assert connected.calls


def test_a_failure_returns_the_stale_answer_with_age_and_reason(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    fail(connected, status=500)
    stale = ask(question("1"), fresh=True)
    assert len(stale.events) == 5
    assert not stale.complete
    assert stale.notices[0].code == NoticeCode.STALE
    assert "old" in stale.notices[0].message
    assert "having problems of its own" in stale.notices[0].message
    lookup = Lookup.objects.latest("pk")
    assert (lookup.outcome, lookup.problem) == (Outcome.INCOMPLETE, "server_error")


def test_a_stale_answer_is_not_stored_with_the_lookup(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    fail(connected, status=500)
    ask(question("1"), fresh=True)
    connected.clear()
    lookup = Lookup.objects.latest("pk")
    assert answer_lookup(lookup).answer.complete


def test_an_answer_that_is_no_longer_fresh_is_queried_again(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    key = Lookup.objects.latest("pk").cache_key
    content = lookups_cache.get_sealed_bytes(key)
    assert content is not None
    _until, _, answer = content.partition(b"\n")
    lookups_cache.put_sealed_bytes(key, MOMENT.isoformat().encode() + b"\n" + answer, 60)
    cached = store.get(key)
    assert cached is not None
    assert not cached.is_fresh
    connected.clear()
    ask(question("1"))
    assert connected.calls


def test_a_failure_never_returns_another_customers_answer(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    fail(connected, status=500)
    assert failure(ask, question("2")) == "server_error"


def test_a_rate_limit_makes_all_lookups_fail_fast(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    fail(connected, status=429, headers={"Retry-After": "120"})
    assert failure(ask, question("1")) == "rate_limited"
    connected.clear()
    with pytest.raises(LookupFailed) as failed:
        ask(question("2"))
    assert failed.value.problem.code == "rate_limited"
    assert 100 < (failed.value.problem.retry_after or 0) <= 120
    assert connected.calls == []


def test_a_used_up_rate_limit_is_respected(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    reset = str(int(time.time()) + 90)
    headers = {"X-Sentry-Rate-Limit-Remaining": "0", "X-Sentry-Rate-Limit-Reset": reset}
    connected.fail("/acme/events/", times=1, status=200, body='{"data": []}', headers=headers)
    ask(question("2"))
    assert failure(ask, question("1")) == "rate_limited"


def test_repeated_failures_open_the_circuit_until_a_probe_succeeds(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    fail(connected, status=503)
    codes = [failure(ask, question(f"x{place}")) for place in range(FAILURES_TO_OPEN + 1)]
    assert codes == ["server_error"] * FAILURES_TO_OPEN + ["resting"]
    connected.clear()
    assert failure(ask, question("y")) == "resting"
    assert connected.calls == []
    _end_the_pause()
    assert len(ask(question("1")).events) == 5
    assert ask(question("z")).complete


def test_a_failed_probe_extends_the_pause(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    fail(connected, status=503)
    for place in range(FAILURES_TO_OPEN):
        failure(ask, question(f"x{place}"))
    _end_the_pause()
    assert failure(ask, question("y")) == "server_error"
    with pytest.raises(LookupFailed) as failed:
        ask(question("z"))
    assert (failed.value.problem.retry_after or 0) > 15


def _end_the_pause() -> None:
    (key,) = [name for name in _keys() if name.endswith("/rest")]
    value = lookups_cache.get(key)
    assert isinstance(value, list)
    lookups_cache.put(key, [time.time() - 1, value[1]], 60)


def _keys() -> list[str]:
    from apps.lookups.cache import cache  # noqa: PLC0415 - only to read the local memory

    return [str(name).removeprefix(":1:") for name in cache._cache]


@pytest.mark.django_db(transaction=True)
def test_concurrent_lookups_share_a_failure(connected: DemoSentry, agent: User) -> None:
    connected.world.add_project("web")
    connected.settings.latency_s = 0.1
    connected.fail("/acme/events/", times=None, status=403)
    query = question("1")
    lookups = [
        record_lookup(
            query, requester=Requester(Origin.WEB, agent), typed="1", zone=ZoneInfo("UTC")
        )
        for _ in range(6)
    ]

    def open_it(lookup: Lookup) -> str:
        try:
            answer_lookup(lookup)
        except LookupFailed as failed:
            return failed.problem.code
        finally:
            connections.close_all()
        return "answered"

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(open_it, lookups))
    assert codes == ["permission_missing"] * 6
    assert sum(call.path.endswith("/acme/events/") for call in connected.calls) == 1


def test_the_lease_of_a_dead_process_expires(db: None) -> None:
    """The lease of a process that died is never renewed, so it expires."""
    lookups_cache.add("answer/x/lease", "dead", 0.5)
    assert run_once("answer/x", ready=lambda: None, work=lambda: "mine") == "mine"


def test_work_that_takes_too_long_is_not_repeated_by_those_who_wait(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_flight, "PATIENCE_S", 0.1)
    lookups_cache.add("answer/z/lease", "another process", 60)
    with pytest.raises(SentryCrowded):
        run_once("answer/z", ready=lambda: None, work=lambda: "mine")


def test_work_longer_than_the_lease_runs_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_flight, "LEASE_S", 1.0)
    done: list[str] = []

    def ready() -> str | None:
        return done[0] if done else None

    def work() -> str:
        time.sleep(1.2)
        done.append("answer")
        return "answer"

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(run_once, "answer/y", ready=ready, work=work) for _ in range(4)]
        assert [future.result() for future in futures] == ["answer"] * 4
    assert done == ["answer"]


def test_a_rate_limit_blocks_only_its_endpoint(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    """Sentry limits each endpoint separately."""
    connected.fail(r"/acme/issues/[?]", times=None, status=429, headers={"Retry-After": "90"})
    assert ask(question("1")).has_notice(NoticeCode.SIGNAL_MISSING)
    again = ask(question("1"), fresh=True)
    assert len(again.events) == 5
    assert again.bodies_read == 5


def test_endpoints_without_their_own_limit_share_one(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    connected.fail(r"/issues/[0-9]+/events/", times=1, status=429, headers={"Retry-After": "90"})
    first = ask(question("1"))
    assert first.bodies_read < len(first.events)
    connected.clear()
    ask(question("1"), fresh=True)
    shared = [
        one.path for one in connected.calls if re.search(r"/events/[0-9a-f]|/issues/\d", one.path)
    ]
    assert shared == []
    assert not any("/replays/" in one.path for one in connected.calls)


def test_an_event_looked_up_by_id_is_found_outside_the_window(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    event = connected.world.add_event(user_id="9", timestamp=MOMENT)
    assert len(ask(question(event.id, minutes=120)).events) == 1
    outside = question(event.id, minutes=5, moment=MOMENT - timedelta(hours=1))
    assert [found.id for found in ask(outside).events] == [event.id]
