"""The result, its export, its events, and what hostile or empty events do to them."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> ![x](https://evil.example) \"onclick='x'"


def test_a_lookup_leads_from_the_form_to_the_answer(ana: Client) -> None:
    address = look_up(ana)
    assert re.fullmatch(r"/lookups/[0-9a-f-]{36}/", address)
    page = text(ana.get(address))
    assert "The payment was declined." in page
    assert "in another service" in page
    assert "PaymentDeclined" in page


def test_the_customer_stands_in_no_address_and_no_title(ana: Client) -> None:
    address = look_up(ana, customer="jane@example.com")
    page = text(ana.get(address))
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert "jane" not in title[1] + address
    assert not re.findall(r'(?:href|action|src)="[^"]*jane', page)


def test_hostile_text_stays_text_on_every_page(ana: Client, connected: DemoSentry) -> None:
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


def test_an_event_with_nothing_in_it_has_a_page_without_none(
    ana: Client, connected: DemoSentry
) -> None:
    empty: dict[str, object] = dict.fromkeys(
        ("title", "culprit", "entries", "tags", "user", "contexts", "context", "message", "sdk")
    )
    event_id = "ab" * 16
    connected.world.add_raw(
        {"eventID": event_id, **empty},
        user_id="77",
        timestamp=MOMENT,
        row={"title": None, "culprit": None, "level": None, "release": None, "trace": None},
    )
    page = text(ana.get(look_up(ana, customer="77")))
    assert not re.search(r">\s*None\s*<", page)


def test_the_download_is_what_the_page_previews_byte_for_byte(ana: Client) -> None:
    address = look_up(ana)
    for name, suffix in (("markdown", "md"), ("xml", "xml"), ("json", "json")):
        response = ana.get(f"{address}?format={name}&budget=2000&preset=explain")
        preview = response.context["export"].text
        download = ana.get(f"{address}export.{suffix}?budget=2000&preset=explain&for=llm")
        assert text(download) == preview
        assert "attachment" in download["Content-Disposition"]


@pytest.mark.parametrize(
    "query", ["?budget=5", "?budget=many", "?preset=nope", "?format=yaml", "?budget=999999999"]
)
def test_an_export_that_makes_no_sense_is_refused(ana: Client, query: str) -> None:
    address = look_up(ana)
    assert ana.get(f"{address}{query}").status_code == 400


def test_an_unknown_file_ending_is_refused(ana: Client) -> None:
    assert ana.get(f"{look_up(ana)}export.exe").status_code == 400


def test_a_refresh_asks_again_under_a_new_address(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    ana.get(address)
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    again = ana.post(f"{address}again/")["Location"]
    assert again != address
    assert ana.get(again).context["lookup"].events == 2


def test_a_purged_answer_has_its_own_page(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    purge_answers(list(Lookup.objects.all()))
    response = ana.get(address)
    assert response.status_code == 410
    assert "again" in text(response)


def test_an_event_not_among_the_first_fifty_opens_on_its_own_page(
    ana: Client, connected: DemoSentry
) -> None:
    for place in range(51):
        connected.world.add_event(user_id="5", timestamp=MOMENT + timedelta(seconds=place))
    address = look_up(ana, customer="5")
    page = text(ana.get(address))
    far = max(connected.world.events, key=lambda event: event.timestamp)
    assert f"{address}events/{far.id}/" in page
    assert ana.get(f"{address}events/{far.id}/").status_code == 200
    assert ana.get(f"{address}events/{'0' * 32}/").status_code == 404
