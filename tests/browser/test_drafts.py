"""Editing, copying, and emailing drafts."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def test_copy_and_mail_link_use_edited_draft(clipboard_browser: Visitor) -> None:
    visitor = clipboard_browser
    visitor.look_up("1001")
    page = visitor.page
    page.get_by_role("link", name="Reply", exact=True).click()
    page.get_by_label("Customer’s name").fill("Jane Doe")
    page.get_by_role("button", name="Create draft").click()
    area = page.get_by_label("Draft (edit as needed)")
    expect(area).to_have_value(re.compile("^Hello Jane Doe,"))
    assert "Jane" not in page.url
    area.fill("Zoë & Co: 100 %\n\nbye")
    page.get_by_label("Subject").fill("a+b")
    mail = page.get_by_role("link", name="Open in your email app").get_attribute("href") or ""
    assert parse_qs(urlsplit(mail).query) == {
        "subject": ["a+b"],
        "body": ["Zoë & Co: 100 %\r\n\r\nbye"],
    }
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert visitor.clipboard().replace("\r\n", "\n") == "Zoë & Co: 100 %\n\nbye"
    area.fill("ü" * 500)
    expect(page.get_by_role("link", name="Open in your email app")).to_be_hidden()
    expect(page.get_by_text("This is too long for an email link. Copy it instead.")).to_be_visible()
    assert visitor.console_errors == []
