"""The lookup form: what it offers, refuses, and remembers."""

from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.demo.server import DemoSentry
from apps.lookups import cache
from apps.lookups.models import Lookup
from tests.conftest import MOMENT
from tests.web.asking import AT, form_data, look_up, text

pytestmark = pytest.mark.django_db


def test_post_redirects_without_querying_sentry(ana: Client, connected: DemoSentry) -> None:
    ana.get("/")
    connected.clear()
    assert ana.post("/lookups/", form_data()).status_code == 303
    assert connected.calls == []


@pytest.mark.parametrize(
    ("changes", "message"),
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
def test_invalid_input_has_its_own_message_and_is_redisplayed(
    ana: Client, changes: dict[str, str], message: str
) -> None:
    response = ana.post("/lookups/", form_data(**changes))
    page = text(response)
    assert response.status_code == 400
    assert message in unescape(page)
    assert Lookup.objects.count() == 0
    typed = {"customer": "1001", "at": AT, **changes}
    for name in ("customer", "at"):
        if typed[name]:
            assert f'value="{typed[name].strip()}"' in page or typed[name].strip() in page


def test_picked_time_is_used_if_none_was_typed(ana: Client) -> None:
    local = f"{MOMENT:%Y-%m-%dT%H:%M}"
    address = look_up(ana, at="", at_picker=local, zone="UTC")
    assert "The payment was declined." in text(ana.get(address))


def test_project_and_environment_limit_the_lookup(
    ana: Client,
) -> None:
    form = text(ana.get("/"))
    assert 'name="project"' in form
    assert 'name="environment"' in form
    assert "PaymentDeclined" not in text(ana.get(look_up(ana, project="api")))
    assert "PaymentDeclined" not in text(ana.get(look_up(ana, environment="staging")))


def test_preferred_time_zone_overrides_the_browsers(ana: Client) -> None:
    ana.cookies["triage_zone"] = "Asia/Tokyo"
    assert '<option value="Asia/Tokyo" selected>' in text(ana.get("/"))
    ana.post("/accounts/preferences/", {"time_zone": "America/Lima"})
    assert '<option value="America/Lima" selected>' in text(ana.get("/"))


def test_other_preferences_keep_the_browsers_time_zone(ana: Client) -> None:
    ana.post("/accounts/preferences/", {"time_zone": "", "shortcuts": "on"})
    assert 'data-default="site"' in text(ana.get("/"))
    ana.post("/accounts/preferences/", {"time_zone": "America/Lima"})
    assert 'data-default="own"' in text(ana.get("/"))


def test_time_zone_does_not_carry_over_to_the_next_lookup(ana: Client) -> None:
    ana.get(look_up(ana, zone="Asia/Tokyo"))
    assert '<option value="UTC" selected>' in text(ana.get("/"))


def test_post_from_ticket_system_prefills_the_form(ana: Client) -> None:
    page = text(ana.post("/", {"customer": "jane@example.com", "at": "2026-11-20 14:05"}))
    assert 'value="jane@example.com"' in page
    assert 'value="2026-11-20 14:05"' in page


def test_cross_site_post_needs_confirmation_and_survives_sign_in(ana: Client, agent: User) -> None:
    values = {"customer": 'jane"@example.com', "at": "2026-11-20 14:05"}
    visitor = Client(enforce_csrf_checks=True)
    page = text(visitor.post("/", values))
    assert 'value="jane&quot;@example.com"' in page
    assert "Continue" in page
    redirect = visitor.post("/", {**values, "continued": "1"})
    assert redirect["Location"] == "/accounts/login/?next=/"
    visitor.force_login(agent)
    assert 'value="jane&quot;@example.com"' in text(visitor.get("/"))


def test_links_prefill_the_form_only_if_enabled(ana: Client, settings: Settings) -> None:
    assert "jane" not in text(ana.get("/?customer=jane"))
    settings.TRIAGE_PREFILL_LINKS = True
    response = ana.get("/?customer=jane")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert 'value="jane"' in text(ana.get("/"))
    assert "jane" not in text(ana.get("/"))


def test_sign_in_url_never_includes_the_customer(settings: Settings) -> None:
    for allowed in (True, False):
        settings.TRIAGE_PREFILL_LINKS = allowed
        page = Client().get("/?customer=jane", follow=True)
        assert "jane" not in str(page.redirect_chain)
        assert page.redirect_chain[-1][0] == "/accounts/login/?next=/"


def test_form_and_chosen_project_work_while_sentry_is_down(
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
