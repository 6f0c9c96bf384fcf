"""Calls for related data of concurrent lookups: they share one slot and delay no answer."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from apps.demo.server import DemoSentry
from apps.events.answer import Answer, Signal
from apps.lookups.throttling import SharedRateLimiter
from apps.sentry import Flavor, SentryClient, SentryConfig, fetch_answer
from tests.conftest import MOMENT, NOW, question

TRACE = "ab" * 16
CUSTOMERS = ("1", "2", "3", "4", "5", "6")


@pytest.fixture
def signals(config: SentryConfig) -> SentryConfig:
    """Turn on every signal, for a server that is known to be Sentry."""
    return replace(config, signals=tuple(Signal), flavor=Flavor.SENTRY)


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
