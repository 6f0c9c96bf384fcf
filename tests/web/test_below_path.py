"""The site below a path of its host: every link, redirect, cookie, and address stays there."""

import json
import os
import re
import socketserver
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

import pytest

from apps.demo.world import World
from tests.attacks.production import HOST, Production, manage, serving
from tests.attacks.production import environment as production_environment
from tests.bench.crowd import PASSWORD, Browser
from tests.demo_sentry import DemoSentry
from tests.servers import in_background

PREFIX = "/triage"
MOMENT = datetime.now(UTC) - timedelta(days=1)
_PEOPLE = f"""
from django.contrib.auth.models import User
from apps.accounts.models import ApiToken
from apps.accounts.tokens import set_new_token
user = User.objects.create_superuser("ada", password="{PASSWORD}")
record = ApiToken(name="walk", user=user, scopes=["lookup", "read"])
print(set_new_token(record))
record.save()
"""
_LINK = re.compile(r'(?:href|src|action)="([^"#]+)"')
_MOST_PAGES = 250


class MailServer(socketserver.StreamRequestHandler):
    """Accepts every message and keeps it."""

    received: ClassVar[list[str]] = []

    def handle(self) -> None:
        """Speak as much SMTP as a client needs."""
        self.wfile.write(b"220 mail\r\n")
        while line := self.rfile.readline():
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                message = message_from_bytes(b"".join(lines))
                self.received.append(message.get_payload(decode=True).decode())  # type: ignore[union-attr]
            self.wfile.write(b"250 ok\r\n")


class Walker(Browser):
    """A browser that notes what leads out of the path."""

    def __init__(self, port: int, sentry: str) -> None:
        super().__init__(port, "198.51.100.7")
        self._sentry = sentry
        self.outside: list[tuple[str, str]] = []

    def links(self, page: str, text: str) -> Iterator[str]:
        """Yield the addresses of this host that a page links to."""
        for link in _LINK.findall(text):
            target = urlsplit(urljoin(f"https://{HOST}{page}", link.replace("&amp;", "&")))
            if target.hostname != HOST or target.scheme not in ("http", "https"):
                continue
            if not target.path.startswith(f"{PREFIX}/"):
                self.outside.append((page, link))
                continue
            yield target.path + (f"?{target.query}" if target.query else "")


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[tuple[Production, Walker, str]]:
    """A site below the path, with someone who may do everything and their API token."""
    folder = tmp_path_factory.mktemp("below")
    world = World()
    world.add_event(user_id="1001", timestamp=MOMENT)
    with DemoSentry(world) as sentry, socketserver.TCPServer(("127.0.0.1", 0), MailServer) as mail:
        in_background(mail)
        variables = {
            "EMAIL_URL": f"smtp+plain://127.0.0.1:{mail.server_address[1]}",
            "EMAIL_FROM": "Triage <triage@example.org>",
            "SCRIPT_NAME": PREFIX,
            "SENTRY_BASE_URL": sentry.url,
            "SENTRY_AUTH_TOKEN": "demo-token",
            "SENTRY_ORG": "acme",
        }
        with serving(folder, migrated, **variables) as production:
            made = manage(
                production_environment(folder, **variables), "shell", "-v", "0", "-c", _PEOPLE
            )
            assert made.returncode == 0, made.stderr
            walker = Walker(production.port, sentry.url)
            walker.send(f"{PREFIX}/accounts/login/")
            form = {"username": "ada", "password": PASSWORD}
            signed_in = walker.send(f"{PREFIX}/accounts/login/", form)
            assert signed_in.headers["Location"] == f"{PREFIX}/"
            yield production, walker, made.stdout.strip()
        mail.shutdown()


