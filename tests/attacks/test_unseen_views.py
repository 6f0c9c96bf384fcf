"""What an admin or an auditor could look at, or leave behind, without that the trail says so."""

import pytest
from django.contrib.auth.models import User

from apps.audit.models import Action, Entry
from apps.crypto import hash_customer
from tests.conftest import signed_in
from tests.web.reviewing import LIST, looked_up

pytestmark = pytest.mark.django_db

TRAIL = "/admin/audit/entry/"


def reviewed() -> list[Entry]:
    return list(Entry.objects.filter(action=Action.REVIEWED).order_by("sequence"))


def test_the_list_that_names_customers_is_not_read_unseen(admin: User, agent: User) -> None:
    review = signed_in(admin)
    assert review.get(LIST).status_code == 200
    assert reviewed() == []  # there was nobody on it
    looked_up(agent, "jane@example.com")
    looked_up(agent, "joe@example.com")
    for answer in (review.get(LIST), review.post(LIST, {"action": ""}, follow=True)):
        assert "jane@example.com" in answer.content.decode()
    assert [entry.detail["lookups"] for entry in reviewed()] == [2, 2]
    review.post(LIST, {"find": "jane@example.com"}, follow=True)
    assert reviewed()[-1].customer_hash == hash_customer("jane@example.com")
    assert reviewed()[-1].actor == "ada"


@pytest.mark.parametrize("method", ["get", "head"])
def test_no_record_is_opened_unseen(admin: User, agent: User, method: str) -> None:
    lookup = looked_up(agent, "jane@example.com")
    for way in ("change/", "change/?_popup=1", "change/?_to_field=id"):
        getattr(signed_in(admin), method)(f"{LIST}{lookup.pk}/{way}")
    assert Entry.objects.filter(action=Action.VIEWED, target=lookup.audit_target).count() == 3
    posted = signed_in(admin).post(f"{LIST}{lookup.pk}/change/", {"_saveasnew": "1"})
    assert posted.status_code == 403


def test_no_customer_gets_into_the_trail_by_an_address(auditor: User) -> None:
    browser = signed_in(auditor)
    hash_ = hash_customer("jane@example.com")
    asked = (
        "q=jane@example.com",
        "action__exact=jane@example.com",
        "origin=jane@example.com",
        "p=jane@example.com",
        f"q={hash_}&action__exact=viewed&at__gte=2026-11-01 00:00:00%2B00:00",
        "q=uli",
        "at__gte=jane@example.com",
    )
    for query in asked:
        taken = browser.post(f"{TRAIL}?{query}", {"take": "csv"})
        assert taken.status_code in (200, 302, 400)
    told = [entry.detail["filters"] for entry in reviewed()]
    assert "jane" not in str(told)
    assert ["q=uli"] in told
    known = ["action__exact=viewed", "at__gte=2026-11-01 00:00:00+00:00", f"q={hash_}"]
    assert known in told
