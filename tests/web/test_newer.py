"""What came in since a young window was looked at."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.demo.server import DemoSentry
from apps.lookups import cache
from apps.lookups.models import Lookup
from tests.conftest import MOMENT, lists_asked
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def just_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def young(client: Client, now: datetime) -> str:
    address = look_up(client, at=now.isoformat())
    assert f'data-newer="{address}newer"' in text(client.get(address))
    return address


def test_new_events_of_a_young_window_are_counted(ana: Client, connected: DemoSentry) -> None:
    now = just_now()
    address = young(ana, now)
    for seconds in (1, 2):
        at = now - timedelta(seconds=seconds)
        connected.world.add_event(user_id="1001", timestamp=at, project="web", title="late")
    told = ana.get(f"{address}newer").json()
    assert told == {"new": 2, "sentence": "2 new events since you last looked."}


def test_sentry_is_asked_once_for_all_who_look(ana: Client, connected: DemoSentry) -> None:
    address = young(ana, just_now())
    before = lists_asked(connected)
    assert ana.get(f"{address}newer").json() == {"new": 0, "sentence": ""}
    assert ana.get(f"{address}newer").json()["new"] == 0
    assert lists_asked(connected) == before + 1


def test_a_settled_window_is_not_asked_about(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    assert "data-newer" not in text(ana.get(address))
    before = lists_asked(connected)
    assert ana.get(f"{address}newer").json() == {"new": None, "sentence": ""}
    assert lists_asked(connected) == before


def test_when_sentry_fails_nothing_is_said_to_be_nothing(
    ana: Client, connected: DemoSentry
) -> None:
    address = young(ana, just_now())
    connected.fail(r"/acme/events/", times=None, status=403, body="{}")
    assert ana.get(f"{address}newer").json() == {"new": None, "sentence": ""}


def test_while_somebody_is_at_it_nothing_is_known(ana: Client) -> None:
    address = young(ana, just_now())
    key = Lookup.objects.get(uuid=address.split("/")[2]).cache_key
    cache.add(f"{key}/ids/asked", 1, 50)
    assert ana.get(f"{address}newer").json()["new"] is None


def test_nobody_asks_about_the_lookups_of_others(ana: Client, other_agent: object) -> None:
    address = look_up(ana, at=MOMENT.isoformat())
    stranger = Client()
    stranger.force_login(other_agent)  # type: ignore[arg-type]
    assert stranger.get(f"{address}newer").status_code == 404
