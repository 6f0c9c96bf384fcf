"""A window without errors: one click opens the nearest error, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

HANNA = "hanna.berg@example.se"
NILS = "nils.berg@example.se"


@pytest.mark.parametrize("browser", ["agent_browser", "no_script"])
def test_one_click_opens_nearest_error(browser: str, request: pytest.FixtureRequest) -> None:
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
    assert visitor.console_errors == []


@pytest.mark.parametrize("browser", ["agent_browser", "no_script"])
def test_one_click_widens_window(browser: str, request: pytest.FixtureRequest) -> None:
    visitor: Visitor = request.getfixturevalue(browser)
    visitor.look_up(HANNA)
    visitor.page.get_by_role("button", name="± 1 hour").click()
    expect(visitor.page.locator("main")).to_contain_text("2 problems")


def test_unknown_customer_gets_hint_to_try_another_identifier(agent_browser: Visitor) -> None:
    agent_browser.look_up(NILS)
    main = agent_browser.page.locator("main")
    expect(main).to_contain_text("We have not seen this customer")
    expect(main).not_to_contain_text("wider window")
    expect(main).to_contain_text("We found no errors for this customer where we searched")
    expect(main).to_contain_text("try the user ID instead of the email")
