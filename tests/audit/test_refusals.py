"""Refusals are recorded, but can't flood the trail."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps import redis_outage
from apps.audit import trail
from apps.audit.models import Action, Entry
from apps.audit.trail import Actor, record_refusal
from apps.lookups.models import Lookup
from tests.conftest import signed_in
from tests.web.asking import look_up
from tests.web.test_api import REQUEST, post
from tests.web.tokens import token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_minute")]


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """Start each test with a new minute."""
    trail._counts.clear()


def refused() -> list[Entry]:
    return list(Entry.objects.filter(action=Action.REFUSED).order_by("sequence"))


def test_opening_another_persons_lookup_is_recorded(ana: Client, other_agent: User) -> None:
    address = look_up(ana)
    assert signed_in(other_agent).get(address).status_code == 404
    (entry,) = refused()
    assert (entry.actor, entry.target) == ("ben", f"lookup {Lookup.objects.get().uuid}")
    assert entry.detail == {"why": "not theirs"}


def test_a_nonexistent_lookup_is_not_recorded(ana: Client) -> None:
    assert ana.get(f"/lookups/{uuid.uuid4()}/").status_code == 404
    assert refused() == []


def test_a_forbidden_page_is_recorded_by_name(ana: Client) -> None:
    assert ana.get("/review/sentry/").status_code == 403
    (entry,) = refused()
    assert (entry.actor, entry.target) == ("ana", "page check_sentry")
    assert entry.detail == {"why": "no permission"}


def test_a_refused_token_is_recorded_without_the_token(ana: Client) -> None:
    assert post("triage_this-is-no-token", REQUEST).status_code == 401
    (entry,) = refused()
    assert (entry.origin, entry.actor, entry.address) == ("api", "", "127.0.0.1")
    assert entry.detail == {"why": "unknown"}
    assert "this-is" not in str(vars(entry))


def test_a_token_of_a_person_without_permission_is_recorded(ana: Client, outsider: User) -> None:
    assert post(token_of(outsider), REQUEST).status_code == 403
    (entry,) = refused()
    assert (entry.origin, entry.actor) == ("api", "otto")


def test_a_scanner_leaves_few_entries_with_counts(ana: Client) -> None:
    for _ in range(120):
        post("triage_this-is-no-token", REQUEST)
    assert [entry.detail.get("times_this_minute", 1) for entry in refused()] == [1, 10, 100]


def test_addresses_of_one_network_count_as_one_caller() -> None:
    for number in range(1, 60):
        record_refusal(Actor("api", address=f"2001:db8:1:2::{number:x}"), why="no valid token")
    assert len(refused()) == 2


def test_surplus_callers_are_counted_together() -> None:
    for number in range(redis_outage.MAX_KEYS):
        trail._counts.count(f"10.0.{number // 250}.{number % 250}")
    for number in range(1, 60):
        record_refusal(Actor("api", address=f"198.51.100.{number}"), why="no valid token")
    assert len(refused()) == 2


def test_refusals_of_a_person_are_recorded_up_to_a_limit() -> None:
    ben = Actor("web", 2, "ben", "203.0.113.1")
    for number in range(120):
        record_refusal(ben, target=f"lookup {number}", why="not theirs")
    assert len(refused()) == trail.PERSON_LIMIT + 1
    assert refused()[-1].detail["times_this_minute"] == 100
