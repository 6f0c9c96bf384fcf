"""Asking in the background: seen from everywhere, shared, ended honestly, stopped."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from apps.demo.server import DemoSentry
from apps.lookups import cache, store
from apps.lookups.background import MOST_AT_ONCE, State, answer_soon, cancel_lookup, state_of
from apps.lookups.models import Lookup, Outcome, TypedCustomer
from apps.lookups.problems import BROKEN, LookupCancelled, LookupFailed
from apps.lookups.records import record_failure
from apps.lookups.services import answer_lookup, purge_answers
from apps.lookups.single_flight import progress_of
from apps.lookups.throttling import FAILURES_TO_REST
from tests.conftest import MOMENT, lists_asked
from tests.lookups.background import end_all, recorded, state, until, wait_for_idle

pytestmark = pytest.mark.django_db(transaction=True)

Record = Callable[..., Lookup]
LONG_S = 20
SLOW_S = 0.6


@pytest.fixture
def record(agent: User, connected: DemoSentry) -> Iterator[Record]:
    """Records lookups as Ana. Customers 1 and 2 have four events each, in two problems."""
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


def is_told(lookup: Lookup, events: int) -> bool:
    return state_of(again(lookup), 0)[1].events_found == events


def test_an_answer_that_comes_soon_is_given_at_once(record: Record) -> None:
    result = answer_soon(record(), 10)
    assert result
    assert len(result.answer.events) == 4


def test_events_are_told_before_the_answer_is_there_and_then_it_is(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected, r"/issues/\d+/events/", seconds=SLOW_S)
    lookup = record()
    assert answer_soon(lookup, 0.01) is None
    until(lambda: is_told(lookup, 4))
    now, progress = state_of(again(lookup), 0)
    assert now == State.ASKING
    assert progress.problems == 2
    assert again(lookup).snapshot is None
    until(lambda: state(lookup) == State.DONE)
    result = answer_soon(again(lookup), 10)
    assert result
    assert result.answer.complete
    assert lists_asked(connected) == 1


def test_what_is_told_holds_nothing_of_an_event_but_its_id_time_and_level(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected, r"/issues/\d+/events/")
    lookup = record()
    answer_soon(lookup, 0.01)
    until(lambda: is_told(lookup, 4))
    value = str(cache.get_sealed_bytes(store.progress_key(lookup.cache_key)))
    assert "newest" in value
    assert "jane" not in value
    assert "Issue" not in value


def test_who_waits_for_the_same_question_sees_the_same_progress_and_asks_nothing(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected, r"/issues/\d+/events/", seconds=SLOW_S)
    first, second = record(), record()
    assert answer_soon(first, 0.01) is None
    assert answer_soon(second, 0.01) is None
    until(lambda: is_told(second, 4))
    until(lambda: state(second) == State.DONE)
    assert state(first) == State.DONE
    assert lists_asked(connected) == 1
    assert again(second).from_cache


def test_a_failure_is_told_once_and_the_next_look_asks_anew(
    connected: DemoSentry, record: Record
) -> None:
    connected.fail("/acme/events/", times=None, status=403)
    lookup = record()
    until(lambda: state(lookup) == State.FAILED)
    assert state(lookup) == State.FAILED
    connected.clear()
    with pytest.raises(LookupFailed) as failed:
        answer_soon(again(lookup), 10)
    assert failed.value.problem.code == "permission_missing"
    assert connected.calls == []
    assert answer_soon(again(lookup), 10)


def test_a_failure_that_came_at_once_is_not_told_a_second_time(
    connected: DemoSentry, record: Record
) -> None:
    connected.fail("/acme/events/", times=None, status=403)
    lookup = record()
    with pytest.raises(LookupFailed):
        answer_soon(lookup, 10)
    connected.clear()
    assert answer_soon(again(lookup), 10)


def test_who_waited_while_the_asking_failed_shares_the_failure(
    connected: DemoSentry, record: Record
) -> None:
    connected.fail("/acme/events/", times=None, status=403, delay_s=SLOW_S)
    first, second = record(), record()
    answer_soon(first, 0.01)
    answer_soon(second, 0.01)
    until(lambda: state(first) == State.FAILED)
    until(lambda: state(second) == State.FAILED)
    assert lists_asked(connected) == 1


def test_a_stale_answer_that_came_in_the_background_is_shown_once(
    connected: DemoSentry, record: Record
) -> None:
    answer_lookup(record())
    connected.fail("/acme/events/", times=None, status=403)
    lookup = record(fresh=True)
    until(lambda: state(lookup) == State.DONE)
    stale = answer_soon(again(lookup), 10)
    assert stale
    assert "old" in stale.answer.notices[0].message
    connected.clear()
    fresh = answer_soon(again(lookup), 10)
    assert fresh
    assert fresh.answer.complete


def test_a_lookup_that_is_stopped_hangs_up_says_so_and_never_asks_by_itself(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected)
    lookup = record()
    answer_soon(lookup, 0.01)
    until(lambda: lists_asked(connected) == 0 and state(lookup) == State.ASKING)
    cancel_lookup(lookup)
    assert state(lookup) == State.CANCELLED
    until(lambda: cache.get(f"{lookup.cache_key}/lease") is None)
    assert again(lookup).outcome == Outcome.CANCELLED
    connected.clear()
    for look in (answer_lookup, lambda one: answer_soon(one, 1)):
        with pytest.raises(LookupCancelled):
            look(again(lookup))
    assert connected.calls == []


def test_an_answer_that_comes_in_after_the_stop_is_not_recorded(
    connected: DemoSentry, record: Record
) -> None:
    """Half an answer that was hung up on must not pass for one."""
    hang(connected, r"/issues/\d+/events/")
    lookup = record()
    answer_soon(lookup, 0.01)
    until(lambda: is_told(lookup, 4))
    cancel_lookup(lookup)
    until(lambda: cache.get(f"{lookup.cache_key}/lease") is None)
    kept = again(lookup)
    assert (kept.outcome, kept.snapshot, kept.events) == (Outcome.CANCELLED, None, None)
    assert cache.get(lookup.cache_key) is None


def test_others_with_the_same_question_get_their_answer_after_a_stop(
    connected: DemoSentry, record: Record
) -> None:
    connected.fail("/acme/events/", times=1, delay_s=LONG_S)
    first, second = record(), record()
    answer_soon(first, 0.01)
    until(lambda: state(first) == State.ASKING)
    answer_soon(second, 0.01)
    cancel_lookup(first)
    until(lambda: state(second) == State.DONE)
    assert len(answer_lookup(again(second)).answer.events) == 4


def test_stopping_says_nothing_about_how_sentry_is(connected: DemoSentry, record: Record) -> None:
    """Calls that we hung up on must not give Sentry a rest."""
    answer_lookup(record("2"))  # so that the projects are known, and the list is what is asked
    hang(connected)

    def stop_one() -> None:
        lookup = record()
        answer_soon(lookup, 0.01)
        until(lambda: progress_of(lookup) is not None)
        cancel_lookup(lookup)
        wait_for_idle()
        cache.delete(lookup.cache_key.replace("answer/", "progress/"))

    for _ in range(FAILURES_TO_REST):
        stop_one()
    connected.clear()
    assert answer_soon(record(), 10)


def test_an_answered_lookup_can_no_longer_be_stopped(record: Record) -> None:
    lookup = record()
    answer_lookup(lookup)
    cancel_lookup(lookup)
    assert state(lookup) == State.DONE


def test_a_lookup_that_is_purged_while_it_is_watched_is_told_as_purged(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected)
    lookup = record()
    answer_soon(lookup, 0.01)
    purge_answers([lookup])
    assert state(lookup) == State.PURGED


def test_after_the_death_of_the_process_that_asked_the_next_look_begins_anew(
    record: Record,
) -> None:
    lookup = record()
    cache.put(f"{lookup.cache_key}/lease", "dead", 0.5)
    assert state(lookup) == State.ASKING
    until(lambda: state(lookup) == State.DONE)


def test_questions_beyond_the_places_of_a_process_wait_for_their_turn(
    connected: DemoSentry, record: Record
) -> None:
    hang(connected)
    lookups = [record(f"x{place}") for place in range(MOST_AT_ONCE + 1)]
    for lookup in lookups:
        answer_soon(lookup, 0.01)
    until(lambda: [state(lookup) for lookup in lookups[:-1]] == [State.ASKING] * MOST_AT_ONCE)
    assert state(lookups[-1]) == State.WAITING
    cancel_lookup(lookups[0])
    until(lambda: state(lookups[-1]) == State.ASKING)


def test_without_a_shared_cache_the_answer_is_asked_for_at_once(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = record()
    monkeypatch.setattr(cache, "_asleep_until", float("inf"))
    assert state(lookup) == State.LOST
    result = answer_soon(lookup, 0.01)
    assert result
    assert len(result.answer.events) == 4


def test_what_nobody_thought_of_ends_as_a_failure_and_is_logged_without_its_words(
    connected: DemoSentry, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    lookup = record()
    TypedCustomer.of(lookup, "a\nb").save()  # which no form lets in
    until(lambda: state(lookup) == State.FAILED)
    with pytest.raises(LookupFailed) as failed:
        answer_soon(again(lookup), 10)
    assert failed.value.problem.page_status == 500
    assert "could not be answered: CustomerRefused in parse_customer" in caplog.text
    assert "Traceback" not in caplog.text
    TypedCustomer.of(lookup, "1").save()
    assert answer_soon(again(lookup), 10)


def test_what_ends_just_after_the_stop_does_not_undo_it(record: Record) -> None:
    lookup = record()
    cancel_lookup(lookup)
    with pytest.raises(LookupCancelled):
        record_failure(lookup, BROKEN, 0.0)
    assert again(lookup).outcome == Outcome.CANCELLED
