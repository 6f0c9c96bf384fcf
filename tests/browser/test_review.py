"""Manage in a browser: by keyboard only, without JavaScript, and checked by axe."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.visitor import Visitor

LIST = "/admin/lookups/lookup/"


@pytest.fixture
def admin_browser(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo admin, after looking up two customers."""
    context = chromium.new_context(timezone_id="Europe/Berlin", accept_downloads=True)
    visitor = Visitor(site, context)
    visitor.resume_session("admin")
    for customer in ("1001", "3003"):
        visitor.look_up(customer)
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        visitor.page.locator("[data-facts]").wait_for()
    yield visitor
    context.close()


def tab_to(visitor: Visitor, selector: str) -> None:
    """Press Tab until a matching element has focus."""
    for _press in range(120):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("one => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(f"focus never reached {selector}")


def test_list_filter_action_and_record_work_with_keyboard_only(admin_browser: Visitor) -> None:
    page, keyboard = admin_browser.page, admin_browser.page.keyboard
    page.goto(admin_browser.site.url + LIST)
    tab_to(admin_browser, "#filter-outcome")
    keyboard.type("found")
    tab_to(admin_browser, ".review-filters button")
    keyboard.press("Enter")
    expect(page).to_have_url(re.compile("outcome=found"))
    expect(page.get_by_label("Active filters")).to_contain_text("Outcome: found")
    tab_to(admin_browser, "input.action-select")
    keyboard.press("Space")
    page.locator("#action").focus()
    keyboard.type("Keep")
    tab_to(admin_browser, ".review-list .button")
    keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Results kept for 30 more days: 1.")
    tab_to(admin_browser, "#result_list tbody th a")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lookup record")
    expect(page.locator("main")).to_contain_text("kept a result longer")
    assert admin_browser.console_errors == []


def test_select_all_exports_whole_page(admin_browser: Visitor) -> None:
    page = admin_browser.page
    page.goto(admin_browser.site.url + LIST)
    page.get_by_label("All on this page").check()
    boxes = page.locator("input.action-select")
    expect(boxes.first).to_be_checked()
    page.get_by_label("Action for selected lookups").select_option("export_json_lines")
    with page.expect_download() as download:
        page.get_by_role("button", name="Go").click()
    assert len(download.value.path().read_text().splitlines()) == boxes.count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_reports_no_violations_on_list_and_record(admin_browser: Visitor, scheme: str) -> None:
    page = admin_browser.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(admin_browser.site.url + LIST)
    record = page.locator("#result_list tbody th a").first.get_attribute("href")
    for url in (LIST, f"{LIST}?outcome=found&age=week", str(record)):
        for width in (1200, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(admin_browser.site.url + url)
            assert violations(admin_browser) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
    assert admin_browser.console_errors == []


def test_actions_work_without_javascript(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    visitor = Visitor(site, context)
    visitor.resume_session("admin")
    visitor.look_up("1001")
    visitor.page.goto(f"{site.url}{LIST}?origin=web")
    visitor.page.locator("input.action-select").first.check()
    visitor.page.get_by_label("Action for selected lookups").select_option("extend")
    visitor.page.get_by_role("button", name="Go").click()
    expect(visitor.page.locator(".messagelist")).to_contain_text(
        re.compile("Results kept|None of these results")
    )
    context.close()
