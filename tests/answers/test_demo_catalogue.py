"""The demo's known errors and their matches."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from apps.demo.management.commands.demo_data import add_known_errors
from apps.demo.story import build_world
from apps.demo.world import customers
from apps.events.grouping import group_by_issue
from apps.events.releases import CustomerFixState, customer_fix_state, customer_release
from apps.known_errors.catalogue import validate_entry
from apps.known_errors.models import KnownError
from apps.lookups.answers import result_now
from apps.lookups.models import Lookup
from tests.conftest import signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up

pytestmark = pytest.mark.django_db


def test_all_known_errors_of_the_demo_are_valid(settings: Settings) -> None:
    settings.DEMO = True
    call_command("demo_data", password="known")
    assert [validate_entry(one) for one in KnownError.objects.all()] == [[]] * 6


def test_the_demo_keeps_changed_entries_and_adds_no_duplicates() -> None:
    today = timezone.localdate()
    assert add_known_errors(today) == 6
    entry = KnownError.objects.get(slug="stock-locked")
    entry.title = "Ours now"
    entry.save()
    assert add_known_errors(today + timedelta(days=3)) == 0
    assert KnownError.objects.get(slug="stock-locked").title == "Ours now"
    assert KnownError.objects.get(slug="card-declined").planned_for == today + timedelta(days=2)


def test_the_demos_first_customers_show_every_fix_state(agent: User, connected: DemoSentry) -> None:
    now = timezone.now()
    connected.world = build_world(now)
    add_known_errors(timezone.localdate())
    client, met = signed_in(agent), {}
    for customer in customers(now):
        if customer.key in ("ada", "leo", "mia", "busy"):
            at, window = customer.moment.isoformat(), 60 if customer.key != "leo" else 120
            look_up(client, customer=customer.identifier, at=at, window=window)
            answer = result_now(Lookup.objects.latest("pk"), None).answer
            for group in group_by_issue(answer):
                for match in answer.known.for_issue(group.issue_id):
                    met[match.known.slug] = customer_fix_state(
                        match.known, customer_release(group), timezone.localdate()
                    )
    assert met == {
        "card-declined": CustomerFixState.PLANNED,
        "cart-price-missing": CustomerFixState.NEWER,
        "old-page-after-release": CustomerFixState.NOT_PLANNED,
        "stock-locked": CustomerFixState.NOT_PLANNED,
        "confirmation-without-template": CustomerFixState.BACK,
    }
