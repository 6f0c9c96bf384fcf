"""Control characters in headers and logs, and framing by other sites."""

import re
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser

from apps.lookups.models import Lookup
from tests.attacks.production import HOST, Production
from tests.attacks.witness import HostileSite
from tests.conftest import MOMENT, signed_in
from tests.servers import in_background

BREAK = "x\r\nX-Evil: 1\r\n\r\n<script>alert(1)</script>\u2028\x85\x1b[31m"
LINE = re.compile(r"(?:\d{4}-\d\d-\d\d[ T]|\[\d{4}-\d\d-\d\d |\{)")


def test_input_never_reaches_response_headers(ana: Client, admin: User) -> None:
    lead = signed_in(admin)
    form = {"customer": BREAK, "at": f"{MOMENT:%Y-%m-%dT%H:%MZ}", "zone": "UTC", "window": "5"}
    responses: list[Any] = [
        ana.post("/lookups/", form),
        ana.post("/", form),
        ana.post("/tickets/", {"text": BREAK, "zone": "UTC"}),
        ana.post("/accounts/theme/", {"theme": BREAK, "next": f"/{BREAK}"}),
        ana.post("/accounts/preferences/", {"time_zone": BREAK}),
        ana.get("/", {"customer": BREAK}),
        lead.post("/admin/lookups/lookup/", {"find": BREAK}),
        Client().post("/accounts/login/", {"username": BREAK, "password": BREAK}),
        Client().get("/accounts/login/", headers={"referer": "https://x", "user-agent": BREAK}),
    ]
    for lookup in Lookup.objects.all():
        for suffix in ("md", "json", BREAK):
            url = f"/lookups/{lookup.uuid}/export.{suffix}"
            responses.append(ana.get(url, {"issue": BREAK, "preset": BREAK, "budget": BREAK}))

    for response in responses:
        assert response.status_code < 500
        for name, value in [*response.headers.items(), *response.cookies.items()]:
            assert "evil" not in name.lower()
            assert not re.search(r"[\r\n\x00-\x08\x1b]", str(value))


def test_input_cannot_forge_log_lines(production: Production) -> None:
    forged = "%0d%0a2026-11-23%2012:00:00,000%20WARNING%20forged%20"
    production.send(f"/nowhere{forged}")
    production.send(f"/accounts/login/{forged}", "POST", data={"username": BREAK})
    production.send("/accounts/login/", "POST", data={"username": f"ana\n{forged}"})
    production.send(f"/?customer={forged}", headers={"Host": "evil.example"})
    production.send("/api/v1/lookups/", "POST", headers={"Authorization": f"Bearer {forged}"})
    with socket.create_connection(("127.0.0.1", production.port), timeout=20) as connection:
        connection.sendall(f"GET /\x1b[31m HTTP/1.1\r\nHost: {HOST}\r\nBad\x00: 1\r\n\r\n".encode())
        connection.makefile("rb").read()

    for line in production.log.read_text().splitlines():
        assert LINE.match(line), line
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", line)
        assert "forged" not in line.partition("Forbidden")[0]


class _FramingHandler(BaseHTTPRequestHandler):
    url = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        frames = "".join(
            f'<iframe src="{self.url}{path}"></iframe>'
            for path in ("/accounts/login/", "/", "/admin/login/", "/static/web/icon.svg")
        )
        self.wfile.write(f"{frames}".encode())

    def log_message(self, *_words: Any) -> None:
        """Suppress request logs."""


@pytest.fixture
def framing(hostile: HostileSite) -> Iterator[str]:
    """Another site with a page that frames Triage."""
    _FramingHandler.url = hostile.site.url
    server = ThreadingHTTPServer(("127.0.0.1", 0), _FramingHandler)
    in_background(server)
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_other_sites_cannot_frame_pages(framing: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(framing, wait_until="networkidle")

    frames = page.frames[1:]
    assert len(frames) == 4
    for frame in frames:
        assert not frame.url.startswith("http")
        assert frame.locator("form, header, svg").count() == 0
    context.close()
