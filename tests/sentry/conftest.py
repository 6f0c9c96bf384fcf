"""A client for tests on HTTP level, and the demo as GlitchTip."""

from collections.abc import Iterator

import pytest
import responses

from apps.demo.world import World
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from tests.demo_sentry import DemoSentry

API = "https://sentry.test/api/0"


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """Mock all HTTP; the test adds the responses, and an unexpected call fails it."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[SentryClient]:
    """Return a client for a mocked Sentry."""
    config = SentryConfig(base_url="https://sentry.test", organization="acme", token="s3cr3t")
    client = SentryClient(config)
    yield client
    client.close()


@pytest.fixture
def glitchtip() -> Iterator[DemoSentry]:
    """Run the demo as GlitchTip, with one project and no events."""
    with DemoSentry(World(), flavor="glitchtip") as running:
        running.world.add_project("web")
        yield running


@pytest.fixture
def glitchtip_config(glitchtip: DemoSentry) -> SentryConfig:
    """Return a configuration with its flavor."""
    return SentryConfig(
        glitchtip.url, organization="acme", token="demo-token", flavor=Flavor.GLITCHTIP
    )
