"""The progress page of a slow lookup: polling, outcomes, and cancellation."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from apps.lookups import throttling
from apps.lookups.models import Lookup, Outcome
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT, lists_asked, signed_in
from tests.demo_sentry import DemoSentry
from tests.lookups.background import end_all, until, wait_for_idle
from tests.web.asking import look_up, text
from tests.web.faulty import locked_database
from tests.web.pages import Page
from tests.web.test_api import REQUEST, post
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db(transaction=True)

HANG_S = 20


@pytest.fixture
def live(ana: Client, connected: DemoSentry) -> Iterator[Client]:
    """Return Ana's browser, with scripts detected."""
    ana.cookies["triage_live"] = "1"
    yield ana
    connected.stop()
    end_all()


def progress(client: Client, address: str) -> dict[str, object]:
    response = client.get(f"{address}progress")
    assert response.status_code == 200
    data: dict[str, object] = response.json()
    return data


def wait_for_state(client: Client, address: str, state: str) -> None:
    until(lambda: progress(client, address)["state"] == state)


def start_hanging_lookup(client: Client, demo: DemoSentry, *, path: str = "/acme/events/") -> str:
    """Return the URL of a lookup that Sentry does not answer."""
    demo.fail(path, times=None, delay_s=HANG_S)
    address = look_up(client)
    assert "Looking for what went wrong" in text(client.get(address))
    return address


def test_browser_with_scripts_gets_progress_page_immediately(
    live: Client, connected: DemoSentry
) -> None:
    address = start_hanging_lookup(live, connected)
    response = live.get(address)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    page = Page(text(response))
    (bar,) = page.all("progress")
    assert float(bar["value"]) < float(bar["max"]) == 1
    assert f"{address}cancel/" in [form["action"] for form in page.all("form")]
    assert page.all("noscript")
    assert not [one for _tag, one in page.tags if "style" in one or any(n[:2] == "on" for n in one)]
    assert all(script["src"].startswith("/static/") for script in page.all("script"))
    assert "1001" in page.text
    assert "No errors" not in page.text


def test_message_waits_for_the_result(live: Client, connected: DemoSentry) -> None:
    connected.fail("/acme/events/", times=1, delay_s=1)
    ticket = f"User id: 1001. It broke on {MOMENT:%Y-%m-%d} at {MOMENT:%H:%M} UTC."
    address = live.post("/tickets/", {"text": ticket, "zone": "UTC"})["Location"]
    said = "Read from the ticket. Check the customer and the time."
    assert said not in text(live.get(address))
    assert said in text(live.get(f"{address}?wait=1"))


def test_browser_without_scripts_waits_for_result(ana: Client, connected: DemoSentry) -> None:
    connected.settings.latency_s = 0.2
    assert "The payment was declined." in text(ana.get(look_up(ana)))


def test_wait_parameter_returns_result_directly(live: Client, connected: DemoSentry) -> None:
    connected.settings.latency_s = 0.2
    assert "The payment was declined." in text(live.get(f"{look_up(live)}?wait=1"))


def test_quick_lookup_skips_progress_page(live: Client) -> None:
    address = look_up(live)
    live.get(address)  # even on a slow machine, the next request shows the result
    wait_for_state(live, address, "done")
    assert "The payment was declined." in text(live.get(address))


def test_progress_reports_state_and_events_in_plain_words(
    live: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, title="<b>jane@example.com</b>", level="fatal"
    )
    address = start_hanging_lookup(live, connected, path=r"/issues/\d+/events/")
    until(lambda: progress(live, address)["events_found"] == 2)
    data = progress(live, address)
    assert data["state"] == "asking"
    assert data["sentence"] == "0 of 2 problems read, 2 events"
    assert data["known"] == 4
    assert isinstance(data["share"], float)
    assert 0.3 <= data["share"] < 1
    assert isinstance(data["events"], list)
    local = {(row["time"], row["iso"]) for row in data["events"]}
    assert len(local) == 1
    assert local.pop()[1] == f"{MOMENT:%Y-%m-%dT%H:%M:%S}Z"
    assert {row["level"] for row in data["events"]} == {"error", "fatal"}
    assert "The payment was declined." in [row["sentence"] for row in data["events"]]
    assert "jane" not in str(data)


def test_progress_never_claims_no_errors_before_completion(
    live: Client, connected: DemoSentry
) -> None:
    connected.fail("/acme/events/", times=None, delay_s=HANG_S)
    address = look_up(live, customer="nobody")
    sentence = str(progress(live, address)["sentence"])
    assert sentence == "Asking Sentry for this customer’s events."


def test_other_peoples_progress_returns_404(
    live: Client, connected: DemoSentry, other_agent: User, outsider: User, client: Client
) -> None:
    address = start_hanging_lookup(live, connected)
    for person in (other_agent, outsider):
        assert signed_in(person).get(f"{address}progress").status_code == 404
        assert signed_in(person).post(f"{address}cancel/").status_code == 404
    assert client.get(f"{address}progress").status_code == 302
    assert client.post(f"{address}cancel/").status_code == 302
    assert progress(live, address)["state"] == "asking"


def test_polling_alone_starts_lookup(live: Client, connected: DemoSentry) -> None:
    address = look_up(live)
    wait_for_state(live, address, "done")
    assert lists_asked(connected) == 1


