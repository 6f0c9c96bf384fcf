"""`manage.py init_env` writes a complete `.env`, once, before there are any settings."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from apps.web.management.commands import init_env
from tests.shell import ROOT, start_with

ANSWERS = ("--address", "https://[2001:db8::7]:8443/triage", "--sentry-org", "acme")


def run(
    file: Path, *arguments: str, stdin: str = "", **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command with settings that could not be used."""
    return subprocess.run(
        [sys.executable, "manage.py", "init_env", *arguments],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "TRIAGE_ENV_FILE": str(file),
            "DEBUG": "perhaps",
            "TIME_ZONE": "",
            **variables,
        },
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_writes_a_file_that_starts_a_site_and_never_overwrites_it(tmp_path: Path) -> None:
    if os.geteuid() == 0:  # as in a container
        os.chown(tmp_path, 1234, 1234)
    file = tmp_path / "env"
    secrets = {"SENTRY_AUTH_TOKEN": "sntryu_a#b$c", "EMAIL_URL": "smtp://me:p%40ss@[::1]:25"}
    mail = ("--email-from", "Triage <triage@example.org>")
    done = run(file, "--no-input", *ANSWERS, *mail, **secrets)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_uid == tmp_path.stat().st_uid
    assert all(one in done.stdout for one in ("docker compose up", "docs/install.md", "gunicorn"))
    assert f"TRIAGE_ENV_FILE={file} for" in done.stdout
    assert not any(secret in done.stdout for secret in secrets.values())

    read = start_with({"TRIAGE_ENV_FILE": str(file), "TRIAGE_VAR_DIR": str(tmp_path)})
    assert read.returncode == 0, read.stderr
    site = read.settings
    assert site["ALLOWED_HOSTS"] == ["[2001:db8::7]"]
    assert site["CSRF_TRUSTED_ORIGINS"] == ["https://[2001:db8::7]:8443"]
    assert (site["FORCE_SCRIPT_NAME"], site["TRIAGE_BEHIND_PROXY"]) == ("/triage", 1)
    assert site["SENTRY_AUTH_TOKEN"] == secrets["SENTRY_AUTH_TOKEN"]
    assert site["EMAIL_HOST_PASSWORD"] == "p@ss"

    before = file.read_text()
    keys = re.findall(r"^(?:SECRET_KEY|TRIAGE_(?:HASH_KEY|DATA_KEYS))=(\S{50,})$", before, re.M)
    assert len(set(keys)) == 3
    again = run(file, "--no-input", *ANSWERS)
    assert (again.returncode, file.read_text()) == (1, before)
    assert "wasn't changed" in again.stderr


def test_questions_are_repeated_until_the_answer_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(("nonsense", "http://localhost:8000", "", "", "Mars/Olympus", "Asia/Tokyo"))
    monkeypatch.setenv("TRIAGE_ENV_FILE", str(tmp_path / "env"))
    monkeypatch.setattr("builtins.input", lambda _question: next(typed))
    monkeypatch.setattr(init_env, "getpass", lambda _question: "")
    init_env.Command().run_from_argv(["manage.py", "init_env"])
    written = (tmp_path / "env").read_text()
    assert "TIME_ZONE=Asia/Tokyo" in written
    assert "TRIAGE_HTTPS=0" in written
    errors = capsys.readouterr().err
    assert errors.count("Enter a") == 2


def test_an_answer_that_would_stop_the_start_writes_nothing(tmp_path: Path) -> None:
    for options in (
        ("--address", "triage.example.org"),
        ("--address", "http://["),
        ("--address", "http://triage.example.org:99999"),
        ("--address", "https://example.org/lookups"),
        ("--time-zone", "Mars/Olympus"),
        ("--sentry-org", "Acme Inc"),
    ):
        done = run(tmp_path / "env", "--no-input", *options)
        assert done.returncode == 1, options
        assert "Nothing was written." in done.stderr
        assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
