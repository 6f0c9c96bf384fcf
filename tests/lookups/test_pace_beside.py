"""Calls for related data of concurrent lookups: they share one slot and delay no answer."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from time import monotonic, time

import pytest
from pytest_django import Settings

from apps.events.answer import Answer, NoticeCode, Signal
from apps.jobs.models import Worker
from apps.lookups.throttling import (
    BATCH_SLOTS,
    BATCH_SLOTS_OF_ALL,
    MAX_SLOTS,
    SharedRateLimiter,
    batch_slots,
)
from apps.redis_outage import outage
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.errors import SentryCrowded, SentryRateLimited
from apps.sentry.fetch import fetch_answer
from tests.conftest import MOMENT, NOW, question
from tests.demo_sentry import DemoSentry

SIGNALS = (Signal.REPLAYS, Signal.FEEDBACK, Signal.TRACES, Signal.DEPLOYS)
TRACE = "ab" * 16
CUSTOMERS = ("1", "2", "3", "4", "5", "6")


@pytest.fixture
def signals(config: SentryConfig) -> SentryConfig:
    """Turn these signals on, for a server that is known to be Sentry."""
    return replace(config, signals=SIGNALS, flavor=Flavor.SENTRY)


def test_hanging_signals_do_not_delay_other_lookups(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    """If each hanging call took a slot, none would be left for the answers."""
    for customer in CUSTOMERS:
        for place in range(6):
            demo_sentry.world.add_event(user_id=customer, timestamp=MOMENT, issue=str(place))
    demo_sentry.fail("/replays/|feedback", times=None, delay_s=9)
    limiter = SharedRateLimiter("hanging")

    def look(customer: str) -> Answer:
        client = SentryClient(replace(signals, deadline_s=8.0), limiter)
        try:
            return fetch_answer(client, question(customer), projects=client.projects(), now=NOW)
        finally:
            client.close()

    with ThreadPoolExecutor(len(CUSTOMERS)) as pool:
        answers = list(pool.map(look, CUSTOMERS))
    assert [(answer.complete, answer.bodies_read) for answer in answers] == [(True, 6)] * len(
        CUSTOMERS
    )
    assert not [call for call in demo_sentry.calls if "replays" in call.path]


def test_a_rate_limit_on_a_signal_delays_no_answer(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    limit = {"Retry-After": "30"}
    demo_sentry.fail("%21has|feedback", times=None, status=429, headers=limit)
    limiter = SharedRateLimiter("limited")
    for _ in range(2):
        client = SentryClient(replace(signals, signals_wait_s=5.0), limiter)
        answer = fetch_answer(client, question("1001"), projects=client.projects(), now=NOW)
        client.close()
        assert (answer.complete, len(answer.events), answer.notices) == (True, 1, ())
        assert {one.signal for one in answer.beside.unread} == {Signal.FEEDBACK, Signal.TRACES}
    refused = [call for call in demo_sentry.calls if call.status == 429]
    assert len(refused) == 2, "the second lookup must know the limit"


def test_a_limit_holds_back_all_endpoints_that_share_it(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    """Sentry counts lists of an issue, single events, and replays together."""
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    lists, single, replays = r"/issues/\d+/events/", "/projects/acme/web/events/", "/replays/"
    for number, limited in enumerate((lists, single, replays)):
        limiter = SharedRateLimiter(f"shared-{number}")
        if limited == single:
            demo_sentry.fail(lists, status=200, body=[])
        demo_sentry.fail(limited, status=429, headers={"Retry-After": "30"})
        for is_limited in (False, True):
            demo_sentry.calls.clear()
            client = SentryClient(replace(signals, signals_wait_s=5.0), limiter)
            answer = fetch_answer(client, question("1001"), projects=client.projects(), now=NOW)
            client.close()
            called = " ".join(call.path for call in demo_sentry.calls)
            assert (answer.complete, len(answer.events), len(answer.issues)) == (True, 1, 1)
            if is_limited:
                assert not re.search(f"{lists}|{single}|{replays}", called), limited
                assert answer.has_notice(NoticeCode.PARTIAL_BODIES), limited
        demo_sentry.clear()


def test_batches_and_lookups_never_wait_for_each_other() -> None:
    """Both use up their slots; a batch has others, and only a few of them in one process."""
    lookups = SharedRateLimiter("batches")
    batches = lookups.for_batches()
    for first, most, second in ((batches, BATCH_SLOTS, lookups), (lookups, MAX_SLOTS, batches)):
        with ExitStack() as stack:
            for _slot in range(most):
                stack.enter_context(first.slot(5))
            stack.enter_context(second.slot(5))
            with pytest.raises(SentryCrowded):
                stack.enter_context(first.slot(0.01))


@pytest.mark.django_db
def test_a_worker_makes_more_calls_for_batches_among_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where all count together: in Redis, as long as it isn't lost."""
    assert batch_slots() == 2
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert batch_slots() == 2, "it is alone"
    Worker.objects.create(name="other")
    assert batch_slots() == 3
    with ExitStack() as stack:
        batches = SharedRateLimiter("among").for_batches()
        for _slot in range(BATCH_SLOTS_OF_ALL):
            stack.enter_context(batches.slot(5))
        with pytest.raises(SentryCrowded):
            stack.enter_context(batches.slot(0.01))
    monkeypatch.setattr(outage, "until", monotonic() + 60)
    assert batch_slots() == 2


def test_batches_pause_while_few_of_sentrys_connections_are_free() -> None:
    """Sentry says how many requests it answers at a time; others of the organization count too."""
    lookups = SharedRateLimiter("connections")
    batches = lookups.for_batches()
    names = [f"x-sentry-rate-limit-concurrent{name}" for name in ("limit", "remaining")]
    batches.record_response("/events/", dict(zip(names, ("16", "4"), strict=True)))
    batches.check("/events/")
    batches.record_response("/events/", dict(zip(names, ("16", "3"), strict=True)))
    with pytest.raises(SentryRateLimited) as pause:
        batches.check("/events/")
    assert pause.value.retry_after <= 1, "the client waits that long itself"
    lookups.check("/events/")


def test_batches_stop_before_a_limit_is_used_up() -> None:
    """They leave a quarter of it to lookups, which go on."""
    lookups = SharedRateLimiter("reserve")
    batches = lookups.for_batches()
    headers = {"x-sentry-rate-limit-limit": "40", "x-sentry-rate-limit-reset": f"{time() + 60}"}
    batches.record_response("/events/", headers | {"x-sentry-rate-limit-remaining": "10"})
    batches.check("/events/")
    batches.record_response("/events/", headers | {"x-sentry-rate-limit-remaining": "9"})
    with pytest.raises(SentryRateLimited):
        batches.check("/events/")
    lookups.check("/events/")
    batches.record_error("/other/", SentryRateLimited("No.", retry_after=30))
    with pytest.raises(SentryRateLimited):
        batches.check("/other/")
    lookups.check("/other/")
