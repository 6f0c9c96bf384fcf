"""States of the pages for invitations, second factors, sharing, and the audit trail."""

import re
import uuid

from playwright.sync_api import expect

from tests.accounts.codes import code_now
from tests.browser.state import State, open_path
from tests.browser.visitor import Visitor

PASSWORD = "seven grey herons at dusk"


def invited(visitor: Visitor) -> None:
    """Invite a person as an admin, then open the link as that person."""
    page = visitor.page
    page.goto(f"{visitor.site.url}/admin/accounts/invitation/add/")
    page.get_by_label("Name").fill("Ana Lopez")
    page.get_by_label("agent", exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    message = page.locator(".messagelist .warning").inner_text()
    link = re.search(r"http\S+", message)
    assert link, message
    visitor.context.clear_cookies()
    page.goto(link[0])
    expect(page.get_by_role("heading", name="Welcome to Triage")).to_be_visible()


def newcomer(visitor: Visitor) -> str:
    """Sign in with a new account and return its username."""
    invited(visitor)
    name, page = f"ana-{uuid.uuid4().hex[:8]}", visitor.page
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    _submit_password(visitor, name)
    expect(page.get_by_label("Customer", exact=True)).to_be_visible()
    return name


def _submit_password(visitor: Visitor, name: str) -> None:
    visitor.page.goto(f"{visitor.site.url}/accounts/login/")
    visitor.page.get_by_label("Username or email").fill(name)
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()


def recovery_codes(visitor: Visitor) -> None:
    newcomer(visitor)
    _set_up_app(visitor)


def _set_up_app(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.site.url}/accounts/2fa/totp/activate/")
    if page.get_by_role("heading", name="Confirm it's you").is_visible():
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
    key = page.locator(".signin-key").inner_text()
    page.get_by_label("The code the app shows now").fill(code_now(key))
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator(".signin-codes li")).to_have_count(10)


def factors(visitor: Visitor) -> None:
    recovery_codes(visitor)
    visitor.page.goto(f"{visitor.site.url}/accounts/2fa/")


def second_factor(visitor: Visitor) -> None:
    name = newcomer(visitor)
    _set_up_app(visitor)
    visitor.context.clear_cookies()
    _submit_password(visitor, name)
    expect(visitor.page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()


def wrong_password(visitor: Visitor) -> None:
    visitor.context.clear_cookies()
    _submit_password(visitor, "nobody-at-all")
    expect(visitor.page.locator("main")).to_contain_text("The username or password is incorrect.")


def _share(visitor: Visitor, reader: str) -> None:
    visitor.look_up("1001")
    page = visitor.page
    expect(page.locator("#export")).to_be_visible()
    page.locator("#share > summary").click()
    page.get_by_label("Person or team").fill(reader)
    page.get_by_role("button", name="Share", exact=True).click()


def shared(visitor: Visitor) -> None:
    _share(visitor, "lead")
    expect(visitor.page.get_by_role("button", name="Stop sharing with lead").first).to_be_visible()


def share_refused(visitor: Visitor) -> None:
    _share(visitor, "nobody-at-all")
    expect(visitor.page.locator("main")).to_contain_text("Not shared yet.")


def shared_with_agent(visitor: Visitor) -> None:
    """Share a result as a lead, then sign in as the agent."""
    _share(visitor, "agent")
    visitor.context.clear_cookies()
    visitor.resume_session("agent")
    visitor.page.goto(visitor.site.url)
    expect(visitor.page.get_by_role("heading", name="Shared with you")).to_be_visible()


PEOPLE_STATES = (
    State("sign-in-refused", wrong_password),
    State("invited", invited, "admin"),
    State("recovery-codes", recovery_codes, "admin"),
    State("factors-set-up", factors, "admin"),
    State("second-step", second_factor, "admin"),
    State("shared", shared),
    State("share-refused", share_refused),
    State("shared-with-you", shared_with_agent, "lead"),
    State("trail", open_path("/"), "auditor"),
    State("review-of-an-auditor", open_path("/admin/"), "auditor"),
)
