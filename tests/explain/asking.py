"""Asking a model through the page, as a person does."""

import html
import re
from dataclasses import dataclass

from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

KEY = "sk-only-for-tests-0123456789"


@dataclass
class Asked:
    """A person's browser, the result's address, and the event in it."""

    client: Client
    address: str
    event: str

    @property
    def page(self) -> str:
        """Where a model can be asked."""
        return f"{self.address}explain/"

    def preview(self) -> str:
        """The text that the page says is sent."""
        return text_of(self.client.get(self.page).content.decode())

    def digest(self) -> str:
        """The preview's digest."""
        return digest_of(self.client.get(self.page).content.decode())

    def begin(self, digest: str = "") -> StreamingHttpResponse:
        """Send it; the answer is not read yet."""
        response = self.client.post(self.page, {"digest": digest or self.digest()})
        assert isinstance(response, StreamingHttpResponse), response.content
        return response

    def answer(self) -> str:
        """Send it, and read all of the answer."""
        return read(self.begin())

    def refused(self, digest: str = "") -> HttpResponse:
        """Send what is not sent."""
        response = self.client.post(self.page, {"digest": digest or self.digest()})
        assert isinstance(response, HttpResponse)
        return response


def read(response: StreamingHttpResponse) -> str:
    """All of a page that comes in pieces."""
    return b"".join(response).decode()


def text_of(page: str) -> str:
    """What stands in the field; a browser leaves out the first line's end."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found, page
    return html.unescape(found[1])


def digest_of(page: str) -> str:
    """What the form sends along."""
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found, page
    return found[1]
