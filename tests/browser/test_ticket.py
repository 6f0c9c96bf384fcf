"""Pasting a ticket, confirming what Triage read, and looking up the customer."""

from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

BERLIN = ZoneInfo("Europe/Berlin")


def ticket(visitor: Visitor, zone: ZoneInfo) -> tuple[str, str, datetime]:
    """Return an email about customer 1001, its date, and the reported time."""
    moment = datetime.fromisoformat(visitor.site.moments["1001"]).astimezone(zone)
    text = (
        "From: Jane Doe <jane.doe@example.net>\nTo: support@acme.com\n\n"
        f"I could not pay today around {moment:%H:%M}:00.\nMy customer id: 1001\nJane"
    )
    return text, f"{moment:%Y-%m-%d}", moment


def test_pasted_ticket_leads_to_result_after_confirmation(
    agent_browser: Visitor,
) -> None:
    page = agent_browser.page
    text, written, moment = ticket(agent_browser, BERLIN)
    page.goto(agent_browser.site.url)
    page.get_by_text("Paste the ticket").click()
    expect(page.get_by_label("Time zone if the ticket has none")).to_have_value("Europe/Berlin")
    page.get_by_label("Ticket text").fill(text)
    page.get_by_role("button", name="Read the ticket").click()

    expect(page.get_by_role("heading", name="What we found in the ticket")).to_be_visible()
    page.get_by_label("Ticket written on").fill(written)
    page.get_by_role("button", name="Read it again").first.click()

    page.get_by_role("button", name="Use these").click()
    expect(page.get_by_role("alert")).to_contain_text("Something is still missing")
    page.get_by_role("radio", name="1001 customer id").check()
    page.get_by_role("button", name="Use these").click()

    expect(page.get_by_label("Customer", exact=True)).to_have_value("1001")
    expect(page.get_by_label("When it happened")).to_have_value(f"{moment:%Y-%m-%d %H:%M}:00")
    expect(page.get_by_label("± minutes")).to_have_value("15")
    page.get_by_role("button", name="Look up", exact=True).click()
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
    assert agent_browser.console_errors == []


def test_ticket_works_on_phone_without_javascript(no_script: Visitor) -> None:
    page = no_script.page
    text, written, moment = ticket(no_script, ZoneInfo("UTC"))
    page.goto(no_script.site.url)
    page.get_by_text("Paste the ticket").click()
    page.get_by_label("Ticket text").fill(f"{text} {'long-word-' * 30}")
    page.get_by_label("When was the ticket written?").fill(written)
    page.get_by_role("button", name="Read the ticket").click()
    shot = page.screenshot(full_page=True)
    assert int.from_bytes(shot[16:20], "big") == 360
    page.get_by_role("radio", name="1001 customer id").check()
    page.get_by_role("button", name="Use these").click()
    expect(page.get_by_label("When it happened")).to_have_value(f"{moment:%Y-%m-%d %H:%M}:00")
    page.get_by_role("button", name="Look up", exact=True).click()
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
