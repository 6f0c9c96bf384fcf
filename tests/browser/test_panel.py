"""The text for an LLM: choosing, copying, and downloading it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import Visitor


def hold_next_request(page: Page, url: str) -> list[Route]:
    """Hold the next request to this URL until the test continues it."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(url, hold, times=1)
    return held


def choose(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").select_option(label=prompt)


def test_copy_matches_preview_and_is_recorded(
    clipboard_browser: Visitor,
) -> None:
    clipboard_browser.open_result("1001")
    page = clipboard_browser.page
    with page.expect_response("**/copied/") as recorded:
        page.get_by_role("button", name="Copy for an LLM", exact=True).click()
    assert recorded.value.status == 204
    expect(page.locator("[data-toast]")).to_have_text(re.compile("^Copied: About"))
    copied = clipboard_browser.clipboard()
    assert copied == clipboard_browser.preview()
    assert "1001" not in copied


def test_copy_works_when_recording_fails(clipboard_browser: Visitor) -> None:
    clipboard_browser.open_result("1001")
    page = clipboard_browser.page
    page.route("**/copied/", lambda route: route.abort())
    page.get_by_role("button", name="Copy for an LLM", exact=True).click()
    expect(page.locator("[data-toast]")).to_have_text(re.compile("^Copied: About"))
    assert clipboard_browser.clipboard() == clipboard_browser.preview()


def test_denied_clipboard_selects_text(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: () => Promise.reject()}})"
    )
    agent_browser.open_result("1001")
    page.get_by_role("button", name="Copy for an LLM", exact=True).click()
    expect(page.locator("[data-toast]")).to_contain_text("Ctrl+C")
    selected = page.evaluate(
        "(() => { const box = document.getElementById('export-text');"
        "return box.value.slice(box.selectionStart, box.selectionEnd) === box.value })()"
    )
    assert selected is True
    problem = page.get_by_role("button", name="Copy this problem").first
    problem.click()
    expect(page.get_by_role("link", name="Download this problem as text").first).to_be_visible()


