"""`manage.py check --deploy`: silent for a server set up as the README says, clear otherwise."""

import re
from pathlib import Path

import pytest

from tests.attacks.production import environment, manage

DEPLOY = ("check", "--deploy", "--fail-level", "WARNING")


def warned(folder: Path, **variables: str) -> set[str]:
    """The warnings of a server with these variables."""
    ended = manage(environment(folder, **variables), *DEPLOY)
    found = set(re.findall(r"\((\w+\.W\d+)\)", ended.stderr))
    assert bool(ended.returncode) == bool(found), ended.stderr
    return found


def test_a_server_set_up_as_the_readme_says_has_no_warning(tmp_path: Path) -> None:
    assert warned(tmp_path) == set()


def test_without_tls_exactly_what_that_lacks_is_told(tmp_path: Path) -> None:
    lacking = {f"security.{code}" for code in ("W004", "W008", "W012", "W016")}
    assert warned(tmp_path, TRIAGE_HTTPS="0") == lacking


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
    tmp_path: Path, name: str, value: str, code: str
) -> None:
    assert warned(tmp_path, **{name: value}) == {code}


@pytest.mark.parametrize(
    "variables",
    [{"SECRET_KEY": ""}, {"SECRET_KEY": "short"}, {"DEBUG": "1", "TRIAGE_SERVER": "1"}],
)
def test_what_is_never_safe_stops_the_start(tmp_path: Path, variables: dict[str, str]) -> None:
    ended = manage(environment(tmp_path, **variables), *DEPLOY)

    assert ended.returncode == 2
    assert ended.stderr.startswith("Triage cannot start: ")
    assert "Traceback" not in ended.stderr
