"""Looking up customers through the form, as most page tests do first."""

from django.http import HttpResponse
from django.test import Client

from tests.conftest import MOMENT

AT = MOMENT.isoformat()


def form_data(**changes: object) -> dict[str, object]:
    """Return valid form data, with overrides."""
    return {"customer": "1001", "at": AT, "zone": "Europe/Berlin", "window": 5, **changes}


def look_up(client: Client, **changes: object) -> str:
    """Submit the form and return the URL of the result."""
    response = client.post("/lookups/", form_data(**changes))
    assert response.status_code == 303, text(response)
    return str(response["Location"])


def text(response: "HttpResponse | object") -> str:
    """Return the response body as text."""
    assert isinstance(response, HttpResponse)
    return response.content.decode()
