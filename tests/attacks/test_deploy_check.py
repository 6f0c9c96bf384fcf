"""`manage.py check --deploy` passes for the README setup and warns about unsafe settings."""

import re
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from apps.audit.models import Action
from apps.audit.trail import Actor, record
from apps.jobs.models import Worker
from apps.lookups.models import Lookup, TypedCustomer
from apps.lookups.retention import reseal_all
from apps.web.checks import check_upgrade
from tests.attacks.production import environment, manage
from tests.shell import start_with

DEPLOY = ("check", "--deploy", "--fail-level", "WARNING")


pytestmark = pytest.mark.django_db
LOOKUP = {"origin": "web", "moment": "2026-11-20T14:05Z", "minutes": 5, "zone": "UTC"}


def deploy_warnings(folder: Path, settings: Settings, **variables: str) -> set[str | None]:
    """Return the IDs of the warnings for a server with these variables."""
    started = start_with(environment(folder, **variables))
    assert started.returncode == 0, started.stderr
    for name in started.settings.keys() - {"DATABASES", "CACHES", "INSTALLED_APPS"}:
        setattr(settings, name, started.settings[name])
    expected_in_tests = {"async.E001"}  # the tests themselves set DJANGO_ALLOW_ASYNC_UNSAFE
    return {
        warning.id for warning in run_checks(include_deployment_checks=True)
    } - expected_in_tests


def test_readme_setup_has_no_warnings(tmp_path: Path, settings: Settings) -> None:
    assert deploy_warnings(tmp_path, settings) == set()


def test_command_fails_only_with_warnings(tmp_path: Path) -> None:
    expected = {f"security.{code}" for code in ("W004", "W008", "W012", "W016")}
    assert manage(environment(tmp_path), *DEPLOY).returncode == 0
    result = manage(environment(tmp_path, TRIAGE_HTTPS="0"), *DEPLOY)
    assert result.returncode == 1
    assert set(re.findall(r"\((\w+\.W\d+)\)", result.stderr)) == expected


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("TRIAGE_HASH_KEY", "", "triage.W001"),
        ("TRIAGE_DATA_KEYS", "", "triage.W002"),
        ("ALLOWED_HOSTS", "*", "triage.W003"),
        ("ALLOWED_HOSTS", ".example.org", "triage.W003"),
        ("SENTRY_BASE_URL", "http://sentry.internal", "triage.W004"),
        ("TRIAGE_BEHIND_PROXY", "0", "triage.W005"),
    ],
)
def test_unsafe_setting_raises_warning(
    tmp_path: Path, settings: Settings, name: str, value: str, code: str
) -> None:
    assert deploy_warnings(tmp_path, settings, **{name: value}) == {code}


def test_one_private_address_in_the_trail_raises_warning(
    tmp_path: Path, settings: Settings
) -> None:
    for number in range(50):
        record(Action.SIGNED_IN, Actor("web", address=f"192.0.2.{number}"))
    assert deploy_warnings(tmp_path, settings) == set()
    for _ in range(50):
        record(Action.SIGNED_IN, Actor("web", address="10.0.0.1"))
    assert deploy_warnings(tmp_path, settings) == {"triage.W006"}


def test_what_an_upgrade_still_needs_raises_warnings(settings: Settings) -> None:
    def left_to_do() -> set[str | None]:
        return {warning.id for warning in check_upgrade()}

    older = settings.TRIAGE_DATA_KEYS[0]
    lookup = Lookup.objects.create(**LOOKUP)
    TypedCustomer.of(lookup, "1001").save()
    worker = Worker.objects.create(name=f"host:1:ab:{settings.TRIAGE_VERSION}")
    assert left_to_do() == set()
    settings.TRIAGE_DATA_KEYS = ("n" * 50, older)
    assert left_to_do() == {"triage.W009"}
    reseal_all()
    assert left_to_do() == set()
    settings.TRIAGE_REMOVED = {"LLM_TIMEOUT_S": "a model has 120 seconds to answer"}
    assert left_to_do() == {"triage.W007"}
    settings.TRIAGE_REMOVED = {}
    Worker.objects.update(name="host:1:ab:0.9.0")
    assert left_to_do() == {"triage.W010"}
    worker.delete()
    assert left_to_do() == {"triage.W011"}
    MigrationRecorder.Migration.objects.filter(app="audit", name="0005_backups").delete()
    assert left_to_do() == {"triage.W008"}


@pytest.mark.parametrize(
    "variables",
    [{"SECRET_KEY": ""}, {"SECRET_KEY": "short"}, {"DEBUG": "1", "TRIAGE_SERVER": "1"}],
)
def test_dangerous_settings_prevent_startup(tmp_path: Path, variables: dict[str, str]) -> None:
    result = start_with(environment(tmp_path, **variables))

    assert result.returncode == 2
    assert result.stderr.startswith("Triage cannot start: ")
    assert "Traceback" not in result.stderr
