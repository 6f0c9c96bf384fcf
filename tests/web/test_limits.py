"""How many lookups one person may begin in a minute."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.lookups.models import Lookup
from tests.web.asking import filled, look_up, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_a_minute(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 2
    monkeypatch.setattr("apps.lookups.records.time.time", lambda: 1_800_000_015.0)


def test_one_too_many_is_told_and_what_was_typed_stays(ana: Client) -> None:
    look_up(ana)
    look_up(ana)
    response = ana.post("/lookups/", filled(customer="jane@example.com"))
    assert response.status_code == 429
    assert "Try again in 45 seconds. Nothing was looked up." in text(response)
    assert 'value="jane@example.com"' in text(response)
    assert Lookup.objects.count() == 2


def test_a_refresh_and_a_move_count_too(ana: Client) -> None:
    address = look_up(ana)
    ana.post(f"{address}move/", {"move": "earlier"})
    response = ana.post(f"{address}again/")
    assert (response.status_code, response["Retry-After"]) == (429, "45")


def test_others_and_the_next_minute_are_not_held_back(
    ana: Client, other_agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(ana)
    look_up(ana)
    stranger = Client()
    stranger.force_login(other_agent)
    look_up(stranger)
    monkeypatch.setattr("apps.lookups.records.time.time", lambda: 1_800_000_060.0)
    look_up(ana)
