"""Where Django's settings and the Sentry client meet, and nowhere else."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings

from apps.events.answer import Signal
from apps.lookups import cache
from apps.lookups.problems import problem_of
from apps.lookups.throttling import SharedPace
from apps.sentry import (
    Flavor,
    SentryAuthRefused,
    SentryClient,
    SentryConfig,
    SentryError,
    cloud_root,
)
from apps.sentry.checkup import Finding, check_up
from apps.sentry.parsing import Project

CLOUD_HOST = "sentry.io"
_KEPT_FOR_S = 600
_HOUR_S = 60 * 60
_DAY_S = 24 * _HOUR_S


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
        flavor=Flavor(settings.SENTRY_FLAVOR),
        private_hosts=tuple(settings.TRIAGE_PRIVATE_HOSTS),
        signals_wait_s=settings.TRIAGE_SIGNALS_WAIT_MS / 1000,
        signals=tuple(Signal(name) for name in settings.TRIAGE_SIGNALS),
    )


@contextmanager
def sentry_client(patience_s: float | None = None) -> Iterator[SentryClient]:
    """A client for one lookup, closed afterwards. Raises a `SentryError` where none can be had.

    `patience_s` is all the time it may take, where a lookup's own would be too long.
    What the lookup finds out about the kind of server is remembered for those to come.
    """
    config = sentry_config()
    pace = SharedPace(_fingerprint(config))
    if patience_s is not None:
        config = replace(config, deadline_s=patience_s)
    known = _as_known(_in_its_region(config, pace))
    with closing(SentryClient(known, pace)) as client:
        yield client
    _remember(client)


def _as_known(config: SentryConfig) -> SentryConfig:
    """With what is remembered about the server; what was configured stays as it is."""
    flavor = cache.get_sealed(f"flavor/{_fingerprint(config)}")
    if config.flavor == Flavor.AUTO and flavor in (Flavor.SENTRY, Flavor.GLITCHTIP):
        config = replace(config, flavor=Flavor(str(flavor)))
    one_project = cache.get_sealed(f"one-project/{_fingerprint(config)}") is True
    absent = cache.get_sealed(f"absent/{_fingerprint(config)}")
    signals = (one for one in config.signals if not isinstance(absent, list) or one not in absent)
    return replace(config, one_project=one_project, signals=tuple(signals))


def _remember(client: SentryClient) -> None:
    """Keep for a day what this lookup has shown about the server, never what it only guessed."""
    if client.config.flavor == Flavor.AUTO and client.flavor_is_sure:
        cache.put_sealed(f"flavor/{_fingerprint(client.config)}", str(client.flavor), _DAY_S)
    if client.one_project and not client.config.one_project:
        cache.put_sealed(f"one-project/{_fingerprint(client.config)}", True, _DAY_S)
    if client.absent_signals:
        key = f"absent/{_fingerprint(client.config)}"
        known = cache.get_sealed(key)
        absent = {*client.absent_signals, *(known if isinstance(known, list) else ())}
        cache.put_sealed(key, sorted(absent), _HOUR_S)


def _in_its_region(config: SentryConfig, pace: SharedPace) -> SentryConfig:
    """Sentry's cloud answers in the organization's region; which one is remembered for a day."""
    if urlsplit(config.base_url).hostname != CLOUD_HOST:
        return config
    key = f"region/{_fingerprint(config)}"
    kept = cache.get_sealed(key)
    # Who can write into the cache must not choose where the token goes.
    region = cloud_root(kept) if isinstance(kept, str) and kept != config.base_url else kept
    if not isinstance(region, str):
        with closing(SentryClient(config, pace)) as client:
            region = client.region_url() or config.base_url
        cache.put_sealed(key, region, _DAY_S)
    return replace(config, base_url=region)


def visible_projects(client: SentryClient) -> tuple[Project, ...]:
    """The projects the token can see, remembered for ten minutes. Raises a `SentryError`."""
    key = f"projects/{_fingerprint(client.config)}"
    kept = cache.get_sealed(key)
    if isinstance(kept, list) and kept:
        return tuple(Project(row[0], row[1], tuple(row[2])) for row in kept)
    projects = client.projects()
    rows = [[project.id, project.slug, list(project.environments)] for project in projects]
    cache.put_sealed(key, rows, _KEPT_FOR_S)
    return projects


def _fingerprint(config: SentryConfig) -> str:
    """Stands for server, organization and token: another token may see and do other things."""
    identity = f"{config.base_url} {config.organization} {config.token}"
    return hashlib.sha256(identity.encode()).hexdigest()


# What can be said about the connected Sentry without looking anybody up.

PATIENCE_S = 2.0
_SILENT = "choices/silent"
_SILENT_FOR_S = 30
_CONNECT = "Set SENTRY_AUTH_TOKEN and SENTRY_ORG; the README says which token Sentry needs."


def search_choices(
    projects: Collection[str] | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Slugs of projects and names of environments to choose from; empty when Sentry is silent.

    `projects` are those that the person may see, None stands for all.

    The form must not wait for a slow Sentry: after two seconds, and for half a minute from then
    on, it comes without the choice.
    """
    if cache.get(_SILENT) is not None:
        return (), ()
    try:
        with sentry_client(PATIENCE_S) as client:
            known = visible_projects(client)
            searched = client.config.projects
    except SentryError:
        cache.put(_SILENT, 1, _SILENT_FOR_S)
        return (), ()
    offered = [
        project
        for project in known
        if (not searched or project.slug in searched)
        and (projects is None or project.slug in projects)
    ]
    environments = {name for project in offered for name in project.environments}
    return tuple(sorted(project.slug for project in offered)), tuple(sorted(environments))


def check_connection() -> tuple[Finding, ...]:
    """What works between us and the configured Sentry, line by line."""
    try:
        config = sentry_config()
    except SentryError as error:
        return (Finding("Configuration", False, error.message, _CONNECT),)
    return check_up(config)


def sentry_state() -> str:
    """ "ok", or the code of the problem that asking Sentry meets now."""
    try:
        with sentry_client(PATIENCE_S) as client:
            client.projects()
    except SentryError as error:
        return problem_of(error).code
    return "ok"
