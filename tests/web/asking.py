"""Asking through the form, as every page test begins."""

from django.http import HttpResponse
from django.test import Client

from tests.conftest import MOMENT

AT = MOMENT.isoformat()


def filled(**changes: object) -> dict[str, object]:
    """A form that is filled in well, but for the changes."""
    return {"customer": "1001", "at": AT, "zone": "Europe/Berlin", "window": 5, **changes}


def look_up(client: Client, **changes: object) -> str:
    """Ask through the form; returns the address of the result."""
    response = client.post("/lookups/", filled(**changes))
    assert response.status_code == 303, text(response)
    return str(response["Location"])


def text(response: "HttpResponse | object") -> str:
    """The page as text."""
    assert isinstance(response, HttpResponse)
    return response.content.decode()
