"""From one result to the next: refresh, earlier, later, wider, and recent lookups."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.events.query import Move, apply_move
from apps.lookups.models import Lookup
from tests.conftest import MOMENT, question
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def submit_move(client: Client, address: str, move: str) -> Lookup:
    response = client.post(f"{address}move/", {"move": move})
    assert response.status_code == 303, text(response)
    return Lookup.objects.get(uuid=str(response["Location"]).split("/")[2])


def test_result_includes_prefilled_form(ana: Client) -> None:
    page = text(ana.get(look_up(ana, window=7)))
    bar = re.search(r'<form[^>]*class="ask-bar".*?</form>', page, re.DOTALL)
    assert bar
    assert 'value="1001"' in bar[0]
    assert 'name="window" value="7"' in bar[0]
    assert "<option selected>Europe/Berlin</option>" in bar[0]


@pytest.mark.parametrize("minutes", [5, 15, 60])
def test_earlier_and_later_are_ten_minutes_away(ana: Client, minutes: int) -> None:
    address = look_up(ana, window=minutes)
    assert "10 min earlier" in text(ana.get(address))
    for move, distance in (("earlier", -10), ("later", 10)):
        moved = submit_move(ana, address, move)
        assert moved.moment == MOMENT + timedelta(minutes=distance)
        assert moved.minutes == minutes


def test_wider_keeps_the_reported_time(ana: Client) -> None:
    address = look_up(ana)
    wider = submit_move(ana, address, "wider")
    assert (wider.moment, wider.minutes, wider.customer) == (MOMENT, 15, "1001")


def test_now_uses_the_current_time(ana: Client) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert submit_move(ana, look_up(ana), "now").moment >= before


def test_move_keeps_project_and_environment(ana: Client) -> None:
    address = look_up(ana, project="web", environment="production")
    moved = submit_move(ana, address, "earlier")
    assert (moved.projects, moved.environments) == (["web"], ["production"])


def test_move_without_effect_redirects_back(ana: Client) -> None:
    address = look_up(ana, window=1440)
    response = ana.post(f"{address}move/", {"move": "wider"})
    assert (response.status_code, response["Location"]) == (302, address)


def test_unknown_move_is_refused(ana: Client) -> None:
    assert ana.post(f"{look_up(ana)}move/", {"move": "up"}).status_code == 400


def test_no_later_window_before_current_one_ends() -> None:
    current = question("1001")
    assert apply_move(current, Move.LATER, current.window.end) is None
    soon = current.window.end + timedelta(minutes=1)
    moved = apply_move(current, Move.LATER, soon)
    assert moved
    assert moved.window.moment == soon


def test_recent_lookups_have_no_duplicates(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    look_up(ana)
    look_up(ana, customer="jane@example.com")
    page = text(ana.get("/"))
    rows = re.findall(r'class="recent-who"><bdi>(.*?)</bdi>', page)
    assert rows == ["jane@example.com", "1001"]
    assert "1 problem" not in rows


def test_recent_lookups_count_problems_as_the_result_does(
    ana: Client, connected: DemoSentry, agent: User
) -> None:
    connected.world.add_event(
        user_id="1001",
        timestamp=MOMENT + timedelta(minutes=3),
        project="web",
        title="The cart was saved",
        level="info",
        handled=True,
    )
    page = text(ana.get(look_up(ana)))
    facts = re.findall(r"<li>(\d+ problems?)</li>", page)
    listed = re.search(r'class="recent-what">(.*?)</span>', text(ana.get("/")))
    assert listed
    assert facts == [listed[1]]
    assert "1 note or warning in the background" in page
    Lookup.objects.update(problems=None)
    assert f"{Lookup.objects.get().issues} issues" in text(ana.get("/")), "before this was counted"


def test_recent_lookups_exclude_other_people(ana: Client, lead: User) -> None:
    look_up(ana)
    other = Client()
    other.force_login(lead)
    assert "recent-who" not in text(other.get("/"))


def test_refresh_counts_new_events_since_last_view(
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


def test_incomplete_result_never_says_nothing_new(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana, at=(MOMENT - timedelta(days=400)).isoformat())
    assert "The window goes back further than" in text(ana.get(address))
    again = ana.post(f"{address}again/")["Location"]
    assert "since you last looked" not in text(ana.get(again))


def test_collapsed_event_details_load_on_demand(ana: Client, connected: DemoSentry) -> None:
    event = connected.world.add_event(
        user_id="1001", timestamp=MOMENT + timedelta(seconds=40), project="web", title="later one",
        extra={"cart": "blue shoes"},
    )  # fmt: skip
    address = look_up(ana)
    assert "blue shoes" not in _before_the_export(text(ana.get(address)))
    assert "blue shoes" in text(ana.get(f"{address}events/{event.id}/brief/"))


def _before_the_export(page: str) -> str:
    return page.split('id="export-text"', maxsplit=1)[0]


def test_customers_time_zone_is_shown_if_the_device_reports_it(
    ana: Client, connected: DemoSentry
) -> None:
    connected.world.add_event(
        user_id="77", timestamp=MOMENT, project="web", platform="javascript",
        contexts={"culture": {"timezone": "Asia/Tokyo"}},
    )  # fmt: skip
    page = text(ana.get(look_up(ana, customer="77")))
    assert "Asia/Tokyo for the customer" in page
