"""Submit the form of a known error."""

from django.test import Client

LIST = "/admin/known_errors/knownerror/"
ADD = f"{LIST}add/"


def filled(**changes: str) -> dict[str, str]:
    """Return valid form data with the given changes."""
    return {
        "title": "The bank declines the card",
        "slug": "card-declined",
        "is_active": "on",
        "type_way": "exact",
        "type_text": "PaymentDeclined",
        "message_way": "contains",
        "culprit_way": "contains",
        "explanation": "The bank says no.",
        "state": "open",
        **changes,
    }


def sent(client: Client, address: str = ADD, button: str = "_save", **changes: str) -> str:
    """Submit the form, and return the next page."""
    response = client.post(address, {**filled(**changes), button: "1"}, follow=True)
    assert response.status_code == 200
    return response.content.decode()
