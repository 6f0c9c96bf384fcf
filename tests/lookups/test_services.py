"""The use case: one answer shared, kept redacted, recorded whatever the outcome."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from pytest_django import Settings

from apps.demo.server import DemoSentry
from apps.events.query import Question
from apps.lookups import store
from apps.lookups.access import Asker
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.problems import LookupFailed, LookupPurged
from apps.lookups.records import record_lookup, repeat_lookup
from apps.lookups.services import (
    answer_lookup,
    answer_unredacted,
    purge_answers,
    read_event,
)
from tests.conftest import MOMENT, NOW, just_now, lists_asked, question

pytestmark = pytest.mark.django_db


def recorded(asked: Question, user: User, *, fresh: bool = False) -> Lookup:
    return record_lookup(
        asked,
        asker=Asker(Origin.WEB, user),
        typed=asked.customer.identifier,
        zone=ZoneInfo("Europe/Berlin"),
        fresh=fresh,
    )


def test_the_same_question_is_asked_once_for_all(
    connected: DemoSentry, agent: User, other_agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    first = answer_lookup(recorded(question("1"), agent))
    second = answer_lookup(recorded(question("1"), other_agent))
    assert lists_asked(connected) == 1
    assert (first.lookup.from_cache, second.lookup.from_cache) == (False, True)
    assert second.lookup.calls == 0
    assert [event.id for event in second.answer.events] == [
        event.id for event in first.answer.events
    ]


def test_another_customer_window_or_place_is_another_question(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    asked = [
        question("1"),
        question("2"),
        question("1", minutes=6),
        question("1", moment=MOMENT + timedelta(seconds=1)),
        Question(question("1").customer, question("1").window, projects=("web",)),
        Question(question("1").customer, question("1").window, environments=("production",)),
    ]
    assert len({recorded(one, agent).cache_key for one in asked}) == len(asked)


def test_the_key_and_the_address_do_not_tell_the_customer(
    connected: DemoSentry, agent: User
) -> None:
    lookup = recorded(question("jane@example.com"), agent)
    assert "jane" not in lookup.cache_key + str(lookup.uuid) + lookup.customer_hash


def test_a_lookup_opens_from_its_own_snapshot_when_cache_and_sentry_are_gone(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    lookup = recorded(question("1"), agent)
    answer_lookup(lookup)
    cache.clear()
    connected.stop()
    again = answer_lookup(Lookup.objects.get(pk=lookup.pk))
    assert len(again.answer.events) == 1


def test_nothing_raw_is_kept(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(
        user_id="4711-0815",
        email="jane@example.com",
        timestamp=MOMENT,
        exception=("Error", "card 4242 4242 4242 4242 of jane@example.com"),
    )
    lookup = recorded(question("4711-0815"), agent)
    answer_lookup(lookup)
    kept = store.get(lookup.cache_key)
    assert kept is not None
    for secret in ("4711-0815", "jane@example.com", "4242 4242"):
        assert secret not in repr(kept)
        assert secret not in repr(store.from_snapshot(lookup))


def test_an_unredacted_answer_asks_again_and_is_kept_nowhere(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", email="jane@example.com", timestamp=MOMENT)
    answer_lookup(recorded(question("1"), agent))
    lookup = recorded(question("1"), agent)
    result = answer_unredacted(lookup)
    assert "jane@example.com" in repr(result.answer)
    assert lists_asked(connected) == 2
    lookup.refresh_from_db()
    assert (lookup.redacted, lookup.snapshot) == (False, None)


@pytest.mark.parametrize(
    ("ago", "found", "kept"),
    [
        (timedelta(days=2), True, store.KEEP_SETTLED),
        (timedelta(days=2), False, store.KEEP_EMPTY),
        (timedelta(minutes=12), True, store.KEEP_YOUNG),
        (timedelta(0), False, store.KEEP_YOUNG),
    ],
)
def test_an_answer_is_shared_as_long_as_it_is_sure_to_stay_true(
    connected: DemoSentry, agent: User, ago: timedelta, found: bool, kept: timedelta
) -> None:
    moment = just_now() - ago
    connected.world.add_event(user_id="1" if found else "2", timestamp=moment)
    lookup = answer_lookup(recorded(question("1", moment=moment), agent)).lookup
    assert lookup.cached_until is not None
    assert lookup.answered_at is not None
    assert abs(lookup.cached_until - lookup.answered_at - kept) < timedelta(seconds=5)


def test_a_refresh_is_a_new_record_that_asks_again(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    first = answer_lookup(recorded(question("1"), agent)).lookup
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    again = answer_lookup(repeat_lookup(first, asker=Asker(Origin.WEB, agent)))
    assert again.lookup.pk != first.pk
    assert (first.events, again.lookup.events) == (1, 2)
    assert lists_asked(connected) == 2


def test_what_was_refreshed_is_what_the_next_one_shares(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    first = answer_lookup(recorded(question("1"), agent)).lookup
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    answer_lookup(repeat_lookup(first, asker=Asker(Origin.WEB, agent)))
    assert len(answer_lookup(recorded(question("1"), agent)).answer.events) == 2


def test_a_failure_is_recorded_and_the_next_open_tries_again(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    connected.fail("/acme/events/", times=1, status=403, body='{"detail": "no"}')
    lookup = recorded(question("1"), agent)
    with pytest.raises(LookupFailed) as failed:
        answer_lookup(lookup)
    assert failed.value.problem.code == "permission_missing"
    kept = Lookup.objects.get(pk=lookup.pk)
    assert (kept.outcome, kept.problem) == (Outcome.FAILED, "permission_missing")
    assert answer_lookup(kept).lookup.outcome == Outcome.FOUND


@pytest.mark.parametrize(
    ("customer", "moment", "outcome"),
    [
        ("1", MOMENT, Outcome.FOUND),
        ("2", MOMENT, Outcome.NOTHING),
        ("2", NOW, Outcome.INCOMPLETE),
    ],
)
def test_the_outcome_is_recorded(
    connected: DemoSentry, agent: User, customer: str, moment: object, outcome: Outcome
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    when = MOMENT if moment == MOMENT else just_now()
    lookup = answer_lookup(recorded(question(customer, moment=when), agent)).lookup
    assert lookup.outcome == outcome
    assert lookup.fetched_at is not None
    assert lookup.fetched_at.tzinfo == UTC


@pytest.mark.django_db(transaction=True)
def test_many_who_open_one_lookup_wait_for_one_answer(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    connected.latency_s = 0.1
    lookup = recorded(question("1"), agent)

    def open_it() -> int:
        try:
            return len(answer_lookup(Lookup.objects.get(pk=lookup.pk)).answer.events)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        counts = [future.result() for future in [pool.submit(open_it) for _ in range(8)]]
    assert counts == [1] * 8
    assert lists_asked(connected) == 1


def test_a_purged_answer_is_gone_for_the_lookup_and_for_all_who_share_it(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    lookup = answer_lookup(recorded(question("1"), agent)).lookup
    assert purge_answers([lookup]) == 1
    with pytest.raises(LookupPurged):
        answer_lookup(Lookup.objects.get(pk=lookup.pk))
    answer_lookup(recorded(question("1"), agent))
    assert lists_asked(connected) == 2


class CacheThatLooks(LocMemCache):
    """A cache that notes whether what it drops belongs to a lookup that is marked as purged."""

    marked: ClassVar[list[bool]] = []

    def delete(self, key: str, version: int | None = None) -> bool:
        self.marked.append(Lookup.objects.exclude(purged_at=None).exists())
        return super().delete(key, version)


def test_a_lookup_is_marked_as_purged_before_its_shared_copies_go(
    connected: DemoSentry, agent: User, settings: Settings
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.CacheThatLooks"}}
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    lookup = answer_lookup(recorded(question("1"), agent)).lookup
    CacheThatLooks.marked.clear()
    purge_answers([lookup])

    assert set(CacheThatLooks.marked) == {True}


def test_an_event_beyond_the_first_fifty_is_read_when_opened(
    connected: DemoSentry, agent: User
) -> None:
    for place in range(51):
        connected.world.add_event(
            user_id="1", email="jane@example.com", timestamp=MOMENT + timedelta(seconds=place)
        )
    result = answer_lookup(recorded(question("1"), agent))
    (unread,) = [event for event in result.answer.events if event.body is None]
    before = len(connected.calls)
    event = read_event(result.lookup, result.answer, unread.id)
    read_event(result.lookup, result.answer, unread.id)
    assert event is not None
    assert event.body is not None
    assert "jane@example.com" not in repr(event)
    assert len(connected.calls) == before + 1


def test_an_event_of_somebody_else_is_not_read(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    foreign = connected.world.add_event(user_id="2", timestamp=MOMENT)
    result = answer_lookup(recorded(question("1"), agent))
    assert read_event(result.lookup, result.answer, foreign.id) is None
