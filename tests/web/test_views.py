"""The pages through Django's client: form, result, export, rights, and every failure."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT, NOW, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

AT = MOMENT.isoformat()
HOSTILE = "<script>alert(1)</script> ![x](https://evil.example) \"onclick='x'"


def filled(**changes: object) -> dict[str, object]:
    return {"customer": "1001", "at": AT, "zone": "Europe/Berlin", "window": 5, **changes}


def look_up(client: Client, **changes: object) -> str:
    """Ask through the form; returns the address of the result."""
    response = client.post("/lookups/", filled(**changes))
    assert response.status_code == 303, text(response)
    return str(response["Location"])


def text(response: "HttpResponse | object") -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


@pytest.fixture
def ana(agent: User, connected: DemoSentry) -> Client:
    """Ana's browser, with a Sentry that has two projects and one event of customer 1001."""
    connected.world.add_event(
        user_id="1001",
        timestamp=MOMENT,
        project="web",
        exception=("PaymentDeclined", "Card declined"),
        environment="production",
    )
    connected.world.add_event(user_id="2", project="api", timestamp=MOMENT, environment="staging")
    return signed_in(agent)


def test_a_lookup_leads_from_the_form_to_the_answer(ana: Client) -> None:
    address = look_up(ana)
    assert re.fullmatch(r"/lookups/[0-9a-f-]{36}/", address)
    page = text(ana.get(address))
    assert "The payment was declined." in page
    assert "PaymentDeclined" in page


def test_posting_answers_303_at_once_and_asks_nothing(ana: Client, connected: DemoSentry) -> None:
    ana.get("/")
    connected.clear()
    assert ana.post("/lookups/", filled()).status_code == 303
    assert connected.calls == []


def test_the_customer_stands_in_no_address_and_no_title(ana: Client) -> None:
    address = look_up(ana, customer="jane@example.com")
    page = text(ana.get(address))
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert "jane" not in title[1] + address
    assert not re.findall(r'(?:href|action|src)="[^"]*jane', page)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"customer": ""}, "Please type a customer"),
        ({"customer": "   "}, "Please type a customer"),
        ({"customer": "x" * 201}, "201 characters long"),
        ({"customer": "a\tb"}, "control character"),
        ({"customer": "https://acme.sentry.io/issues/12/"}, "leads to an issue"),
        ({"at": ""}, "Please say when it happened"),
        ({"at": "soonish"}, "not a moment we can read"),
        ({"at": "2026-02-30 10:00"}, "does not exist"),
        ({"at": "2999-01-01 10:00"}, "in the future"),
        ({"at": "2025-10-26 02:30"}, "happened twice"),
        ({"at": "2025-03-30 02:30"}, "did not exist"),
        ({"window": "0"}, "between 1 and 1440"),
        ({"window": "1441"}, "between 1 and 1440"),
        ({"window": "x"}, "whole number"),
        ({"window": ""}, "how many minutes"),
        ({"zone": "Mars/Olympus"}, "do not know this time zone"),
        ({"project": "nope"}, "not one of the available choices"),
    ],
)
def test_bad_input_gets_its_own_sentence_and_stays_as_typed(
    ana: Client, changes: dict[str, str], sentence: str
) -> None:
    response = ana.post("/lookups/", filled(**changes))
    page = text(response)
    assert response.status_code == 400
    assert sentence in page
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


def test_a_zone_is_not_carried_over_to_the_next_customer(ana: Client) -> None:
    ana.get(look_up(ana, zone="Asia/Tokyo"))
    assert '<option value="UTC" selected>' in text(ana.get("/"))


def test_a_post_from_a_ticket_system_fills_the_form(ana: Client) -> None:
    page = text(ana.post("/", {"customer": "jane@example.com", "at": "2026-11-20 14:05"}))
    assert 'value="jane@example.com"' in page
    assert 'value="2026-11-20 14:05"' in page


def test_links_fill_the_form_only_where_that_is_allowed(ana: Client, settings: Settings) -> None:
    assert "jane" not in text(ana.get("/?customer=jane"))
    settings.TRIAGE_PREFILL_LINKS = True
    response = ana.get("/?customer=jane")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert 'value="jane"' in text(ana.get("/"))
    assert "jane" not in text(ana.get("/"))


