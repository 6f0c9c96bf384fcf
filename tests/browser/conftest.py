"""The site shared by all browser tests, and signed-in visitors."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser

from tests.browser import site as sites
from tests.browser.site import Site
from tests.browser.visitor import Visitor


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running demo with its own files."""
    with sites.running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy_sentry(site: Site) -> Iterator[None]:
    """Clear injected faults after each test."""
    yield
    requests.delete(f"{site.sentry}/_demo/faults", timeout=5)


@pytest.fixture
def agent_browser(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo agent, signed in, with a Berlin time zone."""
    context = chromium.new_context(timezone_id="Europe/Berlin", accept_downloads=True)
    visitor = Visitor(site, context)
    visitor.resume_session()
    visitor.page.goto(site.url)
    yield visitor
    context.close()


@pytest.fixture
def clipboard_browser(agent_browser: Visitor) -> Visitor:
    """The demo agent with clipboard access."""
    agent_browser.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return agent_browser


@pytest.fixture
def no_script(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo agent on a phone without JavaScript."""
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, color_scheme="dark"
    )
    visitor = Visitor(site, context)
    visitor.resume_session()
    visitor.page.goto(site.url)
    yield visitor
    context.close()
