"""Exporting without redaction: restricted, confirmed, recorded, and never stored."""

import json
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lookups.models import ExportRecord, Lookup
from tests.conftest import MOMENT, lists_asked, person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.records import only_export_record, stored_texts

pytestmark = pytest.mark.django_db

SECRET = "rosa.luz@example.org"
FORM = {"confirmed": "on", "format": "markdown", "budget": "6000", "reason": ""}


@pytest.fixture
def result(lead: User, ana: Client, connected: DemoSentry) -> tuple[Client, str]:
    """Return the lead's browser and the URL of their lookup, whose result hides an email."""
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", exception=("Bounced", f"mail to {SECRET}")
    )
    browser = signed_in(lead)
    address = look_up(browser)
    assert SECRET not in text(browser.get(address))
    return browser, address


def test_file_contains_personal_data_and_customer_as_typed(
    result: tuple[Client, str], lead: User
) -> None:
    browser, address = result
    file = browser.post(f"{address}unredacted/", FORM)
    assert file.status_code == 200
    assert SECRET in text(file)
    assert "1001" in text(file)
    assert "attachment" in file["Content-Disposition"]
    assert file["Cache-Control"] == "no-store"
    record = only_export_record()
    assert (record.how, record.redacted, record.user) == ("downloaded", False, lead)


@pytest.mark.parametrize(("format_", "budget"), [("json", "2000"), ("json", ""), ("markdown", "")])
def test_format_and_token_limit_can_be_chosen(
    result: tuple[Client, str], format_: str, budget: str
) -> None:
    browser, address = result
    file = browser.post(f"{address}unredacted/", {**FORM, "format": format_, "budget": budget})
    assert SECRET in text(file)
    record = only_export_record()
    assert (record.format, record.budget) == (format_, int(budget) if budget else None)
    assert format_ != "json" or json.loads(text(file))["customer"] == "1001"


def test_export_creates_own_lookup_and_keeps_original(
    result: tuple[Client, str], connected: DemoSentry
) -> None:
    browser, address = result
    old = Lookup.objects.values().get()
    before = lists_asked(connected)
    browser.post(f"{address}unredacted/", FORM)
    assert lists_asked(connected) == before + 1
    assert Lookup.objects.values().get(pk=old["id"]) == old
    new = Lookup.objects.exclude(pk=old["id"]).get()
    assert (new.redacted, new.fresh, new.outcome, new.snapshot) == (False, True, "found", None)
    assert ExportRecord.objects.get().lookup == new


def test_personal_data_is_absent_from_database_cache_and_log(
    result: tuple[Client, str], caplog: pytest.LogCaptureFixture
) -> None:
    browser, address = result
    assert SECRET in text(browser.post(f"{address}unredacted/", FORM))
    assert any("Bounced" in cell for cell in stored_texts())
    assert not any(SECRET in cell for cell in stored_texts())
    assert SECRET not in caplog.text
    for lookup in Lookup.objects.all():
        assert SECRET not in text(browser.get(f"/lookups/{lookup.uuid}/"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"confirmed": ""}, "Check the box to confirm that you need the personal data."),
        ({"reason": "x" * 201}, "Keep the reason to 200 characters or fewer."),
        ({"format": "yaml"}, "Markdown or JSON"),
        ({"budget": "5"}, "The token limit must be from 400"),
        ({"budget": "many"}, "Enter the token limit as a whole number."),
    ],
)
def test_invalid_form_is_shown_again_without_calls(
    result: tuple[Client, str], connected: DemoSentry, changes: dict[str, str], sentence: str
) -> None:
    browser, address = result
    before = len(connected.calls)
    response = browser.post(f"{address}unredacted/", {**FORM, **changes})
    assert response.status_code == 400
    assert sentence in text(response)
    assert (Lookup.objects.count(), len(connected.calls)) == (1, before)
    assert not ExportRecord.objects.exists()


def test_reason_is_stored_without_customer(result: tuple[Client, str]) -> None:
    browser, address = result
    reason = "Customer 1001 (jane@example.com) asks for a copy, case 4711"
    browser.post(f"{address}unredacted/", {**FORM, "reason": reason})
    assert only_export_record().reason.endswith("asks for a copy, case 4711")


def test_confirmation_page_explains_consequences_without_calls(
    result: tuple[Client, str], connected: DemoSentry
) -> None:
    browser, address = result
    before = len(connected.calls)
    page = text(browser.get(f"{address}unredacted/"))
    for phrase in (
        "personal data and secrets",
        "asks Sentry again",
        "recorded with your name",
        "Triage doesn’t store it.",
    ):
        assert phrase in page
    assert (Lookup.objects.count(), len(connected.calls)) == (1, before)


@pytest.mark.parametrize(
    ("role", "status"), [("agent", 403), ("lead", 200), ("admin", 200), ("auditor", 403)]
)
def test_only_leads_and_admins_can_export(ana: Client, role: str, status: int) -> None:
    own = look_up(ana)
    browser = signed_in(person("somebody", role))
    assert browser.get(f"{own}unredacted/").status_code == status
    assert browser.post(f"{own}unredacted/", FORM).status_code == status
    assert ExportRecord.objects.count() == (status == 200)


def test_link_requires_permission(ana: Client, lead: User) -> None:
    address = look_up(ana)
    assert "unredacted" not in text(ana.get(address))
    assert f"{address}unredacted/" in text(signed_in(lead).get(address))
    assert ana.get(f"{address}unredacted/").status_code == 403


def test_inaccessible_lookup_returns_404(ana: Client, other_agent: User) -> None:
    address = look_up(ana)
    permissions = person("lead-for-a-moment", "lead").groups.get().permissions
    other_agent.user_permissions.add(permissions.get(codename="export_unredacted"))
    assert signed_in(other_agent).get(f"{address}unredacted/").status_code == 404
    assert signed_in(other_agent).post(f"{address}unredacted/", FORM).status_code == 404
    assert Lookup.objects.count() == 1


def test_sentry_failure_shows_error_page_and_records_no_export(
    result: tuple[Client, str], connected: DemoSentry
) -> None:
    browser, address = result
    connected.fail("/acme/events/", times=None, status=500, body=f"no {SECRET}")
    response = browser.post(f"{address}unredacted/", FORM)
    assert response.status_code == 503
    assert "it's having problems of its own" in unescape(text(response))
    assert SECRET not in text(response)
    assert not ExportRecord.objects.exists()
    failed = Lookup.objects.latest("pk")
    assert (failed.redacted, failed.outcome) == (False, "failed")
    assert browser.get(address).status_code == 200