def test_canceled_lookup_claims_nothing_about_customer(live: Client, connected: DemoSentry) -> None:
    address = start_hanging_lookup(live, connected)
    stopped = live.post(f"{address}cancel/")
    assert (stopped.status_code, stopped["Location"]) == (303, address)
    response = live.get(address)
    page = text(response)
    assert response.status_code == 409
    assert "stopped before it finished" in page
    assert "we can’t say anything about this customer" in page
    assert "No errors" not in page
    assert f"{address}again/" in page
    assert Lookup.objects.get().outcome == Outcome.CANCELLED
    for part in ("export.md", "export.json", "export/panel/", f"events/{'0' * 32}/"):
        answer = live.get(f"{address}{part}")
        assert answer.status_code == 409
        assert "stopped before it finished" in text(answer)


def test_canceled_lookup_can_be_repeated_as_new_lookup(live: Client, connected: DemoSentry) -> None:
    address = start_hanging_lookup(live, connected)
    live.post(f"{address}cancel/")
    connected.clear()
    again = live.post(f"{address}again/")["Location"]
    wait_for_state(live, again, "done")
    assert "The payment was declined." in text(live.get(again))
    assert live.get(address).status_code == 409


def test_cancel_requires_post_with_csrf_token(agent: User, live: Client) -> None:
    address = look_up(live)
    assert live.get(f"{address}cancel/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    assert strict.post(f"{address}cancel/").status_code == 403
    assert Lookup.objects.get().outcome == Outcome.PENDING


def test_cancel_reaches_browser_waiting_without_scripts(ana: Client, connected: DemoSentry) -> None:
    connected.fail("/acme/events/", times=None, delay_s=HANG_S)
    address = look_up(ana)

    def open_result() -> int:
        try:
            return ana.get(address).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(open_result)
        until(lambda: progress(ana, address)["state"] == "asking")
        ana.post(f"{address}cancel/")
        assert status.result(timeout=10) == 409
    connected.stop()
    end_all()


def test_cancel_reaches_waiting_api_client(ana: Client, agent: User, connected: DemoSentry) -> None:
    connected.fail("/acme/events/", times=None, delay_s=HANG_S)
    token = token_of(agent)

    def request_lookup() -> tuple[int, str]:
        try:
            response = post(token, REQUEST)
            return response.status_code, response.json()["code"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        refused = pool.submit(request_lookup)
        until(Lookup.objects.exists)
        address = f"/lookups/{Lookup.objects.get().uuid}/"
        assert ana.post(f"{address}cancel/").status_code == 303
        assert refused.result(timeout=10) == (409, "cancelled")
    connected.stop()
    end_all()


def test_failure_shows_error_page_and_retry_starts_new_request(
    live: Client, connected: DemoSentry
) -> None:
    fault = {"status": 429, "headers": {"Retry-After": "90"}, "delay_s": 0.6}
    connected.fail("/acme/events/", times=1, **fault)
    address = look_up(live)
    wait_for_state(live, address, "failed")
    response = live.get(address)
    assert response.status_code == 503
    assert response["Retry-After"] == "90"
    assert "we've reached its limit on requests" in unescape(text(response))
    assert progress(live, address)["state"] in ("asking", "failed")


def test_result_purged_while_waiting_returns_410(live: Client, connected: DemoSentry) -> None:
    address = start_hanging_lookup(live, connected)
    purge_answers(list(Lookup.objects.all()))
    assert progress(live, address)["state"] == "purged"
    assert live.get(address).status_code == 410


def test_hanging_sentry_leaves_threads_for_other_pages(
    ana: Client, connected: DemoSentry, settings: Settings
) -> None:
    ready = look_up(ana)
    assert ana.get(ready).status_code == 200
    settings.TRIAGE_MOST_WAITING = 4
    connected.fail("/acme/events/", times=None, delay_s=HANG_S)
    addresses = [look_up(ana, customer=f"slow {place}") for place in range(3)]

    def open_result(address: str) -> int:
        try:
            return ana.get(address).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool, ExitStack() as held:
        pending = [pool.submit(open_result, address) for address in addresses[:2]]
        for address in addresses[:2]:
            wait_for_state(ana, address, "asking")
        until(lambda: throttling._waiting.total() == 2)
        waiting = text(ana.get(addresses[2]))  # a page leaves the other half to exports
        assert "Waiting for a free connection to Sentry." in waiting
        assert 'content="5; url=?wait=1"' in waiting
        for _place in range(2):
            held.enter_context(throttling.request_slot(None))
        assert "Too many people are asking" in text(ana.get(f"{addresses[2]}export.md"))
        assert ana.get(ready).status_code == 200
        assert ana.get("/healthz").status_code == 200
        connected.stop()
        assert [one.result(timeout=30) for one in pending] == [503, 503]
    settings.TRIAGE_MOST_WAITING = 2  # all slots were released
    assert "couldn&#x27;t reach Sentry" in text(ana.get(addresses[2]))
    end_all()


def test_form_and_result_load_live_script(ana: Client) -> None:
    for address in ("/", look_up(ana)):
        assert "web/js/live.js" in text(ana.get(address))


def test_unrecorded_result_appears_once_the_database_is_back(
    live: Client, connected: DemoSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
    connected.settings.latency_s = 0.5
    address = look_up(live)
    assert "Looking for what went wrong" in text(live.get(address))
    with locked_database():
        wait_for_idle()
    calls = len(connected.calls)
    assert progress(live, address)["state"] != "failed"
    wait_for_state(live, address, "done")
    page = text(live.get(address))
    assert "The payment was declined." in page
    assert "old. " not in page
    assert len(connected.calls) == calls
