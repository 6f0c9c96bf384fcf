"""One person's load doesn't slow down everyone else.

For the model, see tests/explain/test_spending.py.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from pytest_django import Settings

from apps.lookups import cache, throttling
from apps.lookups.problems import LookupCrowded
from apps.lookups.throttling import MAX_SLOTS, SharedRateLimiter
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.lookups.background import end_all, until
from tests.web.asking import look_up, text


@pytest.fixture
def hung(connected: DemoSentry) -> Iterator[DemoSentry]:
    """A Sentry that answers nothing until the end of the test."""
    connected.world.add_event(user_id="quick", timestamp=MOMENT)
    yield connected
    connected.stop()
    end_all()


@pytest.mark.django_db(transaction=True)
def test_one_person_takes_a_third_of_the_places_at_a_hung_sentry(
    agent: User, other_agent: User, hung: DemoSentry, settings: Settings
) -> None:
    settings.TRIAGE_MOST_WAITING = 6
    ana, ben = signed_in(agent), signed_in(other_agent)
    ready = look_up(ben, customer="quick")
    addresses = [look_up(ana, customer=f"slow {place}") for place in range(3)]
    hung.fail("slow", times=None, delay_s=20)

    def opened(client: Client, address: str) -> int:
        try:
            return client.get(address).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(opened, ana, address) for address in addresses[:2]]
        until(lambda: throttling._waiting[agent.pk] == 2)
        assert "Waiting for a free connection to Sentry." in text(ana.get(addresses[2]))
        refused = ana.get(f"{addresses[2]}export.md")
        assert refused["Retry-After"] == "5"
        assert "Your other requests to Sentry are using up your share." in text(refused)
        assert ben.get(ready).status_code == 200
        hung.stop()
        assert [one.result(timeout=30) for one in pending] == [503, 503]


def test_a_patient_request_waits_for_a_place_unless_all_are_taken(settings: Settings) -> None:
    settings.TRIAGE_MOST_WAITING = 6

    def answered(person: int, patience_s: float) -> bool:
        try:
            with throttling.request_slot(person, patience_s):
                return True
        except LookupCrowded:
            return False

    with ThreadPoolExecutor(5) as pool, ExitStack() as held:
        for _place in range(2):
            held.enter_context(throttling.request_slot(1))
        assert not answered(1, 0)
        patient = [pool.submit(answered, 1, 60) for _place in range(4)]
        until(lambda: throttling._line[1] == 4)
        one_too_many = pool.submit(answered, 1, 60)
        assert one_too_many.result(timeout=20) is False
        assert answered(2, 0)
        held.close()
        assert all(one.result(timeout=30) for one in patient)
    assert (throttling._waiting.total(), throttling._line.total()) == (0, 0)


def test_free_call_goes_to_the_person_with_the_fewest() -> None:
    order: list[str] = []

    def call(person: int) -> None:
        with SharedRateLimiter("fair", person).slot(20):
            order.append(f"person {person}")

    def waiting() -> int:
        return len(throttling._local_slots["fair", "all"]._waiting)

    with ThreadPoolExecutor(8) as pool:
        held = [SharedRateLimiter("fair", 1).slot(20) for _ in range(MAX_SLOTS)]
        for slot in held:
            slot.__enter__()
        calls = [pool.submit(call, 1) for _ in range(5)]
        until(lambda: waiting() == 5)
        calls.append(pool.submit(call, 2))
        until(lambda: waiting() == 6)
        held[0].__exit__(None, None, None)
        until(lambda: bool(order))
        for slot in held[1:]:
            slot.__exit__(None, None, None)
        for one in calls:
            one.result(timeout=20)
    assert order[0] == "person 2"


def test_free_call_goes_to_the_person_with_the_fewest_of_all_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throttling, "_FEWEST_TTL_S", 60.0)

    def in_own_process(person: int) -> SharedRateLimiter:
        monkeypatch.setattr(throttling, "_local_slots", {})
        return SharedRateLimiter("everywhere", person)

    def call(limiter: SharedRateLimiter, person: int) -> None:
        with limiter.slot(20):
            order.append(person)

    order: list[int] = []
    busy, also_busy, other = in_own_process(1), in_own_process(1), in_own_process(2)
    with ThreadPoolExecutor(8) as pool:
        held = [busy.slot(20) for _ in range(MAX_SLOTS)]
        for slot in held:
            slot.__enter__()
        calls = [pool.submit(call, also_busy, 1) for _ in range(MAX_SLOTS)]
        until(lambda: cache.get(busy._fewest) == MAX_SLOTS)
        calls += [pool.submit(call, other, 2) for _ in range(2)]
        until(lambda: cache.get(busy._fewest) == 0)
        held[0].__exit__(None, None, None)
        until(lambda: len(order) > 1)
        cache.delete(busy._fewest)
        for slot in held[1:]:
            slot.__exit__(None, None, None)
        for one in calls:
            one.result(timeout=20)
    assert order == [2, 2, 1, 1, 1, 1]


def test_stalled_process_leaves_slot_to_its_new_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "SLOT_S", 2.0)  # renewed every 0.5 s
    limiter = SharedRateLimiter("stalled")
    with limiter.slot(20), limiter.slot(20):
        taken, own = (key for key in throttling._held._tokens if "stalled" in key)
        cache.put(taken, "another process", 60)  # after the slot had expired
        cache.delete(own)
        until(lambda: cache.get(own) is not None)  # `taken` was its turn just before
        assert cache.get(taken) == "another process"
    assert cache.get(taken) == "another process"
    assert cache.get(own) is None
