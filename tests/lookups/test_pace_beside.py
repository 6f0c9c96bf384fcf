"""Optional calls of many lookups at once: they share one place and keep no answer waiting."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from apps.demo.server import DemoSentry
from apps.events.answer import Answer, Signal
from apps.lookups.throttling import SharedPace
from apps.sentry import Flavor, SentryClient, SentryConfig, fetch_answer
from tests.conftest import MOMENT, NOW, question

TRACE = "ab" * 16
CUSTOMERS = ("1", "2", "3", "4", "5", "6")


@pytest.fixture
def signals(config: SentryConfig) -> SentryConfig:
    """Everything is asked, of a server known to be a Sentry."""
    return replace(config, signals=tuple(Signal), flavor=Flavor.SENTRY)


def test_lookups_whose_signals_hang_do_not_hold_up_each_other(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    """With a place taken by each hanging call none would be left for what the answers need."""
    for customer in CUSTOMERS:
        for place in range(6):
            demo_sentry.world.add_event(user_id=customer, timestamp=MOMENT, issue=str(place))
    demo_sentry.fail("/replays/|feedback", times=None, delay_s=9)
    pace = SharedPace("hanging")

    def look(customer: str) -> Answer:
        client = SentryClient(replace(signals, deadline_s=8.0), pace)
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


def test_a_limit_that_a_signal_meets_keeps_no_answer_waiting(
    signals: SentryConfig, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    limit = {"Retry-After": "30"}
    demo_sentry.fail("%21has|feedback", times=None, status=429, headers=limit)
    pace = SharedPace("limited")
    for _ in range(2):
        client = SentryClient(replace(signals, signals_wait_s=5.0), pace)
        answer = fetch_answer(client, question("1001"), projects=client.projects(), now=NOW)
        client.close()
        assert (answer.complete, len(answer.events), answer.notices) == (True, 1, ())
        assert {one.signal for one in answer.beside.unread} == {Signal.FEEDBACK, Signal.TRACES}
    asked = [call for call in demo_sentry.calls if call.status == 429]
    assert len(asked) == 2, "who comes after must know of the limit"