def test_preview_follows_choices_and_keeps_focus(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    agent_browser.open_export()
    page = agent_browser.page
    box, size = page.locator("#export-text"), page.locator("[data-part=size]")
    expect(page.get_by_role("button", name="Show")).to_be_hidden()
    page.get_by_label("Prompt").focus()
    choose(page, "Likely cause")
    expect(box).to_have_value(re.compile("^Name the most likely cause"))
    expect(page.get_by_label("Prompt")).to_be_focused()
    page.get_by_label("JSON", exact=True).check()
    expect(box).to_have_value(re.compile('"schema"'))
    before = size.inner_text()
    page.get_by_role("group", name="Common sizes").get_by_role("button").first.click()
    expect(size).not_to_have_text(before)
    expect(page.get_by_label("Token limit")).to_have_value("2000")
    shown = agent_browser.preview()
    page.reload()
    assert agent_browser.preview() == shown
    assert agent_browser.console_errors == []


def test_invalid_token_limit_shows_error_and_keeps_previous_text(
    clipboard_browser: Visitor,
) -> None:
    clipboard_browser.open_result("1001")
    clipboard_browser.open_export()
    page = clipboard_browser.page
    previous, field = clipboard_browser.preview(), page.get_by_label("Token limit")
    field.fill("5")
    expect(page.locator("#export-budget-refused")).to_have_text(
        "The token limit must be from 400 to 1,000,000 tokens."
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(page.get_by_text("This text still reflects your earlier choice.")).to_be_visible()
    assert clipboard_browser.preview() == previous
    with page.expect_request("**/copied/") as recorded:
        page.get_by_role("button", name="Copy for an LLM", exact=True).click()
    assert clipboard_browser.clipboard() == previous
    assert "budget=6000" in (recorded.value.post_data or "")
    field.fill("600")
    expect(page.get_by_text("This text still reflects your earlier choice.")).to_be_hidden()
    assert field.get_attribute("aria-invalid") is None
    assert clipboard_browser.preview() != previous


def test_last_choice_wins_when_responses_arrive_out_of_order(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    agent_browser.open_export()
    page = agent_browser.page
    held = hold_next_request(page, "**/export/panel/*preset=bug*")
    with page.expect_request("**/export/panel/*preset=bug*"):
        choose(page, "Bug report for engineering")
    choose(page, "Likely cause")
    expect(page.locator("#export-text")).to_have_value(re.compile("^Name the most likely cause"))
    with page.expect_response("**/export/panel/*preset=bug*") as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate("new Promise((done) => setTimeout(done))")
    assert agent_browser.preview().startswith("Name the most likely cause")


def test_copy_waits_for_pending_text(clipboard_browser: Visitor) -> None:
    clipboard_browser.open_result("1001")
    clipboard_browser.open_export()
    page = clipboard_browser.page
    held = hold_next_request(page, "**/export/panel/*")
    with page.expect_request("**/export/panel/*"):
        choose(page, "Likely cause")
    page.get_by_role("button", name="Copy for an LLM", exact=True).click()
    held[0].continue_()
    expect(page.locator("[data-toast]")).to_have_text(re.compile("^Copied: About"))
    copied = clipboard_browser.clipboard()
    assert copied.startswith("Name the most likely cause")
    assert copied == clipboard_browser.preview()


def test_panel_asks_for_reload_after_sign_out_elsewhere(agent_browser: Visitor) -> None:
    agent_browser.open_result("1001")
    agent_browser.open_export()
    previous = agent_browser.preview()
    agent_browser.context.clear_cookies()
    choose(agent_browser.page, "Likely cause")
    expect(agent_browser.page.locator("#export")).to_contain_text(
        "We couldn't create the text. Reload the page."
    )
    assert agent_browser.preview() == previous


def test_c_key_copies_except_in_fields_or_with_modifier(clipboard_browser: Visitor) -> None:
    clipboard_browser.open_result("1001")
    clipboard_browser.open_export()
    page = clipboard_browser.page
    button = page.locator("#do [data-copy]")
    expect(button).to_have_attribute("aria-keyshortcuts", "C")
    records: list[str] = []
    page.on("request", lambda request: records.append(request.url))
    page.get_by_label("Token limit").press("c")
    page.get_by_label("Prompt").press("c")
    page.get_by_label("Markdown").press("Shift+c")
    with page.expect_response("**/copied/"):
        page.get_by_label("Markdown").press("c")
    assert len([url for url in records if url.endswith("/copied/")]) == 1
    expect(page.locator("[data-toast]")).to_have_text(re.compile("^Copied: About"))
    assert clipboard_browser.clipboard() == clipboard_browser.preview()


def test_single_problem_copy_uses_chosen_prompt_and_is_recorded(clipboard_browser: Visitor) -> None:
    clipboard_browser.open_result("1001")
    clipboard_browser.open_export()
    page = clipboard_browser.page
    choose(page, "Likely cause")
    card = page.locator(".issue").filter(
        has=page.get_by_role("heading", name="The payment was declined.")
    )
    with page.expect_response("**/copied/") as recorded:
        card.get_by_role("button", name="Copy this problem").click()
    assert recorded.value.status == 204
    assert "issue=" in (recorded.value.request.post_data or "")
    expect(page.locator("[data-toast]")).to_have_text("Copied: the text of this problem")
    copied = clipboard_browser.clipboard()
    assert copied.startswith("Name the most likely cause")
    assert "PaymentDeclined" in copied
    assert "TypeError: can't access property" not in copied
    assert copied != clipboard_browser.preview()


@pytest.mark.parametrize("name", ["Markdown", "JSON"])
def test_download_matches_preview(agent_browser: Visitor, name: str) -> None:
    agent_browser.open_result("mallory@example.net")
    agent_browser.open_export()
    page = agent_browser.page
    before = agent_browser.preview()
    page.get_by_label("Prompt").select_option(label="What happened?")
    page.get_by_label(name, exact=True).check()
    expect(page.locator("#export-text")).not_to_have_value(before)
    link = page.get_by_role("link", name="Download", exact=True)
    expect(link).to_have_attribute("href", re.compile("preset=explain"))
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_text() == agent_browser.preview()


def test_form_and_download_links_work_without_javascript(no_script: Visitor) -> None:
    no_script.open_result("1001")
    no_script.open_export()
    page = no_script.page
    assert no_script.preview().startswith("DATA BEGINS")
    expect(page.locator("#export [data-copy]")).to_be_hidden()
    choose(page, "Likely cause")
    page.get_by_label("JSON", exact=True).check()
    page.get_by_role("button", name="Show").click()
    assert no_script.preview().startswith("Name the most likely cause")
    longer = no_script.preview()
    page.get_by_role("group", name="Common sizes").get_by_role("button").first.click()
    expect(page.get_by_label("Token limit")).to_have_value("2000")
    assert len(no_script.preview()) < len(longer)
    page.get_by_label("Token limit").fill("5")
    page.get_by_label("Token limit").press("Enter")
    expect(page.locator("main")).to_contain_text(
        "The token limit must be from 400 to 1,000,000 tokens."
    )
    page.go_back()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this problem as text").first.click()
    assert Path(download.value.path()).read_text().startswith("Name the most likely cause")
