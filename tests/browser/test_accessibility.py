"""WCAG 2.2 AA on every state, held by axe, and by ways of seeing that axe does not try."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Site
from tests.browser.states import STATES, State
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


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_axe_finds_nothing_wide_and_light_nor_narrow_and_dark(
    state: State, site: Site, chromium: Browser
) -> None:
    context = chromium.new_context(reduced_motion="reduce", timezone_id="Europe/Berlin")
    visitor = Visitor(site, context)
    visitor.sign_in(state.who)
    visitor.page.set_viewport_size({"width": 1200, "height": 900})
    state.bring(visitor)
    assert violations(visitor) == []
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.page.emulate_media(color_scheme="dark")
    assert violations(visitor) == []
    context.close()
