"""The form of a known error, filled in."""

from django.test import Client

LIST = "/admin/known_errors/knownerror/"
ADD = f"{LIST}add/"


def filled(**changes: str) -> dict[str, str]:
    """A form that is filled in well, but for the changes."""
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
    """Send the form; the page that follows."""
    response = client.post(address, {**filled(**changes), button: "1"}, follow=True)
    assert response.status_code == 200
    return response.content.decode()
