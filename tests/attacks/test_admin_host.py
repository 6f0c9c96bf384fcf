"""The review on a path and a name of its own: nothing of it elsewhere, nothing else there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.attacks.production import HOST, Production, environment, serving
from tests.conftest import signed_in
from tests.shell import start_with

REVIEW = "review.example.org"


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Production]:
    """A server whose review has another path and another name."""
    folder = tmp_path_factory.mktemp("apart")
    apart = {"TRIAGE_ADMIN_PATH": "/back-office/7", "TRIAGE_ADMIN_HOST": REVIEW}
    with serving(folder, migrated, **apart) as running:
        yield running


@pytest.mark.parametrize(
    ("host", "path", "status", "leads_to"),
    [
        (HOST, "/back-office/7/", 404, None),
        (HOST, "/back-office/7/login/", 404, None),
        (HOST, "/admin/", 404, None),
        (HOST, "/review/sentry/", 404, None),
        (HOST, "/accounts/login/", 200, None),
        (REVIEW, "/admin/", 404, None),
        (REVIEW, "/back-office/7/", 302, "/back-office/7/login/"),
        (REVIEW, "/accounts/login/", 200, None),
        (REVIEW, "/static/web/triage.css", 200, None),
        (REVIEW, "/healthz", 200, None),
        (REVIEW, "/tickets/", 404, None),
        (REVIEW, "/api/v1/openapi.json", 404, None),
        (REVIEW, "/", 302, "/back-office/7/"),
        (REVIEW, "/lookups/5f9d2a3e-0000-4000-8000-000000000000/", 302, f"https://{HOST}/lookups/"),
        (REVIEW.upper(), "/tickets/", 404, None),
        (f"{REVIEW}:443", "/tickets/", 404, None),
        (f"{REVIEW}.", "/tickets/", 404, None),
        ("other.example.org", "/back-office/7/", 400, None),
    ],
)
def test_each_name_answers_its_own_addresses_only(
    apart: Production, host: str, path: str, status: int, leads_to: str | None
) -> None:
    answer = apart.send(path, headers={"Host": host})

    assert answer.status_code == status
    assert answer.headers.get("Location", "").startswith(leads_to or "")
    assert bool(leads_to) == ("Location" in answer.headers)


def test_a_post_to_the_other_name_is_not_answered(apart: Production) -> None:
    from_there = {"Host": REVIEW, "Origin": f"https://{REVIEW}"}
    for path in ("/", "/lookups/", "/tickets/use/", "/api/v1/lookups/"):
        assert apart.send(path, "POST", headers=from_there).status_code in (403, 404)


def test_links_lead_from_one_name_to_the_other(admin: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [HOST, REVIEW]
    settings.TRIAGE_ADMIN_HOST, settings.TRIAGE_SITE_HOST = REVIEW, HOST
    browser = signed_in(admin)

    site = links(browser, f"{HOST}:8443", "/accounts/preferences/")
    review = links(browser, f"{REVIEW}:8443", "/accounts/preferences/")

    assert {f"http://{REVIEW}:8443/admin/", f"http://{REVIEW}:8443/review/sentry/", "/"} <= site
    assert {f"http://{HOST}:8443/", "/admin/", "/review/sentry/"} <= review


def links(browser: Client, host: str, path: str) -> set[str]:
    """Where the links of a page lead."""
    page = browser.get(path, headers={"host": host}).content.decode()
    return set(re.findall(r'<a [^>]*href="([^"]*)"', page))


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"TRIAGE_ADMIN_PATH": "lookups/review"}, "TRIAGE_ADMIN_PATH"),
        ({"TRIAGE_ADMIN_PATH": "../x"}, "TRIAGE_ADMIN_PATH"),
        ({"TRIAGE_ADMIN_HOST": "https://review.example.org"}, "TRIAGE_ADMIN_HOST"),
        ({"TRIAGE_ADMIN_HOST": HOST}, "TRIAGE_ADMIN_HOST"),
    ],
)
def test_what_cannot_work_stops_the_start(
    tmp_path: Path, variables: dict[str, str], word: str
) -> None:
    ended = start_with(environment(tmp_path, **variables))

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"Triage cannot start: {word}")
