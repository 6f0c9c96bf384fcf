"""Background lookups: progress, sharing of results and failures, cancellation."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from apps import redis_outage
from apps.events.answer import Answer
from apps.lookups import cache, services, store
from apps.lookups.background import (
    MAX_CONCURRENT,
    MAX_CONCURRENT_PER_PERSON,
    answer_soon,
    cancel_lookup,
    lookup_state,
)
from apps.lookups.models import Lease, Lookup, LookupState, Outcome, TypedCustomer
from apps.lookups.problems import BROKEN, LookupCancelled, LookupCrowded, LookupFailed
from apps.lookups.records import record_failure
from apps.lookups.services import answer_lookup, purge_answers
from apps.lookups.single_flight import is_leased, read_progress
from apps.lookups.throttling import FAILURES_TO_OPEN
from tests.conftest import MOMENT, lists_asked, person
from tests.demo_sentry import DemoSentry
from tests.lookups.background import end_all, recorded, state, until, wait_for_idle

pytestmark = pytest.mark.django_db(transaction=True)

Record = Callable[..., Lookup]
LONG_S = 20
SLOW_S = 1.5


@pytest.fixture
def record(agent: User, connected: DemoSentry) -> Iterator[Record]:
    """Return a function that records lookups by Ana.

    Customers 1 and 2 have four events each, in two problems.
    """
    for customer in ("1", "2"):
        for place in range(4):
            connected.world.add_event(
                user_id=customer,
                email="jane@example.com",
                message="jane@example.com paid",
                timestamp=MOMENT + timedelta(seconds=place),
                issue=f"Issue {place % 2}",
            )
    yield lambda *args, **options: recorded(agent, *args, **options)
    connected.stop()
    end_all()


def again(lookup: Lookup) -> Lookup:
    return Lookup.objects.get(pk=lookup.pk)


def hang(demo: DemoSentry, path: str = "/acme/events/", *, seconds: float = LONG_S) -> None:
    demo.fail(path, times=None, delay_s=seconds)


def shows_progress(lookup: Lookup, events: int) -> bool:
    return lookup_state(again(lookup), 0)[1].events_found == events


def test_a_quick_result_is_returned_directly(record: Record) -> None:
    result = answer_soon(record(), 10)
    assert result
    assert len(result.answer.events) == 4


def test_progress_is_reported_before_the_result_arrives(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected, r"/issues/\d+/events/")
    lookup = record()
    assert answer_soon(lookup, 0.01) is None
    until(lambda: shows_progress(lookup, 4))
    now, progress = lookup_state(again(lookup), 0)
    assert now == LookupState.RUNNING
    assert progress.problems == 2
    assert again(lookup).snapshot is None
    connected.faults.clear()
    until(lambda: state(lookup) == LookupState.DONE)
    result = answer_soon(again(lookup), 10)
    assert result
    assert result.answer.complete
    assert lists_asked(connected) == 1


def test_progress_contains_only_id_time_and_level_of_events(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected, r"/issues/\d+/events/")
    lookup = record()
    answer_soon(lookup, 0.01)
    until(lambda: shows_progress(lookup, 4))
    value = str(cache.get_sealed_bytes(store.progress_key(lookup.cache_key)))
    assert "newest" in value
    assert "jane" not in value
    assert "Issue" not in value


def test_waiting_lookups_share_progress_and_send_no_calls(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected, r"/issues/\d+/events/")
    first, second = record(), record()
    assert answer_soon(first, 0.01) is None
    assert answer_soon(second, 0.01) is None
    until(lambda: shows_progress(second, 4))
    connected.faults.clear()
    until(lambda: state(second) == LookupState.DONE)
    assert state(first) == LookupState.DONE
    assert lists_asked(connected) == 1
    assert again(second).from_cache


def test_a_failure_is_reported_once_and_then_retried(connected: DemoSentry, record: Record) -> None:
    connected.fail("/acme/events/", times=None, status=403)
    lookup = record()
    until(lambda: state(lookup) == LookupState.FAILED)
    assert state(lookup) == LookupState.FAILED
    wait_for_idle()
    connected.clear()
    with pytest.raises(LookupFailed) as failed:
        answer_soon(again(lookup), 10)
    assert failed.value.problem.code == "permission_missing"
    assert connected.calls == []
    assert answer_soon(again(lookup), 10)


def test_a_failure_returned_directly_is_not_reported_again(
    connected: DemoSentry, record: Record
) -> None:
    connected.fail("/acme/events/", times=None, status=403)
    lookup = record()
    with pytest.raises(LookupFailed):
        answer_soon(lookup, 10)
    connected.clear()
    assert answer_soon(again(lookup), 10)


def test_waiting_lookups_share_a_failure(connected: DemoSentry, record: Record) -> None:
    connected.fail("/acme/events/", times=None, status=403, delay_s=SLOW_S)
    first, second = record(), record()
    answer_soon(first, 0.01)
    answer_soon(second, 0.01)
    until(lambda: state(first) == LookupState.FAILED)
    until(lambda: state(second) == LookupState.FAILED)
    assert lists_asked(connected) == 1


def test_a_stale_result_from_the_background_is_shown_once(
    connected: DemoSentry, record: Record
) -> None:
    answer_lookup(record())
    connected.fail("/acme/events/", times=None, status=403)
    lookup = record(fresh=True)
    until(lambda: state(lookup) == LookupState.DONE)
    wait_for_idle()
    stale = answer_soon(again(lookup), 10)
    assert stale
    assert "old" in stale.answer.notices[0].message
    connected.clear()
    fresh = answer_soon(again(lookup), 10)
    assert fresh
    assert fresh.answer.complete


def test_a_canceled_lookup_hangs_up_and_never_queries_again(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected)
    lookup = record()
    answer_soon(lookup, 0.01)
    until(lambda: lists_asked(connected) == 0 and state(lookup) == LookupState.RUNNING)
    cancel_lookup(lookup)
    assert state(lookup) == LookupState.CANCELLED
    until(lambda: cache.get(f"{lookup.cache_key}/lease") is None)
    assert again(lookup).outcome == Outcome.CANCELLED
    cleared = time.perf_counter()
    connected.clear()  # lets the call that was hung up end at the server
    for answer in (answer_lookup, lambda lookup: answer_soon(lookup, 1)):
        with pytest.raises(LookupCancelled):
            answer(again(lookup))
    assert [call for call in connected.calls if call.started > cleared] == []


def test_an_answer_after_cancellation_is_not_recorded(
    connected: DemoSentry, record: Record
) -> None:
    """An answer that was hung up halfway must not count as a result."""
    hang(connected, r"/issues/\d+/events/")
    lookup = record()
    answer_soon(lookup, 0.01)
    until(lambda: shows_progress(lookup, 4))
    cancel_lookup(lookup)
    until(lambda: cache.get(f"{lookup.cache_key}/lease") is None)
    stored = again(lookup)
    assert (stored.outcome, stored.snapshot, stored.events) == (Outcome.CANCELLED, None, None)
    assert cache.get(lookup.cache_key) is None


def test_other_lookups_of_the_question_survive_a_cancellation(
    connected: DemoSentry, record: Record
) -> None:
    connected.fail("/acme/events/", times=1, delay_s=LONG_S)
    first, second = record(), record()
    answer_soon(first, 0.01)
    until(lambda: state(first) == LookupState.RUNNING)
    answer_soon(second, 0.01)
    cancel_lookup(first)
    until(lambda: state(second) == LookupState.DONE)
    assert len(answer_lookup(again(second)).answer.events) == 4


def test_cancellation_does_not_open_the_circuit(connected: DemoSentry, record: Record) -> None:
    """Calls that we hung up must not count as failures of Sentry."""
    answer_lookup(record("2"))  # so the projects are cached, and the next call is for events
    hang(connected)

    def cancel_one() -> None:
        lookup = record()
        answer_soon(lookup, 0.01)
        until(lambda: read_progress(lookup) is not None)
        cancel_lookup(lookup)
        wait_for_idle()
        cache.delete(lookup.cache_key.replace("answer/", "progress/"))

    for _ in range(FAILURES_TO_OPEN):
        cancel_one()
    connected.clear()
    assert answer_soon(record(), 10)


def test_a_finished_lookup_cannot_be_canceled(record: Record) -> None:
    lookup = record()
    answer_lookup(lookup)
    cancel_lookup(lookup)
    assert state(lookup) == LookupState.DONE


def test_a_lookup_purged_while_running_is_reported_as_purged(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected)
    lookup = record()
    answer_soon(lookup, 0.01)
    purge_answers([lookup])
    assert state(lookup) == LookupState.PURGED


def test_a_lookup_of_a_dead_process_is_started_again(
    record: Record,
) -> None:
    lookup = record()
    cache.put(f"{lookup.cache_key}/lease", "dead", 0.5)
    assert state(lookup) == LookupState.RUNNING
    until(lambda: state(lookup) == LookupState.DONE)


def test_lookups_beyond_the_pool_size_wait(connected: DemoSentry, record: Record) -> None:
    hang(connected)
    people = [person(f"person{place // 2}", "agent") for place in range(0, MAX_CONCURRENT + 1, 2)]
    lookups = [recorded(people[place // 2], f"x{place}") for place in range(MAX_CONCURRENT + 1)]
    for lookup in lookups:
        answer_soon(lookup, 0.01)
    until(
        lambda: [state(lookup) for lookup in lookups[:-1]] == [LookupState.RUNNING] * MAX_CONCURRENT
    )
    assert state(lookups[-1]) == LookupState.WAITING
    cancel_lookup(lookups[0])
    until(lambda: state(lookups[-1]) == LookupState.RUNNING)


def test_one_person_takes_at_most_a_part_of_the_pool(
    connected: DemoSentry, record: Record, other_agent: User
) -> None:
    hang(connected)
    lookups = [record(f"x{place}") for place in range(MAX_CONCURRENT_PER_PERSON + 1)]
    lookups.append(recorded(other_agent, "y"))
    for lookup in lookups:
        answer_soon(lookup, 0.01)
    until(lambda: state(lookups[-1]) == LookupState.RUNNING)
    assert state(lookups[-2]) == LookupState.WAITING
    cancel_lookup(lookups[0])
    until(lambda: state(lookups[-2]) == LookupState.RUNNING)


def test_a_query_waits_for_its_turn_without_calling_sentry(
    connected: DemoSentry, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient, canceled = record(), record("2")
    with ExitStack() as turns:
        for place in range(services.MAX_RUNNING):
            turns.enter_context(services._running.hold(place, 0))
        monkeypatch.setattr(services, "_TURN_S", 0.05)
        with pytest.raises(LookupCrowded):
            answer_lookup(impatient)
        monkeypatch.setattr(services, "_TURN_S", 30)
        answer_soon(canceled, 0.01)
        cancel_lookup(canceled)
        until(lambda: not is_leased(canceled.cache_key))
    wait_for_idle()
    assert (state(canceled), lists_asked(connected)) == (LookupState.CANCELLED, 0)
    assert again(impatient).outcome == Outcome.FAILED
    assert answer_soon(impatient, 10)


def test_without_a_shared_cache_processes_share_leases_and_results_through_the_database(
    connected: DemoSentry, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup, same = record(), record()
    monkeypatch.setattr(redis_outage.outage, "until", float("inf"))
    soon = timezone.now() + timedelta(seconds=30)
    theirs = Lease.objects.create(cache_key=lookup.cache_key, token="another process", until=soon)
    assert answer_soon(lookup, 0.1) is None
    assert state(lookup) == LookupState.RUNNING
    assert lists_asked(connected) == 0
    theirs.until = timezone.now()  # it was killed
    theirs.save()
    until(lambda: state(lookup) == LookupState.DONE)
    wait_for_idle()
    assert not Lease.objects.exists()
    cache.delete(lookup.cache_key)  # as in another process
    result = answer_soon(same, 10)
    assert result
    assert result.lookup.from_cache
    assert lists_asked(connected) == 1


def test_leases_hold_while_processes_notice_a_loss_and_a_return(
    connected: DemoSentry, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process still has its lease in Redis, or in the database, when another looks."""
    lookup = record()
    monkeypatch.setattr(redis_outage.outage, "until", float("inf"))
    monkeypatch.setattr(redis_outage.outage, "began", float("inf"))  # just now
    assert answer_soon(lookup, 0.2) is None
    soon = timezone.now() + timedelta(seconds=30)
    theirs = Lease.objects.create(cache_key=lookup.cache_key, token="another process", until=soon)
    monkeypatch.setattr(redis_outage.outage, "until", time.monotonic() - 1)  # it is back
    assert answer_soon(lookup, 0.2) is None
    assert lists_asked(connected) == 0
    theirs.delete()
    assert answer_soon(lookup, 10)


