"""A visitor with a browser window."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.browser.site import Site


class Visitor:
    """A visitor with a browser context; records console errors and dialogs."""

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.name = ""
        self.page: Page = context.new_page()
        self.console_errors: list[str] = []
        self.page.on("console", self._record_console)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        self.page.on(
            "dialog", lambda dialog: self.console_errors.append(f"dialog {dialog.message}")
        )

    def _record_console(self, message: ConsoleMessage) -> None:
        if not self.page.url.startswith(self.site.url):
            return  # ignore other sites' pages
        if message.type in ("error", "warning") and "status of" not in message.text:
            self.console_errors.append(message.text)

    def resume_session(self, name: str = "agent") -> None:
        """Reuse this account's session, or sign in if there is none.

        Tests that end or reauthenticate their session use `start_session` instead.
        """
        self.name = name
        if name in self.site.sessions:
            self.context.add_cookies(self.site.sessions[name])
        else:
            self.sign_in(name)
            # Without those of a page's script: time zone, theme, and that scripts run at all.
            self.site.sessions[name] = [
                cookie
                for cookie in self.context.cookies()
                if not cookie["name"].startswith("triage_")
            ]

    def sign_in(self, name: str = "agent") -> None:
        self.name = name
        self.page.goto(f"{self.site.url}/accounts/login/")
        self.page.get_by_label("Username or email").fill(name)
        self.page.get_by_label("Password").fill(self.site.passwords[name])
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def start_session(self, name: str = "agent") -> None:
        """Start a session that no other test shares, so the test can end it."""
        self.context.clear_cookies()
        self.sign_in(name)

    def open_result(self, customer: str) -> None:
        """Open a result that no test changes; the first test that needs it looks it up."""
        address = self.site.results.get((self.name, customer))
        if address:
            self.page.goto(address)
        else:
            self.look_up(customer)
            self.site.results[self.name, customer] = self.page.url

    def look_up(self, customer: str, at: str | None = None) -> None:
        """Look up a customer and wait for the result or the error page."""
        self.start_lookup(customer, at)
        expect(self.page.locator("[data-waiting]")).to_have_count(0, timeout=30_000)
        self.page.wait_for_load_state()

    def start_lookup(self, customer: str, at: str | None = None) -> None:
        """Submit the form without waiting for the result."""
        self.page.goto(self.site.url)
        self.page.get_by_label("Customer", exact=True).fill(customer)
        self.page.get_by_label("When it happened").fill(at or self.site.moments[customer])
        self.page.get_by_role("button", name="Look up", exact=True).click()
        self.page.wait_for_url(re.compile("/lookups/"))

    def clipboard(self) -> str:
        """Paste the clipboard into a blank page: the site's own pages can't read it."""
        blank = self.context.new_page()
        blank.set_content("<textarea></textarea>")
        blank.locator("textarea").focus()
        blank.keyboard.press("ControlOrMeta+V")
        pasted = blank.locator("textarea").input_value()
        blank.close()
        return pasted

    def open_export(self) -> None:
        """Open the text for an LLM below the result."""
        self.page.locator("#export > summary").click()

    def preview(self) -> str:
        return self.page.locator("#export-text").input_value()
