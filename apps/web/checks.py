"""Deployment checks of our own settings."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.audit.models import Entry
from apps.audit.trail import looks_like_proxy, parse_address
from apps.events.query import counted
from apps.jobs.engine import other_versions, queue_state
from apps.lookups.models import Lookup
from apps.lookups.retention import uses_older_key

# Fewer can be one person at work.
_RECENT = 50
_OWN_MACHINE = ("127.0.0.1", "localhost", "::1")


def check_settings(**_options: Any) -> list[checks.CheckMessage]:
    """Return a warning for each setting that is unsafe on a server."""
    return _warnings(_unsafe_settings())


def _warnings(found: Iterable[tuple[str, str, str]]) -> list[checks.CheckMessage]:
    return [checks.Warning(text, hint=hint, id=f"triage.{code}") for code, text, hint in found]


def _unsafe_settings() -> Iterator[tuple[str, str, str]]:
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
    if settings.SECURE_SSL_REDIRECT and not settings.TRIAGE_BEHIND_PROXY:
        yield (
            "W005",
            "TRIAGE_BEHIND_PROXY is 0, so everyone seems to have the address of the TLS proxy.",
            "Set it to the number of proxies in front of Triage.",
        )
    recent = Entry.objects.exclude(address="").order_by("-pk").values_list("address", flat=True)
    addresses: list[str] = []
    with suppress(DatabaseError):  # not migrated yet
        addresses = list(recent[:_RECENT])
    address = parse_address(addresses[0]) if len(set(addresses)) == 1 else None
    if len(addresses) == _RECENT and address is not None and looks_like_proxy(address):
        yield (
            "W006",
            f"All recent requests in the audit trail come from {address}, which looks like a "
            "proxy's address.",
            f"Set TRIAGE_BEHIND_PROXY (now {settings.TRIAGE_BEHIND_PROXY}) to the number of "
            "proxies in front of Triage.",
        )


def check_upgrade() -> list[checks.CheckMessage]:
    """Return a warning for each thing that is left to do after an upgrade."""
    return _warnings(_left_to_do())


def _left_to_do() -> Iterator[tuple[str, str, str]]:
    for name, now in settings.TRIAGE_REMOVED.items():
        yield "W007", f"{name} has no effect anymore: {now}.", "Remove it."
    try:
        executor = MigrationExecutor(connection)
        if not executor.loader.applied_migrations:  # the database isn't in use yet
            return
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return
    if pending:
        yield (
            "W008",
            f"The database isn't ready for Triage {settings.TRIAGE_VERSION}: "
            f"{counted(len(pending), 'migration')} left to apply.",
            "Stop the site and all workers, make a backup, and run manage.py migrate.",
        )
        return
    if uses_older_key():
        yield (
            "W009",
            "Some stored data is encrypted with an older key of TRIAGE_DATA_KEYS.",
            "Run manage.py reseal (or reseal --later), and then remove the older key.",
        )
    if versions := other_versions():
        yield (
            "W010",
            f"A worker of another version is running ({', '.join(versions)}).",
            f"Stop it, and start manage.py run_huey of Triage {settings.TRIAGE_VERSION}.",
        )
    elif not queue_state().workers and Lookup.objects.exists():
        yield "W011", "No worker is running.", "Start manage.py run_huey, and keep it running."
