"""Second factors, with passkeys from a virtual device, and single sign-on."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accounts.codes import code_now
from tests.accounts.provider import Provider
from tests.accounts.provider import running as running_provider
from tests.browser import site as sites
from tests.browser.site import Site
from tests.browser.visitor import Visitor


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A real OpenID Connect provider."""
    with running_provider() as started:
        yield started


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Site]:
    """A separate demo on `localhost`: browsers don't store passkeys for IP addresses."""
    oidc = {
        "OIDC_ISSUER": provider.url,
        "OIDC_CLIENT_ID": "triage",
        "OIDC_CLIENT_SECRET": "a secret",
        "OIDC_ROLES": "support=agent",
    }
    with sites.running_site(tmp_path_factory.mktemp("sign-in"), **oidc) as running:
        yield replace(running, url=running.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def passkey_visitor(own_site: Site, chromium: Browser) -> Iterator[Visitor]:
    """A signed-out visitor with a device that stores passkeys."""
    context = chromium.new_context()
    visitor = Visitor(own_site, context)
    device = context.new_cdp_session(visitor.page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield visitor
    assert not visitor.console_errors
    context.close()


def open_factors(visitor: Visitor) -> Page:
    visitor.page.goto(f"{visitor.site.url}/accounts/2fa/")
    return visitor.page


def sign_out(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.site.url}/accounts/preferences/")
    visitor.page.locator("details.menu summary").click()
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()


def confirm_password(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_label("Your password").fill(visitor.site.passwords[name])
    visitor.page.get_by_role("button", name="Continue").click()


def test_passkey_can_be_added_and_used_without_password(passkey_visitor: Visitor) -> None:
    passkey_visitor.sign_in("agent")
    page = open_factors(passkey_visitor)
    page.get_by_role("link", name="Add a passkey").click()
    confirm_password(passkey_visitor, "agent")
    page.get_by_label("Name, such as “My laptop”").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator(".signin-codes li")).to_have_count(10)
    sign_out(passkey_visitor)

    page.goto(f"{passkey_visitor.site.url}/accounts/login/?next=/accounts/sessions/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Where you're signed in")).to_be_visible()
    sign_out(passkey_visitor)

    passkey_visitor.sign_in("agent")
    expect(page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_label("Customer", exact=True)).to_be_visible()

    page = open_factors(passkey_visitor)
    expect(page.locator("main")).to_contain_text("My laptop")
    page.get_by_role("link", name="Remove My laptop").click()
    confirm_password(passkey_visitor, "agent")
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("main")).not_to_contain_text("My laptop.")
    expect(page.locator("main")).not_to_contain_text("Recovery codes")


def test_authenticator_app_setup_sign_in_and_removal(passkey_visitor: Visitor) -> None:
    passkey_visitor.sign_in("admin")
    page = open_factors(passkey_visitor)
    page.get_by_role("link", name="Set up").click()
    confirm_password(passkey_visitor, "admin")
    assert page.locator(".signin-qr svg path").count() == 1
    key = page.locator(".signin-key").inner_text()
    page.get_by_label("The code the app shows now").fill(code_now(key))
    page.get_by_role("button", name="Set it up").click()
    recovery = page.locator(".signin-codes code").first.inner_text()
    page.reload()
    expect(page.locator("main")).to_contain_text("can't be shown again")
    assert recovery not in page.content()
    sign_out(passkey_visitor)

    passkey_visitor.sign_in("admin")
    page.get_by_label("Code from your app").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("main")).to_contain_text("That code isn't right.")
    page.goto(f"{passkey_visitor.site.url}/admin/")
    expect(page).to_have_url(re.compile("/accounts/2fa/authenticate/"))
    page.get_by_label("Code from your app").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Customer", exact=True)).to_be_visible()
    sign_out(passkey_visitor)

    passkey_visitor.sign_in("admin")
    page.get_by_label("Code from your app").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("main")).to_contain_text("That code isn't right.")
    page.get_by_label("Code from your app").fill(code_now(key, ahead=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Customer", exact=True)).to_be_visible()

    page = open_factors(passkey_visitor)
    page.get_by_role("link", name="Remove").first.click()
    confirm_password(passkey_visitor, "admin")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("link", name="Set up")).to_be_visible()


def test_single_sign_on_returns_to_requested_page(
    passkey_visitor: Visitor, provider: Provider
) -> None:
    provider.knows("jo", groups=["support"])
    page = passkey_visitor.page
    page.route("https://**", lambda route: route.fulfill(body=""))  # the provider's style sheets
    page.goto(f"{passkey_visitor.site.url}/accounts/sessions/")
    page.get_by_role("button", name="Sign in with single sign-on").click()
    page.wait_for_url(re.compile("/oauth2/authorize"))
    page.locator("input[name=sub]").first.fill("jo")
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.get_by_role("heading", name="Where you're signed in")).to_be_visible()
