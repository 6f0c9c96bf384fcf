"""Other teams' projects are hidden everywhere, and every reader is notified of it."""

import json
from collections.abc import Iterator
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.accounts.models import Team
from apps.lookups import cache as lookups_cache
from apps.lookups.cache import cache
from apps.lookups.models import Lookup
from tests.conftest import person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.teams import HIDDEN, errors_in_two_projects, team

pytestmark = pytest.mark.django_db

NOTICE = "This lookup searched projects you don't have access to."


@pytest.fixture
def hidden_event(connected: DemoSentry) -> str:
    """Return the ID of an event that is hidden from people who can only see `web`."""
    return errors_in_two_projects(connected.world)


def all_requests(address: str, event_id: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield every way to read a lookup: method, URL, and posted data."""
    event = f"events/{event_id}/"
    pages = (
        *("", "?wait=1", "export.md", "export.json", "export.json?for=llm"),
        *("export.md?budget=100000", "export.md?issue=2", "export/panel/", "table/"),
        *("progress", "newer", event, f"{event}brief/"),
    )
    yield from (("GET", f"{address}{page}", {}) for page in pages)
    yield "POST", f"{address}shown/", {"text": "zz"}
    yield "POST", f"{address}copied/", {"format": "markdown"}
    yield "POST", f"{address}beside/", {}
    yield "POST", f"{address}again/", {}
    yield "POST", f"{address}move/", {"move": "wider"}
    yield "GET", "/", {}


def response_text(client: Client, request: tuple[str, str, dict[str, str]]) -> str:
    method, address, posted = request
    if method == "GET":
        return text(client.get(address))
    part = {"X-Triage-Part": "1"} if address.endswith("shown/") else {}
    return text(client.post(address, posted, follow=True, headers=part))


def assert_nothing_hidden(reader: User, address: str, event_id: str) -> None:
    client = signed_in(reader)
    for request in all_requests(address, event_id):
        # A page may repeat its own URL.
        content = response_text(client, request).replace(request[1], "")
        found = [
            content[max(0, content.index(w) - 150) : content.index(w) + 80]
            for w in HIDDEN
            if w in content
        ]
        assert not found, (request, found)
        assert event_id not in content, request
    for live in (False, True):
        if live:
            client.cookies["triage_live"] = "1"
        page = text(client.get(address))
        assert NOTICE in unescape(page)
        assert "incomplete" in page
        assert "at least once" in page
        assert "1 problem<" in page


def test_shared_lookup_shows_only_readers_projects(
    hidden_event: str, agent: User, other_agent: User
) -> None:
    team("Both", ["web", "api-secret"], agent)
    team("Few", ["web"], other_agent)
    ana = signed_in(agent)
    address = look_up(ana)
    assert "zzhidden" in text(ana.get(address))
    assert NOTICE not in text(ana.get(address))
    assert ana.post(f"{address}share/", {"reader": "ben"}).status_code == 303
    assert_nothing_hidden(other_agent, address, hidden_event)


def test_first_reader_of_shared_lookup_sees_only_own_projects(
    hidden_event: str, agent: User, other_agent: User
) -> None:
    team("Both", ["web", "api-secret"], agent)
    team("Few", ["web"], other_agent)
    ana = signed_in(agent)
    address = look_up(ana)
    ana.post(f"{address}share/", {"reader": "ben"})
    assert_nothing_hidden(other_agent, address, hidden_event)
    assert "zzhidden" in text(ana.get(address))  # the stored result is still complete


def test_lead_sees_only_own_projects_in_team_lookups(
    hidden_event: str, agent: User, lead: User
) -> None:
    team("Both", ["web", "api-secret"], agent)
    team("Few", ["web"], agent, lead)
    address = look_up(signed_in(agent))
    assert_nothing_hidden(lead, address, hidden_event)
    taken = signed_in(lead).post(
        f"{address}unredacted/", {"format": "json", "confirmed": "on", "budget": ""}
    )
    assert taken.status_code == 200
    assert "zzhidden" not in text(taken)
    assert json.loads(text(taken))["searched"]["projects"] == ["web"]


def test_project_removed_from_team_is_hidden_in_stored_results(
    hidden_event: str, agent: User
) -> None:
    before = look_up(signed_in(agent))  # before any team existed
    group = team("Both", ["web", "api-secret"], agent)
    ana = signed_in(agent)
    address = look_up(ana)
    for one in (before, address):
        assert "zzhidden" in text(ana.get(one))
    Team.objects.filter(group=group).update(projects=["web"])
    for one in (before, address):
        assert_nothing_hidden(agent, one, hidden_event)


def test_json_is_marked_incomplete_and_counts_only_visible_events(
    hidden_event: str, agent: User
) -> None:
    address = look_up(signed_in(agent))
    ana = signed_in(agent)
    whole = ana.get(f"{address}export.json").json()
    assert whole["complete"]
    assert whole["totals"]["events"] == 2
    team("Few", ["web"], agent)
    part = ana.get(f"{address}export.json").json()
    assert not part["complete"]
    assert part["notices"][0]["code"] == "other_projects"
    assert part["totals"]["events"] == part["totals"]["events_listed"] == 1
    assert part["searched"]["projects"] == ["web"]
    assert [event["project"] for event in part["events"]] == ["web"]
    assert part["nearby"] is None


def test_reader_without_visible_events_sees_incomplete_result(
    hidden_event: str, agent: User
) -> None:
    address = look_up(signed_in(agent))
    ana = signed_in(agent)
    ana.get(address)
    team("Others", ["docs"], agent)
    page = text(ana.get(address))
    assert "No errors were found, but the result is incomplete." in page
    assert NOTICE in unescape(page)
    assert not [word for word in HIDDEN if word in page]


def test_empty_result_shows_same_notice(connected: DemoSentry, agent: User) -> None:
    connected.world.add_project("web")
    connected.world.add_project("api-secret")
    address = look_up(signed_in(agent))
    ana = signed_in(agent)
    assert "We have not seen this customer where we searched" in text(ana.get(address))
    team("Few", ["web"], agent)
    page = text(ana.get(address))
    assert NOTICE in unescape(page)
    assert "No errors were found, but the result is incomplete." in page


def test_notice_of_unread_projects_omits_other_projects(hidden_event: str, agent: User) -> None:
    ana = signed_in(agent)
    address = look_up(ana, project="")
    lookup = Lookup.objects.get()
    Lookup.objects.filter(pk=lookup.pk).update(projects=["web", "api-secret", "zzhidden-gone"])
    page = text(ana.get(address))
    assert "zzhidden-gone" in page
    team("Few", ["web"], agent)
    page = text(ana.get(address))
    assert "zzhidden" not in page
    assert "Part of this result could not be read." in page


def test_progress_details_require_access_to_all_projects(
    hidden_event: str, agent: User, other_agent: User
) -> None:
    team("Few", ["web"], other_agent)
    team("Both", ["web", "api-secret"], agent)
    ana = signed_in(agent)
    address = look_up(ana)
    ana.post(f"{address}share/", {"reader": "ben"})
    lookup = Lookup.objects.get()
    progress = {
        "events_found": 5,
        "newest": [
            {"id": "e", "timestamp": lookup.moment.isoformat(), "level": "error", "sentence": "X"}
        ],
    }
    lookups_cache.put_sealed(lookup.cache_key.replace("answer/", "progress/"), progress, 30)
    # Another process runs the lookup.
    lookups_cache.put(f"{lookup.cache_key}/lease", "somebody", 30)
    assert ana.get(f"{address}progress").json()["events_found"] == 5
    assert signed_in(other_agent).get(f"{address}progress").json()["events_found"] == 0
    cache.clear()


def test_recent_lookups_do_not_count_other_projects(hidden_event: str, agent: User) -> None:
    ana = signed_in(agent)
    ana.get(look_up(ana))
    assert '"recent-what">2 problems<' in text(ana.get("/"))
    team("Few", ["web"], agent)
    assert '"recent-what">only your projects<' in text(ana.get("/"))


def test_cached_result_is_not_reused_for_another_team(
    hidden_event: str, agent: User, connected: DemoSentry
) -> None:
    team("Both", ["web", "api-secret"], agent)
    few = person("kim", "agent")
    team("Few", ["web"], few)
    ana, kim = signed_in(agent), signed_in(few)
    assert "zzhidden" in text(ana.get(look_up(ana, window=30)))
    for minutes in (30, 5):  # the same window, and a narrower one
        page = text(kim.get(look_up(kim, window=minutes)))
        assert "zzhidden" not in page
        assert NOTICE not in page
        assert "Card declined" in page
    assert Lookup.objects.filter(user=few).first().projects == ["web"]  # type: ignore[union-attr]
