"""Rendering templates for a signed-in agent and parsing the result."""

from html.parser import HTMLParser

from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import RequestFactory


class Page(HTMLParser):
    """The tags of a page and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def rendered(template: str, context: dict[str, object]) -> str:
    """Render the template for a signed-in agent."""
    request = RequestFactory().get("/")
    request.user = User(username="ana", is_superuser=True, is_staff=True)
    return render_to_string(template, context, request)
