"""The admin page of one lookup."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup, LookupIssue, LookupProject
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.reviewing import LIST, make_lookup

pytestmark = pytest.mark.django_db


@pytest.fixture
def lookup(agent: User, connected: DemoSentry) -> Lookup:
    """Return Ana's lookup of customer 1001, with two errors."""
    for title in ("Cart price is missing", "Payment declined"):
        connected.world.add_event(
            user_id="1001", timestamp=MOMENT, project="shop", issue=title, title=title
        )
    ana = signed_in(agent)
    ana.get(look_up(ana))
    return Lookup.objects.get()


def record_page(browser: Client, lookup: Lookup) -> str:
    return text(browser.get(f"{LIST}{lookup.pk}/change/"))


def test_result_stores_row_per_issue_and_project(lookup: Lookup) -> None:
    assert {issue.title for issue in LookupIssue.objects.all()} == {
        "Cart price is missing",
        "Payment declined",
    }
    assert [one.project for one in LookupProject.objects.all()] == ["shop"]
    assert lookup.expires_at is not None
    assert lookup.answered_at is not None
    assert round((lookup.expires_at - lookup.answered_at) / timedelta(days=1)) == 30


def test_cached_result_records_calls_saved(lookup: Lookup, other_agent: User) -> None:
    ben = signed_in(other_agent)
    ben.get(look_up(ben))
    shared = Lookup.objects.latest("pk")
    assert (shared.from_cache, shared.calls) == (True, 0)
    assert shared.calls_saved == lookup.calls > 0


def test_page_shows_result_and_calls(lookup: Lookup, admin: User) -> None:
    page = record_page(signed_in(admin), lookup)
    assert f'href="/lookups/{lookup.uuid}/"' in page
    assert "Cart price is missing" in page
    assert "/organizations/acme/events/" in page
    assert str(lookup.uuid) in page


def test_page_shows_exports_and_audit_entries(lookup: Lookup, agent: User, admin: User) -> None:
    signed_in(agent).get(f"/lookups/{lookup.uuid}/export.md")
    page = record_page(signed_in(admin), lookup)
    assert "downloaded, markdown" in page
    assert "looked up a customer" in page


def test_opening_record_is_audited(lookup: Lookup, admin: User) -> None:
    record_page(signed_in(admin), lookup)
    entry = Entry.objects.filter(action=Action.VIEWED, actor="ada").get()
    assert entry.target == lookup.audit_target
    assert entry.customer_hash == lookup.customer_hash


def test_missing_result_shows_reason(agent: User, admin: User) -> None:
    purged = make_lookup(agent, purged_at=MOMENT)
    assert "An admin deleted the result" in record_page(signed_in(admin), purged)
    failed = make_lookup(agent, has_answer=False, outcome="failed", problem="too_slow")
    page = record_page(signed_in(admin), failed)
    assert "No result was stored" in page
    assert "failed: too slow" in page


def test_lead_cannot_open_record_and_nothing_is_audited(lookup: Lookup, lead: User) -> None:
    lead.is_staff = True
    lead.save()
    assert signed_in(lead).get(f"{LIST}{lookup.pk}/change/").status_code == 403
    assert not Entry.objects.filter(actor="lea", action=Action.VIEWED).exists()


def test_unknown_record_redirects(admin: User) -> None:
    assert signed_in(admin).get(f"{LIST}4711/change/").status_code == 302
