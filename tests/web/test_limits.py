"""The limit on lookups per person and minute."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.lookups.models import Lookup
from tests.web.asking import form_data, look_up, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_per_minute(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TRIAGE_LOOKUPS_PER_MINUTE = 2
    monkeypatch.setattr("apps.lookups.records.time.time", lambda: 1_800_000_015.0)


def test_exceeding_the_limit_returns_429_and_keeps_the_input(ana: Client) -> None:
    look_up(ana)
    look_up(ana)
    response = ana.post("/lookups/", form_data(customer="jane@example.com"))
    assert response.status_code == 429
    assert "Try again in 45 seconds. Nothing was looked up." in text(response)
    assert 'value="jane@example.com"' in text(response)
    assert Lookup.objects.count() == 2


def test_refreshes_and_moves_count(ana: Client) -> None:
    address = look_up(ana)
    ana.post(f"{address}move/", {"move": "earlier"})
    response = ana.post(f"{address}again/")
    assert (response.status_code, response["Retry-After"]) == (429, "45")


def test_limit_is_per_person_and_minute(
    ana: Client, other_agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up(ana)
    look_up(ana)
    other = Client()
    other.force_login(other_agent)
    look_up(other)
    monkeypatch.setattr("apps.lookups.records.time.time", lambda: 1_800_000_060.0)
    look_up(ana)
