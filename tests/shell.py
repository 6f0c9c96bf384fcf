"""Running the project's own programs the way a shell does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "triage.sqlite3"


class Shell:
    """Runs `manage.py` with an environment of its own and an empty database."""

    def __init__(self, folder: Path, base_url: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = {
            **kept,
            "TRIAGE_ENV_FILE": os.devnull,
            "SECRET_KEY": "x" * 50,
            "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
            "SENTRY_BASE_URL": base_url,
            "SENTRY_AUTH_TOKEN": "demo-token",
            "SENTRY_ORG": "acme",
        }

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def lookup(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.run("lookup", *arguments, **environment)
