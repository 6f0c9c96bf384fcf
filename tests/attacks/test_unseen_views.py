"""Views of customer data by admins and auditors are recorded in the audit trail."""

import pytest
from django.contrib.auth.models import User

from apps.audit.models import Action, Entry
from apps.crypto import hash_customer
from tests.conftest import signed_in
from tests.web.reviewing import LIST, make_lookup

pytestmark = pytest.mark.django_db

TRAIL = "/admin/audit/entry/"


def review_entries() -> list[Entry]:
    return list(Entry.objects.filter(action=Action.REVIEWED).order_by("sequence"))


def test_viewing_lookup_list_is_recorded(admin: User, agent: User) -> None:
    browser = signed_in(admin)
    assert browser.get(LIST).status_code == 200
    assert review_entries() == []  # the list was empty
    make_lookup(agent, "jane@example.com")
    make_lookup(agent, "joe@example.com")
    for response in (browser.get(LIST), browser.post(LIST, {"action": ""}, follow=True)):
        assert "jane@example.com" in response.content.decode()
    assert [entry.detail["lookups"] for entry in review_entries()] == [2, 2]
    browser.post(LIST, {"find": "jane@example.com"}, follow=True)
    assert review_entries()[-1].customer_hash == hash_customer("jane@example.com")
    assert review_entries()[-1].actor == "ada"


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_record_is_recorded(admin: User, agent: User, method: str) -> None:
    lookup = make_lookup(agent, "jane@example.com")
    for suffix in ("change/", "change/?_popup=1", "change/?_to_field=id"):
        getattr(signed_in(admin), method)(f"{LIST}{lookup.pk}/{suffix}")
    assert Entry.objects.filter(action=Action.VIEWED, target=lookup.audit_target).count() == 3
    posted = signed_in(admin).post(f"{LIST}{lookup.pk}/change/", {"_saveasnew": "1"})
    assert posted.status_code == 403


def test_customers_in_urls_never_reach_audit_trail(auditor: User) -> None:
    browser = signed_in(auditor)
    hash_ = hash_customer("jane@example.com")
    queries = (
        "q=jane@example.com",
        "action__exact=jane@example.com",
        "origin=jane@example.com",
        "p=jane@example.com",
        f"q={hash_}&action__exact=viewed&at__gte=2026-11-01 00:00:00%2B00:00",
        "q=uli",
        "at__gte=jane@example.com",
    )
    for query in queries:
        response = browser.post(f"{TRAIL}?{query}", {"take": "csv"})
        assert response.status_code in (200, 302, 400)
    filters = [entry.detail["filters"] for entry in review_entries()]
    assert "jane" not in str(filters)
    assert ["q=uli"] in filters
    expected = ["action__exact=viewed", "at__gte=2026-11-01 00:00:00+00:00", f"q={hash_}"]
    assert expected in filters
