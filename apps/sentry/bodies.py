"""Full bodies of listed events: ten a page from their issue, one by one where that misses some."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from apps.events.event import Event, EventBody
from apps.sentry.client import Scope, SentryClient
from apps.sentry.errors import (
    SentryBadResponse,
    SentryError,
    SentryNotFound,
    SentryRejectedQuery,
)
from apps.sentry.parsing import event_id_of, parse_body
from apps.sentry.search import Search


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies by event id, and why others are missing."""

    by_id: dict[str, EventBody] = field(default_factory=dict)
    failed: tuple[SentryError, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bodies to read of one issue: of `events`, or of others as near.

    Where several events share the edge's second, whichever of the `listed` ids come first serve
    as well. `search` and `scope` are those that found the events.
    """

    issue_id: str | None
    events: Sequence[Event]
    listed: Collection[str]
    search: Search
    scope: Scope


def read_bodies(client: SentryClient, wanted: Wanted) -> Bodies:
    """As many bodies as events are wanted. Raises no `SentryError`, but tells of each."""
    found: dict[str, EventBody] = {}
    failed: list[SentryError] = []
    if wanted.issue_id:
        try:
            _from_issue(client, wanted.issue_id, wanted, found)
        except (SentryNotFound, SentryBadResponse, SentryRejectedQuery) as error:
            failed.append(error)  # this list is no good, but the events can be read singly
        except SentryError as error:
            return Bodies(found, (error,))
    missing = [event for event in wanted.events if event.id not in found]
    for event in missing[: len(wanted.events) - len(found)]:
        try:
            found[event.id] = read_single_body(client, event)
        except SentryError as error:
            failed.append(error)
    return Bodies(found, tuple(failed))


def _from_issue(
    client: SentryClient, issue_id: str, wanted: Wanted, found: dict[str, EventBody]
) -> None:
    """Page through the issue between the first and last event, while that finds some.

    Adds to `found` as it goes, so that an error on a later page costs only what was not read.
    """
    times = [event.timestamp for event in wanted.events]
    span = replace(wanted.scope, start=min(times), end=max(times) + timedelta(seconds=1))
    for page in client.issue_events(issue_id, wanted.search.text, span):
        before = len(found)
        for body in page:
            event_id = event_id_of(body)
            if event_id in wanted.listed and event_id and len(found) < len(wanted.events):
                found[event_id] = parse_body(body)
        if len(found) in (before, len(wanted.events)):
            return


def read_single_body(client: SentryClient, event: Event) -> EventBody:
    """The body of one event from its project. Raises a `SentryError`."""
    if event.project is None:
        raise SentryNotFound("Sentry does not say which project the event belongs to.")
    return parse_body(client.project_event(event.project, event.id))


def merge_body(event: Event, body: EventBody) -> Event:
    """The event with its body, and with what the row did not know taken from it."""
    return replace(
        event,
        body=body,
        message=event.message or body.message,
        culprit=event.culprit or body.culprit,
        handled=event.handled if event.handled is not None else body.handled,
        release=event.release or body.release,
        environment=event.environment or body.environment,
        trace_id=event.trace_id or body.trace_id,
    )
