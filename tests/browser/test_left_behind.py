"""What is left open: two tabs, a result that is removed meanwhile, the way back after leaving."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor


def remove_newest(site: Site, chromium: Browser) -> None:
    """An admin removes the answer of the newest lookup."""
    context = chromium.new_context()
    admin = Visitor(site, context)
    admin.come_in("admin")
    admin.page.goto(f"{site.url}/admin/lookups/lookup/")
    admin.page.locator("input.action-select").first.check()
    admin.page.locator("select[name=action]").select_option("purge")
    admin.page.get_by_role("button", name="Go").click()
    expect(admin.page.locator("main, #content").first).to_contain_text("Results deleted: 1.")
    context.close()


def settled(page: Page) -> None:
    expect(page.locator("#export")).to_be_visible()


def test_the_way_back_after_signing_out_shows_no_customer(agent_browser: Visitor) -> None:
    agent_browser.sign_in_anew()
    agent_browser.look_up("1001")
    page = agent_browser.page
    settled(page)
    page.locator("header").get_by_text("agent").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("login"))
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("declined")


def test_two_tabs_keep_their_own_results_and_share_the_filter_of_one(
    agent_browser: Visitor,
) -> None:
    agent_browser.look_up("20417")
    first = agent_browser.page
    settled(first)
    second = agent_browser.context.new_page()
    second.goto(first.url)
    settled(second)
    first.get_by_text("Filter and zoom").click()
    first.get_by_label("Level").select_option("warning")
    expect(first.locator(".shown-notice")).to_contain_text("events shown")
    expect(second.locator(".shown-notice")).to_have_count(0)
    second.reload()
    expect(second.locator(".shown-notice")).to_contain_text("events shown")
    second.get_by_role("button", name="Show all").first.click()
    expect(second.locator(".shown-notice")).to_have_count(0)


def test_a_result_that_is_removed_while_it_is_looked_at_says_so(
    site: Site, chromium: Browser, agent_browser: Visitor
) -> None:
    agent_browser.look_up("CORP\\kowalski")
    page = agent_browser.page
    settled(page)
    remove_newest(site, chromium)
    page.locator(".event summary").last.click()
    expect(page.get_by_text("We couldn't load this event.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This result was deleted.")
    page.get_by_role("button", name="Look up again").click()
    settled(page)
