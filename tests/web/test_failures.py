"""Each failure has a plain page, and only complete results say that there are no errors."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.lookups.models import Lookup
from tests.conftest import NOW, just_now, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def test_no_errors_is_confirmed_only_for_complete_results(ana: Client) -> None:
    confirmed = text(ana.get(look_up(ana, customer="nobody")))
    assert "We have not seen this customer where we searched" in confirmed
    open_window = text(ana.get(look_up(ana, customer="nobody", at=just_now().isoformat())))
    assert "so far" in open_window
    assert "We have not seen this customer where we searched" not in open_window
    old = (NOW - timedelta(days=200)).isoformat()
    assert "incomplete" in text(ana.get(look_up(ana, customer="nobody", at=old)))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"status": 403, "body": "{}"}, "our key doesn't have the access this needs"),
        ({"status": 400, "body": '{"detail": "Invalid quote"}'}, "didn't accept this search"),
        ({"status": 410, "body": "{}"}, "turned off an address that Triage uses"),
        ({"status": 200, "body": '{"data": [{"id"'}, "could not be read"),
    ],
)
def test_each_refusal_returns_503_with_a_plain_message(
    ana: Client, connected: DemoSentry, fault: dict[str, object], message: str
) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, **fault)
    response = ana.get(address)
    page = text(response)
    assert response.status_code == 503
    assert message in unescape(page)
    assert "No errors" not in page
    assert "Traceback" not in page
    assert "demo-token" not in page
    assert "1001" in page


def test_rate_limit_shows_wait(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, status=429, headers={"Retry-After": "90"})
    response = ana.get(address)
    assert (response.status_code, response["Retry-After"]) == (503, "90")
    assert "90 s" in text(response)


def test_failed_lookup_succeeds_once_sentry_recovers(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=1, status=403)
    assert ana.get(address).status_code == 503
    assert ana.get(address).status_code == 200


def test_failure_details_are_shown_only_to_admins(
    ana: Client, connected: DemoSentry, admin: User
) -> None:
    address = look_up(ana)
    connected.fail("/acme/events/", times=None, status=401, body='{"detail": "Invalid token"}')
    assert "Invalid token" not in text(ana.get(address))
    assert "Invalid token" in text(signed_in(admin).get(address))


def test_site_is_ready_while_sentry_is_down(connected: DemoSentry, client: Client) -> None:
    connected.stop()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["sentry"] == "unreachable"


def test_title_says_no_errors_only_when_confirmed(ana: Client) -> None:
    assert "<title>No errors ·" in text(ana.get(look_up(ana, customer="nobody")))
    unconfirmed = text(ana.get(look_up(ana, customer="nobody", at=just_now().isoformat())))
    assert "<title>Not sure yet ·" in unconfirmed


def test_query_echoed_by_sentry_is_not_recorded(ana: Client, connected: DemoSentry) -> None:
    body = '{"detail": "Invalid: user.email:\\"jane@example.com\\""}'
    connected.fail("/acme/events/", times=None, status=400, body=body)
    ana.get(look_up(ana, customer="jane@example.com"))
    assert "jane" not in Lookup.objects.get().problem_detail
