"""The releases that went live around a question, in the projects where something broke."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from apps.events.answer import LONGEST_BEFORE, Deploy, deploys_around
from apps.events.event import Event
from apps.events.query import Question
from apps.sentry.client import Scope, SentryClient, is_last, list_of, next_cursor
from apps.sentry.lenient import mapping, mappings, moment, text
from apps.sentry.parsing import Project
from apps.sentry.signals import Found

MOST_RELEASES = 100

# A release is listed by the day it was made, and may have waited so long until it went live.
_LONGEST_WAIT = timedelta(days=7)


# https://docs.sentry.io/api/releases/list-an-organizations-releases/ (`start`, `end` undocumented)
def read_deploys(
    client: SentryClient,
    question: Question,
    scope: Scope,
    *,
    events: Sequence[Event],
    asked: Sequence[Project],
) -> Found[Deploy]:
    """Releases of the events' projects that went live in the window, or last in the day before it.

    One page, the newest releases first. It is never whole: Sentry tells of a release only where it
    went live last. There surely is more where the page ends before the releases that are wanted.
    """
    homes = {event.project for event in events}
    searched = scope.project_ids
    ids = [one.id for one in asked if one.slug in homes and (not searched or one.id in searched)]
    if not ids:
        return Found((), is_whole=False)
    window = question.window
    since = window.start - LONGEST_BEFORE - _LONGEST_WAIT
    params = [
        *(("project", project_id) for project_id in ids),
        ("start", f"{since:%Y-%m-%dT%H:%M:%S}"),
        ("end", f"{scope.end:%Y-%m-%dT%H:%M:%S}"),
        ("per_page", str(MOST_RELEASES)),
    ]
    reply = client.get(f"{client.organization_path}/releases/", params)
    rows = list_of(reply)
    slugs = {one.slug for one in asked if one.id in ids}
    known = [deploy for row in mappings(rows) for deploy in _deploys(row, question, scope.end)]
    found = deploys_around(known, window, slugs)
    link = reply.headers.get("link", "")
    goes_on = next_cursor(link) is not None or not is_last(link, len(rows), MOST_RELEASES)
    unfound = slugs - {deploy.project for deploy in found if deploy.at < window.start}
    wanted_since = window.start - LONGEST_BEFORE if unfound else window.start
    reaches_back = any((_listed_by(row) or scope.end) < wanted_since for row in mappings(rows))
    return Found(found, is_whole=False, has_more=goes_on and not reaches_back)


def _listed_by(row: Mapping[str, object]) -> datetime | None:
    """The time by which Sentry puts releases in order."""
    return moment(row.get("dateReleased")) or moment(row.get("dateCreated"))


def _deploys(row: Mapping[str, object], question: Question, end: datetime) -> Iterator[Deploy]:
    """The release in each of its projects, as it last went live before the window's end."""
    version = text(row.get("version"))
    times = (one for one in _times(row, question.environments) if one[0] < end)
    at, environment, is_told = next(times, (None, None, False))
    if version is None or at is None:
        return
    for project in mappings(row.get("projects")):
        slug = text(project.get("slug"))
        if slug:
            yield Deploy(version, at, slug, environment, is_told)


def _times(
    row: Mapping[str, object], environments: Sequence[str]
) -> Iterator[tuple[datetime, str | None, bool]]:
    """When and where it went live, the last time first; else when Sentry first knew of it."""
    last = mapping(row.get("lastDeploy"))
    deployed, where = moment(last.get("dateFinished")), text(last.get("environment"))
    released, created = moment(row.get("dateReleased")), moment(row.get("dateCreated"))
    if deployed and not (where and environments and where not in environments):
        yield deployed, where, True
    if released:
        yield released, None, True
    elif created and not deployed:
        yield created, None, False
