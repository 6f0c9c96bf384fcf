"""Deployment checks of our own settings."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

_OWN_MACHINE = ("127.0.0.1", "localhost", "::1")


def check_settings(**_options: Any) -> list[checks.CheckMessage]:
    """Return a warning for each setting that is unsafe on a server."""
    return [checks.Warning(text, hint=hint, id=f"triage.{code}") for code, text, hint in _found()]


def _found() -> Iterator[tuple[str, str, str]]:
    if settings.TRIAGE_HASH_KEY == settings.SECRET_KEY:
        yield (
            "W001",
            "TRIAGE_HASH_KEY is not set, so SECRET_KEY can never be changed.",
            "Set it to at least 32 random characters before the first lookup, and never change it.",
        )
    if settings.TRIAGE_DATA_KEYS[0] == settings.SECRET_KEY:
        yield (
            "W002",
            "TRIAGE_DATA_KEYS is not set, so stored customer data is encrypted with SECRET_KEY.",
            "Set it to at least 32 random characters. If you already have encrypted results, "
            "add SECRET_KEY after it until they have expired.",
        )
    if any(host.startswith(("*", ".")) for host in settings.ALLOWED_HOSTS):
        yield (
            "W003",
            "ALLOWED_HOSTS has a wildcard, so Triage answers requests meant for other hosts.",
            "List each host that people use.",
        )
    sentry = urlsplit(settings.SENTRY_BASE_URL)
    if sentry.scheme == "http" and sentry.hostname not in _OWN_MACHINE:
        yield (
            "W004",
            "SENTRY_BASE_URL doesn't use https, so the token is sent unencrypted.",
            "Use https, or keep Sentry on the same machine.",
        )
