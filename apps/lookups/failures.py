"""A failure that the others who waited for the same answer share, instead of repeating it."""

import time

from apps.lookups import sealed
from apps.lookups.problems import known_errors
from apps.sentry import SentryError, SentryRateLimited, SentryResting

_KEPT_FOR_S = 10


def note(key: str, error: SentryError) -> None:
    """Tell those who wait under this key that the asking failed, and how."""
    wait = error.retry_after if isinstance(error, SentryRateLimited | SentryResting) else 0.0
    known = known_errors()
    name = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in known), "")
    value = [name, error.message, error.detail, wait, time.time()]
    sealed.put(f"{key}/failure", value, _KEPT_FOR_S)


def since(key: str, moment: float) -> SentryError | None:
    """The failure noted under this key after that moment (epoch seconds), as an error to raise."""
    value = sealed.get(f"{key}/failure")
    if not isinstance(value, list) or len(value) != 5 or value[4] < moment:
        return None
    name, message, detail, wait, _when = value
    kind = known_errors().get(name)
    if kind is not None and issubclass(kind, SentryRateLimited | SentryResting):
        return kind(message, retry_after=wait, detail=detail)
    return kind(message, detail=detail) if kind else None
