"""Pasting a ticket, and the questions before it is looked up; the text is never stored."""

import html
import logging
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from apps.lookups.cache import cache
from apps.lookups.models import Lookup
from apps.tickets.text import Excerpt
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import text
from tests.web.pages import Page, rendered

pytestmark = pytest.mark.django_db

WRITTEN = "2026-11-20"
PLAIN = "jane@example.com could not pay yesterday around 3:15 pm Berlin time. Zebrafish."
TWO = f"{PLAIN} Or was it max@example.org?"


def paste(client: Client, words: str, **more: str) -> HttpResponse:
    """Post a ticket and return the response."""
    sent = {"text": words, "written": WRITTEN, "zone": "Europe/Berlin", **more}
    response = client.post("/tickets/", sent)
    assert isinstance(response, HttpResponse)
    return response


def submit_choices(client: Client, sent: dict[str, str]) -> HttpResponse:
    """Choose a time, which is looked up, and return the response."""
    response = client.post("/tickets/use/", sent)
    assert isinstance(response, HttpResponse)
    return response


def offered(page: str, name: str) -> list[dict[str, str]]:
    """Return the radio buttons of the customers, or the buttons of the times."""
    tag = {"customer": "input", "moment": "button"}[name]
    return [field for field in Page(page).all(tag) if field.get("name") == name]


