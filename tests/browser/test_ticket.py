"""Pasting a ticket, confirming what Triage read, and looking up the customer."""

import re
from datetime import date, datetime
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


def written_day(written: str) -> str:
    """Return the day as the buttons show it."""
    day = date.fromisoformat(written)
    return f"{day:%a} {day.day} {day:%b %Y}"


def test_pasted_ticket_is_asked_about_only_where_it_is_unclear(
    agent_browser: Visitor,
) -> None:
    page = agent_browser.page
    text, written, _moment = ticket(agent_browser, BERLIN)
    page.goto(agent_browser.site.url)
    page.get_by_text("Paste the ticket").click()
    expect(page.get_by_label("Ticket text")).to_be_focused()
    expect(page.get_by_role("button", name="Read it and look up")).to_be_in_viewport()
    expect(page.get_by_label("Time zone if the ticket has none")).to_have_value("Europe/Berlin")
    page.keyboard.insert_text(text)
    page.get_by_role("button", name="Read it and look up").click()

    expect(page.get_by_role("heading", name="What we found in the ticket")).to_be_visible()
    page.get_by_role("button", name=re.compile("if the ticket was written today")).click()
    expect(page.get_by_role("alert")).to_contain_text("Something is still missing")
    page.get_by_role("radio", name="1001 customer id").check()
    page.get_by_role("button", name=re.compile(written_day(written))).click()
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
    assert agent_browser.console_errors == []


def test_ticket_pasted_as_customer_is_read_at_once(clipboard_browser: Visitor) -> None:
    page = clipboard_browser.page
    at = datetime.fromisoformat(clipboard_browser.site.moments["1001"])
    page.goto(clipboard_browser.site.url)
    words = f"Hello,\nmy customer id is 1001.\nIt broke on {at:%Y-%m-%d at %H:%M} UTC."
    page.evaluate("(words) => navigator.clipboard.writeText(words)", words)
    page.get_by_label("Customer", exact=True).focus()
    page.keyboard.press("ControlOrMeta+V")
    expect(page.get_by_role("button", name="Read it and look up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
    expect(page.get_by_text("Read from the ticket.")).to_be_visible()


def test_one_line_is_a_ticket_only_if_it_reads_like_one(clipboard_browser: Visitor) -> None:
    page = clipboard_browser.page
    for words, is_ticket in (
        ("Hi, my id is 1001 and I could not pay at 01:55 today.", True),
        ("jane@example.com 30.11.2026 2:06 Uhr (CET)", True),
        ("The shop lost my coupon yesterday evening, please help. bea@example.com Bea", True),
        ("María del Carmen de la Cruz y de los Santos Pérez", False),
        ("Jane Doe <jane.doe@example.com>", False),
        ("2001:db8::1 192.168.10.20 host", False),
        ("9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10", False),
    ):
        page.goto(clipboard_browser.site.url)
        page.evaluate("(words) => navigator.clipboard.writeText(words)", words)
        page.get_by_label("Customer", exact=True).focus()
        page.keyboard.press("ControlOrMeta+V")
        field = page.get_by_label("Ticket text" if is_ticket else "Customer", exact=True)
        expect(field).to_have_value(words)
        expect(page.get_by_label("Ticket text")).to_be_visible(visible=is_ticket)


def test_ticket_works_on_phone_without_javascript(no_script: Visitor) -> None:
    page = no_script.page
    text, written, _moment = ticket(no_script, ZoneInfo("UTC"))
    page.goto(no_script.site.url)
    page.get_by_text("Paste the ticket").click()
    page.get_by_label("Ticket text").fill(f"{text} {'long-word-' * 30}")
    page.get_by_label("When was the ticket written?").fill(written)
    page.get_by_role("button", name="Read it and look up").click()
    shot = page.screenshot(full_page=True)
    assert int.from_bytes(shot[16:20], "big") == 360
    page.get_by_role("radio", name="1001 customer id").check()
    page.get_by_role("button", name=re.compile(written_day(written))).click()
    expect(page.get_by_role("heading", name="The payment was declined.")).to_be_visible()
