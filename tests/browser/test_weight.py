"""Size and layout shift of result pages, measured in a browser."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import ROOT, Site
from tests.browser.visitor import Visitor

MAX_BYTES = 100_000
MAX_SCRIPT_BYTES = 36_000
MAX_HTML_BYTES = 1_050_000
MAX_LAYOUT_SHIFT = 0.001

COUNT_SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""

MOMENT = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=20)


def add_events(site: Site, customer: str, count: int, problems: int) -> None:
    """Spread this many events over the four minutes before `MOMENT`."""
    events = [
        {
            "user_id": customer,
            "timestamp": (MOMENT - timedelta(seconds=240 * index / count)).isoformat(),
            "issue": f"{customer}-{index % problems}",
            "exception": [f"Broken{index % problems}", f"Part {index % problems} went wrong"],
        }
        for index in range(count)
    ]
    response = requests.post(f"{site.sentry}/_demo/events", json=events, timeout=60)
    response.raise_for_status()


@pytest.fixture(params=[1200, 360])
def measured(request: pytest.FixtureRequest, site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo agent on a wide or narrow screen, with layout shifts counted."""
    context = chromium.new_context(viewport={"width": request.param, "height": 800})
    context.add_init_script(COUNT_SHIFTS)
    visitor = Visitor(site, context)
    visitor.resume_session()
    yield visitor
    context.close()


def load_result_uncached(visitor: Visitor, customer: str, at: str | None = None) -> dict[str, int]:
    """Load a result in a tab without cache; return the bytes transferred by URL."""
    visitor.look_up(customer, at)
    expect(visitor.page.locator("#export")).to_be_visible(timeout=30_000)
    visitor.page.wait_for_load_state("networkidle")  # late parts have loaded
    url = urlsplit(visitor.page.url)._replace(query="").geturl()
    visitor.page = visitor.context.new_page()
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def record_url(message: dict[str, Any]) -> None:
        urls[message["requestId"]] = message["request"]["url"]

    def record_size(message: dict[str, Any]) -> None:
        sizes[urls[message["requestId"]]] = int(message["encodedDataLength"])

    devtools.on("Network.requestWillBeSent", record_url)
    devtools.on("Network.loadingFinished", record_size)
    visitor.page.goto(url)
    visitor.page.wait_for_load_state("networkidle")
    return sizes


def layout_shift(page: Page) -> float:
    """Return the total layout shift after the last frame is drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(page.evaluate("window.shifts"))


def test_fifty_events_are_small_same_origin_and_do_not_shift(measured: Visitor) -> None:
    add_events(measured.site, "fifty", 50, 8)
    sizes = load_result_uncached(measured, "fifty", f"{MOMENT:%Y-%m-%d %H:%M:%S}Z")
    assert sum(sizes.values()) < MAX_BYTES
    assert {urlsplit(url).netloc for url in sizes} == {urlsplit(measured.site.url).netloc}
    assert sum(url.endswith(".css") for url in sizes) == 2
    assert not any("/events/" in url for url in sizes)
    assert layout_shift(measured.page) < MAX_LAYOUT_SHIFT


def test_empty_result_does_not_shift_while_scripts_load(measured: Visitor) -> None:
    load_result_uncached(measured, "nobody-at-all", f"{MOMENT:%Y-%m-%d %H:%M:%S}Z")
    assert layout_shift(measured.page) < MAX_LAYOUT_SHIFT


def test_five_hundred_problems_stay_within_html_limit(agent_browser: Visitor) -> None:
    add_events(agent_browser.site, "heavy", 500, 500)
    load_result_uncached(agent_browser, "heavy", f"{MOMENT:%Y-%m-%d %H:%M:%S}Z")
    html = agent_browser.context.request.get(agent_browser.page.url).body()
    assert b"490 more problems" in html
    assert len(html) < MAX_HTML_BYTES


def test_scripts_stay_within_size_limit() -> None:
    scripts = (ROOT / "apps/web/static/web/js").glob("*.js")
    assert sum(script.stat().st_size for script in scripts) <= MAX_SCRIPT_BYTES
