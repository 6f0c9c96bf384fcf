"""A client for wire-level tests: its Sentry is written down answer by answer."""

from collections.abc import Iterator

import pytest
import responses

from apps.demo.server import DemoSentry
from apps.demo.world import World
from apps.sentry import Flavor, SentryClient, SentryConfig

API = "https://sentry.test/api/0"


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """Every answer is given by the test; a call nobody expects fails it."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[SentryClient]:
    """A client of a Sentry that exists only on the wire."""
    config = SentryConfig(base_url="https://sentry.test", organization="acme", token="s3cr3t")
    client = SentryClient(config)
    yield client
    client.close()


@pytest.fixture
def glitchtip() -> Iterator[DemoSentry]:
    """The demo as a GlitchTip with one project and no events."""
    with DemoSentry(World(), flavor="glitchtip") as running:
        running.world.add_project("web")
        yield running


@pytest.fixture
def glitchtip_config(glitchtip: DemoSentry) -> SentryConfig:
    """How a client that was told so reaches it."""
    return SentryConfig(
        glitchtip.url, organization="acme", token="demo-token", flavor=Flavor.GLITCHTIP
    )
