"""The page of a lookup that takes longer: how far it is, how it ends, and stopping it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from pytest_django import Settings

from apps.demo.server import DemoSentry
from apps.lookups.models import Lookup, Outcome
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT, lists_asked, signed_in
from tests.lookups.background import end_all, until
from tests.web.asking import look_up, text
from tests.web.pages import Page
from tests.web.test_api import ASKED, post
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db(transaction=True)

LONG_S = 20


@pytest.fixture
def live(ana: Client, connected: DemoSentry) -> Iterator[Client]:
    """Ana's browser, as it is known to run scripts."""
    ana.cookies["triage_live"] = "1"
    yield ana
    connected.stop()
    end_all()


def told(client: Client, address: str) -> dict[str, object]:
    response = client.get(f"{address}progress")
    assert response.status_code == 200
    said: dict[str, object] = response.json()
    return said


def reach(client: Client, address: str, state: str) -> None:
    until(lambda: told(client, address)["state"] == state)


def waiting(client: Client, demo: DemoSentry, *, path: str = "/acme/events/") -> str:
    """The address of a lookup that Sentry does not answer."""
    demo.fail(path, times=None, delay_s=LONG_S)
    address = look_up(client)
    assert "Looking for what went wrong" in text(client.get(address))
    return address


def test_a_browser_with_scripts_gets_a_page_to_wait_on_at_once(
    live: Client, connected: DemoSentry
) -> None:
    address = waiting(live, connected)
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


def test_a_browser_without_scripts_simply_waits(ana: Client, connected: DemoSentry) -> None:
    connected.settings.latency_s = 0.2
    assert "The payment was declined." in text(ana.get(look_up(ana)))


def test_asking_to_wait_leads_to_the_answer_itself(live: Client, connected: DemoSentry) -> None:
    connected.settings.latency_s = 0.2
    assert "The payment was declined." in text(live.get(f"{look_up(live)}?wait=1"))


def test_a_quick_answer_needs_no_page_to_wait_on(live: Client) -> None:
    address = look_up(live)
    live.get(address)  # whatever the machine is busy with, the next look finds it
    reach(live, address, "done")
    assert "The payment was declined." in text(live.get(address))


def test_the_script_is_told_how_far_it_is_in_words_of_our_own(
    live: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, title="<b>jane@example.com</b>", level="fatal"
    )
    address = waiting(live, connected, path=r"/issues/\d+/events/")
    until(lambda: told(live, address)["events_found"] == 2)
    said = told(live, address)
    assert said["state"] == "asking"
    assert said["sentence"] == "0 of 2 problems read, 2 events"
    assert said["known"] == 4
    assert isinstance(said["share"], float)
    assert 0.3 <= said["share"] < 1
    assert isinstance(said["events"], list)
    local = {(row["time"], row["iso"]) for row in said["events"]}
    assert len(local) == 1
    assert local.pop()[1] == f"{MOMENT:%Y-%m-%dT%H:%M:%S}Z"
    assert {row["level"] for row in said["events"]} == {"error", "fatal"}
    assert "The payment was declined." in [row["sentence"] for row in said["events"]]
    assert "jane" not in str(said)


def test_it_is_never_said_that_there_is_nothing_while_it_is_not_known(
    live: Client, connected: DemoSentry
) -> None:
    connected.fail("/acme/events/", times=None, delay_s=LONG_S)
    address = look_up(live, customer="nobody")
    sentence = str(told(live, address)["sentence"])
    assert sentence == "Asking Sentry for this customer's events."


def test_the_progress_of_somebody_else_does_not_exist(
    live: Client, connected: DemoSentry, other_agent: User, outsider: User, client: Client
) -> None:
    address = waiting(live, connected)
    for person in (other_agent, outsider):
        assert signed_in(person).get(f"{address}progress").status_code == 404
        assert signed_in(person).post(f"{address}cancel/").status_code == 404
    assert client.get(f"{address}progress").status_code == 302
    assert client.post(f"{address}cancel/").status_code == 302
    assert told(live, address)["state"] == "asking"


def test_polling_alone_begins_the_asking(live: Client, connected: DemoSentry) -> None:
    address = look_up(live)
    reach(live, address, "done")
    assert lists_asked(connected) == 1


