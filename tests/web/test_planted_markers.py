"""Searches logs, files, cache, and process arguments for a planted customer and token."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.lookups.background import until
from tests.servers import Redis
from tests.shell import ROOT, Shell

CUSTOMER = "planted-customer@example.org"
TOKEN = "planted-token-1234567890"
MAKE_ANA = """
from django.contrib.auth.models import Group, User
ana = User.objects.create_user("ana", password="ana-password")
ana.groups.add(Group.objects.get(name="agent"))
"""


@contextmanager
def running_server(environment: dict[str, str], log: Path) -> Iterator[tuple[str, int]]:
    """Run gunicorn as in the README, with an access log; yield its URL and process ID."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "triage_site.wsgi", "--threads", "8"]
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "--access-logfile", "-"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
        )
        try:
            until(lambda: "Listening at" in log.read_text())
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()


def sign_in(url: str) -> requests.Session:
    browser = requests.Session()
    page = browser.get(f"{url}/accounts/login/", timeout=30)
    form = {"username": "ana", "password": "ana-password", **csrf_token(page)}
    assert browser.post(f"{url}/accounts/login/", form, timeout=30).status_code == 200
    return browser


def csrf_token(page: requests.Response) -> dict[str, str]:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found
    return {"csrfmiddlewaretoken": found[1]}


def look_up(browser: requests.Session, url: str, minutes: int = 5) -> requests.Response:
    """Submit the lookup form and open the result."""
    form = {"customer": CUSTOMER, "at": MOMENT.isoformat(), "zone": "UTC", "window": minutes}
    form |= csrf_token(browser.get(f"{url}/", timeout=30))
    return browser.post(f"{url}/lookups/", form, timeout=60)


def test_customer_and_token_are_absent_from_logs_files_cache_and_arguments(
    shell: Shell, demo_sentry: DemoSentry, tmp_path: Path
) -> None:
    demo_sentry.world.add_event(email=CUSTOMER, user_id=CUSTOMER, timestamp=MOMENT)
    redis = Redis(tmp_path)
    environment = {
        **shell.environment,
        "REDIS_URL": redis.url,
        "SENTRY_AUTH_TOKEN": TOKEN,
        "TRIAGE_PREFILL_LINKS": "1",
        "TRIAGE_HTTPS": "0",
    }
    overrides = {
        name: value for name, value in environment.items() if name not in shell.environment
    }
    assert shell.run("migrate", "-v", "0").returncode == 0
    assert shell.run("shell", "-v", "0", "-c", MAKE_ANA).returncode == 0
    log = tmp_path / "server.log"
    try:
        with running_server({**environment, "SENTRY_AUTH_TOKEN": "demo-token"}, log) as (url, pid):
            browser = sign_in(url)
            page = look_up(browser, url)
            assert "1 problem" in page.text
            pages = [page]
            for status in (500, 401):
                demo_sentry.fail("/acme/events/", times=None, status=status, body=CUSTOMER)
                pages.append(look_up(browser, url, minutes=status // 10))
            linked = requests.get(f"{url}/", {"customer": CUSTOMER}, timeout=30)
            requests.post(f"{url}/lookups/?q={CUSTOMER}", {"customer": CUSTOMER}, timeout=30)
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        for one in (*pages, linked, *linked.history):
            assert "no-store" in one.headers["Cache-Control"]
            assert "planted" not in one.headers.get("Location", "") + title_of(one)
        assert "planted" not in "".join(one.url for one in (*pages, linked))
        done = shell.lookup(CUSTOMER, "--at", MOMENT.isoformat(), **overrides)
        assert TOKEN not in done.stdout + done.stderr
        redis.client.save()
    finally:
        redis.stop()
    assert '"GET /" ' in log.read_text()
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"server.log", "triage.sqlite3", "dump.rdb"} <= {file.name for file in files}
    for marker in (CUSTOMER.encode(), TOKEN.encode(), b"planted", b"demo-token"):
        assert marker not in arguments
        assert not [file.name for file in files if marker in file.read_bytes()]


def title_of(page: requests.Response) -> str:
    found = re.search(r"<title>(.*?)</title>", page.text, re.DOTALL)
    return found[1] if found else ""
