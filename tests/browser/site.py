"""The whole site as `make run` starts it, and Chromium."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Site:
    """A running demo with its passwords by username and reported times by customer.

    `sessions` caches cookies by username, and `results` addresses by username and customer.
    """

    folder: Path
    url: str
    sentry: str
    passwords: dict[str, str]
    moments: dict[str, str]
    sessions: dict[str, Any] = field(default_factory=dict)
    results: dict[tuple[str, str], str] = field(default_factory=dict)


@contextmanager
def running_site(folder: Path, *arguments: str, **extra: str) -> Iterator[Site]:
    """Run `python -m tests.browser.start` with these arguments, on a free port.

    `extra` adds environment variables. Without a token or with the argument `demo`, it's a demo.
    """
    port, demo_port = _free_ports()
    output = folder / "output.txt"
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **inherited,
        "TRIAGE_ENV_FILE": os.devnull,
        "TRIAGE_VAR_DIR": str(folder),
        "PORT": str(port),
        "TRIAGE_DEMO_PORT": str(demo_port),
        "PYTHONUNBUFFERED": "1",
        **extra,
    }
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.start", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", output)
        yield _parse_output(folder, port, output.read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium, headless unless `HEADED` is set."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "Chromium is missing: run make system-deps"
    expect.set_options(timeout=20_000)  # allow for a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            headless=not os.environ.get("HEADED"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        yield browser
        browser.close()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(url: str, output: Path) -> None:
    for _ in range(900):
        try:
            if requests.get(url, timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
    raise AssertionError(output.read_text())


def _parse_output(folder: Path, port: int, printed: str) -> Site:
    sentry = re.search(r"Demo Sentry at (\S+)", printed)
    assert sentry
    moments = re.findall(r"^  (\d{4}-\d\d-\d\d \d\d:\d\d)  (.+?)  - ", printed, re.MULTILINE)
    return Site(
        folder=folder,
        url=f"http://127.0.0.1:{port}",
        sentry=sentry[1],
        passwords=dict(re.findall(r"^(agent|lead|admin|auditor): (\S+)$", printed, re.MULTILINE)),
        moments={customer: f"{moment}Z" for moment, customer in moments},
    )
