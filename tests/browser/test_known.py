"""Known errors in a browser: the reply in the customer's name, its copy, whether it helped."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.known import ADD, REMOVE, run
from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.visitor import Visitor


@pytest.fixture(autouse=True)
def catalogue(site: Site) -> Iterator[None]:
    """Two entries for the first problem of customer 1001."""
    run(site, ADD)
    yield
    run(site, REMOVE)


def best(visitor: Visitor) -> Locator:
    return visitor.page.locator("#known-1-1")


def test_the_reply_takes_the_name_as_it_is_typed_and_a_click_copies_it(copying: Visitor) -> None:
    copying.look_up("1001")
    page, known = copying.page, best(copying)
    expect(known.locator("[data-reply]")).to_contain_text("Hello,")
    known.get_by_label("s name").fill("  Jane   Doe ")
    expect(known.locator("[data-reply]")).to_contain_text("Hello Jane Doe,")
    with page.expect_response("**/known/copied/") as recorded:
        known.get_by_role("button", name="Copy the reply").click()
    assert recorded.value.status == 204
    assert "Jane" not in (recorded.value.request.post_data or "")
    expect(known.get_by_text("Copied")).to_be_visible()
    copied = copying.clipboard()
    assert copied.startswith("Hello Jane Doe,\n\nyour bank refused the card on ")
    assert copied.endswith("(Berlin time).")
    assert copying.complaints == []


def test_a_copy_that_cannot_be_recorded_is_still_made(copying: Visitor) -> None:
    copying.look_up("1001")
    copying.page.route("**/known/copied/", lambda route: route.abort())
    best(copying).get_by_role("button", name="Copy the reply").click()
    expect(best(copying).get_by_text("Copied")).to_be_visible()
    assert copying.clipboard().startswith("Hello,\n\nyour bank")


def test_a_denied_clipboard_leaves_the_reply_marked(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: () => Promise.reject()}})"
    )
    agent_browser.look_up("1001")
    best(agent_browser).get_by_role("button", name="Copy the reply").click()
    expect(best(agent_browser).get_by_text("Press Ctrl+C")).to_be_visible()
    assert "your bank refused the card" in page.evaluate("getSelection().toString()")


def test_the_name_stays_while_the_page_shows_something_else_and_goes_with_it(
    agent_browser: Visitor,
) -> None:
    agent_browser.look_up("1001")
    page = agent_browser.page
    best(agent_browser).get_by_label("s name").fill("Jane")
    page.get_by_text("Filter and zoom").click()
    with page.expect_response("**/shown/"):
        page.locator("#shown-text").fill("declined")
    expect(page.locator(".shown-notice")).to_be_visible()
    expect(best(agent_browser).locator("[data-reply]")).to_contain_text("Hello Jane,")
    assert "Jane" not in page.url
    page.reload()
    expect(best(agent_browser).locator("[data-reply]")).to_contain_text("Hello,")


def test_whether_it_helped_is_kept_without_a_reload_and_can_be_changed(
    agent_browser: Visitor,
) -> None:
    agent_browser.look_up("1001")
    page, known = agent_browser.page, best(agent_browser)
    yes = known.get_by_role("button", name="This helped")
    no = known.get_by_role("button", name="This was something else")
    for chosen, other in ((yes, no), (no, yes)):
        with page.expect_response("**/known/feedback/") as kept:
            chosen.click()
        assert kept.value.status == 204
        expect(chosen).to_have_attribute("aria-pressed", "true")
        expect(other).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(no).to_have_attribute("aria-pressed", "true")
    assert agent_browser.complaints == []


def test_a_word_that_cannot_be_kept_is_not_shown_as_kept(agent_browser: Visitor) -> None:
    agent_browser.look_up("1001")
    agent_browser.page.route("**/known/feedback/", lambda route: route.abort())
    known = best(agent_browser)
    known.get_by_role("button", name="This helped").click()
    expect(known.get_by_text("We couldn't save that.")).to_be_visible()
    expect(known.get_by_role("button", name="This helped")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_without_javascript_the_same_is_done_by_forms(no_script: Visitor) -> None:
    no_script.look_up("1001")
    page, known = no_script.page, best(no_script)
    expect(known.get_by_role("button", name="Copy the reply")).to_be_hidden()
    known.get_by_role("button", name="This helped").click()
    expect(known.get_by_text("Noted. You can change your answer.")).to_be_visible()
    known.get_by_label("s name").fill("Jane")
    known.get_by_role("button", name="Add the name").click()
    expect(page.get_by_label("Reply (select and copy)")).to_have_value(re.compile("^Hello Jane,"))


def test_the_first_screen_of_a_phone_tells_that_it_is_known(no_script: Visitor) -> None:
    no_script.look_up("1001")
    line = no_script.page.get_by_text("Problem 1 is known:")
    expect(line).to_be_in_viewport()


def test_axe_finds_nothing_in_known_errors(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(reduced_motion="reduce", viewport={"width": 1200, "height": 900})
    visitor = Visitor(site, context)
    visitor.come_in()
    visitor.look_up("1001")
    page = visitor.page
    page.get_by_text("other known error").first.click()
    page.get_by_role("button", name="This helped").first.click()
    expect(page.get_by_text("Noted.").first).to_be_visible()
    assert violations(visitor) == []
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    assert violations(visitor) == []
    page.set_viewport_size({"width": 320, "height": 256})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.locator("[data-known-take]").first.evaluate("(form) => form.submit()")
    expect(page.get_by_label("Reply (select and copy)")).to_be_visible()
    assert violations(visitor) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()