def test_a_lease_moves_to_the_database_when_the_cache_is_lost(
    connected: DemoSentry, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang(connected)
    lookup = record()
    until(lambda: is_leased(lookup.cache_key) or bool(answer_soon(lookup, 0.01)))
    assert not Lease.objects.exists()
    monkeypatch.setattr(redis_outage.outage, "until", float("inf"))
    until(Lease.objects.exists)
    connected.stop()
    wait_for_idle()
    assert not Lease.objects.exists()


def test_an_unexpected_error_fails_and_is_logged_without_its_message(
    connected: DemoSentry, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    lookup = record()
    TypedCustomer.of(lookup, "a\nb").save()  # no form accepts this
    until(lambda: state(lookup) == LookupState.FAILED)
    wait_for_idle()
    with pytest.raises(LookupFailed) as failed:
        answer_soon(again(lookup), 10)
    assert failed.value.problem.page_status == 500
    assert "could not be answered: CustomerRefused in " in caplog.text
    assert "Traceback" not in caplog.text
    TypedCustomer.of(lookup, "1").save()
    assert answer_soon(again(lookup), 10)


def test_a_lookup_ends_before_its_result_is_stored(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[datetime | None] = []
    seal = store.to_snapshot

    def noted(lookup: Lookup, answer: Answer) -> bytes:
        ended.append(lookup.answered_at)
        return seal(lookup, answer)

    monkeypatch.setattr(store, "to_snapshot", noted)
    result = answer_lookup(record())
    assert ended == [result.lookup.answered_at]


def test_a_failure_after_cancellation_does_not_undo_it(record: Record) -> None:
    lookup = record()
    cancel_lookup(lookup)
    with pytest.raises(LookupCancelled):
        record_failure(lookup, BROKEN, 0.0)
    assert again(lookup).outcome == Outcome.CANCELLED
