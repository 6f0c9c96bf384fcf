"""The result page, its exports, and its events, including hostile and empty ones."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from apps.lookups.models import Lookup
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry, add_raw
from tests.web.asking import form_data, look_up, text

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> ![x](https://evil.example) \"onclick='x'"


def test_form_leads_to_result(ana: Client) -> None:
    address = look_up(ana)
    assert re.fullmatch(r"/lookups/[0-9a-f-]{36}/", address)
    page = text(ana.get(address))
    assert "The payment was declined." in page
    assert "the customer’s bank" in page
    assert "PaymentDeclined" in page


def test_customer_is_absent_from_urls_and_title(ana: Client) -> None:
    address = look_up(ana, customer="jane@example.com")
    page = text(ana.get(address))
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert "jane" not in title[1] + address
    assert not re.findall(r'(?:href|action|src)="[^"]*jane', page)


def test_other_capitals_are_shown_on_the_page_and_hidden_in_the_export(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(email="Rosa.Luz@Example.org", timestamp=MOMENT)
    address = look_up(ana, customer="rosa.luz@example.org")
    assert "“Rosa.Luz@Example.org”" in text(ana.get(address))
    for suffix in ("md", "json"):
        export = text(ana.get(f"{address}export.{suffix}"))
        assert "Xxxx.Xxx@Xxxxxxx.xxx" in export
        assert "rosa" not in export.lower()


def test_customer_of_signs_alone_is_refused_and_the_form_kept(ana: Client) -> None:
    page = text(ana.post("/lookups/", form_data(customer='\\"', window=17)))
    assert "would find everyone" in page
    assert "\\&quot;" in page
    assert 'value="17"' in page


def test_hostile_text_is_escaped_on_every_page(ana: Client, connected: DemoSentry) -> None:
    event = connected.world.add_event(
        user_id="66",
        timestamp=MOMENT,
        exception=(HOSTILE, HOSTILE),
        tags={"note": HOSTILE},
        request={"method": "GET", "url": HOSTILE, "headers": [[HOSTILE, HOSTILE]]},
        breadcrumbs=[{"message": HOSTILE, "category": HOSTILE, "data": {"url": HOSTILE}}],
    )
    address = look_up(ana, customer="66")
    for page in (text(ana.get(address)), text(ana.get(f"{address}events/{event.id}/"))):
        assert "<script>alert" not in page
        assert 'href="https://evil' not in page
        assert "&lt;script&gt;" in page


def test_empty_event_never_prints_none(ana: Client, connected: DemoSentry) -> None:
    empty: dict[str, object] = dict.fromkeys(
        ("title", "culprit", "entries", "tags", "user", "contexts", "context", "message", "sdk")
    )
    event_id = "ab" * 16
    add_raw(
        connected.world,
        {"eventID": event_id, **empty},
        user_id="77",
        timestamp=MOMENT,
        row={"title": None, "culprit": None, "level": None, "release": None, "trace": None},
    )
    page = text(ana.get(look_up(ana, customer="77")))
    assert not re.search(r">\s*None\s*<", page)


def test_download_matches_preview_exactly(ana: Client) -> None:
    address = look_up(ana)
    for name, suffix in (("markdown", "md"), ("json", "json")):
        response = ana.get(f"{address}?format={name}&budget=2000&preset=explain")
        preview = response.context["export"].text
        download = ana.get(f"{address}export.{suffix}?budget=2000&preset=explain&for=llm")
        assert text(download) == preview
        assert "attachment" in download["Content-Disposition"]


@pytest.mark.parametrize(
    "query", ["?budget=5", "?budget=many", "?preset=nope", "?format=yaml", "?budget=999999999"]
)
def test_invalid_export_options_are_rejected(ana: Client, query: str) -> None:
    address = look_up(ana)
    assert ana.get(f"{address}{query}").status_code == 400


def test_unknown_export_extension_is_rejected(ana: Client) -> None:
    assert ana.get(f"{look_up(ana)}export.exe").status_code == 400


def test_refresh_creates_new_lookup(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    ana.get(address)
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    again = ana.post(f"{address}again/")["Location"]
    assert again != address
    assert ana.get(again).context["lookup"].events == 2


def test_purged_result_returns_410(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    purge_answers(list(Lookup.objects.all()))
    response = ana.get(address)
    assert response.status_code == 410
    assert "again" in text(response)


def test_event_beyond_first_fifty_has_own_page(ana: Client, connected: DemoSentry) -> None:
    for place in range(51):
        connected.world.add_event(user_id="5", timestamp=MOMENT + timedelta(seconds=place))
    address = look_up(ana, customer="5")
    page = text(ana.get(address))
    latest = max(connected.world.events, key=lambda event: event.timestamp)
    assert f"{address}events/{latest.id}/" in page
    assert ana.get(f"{address}events/{latest.id}/").status_code == 200
    assert ana.get(f"{address}events/{'0' * 32}/").status_code == 404
