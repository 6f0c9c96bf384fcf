"""Facts of the problems that were found, in as few calls as the kind of server allows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from apps.events.event import Issue
from apps.sentry.client import ISSUES_PER_CALL, Scope, SentryClient
from apps.sentry.config import Flavor
from apps.sentry.errors import SentryOneProjectOnly
from apps.sentry.glitchtip_api import GlitchTip
from apps.sentry.listing import Listing
from apps.sentry.parsing import Project

Ask = Callable[[], list[Issue]]


def fact_calls(
    client: SentryClient, listing: Listing, scope: Scope, asked: Sequence[Project]
) -> list[Ask]:
    """What to call for the facts that did not come with the list. Each raises a `SentryError`."""
    known = {issue.id for issue in listing.issues}
    homes = {
        event.issue_id: event.project
        for event in listing.events
        if event.issue_id and event.issue_id not in known
    }
    ids = list(homes)
    chunks = [ids[place : place + ISSUES_PER_CALL] for place in range(0, len(ids), ISSUES_PER_CALL)]
    if client.flavor == Flavor.GLITCHTIP:
        return [partial(GlitchTip(client).issue_facts, chunk) for chunk in chunks]
    project_ids = {project.slug: project.id for project in asked}
    if client.one_project:
        return [
            partial(client.issues, own, (home,))
            for chunk in chunks
            for home, own in _by_project(chunk, homes, project_ids).items()
        ]
    return [
        partial(_at_once, client, chunk, scope, _by_project(chunk, homes, project_ids))
        for chunk in chunks
    ]


def _at_once(
    client: SentryClient, chunk: Sequence[str], scope: Scope, by_project: Mapping[str, list[str]]
) -> list[Issue]:
    """One call for all, or one for each project where several at once are refused."""
    try:
        return client.issues(chunk, scope.project_ids)
    except SentryOneProjectOnly:
        client.one_project = True
    return [issue for home, own in by_project.items() for issue in client.issues(own, (home,))]


def _by_project(
    issue_ids: Sequence[str], homes: Mapping[str, str | None], project_ids: Mapping[str, str]
) -> dict[str, list[str]]:
    """The issues' ids by the id of their project; those of an unknown one are left out."""
    found: dict[str, list[str]] = {}
    for issue_id in issue_ids:
        project_id = project_ids.get(homes[issue_id] or "")
        if project_id:
            found.setdefault(project_id, []).append(issue_id)
    return found
