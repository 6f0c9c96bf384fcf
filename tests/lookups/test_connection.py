"""Finding out where and what the server is: region, kind of server, what it cannot do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from pytest_django import Settings

from apps.demo.server import DemoSentry
from apps.demo.world import World
from apps.events.answer import Answer
from apps.lookups import cache, sentry_connection
from apps.lookups.sentry_connection import sentry_client, visible_projects
from apps.sentry import SentryError, SentryNotFound, fetch_answer
from tests.conftest import MOMENT, lists_asked, question

CLOUD = "https://sentry.io/api/0/organizations/acme/"
PROJECTS = [{"id": "1", "slug": "web"}]


@pytest.fixture(autouse=True)
def cloud(settings: Settings) -> None:
    """The site asks Sentry's own cloud."""
    settings.SENTRY_BASE_URL = "https://sentry.io"
    settings.SENTRY_AUTH_TOKEN = "token"
    settings.SENTRY_ORG = "acme"


@responses.activate
def test_the_region_is_asked_for_once_and_used_from_then_on() -> None:
    found = responses.get(CLOUD, json={"links": {"regionUrl": "https://de.sentry.io"}})
    responses.get("https://de.sentry.io/api/0/organizations/acme/projects/", json=PROJECTS)
    for _ in range(2):
        with sentry_client() as client:
            assert visible_projects(client)
    assert found.call_count == 1


@responses.activate
@pytest.mark.parametrize(
    "url", ["https://evil.example", "https://sentry.io.evil.example", "http://de.sentry.io", None]
)
def test_the_token_goes_to_no_host_but_sentrys(url: str | None) -> None:
    responses.get(CLOUD, json={"links": {"regionUrl": url}})
    responses.get("https://sentry.io/api/0/organizations/acme/projects/", json=PROJECTS)
    with sentry_client() as client:
        assert client.config.base_url == "https://sentry.io"


@responses.activate
@pytest.mark.parametrize("kept", ["https://evil.example", "http://de.sentry.io", "https://[", 7])
def test_what_somebody_wrote_into_the_cache_never_gets_the_token(
    kept: object,
) -> None:
    found = responses.get(CLOUD, json={"links": {"regionUrl": "https://de.sentry.io"}})
    cache.put_sealed(
        f"region/{sentry_connection._fingerprint(sentry_connection.sentry_config())}", kept, 60
    )
    with sentry_client() as client:
        assert client.config.base_url == "https://de.sentry.io"
    assert found.call_count == 1


@responses.activate
def test_the_projects_are_asked_for_once() -> None:
    responses.get(CLOUD, json={})
    listed = responses.get("https://sentry.io/api/0/organizations/acme/projects/", json=PROJECTS)
    for _ in range(2):
        with sentry_client() as client:
            assert [project.slug for project in visible_projects(client)] == ["web"]
    assert listed.call_count == 1


@pytest.fixture
def glitchtip(settings: Settings) -> Iterator[DemoSentry]:
    """The site asks a GlitchTip and was not told so."""
    with DemoSentry(World(), flavor="glitchtip") as demo:
        settings.SENTRY_BASE_URL = demo.url
        settings.SENTRY_AUTH_TOKEN = "demo-token"
        demo.world.add_event(user_id="1", timestamp=MOMENT)
        yield demo


def look() -> Answer:
    """One lookup."""
    with sentry_client() as client:
        return fetch_answer(client, question("1"), projects=visible_projects(client))


def test_a_glitchtip_is_found_out_once_and_remembered(glitchtip: DemoSentry) -> None:
    for _ in range(3):
        answer = look()
        assert (len(answer.events), answer.complete) == (1, True)
    assert lists_asked(glitchtip) == 1


def test_a_flavor_that_was_set_is_not_found_out(glitchtip: DemoSentry, settings: Settings) -> None:
    settings.SENTRY_FLAVOR = "glitchtip"
    look()
    assert lists_asked(glitchtip) == 0
    settings.SENTRY_FLAVOR = "sentry"
    with pytest.raises(SentryNotFound):
        look()


@pytest.mark.parametrize("fault", [{"status": 502}, {"drop": "before"}, {"status": 404}])
def test_an_unsure_answer_is_an_error_and_not_remembered(
    glitchtip: DemoSentry, fault: dict[str, Any]
) -> None:
    glitchtip.fail("/acme/events/", times=3, **fault)
    with pytest.raises(SentryError):
        look()
    glitchtip.clear()
    assert len(look().events) == 1
    assert lists_asked(glitchtip) == 1


def test_a_page_instead_of_the_api_does_not_make_a_sentry_a_glitchtip(
    glitchtip: DemoSentry,
) -> None:
    """A proxy's own 404 for a moment: the answer is right all the same, and nothing is kept."""
    glitchtip.settings.flavor = "sentry"
    glitchtip.fail("/acme/events/", status=404, body="<html>", content_type="text/html")
    assert len(look().events) == 1
    look()
    assert lists_asked(glitchtip) == 2


def test_a_sentry_stays_one_when_a_page_comes_once(glitchtip: DemoSentry) -> None:
    glitchtip.settings.flavor = "sentry"
    look()
    glitchtip.fail("/acme/events/", status=404, body="<html>", content_type="text/html")
    with pytest.raises(SentryNotFound):
        look()


def test_an_organization_of_one_project_at_a_time_is_remembered(glitchtip: DemoSentry) -> None:
    glitchtip.settings.flavor = "sentry"
    glitchtip.settings.multi_project = False
    glitchtip.world.add_event(user_id="1", timestamp=MOMENT, project="api")
    for _ in range(2):
        assert len(look().events) == 2
    assert lists_asked(glitchtip) == 1 + 2 * 2


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("SENTRY_FLAVOR", "sentri"),
        ("SENTRY_FLAVOR", "auto,sentry"),
        ("TRIAGE_SIGNALS", "replay"),
        ("TRIAGE_SIGNALS", "replays,none"),
    ],
)
def test_an_unknown_word_stops_the_start_with_a_sentence(name: str, word: str) -> None:
    variables = {name: word, "TRIAGE_ENV_FILE": os.devnull, "PATH": os.environ["PATH"]}
    ended = subprocess.run(
        [sys.executable, "-c", "import triage_site.settings"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert name in ended.stderr
    assert "Traceback" not in ended.stderr
