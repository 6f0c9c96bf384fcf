"""The demo's known errors, met by its customers."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from apps.demo.catalogue import add_known_errors
from apps.demo.server import DemoSentry
from apps.demo.story import build_world
from apps.demo.world import customers
from apps.events.grouping import group_by_issue
from apps.events.releases import Fix, fix_for
from apps.known_errors.catalogue import refusals_of
from apps.known_errors.models import KnownError
from apps.lookups.answers import answer_now
from apps.lookups.models import Lookup
from tests.conftest import signed_in
from tests.web.asking import look_up

pytestmark = pytest.mark.django_db


def test_the_demos_known_errors_can_all_be_kept(settings: Settings) -> None:
    settings.DEMO = True
    call_command("demo_data", password="known")
    assert [refusals_of(one) for one in KnownError.objects.all()] == [[]] * 5


def test_what_a_person_changed_in_the_demo_stays_and_nothing_is_added_twice() -> None:
    today = timezone.localdate()
    assert add_known_errors(today) == 5
    entry = KnownError.objects.get(slug="stock-locked")
    entry.title = "Ours now"
    entry.save()
    assert add_known_errors(today + timedelta(days=3)) == 0
    assert KnownError.objects.get(slug="stock-locked").title == "Ours now"
    assert KnownError.objects.get(slug="card-declined").planned_for == today + timedelta(days=2)


def test_the_first_customers_of_the_demo_meet_every_state_of_a_fix(
    agent: User, connected: DemoSentry
) -> None:
    now = timezone.now()
    build_world(now, connected.world)
    add_known_errors(timezone.localdate())
    client, met = signed_in(agent), {}
    for customer in customers(now):
        if customer.key in ("ada", "leo", "mia", "busy"):
            at, window = customer.moment.isoformat(), 60 if customer.key != "leo" else 120
            look_up(client, customer=customer.identifier, at=at, window=window)
            answer = answer_now(Lookup.objects.latest("pk"), None).answer
            for group in group_by_issue(answer):
                for match in answer.known.of(group.issue_id):
                    met[match.known.slug] = fix_for(match.known, group, timezone.localdate())
    assert met == {
        "card-declined": Fix.PLANNED,
        "cart-price-missing": Fix.NEWER,
        "old-page-after-release": Fix.NOT_PLANNED,
        "stock-locked": Fix.NOT_PLANNED,
        "confirmation-without-template": Fix.BACK,
    }
