"""Pages left open: several tabs, deleted results, and the back button after sign-out."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor


def purge_newest_result(site: Site, chromium: Browser) -> None:
    context = chromium.new_context()
    admin = Visitor(site, context)
    admin.resume_session("admin")
    admin.page.goto(f"{site.url}/admin/lookups/lookup/")
    admin.page.locator("input.action-select").first.check()
    admin.page.get_by_role("button", name="Purge …").click()
    admin.page.get_by_role("button", name=re.compile("^Delete (only )?1 result$")).click()
    expect(admin.page.locator("main, #content").first).to_contain_text("Results deleted: 1.")
    context.close()


def wait_for_result(page: Page) -> None:
    expect(page.locator("#export")).to_be_visible()


def test_back_button_after_sign_out_shows_no_customer(agent_browser: Visitor) -> None:
    agent_browser.start_session()
    agent_browser.look_up("1001")
    page = agent_browser.page
    wait_for_result(page)
    page.locator("header").get_by_text("agent").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("login"))
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("declined")


def test_filter_reaches_second_tab_only_on_reload(
    agent_browser: Visitor,
) -> None:
    agent_browser.look_up("20417")
    first = agent_browser.page
    wait_for_result(first)
    second = agent_browser.context.new_page()
    second.goto(first.url)
    wait_for_result(second)
    first.get_by_text("Filter and zoom").click()
    first.get_by_label("Level").select_option("warning")
    expect(first.locator(".shown-notice")).to_contain_text("events shown")
    expect(second.locator(".shown-notice")).to_have_count(0)
    second.reload()
    expect(second.locator(".shown-notice")).to_contain_text("events shown")
    second.get_by_role("button", name="Show all").first.click()
    expect(second.locator(".shown-notice")).to_have_count(0)


def test_open_page_reports_deleted_result(
    site: Site, chromium: Browser, agent_browser: Visitor
) -> None:
    agent_browser.look_up("CORP\\kowalski")
    page = agent_browser.page
    wait_for_result(page)
    purge_newest_result(site, chromium)
    page.locator(".fold > summary").last.click()
    page.locator(".fold").last.locator(".event summary").first.click()
    expect(page.get_by_text("We couldn't load this event.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This result was deleted.")
    page.get_by_role("button", name="Look up again").click()
    wait_for_result(page)
