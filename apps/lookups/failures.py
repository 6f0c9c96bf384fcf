"""A failure that the others who waited for the same answer share, instead of repeating it."""

import time

from apps.lookups import shared
from apps.sentry import (
    SentryAuthRefused,
    SentryBadResponse,
    SentryCrowded,
    SentryError,
    SentryNotFound,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryResting,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
)

_KEPT_FOR_S = 10
_KINDS: dict[str, type[SentryError]] = {
    kind.__name__: kind
    for kind in (
        SentryAuthRefused,
        SentryBadResponse,
        SentryCrowded,
        SentryNotFound,
        SentryPermissionMissing,
        SentryRejectedQuery,
        SentryServerError,
        SentryTimeout,
        SentryUnreachable,
    )
}
_WITH_WAIT: dict[str, type[SentryRateLimited] | type[SentryResting]] = {
    kind.__name__: kind for kind in (SentryRateLimited, SentryResting)
}


def note(key: str, error: SentryError) -> None:
    """Tell those who wait under this key that the asking failed, and how."""
    wait = error.retry_after if isinstance(error, SentryRateLimited | SentryResting) else 0.0
    value = [type(error).__name__, error.message, error.detail, wait, time.time()]
    shared.put(f"{key}/failure", value, _KEPT_FOR_S)


def since(key: str, moment: float) -> SentryError | None:
    """The failure noted under this key after that moment (epoch seconds), as an error to raise."""
    value = shared.get(f"{key}/failure")
    if not isinstance(value, list) or len(value) != 5 or value[4] < moment:
        return None
    name, message, detail, wait, _when = value
    if name in _WITH_WAIT:
        return _WITH_WAIT[name](message, retry_after=wait, detail=detail)
    return _KINDS[name](message, detail=detail) if name in _KINDS else None
