"""Reasons for lookups: required or optional, and stored without the customer."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.audit.models import Action, Words
from apps.audit.trail import words_for
from apps.lookups.models import Lookup
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.shell import CommandLine, start_with
from tests.web.asking import form_data, look_up, text
from tests.web.test_api import REQUEST, post
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db


def reason() -> str:
    return words_for(Lookup.objects.latest("pk").audit_target, Action.LOOKED_UP)


@pytest.fixture
def required(settings: Settings) -> None:
    """Require a reason."""
    settings.TRIAGE_REASON = "required"


def test_a_reason_is_encrypted_and_stored_without_the_customer(ana: Client) -> None:
    look_up(ana, customer="jane@example.com", reason="Ticket 42\x07 for jane@example.com ")
    assert reason().startswith("Ticket 42 for ")
    assert "jane" not in reason()
    assert b"Ticket" not in bytes(Words.objects.get().sealed)


def test_reasons_are_optional_by_default(ana: Client) -> None:
    look_up(ana)
    assert reason() == ""
    assert not Words.objects.exists()


def test_a_reason_carries_over_to_a_wider_window(ana: Client) -> None:
    address = look_up(ana, reason="Ticket 42")
    assert 'name="reason" value="Ticket 42"' in text(ana.get(address))
    for onward, form in (("again/", {}), ("move/", {"move": "earlier"})):
        assert ana.post(f"{address}{onward}", form).status_code == 303
        assert reason() == "Ticket 42"


def test_the_reason_field_is_collapsed_unless_required(ana: Client) -> None:
    assert '<details class="reason">' in text(ana.get("/"))
    page = text(ana.post("/", {"customer": "1001", "reason": "Ticket 42"}))
    assert '<details class="reason" open>' in page
    assert 'value="Ticket 42"' in page


def test_an_overlong_reason_is_rejected(ana: Client) -> None:
    refused = ana.post("/lookups/", form_data(reason="x" * 201))
    assert refused.status_code == 400
    assert "Keep the reason to 200 characters or fewer." in text(refused)


@pytest.mark.usefixtures("required")
def test_a_required_reason_is_enforced_everywhere(ana: Client, agent: User, lead: User) -> None:
    refused = ana.post("/lookups/", form_data(reason="  "))
    assert refused.status_code == 400
    assert "Enter a ticket number or a reason." in text(refused)
    assert '<details class="reason"' not in text(refused)
    answer = post(token_of(agent), REQUEST)
    assert answer.status_code == 400
    assert "reason" in answer.json()["message"]
    assert not Lookup.objects.exists()
    address = look_up(ana, reason="Ticket 42")
    bare = signed_in(lead).post(
        f"{address}unredacted/", {"confirmed": "on", "format": "markdown", "reason": ""}
    )
    assert bare.status_code == 400
    assert Lookup.objects.count() == 1


def test_older_lookups_without_a_reason_can_be_read_but_not_refreshed(
    ana: Client, settings: Settings
) -> None:
    address = look_up(ana)
    settings.TRIAGE_REASON = "required"
    page = text(ana.get(address))
    assert 'id="id_reason" name="reason" value=""' in page
    refused = ana.post(f"{address}again/")
    assert refused.status_code == 400
    assert "Enter a ticket number or a reason" in text(refused)


def test_no_reason_is_stored_if_reasons_are_off(ana: Client, settings: Settings) -> None:
    settings.TRIAGE_REASON = "off"
    assert "id_reason" not in text(ana.get("/"))
    look_up(ana, reason="Ticket 42")
    assert not Words.objects.exists()


def test_the_admin_shows_the_reason(ana: Client, admin: User) -> None:
    look_up(ana, reason="Ticket 42")
    record = Lookup.objects.get()
    page = signed_in(admin).get(f"/admin/lookups/lookup/{record.pk}/change/")
    assert "Ticket 42" in text(page)


def test_commands_need_a_required_reason(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    arguments = ("1001", "--at", MOMENT.isoformat())
    done = command_line.lookup(*arguments, TRIAGE_REASON="required")
    assert done.returncode == 2
    assert "reason" in done.stderr
    assert (
        command_line.lookup(*arguments, "--reason", "T 1", TRIAGE_REASON="required").returncode == 0
    )


def test_an_unknown_setting_prevents_the_start() -> None:
    done = start_with({"TRIAGE_REASON": "maybe"})
    assert done.returncode == 2
    assert "Use off, optional, or required." in done.stderr
