"""Known errors on a result: the reply and feedback."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.known import ADD, REMOVE, run
from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.visitor import Visitor


@pytest.fixture(autouse=True)
def catalog(site: Site) -> Iterator[None]:
    """Two known errors for the first problem of customer 1001."""
    run(site, ADD)
    yield
    run(site, REMOVE)


def best_match(visitor: Visitor) -> Locator:
    return visitor.page.locator("#known-1-1")


def test_feedback_is_saved_without_reload_and_can_be_changed(
    agent_browser: Visitor,
) -> None:
    agent_browser.look_up("1001")
    page, known = agent_browser.page, best_match(agent_browser)
    known.locator("summary").click()
    yes = known.get_by_role("button", name="This helped")
    no = known.get_by_role("button", name="This was something else")
    for chosen, other in ((yes, no), (no, yes)):
        with page.expect_response("**/known/feedback/") as saved:
            chosen.click()
        assert saved.value.status == 204
        expect(chosen).to_have_attribute("aria-pressed", "true")
        expect(other).to_have_attribute("aria-pressed", "false")
    page.reload()
    known.locator("summary").click()
    expect(no).to_have_attribute("aria-pressed", "true")
    assert agent_browser.console_errors == []


def test_failed_feedback_is_not_shown_as_saved(agent_browser: Visitor) -> None:
    agent_browser.look_up("1001")
    agent_browser.page.route("**/known/feedback/", lambda route: route.abort())
    known = best_match(agent_browser)
    known.locator("summary").click()
    known.get_by_role("button", name="This helped").click()
    expect(known.get_by_text("We couldn't save that.")).to_be_visible()
    expect(known.get_by_role("button", name="This helped")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_feedback_works_without_javascript(no_script: Visitor) -> None:
    no_script.look_up("1001")
    known = best_match(no_script)
    known.locator("summary").click()
    known.get_by_role("button", name="This helped").click()
    known.locator("summary").click()
    expect(known.get_by_text("Noted. You can change your answer.")).to_be_visible()


def test_reply_is_visible_on_first_phone_screen(no_script: Visitor) -> None:
    no_script.look_up("1001")
    reply = no_script.page.locator(".tell p")
    expect(reply).to_contain_text("Your bank refused the card on")
    expect(reply).to_be_in_viewport()


def test_axe_reports_no_violations_in_known_errors(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(reduced_motion="reduce", viewport={"width": 1200, "height": 900})
    visitor = Visitor(site, context)
    visitor.resume_session()
    visitor.look_up("1001")
    page = visitor.page
    for match in page.locator("#issue-1 .known > summary").all():
        match.click()
    page.get_by_role("button", name="This helped").first.click()
    expect(page.get_by_text("Noted.").first).to_be_visible()
    assert violations(visitor) == []
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    assert violations(visitor) == []
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()
