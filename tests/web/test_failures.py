"""Each failure has a plain page, and nothing is said to be sure that is not."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup
from tests.conftest import NOW, just_now, signed_in
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def test_nothing_is_said_to_be_sure_only_where_it_is(ana: Client) -> None:
    sure = text(ana.get(look_up(ana, customer="nobody")))
    assert "No errors for this customer in this window." in sure
    open_window = text(ana.get(look_up(ana, customer="nobody", at=just_now().isoformat())))
    assert "so far" in open_window
    assert "No errors for this customer in this window." not in open_window
    old = (NOW - timedelta(days=200)).isoformat()
    assert "incomplete" in text(ana.get(look_up(ana, customer="nobody", at=old)))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"status": 401, "body": '{"detail": "Invalid token"}'}, "does not accept our key"),
        ({"status": 403, "body": "{}"}, "our key doesn't have the access this needs"),
        ({"status": 404, "body": ""}, "doesn't recognize our organization"),
        ({"status": 400, "body": '{"detail": "Invalid quote"}'}, "didn't accept this search"),
        ({"status": 500, "body": "oops"}, "having problems of its own"),
        ({"status": 502, "body": "<html>bad</html>"}, "having problems of its own"),
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
    assert sentence in unescape(page)
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


def test_a_dead_sentry_does_not_take_the_site_away(connected: DemoSentry, client: Client) -> None:
    connected.stop()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["sentry"] == "unreachable"


def test_the_tab_says_no_errors_only_where_that_is_sure(ana: Client) -> None:
    assert "<title>No errors ·" in text(ana.get(look_up(ana, customer="nobody")))
    unsure = text(ana.get(look_up(ana, customer="nobody", at=just_now().isoformat())))
    assert "<title>Not sure yet ·" in unsure


def test_what_sentry_repeats_of_the_question_is_not_recorded(
    ana: Client, connected: DemoSentry
) -> None:
    body = '{"detail": "Invalid: user.email:\\"jane@example.com\\""}'
    connected.fail("/acme/events/", times=None, status=400, body=body)
    ana.get(look_up(ana, customer="jane@example.com"))
    assert "jane" not in Lookup.objects.get().problem_detail
