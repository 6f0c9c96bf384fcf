"""Lookups in Django's admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.crypto import hash_customer
from apps.lookups.models import Lookup
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.lookups.background import end_all, until

pytestmark = pytest.mark.django_db

LIST = "/admin/lookups/lookup/"


@pytest.fixture
def reviewed(agent: User, admin: User, connected: DemoSentry) -> Client:
    """The admin's browser, after Ana looked up two customers."""
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    ana = signed_in(agent)
    for customer in ("1001", "jane@example.com"):
        filled = {"customer": customer, "at": MOMENT.isoformat(), "zone": "UTC", "window": 5}
        ana.get(ana.post("/lookups/", filled)["Location"])
    return signed_in(admin)


def test_list_shows_person_customer_and_state(reviewed: Client) -> None:
    page = reviewed.get(LIST).content.decode()
    for expected in (
        "ana",
        "1001",
        "jane@example.com",
        "fresh",
        "no error events (confirmed)",
        "1\N{NO-BREAK SPACE}event, 1\N{NO-BREAK SPACE}problem",
    ):
        assert expected in page


def search_count(reviewed: Client, term: str) -> int:
    response = reviewed.post(LIST, {"find": term}, follow=True)
    assert "jane" not in str(response.redirect_chain).lower()
    return int(response.context["cl"].result_count)


def test_search_matches_exact_customer_and_username(reviewed: Client) -> None:
    assert search_count(reviewed, "Jane@example.com") == 1
    assert search_count(reviewed, "jane") == 0
    assert search_count(reviewed, "Ana") == 2
    assert search_count(reviewed, "") == 2


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"outcome": "found"}, 1),
        ({"state": "fresh"}, 2),
        ({"state": "stale"}, 0),
        ({"state": "purged"}, 0),
        ({"origin": "cli"}, 0),
    ],
)
def test_filters_narrow_the_list(reviewed: Client, query: dict[str, str], count: int) -> None:
    assert reviewed.get(LIST, query).context["cl"].result_count == count


def test_purge_deletes_results_but_not_records(reviewed: Client) -> None:
    ids = list(Lookup.objects.values_list("pk", flat=True))
    reviewed.post(LIST, {"action": "purge", "_selected_action": ids, "confirmed": "1"})
    assert Lookup.objects.count() == 2
    assert not Lookup.objects.exclude(snapshot=None).exists()
    assert reviewed.get(LIST, {"state": "purged"}).context["cl"].result_count == 2


@pytest.mark.django_db(transaction=True)
def test_refresh_looks_up_again_as_the_admin(reviewed: Client, admin: User) -> None:
    lookup = Lookup.objects.get(customer_hash=hash_customer("1001"))
    reviewed.post(LIST, {"action": "refresh", "_selected_action": [lookup.pk]})
    newest = Lookup.objects.latest("pk")
    assert (newest.user, newest.customer, newest.fresh) == (admin, "1001", True)
    until(lambda: Lookup.objects.get(pk=newest.pk).outcome == "found")
    end_all()


def test_record_is_read_only(reviewed: Client) -> None:
    address = f"{LIST}{Lookup.objects.latest('pk').pk}/change/"
    assert reviewed.get(address).status_code == 200
    assert reviewed.post(address, {"customer": "x"}).status_code == 403
    assert reviewed.get(f"{LIST}add/").status_code == 403


def test_agents_cannot_open_the_list(agent: User, connected: DemoSentry) -> None:
    assert signed_in(agent).get(LIST).status_code == 403
