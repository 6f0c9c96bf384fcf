"""The admin form of known errors."""

import pytest
from django.contrib.auth.models import User

from apps.audit.models import Action, Entry
from apps.known_errors.models import KnownError
from tests.answers.forms import ADD, LIST, filled, sent
from tests.conftest import signed_in
from tests.known_errors.entries import create_entry

pytestmark = pytest.mark.django_db


def test_a_lead_adds_an_entry(lead: User) -> None:
    sent(
        signed_in(lead),
        message_way="expression",
        message_text="declin(ed|es)",
        project="checkout-api",
        release_from="2.1",
        release_until="2.10",
        links_text="The ticket https://tickets.example/7\nhttps://status.example/",
    )
    entry = KnownError.objects.get()
    assert entry.pattern == {
        "type": {"exact": "PaymentDeclined"},
        "message": {"expression": "declin(ed|es)"},
        "project": "checkout-api",
        "release": {"from": "2.1", "until": "2.10"},
    }
    assert entry.links == [
        {"label": "The ticket", "address": "https://tickets.example/7"},
        {"label": "https://status.example/", "address": "https://status.example/"},
    ]
    assert entry.changed_by == lead
    assert [version.history_user for version in entry.history.all()] == [lead]
    recorded = Entry.objects.get(action=Action.CATALOGUED)
    assert (recorded.actor, recorded.target) == ("lea", "known error card-declined")
    assert recorded.detail == {"change": "added", "parts": []}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"message_way": "expression", "message_text": "(ab"}, "An opening ( has no closing )."),
        ({"message_way": "expression", "message_text": "(?=x)y"}, "is not supported"),
        ({"message_way": "expression", "message_text": ".*"}, "matches any text, even empty text."),
        ({"message_text": "x" * 501}, "is longer than 500 characters"),
        ({"project": "x" * 201}, "is longer than 200 characters"),
        ({"type_text": ""}, "Enter at least an issue"),
        ({"state": "planned"}, "Enter the date the fix is planned for."),
        ({"state": "fixed"}, "Enter the release that has the fix."),
        (
            {"valid_from": "2026-11-02", "valid_until": "2026-11-01"},
            "The end date is before the start date.",
        ),
        ({"reply": "Hello {name}"}, "There is no variable {name}."),
        ({"reply": "On {planned_for}"}, "but no date is planned"),
        (
            {"links_text": "Ticket javascript:alert(1)"},
            "doesn&#x27;t start with http:// or https://",
        ),
        (
            {"release_from": "2.2", "release_until": "2.1"},
            "The last affected release is older than the first affected release.",
        ),
        ({"slug": "Card Declined"}, "Use lowercase letters, digits, and dashes"),
        ({"explanation": "  "}, "This field is required."),
    ],
)
def test_invalid_values_are_explained_next_to_their_fields(
    lead: User, typed: dict[str, str], sentence: str
) -> None:
    client = signed_in(lead)
    response = client.post(ADD, {**filled(workaround="Use another card."), **typed, "_save": "1"})
    page = response.content.decode()
    assert response.status_code == 200
    assert sentence in page
    assert "Use another card." in page
    form = response.context["adminform"].form
    assert all(form[name].value() == value for name, value in typed.items())
    assert len(form.errors) == 1
    assert not KnownError.objects.exists()


def test_a_change_keeps_the_slug_and_no_change_creates_no_version(lead: User) -> None:
    entry = create_entry(pattern={"type": {"exact": "PaymentDeclined"}})
    client, address = signed_in(lead), f"{LIST}{entry.pk}/change/"
    page = sent(client, address)
    assert "Nothing changed, so no new version was created." in page
    assert "successfully" not in page
    assert entry.history.count() == 1
    sent(client, address, slug="another", state="fixed", fixed_in="2.15.0")
    entry.refresh_from_db()
    assert (entry.slug, entry.state) == ("card-declined", "fixed")
    assert entry.history.count() == 2
    recorded = Entry.objects.get(action=Action.CATALOGUED)
    assert recorded.detail == {"change": "changed", "parts": ["state", "fixed_in"]}


def test_the_slug_defaults_to_the_title(lead: User) -> None:
    create_entry(slug="the-bank-declines-the-card")
    sent(signed_in(lead), slug="")
    assert KnownError.objects.filter(slug="the-bank-declines-the-card-2").exists()


def test_entries_cannot_be_deleted_or_read_by_agents(lead: User, agent: User) -> None:
    entry = create_entry()
    assert signed_in(lead).get(f"{LIST}{entry.pk}/delete/").status_code == 403
    assert signed_in(agent).get(f"{LIST}{entry.pk}/change/").status_code == 403


def test_a_lead_sees_only_permitted_admin_pages(lead: User) -> None:
    page = signed_in(lead).get("/admin/").content.decode()
    assert LIST in page
    assert "/admin/lookups/lookup/" not in page
    assert "/admin/auth/user/" not in page


def test_concurrent_changes_are_not_overwritten_silently(lead: User) -> None:
    entry, client = create_entry(), signed_in(lead)
    address = f"{LIST}{entry.pk}/change/"
    opened = entry.changed_at.isoformat()
    sent(client, address, workaround="Pay by invoice.", seen=opened)
    page = sent(client, address, workaround="Use another card.", seen=opened)
    assert "Someone else changed this entry after you opened it." in page
    assert "Use another card." in page
    entry.refresh_from_db()
    assert entry.workaround == "Pay by invoice."
    assert f'name="seen" value="{entry.changed_at.isoformat()}"' in page
    sent(client, address, workaround="Use another card.", seen=entry.changed_at.isoformat())
    entry.refresh_from_db()
    assert entry.workaround == "Use another card."
