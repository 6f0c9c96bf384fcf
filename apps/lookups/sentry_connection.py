"""The configured Sentry: its client, what is remembered about the server, and health checks.

This is the only place where Django's settings and the Sentry client meet.
"""

import hashlib
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from apps.events.answer import Signal
from apps.events.identifier import Site, parse_customer
from apps.events.query import Customer
from apps.lookups import cache
from apps.lookups.problems import problem_of
from apps.lookups.throttling import LimiterState, SharedRateLimiter
from apps.sentry.checkup import Finding, run_checks
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, Quirks, SentryConfig, cloud_root
from apps.sentry.errors import SentryAuthRefused, SentryError
from apps.sentry.parsing import Project

CLOUD_HOST = "sentry.io"
_PROJECTS_TTL_S = 600
_READING_TTL_S, _POLL_S = 5.0, 0.02
_HOUR_S = 60 * 60
_DAY_S = 24 * _HOUR_S


def read_customer(text: str) -> Customer:
    """Read what a person typed as the customer. Raise `CustomerRefused`."""
    organization = settings.SENTRY_ORG
    site = Site(settings.SENTRY_BASE_URL, organization) if organization else None
    return parse_customer(text, fields=settings.TRIAGE_CUSTOMER_FIELDS, site=site)


def sentry_config() -> SentryConfig:
    """Return the configured Sentry. Raise `SentryAuthRefused` when no token is set."""
    if not settings.SENTRY_AUTH_TOKEN:
        raise SentryAuthRefused("No Sentry token is set: SENTRY_AUTH_TOKEN is empty.")
    return SentryConfig(
        base_url=settings.SENTRY_BASE_URL,
        organization=settings.SENTRY_ORG,
        token=settings.SENTRY_AUTH_TOKEN,
        projects=settings.SENTRY_PROJECTS,
        max_events=settings.TRIAGE_MAX_EVENTS,
        retention_days=settings.SENTRY_RETENTION_DAYS,
        flavor=Flavor(settings.SENTRY_FLAVOR),
        private_hosts=settings.TRIAGE_PRIVATE_HOSTS,
        signals_wait_s=settings.TRIAGE_SIGNALS_WAIT_MS / 1000,
        signals=tuple(Signal(name) for name in settings.TRIAGE_SIGNALS),
    )


@contextmanager
def sentry_client(
    patience_s: float | None = None, *, person: int | None = None, is_batch: bool = False
) -> Iterator[SentryClient]:
    """Yield a client for one lookup and remember what it learns about the server.

    `patience_s` replaces the deadline of a lookup. `person` is the primary key of the person whose
    lookup it is; work that `is_batch` lets all lookups go first. Raise a `SentryError` if there is
    no client.
    """
    config = sentry_config()
    limiter = SharedRateLimiter(_fingerprint(config), person)
    if is_batch:
        limiter = limiter.for_batches()
    if patience_s is not None:
        config = replace(config, deadline_s=patience_s)
    config = _with_remembered(_with_region(config, limiter))
    with closing(SentryClient(config, limiter)) as client:
        yield client
    _remember(client)


def _with_remembered(config: SentryConfig) -> SentryConfig:
    """Complete the configuration with what is remembered about the server."""
    flavor = cache.get_sealed(f"flavor/{_fingerprint(config)}")
    if config.flavor == Flavor.AUTO and flavor in (Flavor.SENTRY, Flavor.GLITCHTIP):
        config = replace(config, flavor=Flavor(str(flavor)))
    one_project = cache.get_sealed(f"one-project/{_fingerprint(config)}") is True
    absent = _remembered_by_signal(f"absent/{_fingerprint(config)}")
    quirks = _remembered_by_signal(f"quirks/{_fingerprint(config)}")
    return replace(
        config,
        one_project=one_project,
        signals=tuple(one for one in config.signals if one not in absent),
        absent=tuple((one, str(absent[one])) for one in config.signals if one in absent),
        quirks=tuple(
            (one, Quirks(dataset, is_older, is_plain, tuple(refused)))
            for one, (dataset, is_older, is_plain, refused) in quirks.items()
        ),
    )


def _remembered_by_signal(key: str) -> dict[Signal, Any]:
    known = cache.get_sealed(key)
    return {Signal(one): value for one, value in known.items()} if isinstance(known, dict) else {}


def _remember(client: SentryClient) -> None:
    """Remember what this lookup found out about the server, but not what it guessed."""
    if client.config.flavor == Flavor.AUTO and client.flavor_is_sure:
        cache.put_sealed(f"flavor/{_fingerprint(client.config)}", str(client.flavor), _DAY_S)
    if client.one_project and not client.config.one_project:
        cache.put_sealed(f"one-project/{_fingerprint(client.config)}", True, _DAY_S)
    if client.absent_signals:
        key = f"absent/{_fingerprint(client.config)}"
        cache.put_sealed(key, {**_remembered_by_signal(key), **client.absent_signals}, _HOUR_S)
    if client.quirks != dict(client.config.quirks):
        quirks = {signal: astuple(one) for signal, one in client.quirks.items()}
        cache.put_sealed(f"quirks/{_fingerprint(client.config)}", quirks, _HOUR_S)


