"""The client of Sentry's web API: one method per endpoint, paging, progress, and permalinks.

Reference: https://docs.sentry.io/api/
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import TypeVar
from urllib.parse import quote, urlsplit

from apps.events.answer import MAX_PREVIEWS, Call, EventPreview, Progress, Signal
from apps.events.event import Event, Issue
from apps.events.summary import summarize
from apps.sentry.config import Deadline, Flavor, Quirks, SentryConfig, cloud_root
from apps.sentry.errors import SentryBadResponse, SentryError, SentryNotFound, SentryUnknownRoute
from apps.sentry.http import PER_PAGE, TRIES, ApiResponse, Params, Transport
from apps.sentry.parsing import (
    Identities,
    Project,
    check_table,
    is_partial,
    mapping,
    parse_counts,
    parse_full_event,
    parse_issue,
    parse_project,
    parse_row,
    text,
)
from apps.sentry.throttling import PrioritySlots, RateLimiter, RelatedSlots

T = TypeVar("T")

MAX_FIELDS = 20
FULL_PER_PAGE = 10
MAX_PAGES = 100
ISSUES_PER_CALL = 100
MAX_ENVIRONMENT_LISTS = 20

# What identifies an event and its customer, in addition to the identity fields.
ID_FIELDS = ("id", "timestamp", "trace")

# Fields of the events table, most important first; identity fields take the rest of the 20.
_ROW_FIELDS = (
    "id", "timestamp", "issue.id", "project.name", "title", "trace", "level", "error.handled",
    "release", "environment", "transaction", "message", "culprit", "platform", "issue",
    "error.type", "error.value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when to search. Times are UTC; `end` is excluded, as in Sentry."""

    start: datetime
    end: datetime
    project_ids: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    def params(self) -> list[tuple[str, str]]:
        """Return query parameters; the project -1 is every project the token can see."""
        return [*self.time_params(), *(("project", one) for one in self.project_ids or ("-1",))]

    def time_params(self) -> list[tuple[str, str]]:
        """Return those of when and in which environments; Sentry would ignore UTC offsets."""
        return [
            ("start", f"{self.start:%Y-%m-%dT%H:%M:%S}"),
            ("end", f"{self.end:%Y-%m-%dT%H:%M:%S}"),
            *(("environment", name) for name in self.environments),
        ]


class ProgressTracker:
    """Counts what one lookup has read so far. Safe to use from several threads.

    The sentences of the previews are made by the thread that reads the progress, not by the
    lookup's.
    """

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self._sentences: dict[str, str] = {}
        self._unread_calls: Counter[str | None] = Counter()
        self._pages = 0
        self._done = 0
        self._known: int | None = None
        self._lock = Lock()

    def record_page(self, events: Iterable[Event]) -> None:
        """Record a page of a list, with all of the customer's events read so far."""
        with self._lock:
            if self._known is None:
                self._pages += 1
                self._events.update((event.id, event) for event in events)

    def record_list(
        self, events: Sequence[Event], problems: Iterable[str | None], *, others: int
    ) -> None:
        """Record the end of the list: a call for each of these problems, and `others`, follow.

        A problem that takes several calls is repeated.
        """
        with self._lock:
            self._events = {event.id: event for event in events}
            self._unread_calls = Counter(problems)
            self._done, self._known = 1, 1 + self._unread_calls.total() + others

    def tracked(self, call: Callable[[], T], *problem: str | None) -> Callable[[], T]:
        """Wrap a call so that it counts as done when it ends, with an error or without.

        `problem` is the one whose events it reads, if any; an event without an issue has None.
        """

        def run() -> T:
            try:
                return call()
            finally:
                with self._lock:
                    self._done += 1
                    self._unread_calls.subtract(problem)

        return run

    def snapshot(self) -> Progress:
        """Return the progress at this time."""
        with self._lock:
            events, is_listed = tuple(self._events.values()), self._known is not None
            problems = {event.issue_id for event in events}
            progress = Progress(
                done=self._done,
                known=self._known,
                pages=self._pages,
                read=len(problems) - len(+self._unread_calls) if is_listed else 0,
                problems=len(problems) if is_listed else None,
                events_found=len(events),
            )
        newest = sorted(events, key=lambda one: (one.timestamp, one.id), reverse=True)
        return replace(progress, newest=tuple(map(self._preview, newest[:MAX_PREVIEWS])))

    def _preview(self, event: Event) -> EventPreview:
        sentence = self._sentences.get(event.id)
        if sentence is None:
            sentence = self._sentences[event.id] = summarize(event)
        return EventPreview(event.id, event.timestamp, event.level, sentence)


