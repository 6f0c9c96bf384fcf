"""Filtering a result: what is shown, remembered, and ignored."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from apps.web.presenters.filters import MAX_STORED
from tests.conftest import MOMENT, lists_asked
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.pages import Page

pytestmark = pytest.mark.django_db

PART = {"X-Triage-Part": "shown"}


@pytest.fixture
def address(ana: Client, connected: DemoSentry) -> str:
    """A result with three events, two problems, and two projects."""
    for seconds in (-120, 90):
        connected.world.add_event(
            user_id="1001",
            timestamp=MOMENT + timedelta(seconds=seconds),
            project="api",
            exception=("TypeError", "cart is missing"),
            environment="staging",
        )
    return look_up(ana)


def apply_filter(client: Client, address: str, **values: object) -> str:
    """Submit the filter form and return the page it redirects to."""
    response = client.post(f"{address}shown/", values)
    assert response.status_code == 303
    assert response["Location"] == f"{address}#timeline"
    return text(client.get(address))


def problem_ids(page: str) -> list[str]:
    """Return the IDs of the problems on the page."""
    return re.findall(r'id="issue-(\d+)"', page)


def test_filter_hides_the_rest_and_says_so(ana: Client, address: str) -> None:
    whole = text(ana.get(address))
    assert len(problem_ids(whole)) == 2
    assert "Show all" not in whole

    page = apply_filter(ana, address, project="api")

    (number,) = problem_ids(page)
    assert re.findall(r'class="lane-number">(\d+)<', page) == [number]
    assert re.search(rf'id="issue-{number}-title"[^§]{{1,1500}}cart is missing', whole)
    assert (
        "<strong>2 of 3 events shown.</strong> The text for copying still includes all events."
        in page
    )
    assert "cart is missing" in page


def test_empty_filter_shows_everything(ana: Client, address: str) -> None:
    apply_filter(ana, address, project="api")

    page = apply_filter(ana, address)

    assert len(problem_ids(page)) == 2
    assert "Show all" not in page


def test_headline_facts_and_export_ignore_the_filter(ana: Client, address: str) -> None:
    unfiltered = re.compile(r"<h1.*?</h1>|<li>\d+ events?</li>|<textarea.*?</textarea>", re.DOTALL)
    whole = unfiltered.findall(text(ana.get(address)))
    apply_filter(ana, address, text="cart")

    assert len(whole) == 3
    assert unfiltered.findall(text(ana.get(address))) == whole


def test_no_match_differs_from_no_errors(ana: Client, address: str) -> None:
    page = apply_filter(ana, address, text="anna@example.org")

    assert "None of the 3 events match." in page
    assert "You can’t search for redacted values, such as an email." in unescape(page)
    assert "Show all" in page
    assert "What we searched" not in page


def test_search_text_is_never_in_a_url(ana: Client, address: str) -> None:
    page = apply_filter(ana, address, text="jane@example.com")

    assert 'value="jane@example.com"' in page
    assert not re.findall(r'(?:href|action|src|data-\w+)="[^"]*jane', page)


def test_filter_keeps_export_options(ana: Client, address: str) -> None:
    query = "preset=none&format=json&budget=2000"

    response = ana.post(f"{address}shown/?{query}", {"level": "error"})

    assert response["Location"] == f"{address}?{query}#timeline"


def test_partial_response_omits_the_export(ana: Client, address: str) -> None:
    response = ana.post(f"{address}shown/?format=json", {"project": "api"}, headers=PART)

    ids = [a["id"] for _tag, a in Page(text(response)).tags if "id" in a]
    assert {"timeline", "problems", "filter", "shown-all"} <= set(ids)
    assert not {"export", "main"} & set(ids)
    assert "export.json?preset=none&amp;format=json" in text(response)
    assert "2 of 3 events shown." in text(response)


def test_filter_does_not_query_sentry(ana: Client, connected: DemoSentry, address: str) -> None:
    ana.get(address)
    calls = lists_asked(connected)

    apply_filter(ana, address, level="error")

    assert lists_asked(connected) == calls


def test_zoom_to_a_range_and_back(ana: Client, address: str) -> None:
    start = int(MOMENT.timestamp())

    page = apply_filter(ana, address, **{"from": start + 60, "to": start + 120})
    assert "1 of 3 events shown." in page
    assert "before this range" in page
    assert f'<option value="{start + 60}" selected>' in page

    assert "1 of 3 events shown." in apply_filter(ana, address, zoom="1")
    assert "events shown.</strong>" not in apply_filter(ana, address, zoom="all")


def test_invalid_values_are_ignored(ana: Client, address: str) -> None:
    for values in (
        {"project": "elsewhere", "level": "loud", "environment": "\x00", "problem": "666"},
        {"from": "x", "to": "-1"},
        {"from": "99999999999", "to": "0"},
        {"from": "²", "to": "9" * 5000},
        {"zoom": "7"},
        {"zoom": "1440"},
    ):
        assert "Show all" not in apply_filter(ana, address, **values), values


def test_empty_range_can_be_drawn(ana: Client, address: str) -> None:
    second = int(MOMENT.timestamp())
    for start, end in ((-300, -300), (300, 300), (7, 7), (400, 900)):
        page = apply_filter(ana, address, **{"from": second + start, "to": second + end})

        assert "None of the 3 events match." in page, start
        ranges = page[page.index('id="shown-from"') : page.index('id="shown-text"')]
        times = [int(value) for value in re.findall(r'<option value="(\d+)"', ranges)]
        assert second - 300 <= min(times) < max(times) <= second + 300, start


def test_reversed_range_is_swapped(ana: Client, address: str) -> None:
    second = int(MOMENT.timestamp())

    page = apply_filter(ana, address, **{"from": second + 100, "to": second - 10})

    assert "2 of 3 events shown." in page


def test_malformed_session_does_not_break_the_page(ana: Client, address: str) -> None:
    malformed: list[object] = ["x", ["x"], {"text": {"a": 1}}, {"from": None, "zoom": []}]
    for stored in malformed:
        for value in (stored, {address.split("/")[2]: stored}):
            session = ana.session
            session["shown"] = value
            session.save()
            assert ana.get(address).status_code == 200, value
            assert ana.post(f"{address}shown/", {"text": "cart"}).status_code == 303, value


def test_only_recent_filters_are_remembered(ana: Client, address: str) -> None:
    session = ana.session
    session["shown"] = {f"old {number}": {"text": "x"} for number in range(MAX_STORED)}
    session.save()

    apply_filter(ana, address, text="cart")
    stored = ana.session["shown"]
    assert len(stored) == MAX_STORED
    assert "old 0" not in stored
    assert stored[address.split("/")[2]] == {"text": "cart"}

    apply_filter(ana, address)
    assert address.split("/")[2] not in ana.session["shown"]


def test_filter_does_not_apply_to_other_lookups(ana: Client, address: str) -> None:
    apply_filter(ana, address, project="api")

    assert "Show all" not in text(ana.get(look_up(ana)))


def test_filter_offers_only_fields_that_differ(ana: Client, address: str) -> None:
    names = {select["name"] for select in Page(text(ana.get(address))).all("select")}
    assert {"project", "environment", "problem", "from", "to"} <= names
    assert "level" not in names

    single = Page(text(ana.get(look_up(ana, customer="2"))))
    assert not {"project", "environment", "problem"} & {one["name"] for one in single.all("select")}


def test_table_page_has_a_row_per_event(ana: Client, address: str) -> None:
    page = text(ana.get(f"{address}table/"))
    assert len(re.findall(rf'<a href="{address}events/\w+/">', page)) == 3
    assert "Reported time" in page

    apply_filter(ana, address, project="api")

    page = text(ana.get(f"{address}table/"))
    assert len(re.findall(rf'<a href="{address}events/\w+/">', page)) == 2
    assert "2 of 3 events shown." in page
