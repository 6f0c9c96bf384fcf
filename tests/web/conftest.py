"""Fixtures for page tests."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry


@pytest.fixture
def ana(agent: User, connected: DemoSentry) -> Client:
    """Return Ana's browser; Sentry has two projects and one event for customer 1001."""
    connected.world.add_event(
        user_id="1001",
        timestamp=MOMENT,
        project="web",
        exception=("PaymentDeclined", "Card declined"),
        environment="production",
    )
    connected.world.add_event(user_id="2", project="api", timestamp=MOMENT, environment="staging")
    return signed_in(agent)