def chosen(page: str, name: str) -> list[str]:
    """Return the checked customer, or the highlighted time."""
    return [
        field["value"]
        for field in offered(page, name)
        if "checked" in field or "time-option primary" in field.get("class", "")
    ]


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of the confirmation form."""
    form = page[page.index('action="/tickets/use/"') :]
    fields = Page(form[: form.index("</form>")]).all("input")
    return {field["name"]: field["value"] for field in fields if field.get("type") == "hidden"}


def test_form_has_ticket_field(ana: Client) -> None:
    page = Page(text(ana.get("/")))
    labels = {label["for"] for label in page.all("label")}
    assert [field["name"] for field in page.all("textarea")] == ["text"]
    assert "maxlength" not in page.all("textarea")[0]
    assert {"ticket_text", "ticket_written", "ticket_zone"} <= labels


def test_unambiguous_time_is_preselected_and_highlighted(ana: Client) -> None:
    page = text(paste(ana, TWO))
    assert chosen(page, "customer") == []
    assert chosen(page, "moment") == ["2026-11-19 15:15:00|15"]
    assert "<mark>yesterday around 3:15 pm Berlin time</mark>" in page
    assert "Thu 19 Nov 2026, 15:15 Europe/Berlin = 14:15 UTC" in page
    assert "counted from Fri 20 Nov 2026, the ticket&#x27;s date" in page


@pytest.mark.parametrize(
    ("words", "moments"),
    [
        ("on 10/11 at 14:05", ["2026-10-11 14:05:00|0", "2026-11-10 14:05:00|0"]),
        ("yesterday at 5", ["2026-11-19 05:00:00|15", "2026-11-19 17:00:00|15"]),
        ("on may 5 it broke", ["2026-05-05 12:00:00|720"]),
        (
            "25.10.2026 02:30",
            ["2026-10-25 02:30:00+02:00|0", "2026-10-25 02:30:00+01:00|0"],
        ),
        ("15:15 yesterday, 16:15 yesterday", ["2026-11-19 15:15:00|0", "2026-11-19 16:15:00|0"]),
        ("on 19 November 2026", ["2026-11-19 12:00:00|720"]),
    ],
)
def test_ambiguous_time_is_not_preselected(ana: Client, words: str, moments: list[str]) -> None:
    page = text(paste(ana, words))
    assert [field["value"] for field in offered(page, "moment")] == [*moments, ""]
    assert chosen(page, "moment") == []


def test_two_customers_are_not_preselected_and_help_desk_address_is_ignored(
    ana: Client,
) -> None:
    both = text(paste(ana, "jane@example.com, customer id: 1001"))
    assert chosen(both, "customer") == []
    own = text(paste(ana, "To: support@acme.com\nFrom: jane@example.com\nHello"))
    assert chosen(own, "customer") == ["jane@example.com"]


def test_confirmed_values_are_looked_up_at_once(ana: Client) -> None:
    page = text(paste(ana, TWO))
    choice = {"customer": "jane@example.com", "moment": "2026-11-19 15:15:00|15"}
    assert submit_choices(ana, {**hidden(page), **choice}).status_code == 303
    lookup = Lookup.objects.get()
    assert lookup.customer == "jane@example.com"
    assert lookup.moment == datetime(2026, 11, 19, 14, 15, tzinfo=UTC)
    assert (lookup.minutes, lookup.zone) == (15, "Europe/Berlin")


def test_clear_ticket_is_looked_up_without_a_question(ana: Client) -> None:
    words = f"user id: 1001 saw it on {MOMENT:%Y-%m-%d} at {MOMENT:%H:%M} UTC"
    response = paste(ana, words, written="", zone="UTC")
    assert response.status_code == 303
    page = text(ana.get(response["Location"]))
    assert "The payment was declined." in page
    assert "Read from the ticket. Check the customer and the time." in page


@pytest.mark.parametrize("setting", ["required", "optional"])
def test_clear_ticket_asks_only_for_a_required_reason(
    ana: Client, settings: Settings, setting: str
) -> None:
    settings.TRIAGE_REASON = setting
    response = paste(ana, PLAIN)
    assert response.status_code == (200 if setting == "required" else 303)
    if setting == "required":
        assert 'value="2026-11-19 15:15:00"' in text(response)


def test_unclear_ticket_is_never_looked_up_without_a_question(ana: Client) -> None:
    for words in (
        TWO,
        f"{PLAIN} Or at 4 pm?",
        f"{PLAIN} And again on 12/11 at 14:05.",
        "jane@example.com: not OK all day yesterday",
        "jane@example.com: yesterday at 5",
        f"{PLAIN} See you tomorrow at noon.",
    ):
        assert paste(ana, words).status_code == 200, words
    assert Lookup.objects.count() == 0


@pytest.mark.parametrize(
    ("choice", "open_groups"),
    [
        ({}, ["customer", "moment"]),
        ({"customer": "jane@example.com"}, ["moment"]),
        ({"moment": "2026-11-19 15:15:00|0"}, ["customer"]),
        ({"customer": "jane@example.com", "moment": "soonish|5"}, ["moment"]),
        ({"customer": "jane@example.com", "moment": "2026-11-19 15:15:00|9999"}, ["moment"]),
        ({"customer": "jane@example.com", "moment": "2999-01-01 10:00|5"}, ["moment"]),
    ],
)
def test_missing_choice_is_reported_and_input_is_kept(
    ana: Client, choice: dict[str, str], open_groups: list[str]
) -> None:
    words = 'jane@example.com "paid"\r\non 10/11 at 14:05, or 2026-11-19 15:15'
    first = text(paste(ana, words))
    response = ana.post("/tickets/use/", {**hidden(first), **choice})
    page = text(response)
    assert response.status_code == 400
    assert re.findall(r'id="(\w+)-open"', page) == open_groups
    assert html.unescape(hidden(page)["text"]).splitlines() == words.splitlines()
    assert hidden(page)["written"] == WRITTEN
    for name in {"customer", "moment"} - set(open_groups):
        assert chosen(page, name) == [choice[name]]


def test_none_of_these_leaves_field_empty(ana: Client) -> None:
    page = text(paste(ana, TWO))
    form = text(ana.post("/tickets/use/", {**hidden(page), "customer": "", "moment": ""}))
    assert "What went wrong for this customer?" in form
    assert 'value="jane@example.com"' not in form


def test_text_without_customer_or_time_shows_message(ana: Client) -> None:
    page = text(paste(ana, "Hello, it does not work. Please help."))
    assert "We found no customer or time in this text." in page
    assert "Hello, it does not work." in page
    assert 'href="/"' in page
    assert "/tickets/use/" not in page


def test_relative_time_without_ticket_date_offers_likely_days(ana: Client) -> None:
    """The date stays optional: the days it most likely means are one click away."""
    response = paste(ana, PLAIN, written="")
    page = text(response)
    assert response.status_code == 200
    assert "Was it written on another day?" in page
    assert "is counted from the day the ticket was written" in page
    assert chosen(page, "moment") == []
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    days = [f"{today - timedelta(days=back)} 15:15:00|15" for back in (1, 2)]
    assert [one["value"] for one in offered(page, "moment")] == [*days, ""]
    choice = {"customer": "jane@example.com", "moment": days[1]}
    assert submit_choices(ana, {**hidden(page), **choice}).status_code == 303


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"text": ""}, "text", "Paste the ticket text."),
        ({"text": "x" * 20_001}, "text", "The text has 20,001 characters; the limit is 20,000"),
        ({"written": "soonish"}, "written", "We can't read when the ticket was written."),
        ({"written": "10/11/2026"}, "written", "more than one time"),
        ({"zone": "Mars/Olympus"}, "zone", "We don't recognize this time zone."),
    ],
)
def test_invalid_input_is_reported_with_its_field_and_kept(
    ana: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    words = changes.get("text", PLAIN)
    response = paste(ana, words, **{name: v for name, v in changes.items() if name != "text"})
    page = text(response)
    assert response.status_code == 400
    assert sentence in html.unescape(page)
    assert f'id="ticket_{field}_error"' in page
    assert words in html.unescape(page)


def test_hostile_text_is_escaped(ana: Client) -> None:
    words = (
        '</textarea><script>alert(1)</script> user name "><img src=x onerror=alert(2)>\n'
        "jane@example.com max@example.org \u202e yesterday at 15:15 <b>now</b>\n"
        "On 17 Nov 2026 at 14:20, <b>now</b> wrote:"
    )
    page = text(paste(ana, words))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>now" not in page
    names = {name for _tag, attributes in Page(page).tags for name in attributes}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    excerpt = page[page.index('<p class="ticket-where"') : page.index("ticket-paste")]
    assert "\u202e" not in excerpt


def test_every_part_of_excerpt_is_escaped() -> None:
    shown = rendered("lookups/_excerpt.html", {"excerpt": Excerpt("<i>", "<b>\u202e", "<u>")})
    assert "&lt;i&gt;<mark>&lt;b&gt;\ufffd</mark>&lt;u&gt;" in shown


def test_ticket_text_is_not_stored(
    ana: Client, caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with caplog.at_level(logging.DEBUG):
        responses = [paste(ana, TWO), paste(ana, f"Zebrafish {'x' * 20_000}")]
        fields = hidden(text(responses[0]))
        responses.append(submit_choices(ana, fields))
        choice = {"customer": "jane@example.com", "moment": "2026-11-19 15:15:00|15"}
        responses.append(submit_choices(ana, {**fields, **choice}))
    assert [response.status_code for response in responses] == [200, 400, 400, 303]
    assert all("no-store" in response["Cache-Control"] for response in responses)
    assert "Zebrafish" not in caplog.text
    assert "Zebrafish" not in text(responses[-1])
    for session in Session.objects.all():
        assert set(session.get_decoded()) <= {
            "_auth_user_id",
            "_auth_user_backend",
            "_auth_user_hash",
            "signed_in_at",
            "seen_at",
        }
    file = tmp_path_factory.mktemp("dump") / "all.json"
    call_command("dumpdata", output=str(file))
    assert "Zebrafish" not in file.read_text()
    assert "jane@example.com" not in file.read_text()
    cached = getattr(cache, "_cache", {})
    assert not any(b"Zebrafish" in bytes(value) for value in cached.values())


def test_pasting_requires_lookup_permission(
    outsider: User, connected: DemoSentry, client: Client
) -> None:
    for address in ("/tickets/", "/tickets/use/"):
        assert signed_in(outsider).post(address, {"text": PLAIN}).status_code == 403
        stranger = client.post(address, {"text": PLAIN})
        assert stranger.status_code == 302
        assert "jane" not in stranger["Location"]


def test_cross_site_post_is_rejected(agent: User, connected: DemoSentry) -> None:
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(agent)
    for address in ("/tickets/", "/tickets/use/"):
        assert stranger.post(address, {"text": PLAIN}).status_code == 403


def test_get_without_text_redirects_to_form(ana: Client) -> None:
    for address in ("/tickets/", "/tickets/use/"):
        assert ana.get(address)["Location"] == "/"


def test_offered_time_today_is_still_accepted_a_minute_later(ana: Client) -> None:
    """An offered time stays valid although the current time has moved on."""
    today = datetime.now(UTC)
    page = text(paste(ana, "jane@example.com: today", written=f"{today:%Y-%m-%d}", zone="UTC"))
    value = offered(page, "moment")[0]["value"]
    before = datetime.fromisoformat(f"{value.partition('|')[0]}+00:00") - timedelta(minutes=1)
    earlier = f"{before:%Y-%m-%d %H:%M:%S}|{value.partition('|')[2]}"
    choice = {"customer": "jane@example.com", "moment": earlier}
    assert ana.post("/tickets/use/", {**hidden(page), **choice}).status_code == 303
