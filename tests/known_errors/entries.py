"""Catalog entries for tests."""

from apps.known_errors.models import KnownError


def build_entry(slug: str = "card-declined", **fields: object) -> KnownError:
    """Return an unsaved, valid entry with these fields."""
    defaults: dict[str, object] = {
        "slug": slug,
        "title": "The bank declines the card",
        "pattern": {"type": {"exact": "PaymentDeclined"}},
        "explanation": "The bank says no.",
    }
    return KnownError(**{**defaults, **fields})


def create_entry(slug: str = "card-declined", **fields: object) -> KnownError:
    """Save and return a valid entry with these fields."""
    entry = build_entry(slug, **fields)
    entry.save()
    return entry
