"""Answering lookups: cache, redacted snapshots, outcomes, and purges."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.cache.backends.locmem import LocMemCache
from django.db import connections
from pytest_django import Settings

from apps.events.query import Question
from apps.lookups import store
from apps.lookups.access import Requester
from apps.lookups.cache import cache
from apps.lookups.models import Lookup, Origin, Outcome
from apps.lookups.problems import OF_SENTRY, LookupFailed, LookupPurged
from apps.lookups.records import record_lookup, repeat_lookup
from apps.lookups.services import (
    answer_lookup,
    answer_unredacted,
    purge_answers,
    read_event,
)
from apps.sentry import errors
from apps.sentry.errors import SentryError
from tests.conftest import MOMENT, NOW, just_now, lists_asked, question
from tests.demo_sentry import DemoSentry

pytestmark = pytest.mark.django_db


def recorded(query: Question, user: User, *, fresh: bool = False) -> Lookup:
    return record_lookup(
        query,
        requester=Requester(Origin.WEB, user),
        typed=query.customer.identifier,
        zone=ZoneInfo("Europe/Berlin"),
        fresh=fresh,
    )


def test_the_same_question_is_queried_once(
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


def test_customer_window_and_scope_change_the_cache_key(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    queries = [
        question("1"),
        question("2"),
        question("1", minutes=6),
        question("1", moment=MOMENT + timedelta(seconds=1)),
        Question(question("1").customer, question("1").window, projects=("web",)),
        Question(question("1").customer, question("1").window, environments=("production",)),
    ]
    assert len({recorded(query, agent).cache_key for query in queries}) == len(queries)


def test_key_and_url_do_not_reveal_the_customer(connected: DemoSentry, agent: User) -> None:
    lookup = recorded(question("jane@example.com"), agent)
    assert "jane" not in lookup.cache_key + str(lookup.uuid) + lookup.customer_hash


def test_a_lookup_opens_from_its_snapshot_without_cache_and_sentry(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    lookup = recorded(question("1"), agent)
    answer_lookup(lookup)
    cache.clear()
    connected.stop()
    again = answer_lookup(Lookup.objects.get(pk=lookup.pk))
    assert len(again.answer.events) == 1


def test_nothing_unredacted_is_stored(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(
        user_id="4711-0815",
        email="jane@example.com",
        timestamp=MOMENT,
        exception=("Error", "card 4242 4242 4242 4242 of jane@example.com"),
    )
    lookup = recorded(question("4711-0815"), agent)
    answer_lookup(lookup)
    cached = store.get(lookup.cache_key)
    assert cached is not None
    for secret in ("4711-0815", "jane@example.com", "4242 4242"):
        assert secret not in repr(cached)
        assert secret not in repr(store.from_snapshot(lookup))


def test_an_unredacted_result_is_queried_again_and_not_stored(
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
    ("ago", "found", "ttl"),
    [
        (timedelta(days=2), True, store.TTL_SETTLED),
        (timedelta(days=2), False, store.TTL_EMPTY),
        (timedelta(minutes=12), True, store.TTL_RECENT),
        (timedelta(0), False, store.TTL_RECENT),
    ],
)
def test_freshness_depends_on_how_settled_the_result_is(
    connected: DemoSentry, agent: User, ago: timedelta, found: bool, ttl: timedelta
) -> None:
    moment = just_now() - ago
    connected.world.add_event(user_id="1" if found else "2", timestamp=moment)
    lookup = answer_lookup(recorded(question("1", moment=moment), agent)).lookup
    assert lookup.cached_until is not None
    assert lookup.answered_at is not None
    assert abs(lookup.cached_until - lookup.answered_at - ttl) < timedelta(seconds=5)


def test_a_refresh_is_a_new_lookup_that_queries_again(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    first = answer_lookup(recorded(question("1"), agent)).lookup
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    again = answer_lookup(repeat_lookup(first, requester=Requester(Origin.WEB, agent)))
    assert again.lookup.pk != first.pk
    assert (first.events, again.lookup.events) == (1, 2)
    assert lists_asked(connected) == 2


def test_a_refreshed_result_replaces_the_cached_one(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    first = answer_lookup(recorded(question("1"), agent)).lookup
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    answer_lookup(repeat_lookup(first, requester=Requester(Origin.WEB, agent)))
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
    stored = Lookup.objects.get(pk=lookup.pk)
    assert (stored.outcome, stored.problem) == (Outcome.FAILED, "permission_missing")
    assert answer_lookup(stored).lookup.outcome == Outcome.FOUND


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
def test_concurrent_views_of_a_lookup_wait_for_one_query(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    connected.settings.latency_s = 0.1
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


def test_a_purge_deletes_the_snapshot_and_the_cached_copy(
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
    """A cache that notes whether the lookup of a deleted key is marked as purged."""

    marked: ClassVar[list[bool]] = []

    def delete(self, key: str, version: int | None = None) -> bool:
        self.marked.append(Lookup.objects.exclude(purged_at=None).exists())
        return super().delete(key, version)


def test_a_lookup_is_marked_as_purged_before_the_cache_is_cleared(
    connected: DemoSentry, agent: User, settings: Settings
) -> None:
    settings.CACHES = {**settings.CACHES, "lookups": {"BACKEND": f"{__name__}.CacheThatLooks"}}
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


def test_an_event_of_another_customer_is_not_read(connected: DemoSentry, agent: User) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    foreign = connected.world.add_event(user_id="2", timestamp=MOMENT)
    result = answer_lookup(recorded(question("1"), agent))
    assert read_event(result.lookup, result.answer, foreign.id) is None


def test_every_problem_of_sentry_belongs_to_an_error_of_its_client() -> None:
    for name in OF_SENTRY:
        assert issubclass(getattr(errors, name), SentryError)
