"""Stale answers, narrower windows, shared failures and limits, and rest for a failing Sentry."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connections

from apps.demo.server import DemoSentry
from apps.events.answer import Answer, NoticeCode
from apps.events.query import Question
from apps.lookups import cache as lookups_cache
from apps.lookups import store
from apps.lookups.access import Asker
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.problems import LookupFailed
from apps.lookups.records import record_lookup
from apps.lookups.services import answer_lookup
from apps.lookups.single_flight import share
from apps.lookups.throttling import FAILURES_TO_REST
from tests.conftest import MOMENT, question

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(agent: User, connected: DemoSentry) -> Callable[..., Answer]:
    """Asks as Ana; the answer to customer 1 holds five events, a minute apart."""
    for minutes in (-4, -2, 0, 2, 4):
        connected.world.add_event(
            user_id="1", timestamp=MOMENT + timedelta(minutes=minutes), issue=f"Issue {minutes}"
        )

    def asked(which: Question, *, fresh: bool = False) -> Answer:
        lookup = record_lookup(
            which,
            asker=Asker(Origin.WEB, agent),
            typed=which.customer.identifier,
            zone=ZoneInfo("UTC"),
            fresh=fresh,
        )
        return answer_lookup(lookup).answer

    return asked


def fail(demo: DemoSentry, **fault: object) -> None:
    demo.fail("/acme/", times=None, **fault)


def failure(ask: Callable[..., Answer], which: Question, *, fresh: bool = False) -> str:
    with pytest.raises(LookupFailed) as failed:
        ask(which, fresh=fresh)
    return failed.value.problem.code


def test_a_window_inside_one_that_is_held_costs_no_call(
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


def test_a_window_that_reaches_out_of_what_is_held_is_asked(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    connected.clear()
    ask(question("1", minutes=4, moment=MOMENT + timedelta(minutes=2)))
    assert connected.calls


def test_another_customer_is_never_answered_from_a_held_window(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    assert ask(question("2", minutes=2)).events == ()


def test_an_incomplete_answer_is_no_source_for_narrower_windows(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    connected.fail(r"/issues/\d+/events/", times=None, status=403)
    ask(question("1"))
    connected.clear()
    ask(question("1", minutes=2))
    assert connected.calls


def test_when_sentry_fails_the_last_answer_is_given_with_its_age_and_the_reason(
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


def test_a_stale_answer_is_not_kept_as_the_lookups_own(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    fail(connected, status=500)
    ask(question("1"), fresh=True)
    connected.clear()
    lookup = Lookup.objects.latest("pk")
    assert answer_lookup(lookup).answer.complete


def test_an_answer_past_its_freshness_is_asked_anew(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    key = Lookup.objects.latest("pk").cache_key
    content = lookups_cache.get_sealed_bytes(key)
    assert content is not None
    _until, _, answer = content.partition(b"\n")
    lookups_cache.put_sealed_bytes(key, MOMENT.isoformat().encode() + b"\n" + answer, 60)
    kept = store.get(key)
    assert kept is not None
    assert not kept.is_fresh
    connected.clear()
    ask(question("1"))
    assert connected.calls


def test_another_customers_answer_never_stands_in(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    ask(question("1"))
    fail(connected, status=500)
    assert failure(ask, question("2")) == "server_error"


def test_a_limit_that_one_met_makes_all_fail_fast_with_the_time_to_wait(
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


def test_a_limit_that_is_used_up_is_heeded_before_it_is_broken(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    reset = str(int(time.time()) + 90)
    headers = {"X-Sentry-Rate-Limit-Remaining": "0", "X-Sentry-Rate-Limit-Reset": reset}
    connected.fail("/acme/events/", times=1, status=200, body='{"data": []}', headers=headers)
    ask(question("2"))
    assert failure(ask, question("1")) == "rate_limited"


def test_after_repeated_failures_sentry_is_left_alone_and_one_probe_opens_it_again(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    fail(connected, status=503)
    codes = [failure(ask, question(f"x{place}")) for place in range(FAILURES_TO_REST + 1)]
    assert codes == ["server_error"] * FAILURES_TO_REST + ["resting"]
    connected.clear()
    assert failure(ask, question("y")) == "resting"
    assert connected.calls == []
    _end_the_rest()
    assert len(ask(question("1")).events) == 5
    assert ask(question("z")).complete


def test_a_probe_that_fails_lengthens_the_rest(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    fail(connected, status=503)
    for place in range(FAILURES_TO_REST):
        failure(ask, question(f"x{place}"))
    _end_the_rest()
    assert failure(ask, question("y")) == "server_error"
    with pytest.raises(LookupFailed) as failed:
        ask(question("z"))
    assert (failed.value.problem.retry_after or 0) > 15


def _end_the_rest() -> None:
    (key,) = [name for name in _keys() if name.endswith("/rest")]
    value = lookups_cache.get(key)
    assert isinstance(value, list)
    lookups_cache.put(key, [time.time() - 1, value[1]], 60)


def _keys() -> list[str]:
    from django.core.cache import cache  # noqa: PLC0415 - only to look into the local memory

    return [str(name).removeprefix(":1:") for name in cache._cache]  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
def test_who_waited_for_an_answer_that_failed_shares_the_failure(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_project("web")
    connected.latency_s = 0.1
    connected.fail("/acme/events/", times=None, status=403)
    asked = question("1")
    lookups = [
        record_lookup(asked, asker=Asker(Origin.WEB, agent), typed="1", zone=ZoneInfo("UTC"))
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


def test_a_dead_holder_of_the_lease_is_missed_soon(db: None) -> None:
    """The lease of a process that died is never renewed, so it ends by itself."""
    lookups_cache.add("answer/x/lease", "dead", 0.5)
    assert share("answer/x", ready=lambda: None, work=lambda: "mine") == "mine"


def test_work_longer_than_the_lease_is_still_done_once(db: None) -> None:
    done: list[str] = []

    def ready() -> str | None:
        return done[0] if done else None

    def work() -> str:
        time.sleep(1.2)
        done.append("answer")
        return "answer"

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(share, "answer/y", ready=ready, work=work) for _ in range(4)]
        assert [future.result() for future in futures] == ["answer"] * 4
    assert done == ["answer"]


def test_a_limit_on_one_endpoint_leaves_the_others_free(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    """Sentry limits each endpoint for itself."""
    connected.fail(r"/acme/issues/[?]", times=None, status=429, headers={"Retry-After": "90"})
    assert ask(question("1")).has_notice(NoticeCode.SIGNAL_MISSING)
    again = ask(question("1"), fresh=True)
    assert len(again.events) == 5
    assert again.bodies_read == 5


def test_an_event_given_by_its_id_is_not_lost_in_a_narrower_window(
    connected: DemoSentry, ask: Callable[..., Answer]
) -> None:
    event = connected.world.add_event(user_id="9", timestamp=MOMENT)
    assert len(ask(question(event.id, minutes=120)).events) == 1
    beside = question(event.id, minutes=5, moment=MOMENT - timedelta(hours=1))
    assert [found.id for found in ask(beside).events] == [event.id]
