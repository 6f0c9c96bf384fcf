"""The client of Sentry's web API. It doesn't depend on Django."""

from apps.sentry.client import SentryClient
from apps.sentry.config import (
    Flavor,
    Quirks,
    SentryAddressRefused,
    SentryAuthRefused,
    SentryBadResponse,
    SentryConfig,
    SentryCrowded,
    SentryError,
    SentryNotFound,
    SentryPermissionMissing,
    SentryProjectUnseen,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryResting,
    SentryRetired,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
    cloud_root,
)
from apps.sentry.fetch import fetch_answer, fetch_event, fetch_ids, fetch_related
from apps.sentry.throttling import RateLimiter

__all__ = [
    "Flavor",
    "Quirks",
    "RateLimiter",
    "SentryAddressRefused",
    "SentryAuthRefused",
    "SentryBadResponse",
    "SentryClient",
    "SentryConfig",
    "SentryCrowded",
    "SentryError",
    "SentryNotFound",
    "SentryPermissionMissing",
    "SentryProjectUnseen",
    "SentryRateLimited",
    "SentryRejectedQuery",
    "SentryResting",
    "SentryRetired",
    "SentryServerError",
    "SentryTimeout",
    "SentryUnreachable",
    "cloud_root",
    "fetch_answer",
    "fetch_event",
    "fetch_ids",
    "fetch_related",
]
