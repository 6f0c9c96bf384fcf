"""What can be said about the connected Sentry without looking anybody up."""

from collections.abc import Collection

from apps.lookups import shared
from apps.lookups.connection import sentry_client, sentry_config, visible_projects
from apps.lookups.problems import problem_of
from apps.sentry import SentryError
from apps.sentry.checkup import Finding, check_up

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
    if shared.get(_SILENT) is not None:
        return (), ()
    try:
        with sentry_client(PATIENCE_S) as client:
            known = visible_projects(client)
            searched = client.config.projects
    except SentryError:
        shared.put(_SILENT, 1, _SILENT_FOR_S)
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
