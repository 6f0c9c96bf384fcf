"""Fixtures for drafts: a result and a webhook receiver."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.answers.hooks import SECRET, Receiver, receiving
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up


@pytest.fixture
def ana(agent: User, connected: DemoSentry) -> Client:
    """Ana's browser; customer 1001's card was declined."""
    connected.world.add_event(
        user_id="1001",
        timestamp=MOMENT,
        project="web",
        exception=("PaymentDeclined", "Card declined"),
        environment="production",
        release="web@2.14.0",
    )
    return signed_in(agent)


@pytest.fixture
def result(ana: Client) -> str:
    """Return the URL of the result."""
    return look_up(ana)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A configured webhook receiver."""
    with receiving() as one:
        settings.TRIAGE_WEBHOOK_URL = one.url
        settings.TRIAGE_WEBHOOK_SECRET = SECRET
        yield one
