"""Slow lookups show progress and events, then the result."""

import re
from typing import Any

import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

LIST = "/acme/events/"
BODIES = r"/issues/\d+/events/"
LONG_DELAY_S = 6


def add_fault(site: Site, path: str, **settings: Any) -> None:
    body = [{"path": path, "times": None, **settings}]
    requests.post(f"{site.sentry}/_demo/faults", json=body, timeout=5).raise_for_status()


def clear_faults(site: Site) -> None:
    requests.delete(f"{site.sentry}/_demo/faults", timeout=5)


def start_uncached_lookup(visitor: Visitor, customer: str, minutes: int) -> Page:
    """Start a lookup with a window that no other test uses, so it is not cached."""
    page = visitor.page
    page.goto(visitor.site.url)
    page.get_by_label("Customer", exact=True).fill(customer)
    page.get_by_label("When it happened").fill(visitor.site.moments[customer])
    page.get_by_label("± minutes").fill(str(minutes))
    page.get_by_role("button", name="Look up", exact=True).click()
    page.wait_for_url(re.compile("/lookups/"))
    return page


def headline(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def test_progress_and_events_appear_before_result(
    agent_browser: Visitor,
) -> None:
    add_fault(agent_browser.site, BODIES, delay_s=2)
    page = start_uncached_lookup(agent_browser, "1001", 21)
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(page.locator("[data-sentence]")).to_have_text(re.compile(r"\d of \d problems read, \d"))
    rows = page.locator(".found-event")
    refused = re.compile("The payment was declined|There was not enough money")
    expect(rows.filter(has_text=refused)).to_have_count(3)
    expect(rows).to_have_count(8)
    assert float(bar.evaluate("bar => bar.value")) >= 0.3
    expect(page.locator("[data-facts]")).to_contain_text("2 problems", timeout=25_000)
    assert agent_browser.console_errors == []


def test_canceled_lookup_can_be_repeated(agent_browser: Visitor) -> None:
    add_fault(agent_browser.site, LIST, delay_s=LONG_DELAY_S)
    page = start_uncached_lookup(agent_browser, "1001", 22)
    page.get_by_role("button", name="Cancel").click()
    expect(headline(page)).to_have_text("This lookup was stopped before it finished.")
    clear_faults(agent_browser.site)
    page.get_by_role("button", name="Look up again").click()
    expect(page.locator("[data-facts]")).to_contain_text("2 problems", timeout=15_000)
    assert agent_browser.console_errors == []


def test_failure_shows_error_page_and_retry_shows_progress(
    agent_browser: Visitor,
) -> None:
    add_fault(agent_browser.site, LIST, status=403, body="{}", delay_s=1)
    page = start_uncached_lookup(agent_browser, "1001", 23)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(headline(page)).to_contain_text(
        "our key doesn't have the access this needs", timeout=15_000
    )
    clear_faults(agent_browser.site)
    add_fault(agent_browser.site, LIST, delay_s=1)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator("[data-facts]")).to_contain_text("2 problems", timeout=15_000)


def test_reload_and_second_tab_keep_progress(agent_browser: Visitor) -> None:
    add_fault(agent_browser.site, BODIES, delay_s=2)
    page = start_uncached_lookup(agent_browser, "1001", 24)
    expect(page.locator(".found-event").first).to_be_visible()
    page.reload()
    expect(page.locator(".found-event").first).to_be_visible()
    other = agent_browser.context.new_page()
    other.goto(page.url)
    for tab in (page, other):
        expect(tab.locator("[data-facts]")).to_contain_text("2 problems", timeout=25_000)


def test_progress_survives_failed_polls(agent_browser: Visitor) -> None:
    add_fault(agent_browser.site, LIST, delay_s=2)
    aborted = []

    def abort_first_polls(route: Any) -> None:
        aborted.append(1)
        if len(aborted) < 4:
            route.abort()
        else:
            route.continue_()

    agent_browser.page.route("**/progress", abort_first_polls)
    page = start_uncached_lookup(agent_browser, "1001", 25)
    expect(page.locator("[data-note]")).to_be_visible()
    expect(page.locator("[data-facts]")).to_contain_text("2 problems", timeout=25_000)


def test_expired_session_while_waiting_redirects_to_sign_in(agent_browser: Visitor) -> None:
    add_fault(agent_browser.site, LIST, delay_s=LONG_DELAY_S)
    page = start_uncached_lookup(agent_browser, "1001", 26)
    expect(page.get_by_role("progressbar")).to_be_visible()
    clear_faults(agent_browser.site)
    agent_browser.context.clear_cookies(name="triage-demo-session")
    expect(headline(page)).to_have_text("Sign in", timeout=10_000)


def test_page_waits_for_result_without_javascript(no_script: Visitor) -> None:
    add_fault(no_script.site, LIST, delay_s=1)
    page = start_uncached_lookup(no_script, "1001", 27)
    expect(page.locator("[data-facts]")).to_contain_text("2 problems")
    assert page.get_by_role("progressbar").count() == 0


def test_result_loads_after_javascript_is_turned_off(
    no_script: Visitor,
) -> None:
    no_script.context.add_cookies(
        [{"name": "triage_live", "value": "1", "url": no_script.site.url}]
    )
    add_fault(no_script.site, LIST, delay_s=1)
    page = start_uncached_lookup(no_script, "1001", 28)
    expect(page.locator("[data-facts]")).to_contain_text("2 problems", timeout=15_000)
