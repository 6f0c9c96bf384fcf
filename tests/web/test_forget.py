"""The page for erasing customer data."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lookups.models import Lookup, TypedCustomer
from tests.conftest import signed_in
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db

FORGET = "/review/forget/"
IDENTIFIERS = "1001\n jane@example.com \n1001"


@pytest.fixture
def ada(ana: Client, admin: User) -> Client:
    """The admin's browser, after Ana looked up customer 1001 twice."""
    for minutes in (5, 6):
        ana.get(look_up(ana, window=minutes))
    return signed_in(admin)


def test_preview_shows_what_will_be_deleted(ada: Client) -> None:
    page = text(ada.post(FORGET, {"names": IDENTIFIERS}))
    rows = re.findall(r'<th scope="row"><bdi>(.*?)</bdi></th>\s*<td>(\d+)</td>\s*<td>(\d+)', page)
    assert rows == [("1001", "2", "2"), ("jane@example.com", "0", "0")]
    assert Lookup.objects.exclude(snapshot=None).count() == 2


def test_confirmed_erasure_leaves_no_trace_of_the_customer(ada: Client, ana: Client) -> None:
    done = ada.post(FORGET, {"names": IDENTIFIERS, "confirmed": "1"}, follow=True)
    assert "Deleted: 2 results from 2 lookups, along with everything typed for them." in text(done)
    assert "1001" not in text(done) + str(done.redirect_chain)
    assert TypedCustomer.objects.count() == 0
    lookup = Lookup.objects.first()
    assert lookup
    page = ana.get(f"/lookups/{lookup.uuid}/")
    assert page.status_code == 410
    assert "This customer's data was erased." in unescape(text(page))
    assert "1001" not in text(page)
    assert "Your recent lookups" not in text(ana.get("/"))


def test_invalid_identifiers_are_refused(ada: Client) -> None:
    for names in ("", "a\tb", "\n".join(map(str, range(30))), "x" * 300):
        page = ada.post(FORGET, {"names": names, "confirmed": "1"})
        assert page.status_code == 400, names
        assert "errorlist" in text(page), names
        assert TypedCustomer.objects.count() == 2, names


def test_only_admins_can_erase(ana: Client, lead: User, ada: Client) -> None:
    for browser in (ana, signed_in(lead)):
        assert browser.get(FORGET).status_code == 403
        assert browser.post(FORGET, {"names": "1001", "confirmed": "1"}).status_code == 403
        assert "Erase customer data" not in text(browser.get("/"))
    assert TypedCustomer.objects.count() == 2
    assert "Erase customer data" in text(ada.get("/"))
    assert "no-store" in ada.get(FORGET)["Cache-Control"]
