"""Long work shows progress, in a real browser: bar and events first, then the result by itself."""

import re
from typing import Any

import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

LIST = "/acme/events/"
BODIES = r"/issues/\d+/events/"
LONG_S = 6


def fault(site: Site, path: str, **what: Any) -> None:
    body = [{"path": path, "times": None, **what}]
    requests.post(f"{site.sentry}/_demo/faults", json=body, timeout=5).raise_for_status()


def well(site: Site) -> None:
    requests.delete(f"{site.sentry}/_demo/faults", timeout=5)


def look_anew(visitor: Visitor, customer: str, minutes: int) -> Page:
    """A lookup with a window that no other test uses, so that nothing is held of it."""
    page = visitor.page
    page.goto(visitor.site.url)
    page.get_by_label("Customer", exact=True).fill(customer)
    page.get_by_label("When it happened").fill(visitor.site.moments[customer])
    page.get_by_label("± minutes").fill(str(minutes))
    page.get_by_role("button", name="Look up", exact=True).click()
    page.wait_for_url(re.compile("/lookups/"))
    return page


def headline(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def test_bar_and_events_come_first_and_the_result_follows_by_itself(
    agent_browser: Visitor,
) -> None:
    fault(agent_browser.site, BODIES, delay_s=2)
    page = look_anew(agent_browser, "1001", 21)
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(page.locator("[data-sentence]")).to_have_text(re.compile(r"\d of \d problems read, \d"))
    rows = page.locator(".sighting")
    refused = re.compile("The payment was declined|There was not enough money")
    expect(rows.filter(has_text=refused)).to_have_count(3)
    expect(rows).to_have_count(8)
    assert float(bar.evaluate("bar => bar.value")) >= 0.3
    expect(page.locator("[data-facts]")).to_contain_text("3 problems", timeout=25_000)
    assert agent_browser.complaints == []


def test_what_was_stopped_says_so_and_can_be_asked_again(agent_browser: Visitor) -> None:
    fault(agent_browser.site, LIST, delay_s=LONG_S)
    page = look_anew(agent_browser, "1001", 22)
    page.get_by_role("button", name="Cancel").click()
    expect(headline(page)).to_have_text("This lookup was stopped before it finished.")
    well(agent_browser.site)
    page.get_by_role("button", name="Look up again").click()
    expect(page.locator("[data-facts]")).to_contain_text("3 problems", timeout=15_000)
    assert agent_browser.complaints == []


def test_a_failure_ends_on_its_page_and_try_again_shows_progress_again(
    agent_browser: Visitor,
) -> None:
    fault(agent_browser.site, LIST, status=403, body="{}", delay_s=1)
    page = look_anew(agent_browser, "1001", 23)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(headline(page)).to_contain_text(
        "our key doesn't have the access this needs", timeout=15_000
    )
    well(agent_browser.site)
    fault(agent_browser.site, LIST, delay_s=1)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator("[data-facts]")).to_contain_text("3 problems", timeout=15_000)


def test_reloading_in_the_middle_and_a_second_tab_lose_nothing(agent_browser: Visitor) -> None:
    fault(agent_browser.site, BODIES, delay_s=2)
    page = look_anew(agent_browser, "1001", 24)
    expect(page.locator(".sighting").first).to_be_visible()
    page.reload()
    expect(page.locator(".sighting").first).to_be_visible()
    other = agent_browser.context.new_page()
    other.goto(page.url)
    for one in (page, other):
        expect(one.locator("[data-facts]")).to_contain_text("3 problems", timeout=25_000)


def test_a_page_left_open_survives_polls_that_fail(agent_browser: Visitor) -> None:
    fault(agent_browser.site, LIST, delay_s=2)
    cut_off = []

    def cut(route: Any) -> None:
        cut_off.append(1)
        if len(cut_off) < 4:
            route.abort()
        else:
            route.continue_()

    agent_browser.page.route("**/progress", cut)
    page = look_anew(agent_browser, "1001", 25)
    expect(page.locator("[data-note]")).to_be_visible()
    expect(page.locator("[data-facts]")).to_contain_text("3 problems", timeout=25_000)


def test_who_is_signed_out_while_waiting_comes_to_the_sign_in(agent_browser: Visitor) -> None:
    fault(agent_browser.site, LIST, delay_s=LONG_S)
    page = look_anew(agent_browser, "1001", 26)
    expect(page.get_by_role("progressbar")).to_be_visible()
    well(agent_browser.site)
    agent_browser.context.clear_cookies(name="sessionid")
    expect(headline(page)).to_have_text("Sign in", timeout=10_000)


def test_without_javascript_the_page_simply_takes_longer(no_script: Visitor) -> None:
    fault(no_script.site, LIST, delay_s=1)
    page = look_anew(no_script, "1001", 27)
    expect(page.locator("[data-facts]")).to_contain_text("3 problems")
    assert page.get_by_role("progressbar").count() == 0


def test_scripts_that_were_switched_off_later_lead_to_the_answer_as_well(
    no_script: Visitor,
) -> None:
    no_script.context.add_cookies(
        [{"name": "triage_live", "value": "1", "url": no_script.site.url}]
    )
    fault(no_script.site, LIST, delay_s=1)
    page = look_anew(no_script, "1001", 28)
    expect(page.locator("[data-facts]")).to_contain_text("3 problems", timeout=15_000)
