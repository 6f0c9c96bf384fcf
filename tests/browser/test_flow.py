"""Navigating a result by keyboard and mouse, and starting the next lookup."""

import re
from datetime import UTC, datetime

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

DECLINED = re.compile("The payment was declined, 3 times")


def test_keys_move_between_problems_and_to_customer_field(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    page = agent_browser.page
    expect(page.get_by_role("heading", level=1)).to_have_text(DECLINED)
    first, second = page.locator("#issue-1-title"), page.locator("#issue-2 .fold > summary")
    page.keyboard.press("j")
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    expect(page.locator("#issue-2 .issue-body")).to_be_visible()
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("/")
    customer = page.get_by_label("Customer", exact=True)
    expect(customer).to_be_focused()
    page.keyboard.type("jk?")
    expect(customer).to_have_value("jk?")


def test_question_mark_opens_shortcuts_and_escape_closes_them(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    page = agent_browser.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text(
        "Next and previous problem"
    )
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_disabled_shortcuts_do_nothing(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.goto(f"{agent_browser.site.url}/accounts/preferences/")
    page.get_by_label(re.compile("Use single-key shortcuts on results")).uncheck()
    page.get_by_role("button", name="Save").click()
    try:
        agent_browser.look_up("1001")
        expect(page.get_by_role("heading", level=1)).to_have_text(DECLINED)
        page.keyboard.press("/")
        expect(page.get_by_label("Customer", exact=True)).not_to_be_focused()
        expect(page.get_by_role("button", name="Keyboard shortcuts")).to_have_count(0)
    finally:
        page.goto(f"{agent_browser.site.url}/accounts/preferences/")
        page.get_by_label(re.compile("Use single-key shortcuts on results")).check()
        page.get_by_role("button", name="Save").click()


def test_opening_event_loads_its_details(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    page = agent_browser.page
    problem = page.locator("#issue-2")
    expect(problem.locator(".exception")).to_have_count(0)
    problem.locator(".fold > summary").click()
    problem.locator(".event summary").first.click()
    expect(problem.get_by_text("Where the program broke")).to_be_visible()
    assert agent_browser.console_errors == []


def test_timeline_mark_opens_its_event(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    page = agent_browser.page
    page.locator(".lane").nth(1).locator("a.mark-link").first.click()
    expect(page.locator("#issue-2").get_by_text("Where the program broke")).to_be_visible()


def test_form_above_result_starts_new_lookup(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    page = agent_browser.page
    first = page.url
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("Customer", exact=True).fill("leo.martin@example.fr")
    page.get_by_role("button", name="Look up", exact=True).click()
    page.wait_for_url(lambda url: url != first and "/lookups/" in url)
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "No errors, and Sentry has no logs"
    )


def test_one_click_widens_window(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    page = agent_browser.page
    page.get_by_text("Wider or other times").click()
    page.get_by_role("button", name="± 15 min").click()
    expect(page.get_by_label("± minutes")).to_have_value("15")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("The payment"))


def test_form_opens_on_phone_without_javascript(no_script: Visitor) -> None:
    no_script.open_result("1001")
    page = no_script.page
    expect(page.get_by_label("Customer", exact=True)).to_be_hidden()
    page.locator("#ask > summary").click()
    expect(page.get_by_label("Customer", exact=True)).to_have_value("1001")
    page.get_by_label("Customer", exact=True).fill("20417")
    page.get_by_role("button", name="Look up", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("No errors")


def test_event_opens_on_its_own_page_without_javascript(no_script: Visitor) -> None:
    no_script.open_result("1001")
    page = no_script.page
    problem = page.locator("#issue-2")
    problem.locator(".fold > summary").click()
    problem.locator(".event summary").first.click()
    problem.get_by_role("link", name="Read this event").first.click()
    expect(page.get_by_text("Where the program broke")).to_be_visible()


@pytest.mark.parametrize(("theme", "color"), [("Dark", "rgb(24, 22, 19)"), ("Light", "rgb(251")])
def test_light_and_dark_themes(agent_browser: Visitor, theme: str, color: str) -> None:
    page = agent_browser.page
    page.goto(agent_browser.site.url)
    page.locator("header").get_by_text("agent").click()
    page.get_by_role("button", name=theme).click()
    page.wait_for_load_state()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert str(background).startswith(color)


def test_new_events_are_announced_and_one_click_shows_them(agent_browser: Visitor) -> None:
    page, site = agent_browser.page, agent_browser.site
    page.clock.install()
    now = datetime.now(UTC)
    agent_browser.look_up("late-comer", at=f"{now:%Y-%m-%d %H:%M:%S}Z")
    expect(page.get_by_role("heading", level=1)).to_contain_text("so far")
    event = {"user_id": "late-comer", "project": "web-shop", "title": "late", "issue": "late"}
    late_event = {**event, "timestamp": now.isoformat()}
    requests.post(f"{site.sentry}/_demo/events", json=[late_event], timeout=5).raise_for_status()
    page.clock.run_for(61_000)
    expect(page.get_by_text("1 new event since you last looked.")).to_be_visible()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-facts]")).to_contain_text("1 problem")
