"""Deployment checks of our own settings."""

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
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

_TEXTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
# Fewer can be one person at work.
_RECENT = 50
_OWN_MACHINE = ("127.0.0.1", "localhost", "::1")


def _warning(code: str, **values: object) -> checks.Warning:
    text, hint = (_TEXTS[code][part].format(**values) for part in ("text", "hint"))
    return checks.Warning(text, hint=hint, id=f"triage.{code}")


def check_settings() -> Iterator[checks.Warning]:
    """Yield a warning for each setting that is unsafe on a server."""
    if settings.TRIAGE_HASH_KEY == settings.SECRET_KEY:
        yield _warning("W001")
    if settings.TRIAGE_DATA_KEYS[0] == settings.SECRET_KEY:
        yield _warning("W002")
    if any(host.startswith(("*", ".")) for host in settings.ALLOWED_HOSTS):
        yield _warning("W003")
    sentry = urlsplit(settings.SENTRY_BASE_URL)
    if sentry.scheme == "http" and sentry.hostname not in _OWN_MACHINE:
        yield _warning("W004")
    if settings.SECURE_SSL_REDIRECT and not settings.TRIAGE_BEHIND_PROXY:
        yield _warning("W005")
    recent = Entry.objects.exclude(address="").order_by("-pk").values_list("address", flat=True)
    addresses: list[str] = []
    with suppress(DatabaseError):  # not migrated yet
        addresses = list(recent[:_RECENT])
    address = parse_address(addresses[0]) if len(set(addresses)) == 1 else None
    if len(addresses) == _RECENT and address is not None and looks_like_proxy(address):
        yield _warning("W006", address=address, proxies=settings.TRIAGE_BEHIND_PROXY)


def check_upgrade() -> Iterator[checks.Warning]:
    """Yield a warning for each thing that is left to do after an upgrade."""
    version = settings.TRIAGE_VERSION
    for name, now in settings.TRIAGE_REMOVED.items():
        yield _warning("W007", name=name, now=now)
    try:
        executor = MigrationExecutor(connection)
        if not executor.loader.applied_migrations:  # the database isn't in use yet
            return
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return
    if pending:
        yield _warning("W008", version=version, migrations=counted(len(pending), "migration"))
        return
    if uses_older_key():
        yield _warning("W009")
    if versions := other_versions():
        yield _warning("W010", versions=", ".join(versions), version=version)
    elif not queue_state().workers and Lookup.objects.exists():
        yield _warning("W011")
