"""Detection of region, flavor, and missing features of the server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import responses
from pytest_django import Settings

from apps.demo.world import World
from apps.events.answer import Answer, Signal
from apps.lookups import cache, sentry_connection
from apps.lookups.sentry_connection import search_choices, sentry_client, visible_projects
from apps.sentry.errors import SentryError, SentryNotFound
from apps.sentry.fetch import fetch_answer
from apps.sentry.parsing import Project
from tests.conftest import MOMENT, lists_asked, question
from tests.demo_sentry import DemoSentry
from tests.shell import start_with

CLOUD = "https://sentry.io/api/0/organizations/acme/"
PROJECTS = [{"id": "1", "slug": "web"}]


@pytest.fixture(autouse=True)
def cloud(settings: Settings) -> None:
    """Connect the site to Sentry's cloud."""
    settings.SENTRY_BASE_URL = "https://sentry.io"
    settings.SENTRY_AUTH_TOKEN = "token"
    settings.SENTRY_ORG = "acme"


@responses.activate
def test_the_region_is_requested_once_and_remembered() -> None:
    found = responses.get(CLOUD, json={"links": {"regionUrl": "https://de.sentry.io"}})
    responses.get("https://de.sentry.io/api/0/organizations/acme/projects/", json=PROJECTS)
    for _ in range(2):
        with sentry_client() as client:
            assert visible_projects(client)
    assert found.call_count == 1


@responses.activate
@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.example", "https://sentry.io.evil.example", "http://de.sentry.io", None),
        *("https://evil.example\\.sentry.io", "https://a.b.sentry.io", "https://x@de.sentry.io"),
        *("https://-.sentry.io", "https://de.sentry.io.", "https://de\u3002sentry.io"),
    ],
)
def test_the_token_is_sent_only_to_sentry_hosts(url: str | None) -> None:
    responses.get(CLOUD, json={"links": {"regionUrl": url}})
    responses.get("https://sentry.io/api/0/organizations/acme/projects/", json=PROJECTS)
    with sentry_client() as client:
        assert client.config.base_url == "https://sentry.io"


@responses.activate
@pytest.mark.parametrize("cached", ["https://evil.example", "http://de.sentry.io", "https://[", 7])
def test_a_forged_region_in_the_cache_never_gets_the_token(
    cached: object,
) -> None:
    found = responses.get(CLOUD, json={"links": {"regionUrl": "https://de.sentry.io"}})
    cache.put_sealed(
        f"region/{sentry_connection._fingerprint(sentry_connection.sentry_config())}", cached, 60
    )
    with sentry_client() as client:
        assert client.config.base_url == "https://de.sentry.io"
    assert found.call_count == 1


@responses.activate
def test_the_projects_are_requested_once() -> None:
    responses.get(CLOUD, json={})
    row = {**PROJECTS[0], "environments": ["production"], "hasReplays": False}
    listed = responses.get("https://sentry.io/api/0/organizations/acme/projects/", json=[row])
    for _ in range(2):
        with sentry_client() as client:
            assert visible_projects(client) == (
                Project("1", "web", ("production",), (Signal.REPLAYS,)),
            )
    assert listed.call_count == 1


@responses.activate
def test_choices_are_requested_once_and_differ_by_person() -> None:
    region = responses.get(CLOUD, json={})
    rows = [
        {**PROJECTS[0], "id": str(number), "slug": slug, "environments": [name]}
        for number, (slug, name) in enumerate((("api", "staging"), ("web", "production")), 1)
    ]
    listed = responses.get("https://sentry.io/api/0/organizations/acme/projects/", json=rows)
    assert search_choices() == (("api", "web"), ("production", "staging"))
    assert search_choices({"web"}) == (("web",), ("production",))
    assert search_choices(()) == ((), ())
    assert (region.call_count, listed.call_count) == (1, 1)


@pytest.fixture
def glitchtip(settings: Settings) -> Iterator[DemoSentry]:
    """Connect the site to a GlitchTip without setting the flavor."""
    with DemoSentry(World(), flavor="glitchtip") as demo:
        settings.SENTRY_BASE_URL = demo.url
        settings.SENTRY_AUTH_TOKEN = "demo-token"
        demo.world.add_event(user_id="1", timestamp=MOMENT)
        yield demo


