"""Fixtures: a site with a model, and Ana's lookup of a customer with one event."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.explain.config import Llm
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.explain.asking import KEY, Explainer
from tests.explain.model_server import ModelServer, line, model_server, says
from tests.web.asking import look_up


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A model that answers with one cause."""
    with model_server(says(line("The card was declined."))) as running:
        yield running


@pytest.fixture
def llm(model: ModelServer, settings: Settings) -> Llm:
    """The site's configuration of the model."""
    made = Llm(
        base_url=model.url,
        api_key=KEY,
        model="tiny-1",
        timeout_s=20,
        answer_tokens=500,
        input_price=Decimal("0.5"),
        output_price=Decimal(2),
        cost_per_day=Decimal(1),
        tokens_per_day=100_000,
    )
    settings.LLM = made
    return made


@pytest.fixture
def explainer(llm: Llm, agent: User, connected: DemoSentry) -> Explainer:
    """Ana's result and browser."""
    event = connected.world.add_event(
        user_id="1001",
        timestamp=MOMENT,
        project="web",
        exception=("PaymentDeclined", "Card of anna@example.org declined"),
    )
    ana: Client = signed_in(agent)
    return Explainer(ana, look_up(ana), event.id)
