"""A person with a browser window."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.browser.site import Site


class Visitor:
    """A person with a browser window of their own, who notes what the console says."""

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))

    def _note(self, message: ConsoleMessage) -> None:
        if not self.page.url.startswith(self.site.url):
            return  # what another site's page does is its own affair
        if message.type in ("error", "warning") and "status of" not in message.text:
            self.complaints.append(message.text)

    def come_in(self, name: str = "agent") -> None:
        """Take over the session that whoever signed in first began; no page is opened.

        A test that ends or confirms its session signs in for itself.
        """
        if name in self.site.sessions:
            self.context.add_cookies(self.site.sessions[name])
        else:
            self.sign_in(name)
            self.site.sessions[name] = self.context.cookies()

    def sign_in(self, name: str = "agent") -> None:
        self.page.goto(f"{self.site.url}/accounts/login/")
        self.page.get_by_label("Username or email").fill(name)
        self.page.get_by_label("Password").fill(self.site.passwords[name])
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def sign_in_anew(self, name: str = "agent") -> None:
        """Begin a session of this visitor's own, which may be ended."""
        self.context.clear_cookies()
        self.sign_in(name)

    def look_up(self, customer: str, at: str | None = None) -> None:
        """Look up and wait for the result, or for the page that says why there is none."""
        self.begin_lookup(customer, at)
        expect(self.page.locator("[data-waiting]")).to_have_count(0, timeout=30_000)
        self.page.wait_for_load_state()

    def begin_lookup(self, customer: str, at: str | None = None) -> None:
        """Fill in the form and send it; the page may still wait for Sentry."""
        self.page.goto(self.site.url)
        self.page.get_by_label("Customer", exact=True).fill(customer)
        self.page.get_by_label("When it happened").fill(at or self.site.moments[customer])
        self.page.get_by_role("button", name="Look up", exact=True).click()
        self.page.wait_for_url(re.compile("/lookups/"))

    def clipboard(self) -> str:
        """What was copied, pasted into an empty page: pages of the site may not read it."""
        empty = self.context.new_page()
        empty.set_content("<textarea></textarea>")
        empty.locator("textarea").focus()
        empty.keyboard.press("ControlOrMeta+V")
        pasted = empty.locator("textarea").input_value()
        empty.close()
        return pasted

    def preview(self) -> str:
        return self.page.locator("#export-text").input_value()
