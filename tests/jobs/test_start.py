"""`make run` starts a worker with the site, replaces one that died, and stops both."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import requests

from tests.browser.site import running_site
from tests.lookups.background import until


def workers(folder: Path) -> set[int]:
    """Return the process IDs of the workers that gave a sign of life."""
    with closing(sqlite3.connect(folder / "demo" / "triage.sqlite3")) as database:
        names = database.execute("SELECT name FROM jobs_worker").fetchall()
    return {int(name.split(":")[1]) for (name,) in names}


def test_the_site_continues_without_its_worker_and_gets_another(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        until(lambda: bool(workers(tmp_path)))
        (first,) = workers(tmp_path)
        assert requests.get(f"{site.url}/readyz", timeout=10).json()["worker"] == "ok"
        os.kill(first, signal.SIGKILL)
        until(lambda: "The worker stopped (status -9)." in (tmp_path / "output.txt").read_text())
        assert requests.get(f"{site.url}/readyz", timeout=10).ok
        until(lambda: len(workers(tmp_path)) == 2)
        (second,) = workers(tmp_path) - {first}
    assert not Path(f"/proc/{second}").exists()
    assert workers(tmp_path) == {first}, "the one that was stopped said goodbye"
