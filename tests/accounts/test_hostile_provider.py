"""A provider whose document or host name points elsewhere gets no secrets."""

import json
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from apps.audit.models import Action, Entry
from apps.signin import oidc
from tests.accounts.provider import Provider, begin, come_back
from tests.accounts.test_oidc import configure
from tests.servers import in_background

pytestmark = pytest.mark.django_db

DOCUMENT = "/.well-known/openid-configuration"
REAL = socket.getaddrinfo


class Host(ThreadingHTTPServer):
    """Serve a configuration document, and record requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[str] = []
        self.leads_to = ""
        self.sent = ""
        self.id_token = ""
        self.document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/oauth2/authorize",
            "token_endpoint": f"{self.url}/oauth2/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
        }

    def answer(self, path: str) -> dict[str, str]:
        """Return the document, the tokens, or the claims."""
        if path == "/oauth2/token":
            return {"access_token": "a", "token_type": "bearer", "id_token": self.id_token}
        return {"sub": "1"} if path == "/userinfo" else self.document


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        body = (self.server.sent or json.dumps(self.server.answer(self.path))).encode()
        self.send_response(307 if self.server.leads_to else 200)
        if self.server.leads_to:
            self.send_header("Location", self.server.leads_to)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_words: Any) -> None:
        """Log nothing."""


@pytest.fixture
def listen() -> Iterator[Callable[[], Host]]:
    running: list[Host] = []

    def start() -> Host:
        host = Host()
        in_background(host)
        running.append(host)
        return host

    yield start
    for host in running:
        host.shutdown()
        host.server_close()


@pytest.fixture
def evil(listen: Callable[[], Host], settings: Settings) -> Host:
    """The configured provider."""
    host = listen()
    configure(settings, Provider(host.url))
    return host


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


def why() -> str:
    return str(Entry.objects.get(action=Action.SIGN_IN_FAILED).detail["why"])


ELSEWHERE = [
    "http://169.254.169.254/latest/meta-data/",
    "https://elsewhere.example.org/token",
    "http://login.example.org/token",
    "http://127.0.0.1:9/token",
    "https://127.0.0.1/token",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "userinfo_endpoint"])
def test_a_document_with_foreign_endpoints_stops_the_sign_in(
    evil: Host, client: Client, name: str, address: str
) -> None:
    evil.document[name] = address
    refused = client.post("/accounts/oidc/begin/")
    assert refused.status_code == 503
    assert b"isn't set up correctly" in refused.content
    assert b"elsewhere.example.org" not in refused.content
    assert evil.seen == [DOCUMENT]
    assert name in why()


@pytest.mark.parametrize("name", ["token_endpoint", "userinfo_endpoint"])
def test_a_document_changed_meanwhile_gets_neither_code_nor_secret(
    evil: Host, listen: Callable[[], Host], client: Client, name: str
) -> None:
    thief = listen()
    state = state_of(begin(client))
    evil.document[name] = f"{thief.url}/steal"
    refused = come_back(client, f"/accounts/oidc/sso/callback/?code=the-code&state={state}")
    assert refused.status_code == 503
    assert thief.seen == []
    assert set(evil.seen) == {DOCUMENT}
    assert "OIDC_HOSTS" in why()
    assert not User.objects.exists()


def test_a_document_of_another_issuer_is_rejected(evil: Host, client: Client) -> None:
    evil.document["issuer"] = "https://login.example.org"
    assert client.post("/accounts/oidc/begin/").status_code == 503
    assert "different issuer" in why()
    assert evil.seen == [DOCUMENT]


def test_a_document_that_cannot_be_read_stops_the_sign_in(evil: Host, client: Client) -> None:
    evil.sent = "1" * 5000  # more digits than Python reads
    assert client.post("/accounts/oidc/begin/").status_code == 503
    assert why() == "provider does not answer"


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 302),
        ({"iss": "https://login.example.org"}, 401),
        ({"aud": "another-site"}, 401),
        ({"exp": 1}, 401),
        ({"nonce": "of-another-browser"}, 403),
        ({"sub": "2"}, 403),
    ],
)
def test_a_token_with_wrong_audience_issuer_or_time_is_rejected(
    evil: Host, settings: Settings, client: Client, claims: dict[str, Any], status: int
) -> None:
    configure(settings, Provider(evil.url), allowed_domains=())
    assert come_back(client, returning(evil, client, claims)).status_code == status
    assert User.objects.exists() == (status == 302)


def returning(evil: Host, client: Client, claims: dict[str, Any]) -> str:
    """Begin a sign-in, and return the URL that the provider sends the browser back to."""
    address = begin(client)
    claims = {
        "iss": evil.url,
        "aud": "triage",
        "sub": "1",
        "exp": 4102444800,
        "nonce": parse_qs(urlsplit(address).query)["nonce"][0],
        "groups": ["support"],
        **claims,
    }
    evil.id_token = jwt.encode(claims, "k" * 32)
    return f"/accounts/oidc/sso/callback/?code=1&state={state_of(address)}"


def test_only_an_unreadable_response_is_blamed_on_the_provider(
    evil: Host, settings: Settings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(settings, Provider(evil.url), allowed_domains=())
    back = returning(evil, client, {})
    no_subject = {"access_token": "a", "token_type": "bearer"}
    with monkeypatch.context() as patched:
        patched.setattr(
            evil, "answer", lambda path: evil.document if path == DOCUMENT else no_subject
        )
        assert come_back(client, back).status_code == 503
    assert why() == "provider does not answer"
    monkeypatch.setattr(oidc, "set_roles", Mock(side_effect=KeyError("of our own")))
    with pytest.raises(KeyError, match="of our own"):
        come_back(client, returning(evil, client, {}))


def test_redirects_of_the_provider_are_not_followed(
    evil: Host, listen: Callable[[], Host], client: Client
) -> None:
    thief = listen()
    address = f"/accounts/oidc/sso/callback/?code=1&state={state_of(begin(client))}"
    evil.leads_to = f"{thief.url}{DOCUMENT}"
    assert come_back(client, address).status_code == 401  # its token address redirects
    evil.document = {}
    assert client.post("/accounts/oidc/begin/").status_code == 503
    assert "/oauth2/token" in evil.seen
    assert thief.seen == []


def test_an_issuer_with_a_private_address_must_be_allowed(
    listen: Callable[[], Host],
    settings: Settings,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside = listen()
    address = inside.url.replace("127.0.0.1", "login.example.org")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, *args, **o: REAL("127.0.0.1", *args, **o)
    )
    configure(settings, Provider(address))
    inside.document = {
        name: value.replace("127.0.0.1", "login.example.org")
        for name, value in inside.document.items()
    }
    assert client.post("/accounts/oidc/begin/").status_code == 503
    assert inside.seen == []
    assert "TRIAGE_PRIVATE_HOSTS" in why()
    settings.TRIAGE_PRIVATE_HOSTS = ("login.example.org",)
    assert client.post("/accounts/oidc/begin/").status_code == 200
    assert inside.seen == [DOCUMENT]


def test_endpoints_on_allowed_hosts_need_https(
    evil: Host, settings: Settings, client: Client
) -> None:
    configure(settings, Provider(evil.url), hosts=("graph.example.org",))
    evil.document["userinfo_endpoint"] = "https://graph.example.org/oidc/userinfo"
    assert client.post("/accounts/oidc/begin/").status_code == 200
    evil.document["userinfo_endpoint"] = "http://graph.example.org/oidc/userinfo"
    assert client.post("/accounts/oidc/begin/").status_code == 503
    assert "userinfo_endpoint" in why()
