"""A result page is light and stands still, measured in a real browser."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import ROOT, Site
from tests.browser.visitor import Visitor

MOST_BYTES = 100_000
MOST_SCRIPT_BYTES = 36_000
MOST_HTML_BYTES = 1_050_000
SHIFT_NOBODY_SEES = 0.001

WATCH_SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""

MOMENT = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=20)


def add_events(site: Site, customer: str, count: int, problems: int) -> None:
    """That many events in four minutes before the moment."""
    events = [
        {
            "user_id": customer,
            "timestamp": (MOMENT - timedelta(seconds=240 * place / count)).isoformat(),
            "issue": f"{customer}-{place % problems}",
            "exception": [f"Broken{place % problems}", f"Part {place % problems} went wrong"],
        }
        for place in range(count)
    ]
    answer = requests.post(f"{site.sentry}/_demo/events", json=events, timeout=60)
    answer.raise_for_status()


@pytest.fixture(params=[1200, 360])
def reader(request: pytest.FixtureRequest, site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo agent on a wide and on a narrow screen, with shifts of the layout counted."""
    context = chromium.new_context(viewport={"width": request.param, "height": 800})
    context.add_init_script(WATCH_SHIFTS)
    visitor = Visitor(site, context)
    visitor.come_in()
    yield visitor
    context.close()


def result_anew(visitor: Visitor, customer: str, at: str | None = None) -> dict[str, int]:
    """The result in a tab that has nothing kept; the bytes over the wire by address."""
    visitor.look_up(customer, at)
    expect(visitor.page.locator("#export")).to_be_visible(timeout=30_000)
    visitor.page.wait_for_load_state("networkidle")  # what came late has been read
    address = urlsplit(visitor.page.url)._replace(query="").geturl()
    visitor.page = visitor.context.new_page()
    wire = visitor.context.new_cdp_session(visitor.page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def note(told: dict[str, Any]) -> None:
        addresses[told["requestId"]] = told["request"]["url"]

    def weigh(told: dict[str, Any]) -> None:
        sizes[addresses[told["requestId"]]] = int(told["encodedDataLength"])

    wire.on("Network.requestWillBeSent", note)
    wire.on("Network.loadingFinished", weigh)
    visitor.page.goto(address)
    visitor.page.wait_for_load_state("networkidle")
    return sizes


def shifts(page: Page) -> float:
    """How far the layout has moved by itself, once the last frame is drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(page.evaluate("window.shifts"))


def test_fifty_events_are_light_and_from_here_and_stand_still(reader: Visitor) -> None:
    add_events(reader.site, "fifty", 50, 8)
    sizes = result_anew(reader, "fifty", f"{MOMENT:%Y-%m-%d %H:%M:%S}Z")
    assert sum(sizes.values()) < MOST_BYTES
    assert {urlsplit(address).netloc for address in sizes} == {urlsplit(reader.site.url).netloc}
    assert sum(address.endswith(".css") for address in sizes) == 2
    assert not any("/events/" in address for address in sizes)
    assert shifts(reader.page) < SHIFT_NOBODY_SEES


def test_an_empty_result_stands_still_while_the_scripts_arrive(reader: Visitor) -> None:
    result_anew(reader, "nobody-at-all", f"{MOMENT:%Y-%m-%d %H:%M:%S}Z")
    assert shifts(reader.page) < SHIFT_NOBODY_SEES


def test_five_hundred_problems_stay_below_a_megabyte(agent_browser: Visitor) -> None:
    add_events(agent_browser.site, "heavy", 500, 500)
    result_anew(agent_browser, "heavy", f"{MOMENT:%Y-%m-%d %H:%M:%S}Z")
    html = agent_browser.context.request.get(agent_browser.page.url).body()
    assert b"490 more problems" in html
    assert len(html) < MOST_HTML_BYTES


def test_all_scripts_together_stay_small() -> None:
    scripts = (ROOT / "apps/web/static/web/js").glob("*.js")
    assert sum(script.stat().st_size for script in scripts) <= MOST_SCRIPT_BYTES
