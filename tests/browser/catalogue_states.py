"""States of the known error and draft template pages, as a lead sees them."""

from playwright.sync_api import expect

from tests.browser.review_states import open_first_row
from tests.browser.state import State, open_path
from tests.browser.visitor import Visitor

KNOWN = "/admin/known_errors/knownerror/"
TEMPLATES = "/admin/answers/drafttemplate/"


def refused(visitor: Visitor) -> None:
    """Save an expression that the engine doesn't support."""
    _fill_form(visitor, "(?=declined)")
    visitor.page.get_by_role("button", name="Save").click()
    expect(visitor.page.locator("main")).to_contain_text("Looking ahead")


def previewed(visitor: Visitor) -> None:
    """Preview a pattern that matches a recent lookup."""
    visitor.look_up("1001")
    expect(visitor.page.locator("#export")).to_be_visible()
    _fill_form(visitor, "declin(ed|ing)")
    visitor.page.get_by_role("button", name="Preview").click()
    expect(visitor.page.locator(".known-preview")).to_be_visible()


def versions(visitor: Visitor) -> None:
    open_first_row(KNOWN)(visitor)
    visitor.page.goto(visitor.page.url.replace("/change/", "/history/"))
    expect(visitor.page.locator(".known-versions")).to_be_visible()


def from_result(visitor: Visitor) -> None:
    """Open the form prefilled from a problem on a result."""
    visitor.look_up("beatriz.costa@example.pt")
    visitor.page.get_by_role("link", name="Add as a known error").first.click()
    expect(visitor.page.get_by_role("button", name="Preview")).to_be_visible()


def _fill_form(visitor: Visitor, expression: str) -> None:
    page = visitor.page
    page.goto(f"{visitor.site.url}{KNOWN}add/")
    page.locator("[name=title]").fill("The bank declines the card")
    page.locator("[name=message_way]").select_option("expression")
    page.locator("[name=message_text]").fill(expression)
    page.locator("[name=explanation]").fill("The bank says no.")


CATALOGUE_STATES = (
    State("known-errors", open_path(KNOWN), "lead"),
    State("known-error-new", open_path(f"{KNOWN}add/"), "lead"),
    State("known-error-refused", refused, "lead"),
    State("known-error-preview", previewed, "lead"),
    State("known-error-from-result", from_result, "lead"),
    State("known-error", open_first_row(KNOWN), "lead"),
    State("known-error-versions", versions, "lead"),
    State("known-error-import", open_path(f"{KNOWN}import/"), "lead"),
    State("known-error-suggestions", open_path(f"{KNOWN}suggestions/"), "lead"),
    State("draft-templates", open_path(TEMPLATES), "lead"),
    State("draft-template", open_first_row(TEMPLATES), "lead"),
)
