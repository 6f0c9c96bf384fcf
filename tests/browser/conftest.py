"""The whole site as `make run` starts it, and a real Chromium."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Site:
    """A running demo: its address, its Sentry's address, passwords and moments by customer."""

    url: str
    sentry: str
    passwords: dict[str, str]
    moments: dict[str, str]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`python -m triage_site.start` without a token, on a free port, with its own files."""
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    output = folder / "output.txt"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **kept,
        "TRIAGE_ENV_FILE": os.devnull,
        "TRIAGE_VAR_DIR": str(folder),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "triage_site.start"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", output)
        yield _read(port, output.read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait_for(address: str, output: Path) -> None:
    for _ in range(300):
        try:
            if requests.get(address, timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
    raise AssertionError(output.read_text())


def _read(port: int, printed: str) -> Site:
    sentry = re.search(r"Demo Sentry at (\S+)", printed)
    assert sentry
    moments = re.findall(r"^  (\d{4}-\d\d-\d\d \d\d:\d\d)  (.+?)  - ", printed, re.MULTILINE)
    return Site(
        url=f"http://127.0.0.1:{port}",
        sentry=sentry[1],
        passwords=dict(re.findall(r"^(agent|admin): (\S+)$", printed, re.MULTILINE)),
        moments={customer: f"{moment}Z" for moment, customer in moments},
    )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "Chromium is missing: run make system-deps"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def healthy_sentry(site: Site) -> Iterator[None]:
    """Faults that a test switches on end with it."""
    yield
    requests.delete(f"{site.sentry}/_demo/faults", timeout=5)


class Visitor:
    """A person with a browser window of their own, who notes what the console says."""

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site = site
        self.context = context
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "status of" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self, name: str = "agent") -> None:
        self.page.goto(f"{self.site.url}/accounts/login/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(self.site.passwords[name])
        self.page.get_by_role("button", name="Sign in").click()

    def look_up(self, customer: str, at: str | None = None) -> None:
        self.page.goto(self.site.url)
        self.page.get_by_label("Customer", exact=True).fill(customer)
        self.page.get_by_label("When it happened").fill(at or self.site.moments[customer])
        self.page.get_by_role("button", name="Look up").click()
        self.page.wait_for_url(re.compile("/lookups/"))

    def preview(self) -> str:
        return self.page.locator("#export-text").input_value()


@pytest.fixture
def agent_browser(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo agent, signed in, in Berlin."""
    context = chromium.new_context(timezone_id="Europe/Berlin", accept_downloads=True)
    visitor = Visitor(site, context)
    visitor.sign_in()
    yield visitor
    context.close()


@pytest.fixture
def copying(agent_browser: Visitor) -> Visitor:
    """The same, allowed to use the clipboard."""
    agent_browser.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return agent_browser


@pytest.fixture
def no_script(site: Site, chromium: Browser) -> Iterator[Visitor]:
    """The demo agent on a phone without JavaScript."""
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, color_scheme="dark"
    )
    visitor = Visitor(site, context)
    visitor.sign_in()
    yield visitor
    context.close()
