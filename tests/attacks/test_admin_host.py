"""Manage on its own path and host: reachable nowhere else, with nothing else there."""

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
def separate_hosts(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[Production]:
    """A server with a custom path and host for Manage."""
    folder = tmp_path_factory.mktemp("apart")
    variables = {"TRIAGE_ADMIN_PATH": "/back-office/7", "TRIAGE_ADMIN_HOST": REVIEW}
    with serving(folder, migrated, **variables) as running:
        yield running


@pytest.mark.parametrize(
    ("host", "path", "status", "redirect"),
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
def test_each_host_serves_only_its_own_paths(
    separate_hosts: Production, host: str, path: str, status: int, redirect: str | None
) -> None:
    response = separate_hosts.send(path, headers={"Host": host})

    assert response.status_code == status
    assert response.headers.get("Location", "").startswith(redirect or "")
    assert bool(redirect) == ("Location" in response.headers)


def test_post_to_other_host_is_refused(separate_hosts: Production) -> None:
    headers = {"Host": REVIEW, "Origin": f"https://{REVIEW}"}
    for path in ("/", "/lookups/", "/tickets/use/", "/api/v1/lookups/"):
        assert separate_hosts.send(path, "POST", headers=headers).status_code in (403, 404)


def test_script_name_from_a_header_opens_no_path_of_the_other_host(
    separate_hosts: Production,
) -> None:
    """Many proxies pass on whatever headers a client invents."""
    for before in ("/static", "/accounts", "/healthz"):
        headers = {"SCRIPT_NAME": before, "PATH_INFO": "/back-office/7/"}
        for path in (f"{before}/back-office/7/", f"{before}/x"):
            assert separate_hosts.send(path, headers=headers).status_code == 404, path


def test_script_name_opens_no_path_of_the_other_host(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.TRIAGE_ADMIN_HOST = [HOST, REVIEW], REVIEW
    for path, host, status in (
        ("/admin/", HOST, 404),
        ("/admin/", REVIEW, 302),
        ("/tickets/", REVIEW, 404),
        ("/accounts/login/", REVIEW, 200),
    ):
        answered = client.get(path, headers={"Host": host}, SCRIPT_NAME="/static")
        assert answered.status_code == status, (host, path)


def test_links_point_to_other_host(admin: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [HOST, REVIEW]
    settings.TRIAGE_ADMIN_HOST, settings.TRIAGE_SITE_HOST = REVIEW, HOST
    browser = signed_in(admin)

    site = links(browser, f"{HOST}:8443", "/accounts/preferences/")
    review = links(browser, f"{REVIEW}:8443", "/accounts/preferences/")

    assert {f"http://{REVIEW}:8443/admin/", f"http://{REVIEW}:8443/review/sentry/", "/"} <= site
    assert {f"http://{HOST}:8443/", "/admin/", "/review/sentry/"} <= review


def links(browser: Client, host: str, path: str) -> set[str]:
    """Return the targets of a page's links."""
    page = browser.get(path, headers={"host": host}).content.decode()
    return set(re.findall(r'<a [^>]*href="([^"]*)"', page))


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"TRIAGE_ADMIN_PATH": "lookups/review"}, "TRIAGE_ADMIN_PATH"),
        ({"TRIAGE_ADMIN_PATH": "../x"}, "TRIAGE_ADMIN_PATH"),
        ({"TRIAGE_ADMIN_HOST": "https://review.example.org"}, "TRIAGE_ADMIN_HOST"),
        ({"TRIAGE_ADMIN_HOST": HOST}, "TRIAGE_ADMIN_HOST"),
    ],
)
def test_invalid_admin_settings_prevent_startup(
    tmp_path: Path, variables: dict[str, str], name: str
) -> None:
    result = start_with(environment(tmp_path, **variables))

    assert result.returncode == 2
    assert result.stderr.startswith(f"Triage cannot start: {name}")
