"""A list of customers, and a Sentry in which some of them share a failure."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry

LIST = "\n".join(["Customer ID", *map(str, range(1001, 1007)), "1001", "10.0.0.1", "anna"])


@pytest.fixture
def lea(lead: User, connected: DemoSentry) -> Client:
    """Return Lea's browser. Three customers share a failure, one has another of their own."""
    world = connected.world
    for number in range(3):
        world.add_event(
            user_id=str(1001 + number),
            timestamp=MOMENT + timedelta(seconds=number),
            project="web",
            exception=("PaymentDeclined", "Card declined for jane@example.com"),
            release=f"=shop@2.{number % 2}.0",
        )
    world.add_event(user_id="1004", timestamp=MOMENT, project="api", exception=("KeyError", "x"))
    world.add_event(user_id="1005", timestamp=MOMENT - timedelta(days=1), project="web")
    return signed_in(lead)
