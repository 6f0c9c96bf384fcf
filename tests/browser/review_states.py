"""The states of the review's pages, and of forgetting."""

import uuid
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.state import State, address
from tests.browser.visitor import Visitor

LIST = "/admin/lookups/lookup/"


def first_of(path: str) -> Callable[[Visitor], None]:
    """The page of the first row of a list."""

    def bring(visitor: Visitor) -> None:
        visitor.page.goto(f"{visitor.site.url}{path}")
        visitor.page.locator("#result_list tbody th a").first.click()
        expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()

    return bring


def lookups(visitor: Visitor) -> None:
    visitor.look_up("1001")
    expect(visitor.page.locator("#export")).to_be_visible()
    visitor.page.goto(f"{visitor.site.url}{LIST}")
    expect(visitor.page.locator("#result_list")).to_be_visible()


def no_lookup(visitor: Visitor) -> None:
    """A filter that nothing fits."""
    visitor.page.goto(f"{visitor.site.url}{LIST}")
    visitor.page.get_by_label("Customer (exactly as typed) or the person who looked").fill(
        "nobody-at-all"
    )
    visitor.page.get_by_role("button", name="Search").click()
    expect(visitor.page.locator("#result_list")).to_have_count(0)


def lookup_record(visitor: Visitor) -> None:
    lookups(visitor)
    visitor.page.locator("#result_list tbody a[href*='/change/']").first.click()
    expect(visitor.page.get_by_role("heading", name="The lookup")).to_be_visible()


def purge(visitor: Visitor) -> None:
    """Some chosen answers are removed, and the list says so."""
    lookups(visitor)
    page = visitor.page
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("purge")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_be_visible()


def issued_token(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.site.url}/admin/accounts/apitoken/add/")
    page.get_by_label("Name").fill(f"Zendesk app {uuid.uuid4().hex[:6]}")
    page.locator("select[name=user]").select_option(label="agent")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#token")).to_be_visible()


def tokens(visitor: Visitor) -> None:
    issued_token(visitor)
    visitor.page.goto(f"{visitor.site.url}/admin/accounts/apitoken/")


def forget_check(visitor: Visitor) -> None:
    visitor.look_up("sakura_田中")
    expect(visitor.page.locator("#export")).to_be_visible()
    visitor.page.goto(f"{visitor.site.url}/review/forget/")
    visitor.page.get_by_label("Every identifier for the customer").fill("sakura_田中")
    visitor.page.get_by_role("button", name="See what is stored").click()
    expect(visitor.page.get_by_role("button", name="Erase this customer’s data")).to_be_visible()


def forgotten(visitor: Visitor) -> None:
    """The answer of a customer who is forgotten."""
    visitor.look_up("sakura_田中")
    expect(visitor.page.locator("#export")).to_be_visible()
    result = visitor.page.url
    forget_check(visitor)
    visitor.page.get_by_role("button", name="Erase this customer’s data").click()
    visitor.page.wait_for_load_state()
    visitor.page.goto(result)
    expect(visitor.page.locator("main")).to_contain_text("An admin erased this customer’s data")


REVIEW_STATES = tuple(
    State(name, bring, "admin")
    for name, bring in (
        ("review", address("/admin/")),
        ("lookups", lookups),
        ("no-lookups", no_lookup),
        ("lookup-record", lookup_record),
        ("purge", purge),
        ("exports", address("/admin/lookups/exportrecord/")),
        ("entry", first_of("/admin/audit/entry/")),
        ("people", address("/admin/auth/user/")),
        ("person", first_of("/admin/auth/user/")),
        ("invitations", address("/admin/accounts/invitation/")),
        ("new-invitation", address("/admin/accounts/invitation/add/")),
        ("teams", address("/admin/accounts/team/")),
        ("new-team", address("/admin/accounts/team/add/")),
        ("tokens", tokens),
        ("new-token", address("/admin/accounts/apitoken/add/")),
        ("issued-token", issued_token),
        ("questions", address("/admin/lookups/exportpreset/")),
        ("question", first_of("/admin/lookups/exportpreset/")),
        ("forget", address("/review/forget/")),
        ("forget-check", forget_check),
        ("forgotten", forgotten),
    )
)
