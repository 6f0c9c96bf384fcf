"""Erasure of customer data from database and cache, also during a lookup."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from apps.audit.models import Action, Entry, Words
from apps.audit.trail import Actor, record
from apps.crypto import hash_customer
from apps.lookups import cache as lookups_cache
from apps.lookups import store
from apps.lookups.access import Requester
from apps.lookups.cache import cache
from apps.lookups.exports import Choice, record_export
from apps.lookups.models import ExportMethod, ExportRecord, Lookup, Origin, TypedCustomer
from apps.lookups.problems import LookupPurged, Removal
from apps.lookups.records import forget_customer, stored_counts
from apps.lookups.retention import prune
from apps.lookups.services import answer_lookup, purge_answers, read_event
from tests.conftest import MOMENT, lists_asked
from tests.demo_sentry import DemoSentry
from tests.lookups.background import recorded, until
from tests.servers import Redis
from tests.shell import CommandLine, start_with

pytestmark = pytest.mark.django_db

ADMIN = Actor("web", 1, "ada")
JANE = "jane@example.com"


@pytest.fixture
def jane(connected: DemoSentry, agent: User) -> Lookup:
    """Return a lookup of Jane, who has 51 events, after the last one was opened."""
    for place in range(51):
        when = MOMENT + timedelta(seconds=place)
        connected.world.add_event(user_id="1", email=JANE, timestamp=when)
    result = answer_lookup(recorded(agent, JANE))
    (unread,) = [event for event in result.answer.events if event.body is None]
    assert read_event(result.lookup, result.answer, unread.id)
    return result.lookup


def test_all_data_of_this_customer_and_no_other_is_erased(jane: Lookup, agent: User) -> None:
    other = answer_lookup(recorded(agent, "2")).lookup
    requester = Requester(Origin.WEB, agent)
    how = ExportMethod.COPIED
    record_export(jane, Choice(), 1, requester=requester, how=how, reason="Ticket 42")
    record(Action.VIEWED, ADMIN, customer_hash=jane.customer_hash, words="Ticket 43")
    before = stored_counts(JANE)
    assert (before.lookups, before.answers, before.customers, before.reasons) == (1, 1, 1, 3)
    erasure = forget_customer(" Jane@Example.com ", ADMIN)
    assert (erasure.counts, erasure.is_cache_cleared) == (before, True)
    with pytest.raises(LookupPurged) as purged:
        answer_lookup(Lookup.objects.get(pk=jane.pk))
    assert purged.value.removal == Removal.ERASED
    assert [one.pk for one in TypedCustomer.objects.all()] == [other.pk]
    assert (Words.objects.count(), ExportRecord.objects.get().reason) == (0, "")
    assert answer_lookup(Lookup.objects.get(pk=other.pk)).answer.complete
    left = stored_counts(JANE)
    assert (left.lookups, left.answers, left.customers, left.reasons) == (1, 0, 0, 0)


def test_an_identifier_is_erased_however_its_accents_are_encoded(
    agent: User, connected: DemoSentry
) -> None:
    recorded(agent, "jose\u0301@example.com")
    assert forget_customer("JOS\u00c9@example.com", ADMIN).counts.lookups == 1


def test_cached_copies_are_deleted(jane: Lookup) -> None:
    def cached_keys() -> list[str]:
        names = (str(name).removeprefix(":1:") for name in cache._cache)
        return [name for name in names if name.startswith(("answer/", "windows/", "progress/"))]

    assert len(cached_keys()) >= 3
    forget_customer(JANE, ADMIN)
    assert cached_keys() == []


def test_erasure_is_recorded_without_the_identifier(jane: Lookup) -> None:
    forget_customer(JANE, ADMIN)
    entry = Entry.objects.get(action=Action.FORGOT)
    assert entry.customer_hash == hash_customer(JANE)
    assert entry.detail["answers"] == 1
    assert "jane" not in json.dumps(entry.detail) + entry.target


@pytest.mark.django_db(transaction=True)
def test_a_result_that_arrives_after_erasure_is_not_stored(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    connected.fail("/acme/events/", times=None, delay_s=1.0)
    lookup = recorded(agent)

    def look_up() -> Removal:
        try:
            answer_lookup(Lookup.objects.get(pk=lookup.pk))
        except LookupPurged as purged:
            return purged.removal
        finally:
            connections.close_all()
        raise AssertionError("it was stored")

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(look_up)
        until(lambda: lists_asked(connected) > 0)
        forget_customer("1", ADMIN)
        running.result()
    assert Lookup.objects.get(pk=lookup.pk).snapshot is None
    assert store.get(lookup.cache_key) is None


def test_a_cached_copy_that_survived_erasure_is_not_used(
    jane: Lookup, agent: User, connected: DemoSentry
) -> None:
    cached = lookups_cache.get(jane.cache_key)
    forget_customer(JANE, ADMIN)
    lookups_cache.put(jane.cache_key, cached, 60)  # as in the memory of another process
    assert store.get(jane.cache_key) is not None
    before = lists_asked(connected)
    assert answer_lookup(recorded(agent, JANE)).lookup.from_cache is False
    assert lists_asked(connected) == before + 1


def test_the_command_reads_standard_input_and_clears_a_shared_cache(
    command_line: CommandLine, demo_sentry: DemoSentry, redis_server: Redis
) -> None:
    def forget(identifiers: str, *arguments: str) -> tuple[int, str]:
        done = command_line.run("forget_customer", *arguments, stdin=identifiers)
        assert "jane" not in (done.stdout + done.stderr).lower()
        return done.returncode, done.stdout + done.stderr

    demo_sentry.world.add_event(user_id="1", email=JANE, timestamp=MOMENT)
    shared_cache = start_with({"REDIS_URL": redis_server.url}).settings["CACHES"]
    looked_up = command_line.lookup(JANE, "--at", MOMENT.isoformat(), CACHES=shared_cache)
    assert looked_up.returncode == 0
    status, output = forget(f"{JANE}\n1\n")
    assert status == 0
    assert "Identifier 1: 1 lookup, 1 result, and 0 reasons." in output
    assert "Identifier 2: 0 lookups" in output
    assert "Nothing was deleted." in output
    assert list(redis_server.client.scan_iter("*answer/*"))
    assert forget(f"{JANE}\n", "--yes")[0] == 0
    assert not list(redis_server.client.scan_iter("*answer/*"))
    assert not list(redis_server.client.scan_iter("*windows/*"))
    assert forget("\n", "--yes")[0] == 2
    redis_server.stop()
    assert forget(f"{JANE}\n", "--yes")[0] == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["forget", "purge", "prune"])
def test_deleted_bytes_leave_the_files_of_sqlite(jane: Lookup, how: str) -> None:
    def count_copies(content: bytes) -> int:
        return sum(file.read_bytes().count(content) for file in files)

    file = Path(connections["default"].settings_dict["NAME"])
    files = [file, file.with_name(f"{file.name}-wal")]
    jane.refresh_from_db()
    some = bytes(jane.snapshot)[:60]  # a page holds part of a long value
    customer = bytes(jane.typed.sealed)
    assert count_copies(some) > 0
    assert count_copies(customer) > 0
    if how == "forget":
        forget_customer(JANE, ADMIN)
    elif how == "purge":
        purge_answers([jane], actor=ADMIN)
    else:
        Lookup.objects.update(expires_at=timezone.now())
        prune(ADMIN)
    assert count_copies(some) == 0
    assert count_copies(customer) == (1 if how == "purge" else 0)
