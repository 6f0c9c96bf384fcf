"""WCAG 2.2 AA: axe runs on every state; other tests cover what axe doesn't check."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.site import Site
from tests.browser.state import State
from tests.browser.states import STATES, form, open_sections, result_for
from tests.browser.visitor import Visitor

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
RUN = """
async () => {
  const found = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
  });
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}
"""


def violations(visitor: Visitor) -> list[str]:
    visitor.page.evaluate(AXE)
    messages: list[str] = visitor.page.evaluate(RUN)
    return messages


@pytest.fixture
def in_state(state: State, site: Site, chromium: Browser) -> Iterator[Visitor]:
    """A visitor in this state on a wide, light screen."""
    context = chromium.new_context(reduced_motion="reduce", timezone_id="Europe/Berlin")
    visitor = Visitor(site, context)
    visitor.page.set_viewport_size({"width": 1200, "height": 900})
    visitor.resume_session(state.role)
    state.enter(visitor)
    yield visitor
    cancel = visitor.page.get_by_role("button", name="Cancel", exact=True)
    if cancel.is_visible():  # a pending lookup would delay other tests
        cancel.click()
    context.close()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_axe_reports_no_violations_wide_and_light(in_state: Visitor) -> None:
    assert in_state.console_errors == []  # checked first: axe logs messages of its own
    assert violations(in_state) == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_axe_reports_no_violations_narrow_and_dark(in_state: Visitor) -> None:
    page = in_state.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    assert violations(in_state) == []
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 px at 400 %
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_main_job_works_with_keyboard_only(clipboard_browser: Visitor) -> None:
    form(clipboard_browser)
    keyboard, page = clipboard_browser.page.keyboard, clipboard_browser.page
    expect(page.get_by_label("Customer", exact=True)).to_be_focused()
    keyboard.type("1001")
    keyboard.press("Tab")
    expect(page.get_by_label("When it happened")).to_be_focused()
    keyboard.type(clipboard_browser.site.moments["1001"])
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The payment was declined")
    expect(page.get_by_role("button", name="Copy for an LLM")).to_be_visible()
    keyboard.press("c")
    expect(page.locator("[data-toast]")).to_contain_text("Copied")
    assert clipboard_browser.clipboard() == clipboard_browser.preview()


def test_focus_follows_page_order_and_is_always_visible(
    agent_browser: Visitor,
) -> None:
    result_for("1001")(agent_browser)
    page = agent_browser.page
    positions = []
    for _press in range(30):
        page.keyboard.press("Tab")
        position, is_visible = page.evaluate(FOCUS_STATE)
        assert is_visible, position
        positions.append(position)
    assert positions == sorted(positions)


FOCUS_STATE = """
() => {
  const here = document.activeElement;
  const box = here.getBoundingClientRect();
  const style = getComputedStyle(here);
  const mark = here.querySelector(".mark-target");
  const edge = mark && getComputedStyle(mark).strokeWidth;
  const ring = style.outlineStyle !== "none" || (edge && edge !== "1");
  return [[...document.querySelectorAll("*")].indexOf(here), box.bottom > 0 && Boolean(ring)];
}
"""


def test_page_has_no_animations(agent_browser: Visitor) -> None:
    result_for("1001")(agent_browser)
    open_sections(agent_browser)
    assert agent_browser.page.evaluate("document.getAnimations().length") == 0


def test_selection_is_visible_in_forced_colors(agent_browser: Visitor) -> None:
    result_for("1001")(agent_browser)
    agent_browser.open_export()
    page = agent_browser.page
    page.emulate_media(forced_colors="active")
    chosen = page.locator(".segment input:checked + label")
    assert chosen.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    mark = page.locator(".timeline .level-error .shape").first
    page_color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert mark.evaluate("one => getComputedStyle(one).fill") != page_color