def look() -> Answer:
    """Look up customer 1."""
    with sentry_client() as client:
        return fetch_answer(client, question("1"), projects=visible_projects(client))


def test_glitchtip_is_detected_once_and_remembered(glitchtip: DemoSentry) -> None:
    for _ in range(3):
        answer = look()
        assert (len(answer.events), answer.complete) == (1, True)
    assert lists_asked(glitchtip) == 1


def test_a_configured_flavor_is_not_detected(glitchtip: DemoSentry, settings: Settings) -> None:
    settings.SENTRY_FLAVOR = "glitchtip"
    look()
    assert lists_asked(glitchtip) == 0
    settings.SENTRY_FLAVOR = "sentry"
    with pytest.raises(SentryNotFound):
        look()


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": "before"}, {"status": 404}])
def test_an_ambiguous_response_is_an_error_and_not_remembered(
    glitchtip: DemoSentry, fault: dict[str, Any]
) -> None:
    glitchtip.fail("/acme/events/", times=3, **fault)
    with pytest.raises(SentryError):
        look()
    glitchtip.clear()
    assert len(look().events) == 1
    assert lists_asked(glitchtip) == 1


def test_an_html_page_is_not_mistaken_for_glitchtip(
    glitchtip: DemoSentry,
) -> None:
    """After a proxy\'s own 404, the answer is still right and nothing is remembered."""
    glitchtip.settings.flavor = "sentry"
    glitchtip.fail("/acme/events/", status=404, body="<html>", content_type="text/html")
    assert len(look().events) == 1
    look()
    assert lists_asked(glitchtip) == 2


def test_one_html_page_does_not_change_the_detected_flavor(glitchtip: DemoSentry) -> None:
    glitchtip.settings.flavor = "sentry"
    look()
    errors = r"/acme/events/\?dataset=errors"
    glitchtip.fail(errors, status=404, body="<html>", content_type="text/html")
    with pytest.raises(SentryNotFound):
        look()


def test_a_limit_of_one_project_per_query_is_remembered(glitchtip: DemoSentry) -> None:
    glitchtip.settings.flavor = "sentry"
    glitchtip.settings.multi_project = False
    glitchtip.world.add_event(user_id="1", timestamp=MOMENT, project="api")
    for _ in range(2):
        assert len(look().events) == 2
    assert lists_asked(glitchtip) == 1 + 2 * 2


def test_what_a_server_has_of_logs_and_requests_is_found_out_once(glitchtip: DemoSentry) -> None:
    """The reason for what it doesn't have is remembered with it."""
    glitchtip.settings.flavor = "sentry"
    glitchtip.settings.datasets = ["errors", "ourlogs"]
    asked: list[list[str]] = []
    for _ in range(2):
        glitchtip.calls.clear()
        beside = look().beside
        tables = [call for call in glitchtip.calls if call.path.endswith("/acme/events/")]
        asked.append([call.query["dataset"][0] for call in tables])
        assert [one.signal for one in beside.absent] == [Signal.SPANS]
        assert "Requests could not be read" in beside.absent[0].message
    assert {"logs", "ourlogs", "spans"} <= {*asked[0]}
    assert {*asked[1]} == {"errors", "ourlogs"}


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("SENTRY_FLAVOR", "sentri"),
        ("SENTRY_FLAVOR", "auto,sentry"),
        ("TRIAGE_SIGNALS", "replay"),
        ("TRIAGE_SIGNALS", "replays,none"),
    ],
)
def test_an_unknown_choice_stops_the_start_with_a_message(name: str, word: str) -> None:
    ended = start_with({name: word})
    assert ended.returncode == 2
    assert name in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_one_reads_the_projects_for_all_who_need_them_at_once(
    connected: DemoSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry_connection, "_READING_TTL_S", 3600)
    connected.world.add_project("web")
    connected.settings.change({"latency_s": 0.1})

    def read(_number: int) -> int:
        with sentry_client() as client:
            return len(visible_projects(client))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(4))) == [1] * 4
    assert len([call for call in connected.calls if call.path.endswith("/projects/")]) == 1
    cache.cache.clear()
    connected.fail("/projects/", status=404, times=1)
    with ThreadPoolExecutor(2) as pool:
        failing = [pool.submit(read, number) for number in range(2)]
    assert sorted(one.exception() is None for one in failing) == [False, True], "the next one reads"
