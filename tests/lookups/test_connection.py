"""Finding the region of an organization in Sentry's cloud."""

import pytest
import responses
from pytest_django import Settings

from apps.lookups.connection import sentry_client, visible_projects

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
def test_the_projects_are_asked_for_once() -> None:
    responses.get(CLOUD, json={})
    listed = responses.get("https://sentry.io/api/0/organizations/acme/projects/", json=PROJECTS)
    for _ in range(2):
        with sentry_client() as client:
            assert [project.slug for project in visible_projects(client)] == ["web"]
    assert listed.call_count == 1
