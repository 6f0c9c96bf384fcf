"""Asking Sentry: HTTP in, plain data out. Knows no Django."""

from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig, cloud_root
from apps.sentry.errors import (
    SentryAddressRefused,
    SentryAuthRefused,
    SentryBadResponse,
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
)
from apps.sentry.pace import Pace
from apps.sentry.plan import fetch_answer, fetch_beside, fetch_event, fetch_ids

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
