"""Entries of the catalogue for tests."""

from apps.known_errors.models import KnownError


def made(slug: str = "card-declined", **told: object) -> KnownError:
    """An entry as it is kept, but for what is told otherwise; not saved."""
    known: dict[str, object] = {
        "slug": slug,
        "title": "The bank declines the card",
        "pattern": {"type": {"exact": "PaymentDeclined"}},
        "explanation": "The bank says no.",
    }
    return KnownError(**{**known, **told})


def kept(slug: str = "card-declined", **told: object) -> KnownError:
    """The same, saved."""
    entry = made(slug, **told)
    entry.save()
    return entry
