"""The states of the pages of known errors and of drafts' templates, as a lead sees them."""

from playwright.sync_api import expect

from tests.browser.review_states import first_of
from tests.browser.state import State, address
from tests.browser.visitor import Visitor

KNOWN = "/admin/known_errors/knownerror/"
TEMPLATES = "/admin/answers/drafttemplate/"


def refused(visitor: Visitor) -> None:
    """An expression that the engine does not know."""
    _filled(visitor, "(?=declined)")
    visitor.page.get_by_role("button", name="Save").click()
    expect(visitor.page.locator("main")).to_contain_text("Looking ahead")


def previewed(visitor: Visitor) -> None:
    """A pattern that fits a lookup of just now."""
    visitor.look_up("1001")
    expect(visitor.page.locator("#export")).to_be_visible()
    _filled(visitor, "declin(ed|ing)")
    visitor.page.get_by_role("button", name="Preview").click()
    expect(visitor.page.locator(".known-preview")).to_be_visible()


def versions(visitor: Visitor) -> None:
    """What an entry has been."""
    first_of(KNOWN)(visitor)
    visitor.page.goto(visitor.page.url.replace("/change/", "/history/"))
    expect(visitor.page.locator(".known-versions")).to_be_visible()


def from_a_result(visitor: Visitor) -> None:
    """The form as a problem of a result fills it in."""
    visitor.look_up("1001")
    visitor.page.get_by_role("link", name="Add as a known error").first.click()
    expect(visitor.page.get_by_role("button", name="Preview")).to_be_visible()


def _filled(visitor: Visitor, expression: str) -> None:
    page = visitor.page
    page.goto(f"{visitor.site.url}{KNOWN}add/")
    page.locator("[name=title]").fill("The bank declines the card")
    page.locator("[name=message_way]").select_option("expression")
    page.locator("[name=message_text]").fill(expression)
    page.locator("[name=explanation]").fill("The bank says no.")


CATALOGUE_STATES = (
    State("known-errors", address(KNOWN), "lead"),
    State("known-error-new", address(f"{KNOWN}add/"), "lead"),
    State("known-error-refused", refused, "lead"),
    State("known-error-preview", previewed, "lead"),
    State("known-error-from-result", from_a_result, "lead"),
    State("known-error", first_of(KNOWN), "lead"),
    State("known-error-versions", versions, "lead"),
    State("known-error-import", address(f"{KNOWN}import/"), "lead"),
    State("known-error-suggestions", address(f"{KNOWN}suggestions/"), "lead"),
    State("draft-templates", address(TEMPLATES), "lead"),
    State("draft-template", first_of(TEMPLATES), "lead"),
)
