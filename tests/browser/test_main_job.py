"""The main job, from the form to the result, on the site that `make run` starts."""

import re

import pytest
import requests
from playwright.sync_api import Browser, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor


def test_sample_customer_leads_to_result(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.goto(agent_browser.site.url)
    page.get_by_role("button", name=re.compile("Card declined three times")).click()
    expect(page.get_by_label("Customer", exact=True)).to_have_value("1001")
    page.get_by_role("button", name="Look up", exact=True).click()
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("asked about")
    assert agent_browser.console_errors == []


def test_browser_time_zone_is_default_and_shown_on_result(
    agent_browser: Visitor,
) -> None:
    agent_browser.page.goto(agent_browser.site.url)
    expect(agent_browser.page.get_by_label("Time zone", exact=True)).to_have_value("Europe/Berlin")
    agent_browser.look_up("1001")
    expect(agent_browser.page.locator("main")).to_contain_text("Europe/Berlin")


def test_invalid_input_shows_error_and_is_preserved(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.goto(agent_browser.site.url)
    page.get_by_label("Customer", exact=True).fill("jane@example.com")
    page.get_by_label("When it happened").fill("around lunch")
    page.get_by_role("button", name="Look up", exact=True).click()
    field = page.get_by_label("When it happened")
    expect(field).to_have_value("around lunch")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Customer", exact=True)).to_have_value("jane@example.com")
    expect(page.locator("main")).to_contain_text("We can't read this time")


def test_result_works_on_phone_without_javascript(no_script: Visitor) -> None:
    no_script.open_result("1001")
    page = no_script.page
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
    page.locator(".event summary").first.click()
    expect(page.get_by_text("Where the program broke").first).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()


@pytest.mark.parametrize(
    "customer", ["1001", "mallory@example.net", "3003", "20417", "leo.martin@example.fr"]
)
def test_pages_fit_phone_width(no_script: Visitor, customer: str) -> None:
    """A full-page screenshot measures the width without JavaScript."""
    no_script.page.goto(no_script.site.url)
    assert _page_width(no_script) == 360
    no_script.look_up(customer)
    assert _page_width(no_script) == 360


def _page_width(visitor: Visitor) -> int:
    shot = visitor.page.screenshot(full_page=True)
    return int.from_bytes(shot[16:20], "big")


def test_hostile_events_run_no_script_and_log_nothing(agent_browser: Visitor) -> None:
    agent_browser.open_result("mallory@example.net")
    page = agent_browser.page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.wait_for_load_state("networkidle")
    assert page.locator("main script, main img, main iframe").count() == 0
    assert agent_browser.console_errors == []


def test_sentry_outage_is_reported_and_retry_works(
    agent_browser: Visitor,
) -> None:
    site = agent_browser.site
    fault = [{"path": "/acme/events/", "times": None, "status": 500, "body": "no"}]
    requests.post(f"{site.sentry}/_demo/faults", json=fault, timeout=5).raise_for_status()
    customer = "beatriz.costa@example.pt"
    unused_time = f"{site.moments[customer][:-1]}:17Z"
    agent_browser.look_up(customer, at=unused_time)
    page = agent_browser.page
    expect(page.locator("main")).to_contain_text("it's having problems of its own")
    expect(page.locator("main")).to_contain_text("beatriz.costa@example.pt")
    requests.delete(f"{site.sentry}/_demo/faults", timeout=5)
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("main")).to_contain_text("12 times")


def test_empty_result_lists_searched_projects(agent_browser: Visitor) -> None:
    agent_browser.open_result("leo.martin@example.fr")
    main = agent_browser.page.locator("main")
    expect(main).to_contain_text("No errors for this customer in this window, but 6 clicks")
    expect(main).to_contain_text("checkout-api")


def test_manage_lists_lookups_under_strict_policy(
    site: Site, chromium: Browser, agent_browser: Visitor
) -> None:
    agent_browser.look_up("1001")
    context = chromium.new_context()
    admin = Visitor(site, context)
    admin.resume_session("admin")
    admin.page.goto(f"{site.url}/admin/lookups/lookup/")
    row = admin.page.get_by_role("row").filter(has_text="1001").first
    expect(row).to_contain_text("agent")
    row.get_by_role("link", name="Open").click()
    expect(admin.page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
    assert admin.console_errors == []
    context.close()


def test_result_requires_sign_in_after_sign_out(agent_browser: Visitor) -> None:
    agent_browser.start_session()
    agent_browser.look_up("1001")
    page = agent_browser.page
    url = page.url
    page.locator("header").get_by_text("agent").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_rate_limit_counts_down_and_retries_automatically(agent_browser: Visitor) -> None:
    site = agent_browser.site
    path, headers = "/acme/events/.*dataset=errors", {"Retry-After": "9"}
    fault = [{"path": path, "times": 1, "status": 429, "headers": headers}]
    requests.post(f"{site.sentry}/_demo/faults", json=fault, timeout=5).raise_for_status()
    agent_browser.look_up("sakura_田中")
    main = agent_browser.page.locator("main")
    expect(main).to_contain_text("we've reached its limit on requests")
    expect(main).to_contain_text("Next attempt in")
    expect(main.get_by_role("heading", level=1)).to_contain_text("other problem", timeout=25_000)


def test_late_session_replays_load_automatically(agent_browser: Visitor) -> None:
    site = agent_browser.site
    agent_browser.look_up("leo.martin@example.fr")
    fault = [{"path": "/replays/", "times": 2, "delay_s": 2}]
    requests.post(f"{site.sentry}/_demo/faults", json=fault, timeout=5).raise_for_status()
    agent_browser.page.get_by_role("button", name="Refresh").click()
    main = agent_browser.page.locator("main")
    expect(main).to_contain_text("Session replays could not be read in time.")
    expect(main).to_contain_text("2 rage clicks", timeout=15_000)
    expect(main.locator("#around")).not_to_contain_text("could not be read")
    text = main.locator("#export-text")
    expect(text).to_have_value(re.compile("2 rage clicks"))
    expect(text).not_to_have_value(re.compile("could not be read"))
    expect(main.locator("[data-facts]")).to_contain_text("1 session replay")
    assert agent_browser.console_errors == []


def test_manage_search_keeps_customer_out_of_url(
    site: Site, chromium: Browser, agent_browser: Visitor
) -> None:
    agent_browser.look_up("beatriz.costa@example.pt")
    context = chromium.new_context()
    admin = Visitor(site, context)
    admin.resume_session("admin")
    admin.page.goto(f"{site.url}/admin/lookups/lookup/")
    find = admin.page.get_by_label("Customer (exactly as typed) or the person who looked them up")
    find.fill("Beatriz.Costa@example.pt")
    admin.page.get_by_role("button", name="Search").click()
    rows = admin.page.locator("#changelist-form tbody tr")
    expect(rows.first).to_contain_text("beatriz.costa@example.pt")
    assert "beatriz" not in admin.page.url.lower()
    context.close()
