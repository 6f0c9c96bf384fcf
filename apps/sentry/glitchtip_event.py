"""Finding one event in GlitchTip by its id."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event
from apps.events.query import CustomerKind, Question
from apps.sentry.client import SentryClient
from apps.sentry.errors import SentryBadResponse, SentryError, SentryNotFound, SentryUnknownRoute
from apps.sentry.glitchtip_api import GlitchTip, received_event
from apps.sentry.listing import Listing, with_event
from apps.sentry.parallel import outcomes
from apps.sentry.parsing import Project

# With more projects than this the search is asked first where the event is.
_FEW_PROJECTS = 2


def find_event(
    client: SentryClient,
    pool: ThreadPoolExecutor,
    question: Question,
    asked: Sequence[Project],
    listing: Listing,
) -> Listing:
    """The listing of the event whose id was typed, or the one given when there is none.

    Raises a `SentryError` when an event is all that was asked for and it could not be looked for.
    """
    hex_id = question.customer.hex_id
    if hex_id is None or question.customer.kind == CustomerKind.TRACE:
        return listing
    failed: list[SentryError] = []
    for projects in (_likely(client, hex_id, asked), asked):
        failed = []
        calls = [partial(_read, client, project, hex_id, question) for project in projects]
        for outcome in outcomes(client, pool, calls):
            if isinstance(outcome, SentryError):
                failed.append(outcome)
            elif outcome is not None:
                is_chosen = (
                    not question.environments or outcome.environment in question.environments
                )
                return with_event(listing, outcome, question) if is_chosen else listing
    return _not_found(listing, question, failed)


def _not_found(listing: Listing, question: Question, failed: Sequence[SentryError]) -> Listing:
    if not failed:
        return listing
    if question.customer.kind == CustomerKind.EVENT:
        raise failed[0]
    message = f"Whether this is the id of an event could not be found out: {failed[0].message}"
    notice = Notice(NoticeCode.INCOMPLETE_LIST, message)
    return replace(listing, total=None, notices=(*listing.notices, notice))


def _likely(client: SentryClient, hex_id: str, asked: Sequence[Project]) -> list[Project]:
    """Where the search says the event is: a hint that saves calls, and no more."""
    if len(asked) <= _FEW_PROJECTS:
        return []
    server = GlitchTip(client)
    try:
        issues = [server.issue_of(row) for row in server.issues(hex_id).rows]
    except SentryError:
        return []
    slugs = {issue.project for issue in issues if issue}
    return [project for project in asked if project.slug in slugs][:_FEW_PROJECTS]


def _read(client: SentryClient, project: Project, hex_id: str, question: Question) -> Event | None:
    """The event, or None when this project does not have it. Raises a `SentryError`."""
    try:
        body = client.project_event(project.slug, hex_id)
    except SentryUnknownRoute:
        raise
    except SentryNotFound:
        return None
    found = received_event(body, question.fields, {}, project.slug)
    if found is None or found.event.id != hex_id:
        raise SentryBadResponse("The event came without its id or its time.")
    return found.event
