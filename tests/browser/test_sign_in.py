"""Second factors in a real browser, with the passkeys of a virtual device."""

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
    """A demo whose accounts nobody else uses, by the name that browsers keep passkeys for."""
    oidc = {
        "OIDC_ISSUER": provider.url,
        "OIDC_CLIENT_ID": "triage",
        "OIDC_CLIENT_SECRET": "a secret",
        "OIDC_ROLES": "support=agent",
        "OIDC_NAME": "Acme",
    }
    with sites.started(tmp_path_factory.mktemp("sign-in"), **oidc) as running:
        yield replace(running, url=running.url.replace("127.0.0.1", "localhost"))


@pytest.fixture
def somebody(own_site: Site, chromium: Browser) -> Iterator[Visitor]:
    """A person who is signed out, with a device that keeps passkeys."""
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
    assert not visitor.complaints
    context.close()


def factors(visitor: Visitor) -> Page:
    visitor.page.goto(f"{visitor.site.url}/accounts/2fa/")
    return visitor.page


def sign_out(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.site.url}/accounts/preferences/")
    visitor.page.locator("details.menu summary").click()
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()


def show_password(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_label("Your password").fill(visitor.site.passwords[name])
    visitor.page.get_by_role("button", name="Continue").click()


def test_a_passkey_is_added_and_signs_in_without_a_password(somebody: Visitor) -> None:
    somebody.sign_in("agent")
    page = factors(somebody)
    page.get_by_role("link", name="Add a passkey").click()
    show_password(somebody, "agent")
    page.get_by_label("Name, such as “My laptop”").fill("My laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator(".signin-codes li")).to_have_count(10)
    sign_out(somebody)

    page.goto(f"{somebody.site.url}/accounts/login/?next=/accounts/sessions/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Where you're signed in")).to_be_visible()
    sign_out(somebody)

    somebody.sign_in("agent")
    expect(page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_label("Customer", exact=True)).to_be_visible()

    page = factors(somebody)
    expect(page.locator("main")).to_contain_text("My laptop")
    page.get_by_role("link", name="Remove My laptop").click()
    show_password(somebody, "agent")
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("main")).not_to_contain_text("My laptop.")
    expect(page.locator("main")).not_to_contain_text("Recovery codes")


def test_an_authenticator_app_is_set_up_asked_for_and_removed(somebody: Visitor) -> None:
    somebody.sign_in("admin")
    page = factors(somebody)
    page.get_by_role("link", name="Set up").click()
    show_password(somebody, "admin")
    assert page.locator(".signin-qr svg path").count() == 1
    key = page.locator(".signin-key").inner_text()
    page.get_by_label("The code the app shows now").fill(code_now(key))
    page.get_by_role("button", name="Set it up").click()
    recovery = page.locator(".signin-codes code").first.inner_text()
    page.reload()
    expect(page.locator("main")).to_contain_text("can't be shown again")
    assert recovery not in page.content()
    sign_out(somebody)

    somebody.sign_in("admin")
    page.get_by_label("Code from your app").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("main")).to_contain_text("That code isn't right.")
    page.goto(f"{somebody.site.url}/admin/")
    expect(page).to_have_url(re.compile("/accounts/2fa/authenticate/"))
    page.get_by_label("Code from your app").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Customer", exact=True)).to_be_visible()
    sign_out(somebody)

    somebody.sign_in("admin")
    page.get_by_label("Code from your app").fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("main")).to_contain_text("That code isn't right.")
    page.get_by_label("Code from your app").fill(code_now(key, ahead=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Customer", exact=True)).to_be_visible()

    page = factors(somebody)
    page.get_by_role("link", name="Remove").first.click()
    show_password(somebody, "admin")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("link", name="Set up")).to_be_visible()


def test_single_sign_on_goes_there_and_comes_back_to_where_one_wanted_to(
    somebody: Visitor, provider: Provider
) -> None:
    provider.knows("jo", groups=["support"])
    page = somebody.page
    page.route("https://**", lambda route: route.fulfill(body=""))  # the provider's own styles
    page.goto(f"{somebody.site.url}/accounts/sessions/")
    page.get_by_role("button", name="Sign in with Acme").click()
    page.wait_for_url(re.compile("/oauth2/authorize"))
    page.locator("input[name=sub]").first.fill("jo")
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.get_by_role("heading", name="Where you're signed in")).to_be_visible()
