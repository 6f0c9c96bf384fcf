"""`make run` starts a worker with the site, replaces one that died, and keeps the demo apart."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import requests

from tests.browser.site import Site, running_site
from tests.lookups.background import until
from tests.shell import Shell


def workers(folder: Path) -> set[int]:
    """Return the process IDs of the workers that sent a heartbeat."""
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


def sign_in(site: Site, name: str) -> requests.Session:
    """Sign in with the password that was printed."""
    browser = requests.Session()
    page = f"{site.url}/accounts/login/"
    browser.get(page, timeout=20)
    token = next(value for key, value in browser.cookies.items() if "csrf" in key)
    form = {"username": name, "password": site.passwords[name], "csrfmiddlewaretoken": token}
    assert browser.post(page, form, timeout=20).url == f"{site.url}/"
    return browser


def test_the_demo_is_kept_and_shares_nothing_with_a_real_site(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        browser = sign_in(site, "agent")
        printed = (tmp_path / "output.txt").read_text()
        assert f"1. Sign in at {site.url}/accounts/login/ as agent" in printed
        assert "2. Look up the customer " in printed
        assert "3. Connect your own Sentry" in printed
        first = site
        files = [one for one in (tmp_path / "demo").iterdir() if one.name != "output.txt"]
        assert {"passwords.json", "secret_key", "triage.sqlite3"} <= {one.name for one in files}
        assert not [one.name for one in files if one.stat().st_mode & 0o077]
    kept = (tmp_path / "demo" / "triage.sqlite3").read_bytes()

    real = Shell(tmp_path, "http://127.0.0.1:9")
    real.environment |= {"TRIAGE_VAR_DIR": str(tmp_path), "DATABASE_URL": "", "SECRET_KEY": ""}
    assert real.run("migrate", "-v", "0").returncode == 0
    count = "from django.contrib.auth.models import User; print(User.objects.count())"
    assert real.run("shell", "-v", "0", "-c", count).stdout.strip() == "0"
    assert (tmp_path / "demo" / "triage.sqlite3").read_bytes() == kept
    keys = [(tmp_path / place / "secret_key").read_text() for place in ("", "demo")]
    assert keys[0] != keys[1]
    own = (tmp_path / "triage.sqlite3").read_bytes()

    token = {"SENTRY_AUTH_TOKEN": "a-real-one", "SENTRY_ORG": "own"}
    with running_site(tmp_path, "demo", **token) as site:
        assert site.passwords == first.passwords
        again = browser.get(f"{site.url}/", timeout=20)
        assert again.url == f"{site.url}/", "people remain signed in"
    assert (tmp_path / "triage.sqlite3").read_bytes() == own
