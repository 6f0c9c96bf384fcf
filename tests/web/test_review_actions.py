"""Bulk actions on lookups, and their audit trail entries."""

import csv
import json
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apps.audit.models import Action, Entry
from apps.lookups.admin import lookup as admin_lookup
from apps.lookups.models import Lookup, LookupIssue, LookupProject
from tests.conftest import person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.pages import Page
from tests.web.reviewing import LIST, ago, make_lookup, run_action

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin: User) -> Client:
    """The admin's browser."""
    return signed_in(admin)


def exported(browser: Client, action: str, *lookups: Lookup) -> str:
    form = {"action": action, "index": 0, "_selected_action": [one.pk for one in lookups]}
    response = browser.post(LIST, form)
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def test_purge_deletes_issues_and_projects_and_is_recorded(
    browser: Client, agent: User, admin: User
) -> None:
    lookup, other = make_lookup(agent, found={"7": "shop"}), make_lookup(agent, found={"7": "shop"})
    assert "Results deleted: 1." in run_action(browser, "purge", lookup, confirmed=1)
    lookup.refresh_from_db()
    assert lookup.snapshot is None
    assert lookup.purged_at is not None
    assert [one.lookup_id for one in LookupIssue.objects.all()] == [other.pk]
    assert [one.lookup_id for one in LookupProject.objects.all()] == [other.pk]
    entry = Entry.objects.get(action=Action.PURGED)
    assert (entry.actor, entry.target) == ("ada", lookup.audit_target)
    assert entry.customer_hash == lookup.customer_hash
    assert entry.address == "127.0.0.1"


def test_purge_asks_first_and_offers_all_copies(browser: Client, agent: User) -> None:
    at = ago(hours=2)
    lookup, *copies = (make_lookup(agent, moment=at) for _ in range(3))
    other, wider = (
        make_lookup(agent, moment=ago(hours=3)),
        make_lookup(agent, moment=at, minutes=15),
    )
    stranger = make_lookup(agent, "1002", moment=at)
    make_lookup(agent, moment=at, has_answer=False)
    page = run_action(browser, "purge", lookup)
    assert "2 other lookups with a stored result" in page
    assert "Delete all 3 results" in page
    assert "Delete only 1 result" in page
    assert not Lookup.objects.exclude(purged_at=None).exists()
    assert "Results deleted: 3." in run_action(browser, "purge", lookup, confirmed=1, copies=1)
    purged = set(Lookup.objects.exclude(purged_at=None))
    assert purged == {lookup, *copies}
    assert Entry.objects.filter(action=Action.PURGED).count() == 3
    for kept in (other, wider, stranger):
        assert "Delete 1 result" in run_action(browser, "purge", kept)


def test_purge_is_a_red_button_that_needs_no_chosen_action(browser: Client, agent: User) -> None:
    lookup = make_lookup(agent)
    page = Page(browser.get(LIST).content.decode())
    assert "purge" not in {option.get("value") for option in page.all("option")}
    (button,) = (one for one in page.all("button") if "review-danger" in one.get("class", ""))
    form = {"action": ["", "purge"], button["name"]: button["value"]}
    asked = browser.post(LIST, {**form, "_selected_action": [0, lookup.pk]})
    assert "Delete the stored results of 1 lookup?" in asked.content.decode()


def test_filters_are_kept_by_searches_records_and_actions(browser: Client, agent: User) -> None:
    found = make_lookup(agent)
    make_lookup(agent, outcome="failed")
    filtered = f"{LIST}?outcome=found"
    address = f"{LIST}{found.pk}/change/{browser.get(filtered).context['cl'].kept}"
    assert f'href="{address}"' in browser.get(filtered).content.decode()
    record = browser.get(address).content.decode()
    assert record.count(f'"{filtered}"') == 2, "the way back, and the actions"
    form = {"action": "purge", "index": 0, "_selected_action": found.pk, "confirmed": 1}
    assert browser.post(filtered, form)["Location"] == filtered
    hostile = f"{address}&_changelist_filters=outcome%3Dfound%26evil%3D1"
    assert "evil" not in browser.get(hostile).content.decode()


def test_purging_all_matches_asks_for_confirmation(browser: Client, agent: User) -> None:
    make_lookup(agent, outcome="failed")
    stored = make_lookup(agent)
    form = {"action": "purge", "index": 0, "_selected_action": 0, "select_across": 1}
    page = browser.post(f"{LIST}?outcome=failed", form).content.decode()
    assert "Delete the stored results of 1 lookup?" in page
    assert not Lookup.objects.exclude(purged_at=None).exists()
    browser.post(f"{LIST}?outcome=failed", {**form, "confirmed": 1})
    assert Lookup.objects.get(purged_at=None) == stored