def test_a_stopped_lookup_says_plainly_that_nothing_can_be_said(
    live: Client, connected: DemoSentry
) -> None:
    address = waiting(live, connected)
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


def test_a_stopped_lookup_can_be_asked_again_under_a_record_of_its_own(
    live: Client, connected: DemoSentry
) -> None:
    address = waiting(live, connected)
    live.post(f"{address}cancel/")
    connected.clear()
    again = live.post(f"{address}again/")["Location"]
    reach(live, again, "done")
    assert "The payment was declined." in text(live.get(again))
    assert live.get(address).status_code == 409


def test_stopping_needs_a_post_of_our_own_page(agent: User, live: Client) -> None:
    address = look_up(live)
    assert live.get(f"{address}cancel/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    assert strict.post(f"{address}cancel/").status_code == 403
    assert Lookup.objects.get().outcome == Outcome.PENDING


def test_somebody_who_waits_without_scripts_is_told_of_the_stop(
    ana: Client, connected: DemoSentry
) -> None:
    connected.fail("/acme/events/", times=None, delay_s=LONG_S)
    address = look_up(ana)

    def open_it() -> int:
        try:
            return ana.get(address).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(open_it)
        until(lambda: told(ana, address)["state"] == "asking")
        ana.post(f"{address}cancel/")
        assert status.result(timeout=10) == 409
    connected.stop()
    end_all()


def test_a_program_is_told_of_the_stop(ana: Client, agent: User, connected: DemoSentry) -> None:
    connected.fail("/acme/events/", times=None, delay_s=LONG_S)
    token = token_of(agent)

    def ask() -> tuple[int, str]:
        try:
            response = post(token, ASKED)
            return response.status_code, response.json()["code"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        said = pool.submit(ask)
        until(Lookup.objects.exists)
        address = f"/lookups/{Lookup.objects.get().uuid}/"
        assert ana.post(f"{address}cancel/").status_code == 303
        assert said.result(timeout=10) == (409, "cancelled")
    connected.stop()
    end_all()


def test_a_failure_ends_on_its_page_and_trying_again_asks_anew(
    live: Client, connected: DemoSentry
) -> None:
    fault = {"status": 429, "headers": {"Retry-After": "90"}, "delay_s": 0.6}
    connected.fail("/acme/events/", times=1, **fault)
    address = look_up(live)
    reach(live, address, "failed")
    response = live.get(address)
    assert response.status_code == 503
    assert response["Retry-After"] == "90"
    assert "we've reached its limit on requests" in unescape(text(response))
    assert told(live, address)["state"] in ("asking", "failed")


def test_what_is_purged_while_it_is_watched_has_its_page(
    live: Client, connected: DemoSentry
) -> None:
    address = waiting(live, connected)
    purge_answers(list(Lookup.objects.all()))
    assert told(live, address)["state"] == "purged"
    assert live.get(address).status_code == 410


def test_a_hanging_sentry_leaves_threads_for_pages_that_need_not_ask(
    ana: Client, connected: DemoSentry, settings: Settings
) -> None:
    ready = look_up(ana)
    assert ana.get(ready).status_code == 200
    settings.TRIAGE_MOST_WAITING = 2
    connected.fail("/acme/events/", times=None, delay_s=LONG_S)
    addresses = [look_up(ana, customer=f"slow {place}") for place in range(3)]

    def open_it(address: str) -> int:
        try:
            return ana.get(address).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(open_it, address) for address in addresses[:2]]
        for address in addresses[:2]:
            reach(ana, address, "asking")
        until(lambda: ana.get(addresses[2]).status_code == 503)
        crowded = ana.get(addresses[2])
        assert "Too many people are asking Sentry at the same time." in text(crowded)
        assert crowded["Retry-After"] == "5"
        assert ana.get(ready).status_code == 200
        assert ana.get("/healthz").status_code == 200
        connected.stop()
        assert [one.result(timeout=30) for one in held] == [503, 503]
    settings.TRIAGE_MOST_WAITING = 1  # all places were given back
    assert "could not reach" in text(ana.get(addresses[2]))
    end_all()


def test_following_is_asked_for_by_the_form_and_by_each_result(ana: Client) -> None:
    for address in ("/", look_up(ana)):
        assert "web/js/live.js" in text(ana.get(address))
