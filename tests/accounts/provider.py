"""A real OpenID Connect provider over HTTP, with its received requests."""

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client

from tests.shell import ROOT

CLAIMS = {"email": "jo@example.org", "email_verified": True, "preferred_username": "jo"}


@dataclass
class Provider:
    """A provider at a URL."""

    url: str

    def asked(self) -> list[dict[str, list[str]]]:
        """Return the forms sent to its token endpoint."""
        requests_seen: list[dict[str, list[str]]] = requests.get(
            f"{self.url}/_asked", timeout=5
        ).json()
        return requests_seen

    def knows(self, subject: str, **claims: Any) -> None:
        """Set the claims about a person."""
        merged = {**CLAIMS, **claims}
        requests.put(f"{self.url}/users/{subject}", json=merged, timeout=5).raise_for_status()

    def agree(self, address: str, subject: str) -> str:
        """Sign in at the provider, and return the URL it redirects to."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


def begin(client: Client, wanted: str = "") -> str:
    """Start signing in, and return the URL at the provider."""
    page = client.post("/accounts/oidc/begin/", {"next": wanted})
    assert page.status_code == 200, page
    found = re.search(r'href="(http://[^"]+/oauth2/authorize[^"]+)"', page.content.decode())
    assert found
    return unescape(found[1])


def come_back(client: Client, address: str) -> Any:
    """Follow the provider's redirect to our site."""
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_on(client: Client, provider: Provider, subject: str, wanted: str = "") -> Any:
    """Sign in at the provider and return to the site."""
    return come_back(client, provider.agree(begin(client, wanted), subject))


def challenge_of(verifier: str) -> str:
    """Return the code challenge of a verifier (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@contextmanager
def running() -> Iterator[Provider]:
    """Run the provider on a free port."""
    command = [sys.executable, "-m", "tests.accounts.provider_process"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout
    try:
        yield Provider(f"http://127.0.0.1:{process.stdout.readline().strip()}")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
