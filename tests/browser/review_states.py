"""States of the Manage pages, including erasing customer data."""

import uuid
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.state import State, open_path
from tests.browser.visitor import Visitor

LIST = "/admin/lookups/lookup/"


def open_first_row(path: str) -> Callable[[Visitor], None]:
    """Open the first row of the list at this path."""

    def enter(visitor: Visitor) -> None:
        visitor.page.goto(f"{visitor.site.url}{path}")
        visitor.page.locator("#result_list tbody th a").first.click()
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()

    return enter


def lookups(visitor: Visitor) -> None:
    visitor.open_result("1001")
    expect(visitor.page.locator("#export")).to_be_visible()
    visitor.page.goto(f"{visitor.site.url}{LIST}")
    expect(visitor.page.locator("#result_list")).to_be_visible()


def no_lookups(visitor: Visitor) -> None:
    """Search for a customer without lookups."""
    visitor.page.goto(f"{visitor.site.url}{LIST}")
    visitor.page.get_by_label("Customer (exactly as typed) or the person who looked them up").fill(
        "nobody-at-all"
    )
    visitor.page.get_by_role("button", name="Search").click()
    expect(visitor.page.locator("#result_list")).to_have_count(0)


def lookup_record(visitor: Visitor) -> None:
    lookups(visitor)
    visitor.page.locator("#result_list tbody a[href*='/change/']").first.click()
    expect(visitor.page.get_by_role("heading", name="The lookup")).to_be_visible()


def purge(visitor: Visitor) -> None:
    """Ask before deleting a selected result and its copies."""
    visitor.look_up("1001")
    visitor.look_up("1001")
    lookups(visitor)
    page = visitor.page
    page.locator("input.action-select").first.check()
    page.get_by_role("button", name="Purge …").click()
    expect(page.get_by_role("button", name="Delete only 1 result")).to_be_visible()


def issued_token(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.site.url}/admin/accounts/apitoken/add/")
    page.get_by_label("Name").fill(f"Zendesk app {uuid.uuid4().hex[:6]}")
    page.locator("select[name=user]").select_option(label="agent")
    page.locator("input[name=scopes][value=mcp]").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#token")).to_be_visible()


def tokens(visitor: Visitor) -> None:
    issued_token(visitor)
    visitor.page.goto(f"{visitor.site.url}/admin/accounts/apitoken/")


def erase_preview(visitor: Visitor) -> None:
    visitor.look_up("sakura_田中")
    expect(visitor.page.locator("#export")).to_be_visible()
    visitor.page.goto(f"{visitor.site.url}/review/forget/")
    visitor.page.get_by_label("Every identifier for the customer").fill("sakura_田中")
    visitor.page.get_by_role("button", name="See what is stored").click()
    expect(visitor.page.get_by_role("button", name="Erase this customer’s data")).to_be_visible()


def erased(visitor: Visitor) -> None:
    """Open a result after its customer's data was erased."""
    visitor.look_up("sakura_田中")
    expect(visitor.page.locator("#export")).to_be_visible()
    result = visitor.page.url
    erase_preview(visitor)
    visitor.page.get_by_role("button", name="Erase this customer’s data").click()
    visitor.page.wait_for_load_state()
    visitor.page.goto(result)
    expect(visitor.page.locator("main")).to_contain_text("An admin erased this customer’s data")


REVIEW_STATES = tuple(
    State(name, enter, "admin")
    for name, enter in (
        ("review", open_path("/admin/")),
        ("lookups", lookups),
        ("no-lookups", no_lookups),
        ("lookup-record", lookup_record),
        ("purge", purge),
        ("exports", open_path("/admin/lookups/exportrecord/")),
        ("entry", open_first_row("/admin/audit/entry/")),
        ("people", open_path("/admin/auth/user/")),
        ("person", open_first_row("/admin/auth/user/")),
        ("invitations", open_path("/admin/accounts/invitation/")),
        ("new-invitation", open_path("/admin/accounts/invitation/add/")),
        ("teams", open_path("/admin/accounts/team/")),
        ("new-team", open_path("/admin/accounts/team/add/")),
        ("tokens", tokens),
        ("new-token", open_path("/admin/accounts/apitoken/add/")),
        ("issued-token", issued_token),
        ("questions", open_path("/admin/lookups/exportpreset/")),
        ("question", open_first_row("/admin/lookups/exportpreset/")),
        ("forget", open_path("/review/forget/")),
        ("forget-check", erase_preview),
        ("forgotten", erased),
    )
)
