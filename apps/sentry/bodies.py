"""Full bodies of listed events: ten a page from their issue, one by one where that misses some."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from apps.events.event import Event, EventBody
from apps.sentry.client import Scope, SentryClient
from apps.sentry.errors import SentryError, SentryNotFound
from apps.sentry.parsing import event_id_of, parse_body
from apps.sentry.search import Search


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies by event id, and why others are missing."""

    by_id: dict[str, EventBody] = field(default_factory=dict)
    failed: tuple[SentryError, ...] = ()


def read_bodies(
    client: SentryClient,
    issue_id: str | None,
    events: Sequence[Event],
    search: Search,
    scope: Scope,
) -> Bodies:
    """The bodies of these events of one issue. Never raises a `SentryError`, but tells of each."""
    found: dict[str, EventBody] = {}
    failed: list[SentryError] = []
    if issue_id:
        try:
            _from_issue(client, issue_id, events, search, scope, found)
        except SentryNotFound:
            pass  # the issue was merged or deleted meanwhile; its events can still be read singly
        except SentryError as error:
            return Bodies(found, (error,))
    for event in events:
        if event.id not in found:
            try:
                found[event.id] = read_single_body(client, event)
            except SentryError as error:
                failed.append(error)
    return Bodies(found, tuple(failed))


def _from_issue(
    client: SentryClient,
    issue_id: str,
    events: Sequence[Event],
    search: Search,
    scope: Scope,
    found: dict[str, EventBody],
) -> None:
    """Page through the issue between the first and last wanted event, while that finds some.

    Adds to `found` as it goes, so that an error on a later page costs only what was not read.
    """
    wanted = {event.id for event in events}
    times = [event.timestamp for event in events]
    span = replace(scope, start=min(times), end=max(times) + timedelta(seconds=1))
    for page in client.issue_events(issue_id, search.text, span):
        on_page = {event_id: body for body in page if (event_id := event_id_of(body)) in wanted}
        found.update((event_id, parse_body(body)) for event_id, body in on_page.items() if event_id)
        if not on_page or len(found) == len(wanted):
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
