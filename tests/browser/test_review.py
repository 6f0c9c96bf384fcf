"""The review in a real browser: by keyboard alone, and as axe sees it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.visitor import Visitor

LIST = "/admin/lookups/lookup/"


@pytest.fixture
def reviewer(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo admin, who has looked up two customers."""
    context = chromium.new_context(timezone_id="Europe/Berlin", accept_downloads=True)
    visitor = Visitor(site, context)
    visitor.come_in("admin")
    for customer in ("1001", "3003"):
        visitor.look_up(customer)
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
        visitor.page.locator("[data-facts]").wait_for()
    yield visitor
    context.close()


def tab_to(visitor: Visitor, selector: str) -> None:
    """Press the tab key until this has the focus."""
    for _press in range(120):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("one => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(f"the focus never came to {selector}")


def test_list_filter_action_and_record_are_walked_by_keyboard_alone(reviewer: Visitor) -> None:
    page, keyboard = reviewer.page, reviewer.page.keyboard
    page.goto(reviewer.site.url + LIST)
    tab_to(reviewer, "#filter-outcome")
    keyboard.type("found")
    tab_to(reviewer, ".review-filters button")
    keyboard.press("Enter")
    expect(page).to_have_url(re.compile("outcome=found"))
    expect(page.get_by_label("Active filters")).to_contain_text("Outcome: found")
    tab_to(reviewer, "input.action-select")
    keyboard.press("Space")
    page.locator("#action").focus()
    keyboard.type("Keep")
    tab_to(reviewer, ".review-list .button")
    keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Results kept for 30 more days: 1.")
    tab_to(reviewer, "#result_list tbody th a")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lookup record")
    expect(page.locator("main")).to_contain_text("kept a result longer")
    assert reviewer.complaints == []


def test_one_box_chooses_the_whole_page_and_the_list_comes_as_a_file(reviewer: Visitor) -> None:
    page = reviewer.page
    page.goto(reviewer.site.url + LIST)
    page.get_by_label("All on this page").check()
    boxes = page.locator("input.action-select")
    expect(boxes.first).to_be_checked()
    page.get_by_label("Action for selected lookups").select_option("export_json_lines")
    with page.expect_download() as download:
        page.get_by_role("button", name="Go").click()
    assert len(download.value.path().read_text().splitlines()) == boxes.count()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_on_the_list_and_on_a_record(reviewer: Visitor, colours: str) -> None:
    page = reviewer.page
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    page.goto(reviewer.site.url + LIST)
    record = page.locator("#result_list tbody th a").first.get_attribute("href")
    for address in (LIST, f"{LIST}?outcome=found&age=week", str(record)):
        for width in (1200, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(reviewer.site.url + address)
            assert violations(reviewer) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
    assert reviewer.complaints == []


def test_without_scripts_lookups_can_be_chosen_and_acted_on(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    visitor = Visitor(site, context)
    visitor.come_in("admin")
    visitor.look_up("1001")
    visitor.page.goto(f"{site.url}{LIST}?origin=web")
    visitor.page.locator("input.action-select").first.check()
    visitor.page.get_by_label("Action for selected lookups").select_option("extend")
    visitor.page.get_by_role("button", name="Go").click()
    expect(visitor.page.locator(".messagelist")).to_contain_text(
        re.compile("Results kept|None of these results")
    )
    context.close()
