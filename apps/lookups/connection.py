"""Where Django's settings and the Sentry client meet, and nowhere else."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings

from apps.lookups import shared
from apps.lookups.pacing import SharedPace
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
    config = sentry_config()
    pace = SharedPace(_fingerprint(config))
    with closing(SentryClient(_in_its_region(config, pace), pace)) as client:
        yield client


def _in_its_region(config: SentryConfig, pace: SharedPace) -> SentryConfig:
    """Sentry's cloud answers in the organization's region; which one is remembered for a day."""
    if urlsplit(config.base_url).hostname != CLOUD_HOST:
        return config
    key = f"region/{_fingerprint(config)}"
    region = shared.get(key)
    if not isinstance(region, str):
        with closing(SentryClient(config, pace)) as client:
            region = client.region_url() or config.base_url
        shared.put(key, region, _REGION_FOR_S)
    return replace(config, base_url=region)


def visible_projects(client: SentryClient) -> tuple[Project, ...]:
    """The projects the token can see, remembered for ten minutes. Raises a `SentryError`."""
    key = f"projects/{_fingerprint(client.config)}"
    kept = shared.get(key)
    if isinstance(kept, list) and kept:
        return tuple(Project(row[0], row[1], tuple(row[2])) for row in kept)
    projects = client.projects()
    rows = [[project.id, project.slug, list(project.environments)] for project in projects]
    shared.put(key, rows, _KEPT_FOR_S)
    return projects


def _fingerprint(config: SentryConfig) -> str:
    """Stands for server, organization and token: another token may see and do other things."""
    identity = f"{config.base_url} {config.organization} {config.token}"
    return hashlib.sha256(identity.encode()).hexdigest()
