"""Asking Sentry: HTTP in, plain data out. Knows no Django."""

from apps.sentry.client import SentryClient
from apps.sentry.config import (
    Flavor,
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
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
    cloud_root,
)
from apps.sentry.fetch import fetch_answer, fetch_beside, fetch_event, fetch_ids
from apps.sentry.throttling import Pace

__all__ = [
    "Flavor",
    "Pace",
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
    "SentryServerError",
    "SentryTimeout",
    "SentryUnreachable",
    "cloud_root",
    "fetch_answer",
    "fetch_beside",
    "fetch_event",
    "fetch_ids",
]
