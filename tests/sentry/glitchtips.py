"""Look up customers in the demo as GlitchTip, and fill it."""

from datetime import timedelta

from apps.events.answer import Answer
from apps.events.query import Question
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.fetch import fetch_answer
from tests.conftest import MOMENT, NOW
from tests.demo_sentry import DemoSentry


def look_up(config: SentryConfig, lookup: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, lookup, projects=client.projects(), now=NOW)
    finally:
        client.close()


def ids(answer: Answer) -> set[str]:
    return {event.id for event in answer.events}


def crowd(demo: DemoSentry, number: int, *, project: str = "web") -> None:
    """Add events of another customer, received since the reported time."""
    for place in range(number):
        when = MOMENT + timedelta(seconds=10 * place + 1)
        demo.world.add_event(
            user_id="crowd", timestamp=when, project=project, issue=f"Crowd {place % 3}"
        )
