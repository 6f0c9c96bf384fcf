"""The lookup form: what it offers, refuses, and remembers."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django import forms
from django.contrib.auth.models import Group, User
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Team
from apps.lookups import cache
from apps.lookups.models import Lookup
from apps.web.widgets import FormRenderer
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.web.asking import AT, form_data, look_up, text
from tests.web.pages import Page

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
        ({"at": "2025-03-01 14:05", "zone": ""}, "Choose the time zone of this time"),
        ({"at": "yesterday 3pm", "zone": ""}, "Choose the time zone of this time"),
        ({"at": "3pm"}, "Which time do you mean?"),
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


NOW = datetime(2026, 11, 29, 17, 5, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "zone", "moment", "minutes"),
    [
        ("2026-11-29T14:05+01:00", None, "2026-11-29 13:05", 5),
        ("2026-11-29T14:05Z", "", "2026-11-29 14:05", 5),
        ("1795881600", None, "2026-11-28 16:00", 5),
        ("20 minutes ago", None, "2026-11-29 16:45", 10),
        ("now", "Asia/Tokyo", "2026-11-29 17:05", 5),
        ("1 hour ago", "Asia/Tokyo", "2026-11-29 16:05", 15),
        ("yesterday 3pm", "Europe/Berlin", "2026-11-28 14:00", 15),
        ("gestern um 15:00 Uhr", "Europe/Berlin", "2026-11-28 14:00", 5),
        ("28.11.2026 14:05", "America/Lima", "2026-11-28 19:05", 5),
        ("28 Nov, 2:05 pm", "UTC", "2026-11-28 14:05", 5),
        ("yesterday morning", "UTC", "2026-11-28 09:00", 180),
    ],
)
def test_time_is_understood_as_in_a_ticket(
    ana: Client,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    zone: str | None,
    moment: str,
    minutes: int,
) -> None:
    monkeypatch.setattr("apps.web.forms.timezone.now", lambda: NOW)
    sent = {
        key: value for key, value in form_data(at=typed, zone=zone).items() if value is not None
    }
    assert ana.post("/lookups/", sent).status_code == 303
    lookup = Lookup.objects.get()
    assert (f"{lookup.moment:%Y-%m-%d %H:%M}", lookup.minutes) == (moment, minutes)


@pytest.mark.parametrize(
    ("typed", "times"),
    [
        ("3pm", ["2026-11-28 15:00:00|15", "2026-11-29 15:00:00|15"]),
        ("11/12/2026 14:05", ["2026-11-12 14:05:00|0"]),
        ("yesterday", ["2026-11-28 12:00:00|720"]),
        ("yesterday 3pm and today 4pm", ["2026-11-28 15:00:00|15", "2026-11-29 16:00:00|15"]),
        ("2 hours before yesterday 15:00", ["2026-11-28 15:00:00|0"]),
        ("not yesterday 15:00", ["2026-11-28 15:00:00|0"]),
    ],
)
def test_unclear_time_is_resolved_with_one_click(
    ana: Client, monkeypatch: pytest.MonkeyPatch, typed: str, times: list[str]
) -> None:
    monkeypatch.setattr("apps.web.forms.timezone.now", lambda: NOW)
    response = ana.post("/lookups/", form_data(at=typed))
    page = text(response)
    form = Page(page[page.index('action="/lookups/"') :])
    offered = [one for one in form.all("button") if "time-option" in one.get("class", "")]
    assert response.status_code == 400
    assert [one["value"] for one in offered] == times
    assert "name" not in form.all("button")[0], "Enter must not choose one of them"
    pressed = ana.post("/lookups/", form_data(at=[typed, times[0]]))
    assert pressed.status_code == 303
    assert Lookup.objects.get().minutes == max(5, int(times[0].partition("|")[2]))


def test_now_and_an_hour_ago_take_one_click(ana: Client) -> None:
    buttons = [one for one in Page(text(ana.get("/"))).all("button") if one.get("name") == "at"]
    assert [one["value"] for one in buttons] == ["now", "1 hour ago"]
    before = timezone.now()
    for button in buttons:
        look_up(ana, at=["", button["value"]])
    hour_ago, now = (one.moment for one in Lookup.objects.order_by("-created_at")[:2])
    assert now - hour_ago >= timedelta(minutes=59)
    assert abs(now - before) < timedelta(minutes=5)


def test_unknown_zone_of_a_browser_is_shown_as_it_is(ana: Client) -> None:
    """A zone that the menu lacks must not turn into the first one of the menu."""
    ana.cookies["triage_zone"] = "Etc/GMT+3"
    assert '<option value="Etc/GMT+3" selected>' in text(ana.get("/"))
    page = text(ana.post("/lookups/", form_data(zone="", at="2025-03-01 14:05")))
    assert '<option value="" selected>' in page


def test_site_default_zone_is_shown_until_another_is_known(ana: Client) -> None:
    said = "This site&#x27;s default. Choose yours."
    assert said in text(ana.get("/"))
    assert said not in text(ana.post("/", {"zone": "Asia/Tokyo"}))
    ana.cookies["triage_zone"] = "Asia/Tokyo"
    assert said not in text(ana.get("/"))


def test_empty_form_has_the_token_of_its_session_and_what_its_reader_can_choose(
    ana: Client, agent: User, other_agent: User, settings: Settings
) -> None:
    for person in (agent, other_agent, agent):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(person)
        page = text(strict.get("/"))
        for action in ("/lookups/", "/tickets/"):
            token = value_of("csrfmiddlewaretoken", page.partition(f'action="{action}"')[2])
            refused = strict.post(action, {"csrfmiddlewaretoken": token})
            assert refused.status_code == 400, action
    assert 'value="5"' in text(ana.get("/"))
    settings.TRIAGE_WINDOW_MINUTES, settings.TRIAGE_REASON = 7, "off"
    page = text(ana.get("/"))
    assert 'value="7"' in page
    assert 'name="reason"' not in page
    assert 'name="project"' in page
    team = Team.objects.create(group=Group.objects.create(name="Checkout"), projects=["api"])
    agent.groups.add(team.group)
    assert 'name="project"' not in text(ana.get("/"))


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
    assert 'data-zone="browser"' in text(ana.get("/"))
    ana.post("/accounts/preferences/", {"time_zone": "America/Lima"})
    assert 'data-zone="browser"' not in text(ana.get("/"))


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


def test_copied_label_restricts_the_lookup_and_the_page_says_so(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(user_id="77", timestamp=MOMENT, title="Aspen", issue="A")
    connected.world.add_event(username="77", timestamp=MOMENT, title="Birch", issue="B")
    connected.world.add_event(user_id="id:77", timestamp=MOMENT, title="Cedar", issue="C")
    page = text(ana.get(look_up(ana, customer="id:77")))
    assert "Read as the user ID 77." in page
    assert ("Aspen" in page, "Birch" in page, "Cedar" in page) == (True, False, False)
    other = form_data(customer=value_of("customer", page.partition("Read as")[2]))
    page = text(ana.get(ana.post("/lookups/", other)["Location"]))
    assert "Looked up exactly as typed." in page
    assert ("Aspen" in page, "Cedar" in page) == (False, True)


def test_refused_customer_can_be_looked_up_exactly_as_typed(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(user_id="203.0.113.7", timestamp=MOMENT, title="by address")
    page = text(ana.post("/lookups/", form_data(customer="203.0.113.7")))
    assert 'name="exactly" value="1"' in page
    assert value_of("customer", page) == "203.0.113.7"
    location = ana.post("/lookups/", form_data(customer="203.0.113.7", exactly="1"))["Location"]
    assert "by address" in text(ana.get(location))
    page = text(ana.post("/lookups/", form_data(customer="https://acme.sentry.io/issues/12/")))
    assert 'name="exactly"' not in page


def test_nothing_of_a_link_but_its_target_is_recorded(ana: Client, connected: DemoSentry) -> None:
    event = connected.world.add_event(timestamp=MOMENT, title="linked")
    link = f"https://acme.sentry.io/issues/1/events/{event.id}/?token=t0p-secret#t0p-secret"
    page = text(ana.get(look_up(ana, customer=link)))
    assert "linked" in page
    assert "t0p-secret" not in page
    assert Lookup.objects.get().customer == f"event:{event.id}"


def test_empty_result_says_that_the_text_was_not_searched_exactly(ana: Client) -> None:
    said = "not for exactly what was typed"
    assert said in text(ana.get(look_up(ana, customer='"nobody-here"')))
    assert said not in text(ana.get(look_up(ana, customer="nobody-here")))


def test_empty_result_for_the_short_id_of_an_issue_is_incomplete(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_project("checkout-api")
    page = text(ana.get(look_up(ana, customer="CHECKOUT-API-1")))
    assert "looks like the short ID of an issue" in page
    assert "A refresh won’t help." in page
    assert "the result is incomplete" in page
    page = text(ana.get(look_up(ana, customer="ACME-1042")))
    assert "not as the short ID of an issue" in page
    assert "the result is incomplete" not in page
    connected.world.add_event(user_id="CHECKOUT-API-2", timestamp=MOMENT, title="of a customer")
    page = text(ana.get(look_up(ana, customer="CHECKOUT-API-2")))
    assert "of a customer" in page
    assert "short ID" not in page


def test_empty_result_for_an_event_or_trace_claims_nothing_about_a_customer(
    ana: Client, connected: DemoSentry
) -> None:
    page = text(ana.get(look_up(ana, customer=f"Event ID: {'ab' * 16}")))
    assert "We found no event with this ID where we searched." in page
    assert "the result is incomplete" in page
    page = text(ana.get(look_up(ana, customer=f"Trace ID: {'ab' * 16}")))
    assert "No errors, and Sentry has no logs or requests in this trace" in page


def test_fields_are_written_as_by_django() -> None:
    widgets = (
        *(forms.TextInput(), forms.NumberInput(), forms.HiddenInput(), forms.Textarea()),
        *(forms.DateTimeInput(), forms.EmailInput(), forms.CheckboxInput()),
        forms.Select(choices=[("", "All"), ("a", "A & <b>"), ('"', "quote"), (3, "three")]),
        forms.Select(choices=[("Group", [("a", "A"), ("b", "B")]), ("c", "C")]),
    )
    attrs = {"id": "x", "required": True, "disabled": False, "title": "\"<&'", "step": 1}
    for widget in widgets:
        for value in (None, "", "a", '"', "</textarea><script>", "two\nlines", 3, 0):
            ours, theirs = (
                re.sub(r">\s+<", "><", widget.render("n", value, attrs, renderer))
                for renderer in (FormRenderer(), DjangoTemplates())
            )
            assert ours == theirs, (widget, value)
    for errors in ([], ["Enter <this>."]):
        ours, theirs = (
            str(ErrorList(errors, renderer=renderer))
            for renderer in (FormRenderer(), DjangoTemplates())
        )
        assert ours == theirs, errors


def value_of(name: str, page: str) -> str:
    """Return the value of the first input with that name."""
    field = page.partition(f'name="{name}" value="')[2]
    return unescape(field.partition('"')[0])