def test_every_page_links_and_redirects_below_the_path(
    site: tuple[Production, Walker, str],
) -> None:
    _production, walker, _token = site
    asked = {"customer": "1001", "at": MOMENT.isoformat(), "window": "5"}
    walker.send(f"{PREFIX}/")
    result = walker.send(f"{PREFIX}/lookups/", asked).headers["Location"]
    waiting, seen, broken = [f"{PREFIX}/", result, PREFIX], set[str](), []
    while waiting and len(seen) < _MOST_PAGES:
        address = waiting.pop(0)
        shape = re.sub(r"[0-9a-f-]{32,}|\d+", "N", address.partition("?")[0])
        if shape in seen:
            continue
        seen.add(shape)
        reply = walker.send(address)
        where = reply.headers.get("Location", "")
        if where:
            found = list(walker.links(address, f'href="{where}"'))
        else:
            is_page = "html" in reply.headers.get("Content-Type", "")
            found = list(walker.links(address, reply.text)) if is_page else []
        if reply.status >= 400 and reply.status != 405:
            broken.append((address, reply.status))
        waiting += found
    assert not walker.outside
    assert not broken
    assert len(seen) > 60
    shapes = " ".join(seen)
    for part in ("/admin/", "/export.md", ".css", ".js", "/api/", "/accounts/", "/events/N/"):
        assert part in shapes, part


def test_cookies_go_only_below_the_path(site: tuple[Production, Walker, str]) -> None:
    production, _walker, _token = site
    jar = production.send(f"{PREFIX}/accounts/login/").raw.headers.getlist("Set-Cookie")
    theme = production.send(f"{PREFIX}/accounts/login/", headers={"Cookie": ""})
    assert theme.status_code == 200
    assert jar
    for cookie in jar:
        assert cookie.startswith("__Secure-triage-"), cookie
        assert f"path={PREFIX};" in cookie.lower() + ";", cookie


def test_the_api_and_its_document_have_the_path(site: tuple[Production, Walker, str]) -> None:
    _production, walker, token = site
    document = json.loads(walker.send(f"{PREFIX}/api/v1/openapi.json").text)
    servers = [one["url"] for one in document.get("servers", [])]
    roots = servers or [""]
    assert all(
        urlsplit(f"{root}{path}").path.startswith(f"{PREFIX}/api/v1/")
        for root in roots
        for path in document["paths"]
    ), (servers, list(document["paths"]))
    page = walker.send(f"{PREFIX}/api/v1/").text
    assert f"https://{HOST}{PREFIX}/api/v1/lookups/" in page
    asked = {"customer": "1001", "at": MOMENT.isoformat()}
    answered = walker.send(f"{PREFIX}/api/v1/lookups/", body=asked, token=token)
    assert answered.status == 200
    assert not [
        link
        for link in re.findall(rf'"(https?://{re.escape(HOST)}[^"]*|/[a-z]+/[^"]*)"', answered.text)
        if not urlsplit(link).path.startswith(f"{PREFIX}/")
    ]


def test_links_in_emails_have_the_path_and_the_public_host(
    site: tuple[Production, Walker, str],
) -> None:
    _production, walker, _token = site
    form = walker.send(f"{PREFIX}/admin/accounts/invitation/add/").text
    role = re.search(r'name="groups" value="(\d+)"', form)
    assert role
    invited = {"name": "Jo", "email": "jo@example.org", "groups": role[1]}
    reply = walker.send(f"{PREFIX}/admin/accounts/invitation/add/", invited)
    page = walker.send(reply.headers["Location"]).text
    assert "The link was sent to jo@example.org." in page
    (message,) = MailServer.received
    link = re.search(rf"https://{HOST}({PREFIX}/accounts/invitation/[\w-]+/)", message)
    assert link, message
    stranger = Browser(walker._port, "198.51.100.8")
    assert stranger.send(link[1]).headers["Location"] == f"{PREFIX}/accounts/invitation/"


def test_a_proxy_may_remove_the_path(site: tuple[Production, Walker, str]) -> None:
    production, walker, _token = site
    for address in ("/", "/accounts/login/", "/static/web/triage.css", "/healthz", "/readyz"):
        kept = production.send(f"{PREFIX}{address}")
        removed = production.send(address)
        assert (kept.status_code, kept.headers.get("Location")) == (
            removed.status_code,
            removed.headers.get("Location"),
        ), address
        assert kept.status_code in (200, 302), address
    assert walker.send("/").text.count(f'"{PREFIX}/') > 5
    assert production.send("/", headers={"SCRIPT_NAME": "/elsewhere"}).headers["Location"] == (
        f"{PREFIX}/accounts/login/?next={PREFIX}/"
    )
    assert os.environ.get("SCRIPT_NAME") is None