def test_nothing_is_said_to_be_sure_only_where_it_is(ana: Client) -> None:
    sure = text(ana.get(look_up(ana, customer="nobody")))
    assert "No errors for this customer in this window." in sure
    open_window = text(ana.get(look_up(ana, customer="nobody", at=NOW.isoformat())))
    assert "so far" in open_window
    assert "No errors for this customer in this window." not in open_window
    old = (NOW - timedelta(days=200)).isoformat()
    assert "not complete" in text(ana.get(look_up(ana, customer="nobody", at=old)))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"status": 401, "body": '{"detail": "Invalid token"}'}, "does not accept our key"),
        ({"status": 403, "body": "{}"}, "may not read"),
        ({"status": 404, "body": ""}, "does not know our organization"),
        ({"status": 400, "body": '{"detail": "Invalid quote"}'}, "did not accept the question"),
        ({"status": 500, "body": "oops"}, "a fault of its own"),
        ({"status": 502, "body": "<html>bad</html>"}, "a fault of its own"),
        ({"status": 504, "body": ""}, "did not answer in time"),
        ({"status": 200, "body": "<html>sign in</html>"}, "could not be read"),
        ({"status": 200, "body": '{"data": [{"id"'}, "could not be read"),
        ({"drop": "middle"}, "could not reach Sentry"),
        ({"drop": "before"}, "could not reach Sentry"),
    ],
)
def test_each_failure_has_a_plain_page_with_status_503(
    ana: Client, connected: DemoSentry, fault: dict[str, object], sentence: str
) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, **fault)
    response = ana.get(address)
    page = text(response)
    assert response.status_code == 503
    assert sentence in page
    assert "No errors" not in page
    assert "Traceback" not in page
    assert "demo-token" not in page
    assert "1001" in page


def test_a_rate_limit_says_how_long_to_wait(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, status=429, headers={"Retry-After": "90"})
    response = ana.get(address)
    assert (response.status_code, response["Retry-After"]) == (503, "90")
    assert "90 s" in text(response)


def test_a_failed_lookup_answers_once_sentry_is_back(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=1, status=403)
    assert ana.get(address).status_code == 503
    assert ana.get(address).status_code == 200


def test_the_detail_of_a_failure_is_for_reviewers_only(
    ana: Client, connected: DemoSentry, admin: User
) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, status=401, body='{"detail": "Invalid token"}')
    assert "Invalid token" not in text(ana.get(address))
    assert "Invalid token" in text(signed_in(admin).get(address))


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


def test_nobody_gets_in_without_signing_in(connected: DemoSentry, client: Client) -> None:
    for address in ("/", "/accounts/preferences/", "/admin/lookups/lookup/"):
        response = client.get(address)
        assert response.status_code == 302
        assert "login" in response["Location"]


def test_only_health_and_sign_in_are_open(connected: DemoSentry, client: Client) -> None:
    connected.world.add_project("web")
    assert client.get("/accounts/login/").status_code == 200
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"database": "ok", "cache": "ok", "sentry": "ok"}


def test_a_dead_sentry_does_not_take_the_site_away(connected: DemoSentry, client: Client) -> None:
    connected.stop()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["sentry"] == "unreachable"


def test_a_lookup_of_somebody_else_does_not_exist_for_an_agent(
    ana: Client, other_agent: User, admin: User, outsider: User
) -> None:
    address = look_up(ana)
    for path in (address, f"{address}export.md", f"{address}events/{'0' * 32}/"):
        assert signed_in(other_agent).get(path).status_code == 404
        assert signed_in(outsider).get(path).status_code == 404
    assert signed_in(other_agent).post(f"{address}again/").status_code == 404
    assert signed_in(admin).get(address).status_code == 200


def test_an_account_without_a_role_may_not_look_up(outsider: User, connected: DemoSentry) -> None:
    client = signed_in(outsider)
    assert client.get("/").status_code == 403
    assert client.post("/lookups/", filled()).status_code == 403


def test_pages_are_not_kept_and_the_policy_is_strict(ana: Client) -> None:
    response = ana.get(look_up(ana))
    assert response["Cache-Control"] == "no-store"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]+ style=|<[^>]+ on\w+=|<script(?![^>]* src=)", text(response))


def test_signing_in_with_a_password_works_and_a_wrong_one_does_not(
    agent: User, connected: DemoSentry, client: Client
) -> None:
    connected.world.add_project("web")
    wrong = client.post("/accounts/login/", {"username": "ana", "password": "wrong"})
    assert wrong.status_code == 200
    right = client.post("/accounts/login/", {"username": "ana", "password": "ana-password"})
    assert right["Location"] == "/"
