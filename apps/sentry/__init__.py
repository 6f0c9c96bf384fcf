"""Asking Sentry: HTTP in, plain data out. Knows no Django."""

from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.errors import (
    SentryAuthRefused,
    SentryBadResponse,
    SentryError,
    SentryNotFound,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
)
from apps.sentry.plan import fetch_answer, fetch_event

__all__ = [
    "SentryAuthRefused",
    "SentryBadResponse",
    "SentryClient",
    "SentryConfig",
    "SentryError",
    "SentryNotFound",
    "SentryPermissionMissing",
    "SentryRateLimited",
    "SentryRejectedQuery",
    "SentryServerError",
    "SentryTimeout",
    "SentryUnreachable",
    "fetch_answer",
    "fetch_event",
]
