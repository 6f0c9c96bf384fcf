"""A customer who is forgotten is gone from database and cache, also while being asked for."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import Actor, record
from apps.crypto import hash_customer
from apps.demo.server import DemoSentry
from apps.lookups import cache as lookups_cache
from apps.lookups import store
from apps.lookups.access import Asker
from apps.lookups.exports import Exported, record_export
from apps.lookups.models import ExportRecord, How, Lookup, Origin, TypedCustomer
from apps.lookups.problems import Gone, LookupPurged
from apps.lookups.records import forget_customer, kept_of
from apps.lookups.services import answer_lookup, read_event
from tests.conftest import MOMENT, lists_asked
from tests.lookups.background import recorded, until
from tests.lookups.test_redis import Redis
from tests.shell import CommandLine, start_with

pytestmark = pytest.mark.django_db

ADMIN = Actor("web", 1, "ada")
JANE = "jane@example.com"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """Redis on a free port, empty."""
    server = Redis(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def jane(connected: DemoSentry, agent: User) -> Lookup:
    """Jane has 51 events, of which the last is read when it is opened; somebody opened it."""
    for place in range(51):
        when = MOMENT + timedelta(seconds=place)
        connected.world.add_event(user_id="1", email=JANE, timestamp=when)
    result = answer_lookup(recorded(agent, JANE))
    (unread,) = [event for event in result.answer.events if event.body is None]
    assert read_event(result.lookup, result.answer, unread.id)
    return result.lookup


def test_everything_of_the_customer_goes_and_of_nobody_else(jane: Lookup, agent: User) -> None:
    other = answer_lookup(recorded(agent, "2")).lookup
    exported = Exported("json", 1, reason="Ticket 42")
    record_export(jane, exported, asker=Asker(Origin.WEB, agent), how=How.COPIED)
    record(Action.VIEWED, ADMIN, customer_hash=jane.customer_hash, words="Ticket 43")
    before = kept_of(JANE)
    assert (before.lookups, before.answers, before.customers, before.reasons) == (1, 1, 1, 3)
    done = forget_customer(" Jane@Example.com ", ADMIN)
    assert (done.kept, done.is_cache_cleared) == (before, True)
    with pytest.raises(LookupPurged) as purged:
        answer_lookup(Lookup.objects.get(pk=jane.pk))
    assert purged.value.gone == Gone.ERASED
    assert [one.pk for one in TypedCustomer.objects.all()] == [other.pk]
    assert (Words.objects.count(), ExportRecord.objects.get().reason) == (0, "")
    assert answer_lookup(Lookup.objects.get(pk=other.pk)).answer.complete
    left = kept_of(JANE)
    assert (left.lookups, left.answers, left.customers, left.reasons) == (1, 0, 0, 0)


def test_no_copy_is_left_in_the_cache(jane: Lookup) -> None:
    def held() -> list[str]:
        names = (str(name).removeprefix(":1:") for name in cache._cache)  # type: ignore[attr-defined]
        return [name for name in names if name.startswith(("answer/", "windows/", "progress/"))]

    assert len(held()) >= 3
    forget_customer(JANE, ADMIN)
    assert held() == []


def test_that_a_customer_was_forgotten_is_recorded_without_the_name(jane: Lookup) -> None:
    forget_customer(JANE, ADMIN)
    entry = Entry.objects.get(action=Action.FORGOT)
    assert entry.customer_hash == hash_customer(JANE)
    assert entry.detail["answers"] == 1
    assert "jane" not in json.dumps(entry.detail) + entry.target


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_comes_after_the_forgetting_is_kept_nowhere(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    connected.fail("/acme/events/", times=None, delay_s=1.0)
    lookup = recorded(agent)

    def ask() -> Gone:
        try:
            answer_lookup(Lookup.objects.get(pk=lookup.pk))
        except LookupPurged as purged:
            return purged.gone
        finally:
            connections.close_all()
        raise AssertionError("it was kept")

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        until(lambda: lists_asked(connected) > 0)
        forget_customer("1", ADMIN)
        asking.result()
    assert Lookup.objects.get(pk=lookup.pk).snapshot is None
    assert store.get(lookup.cache_key) is None


def test_a_copy_that_forgetting_could_not_reach_is_not_given_to_anybody(
    jane: Lookup, agent: User, connected: DemoSentry
) -> None:
    held = lookups_cache.get(jane.cache_key)
    forget_customer(JANE, ADMIN)
    lookups_cache.put(jane.cache_key, held, 60)  # as in the memory of another process
    assert store.get(jane.cache_key) is not None
    before = lists_asked(connected)
    assert answer_lookup(recorded(agent, JANE)).lookup.from_cache is False
    assert lists_asked(connected) == before + 1


def test_the_command_reads_names_from_standard_input_and_empties_a_shared_cache(
    command_line: CommandLine, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    def forget(names: str, *arguments: str) -> tuple[int, str]:
        done = command_line.run("forget_customer", *arguments, stdin=names)
        assert "jane" not in (done.stdout + done.stderr).lower()
        return done.returncode, done.stdout + done.stderr

    demo_sentry.world.add_event(user_id="1", email=JANE, timestamp=MOMENT)
    together = start_with({"REDIS_URL": redis_server.url}).settings["CACHES"]
    looked_up = command_line.lookup(JANE, "--at", MOMENT.isoformat(), CACHES=together)
    assert looked_up.returncode == 0
    status, told = forget(f"{JANE}\n1\n")
    assert status == 0
    assert "Identifier 1: 1 lookups, 1 answers, 0 reasons." in told
    assert "Identifier 2: 0 lookups" in told
    assert "Nothing was deleted." in told
    assert list(redis_server.client.scan_iter("*answer/*"))
    assert forget(f"{JANE}\n", "--yes")[0] == 0
    assert not list(redis_server.client.scan_iter("*answer/*"))
    assert not list(redis_server.client.scan_iter("*windows/*"))
    assert forget("\n", "--yes")[0] == 2
    redis_server.stop()
    assert forget(f"{JANE}\n", "--yes")[0] == 4
