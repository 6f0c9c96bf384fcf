"""WCAG 2.2 AA on every state, held by axe, and by ways of seeing that axe does not try."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.site import Site
from tests.browser.state import State
from tests.browser.states import STATES, all_open, form, found
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
    found: list[str] = visitor.page.evaluate(RUN)
    return found


@pytest.fixture
def in_state(state: State, site: Site, chromium: Browser) -> Iterator[Visitor]:
    """A visitor on a wide, light screen, led to the state."""
    context = chromium.new_context(reduced_motion="reduce", timezone_id="Europe/Berlin")
    visitor = Visitor(site, context)
    visitor.page.set_viewport_size({"width": 1200, "height": 900})
    visitor.come_in(state.who)
    state.bring(visitor)
    yield visitor
    cancel = visitor.page.get_by_role("button", name="Cancel", exact=True)
    if cancel.is_visible():  # else its calls would keep others waiting
        cancel.click()
    context.close()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_axe_finds_nothing_wide_and_light(in_state: Visitor) -> None:
    assert in_state.complaints == []  # axe itself makes some
    assert violations(in_state) == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_axe_finds_nothing_narrow_and_dark(in_state: Visitor) -> None:
    page = in_state.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    assert violations(in_state) == []
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 px at 400 %
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_main_job_is_done_by_keyboard_alone(copying: Visitor) -> None:
    form(copying)
    keyboard, page = copying.page.keyboard, copying.page
    expect(page.get_by_label("Customer", exact=True)).to_be_focused()
    keyboard.type("1001")
    keyboard.press("Tab")
    expect(page.get_by_label("When it happened")).to_be_focused()
    keyboard.type(copying.site.moments["1001"])
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The payment was declined")
    expect(page.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    keyboard.press("c")
    expect(page.locator("[data-copy-status]")).to_have_text("Copied")
    assert copying.clipboard() == copying.preview()


def test_the_focus_goes_through_the_page_in_its_order_and_is_always_seen(
    agent_browser: Visitor,
) -> None:
    found("1001")(agent_browser)
    page = agent_browser.page
    places = []
    for _press in range(60):
        page.keyboard.press("Tab")
        place, is_seen = page.evaluate(SEEN)
        assert is_seen, place
        places.append(place)
    assert places == sorted(places)


SEEN = """
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


def test_nothing_moves_by_itself(agent_browser: Visitor) -> None:
    all_open(agent_browser)
    assert agent_browser.page.evaluate("document.getAnimations().length") == 0


def test_what_is_chosen_shows_where_the_device_takes_the_colours(agent_browser: Visitor) -> None:
    found("1001")(agent_browser)
    page = agent_browser.page
    page.emulate_media(forced_colors="active")
    chosen = page.locator(".segment input:checked + label")
    assert chosen.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    mark = page.locator(".timeline .level-error .shape").first
    page_colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert mark.evaluate("one => getComputedStyle(one).fill") != page_colour
