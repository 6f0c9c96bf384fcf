"""Asking the demo as a GlitchTip, and filling it."""

from datetime import timedelta

from apps.demo.server import DemoSentry
from apps.events.answer import Answer
from apps.events.query import Question
from apps.sentry import SentryClient, SentryConfig, fetch_answer
from tests.conftest import MOMENT, NOW


def ask(config: SentryConfig, asked: Question) -> Answer:
    client = SentryClient(config)
    try:
        return fetch_answer(client, asked, projects=client.projects(), now=NOW)
    finally:
        client.close()


def ids(answer: Answer) -> set[str]:
    return {event.id for event in answer.events}


def crowd(demo: DemoSentry, number: int, *, project: str = "web") -> None:
    """So many events of nobody in particular, received since the tests' moment."""
    for place in range(number):
        when = MOMENT + timedelta(seconds=10 * place + 1)
        demo.world.add_event(
            user_id="crowd", timestamp=when, project=project, issue=f"Crowd {place % 3}"
        )
