"""Versions of a known error, and restoring one."""

import pytest
from django.contrib.auth.models import User

from apps.audit.models import Action, Entry
from apps.known_errors.models import KnownError
from tests.answers.forms import ADD, LIST, sent
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db


def written_twice(lead: User) -> KnownError:
    """Return an entry that a lead added and changed."""
    client = signed_in(lead)
    sent(client, ADD, explanation="The bank says no.")
    entry = KnownError.objects.get()
    changed = {"explanation": "<b>The gateway</b> says no.", "type_text": "GatewayDeclined"}
    sent(client, f"{LIST}{entry.pk}/change/", **changed)
    return entry


def test_versions_show_their_author_and_changes(lead: User, admin: User) -> None:
    entry = written_twice(lead)
    page = signed_in(admin).get(f"{LIST}{entry.pk}/history/").content.decode()
    assert "Version 2 (current)" in page
    assert "lea: changed" in page
    assert "<del>The bank says no.</del>" in page
    assert "<ins>&lt;b&gt;The gateway&lt;/b&gt; says no.</ins>" in page
    assert "the exception type is “PaymentDeclined”" in page
    assert "the exception type is “GatewayDeclined”" in page


def test_an_earlier_version_is_restored_as_a_new_one(lead: User) -> None:
    entry = written_twice(lead)
    first = entry.history.last()
    client, address = signed_in(lead), f"{LIST}{entry.pk}/restore/"
    page = client.post(address, {"version": first.history_id}, follow=True).content.decode()
    assert "The earlier version was restored as a new version." in page
    entry.refresh_from_db()
    assert entry.explanation == "The bank says no."
    assert entry.pattern == {"type": {"exact": "PaymentDeclined"}}
    assert entry.history.count() == 3
    recorded = Entry.objects.filter(action=Action.CATALOGUED).latest("sequence")
    assert recorded.detail == {
        "change": "earlier version restored",
        "parts": ["pattern", "explanation"],
    }


@pytest.mark.parametrize("version", ["0", "999999", "x", "", "1e9", "9" * 30])
def test_an_unknown_version_changes_nothing(lead: User, version: str) -> None:
    entry = written_twice(lead)
    client = signed_in(lead)
    client.post(f"{LIST}{entry.pk}/restore/", {"version": version}, follow=True)
    assert entry.history.count() == 2


def test_a_version_invalid_today_is_not_restored(lead: User) -> None:
    entry = written_twice(lead)
    first = entry.history.last()
    first.pattern = {"type": {"expression": "(open"}}
    first.save()
    address = f"{LIST}{entry.pk}/restore/"
    response = signed_in(lead).post(address, {"version": first.history_id}, follow=True)
    assert "It can&#x27;t be restored" in response.content.decode()
    assert entry.history.count() == 2
