"""Timeline filter, zoom, marks, and table by mouse, by keyboard, and without JavaScript."""

import re

from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor


def open_filter(visitor: Visitor) -> Page:
    """Open the filter on the result with many events, without an earlier test's choices."""
    visitor.open_result("20417")
    page = visitor.page
    if page.locator("#problems .shown-notice").is_visible():
        page.get_by_role("button", name="Show all").click()
        expect(page.locator("#problems .shown-notice")).to_have_count(0)
        page.reload()  # closes the filter
    page.evaluate("document.documentElement.dataset.first = 'yes'")
    page.get_by_text("Filter and zoom").click()
    return page


def was_not_reloaded(page: Page) -> bool:
    """Return whether the page is the one `open_filter` loaded."""
    return bool(page.evaluate("document.documentElement.dataset.first === 'yes'"))


def test_filter_updates_timeline_and_problems_without_reload(agent_browser: Visitor) -> None:
    page = open_filter(agent_browser)
    page.get_by_label("Level").focus()
    page.get_by_label("Level").select_option("warning")
    notice = page.locator("#problems .shown-notice")
    expect(notice).to_contain_text(re.compile(r"\d+ of \d+ events shown"))
    expect(page.get_by_label("Level")).to_be_focused()
    expect(page.locator("[data-shown-status]")).to_contain_text("events shown")
    numbers = page.locator(".lane-number").all_inner_texts()
    assert numbers
    assert "1" not in numbers
    expect(page.locator(f"#issue-{numbers[0]}")).to_be_visible()
    notice.get_by_role("button", name="Show all").click()
    expect(notice).to_have_count(0)
    assert was_not_reloaded(page)
    assert agent_browser.console_errors == []


def test_typing_filters_and_drops_no_characters(agent_browser: Visitor) -> None:
    page = open_filter(agent_browser)
    before = page.url
    field = page.get_by_label("Text", exact=True)
    field.press_sequentially("no such text at all", delay=45)
    expect(page.locator("#problems")).to_contain_text("None of the")
    expect(field).to_have_value("no such text at all")
    expect(field).to_be_focused()
    field.fill("")
    expect(page.locator("#problems .shown-notice")).to_have_count(0)
    assert page.url == before
    assert was_not_reloaded(page)


def test_keyboard_zoom_keeps_focus_and_survives_reload(agent_browser: Visitor) -> None:
    page = open_filter(agent_browser)
    button = page.get_by_role("button", name="± 1 min")
    button.press("Enter")
    expect(page.get_by_role("button", name="Whole window")).to_be_visible()
    expect(button).to_be_focused()
    expect(page.locator(".tick").first).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    page.reload()
    expect(page.get_by_role("button", name="Whole window")).to_be_visible()
    page.get_by_role("button", name="Whole window").press("Enter")
    expect(page.get_by_role("button", name="Whole window")).to_have_count(0)


def test_dragging_across_axis_zooms(agent_browser: Visitor) -> None:
    page = open_filter(agent_browser)
    box = page.locator("[data-axis]").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 30)
    page.mouse.up()
    expect(page.get_by_role("button", name="Whole window")).to_be_visible()
    expect(page.get_by_label("From", exact=True)).not_to_have_value("")
    expect(page.get_by_label("To", exact=True)).not_to_have_value("")
    assert was_not_reloaded(page)


def test_tab_and_arrow_keys_reach_marks(agent_browser: Visitor) -> None:
    page = open_filter(agent_browser)
    page.get_by_role("link", name="Escalate").focus()
    page.keyboard.press("Tab")
    focus = "document.activeElement.getAttribute('href')"
    lanes = page.locator("[data-lane]")
    first = lanes.nth(0).locator(".mark-link")
    assert page.evaluate(focus) == first.nth(0).get_attribute("href")
    for index in range(1, first.count()):
        page.keyboard.press("ArrowRight")
        assert page.evaluate(focus) == first.nth(index).get_attribute("href")
    page.keyboard.press("ArrowDown")
    below = [mark.get_attribute("href") for mark in lanes.nth(1).locator(".mark-link").all()]
    assert page.evaluate(focus) in below
    target = page.evaluate(focus)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(target)))
    expect(page.locator(target)).to_be_in_viewport()


def test_every_mark_has_accessible_name(agent_browser: Visitor) -> None:
    page = open_filter(agent_browser)
    marks = page.locator(".mark-link").count()
    named = page.locator(".timeline").get_by_role("link", name=re.compile(r"\d\d:\d\d:\d\d"))
    expect(named).to_have_count(marks)


def test_table_opens_in_place(agent_browser: Visitor) -> None:
    page = open_filter(agent_browser)
    page.get_by_text("As a table").click()
    rows = page.locator("#as-table tbody tr")
    expect(rows.first).to_be_visible()
    unfiltered = rows.count()
    page.get_by_label("Level").select_option("warning")
    expect(rows.first).to_be_visible()
    expect(page.locator("#problems .shown-notice")).to_be_visible()
    assert rows.count() < unfiltered


def test_problem_can_be_copied_after_filtering(clipboard_browser: Visitor) -> None:
    page = open_filter(clipboard_browser)
    page.get_by_label("Level").select_option("warning")
    expect(page.locator("#problems .shown-notice")).to_be_visible()
    page.get_by_role("button", name="Copy this problem").first.click()
    expect(page.locator("[data-toast]")).to_have_text("Copied: the text of this problem")


def test_filter_zoom_and_table_work_without_javascript(no_script: Visitor) -> None:
    page = open_filter_without_javascript(no_script)
    page.get_by_label("Level").select_option("warning")
    page.locator("#timeline").get_by_role("button", name="Apply").click()
    expect(page.locator("#problems .shown-notice")).to_contain_text("events shown")
    page.get_by_role("button", name="± 1 min").click()
    expect(page.get_by_role("button", name="Whole window")).to_be_visible()
    expect(page.get_by_label("Level")).to_have_value("warning")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#problems .shown-notice")).to_have_count(0)
    page.get_by_text("As a table").click()
    page.get_by_role("link", name="Open the table").click()
    expect(page.get_by_role("table")).to_contain_text("Reported time")
    page.get_by_role("link", name="Back to the result").click()
    expect(page.locator("#timeline")).to_be_visible()


def open_filter_without_javascript(visitor: Visitor) -> Page:
    visitor.look_up("20417")
    visitor.page.get_by_text("Filter and zoom").click()
    return visitor.page
