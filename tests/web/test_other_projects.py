"""Nobody sees what lies in projects of other teams, by whichever door, and everybody is told."""

import json
from collections.abc import Iterator
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import Team
from apps.demo.server import DemoSentry
from apps.lookups import cache as lookups_cache
from apps.lookups.models import Lookup
from tests.conftest import person, signed_in
from tests.web.asking import look_up, text
from tests.web.teams import HIDDEN, errors_in_two_projects, team

pytestmark = pytest.mark.django_db

SAID = "This lookup searched projects you don't have access to."


@pytest.fixture
def hidden_event(connected: DemoSentry) -> str:
    """The id of an event that a reader of `web` alone may not see."""
    return errors_in_two_projects(connected.world)


def doors(address: str, event_id: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every way to read a lookup: method, address, what is posted."""
    event = f"events/{event_id}/"
    pages = (
        *("", "?wait=1", "export.md", "export.xml", "export.json", "export.json?for=llm"),
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


def opened(client: Client, door: tuple[str, str, dict[str, str]]) -> str:
    method, address, posted = door
    if method == "GET":
        return text(client.get(address))
    part = {"X-Triage-Part": "1"} if address.endswith("shown/") else {}
    return text(client.post(address, posted, follow=True, headers=part))


def assert_nothing_hidden(reader: User, address: str, event_id: str) -> None:
    client = signed_in(reader)
    for door in doors(address, event_id):
        told = opened(client, door).replace(door[1], "")  # a page may repeat its own address
        found = [
            told[max(0, told.index(w) - 150) : told.index(w) + 80] for w in HIDDEN if w in told
        ]
        assert not found, (door, found)
        assert event_id not in told, door
    for live in (False, True):
        if live:
            client.cookies["triage_live"] = "1"
        page = text(client.get(address))
        assert SAID in unescape(page)
        assert "incomplete" in page
        assert "at least once" in page
        assert "1 problem<" in page


def test_a_lookup_that_was_shared_shows_only_the_readers_projects(
    hidden_event: str, agent: User, other_agent: User
) -> None:
    team("Both", ["web", "api-secret"], agent)
    team("Few", ["web"], other_agent)
    ana = signed_in(agent)
    address = look_up(ana)
    assert "zzhidden" in text(ana.get(address))
    assert SAID not in text(ana.get(address))
    assert ana.post(f"{address}share/", {"reader": "ben"}).status_code == 303
    assert_nothing_hidden(other_agent, address, hidden_event)


def test_the_first_to_open_a_shared_lookup_sees_no_more(
    hidden_event: str, agent: User, other_agent: User
) -> None:
    team("Both", ["web", "api-secret"], agent)
    team("Few", ["web"], other_agent)
    ana = signed_in(agent)
    address = look_up(ana)
    ana.post(f"{address}share/", {"reader": "ben"})
    assert_nothing_hidden(other_agent, address, hidden_event)
    assert "zzhidden" in text(ana.get(address))  # the whole answer is kept all the same


def test_a_lead_sees_of_the_teams_lookups_only_their_own_projects(
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


def test_a_project_that_a_team_lost_is_gone_from_what_was_kept(
    hidden_event: str, agent: User
) -> None:
    before = look_up(signed_in(agent))  # while there was no team
    group = team("Both", ["web", "api-secret"], agent)
    ana = signed_in(agent)
    address = look_up(ana)
    for one in (before, address):
        assert "zzhidden" in text(ana.get(one))
    Team.objects.filter(group=group).update(projects=["web"])
    for one in (before, address):
        assert_nothing_hidden(agent, one, hidden_event)


def test_json_says_that_a_part_is_left_out_and_counts_only_the_rest(
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


def test_a_reader_of_nothing_that_was_found_is_told_no_false_nothing(
    hidden_event: str, agent: User
) -> None:
    address = look_up(signed_in(agent))
    ana = signed_in(agent)
    ana.get(address)
    team("Others", ["docs"], agent)
    page = text(ana.get(address))
    assert "No errors were found, but the result is incomplete." in page
    assert SAID in unescape(page)
    assert not [word for word in HIDDEN if word in page]


def test_it_is_said_in_the_same_words_where_nothing_was_left_out(
    connected: DemoSentry, agent: User
) -> None:
    connected.world.add_project("web")
    connected.world.add_project("api-secret")
    address = look_up(signed_in(agent))
    ana = signed_in(agent)
    assert "No errors for this customer in this window." in text(ana.get(address))
    team("Few", ["web"], agent)
    page = text(ana.get(address))
    assert SAID in unescape(page)
    assert "No errors were found, but the result is incomplete." in page


def test_what_could_not_be_read_names_no_other_project(hidden_event: str, agent: User) -> None:
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


def test_how_far_an_asking_is_is_told_only_to_who_may_see_all_of_it(
    hidden_event: str, agent: User, other_agent: User
) -> None:
    team("Few", ["web"], other_agent)
    team("Both", ["web", "api-secret"], agent)
    ana = signed_in(agent)
    address = look_up(ana)
    ana.post(f"{address}share/", {"reader": "ben"})
    lookup = Lookup.objects.get()
    told = {
        "events_found": 5,
        "newest": [
            {"id": "e", "timestamp": lookup.moment.isoformat(), "level": "error", "sentence": "X"}
        ],
    }
    lookups_cache.put_sealed(lookup.cache_key.replace("answer/", "progress/"), told, 30)
    lookups_cache.put(f"{lookup.cache_key}/lease", "somebody", 30)  # another process is at it
    assert ana.get(f"{address}progress").json()["events_found"] == 5
    assert signed_in(other_agent).get(f"{address}progress").json()["events_found"] == 0
    cache.clear()


def test_counts_of_other_projects_are_not_told_beside_last_lookups(
    hidden_event: str, agent: User
) -> None:
    ana = signed_in(agent)
    ana.get(look_up(ana))
    assert '"recent-what">2 problems<' in text(ana.get("/"))
    team("Few", ["web"], agent)
    assert '"recent-what">only your projects<' in text(ana.get("/"))


def test_another_teams_answer_in_the_cache_serves_nobody_else(
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
        assert SAID not in page
        assert "Card declined" in page
    assert Lookup.objects.filter(user=few).first().projects == ["web"]  # type: ignore[union-attr]
