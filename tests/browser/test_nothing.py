"""A customer without an error then: one click to the nearest one, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

HANNA = "hanna.berg@example.se"
NILS = "nils.berg@example.se"


@pytest.mark.parametrize("browser", ["agent_browser", "no_script"])
def test_one_click_leads_to_the_nearest_error(browser: str, request: pytest.FixtureRequest) -> None:
    visitor: Visitor = request.getfixturevalue(browser)
    visitor.look_up(HANNA)
    page = visitor.page
    main = page.locator("main")
    expect(main).to_contain_text("This customer’s most recent error was on")
    expect(main).to_contain_text("14 min before the window")
    page.get_by_role("button", name=re.compile(r"^Look up .*\d\d:\d\d$")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "our server did not accept what was sent to it"
    )
    expect(main).to_contain_text("1 problem")
    assert visitor.complaints == []


@pytest.mark.parametrize("browser", ["agent_browser", "no_script"])
def test_one_click_searches_a_wider_window(browser: str, request: pytest.FixtureRequest) -> None:
    visitor: Visitor = request.getfixturevalue(browser)
    visitor.look_up(HANNA)
    visitor.page.get_by_role("button", name="± 1 hour").click()
    expect(visitor.page.locator("main")).to_contain_text("2 problems")


def test_never_seen_is_said_with_another_name_to_try(agent_browser: Visitor) -> None:
    agent_browser.look_up(NILS)
    main = agent_browser.page.locator("main")
    expect(main).to_contain_text("We found no errors for this customer where we searched")
    expect(main).to_contain_text("try the user ID instead of the email")