class SentryClient:
    """Sentry's API for one organization. One client serves one lookup and logs its calls.

    Its methods raise a `SentryError`. `flavor`, `one_project`, `absent_signals`, and `quirks` start
    from the configuration and follow what the server's responses show; `flavor_is_sure` is true
    once one has shown the flavor, and `is_partial` once a list of events was searched only in part.
    `slots` are for its calls; optional calls, which have `related_slots`, are tried once.
    """

    def __init__(
        self,
        config: SentryConfig,
        rate_limiter: RateLimiter | None = None,
        *,
        related_slots: RelatedSlots | None = None,
    ) -> None:
        self.config = config
        self.slots = PrioritySlots(rate_limiter or RateLimiter(config.max_parallel))
        tries = 1 if related_slots else TRIES
        self._transport = Transport(config, related_slots or self.slots, tries=tries)
        self.organization_path = f"/organizations/{path_segment(config.organization)}"
        self.flavor = config.flavor
        self.flavor_is_sure = False
        self.one_project = config.one_project
        self.projects_are_fresh = False
        self.is_partial = False
        self.absent_signals: dict[Signal, str] = {}
        self.quirks: dict[Signal, Quirks] = dict(config.quirks)
        self.row_fields: Sequence[str] = _ROW_FIELDS
        self.deadline = Deadline(config.deadline_s)
        self.progress_tracker = ProgressTracker()

    @property
    def call_log(self) -> tuple[Call, ...]:
        """Return the HTTP requests sent so far, including retries."""
        return self._transport.log

    def for_related(self, deadline_s: float, slots: RelatedSlots) -> "SentryClient":
        """Return a client for optional calls, with its own call log."""
        config = replace(self.config, deadline_s=deadline_s)
        client = SentryClient(config, related_slots=slots)
        client.flavor, client.one_project = self.flavor, self.one_project
        return client

    def abort(self) -> None:
        """Abort the calls under way."""
        self._transport.abort()

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    # https://docs.sentry.io/api/organizations/retrieve-an-organization/
    def region_url(self) -> str | None:
        """Return the region of Sentry's cloud that has this organization (`links.regionUrl`).

        Return None if there is none, or if its host isn't Sentry's and must not get the token.
        """
        response = self.get(f"{self.organization_path}/", [("detailed", "0")])
        return cloud_root(text(mapping(mapping(response.body).get("links")).get("regionUrl")) or "")

    # https://docs.sentry.io/api/organizations/list-an-organizations-projects/
    def projects(self, *, environments: bool = True) -> tuple[Project, ...]:
        """Return all projects the token can see, and `environments` even if these cost calls."""
        path = f"{self.organization_path}/projects/"
        pages = list(self._pages(path, [("per_page", str(PER_PAGE))]))
        rows = [parse_project(row) for page in pages for row in page.rows]
        found = tuple(project for project in rows if project)
        self.projects_are_fresh = True
        if environments and pages[0].is_from_glitchtip:
            names = self._glitchtip_environments(found)
            return tuple(replace(project, environments=names) for project in found)
        return found

    def _glitchtip_environments(self, projects: Sequence[Project]) -> tuple[str, ...] | None:
        """Return all environments: GlitchTip lists them separately, and not fully by project."""
        organization = path_segment(self.config.organization)
        own = [f"/projects/{organization}/{path_segment(project.slug)}" for project in projects]
        for paths in ([self.organization_path], own if len(own) <= MAX_ENVIRONMENT_LISTS else []):
            names: set[str] = set()
            try:
                for path in paths:
                    params = [("visibility", "all"), ("limit", str(PER_PAGE))]
                    pages = self._pages(f"{path}/environments/", params)
                    rows = [row for page in pages for row in page.rows]
                    names |= {name for row in rows if (name := text(mapping(row).get("name")))}
            except SentryError:
                continue
            return tuple(sorted(names)) if paths else None
        return None

    # https://docs.sentry.io/api/explore/query-explore-events-in-table-format/
    def event_rows(
        self, search: str, scope: Scope, identity_fields: Sequence[str]
    ) -> Iterator[tuple[list[Event | None], bool]]:
        """Yield the pages of the events table (`dataset=errors`), newest first.

        With each page comes whether another one follows. An unreadable row is None: it could be
        the customer's, so the caller must know of it.
        """
        row_params = self.row_params(search, scope, identity_fields)
        params = [*row_params, ("sort", "-timestamp"), ("per_page", str(PER_PAGE))]
        for page in self._pages(f"{self.organization_path}/events/", params):
            rows = [parse_row(row, identity_fields) for row in check_table(page.body)]
            self.is_partial |= is_partial(page.body)
            self.flavor, self.flavor_is_sure = Flavor.SENTRY, True
            yield rows, page.next_cursor is not None

    def row_params(self, search: str, scope: Scope, identity_fields: Sequence[str]) -> Params:
        """Return the parameters for rows of the events table, without sorting and paging."""
        own_fields = self.row_fields[: MAX_FIELDS - len(identity_fields)]
        fields = (("field", name) for name in (*own_fields, *identity_fields))
        return [*self._table_params(search, scope), *fields]

    def event_counts(
        self, search: str, scope: Scope, identity_fields: Sequence[str]
    ) -> list[tuple[Identities, int]]:
        """Return the number of a search's events for each combination of identities."""
        fields = (*identity_fields, "count()")
        page = self.table_page("errors", search, scope, fields)
        if not page.is_last_page():
            raise SentryBadResponse("There are too many combinations to count.")
        return parse_counts(page.body, identity_fields)

    # https://docs.sentry.io/api/events/list-an-issues-events/
    def issue_events(
        self, issue_id: str, event_ids: Sequence[str], scope: Scope
    ) -> Iterator[list[object]]:
        """Yield pages of up to 10 full events of an issue; some servers send fewer per page.

        IDs need no quoting. A search for the customer would make Sentry look up the user first.
        """
        params = [
            *scope.time_params(),
            ("query", f"id:[{','.join(event_ids[:FULL_PER_PAGE])}]"),
            ("full", "1"),
            ("per_page", str(FULL_PER_PAGE)),
        ]
        path = f"{self.organization_path}/issues/{path_segment(issue_id)}/events/"
        for page in self._pages(path, params):
            yield page.rows

    # https://docs.sentry.io/api/events/retrieve-an-event-for-a-project/
    def project_event(self, project: str, event_id: str) -> object:
        """Return the full body of one event, or raise `SentryNotFound`."""
        organization = path_segment(self.config.organization)
        return self.get(f"/projects/{organization}/{path_segment(project)}/events/{event_id}/").body

    # https://docs.sentry.io/api/events/retrieve-an-issue-event/
    def issue_event(self, issue_id: str, event_id: str) -> object:
        """Return the full body of one event, or raise `SentryNotFound`."""
        issue = path_segment(issue_id)
        return self.get(f"{self.organization_path}/issues/{issue}/events/{event_id}/").body

    # https://docs.sentry.io/api/organizations/resolve-an-event-id/
    def event_by_id(self, event_id: str, identity_fields: Sequence[str]) -> Event | None:
        """Return the event with that ID in any project of the organization, or None."""
        try:
            body = mapping(self.get(f"{self.organization_path}/eventids/{event_id}/").body)
        except SentryUnknownRoute:
            raise  # says nothing about the event
        except SentryNotFound:
            return None
        full = {"projectSlug": body.get("projectSlug"), "groupID": body.get("groupId")}
        known = {name: value for name, value in mapping(body.get("event")).items() if value}
        event = parse_full_event({**full, **known}, identity_fields)
        if event is None:
            raise SentryBadResponse("Sentry found the event but didn't send it.")
        return event

    # https://docs.sentry.io/api/events/list-an-organizations-issues/ (`group` is not documented)
    def issues(self, issue_ids: Sequence[str], project_ids: Sequence[str] = ()) -> list[Issue]:
        """Return up to 100 issues. Those requested by short ID have it as their `id`."""
        wanted = set(issue_ids[:ISSUES_PER_CALL])
        short_ids = sorted(one for one in wanted if not one.isdecimal())
        params = [("group", one) for one in issue_ids[:ISSUES_PER_CALL] if one not in short_ids]
        params += [("project", project_id) for project_id in project_ids or ("-1",)]
        query = f"issue:[{','.join(short_ids)}]" if short_ids else ""
        params += [("query", query), ("limit", str(ISSUES_PER_CALL))]
        response = self.get(f"{self.organization_path}/issues/", params)
        found = filter(None, (parse_issue(row) for row in response.rows))
        named = (
            replace(issue, id=issue.short_id) if issue.short_id in wanted else issue
            for issue in found
        )
        return [issue for issue in named if issue.id in wanted]

    def get(self, path: str, params: Params = (), deadline: Deadline | None = None) -> ApiResponse:
        """GET a path of the API."""
        return self._transport.get(path, params, deadline or self.deadline)

    # https://docs.sentry.io/api/explore/query-explore-events-in-table-format/
    def table_page(
        self, dataset: str, search: str, scope: Scope, fields: Sequence[str], params: Params = ()
    ) -> ApiResponse:
        """Return a page of a table."""
        own = [("field", name) for name in fields]
        sent = [*self._table_params(search, scope, dataset), *own, *params]
        sent.append(("per_page", str(PER_PAGE)))
        response = self.get(f"{self.organization_path}/events/", sent)
        check_table(response.body)
        return response

    def _table_params(
        self, search: str, scope: Scope, dataset: str = "errors"
    ) -> list[tuple[str, str]]:
        return [
            ("dataset", dataset),
            ("query", search),
            ("caseInsensitive", "1"),  # newer datasets need it, others ignore it
            *scope.params(),
        ]

    def _pages(self, path: str, params: Params) -> Iterator[ApiResponse]:
        """Yield page after page by the cursor of the `Link` header, whose URL is never used."""
        cursor: list[tuple[str, str]] = []
        for _page in range(MAX_PAGES):
            response = self.get(path, [*params, *cursor])
            yield response
            following = response.next_cursor
            if following is None and not response.is_last_page():
                raise SentryBadResponse("Sentry doesn't say whether its list continues.")
            if following is None:
                return
            if cursor == [("cursor", following)]:
                raise SentryBadResponse("Sentry repeats the same page of its list.")
            cursor = [("cursor", following)]
        raise SentryBadResponse(f"The list did not end after {MAX_PAGES} pages.")


def path_segment(value: str) -> str:
    """Return the value as a percent-encoded path segment."""
    return quote(value, safe="")


def web_root(config: SentryConfig) -> str:
    """Return the organization's address for people: the cloud's regions only serve the API."""
    host = urlsplit(config.base_url).hostname or ""
    is_cloud = host == "sentry.io" or host.endswith(".sentry.io")
    root = "https://sentry.io" if is_cloud else config.base_url.rstrip("/")
    return f"{root}/organizations/{path_segment(config.organization)}"


def with_permalink(event: Event, issue_links: dict[str, str], config: SentryConfig) -> Event:
    """Return the event with its page in Sentry, built from its issue's permalink or its IDs."""
    if event.issue_id is None:
        return replace(event, permalink=None)
    built = f"{web_root(config)}/issues/{path_segment(event.issue_id)}/"
    issue_link = issue_links.get(event.issue_id, built)
    return replace(event, permalink=f"{issue_link.split('?')[0].rstrip('/')}/events/{event.id}/")
