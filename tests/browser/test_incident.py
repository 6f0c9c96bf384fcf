"""An incident in the browser: check the list, follow the progress, open a customer's lookup."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.site import Site
from tests.browser.test_accessibility import violations
from tests.browser.visitor import Visitor


def test_a_list_leads_to_what_its_customers_share(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    visitor = Visitor(site, context)
    visitor.resume_session("lead")
    page = visitor.page
    page.goto(f"{site.url}/incidents/")
    assert violations(visitor) == []
    page.get_by_role("button", name="Customers from a bad morning").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("160 customers to look up")
    assert violations(visitor) == []
    page.get_by_role("button", name="Look up 160 customers").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("hit the same failure")
    for part in page.locator("details.part > summary").all():
        part.click()
    assert violations(visitor) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator(".incident-rows button").first.click()
    expect(page).to_have_url(re.compile("/lookups/"))
    assert visitor.console_errors == []
    context.close()
