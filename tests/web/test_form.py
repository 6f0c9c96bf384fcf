"""The form: what it offers, what it refuses, and what it keeps."""

from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.demo.server import DemoSentry
from apps.lookups import cache
from apps.lookups.models import Lookup
from tests.conftest import MOMENT
from tests.web.asking import AT, filled, look_up, text

pytestmark = pytest.mark.django_db


def test_posting_answers_303_at_once_and_asks_nothing(ana: Client, connected: DemoSentry) -> None:
    ana.get("/")
    connected.clear()
    assert ana.post("/lookups/", filled()).status_code == 303
    assert connected.calls == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"customer": ""}, "Enter a customer"),
        ({"customer": "   "}, "Enter a customer"),
        ({"customer": "x" * 201}, "201 characters long"),
        ({"customer": "a\tb"}, "control character"),
        ({"customer": "https://acme.sentry.io/issues/12/"}, "points to an issue"),
        ({"at": ""}, "Enter when it happened"),
        ({"at": "soonish"}, "can't read this time"),
        ({"at": "2026-02-30 10:00"}, "does not exist"),
        ({"at": "2999-01-01 10:00"}, "in the future"),
        ({"at": "2025-10-26 02:30"}, "happened twice"),
        ({"at": "2025-03-30 02:30"}, "did not exist"),
        ({"window": "0"}, "from 1 to 1,440"),
        ({"window": "1441"}, "from 1 to 1,440"),
        ({"window": "x"}, "whole number"),
        ({"window": ""}, "how many minutes"),
        ({"zone": "Mars/Olympus"}, "don't recognize this time zone"),
        ({"project": "nope"}, "not one of the available choices"),
    ],
)
def test_bad_input_gets_its_own_sentence_and_stays_as_typed(
    ana: Client, changes: dict[str, str], sentence: str
) -> None:
    response = ana.post("/lookups/", filled(**changes))
    page = text(response)
    assert response.status_code == 400
    assert sentence in unescape(page)
    assert Lookup.objects.count() == 0
    typed = {"customer": "1001", "at": AT, **changes}
    for name in ("customer", "at"):
        if typed[name]:
            assert f'value="{typed[name].strip()}"' in page or typed[name].strip() in page


def test_a_picked_time_counts_where_none_was_typed(ana: Client) -> None:
    local = f"{MOMENT:%Y-%m-%dT%H:%M}"
    address = look_up(ana, at="", at_picker=local, zone="UTC")
    assert "The payment was declined." in text(ana.get(address))


def test_a_project_and_an_environment_can_be_chosen_where_there_is_more_than_one(
    ana: Client,
) -> None:
    form = text(ana.get("/"))
    assert 'name="project"' in form
    assert 'name="environment"' in form
    assert "PaymentDeclined" not in text(ana.get(look_up(ana, project="api")))
    assert "PaymentDeclined" not in text(ana.get(look_up(ana, environment="staging")))


def test_the_form_offers_the_browsers_zone_and_a_choice_goes_before_it(ana: Client) -> None:
    ana.cookies["triage_zone"] = "Asia/Tokyo"
    assert '<option value="Asia/Tokyo" selected>' in text(ana.get("/"))
    ana.post("/accounts/preferences/", {"time_zone": "America/Lima"})
    assert '<option value="America/Lima" selected>' in text(ana.get("/"))


def test_other_preferences_leave_the_zone_to_the_browser(ana: Client) -> None:
    ana.post("/accounts/preferences/", {"time_zone": "", "shortcuts": "on"})
    assert 'data-default="site"' in text(ana.get("/"))
    ana.post("/accounts/preferences/", {"time_zone": "America/Lima"})
    assert 'data-default="own"' in text(ana.get("/"))


def test_a_zone_is_not_carried_over_to_the_next_customer(ana: Client) -> None:
    ana.get(look_up(ana, zone="Asia/Tokyo"))
    assert '<option value="UTC" selected>' in text(ana.get("/"))


def test_a_post_from_a_ticket_system_fills_the_form(ana: Client) -> None:
    page = text(ana.post("/", {"customer": "jane@example.com", "at": "2026-11-20 14:05"}))
    assert 'value="jane@example.com"' in page
    assert 'value="2026-11-20 14:05"' in page


def test_a_post_from_another_site_is_repeated_from_ours_and_survives_signing_in(
    ana: Client, agent: User
) -> None:
    sent = {"customer": 'jane"@example.com', "at": "2026-11-20 14:05"}
    stranger = Client(enforce_csrf_checks=True)
    page = text(stranger.post("/", sent))
    assert 'value="jane&quot;@example.com"' in page
    assert "Continue" in page
    away = stranger.post("/", {**sent, "continued": "1"})
    assert away["Location"] == "/accounts/login/?next=/"
    stranger.force_login(agent)
    assert 'value="jane&quot;@example.com"' in text(stranger.get("/"))


def test_links_fill_the_form_only_where_that_is_allowed(ana: Client, settings: Settings) -> None:
    assert "jane" not in text(ana.get("/?customer=jane"))
    settings.TRIAGE_PREFILL_LINKS = True
    response = ana.get("/?customer=jane")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert 'value="jane"' in text(ana.get("/"))
    assert "jane" not in text(ana.get("/"))


def test_a_link_leaves_no_customer_in_the_address_of_the_sign_in(settings: Settings) -> None:
    for allowed in (True, False):
        settings.TRIAGE_PREFILL_LINKS = allowed
        page = Client().get("/?customer=jane", follow=True)
        assert "jane" not in str(page.redirect_chain)
        assert page.redirect_chain[-1][0] == "/accounts/login/?next=/"


def test_a_slow_sentry_does_not_hold_up_the_form_and_a_choice_made_before_still_holds(
    ana: Client, connected: DemoSentry
) -> None:
    connected.fail("/acme/projects/", times=None, status=503)
    cache.delete("choices/silent")
    assert ana.get("/").status_code == 200
    connected.clear()
    address = look_up(ana, project="api")
    assert [call for call in connected.calls if "projects" in call.path] == []
    assert Lookup.objects.get().projects == ["api"]
    assert "PaymentDeclined" not in text(ana.get(address))
