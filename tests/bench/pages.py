"""What each page costs in CPU time, and whether one greedy page slows down the others.

    python -m tests.bench.pages

The site runs as `make run` starts it, with the demo; only its web processes count. Needs Linux.
"""

import http.client
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

import requests

from tests.browser.site import Site, running_site

READERS, PROCESSES, LOAD_S = 64, 2, 8.0
BATCHES, BATCH_S = 5, 1.0
_CSRF_COOKIE = "triage-demo-csrf"
_TICK = os.sysconf("SC_CLK_TCK")

_local = threading.local()

Target = tuple[str, str, bool]

# Page, path after the lookup's, milliseconds to aim for.
_FEW, _MANY = "result, 8 events", "result, 140 events"
_AIMS = {_FEW: 15, _MANY: 40, "form": 8, "export.md, 8 events": 15, "export.md, 140 events": 15}


def measure() -> list[Target]:
    """Print the table of pages and the load. Return the targets."""
    with TemporaryDirectory() as folder, running_site(Path(folder)) as site:
        reader = _Reader.signed_in(site)
        pages = {"/healthz": "/healthz", "form": "/"}
        for what, customer in (("8 events", "1001"), ("140 events", "20417")):
            path = reader.look_up(customer, site.moments[customer])
            pages |= {f"result, {what}": path, f"export.md, {what}": f"{path}export.md"}
        cost = {what: _cpu_ms(reader, path) for what, path in pages.items()}
        print("The CPU time of a page, one process, a page that was read before\n")
        print("                             ms   x /healthz   pages/s of one core")
        for what, ms in cost.items():
            print(f"  {what:22} {ms:8.1f} {ms / cost['/healthz']:12.1f} {1000 / ms:12.0f}")
        print()
        targets = [
            (f"{what}: at most {aim} ms of CPU", f"{cost[what]:.1f}", cost[what] <= aim)
            for what, aim in _AIMS.items()
        ]
        return [*targets, *_load(reader, pages[_FEW])]


@dataclass(frozen=True)
class _Reader:
    """Someone who is signed in, with one connection for each thread."""

    host: str
    cookies: dict[str, str]

    @classmethod
    def signed_in(cls, site: Site) -> "_Reader":
        with requests.Session() as session:
            address = f"{site.url}/accounts/login/"
            session.get(address)
            form = {"login": "agent", "password": site.passwords["agent"]}
            session.post(address, {**form, "csrfmiddlewaretoken": session.cookies[_CSRF_COOKIE]})
            return cls(urlsplit(site.url).netloc, dict(session.cookies))

    def get(self, path: str) -> None:
        """Read a page."""
        self._request("GET", path)

    def look_up(self, customer: str, moment: str) -> str:
        """Return the path of a new lookup's result, which has been read once."""
        values = {"customer": customer, "at": moment, "zone": "UTC", "window": 60}
        form = {**values, "csrfmiddlewaretoken": self.cookies[_CSRF_COOKIE]}
        path = self._request("POST", "/lookups/", urlencode(form))
        self.get(path)
        return path

    def _request(self, method: str, path: str, body: str = "") -> str:
        connection = getattr(_local, "connection", None)
        if connection is None:
            connection = _local.connection = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={text}" for name, text in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        response.read()
        if response.status not in (200, 303):
            raise RuntimeError(f"{path} answered {response.status}.")
        return response.headers.get("Location", "")


def _cpu_ms(reader: _Reader, path: str) -> float:
    """Return the least CPU time of a page of several batches, in milliseconds."""
    for _ in range(3):
        reader.get(path)
    least = float("inf")
    for _ in range(BATCHES):
        count, before, end = 0, _cpu_s(), time.monotonic() + BATCH_S
        while time.monotonic() < end:
            reader.get(path)
            count += 1
        least = min(least, (_cpu_s() - before) / count)
    return least * 1000


def _cpu_s() -> float:
    """Return the CPU time of the web processes so far."""
    seconds = 0.0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _is_web_process(folder):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            seconds += (int(fields[11]) + int(fields[12])) / _TICK
    return seconds


def _is_web_process(folder: Path) -> bool:
    """Return whether it is a gunicorn that this process started."""
    try:
        if b"gunicorn" not in (folder / "cmdline").read_bytes():
            return False
        pid = folder.name
        while pid not in ("0", str(os.getpid())):
            pid = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    except OSError:  # it has ended
        return False
    return pid != "0"


def _load(reader: _Reader, path: str) -> list[Target]:
    """Read one result again and again as many people at once; how long /healthz takes then."""
    before = _cpu_s()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        loads = [pool.submit(_reload, reader, path) for _ in range(PROCESSES)]
        health = []
        while not all(load.done() for load in loads):
            started = time.monotonic()
            requests.get(f"http://{reader.host}/healthz", timeout=60).raise_for_status()
            health.append(time.monotonic() - started)
            time.sleep(0.05)
        took = [seconds for load in loads for seconds in load.result()]
    cpu = _cpu_s() - before
    print(f"{READERS} readers reload the result with 8 events for {LOAD_S:.0f} s\n")
    rate, per_cpu = len(took) / LOAD_S, len(took) / cpu
    late = quantiles(health, n=20)[-1]
    print(f"  {rate:.0f} pages/s, {per_cpu:.0f} per second of CPU, {median(took):.2f} s each")
    print(f"  /healthz: {median(health):.3f} s, 95 % {late:.3f} s, at most {max(health):.3f} s\n")
    return [
        ("60 result pages a second of CPU", f"{per_cpu:.0f}", per_cpu >= 60),
        ("/healthz within 0.2 s meanwhile (95 %)", f"{late:.3f} s", late <= 0.2),
    ]


def _reload(reader: _Reader, path: str) -> list[float]:
    """Read the page in many threads, and return the seconds that each reading took."""
    end = time.monotonic() + LOAD_S
    took: list[float] = []

    def read() -> None:
        while time.monotonic() < end:
            started = time.monotonic()
            reader.get(path)
            took.append(time.monotonic() - started)

    with ThreadPoolExecutor(READERS) as pool:
        for _ in range(READERS // PROCESSES):
            pool.submit(read)
    return took


if __name__ == "__main__":
    for what, measured, is_met in measure():
        print(f"  {'ok    ' if is_met else 'MISSED'}  {what}: {measured}")
