"""The text for an LLM as a person takes it: choosing, copying, downloading, by key or not."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import Visitor


def hold(page: Page, address: str) -> list[Route]:
    """Keep the next such request on its way; it goes on when the test says so."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep, times=1)
    return held


def choose(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt").select_option(label=prompt)


def test_copy_puts_exactly_the_preview_on_the_clipboard_says_so_and_is_recorded(
    copying: Visitor,
) -> None:
    copying.look_up("1001")
    page = copying.page
    with page.expect_response("**/copied/") as recorded:
        page.get_by_role("button", name="Copy", exact=True).click()
    assert recorded.value.status == 204
    expect(page.locator("[data-copy-status]")).to_have_text("Copied")
    assert copying.clipboard() == copying.preview()
    assert "1001" not in copying.clipboard()


def test_a_copy_that_cannot_be_recorded_is_still_made(copying: Visitor) -> None:
    copying.look_up("1001")
    page = copying.page
    page.route("**/copied/", lambda route: route.abort())
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("[data-copy-status]")).to_have_text("Copied")
    assert copying.clipboard() == copying.preview()


def test_a_denied_clipboard_leaves_the_text_selected(agent_browser: Visitor) -> None:
    page = agent_browser.page
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard',"
        " {value: {writeText: () => Promise.reject()}})"
    )
    agent_browser.look_up("1001")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("[data-copy-status]")).to_contain_text("Ctrl+C")
    selected = page.evaluate(
        "(() => { const box = document.getElementById('export-text');"
        "return box.value.slice(box.selectionStart, box.selectionEnd) === box.value })()"
    )
    assert selected is True
    problem = page.get_by_role("button", name="Copy this problem").first
    problem.click()
    expect(page.get_by_role("link", name="Download this problem as text").first).to_be_visible()


def test_the_preview_follows_what_is_chosen_and_the_focus_stays(agent_browser: Visitor) -> None:
    agent_browser.look_up("1001")
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
    assert agent_browser.complaints == []


def test_a_refused_budget_is_told_beside_it_and_the_earlier_text_is_kept_and_marked(
    copying: Visitor,
) -> None:
    copying.look_up("1001")
    page = copying.page
    earlier, field = copying.preview(), page.get_by_label("Token limit")
    field.fill("5")
    expect(page.locator("#export-budget-refused")).to_have_text(
        "The token limit must be from 400 to 1,000,000 tokens."
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(page.get_by_text("This text still reflects your earlier choice.")).to_be_visible()
    assert copying.preview() == earlier
    with page.expect_request("**/copied/") as recorded:
        page.get_by_role("button", name="Copy", exact=True).click()
    assert copying.clipboard() == earlier
    assert "budget=6000" in (recorded.value.post_data or "")
    field.fill("600")
    expect(page.get_by_text("This text still reflects your earlier choice.")).to_be_hidden()
    assert field.get_attribute("aria-invalid") is None
    assert copying.preview() != earlier


def test_the_last_choice_wins_also_when_its_answer_comes_first(agent_browser: Visitor) -> None:
    agent_browser.look_up("1001")
    page = agent_browser.page
    held = hold(page, "**/export/panel/*preset=bug*")
    with page.expect_request("**/export/panel/*preset=bug*"):
        choose(page, "Bug report for engineering")
    choose(page, "Likely cause")
    expect(page.locator("#export-text")).to_have_value(re.compile("^Name the most likely cause"))
    with page.expect_response("**/export/panel/*preset=bug*") as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate("new Promise((done) => setTimeout(done))")
    assert agent_browser.preview().startswith("Name the most likely cause")


def test_copying_while_the_text_is_on_its_way_takes_the_new_text(copying: Visitor) -> None:
    copying.look_up("1001")
    page = copying.page
    held = hold(page, "**/export/panel/*")
    with page.expect_request("**/export/panel/*"):
        choose(page, "Likely cause")
    page.get_by_role("button", name="Copy", exact=True).click()
    held[0].continue_()
    expect(page.locator("[data-copy-status]")).to_have_text("Copied")
    assert copying.clipboard().startswith("Name the most likely cause")
    assert copying.clipboard() == copying.preview()


def test_after_signing_out_elsewhere_the_panel_says_what_to_do(agent_browser: Visitor) -> None:
    agent_browser.look_up("1001")
    earlier = agent_browser.preview()
    agent_browser.context.clear_cookies()
    choose(agent_browser.page, "Likely cause")
    expect(agent_browser.page.locator("#export")).to_contain_text(
        "We couldn't create the text. Reload the page."
    )
    assert agent_browser.preview() == earlier


def test_the_key_c_copies_but_not_while_typing_or_with_another_key(copying: Visitor) -> None:
    copying.look_up("1001")
    page = copying.page
    button = page.locator("#export [data-copy]")
    expect(button).to_have_attribute("aria-keyshortcuts", "C")
    records: list[str] = []
    page.on("request", lambda request: records.append(request.url))
    page.get_by_label("Token limit").press("c")
    page.get_by_label("Prompt").press("c")
    page.get_by_label("Markdown").press("Shift+c")
    with page.expect_response("**/copied/"):
        page.get_by_label("Markdown").press("c")
    assert len([url for url in records if url.endswith("/copied/")]) == 1
    expect(page.locator("[data-copy-status]")).to_have_text("Copied")
    assert copying.clipboard() == copying.preview()


def test_one_problem_is_copied_alone_as_chosen_and_recorded(copying: Visitor) -> None:
    copying.look_up("1001")
    page = copying.page
    choose(page, "Likely cause")
    card = page.locator(".issue").filter(
        has=page.get_by_role("heading", name="The payment was declined.")
    )
    with page.expect_response("**/copied/") as recorded:
        card.get_by_role("button", name="Copy this problem").click()
    assert recorded.value.status == 204
    assert "issue=" in (recorded.value.request.post_data or "")
    expect(card.locator(".problem-text").get_by_role("status")).to_have_text("Copied")
    assert copying.clipboard().startswith("Name the most likely cause")
    assert "PaymentDeclined" in copying.clipboard()
    assert "TypeError: can't access property" not in copying.clipboard()
    assert copying.clipboard() != copying.preview()


@pytest.mark.parametrize("name", ["Markdown", "XML", "JSON"])
def test_the_download_holds_exactly_the_preview(agent_browser: Visitor, name: str) -> None:
    agent_browser.look_up("mallory@example.net")
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


def test_without_javascript_the_form_shows_and_the_links_download(no_script: Visitor) -> None:
    no_script.look_up("1001")
    page = no_script.page
    assert no_script.preview().startswith("DATA BEGINS")
    expect(page.locator("#export [data-copy]")).to_be_hidden()
    choose(page, "Likely cause")
    page.get_by_label("XML", exact=True).check()
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
