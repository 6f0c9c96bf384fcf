"""Polling for events that arrived after a recent window was looked up."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from apps.lookups import cache
from apps.lookups.models import Lookup
from tests.conftest import MOMENT, lists_asked
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db


def just_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def look_up_recent_window(client: Client, now: datetime) -> str:
    address = look_up(client, at=now.isoformat())
    assert f'data-newer="{address}newer"' in text(client.get(address))
    return address


def test_new_events_in_recent_window_are_counted(ana: Client, connected: DemoSentry) -> None:
    now = just_now()
    address = look_up_recent_window(ana, now)
    for seconds in (1, 2):
        at = now - timedelta(seconds=seconds)
        connected.world.add_event(user_id="1001", timestamp=at, project="web", title="late")
    data = ana.get(f"{address}newer").json()
    assert data == {"new": 2, "sentence": "2 new events since you last looked."}


def test_repeated_checks_share_one_sentry_request(ana: Client, connected: DemoSentry) -> None:
    address = look_up_recent_window(ana, just_now())
    before = lists_asked(connected)
    assert ana.get(f"{address}newer").json() == {"new": 0, "sentence": ""}
    assert ana.get(f"{address}newer").json()["new"] == 0
    assert lists_asked(connected) == before + 1


def test_settled_window_is_not_checked(ana: Client, connected: DemoSentry) -> None:
    address = look_up(ana)
    assert "data-newer" not in text(ana.get(address))
    before = lists_asked(connected)
    assert ana.get(f"{address}newer").json() == {"new": None, "sentence": ""}
    assert lists_asked(connected) == before


def test_sentry_failure_is_not_reported_as_zero_new_events(
    ana: Client, connected: DemoSentry
) -> None:
    address = look_up_recent_window(ana, just_now())
    connected.fail(r"/acme/events/", times=None, status=403, body="{}")
    assert ana.get(f"{address}newer").json() == {"new": None, "sentence": ""}


def test_count_is_unknown_while_check_is_in_progress(ana: Client) -> None:
    address = look_up_recent_window(ana, just_now())
    key = Lookup.objects.get(uuid=address.split("/")[2]).cache_key
    cache.add(f"{key}/ids/asked", 1, 50)
    assert ana.get(f"{address}newer").json()["new"] is None


def test_other_agents_lookup_returns_404(ana: Client, other_agent: object) -> None:
    address = look_up(ana, at=MOMENT.isoformat())
    browser = Client()
    browser.force_login(other_agent)  # type: ignore[arg-type]
    assert browser.get(f"{address}newer").status_code == 404