def test_purge_above_limit_is_rejected(
    browser: Client, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_lookup, "MAX_PURGED", 2)
    lookups = [make_lookup(agent) for _ in range(3)]
    assert "up to 2 lookups" in run_action(browser, "purge", *lookups, confirmed=1)
    assert not Lookup.objects.exclude(purged_at=None).exists()


def test_large_purge_records_every_lookup_in_audit_trail(browser: Client, agent: User) -> None:
    lookups = [make_lookup(agent) for _ in range(101)]
    run_action(browser, "purge", *lookups, confirmed=1)
    entries = Entry.objects.filter(action=Action.PURGED)
    assert entries.count() == 2
    recorded = {target for entry in entries for target in entry.detail["targets"]}
    assert recorded == {str(lookup.uuid) for lookup in lookups}


def test_extend_moves_expiration_of_stored_results(browser: Client, agent: User) -> None:
    stored, expired = make_lookup(agent), make_lookup(agent, expires_at=ago(days=1))
    expires_at = stored.expires_at
    assert expires_at is not None
    assert "Results kept for 7 more days: 1." in run_action(
        browser, "extend", stored, expired, days=7
    )
    stored.refresh_from_db()
    expired.refresh_from_db()
    assert stored.expires_at == expires_at + timedelta(days=7)
    assert expired.expires_at is not None
    assert expired.expires_at < timezone.now()
    assert Entry.objects.get(action=Action.EXTENDED).detail["days"] == 7


@pytest.mark.parametrize("days", ["", "0", "366", "-1", "1e3", "99999999999"])
def test_invalid_number_of_days_is_rejected(browser: Client, agent: User, days: str) -> None:
    assert "Enter a number of days" in run_action(browser, "extend", make_lookup(agent), days=days)
    assert not Entry.objects.filter(action=Action.EXTENDED).exists()


def test_action_without_selection_shows_message(browser: Client, agent: User) -> None:
    make_lookup(agent)
    for action in ("refresh", "purge", "export_csv"):
        assert "Select lookups first." in run_action(browser, action)


def test_lookup_of_erased_customer_cannot_be_refreshed(
    browser: Client, agent: User, connected: DemoSentry
) -> None:
    page = run_action(browser, "refresh", make_lookup(agent, ""))
    assert "One customer's data was erased" in unescape(page)
    assert Lookup.objects.count() == 1


def test_csv_contains_no_customer_or_formula(browser: Client, agent: User) -> None:
    lookup = make_lookup(None, "jane@example.com", origin="cli", system_user='=HYPERLINK("x")')
    content = exported(browser, "export_csv", lookup)
    assert "jane" not in content
    (row,) = csv.DictReader(StringIO(content))
    assert row["customer_hash"] == lookup.customer_hash
    assert row["system_user"] == '\'=HYPERLINK("x")'
    entry = Entry.objects.get(action=Action.REVIEWED)
    assert (entry.detail["lookups"], entry.detail["customers"]) == (1, False)


@pytest.mark.parametrize(
    "typed",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\N{FULLWIDTH EQUALS SIGN}1", "|x"],
)
def test_spreadsheet_formula_in_customer_is_escaped(
    browser: Client, agent: User, typed: str
) -> None:
    content = exported(browser, "export_named", make_lookup(agent, typed))
    (row,) = csv.DictReader(StringIO(content, newline=""))
    assert row["customer"] == f"'{typed}"


def test_json_lines_contain_one_object_per_lookup(browser: Client, agent: User) -> None:
    lookups = [make_lookup(agent, "jane"), make_lookup(agent, "joe", outcome="failed")]
    rows = [
        json.loads(line) for line in exported(browser, "export_json_lines", *lookups).splitlines()
    ]
    assert {row["lookup"] for row in rows} == {str(lookup.uuid) for lookup in lookups}
    assert {row["outcome"] for row in rows} == {"found", "failed"}
    assert "jane" not in str(rows)


def test_customer_export_requires_unredacted_permission(agent: User, admin: User) -> None:
    reader = person("rita")
    reader.is_staff = True
    reader.save()
    reader.user_permissions.add(Permission.objects.get(codename="view_lookup"))
    lookup = make_lookup(agent, "jane@example.com")
    assert "No action selected" in run_action(signed_in(reader), "export_named", lookup)
    assert "jane@example.com" in exported(signed_in(admin), "export_named", lookup)
    entry = Entry.objects.get(action=Action.REVIEWED, detail__format="csv")
    assert entry.detail["customers"] is True


@pytest.mark.parametrize("action", ["refresh", "purge", "extend"])
def test_view_permission_allows_no_actions(agent: User, action: str) -> None:
    reader = person("rita")
    reader.is_staff = True
    reader.save()
    reader.user_permissions.add(Permission.objects.get(codename="view_lookup"))
    lookup = make_lookup(agent)
    assert "No action selected" in run_action(signed_in(reader), action, lookup, days=7)
    assert not Entry.objects.exclude(action=Action.REVIEWED).exists()