def _with_region(config: SentryConfig, limiter: SharedRateLimiter) -> SentryConfig:
    """Return the configuration with the region, which only Sentry's cloud has, found once a day."""
    if urlsplit(config.base_url).hostname != CLOUD_HOST:
        return config
    key = f"region/{_fingerprint(config)}"
    cached = cache.get_sealed(key)
    # Write access to the cache must not decide where the token goes.
    region = cloud_root(cached) if isinstance(cached, str) and cached != config.base_url else cached
    if not isinstance(region, str):
        with closing(SentryClient(config, limiter)) as client:
            region = client.region_url() or config.base_url
        cache.put_sealed(key, region, _DAY_S)
    return replace(config, base_url=region)


def visible_projects(client: SentryClient) -> tuple[Project, ...]:
    """Return the token's projects, read once in ten minutes for all. Raise a `SentryError`."""
    key = f"visible-projects/{_fingerprint(client.config)}"
    known, reading = _cached_projects(key), f"{key}/reading"
    while not known and client.deadline.left() > 0 and not cache.add(reading, 1, _READING_TTL_S):
        time.sleep(_POLL_S)
        known = _cached_projects(key)
    if known:
        return known
    try:
        projects = client.projects()
        rows = [
            [project.id, project.slug, project.environments, list(project.unused)]
            for project in projects
        ]
        cache.put_sealed(key, rows, _PROJECTS_TTL_S)
        return projects
    finally:
        cache.delete(reading)


def _cached_projects(key: str) -> tuple[Project, ...]:
    cached = cache.get_sealed(key)
    return tuple(
        Project(row[0], row[1], row[2] and tuple(row[2]), tuple(map(Signal, row[3])))
        for row in (cached if isinstance(cached, list) else ())
    )


def _fingerprint(config: SentryConfig) -> str:
    """Return a hash of server, organization, and token: other tokens have other access."""
    identity = f"{config.base_url} {config.organization} {config.token}"
    return hashlib.sha256(identity.encode()).hexdigest()


# Checks and choices that need no lookup.

PATIENCE_S = 2.0
_SILENT = "choices/silent"
_SILENT_TTL_S = 30
_CHOICES_TTL_S = 60
_CONNECT = "Set SENTRY_AUTH_TOKEN and SENTRY_ORG; the README says which token Sentry needs."


def search_choices(
    projects: Collection[str] | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the slugs of projects and names of environments to choose from.

    `projects` are the slugs that the person can see, or None for all. Both lists are empty if
    Sentry takes longer than two seconds, and for half a minute after, so the form never waits.
    """
    if cache.get(_SILENT) is not None:
        return (), ()
    try:
        key = f"choices/{_fingerprint(sentry_config())}"
        known = cache.get_sealed(key)
        if not isinstance(known, dict):
            with sentry_client(PATIENCE_S) as client:
                known = {one.slug: one.environments for one in visible_projects(client)}
            if known:
                cache.put_sealed(key, known, _CHOICES_TTL_S)
    except SentryError:
        cache.put(_SILENT, 1, _SILENT_TTL_S)
        return (), ()
    searched = settings.SENTRY_PROJECTS
    choices = {
        slug: environments
        for slug, environments in known.items()
        if (not searched or slug in searched) and (projects is None or slug in projects)
    }
    names = {name for environments in choices.values() for name in environments or ()}
    return tuple(sorted(choices)), tuple(sorted(names))


def check_connection() -> tuple[Finding, ...]:
    """Return what works, and what doesn't, with the configured Sentry."""
    try:
        config = sentry_config()
    except SentryError as error:
        return (Finding("Configuration", False, error.message, _CONNECT),)
    return run_checks(config, settings.TRIAGE_CUSTOMER_FIELDS)


def limiter_state() -> LimiterState | None:
    """Return the state of the limits of calls to Sentry, or None if no Sentry is configured."""
    try:
        return SharedRateLimiter(_fingerprint(sentry_config())).state()
    except SentryError:
        return None


_PROBE_S = 10
_STATE_TTL_S = 30


def recent_state() -> str:
    """Return "ok", or the code of the problem that a call to Sentry meets, up to 30 s old.

    It is cached because strangers must not send many probes.
    """
    cached = cache.get("health/sentry")
    if isinstance(cached, str):
        return cached
    if not cache.add("health/sentry/probe", 1, _PROBE_S):
        return "checking"
    state = "ok"
    try:
        with sentry_client(PATIENCE_S) as client:
            client.projects(environments=False)
    except SentryError as error:
        state = problem_of(error).code
    cache.put("health/sentry", state, _STATE_TTL_S)
    return state
