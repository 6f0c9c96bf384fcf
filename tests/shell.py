"""Management commands as processes and inside a test, and settings from variables."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.core.management import execute_from_command_line
from django.db import connections
from pytest_django import Settings

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "triage.sqlite3"
OPTIONAL = {"PATH", "HOME"}
REQUIRED = {"TRIAGE_ENV_FILE": os.devnull, "SECRET_KEY": "x" * 50}


class Shell:
    """Runs `manage.py` as a process with its own environment and an empty database."""

    def __init__(self, folder: Path, base_url: str) -> None:
        self.environment = {
            **{name: os.environ[name] for name in OPTIONAL if name in os.environ},
            **REQUIRED,
            "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
            "SENTRY_BASE_URL": base_url,
            "SENTRY_AUTH_TOKEN": "demo-token",
            "SENTRY_ORG": "acme",
        }

    def run(
        self, *arguments: str, stdin: str | None = None, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run `manage.py` with these arguments; the environment is added to the shell's own."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def lookup(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.run("lookup", *arguments, **environment)


@dataclass(frozen=True)
class Finished:
    """The exit status and output of a command."""

    returncode: int
    stdout: str
    stderr: str


class CommandLine:
    """Runs management commands inside the test, which is a hundred times faster than a process.

    They use the test's database. Keyword arguments change settings for the rest of the test.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def run(self, *arguments: str, stdin: str = "", **settings: Any) -> Finished:
        """Run a command as `manage.py` does, and return its output and exit status."""
        for name, value in settings.items():
            setattr(self.settings, name, value)
        out, err, status = io.StringIO(), io.StringIO(), 0
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            patch.object(connections, "close_all"),  # this would end the test's transaction
        ):
            try:
                execute_from_command_line(["manage.py", *arguments])
            except SystemExit as exit_:
                status = int(exit_.code or 0)
        return Finished(status, out.getvalue(), err.getvalue())

    def lookup(self, *arguments: str, **settings: Any) -> Finished:
        return self.run("lookup", *arguments, **settings)


@dataclass(frozen=True)
class Start:
    """The settings of a start, or the error that stopped it."""

    settings: Mapping[str, Any]
    returncode: int
    stderr: str


def start_with(environment: Mapping[str, str]) -> Start:
    """Load the settings from only these variables, as a new process does."""
    ours = [name for name in sys.modules if name.split(".")[0] == "triage_site"]
    saved = {name: sys.modules.pop(name) for name in ours}
    err = io.StringIO()
    try:
        with patch.dict(os.environ, {**REQUIRED, **environment}, clear=True), redirect_stderr(err):
            module = import_module("triage_site.settings")
    except SystemExit as exit_:
        return Start({}, int(exit_.code or 0), err.getvalue())
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "triage_site"]:
            del sys.modules[name]
        sys.modules.update(saved)
    values = {name: getattr(module, name) for name in dir(module) if name.isupper()}
    return Start(values, 0, err.getvalue())
