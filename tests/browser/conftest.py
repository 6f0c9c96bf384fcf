"""The site shared by all browser tests, and signed-in visitors."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
import requests
from playwright.sync_api import Browser

from tests.browser import site as sites
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.shell import DATABASE


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Site]:
    """A running demo with its own files, on a database that is already migrated."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "demo").mkdir(mode=0o700)
    copyfile(migrated, folder / "demo" / DATABASE)
    with sites.running_site(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy_sentry(site: Site) -> Iterator[None]:
    """Clear injected faults after each test."""
    yield
    requests.delete(f"{site.sentry}/_demo/faults", timeout=5)


@pytest.fixture
def agent_browser(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo agent, signed in, with a Berlin time zone and no page open yet."""
    context = chromium.new_context(timezone_id="Europe/Berlin", accept_downloads=True)
    visitor = Visitor(site, context)
    visitor.resume_session()
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
    yield visitor
    context.close()
