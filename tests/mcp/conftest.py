"""A site with `/mcp` turned on, and Sentry with an error of customer 1001."""

import asyncio
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connections
from pytest_django import Settings

from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.web.tokens import token_of


@pytest.fixture(scope="module", autouse=True)
def _own_event_loop() -> Iterator[None]:
    """Hide the event loop that Playwright keeps in this thread after a browser test.

    Django's connections depend on it, too, so none stays open.
    """
    other = asyncio._get_running_loop()
    connections.close_all()
    asyncio._set_running_loop(None)
    yield
    connections.close_all()
    asyncio._set_running_loop(other)


@pytest.fixture
def mcp_on(connected: DemoSentry, settings: Settings) -> DemoSentry:
    """The endpoint is on, and Sentry has one error of customer 1001 in each of two projects."""
    settings.TRIAGE_MCP = True
    settings.TRIAGE_SIGNALS = ()
    error = ("PaymentDeclined", "Card declined")
    connected.world.add_event(user_id="1001", timestamp=MOMENT, project="web", exception=error)
    connected.world.add_event(user_id="1001", timestamp=MOMENT, project="api", exception=error)
    return connected


@pytest.fixture
def token(mcp_on: DemoSentry, agent: User) -> str:
    """Ana's token for assistants."""
    return token_of(agent, scopes=["mcp"])
