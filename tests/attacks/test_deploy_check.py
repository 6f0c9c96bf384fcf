"""`manage.py check --deploy`: silent for a server set up as the README says, clear otherwise."""

import re
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from tests.attacks.production import environment, manage
from tests.shell import start_with

DEPLOY = ("check", "--deploy", "--fail-level", "WARNING")


def warned(folder: Path, settings: Settings, **variables: str) -> set[str | None]:
    """Return the codes of the warnings for a server with these variables."""
    started = start_with(environment(folder, **variables))
    assert started.returncode == 0, started.stderr
    for name in started.settings.keys() - {"DATABASES", "CACHES", "INSTALLED_APPS"}:
        setattr(settings, name, started.settings[name])
    ours = {"async.E001"}  # the tests themselves set DJANGO_ALLOW_ASYNC_UNSAFE
    return {warning.id for warning in run_checks(include_deployment_checks=True)} - ours


def test_a_server_set_up_as_the_readme_says_has_no_warning(
    tmp_path: Path, settings: Settings
) -> None:
    assert warned(tmp_path, settings) == set()


def test_the_command_fails_exactly_when_it_warns(tmp_path: Path) -> None:
    lacking = {f"security.{code}" for code in ("W004", "W008", "W012", "W016")}
    assert manage(environment(tmp_path), *DEPLOY).returncode == 0
    ended = manage(environment(tmp_path, TRIAGE_HTTPS="0"), *DEPLOY)
    assert ended.returncode == 1
    assert set(re.findall(r"\((\w+\.W\d+)\)", ended.stderr)) == lacking


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("TRIAGE_HASH_KEY", "", "triage.W001"),
        ("TRIAGE_DATA_KEYS", "", "triage.W002"),
        ("ALLOWED_HOSTS", "*", "triage.W003"),
        ("ALLOWED_HOSTS", ".example.org", "triage.W003"),
        ("SENTRY_BASE_URL", "http://sentry.internal", "triage.W004"),
    ],
)
def test_a_setting_that_is_not_safe_is_told(
    tmp_path: Path, settings: Settings, name: str, value: str, code: str
) -> None:
    assert warned(tmp_path, settings, **{name: value}) == {code}


@pytest.mark.parametrize(
    "variables",
    [{"SECRET_KEY": ""}, {"SECRET_KEY": "short"}, {"DEBUG": "1", "TRIAGE_SERVER": "1"}],
)
def test_what_is_never_safe_stops_the_start(tmp_path: Path, variables: dict[str, str]) -> None:
    ended = start_with(environment(tmp_path, **variables))

    assert ended.returncode == 2
    assert ended.stderr.startswith("Triage cannot start: ")
    assert "Traceback" not in ended.stderr
