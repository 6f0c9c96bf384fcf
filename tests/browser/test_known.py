"""Known errors on a result: the personalized reply, copying it, and feedback."""

import re
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


def test_reply_updates_as_name_is_typed_and_can_be_copied(clipboard_browser: Visitor) -> None:
    clipboard_browser.look_up("1001")
    page, known = clipboard_browser.page, best_match(clipboard_browser)
    expect(known.locator("[data-reply]")).to_contain_text("Hello,")
    known.get_by_label("s name").fill("  Jane   Doe ")
    expect(known.locator("[data-reply]")).to_contain_text("Hello Jane Doe,")
    with page.expect_response("**/known/copied/") as recorded:
        known.get_by_role("button", name="Copy the reply").click()
    assert recorded.value.status == 204
    assert "Jane" not in (recorded.value.request.post_data or "")
    expect(known.get_by_text("Copied")).to_be_visible()
    copied = clipboard_browser.clipboard()
    assert copied.startswith("Hello Jane Doe,\n\nyour bank refused the card on ")
    assert copied.endswith("(Berlin time).")
    assert clipboard_browser.console_errors == []


def test_copy_works_when_recording_fails(clipboard_browser: Visitor) -> None:
    clipboard_browser.look_up("1001")
    clipboard_browser.page.route("**/known/copied/", lambda route: route.abort())
    best_match(clipboard_browser).get_by_role("button", name="Copy the reply").click()
    expect(best_match(clipboard_browser).get_by_text("Copied")).to_be_visible()
    assert clipboard_browser.clipboard().startswith("Hello,\n\nyour bank")


def test_denied_clipboard_selects_reply(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: () => Promise.reject()}})"
    )
    agent_browser.look_up("1001")
    best_match(agent_browser).get_by_role("button", name="Copy the reply").click()
    expect(best_match(agent_browser).get_by_text("Press Ctrl+C")).to_be_visible()
    assert "your bank refused the card" in page.evaluate("getSelection().toString()")


def test_name_survives_filtering_but_not_reload(
    agent_browser: Visitor,
) -> None:
    agent_browser.look_up("1001")
    page = agent_browser.page
    best_match(agent_browser).get_by_label("s name").fill("Jane")
    page.get_by_text("Filter and zoom").click()
    with page.expect_response("**/shown/"):
        page.locator("#shown-text").fill("declined")
    expect(page.locator(".shown-notice")).to_be_visible()
    expect(best_match(agent_browser).locator("[data-reply]")).to_contain_text("Hello Jane,")
    assert "Jane" not in page.url
    page.reload()
    expect(best_match(agent_browser).locator("[data-reply]")).to_contain_text("Hello,")


def test_feedback_is_saved_without_reload_and_can_be_changed(
    agent_browser: Visitor,
) -> None:
    agent_browser.look_up("1001")
    page, known = agent_browser.page, best_match(agent_browser)
    yes = known.get_by_role("button", name="This helped")
    no = known.get_by_role("button", name="This was something else")
    for chosen, other in ((yes, no), (no, yes)):
        with page.expect_response("**/known/feedback/") as saved:
            chosen.click()
        assert saved.value.status == 204
        expect(chosen).to_have_attribute("aria-pressed", "true")
        expect(other).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(no).to_have_attribute("aria-pressed", "true")
    assert agent_browser.console_errors == []


def test_failed_feedback_is_not_shown_as_saved(agent_browser: Visitor) -> None:
    agent_browser.look_up("1001")
    agent_browser.page.route("**/known/feedback/", lambda route: route.abort())
    known = best_match(agent_browser)
    known.get_by_role("button", name="This helped").click()
    expect(known.get_by_text("We couldn't save that.")).to_be_visible()
    expect(known.get_by_role("button", name="This helped")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_feedback_and_name_work_without_javascript(no_script: Visitor) -> None:
    no_script.look_up("1001")
    page, known = no_script.page, best_match(no_script)
    expect(known.get_by_role("button", name="Copy the reply")).to_be_hidden()
    known.get_by_role("button", name="This helped").click()
    expect(known.get_by_text("Noted. You can change your answer.")).to_be_visible()
    known.get_by_label("s name").fill("Jane")
    known.get_by_role("button", name="Add the name").click()
    expect(page.get_by_label("Reply (select and copy)")).to_have_value(re.compile("^Hello Jane,"))


def test_known_error_is_visible_on_first_phone_screen(no_script: Visitor) -> None:
    no_script.look_up("1001")
    line = no_script.page.get_by_text("Problem 1 is known:")
    expect(line).to_be_in_viewport()


def test_axe_reports_no_violations_in_known_errors(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(reduced_motion="reduce", viewport={"width": 1200, "height": 900})
    visitor = Visitor(site, context)
    visitor.resume_session()
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
