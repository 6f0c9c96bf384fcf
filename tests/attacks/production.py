"""The site in production: production settings and gunicorn behind a TLS proxy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import requests

from tests.servers import running_gunicorn
from tests.shell import DATABASE, ROOT

HOST = "triage.example.org"
OVER_TLS = {"X-Forwarded-Proto": "https"}


@dataclass(frozen=True)
class Production:
    """A running server that is sent requests as its proxy would send them."""

    port: int
    log: Path

    def send(
        self,
        path: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        data: dict[str, str] | bytes | None = None,
    ) -> requests.Response:
        """Send a request to the public host, marked as received over TLS."""
        sent = {"Host": HOST, **OVER_TLS, **(headers or {})}
        return requests.request(
            method,
            f"http://127.0.0.1:{self.port}{path}",
            headers={name: value for name, value in sent.items() if value},
            data=data,
            allow_redirects=False,
            timeout=20,
        )


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """Return the environment of a site with a public host, isolated from this machine."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **inherited,
        "TRIAGE_ENV_FILE": os.devnull,
        "TRIAGE_VAR_DIR": str(folder),
        "SECRET_KEY": "a-key-of-this-test-" * 3 + "0123456789",
        "TRIAGE_HASH_KEY": "a-hash-key-of-this-test-" * 3,
        "TRIAGE_DATA_KEYS": "a-data-key-of-this-test-" * 3,
        "ALLOWED_HOSTS": HOST,
        "TRIAGE_BEHIND_PROXY": "1",
        **extra,
    }


def manage(variables: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a management command in this environment."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(folder: Path, migrated: Path, **extra: str) -> Iterator[Production]:
    """Run gunicorn as the README does, on a copy of the migrated database."""
    copyfile(migrated, folder / DATABASE)
    log = folder / "server.log"
    with running_gunicorn(environment(folder, **extra), log, "--threads", "4") as (port, _process):
        yield Production(port, log)
