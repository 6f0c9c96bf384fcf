"""From one result to the next: again, earlier, later, wider, and back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.demo.server import DemoSentry
from apps.events.query import Move, apply_move
from apps.lookups.models import Lookup
from tests.conftest import MOMENT, question
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def go(client: Client, address: str, move: str) -> Lookup:
    response = client.post(f"{address}move/", {"move": move})
    assert response.status_code == 303, text(response)
    return Lookup.objects.get(uuid=str(response["Location"]).split("/")[2])


def test_the_form_stands_above_the_result_with_what_was_asked(ana: Client) -> None:
    page = text(ana.get(look_up(ana, window=7)))
    bar = re.search(r'<form[^>]*id="ask".*?</form>', page, re.DOTALL)
    assert bar
    assert 'value="1001"' in bar[0]
    assert 'name="window" value="7"' in bar[0]
    assert "<option selected>Europe/Berlin</option>" in bar[0]


def test_earlier_and_later_are_the_windows_that_join_this_one(ana: Client) -> None:
    address = look_up(ana)
    assert go(ana, address, "earlier").moment == MOMENT - timedelta(minutes=10)
    assert go(ana, address, "later").moment == MOMENT + timedelta(minutes=10)


def test_wider_keeps_the_moment(ana: Client) -> None:
    address = look_up(ana)
    wider = go(ana, address, "wider")
    assert (wider.moment, wider.minutes, wider.customer) == (MOMENT, 15, "1001")


def test_now_is_now(ana: Client) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert go(ana, look_up(ana), "now").moment >= before


def test_project_and_environment_are_kept(ana: Client) -> None:
    address = look_up(ana, project="web", environment="production")
    onward = go(ana, address, "earlier")
    assert (onward.projects, onward.environments) == (["web"], ["production"])


def test_a_move_that_leads_nowhere_stays(ana: Client) -> None:
    address = look_up(ana, window=1440)
    response = ana.post(f"{address}move/", {"move": "wider"})
    assert (response.status_code, response["Location"]) == (302, address)


def test_no_move_at_all_is_refused(ana: Client) -> None:
    assert ana.post(f"{look_up(ana)}move/", {"move": "up"}).status_code == 400


def test_there_is_no_later_window_before_this_one_has_ended() -> None:
    asked = question("1001")
    assert apply_move(asked, Move.LATER, asked.window.end) is None
    soon = asked.window.end + timedelta(minutes=1)
    onward = apply_move(asked, Move.LATER, soon)
    assert onward
    assert onward.window.moment == soon


def test_the_last_lookups_are_offered_each_question_once(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    look_up(ana)
    look_up(ana, customer="jane@example.com")
    page = text(ana.get("/"))
    rows = re.findall(r'class="recent-who"><bdi>(.*?)</bdi>', page)
    assert rows == ["jane@example.com", "1001"]
    assert "1 problem" not in rows


def test_nobody_sees_the_lookups_of_others(ana: Client, lead: User) -> None:
    look_up(ana)
    other = Client()
    other.force_login(lead)
    assert "recent-who" not in text(other.get("/"))


def test_a_refresh_says_what_is_new_since_to_who_looked_before(
    ana: Client, lead: User, connected: DemoSentry
) -> None:
    address = look_up(ana)
    assert "since you last looked" not in text(ana.get(address))
    connected.world.add_event(user_id="1001", timestamp=MOMENT, project="web", title="late")
    again = ana.post(f"{address}again/")["Location"]
    assert "1 new event since you last looked" in text(ana.get(again)).replace("\u202f", "")
    reader = Client()
    reader.force_login(lead)
    assert "since you last looked" not in text(reader.get(again))
    once_more = ana.post(f"{address}again/")["Location"]
    assert "Nothing new since you last looked" in text(ana.get(once_more))


def test_that_nothing_is_new_is_not_said_where_not_all_was_read(
    ana: Client, connected: DemoSentry
) -> None:
    address = look_up(ana, at=(MOMENT - timedelta(days=400)).isoformat())
    assert "The window goes back further than" in text(ana.get(address))
    again = ana.post(f"{address}again/")["Location"]
    assert "since you last looked" not in text(ana.get(again))


def test_a_result_reads_the_bodies_of_folded_events_only_when_they_are_opened(
    ana: Client, connected: DemoSentry
) -> None:
    event = connected.world.add_event(
        user_id="1001", timestamp=MOMENT + timedelta(seconds=40), project="web", title="later one",
        extra={"cart": "blue shoes"},
    )  # fmt: skip
    address = look_up(ana)
    assert "blue shoes" not in _before_the_export(text(ana.get(address)))
    assert "blue shoes" in text(ana.get(f"{address}events/{event.id}/brief/"))


def _before_the_export(page: str) -> str:
    return page.split('id="export-text"', maxsplit=1)[0]


def test_the_customers_own_clock_is_told_where_their_device_names_it(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(
        user_id="77", timestamp=MOMENT, project="web", platform="javascript",
        contexts={"culture": {"timezone": "Asia/Tokyo"}},
    )  # fmt: skip
    page = text(ana.get(look_up(ana, customer="77")))
    assert "Asia/Tokyo for the customer" in page
