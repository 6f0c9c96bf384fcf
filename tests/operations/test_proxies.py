"""The proxies' configurations in docs/proxies.md, as they are written there."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.servers import free_port, running_gunicorn
from tests.shell import ROOT, Shell
from tests.web.test_planted_markers import MAKE_ANA, csrf_token

HOST = "triage.example.org"
GUIDE = (ROOT / "docs/proxies.md").read_text()
ADDRESSES = (
    "from apps.audit.models import *; print(*Entry.objects.values_list('address', flat=True))"
)


def documented(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[None]:
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        for _ in range(100):
            assert process.poll() is None, log.read_text()
            try:
                requests.get(f"http://127.0.0.1:{port}/", timeout=5, allow_redirects=False)
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                break
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


class Browser(requests.Session):
    """A browser that finds the host on this machine, trusts its certificate, and forges headers."""

    def __init__(self, base: str, certificate: Path) -> None:
        super().__init__()
        self.base, self.verify, self.trust_env = base, str(certificate), False
        self.headers["X-Forwarded-For"] = "192.0.2.66"

    def open(self, path: str, form: dict[str, str] | None = None) -> requests.Response:
        headers = {"Referer": self.base + path, "Origin": self.base}
        method = "GET" if form is None else "POST"
        return self.request(method, self.base + path, data=form, headers=headers, timeout=60)


def walk(browser: Browser, path: str = "") -> str:
    """Sign in, look up, and export. Return the path of the result."""
    page = browser.open(f"{path}/accounts/login/")
    form = {"login": "ana", "username": "ana", "password": "ana-password", **csrf_token(page)}
    home = browser.open(f"{path}/accounts/login/", form)
    assert (home.status_code, home.url) == (200, f"{browser.base}{path}/"), home.text
    assert all(cookie.secure for cookie in browser.cookies)
    lookup = {"customer": "1001", "at": MOMENT.isoformat(), "zone": "UTC", "window": "5"}
    result = browser.open(f"{path}/lookups/", lookup | csrf_token(home))
    assert "1 problem" in result.text
    address = result.url.removeprefix(browser.base)
    assert address.startswith(f"{path}/lookups/")
    assert browser.open(f"{address}export.json").json()["events"]
    style = re.search(r'href="([^"]+\.css)"', result.text)
    assert style
    assert browser.open(style[1]).headers["Content-Type"].startswith("text/css")
    return address


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate made as the guide says, for the names of this machine."""
    found = re.search(r"^    (openssl (?:.*\\\n)*.*)$", GUIDE, re.MULTILINE)
    assert found
    command = found[1].replace("/etc/ssl/", f"{tmp_path}/")
    command = command.replace(f"DNS:{HOST}", "DNS:localhost,IP:127.0.0.1,IP:::1")
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    return tmp_path / "triage.pem"


@pytest.mark.parametrize("path", ["", "/triage"])
def test_nginx_as_documented(
    path: str, shell: Shell, demo_sentry: DemoSentry, tmp_path: Path, certificate: Path
) -> None:
    demo_sentry.world.add_event(user_id="1001", timestamp=MOMENT)
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert nginx, "nginx is missing: run sh .ci/system-deps rest"
    assert shell.run("shell", "-v", "0", "-c", MAKE_ANA).returncode == 0
    plain, secure = free_port(), free_port()
    site = {"ALLOWED_HOSTS": "localhost,[::1]", "TRIAGE_BEHIND_PROXY": "1", "SCRIPT_NAME": path}
    options = ("--threads", "32", "--timeout", "60")
    log = tmp_path / "site.log"
    with running_gunicorn({**shell.environment, **site}, log, *options) as (port, _process):
        server = documented("nginx").replace("/etc/ssl/", f"{tmp_path}/")
        for old, new in (
            ("/var/log/nginx/", f"{tmp_path}/"),
            (HOST, "localhost"),
            ("127.0.0.1:8000", f"127.0.0.1:{port}"),
            (":80;", f":{plain};"),
            (" 80;", f" 127.0.0.1:{plain};"),
            (":443 ssl;", f":{secure} ssl;"),
            (" 443 ssl;", f" 127.0.0.1:{secure} ssl;"),
            ("location / {", f"location {path}/ {{"),
            ("listen [::]", "listen [::1]"),
        ):
            assert old in server, old
            server = server.replace(old, new)
        folders = "".join(
            f"{name}_temp_path {tmp_path}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""  # for its temporary files
        whole = f"{user} pid {tmp_path}/pid; daemon off; events {{}} http {{ {folders}\n{server} }}"
        (tmp_path / "nginx.conf").write_text(whole)
        command = [nginx, "-p", str(tmp_path), "-c", "nginx.conf", "-e", f"{tmp_path}/errors"]
        with running(command, plain, tmp_path / "nginx.log"):
            redirect = requests.get(
                f"http://127.0.0.1:{plain}/x", headers={"Host": "localhost"}, timeout=30,
                allow_redirects=False,
            )  # fmt: skip
            assert (redirect.status_code, redirect.headers["Location"]) == (
                301, "https://localhost/x",
            )  # fmt: skip
            address = walk(Browser(f"https://localhost:{secure}", certificate), path)
            browser = Browser(f"https://[::1]:{secure}", certificate)
            assert walk(browser, path) != address
            big = browser.open(f"{path}/lookups/", {"customer": "x" * 1_500_000})
            assert big.status_code == 413
            assert "Triage" in big.text
            for probe in ("/healthz", "/readyz", f"{path}/healthz", f"{path}/readyz"):
                found = requests.get(f"http://127.0.0.1:{port}{probe}", timeout=30)
                assert found.status_code == 200, probe
    seen = shell.run("shell", "-v", "0", "-c", ADDRESSES).stdout.split()
    assert set(seen) == {"127.0.0.1", "::1"}
    assert "export.json" in (tmp_path / "triage.log").read_text()
