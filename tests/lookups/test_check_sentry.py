"""The check of the Sentry connection: each finding and its fix."""

import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest
import responses
from django.contrib.auth.models import User
from pytest_django import Settings

from apps.lookups.sentry_connection import check_connection
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.shell import CommandLine


def failing(demo: DemoSentry) -> dict[str, str]:
    return {finding.label: finding.fix for finding in check_connection() if not finding.ok}


@pytest.fixture
def sound(connected: DemoSentry) -> DemoSentry:
    """Return a Sentry with a project and a working connection."""
    connected.world.add_event(user_id="1", timestamp=MOMENT)
    return connected


def test_a_working_connection_passes_every_check(sound: DemoSentry) -> None:
    assert failing(sound) == {}
    assert len(check_connection()) == 9


def test_headline_says_whether_the_server_has_logs_and_requests(sound: DemoSentry) -> None:
    """To have none is no failure."""
    sound.settings.datasets = ["errors", "ourlogs"]
    said = {finding.label: finding for finding in check_connection()}
    assert said["Logs"].message == "Logs can be read (dataset “ourlogs”)."
    assert said["Requests"].message.startswith(
        "This server has none that Triage can read. Sentry didn't accept"
    )
    assert failing(sound) == {}


def test_retired_and_announced_endpoints_are_named(sound: DemoSentry) -> None:
    """Sentry announces the end of an endpoint on each of its answers."""
    headers = {"X-Sentry-Deprecation-Date": "2027-05-01", "X-Sentry-Replacement-Endpoint": "/new/"}
    sound.fail("/projects/acme/", times=None, status=410, headers=headers, body={"message": "no"})
    sound.fail(r"/acme/issues/\?", times=None, headers=headers)
    by_label = {finding.label: finding for finding in check_connection()}
    retired, announced = by_label["Details of an event"], by_label["Announced changes"]
    assert (retired.ok, announced.ok) == (False, True)
    assert "ten minutes" in retired.fix
    for message in (retired.message, announced.message):
        assert "2027-05-01" in message
        assert "/new/" in message
    assert "/organizations/acme/issues/" in announced.message


VALID: dict[str, object] = {"valid": True, "dataset": [], "field": [], "query": []}
UNKNOWN = {"valid": False, "error": "Unknown attribute", "name": "user.username"}
BROKEN = {"valid": False, "error": "Invalid quote"}
UNCHECKED = {"valid": True, "error": "This dataset is not compatible with the validate endpoint"}


@pytest.mark.parametrize(
    ("status", "answer", "finding"),
    [
        (200, VALID, (True, "Sentry accepts the search")),
        (200, {**VALID, "dataset": [UNCHECKED]}, None),
        (400, {"valid": False, "query": [UNKNOWN]}, (True, "no recent events with user.username")),
        (400, {"valid": False, "query": [BROKEN, UNKNOWN]}, (False, "query: Invalid quote")),
        (400, "", None),
        (404, {"detail": "no"}, None),
        (500, "", None),
    ],
)
def test_sentry_checks_the_search_where_it_can(
    sound: DemoSentry, status: int, answer: object, finding: tuple[bool, str] | None
) -> None:
    sound.fail("/events/validate/", times=None, status=status, body=answer)
    found = [one for one in check_connection() if one.label == "Search"]
    assert len(found) == bool(finding)
    for one in found:
        assert finding
        assert (one.ok, bool(one.fix)) == (finding[0], not finding[0])
        assert finding[1] in one.message


def test_an_unreachable_host_is_the_only_finding(sound: DemoSentry, settings: Settings) -> None:
    settings.SENTRY_BASE_URL = "http://127.0.0.1:9"
    (finding,) = check_connection()
    assert "SENTRY_BASE_URL" in finding.fix


def test_a_public_name_with_a_private_address_says_how_to_allow_it(
    sound: DemoSentry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    inside = partial(resolve, "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **named: inside(*rest, **named))
    settings.SENTRY_BASE_URL = sound.url.replace("127.0.0.1", "sentry.example.org")

    (finding,) = check_connection()
    assert "TRIAGE_PRIVATE_HOSTS" in finding.fix
    settings.TRIAGE_PRIVATE_HOSTS = ["sentry.example.org"]
    assert failing(sound) == {}


def test_wrong_credentials_say_what_to_set(sound: DemoSentry, settings: Settings) -> None:
    settings.SENTRY_ORG = "elsewhere"
    assert "SENTRY_ORG" in check_connection()[0].fix
    settings.SENTRY_AUTH_TOKEN = "wrong"
    assert "SENTRY_AUTH_TOKEN" in check_connection()[0].fix
    settings.SENTRY_AUTH_TOKEN = ""
    assert "SENTRY_AUTH_TOKEN" in check_connection()[0].fix


@pytest.mark.parametrize(
    ("scope", "label"),
    [("event:read", "Problems"), ("project:read", "Details of an event")],
)
def test_a_missing_scope_is_named(sound: DemoSentry, scope: str, label: str) -> None:
    sound.settings.scopes = [s for s in sound.settings.scopes if s != scope]
    assert failing(sound) == {label: f"Give the token the scope {scope}."}


def test_a_configured_project_that_cannot_be_seen_is_named(
    sound: DemoSentry, settings: Settings
) -> None:
    settings.SENTRY_PROJECTS = ("gone",)
    (finding,) = [finding for finding in check_connection() if not finding.ok]
    assert "gone" in finding.message


@responses.activate
def test_a_wrong_clock_is_reported(settings: Settings) -> None:
    settings.SENTRY_BASE_URL = "https://sentry.test"
    settings.SENTRY_ORG = "acme"
    settings.SENTRY_AUTH_TOKEN = "token"
    there = format_datetime(datetime.now(UTC) + timedelta(minutes=9), usegmt=True)
    everything = re.compile("https://sentry.test/.*")
    responses.get(everything, json=[{"id": "1", "slug": "web"}], headers={"Date": there})
    (finding,) = [finding for finding in check_connection() if not finding.ok]
    assert finding.label == "Clock"
    assert "ahead" in finding.message


def test_a_server_other_than_sentry_is_reported(sound: DemoSentry) -> None:
    sound.fail("/organizations/acme/[?]", times=None, status=200, body="<html>hello</html>")
    (finding,) = check_connection()
    assert "SENTRY_BASE_URL" in finding.fix


def test_the_command_exits_with_0_or_4(command_line: CommandLine, demo_sentry: DemoSentry) -> None:
    demo_sentry.world.add_event(user_id="1", timestamp=MOMENT)
    assert command_line.run("check_sentry").returncode == 0
    wrong = command_line.run("check_sentry", SENTRY_AUTH_TOKEN="wrong")
    assert wrong.returncode == 4
    assert "FAIL Host, token, and organization" in wrong.stdout
    assert "wrong" not in wrong.stdout + wrong.stderr


@pytest.mark.django_db
def test_the_page_is_for_reviewers(sound: DemoSentry, admin: User, agent: User) -> None:
    assert (
        "Everything Triage needs is working."
        in signed_in(admin).get("/review/sentry/").content.decode()
    )
    assert signed_in(agent).get("/review/sentry/").status_code == 403
