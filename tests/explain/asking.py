"""Request explanations through the page."""

import html
import re
from dataclasses import dataclass

from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

KEY = "sk-only-for-tests-0123456789"


@dataclass
class Explainer:
    """A person's browser, with the URL and the event of a result."""

    client: Client
    address: str
    event: str

    @property
    def page(self) -> str:
        """Return the URL of the explanation page."""
        return f"{self.address}explain/"

    def preview(self) -> str:
        """Return the previewed text."""
        return text_of(self.client.get(self.page).content.decode())

    def digest(self) -> str:
        """Return the preview's digest."""
        return digest_of(self.client.get(self.page).content.decode())

    def begin(self, digest: str = "") -> StreamingHttpResponse:
        """Start an explanation, without reading the answer."""
        response = self.client.post(self.page, {"digest": digest or self.digest()})
        assert isinstance(response, StreamingHttpResponse), response.content
        return response

    def answer(self) -> str:
        """Request an explanation, and return the whole page."""
        return read(self.begin())

    def refused(self, digest: str = "") -> HttpResponse:
        """Request an explanation that is refused."""
        response = self.client.post(self.page, {"digest": digest or self.digest()})
        assert isinstance(response, HttpResponse)
        return response


def read(response: StreamingHttpResponse) -> str:
    """Return all of a streamed page."""
    return b"".join(response).decode()


def text_of(page: str) -> str:
    """Return the previewed text, without the first newline, which browsers ignore too."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found, page
    return html.unescape(found[1])


def digest_of(page: str) -> str:
    """Return the digest in the form."""
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]
