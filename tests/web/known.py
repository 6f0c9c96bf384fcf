"""A known error that matches the test customer's errors."""

from apps.known_errors.models import KnownError

REPLY = "{greeting}\n\nyour bank refused the card on {moment}.\nPlease use another one."


def entry(slug: str = "card-refused", **changes: object) -> KnownError:
    values: dict[str, object] = {
        "title": "The bank refuses cards",
        "pattern": {"type": {"exact": "PaymentDeclined"}},
        "explanation": "The bank has an outage.",
        "reply": REPLY,
        "workaround": "Pay by invoice.",
        "owner": "Payments team",
        "links": [{"label": "Status", "address": "https://status.example/7"}],
    }
    return KnownError.objects.create(slug=slug, **{**values, **changes})
