"""Where Django's settings and the Sentry client meet, and nowhere else."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache

from apps.sentry import SentryAuthRefused, SentryClient, SentryConfig
from apps.sentry.parsing import Project

CLOUD_HOST = "sentry.io"
_KEPT_FOR_S = 600
_REGION_FOR_S = 24 * 60 * 60


def sentry_config() -> SentryConfig:
    """The configured Sentry. Raises `SentryAuthRefused` when no token is set."""
    if not settings.SENTRY_AUTH_TOKEN:
        raise SentryAuthRefused("No Sentry token is set: SENTRY_AUTH_TOKEN is empty.")
    return SentryConfig(
        base_url=settings.SENTRY_BASE_URL,
        organization=settings.SENTRY_ORG,
        token=settings.SENTRY_AUTH_TOKEN,
        projects=tuple(settings.SENTRY_PROJECTS),
        max_events=settings.TRIAGE_MAX_EVENTS,
        retention_days=settings.SENTRY_RETENTION_DAYS,
    )


@contextmanager
def sentry_client() -> Iterator[SentryClient]:
    """A client for one lookup, closed afterwards. Raises a `SentryError` where none can be had."""
    client = SentryClient(_in_its_region(sentry_config()))
    try:
        yield client
    finally:
        client.close()


def _in_its_region(config: SentryConfig) -> SentryConfig:
    """Sentry's cloud answers in the organization's region; which one is remembered for a day."""
    if urlsplit(config.base_url).hostname != CLOUD_HOST:
        return config
    key = f"region/1/{config.organization}"
    region = cache.get(key)
    if not isinstance(region, str):
        with closing(SentryClient(config)) as client:
            region = client.region_url() or config.base_url
        cache.set(key, region, _REGION_FOR_S)
    return replace(config, base_url=region)


def visible_projects(client: SentryClient) -> tuple[Project, ...]:
    """The projects the token can see, remembered for ten minutes. Raises a `SentryError`."""
    config = client.config
    # Another token may see other projects, so it is part of the key.
    identity = f"{config.base_url} {config.organization} {config.token}"
    key = f"projects/1/{hashlib.sha256(identity.encode()).hexdigest()}"
    kept = cache.get(key)
    if kept:
        return tuple(Project(row[0], row[1], tuple(row[2])) for row in kept)
    projects = client.projects()
    rows = [[project.id, project.slug, list(project.environments)] for project in projects]
    cache.set(key, rows, _KEPT_FOR_S)
    return projects
