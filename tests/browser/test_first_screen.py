"""A result of up to ten events before anything is opened: its length and its first screen."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

MAX_HEIGHT, MAX_WORDS, MAX_CONTROLS = 1900, 450, 35
MEASURE = """() => {
  const controls = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  const isVisible = (one) => one.checkVisibility({ visibilityProperty: true });
  return [
    document.documentElement.scrollHeight,
    document.body.innerText.trim().split(/\\s+/).length,
    [...document.querySelectorAll(controls)].filter(isVisible).length,
  ];
}"""


@pytest.mark.parametrize("customer", ["1001", "3003", "mia+shop@example.org"])
def test_page_is_short_until_something_is_opened(agent_browser: Visitor, customer: str) -> None:
    page = agent_browser.page
    page.set_viewport_size({"width": 1280, "height": 800})
    agent_browser.open_result(customer)
    height, words, controls = page.evaluate(MEASURE)
    assert height <= MAX_HEIGHT
    assert words <= MAX_WORDS
    assert controls <= MAX_CONTROLS


def test_first_screen_says_what_broke_and_what_to_do(clipboard_browser: Visitor) -> None:
    page = clipboard_browser.page
    page.set_viewport_size({"width": 1280, "height": 800})
    clipboard_browser.open_result("1001")
    verdict, tell = page.locator(".verdict"), page.locator(".tell")
    for text in ("the customer’s bank", "1,842 so far", "Fix planned for", "Just before"):
        expect(verdict).to_contain_text(text)
    expect(verdict).to_be_in_viewport(ratio=1)
    expect(tell).to_contain_text("Your bank declined the payment on")
    expect(tell).to_be_in_viewport(ratio=1)
    expect(page.locator(".lanes")).to_be_in_viewport(ratio=1)
    expect(page.locator(".feedback")).to_contain_text("Was I charged?")
    expect(page.locator(".deploy-flag")).to_have_count(1)
    for name in ("Reply", "Escalate"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Copy for an LLM").click()
    expect(page.get_by_text(re.compile("^Copied: About"))).to_be_in_viewport(ratio=1)
    assert clipboard_browser.console_errors == []


def test_actions_stay_within_thumbs_reach_on_phone(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.set_viewport_size({"width": 360, "height": 740})
    agent_browser.open_result("1001")
    for place in ("0", "document.documentElement.scrollHeight"):
        page.evaluate(f"scrollTo(0, {place})")
        expect(page.get_by_role("button", name="Copy for an LLM")).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("link", name="Reply", exact=True)).to_be_in_viewport(ratio=1)
    page.evaluate("scrollTo(0, 0)")
    bar, before = (page.locator(one).bounding_box() for one in (".do", ".just-before"))
    assert bar
    assert before
    assert before["y"] + before["height"] < bar["y"]
