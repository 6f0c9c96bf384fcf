"""One method for each endpoint of Sentry's web API that is asked, and paging by `Link`.

Reference: https://docs.sentry.io/api/
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import TypeVar
from urllib.parse import quote, urlsplit

from apps.events.answer import MOST_SIGHTINGS, Call, Progress, Sighting, Signal
from apps.events.event import Event, Issue
from apps.events.summary import summarize
from apps.sentry.config import (
    Deadline,
    Flavor,
    SentryBadResponse,
    SentryConfig,
    SentryNotFound,
    SentryUnknownRoute,
    cloud_root,
)
from apps.sentry.http import TRIES, Params, Reply, Transport
from apps.sentry.parsing import (
    Project,
    items,
    mapping,
    parse_count,
    parse_full_event,
    parse_issue,
    parse_project,
    parse_rows,
    text,
)
from apps.sentry.throttling import AlonePace, FirstPace, Pace

# The course of one answer, noted by itself as it goes and looked at by others.

T = TypeVar("T")


@dataclass
class Course:
    """What one answer has done so far. Safe to use from several threads.

    Sentences are made when somebody looks, by whoever looks, and not by the answer itself.
    """

    _events: dict[str, Event] = field(default_factory=dict)
    _sentences: dict[str, str] = field(default_factory=dict)
    _left: set[str | None] = field(default_factory=set)
    _pages: int = 0
    _done: int = 0
    _known: int | None = None
    _lock: Lock = field(default_factory=Lock)

    def saw_page(self, events: Iterable[Event]) -> None:
        """A page of a list was read, with these events of the customer in all so far."""
        with self._lock:
            if self._known is None:
                self._pages += 1
                self._events.update((event.id, event) for event in events)

    def listed(
        self, events: Sequence[Event], problems: Iterable[str | None], *, others: int
    ) -> None:
        """The list has ended. Of these problems something is left to read; `others` are calls."""
        with self._lock:
            self._events = {event.id: event for event in events}
            self._left = set(problems)
            self._done, self._known = 1, 1 + len(self._left) + others

    def step(self, call: Callable[[], T]) -> Callable[[], T]:
        """The call as a step that counts as done when it ends, however it ends."""
        return self._then(call, lambda: None)

    def reading(self, problem: str | None, call: Callable[[], T]) -> Callable[[], T]:
        """The same for the call that reads what is left of a problem."""
        return self._then(call, lambda: self._left.discard(problem))

    def _then(self, call: Callable[[], T], note: Callable[[], None]) -> Callable[[], T]:
        def stepped() -> T:
            try:
                return call()
            finally:
                with self._lock:
                    self._done += 1
                    note()

        return stepped

    def progress(self) -> Progress:
        """How far it is now."""
        with self._lock:
            events, is_listed = tuple(self._events.values()), self._known is not None
            problems = {event.issue_id for event in events}
            told = Progress(
                done=self._done,
                known=self._known,
                pages=self._pages,
                read=len(problems) - len(self._left) if is_listed else 0,
                problems=len(problems) if is_listed else None,
                events_found=len(events),
            )
        newest = sorted(events, key=lambda one: (one.timestamp, one.id), reverse=True)
        return replace(told, newest=tuple(map(self._sighting, newest[:MOST_SIGHTINGS])))

    def _sighting(self, event: Event) -> Sighting:
        sentence = self._sentences.get(event.id)
        if sentence is None:
            sentence = self._sentences[event.id] = summarize(event)
        return Sighting(event.id, event.timestamp, event.level, sentence)


MOST_FIELDS = 20
PER_PAGE = 100
FULL_PER_PAGE = 10
MOST_PAGES = 100
ISSUES_PER_CALL = 100

# What the table is asked for beside the identity fields, most wanted first: 20 in all.
_ROW_FIELDS = (
    "id", "timestamp", "issue.id", "project.name", "title", "trace", "level", "error.handled",
    "release", "environment", "transaction", "message", "culprit", "platform", "issue",
    "error.type", "error.value",
)  # fmt: skip

_NEXT = re.compile(r'<[^>]*>;[^<]*?rel="next"[^<]*')
_RESULTS = re.compile(r'results="true"')
_NO_RESULTS = re.compile(r'results="false"')
_CURSOR = re.compile(r'cursor="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when to look. Times are UTC; `end` is excluded, as Sentry does it."""

    start: datetime
    end: datetime
    project_ids: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    def params(self) -> list[tuple[str, str]]:
        """Query parameters. Offsets are never sent: Sentry would drop them unread."""
        return [
            ("start", f"{self.start:%Y-%m-%dT%H:%M:%S}"),
            ("end", f"{self.end:%Y-%m-%dT%H:%M:%S}"),
            *(("environment", name) for name in self.environments),
        ]

    def project_params(self) -> list[tuple[str, str]]:
        """The projects by numeric id; -1 is every project the token can see."""
        return [("project", project_id) for project_id in self.project_ids or ("-1",)]


class SentryClient:
    """Sentry's API for one organization. One client serves one lookup and counts its calls.

    `flavor` and `one_project` tell what the server turned out to be, as far as it is known;
    `flavor_is_sure` says that an answer has shown it. `absent_signals` are those it does not have.
    `course` tells how far the answer is.
    """

    def __init__(
        self, config: SentryConfig, pace: Pace | None = None, *, tries: int = TRIES
    ) -> None:
        self.config = config
        self._pace = FirstPace(pace or AlonePace(config.max_parallel))
        self._give_up: Callable[[], None] = lambda: None
        self._transport = Transport(config, self._pace, tries=tries)
        self.organization_path = f"/organizations/{segment(config.organization)}"
        self.flavor = config.flavor
        self.flavor_is_sure = False
        self.one_project = config.one_project
        self.projects_are_fresh = False
        self.absent_signals: set[Signal] = set()
        self.deadline = Deadline(config.deadline_s)
        self.course = Course()

    @property
    def call_log(self) -> tuple[Call, ...]:
        """The HTTP requests sent so far, tries included."""
        return self._transport.log

    def aside(self, deadline_s: float) -> "SentryClient":
        """A client for what the answer can do without: it lets this one's calls go first.

        It tries once, and counts its calls for itself.
        """
        config = replace(self.config, deadline_s=deadline_s)
        pace = self._pace.aside()
        client = SentryClient(config, pace, tries=1)
        client._give_up = pace.give_up
        client.flavor, client.one_project = self.flavor, self.one_project
        return client

    def hang_up(self) -> None:
        """End the calls that are under way, and those that wait for a place."""
        self._give_up()
        self._transport.hang_up()

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    # https://docs.sentry.io/api/organizations/retrieve-an-organization/
    def region_url(self) -> str | None:
        """Where Sentry's cloud keeps this organization (`links.regionUrl`).

        None when it does not say, or names a host that is not Sentry's: the token goes there.
        """
        reply = self._transport.get(
            f"{self.organization_path}/", [("detailed", "0")], self.deadline
        )
        return cloud_root(text(mapping(mapping(reply.body).get("links")).get("regionUrl")) or "")

    # https://docs.sentry.io/api/organizations/list-an-organizations-projects/
    def projects(self) -> tuple[Project, ...]:
        """All projects the token can see."""
        pages = self._pages(f"{self.organization_path}/projects/", [("per_page", str(PER_PAGE))])
        found = [parse_project(row) for page in pages for row in list_of(page)]
        self.projects_are_fresh = True
        return tuple(project for project in found if project)

    # https://docs.sentry.io/api/explore/query-explore-events-in-table-format/
    def event_rows(
        self, search: str, scope: Scope, identity_fields: Sequence[str]
    ) -> Iterator[list[Event | None]]:
        """The events table (`dataset=errors`), newest first, page by page.

        A row that cannot be read is None: it could be the customer's, so it is not dropped here.
        """
        wanted = self.row_params(search, scope, identity_fields)
        params = [*wanted, ("sort", "-timestamp"), ("per_page", str(PER_PAGE))]
        for page in self._pages(f"{self.organization_path}/events/", params):
            rows = parse_rows(page.body, identity_fields)
            self.flavor, self.flavor_is_sure = Flavor.SENTRY, True
            yield rows

    def row_params(self, search: str, scope: Scope, identity_fields: Sequence[str]) -> Params:
        """What asks the events table for rows, but for their order and number."""
        fields = (("field", name) for name in _table_fields(identity_fields))
        return [*self._table_params(search, scope), *fields]

    def event_count(self, search: str, scope: Scope) -> int | None:
        """How many events the search has in all; None when Sentry does not say."""
        params = [*self._table_params(search, scope), ("field", "count()")]
        reply = self._transport.get(f"{self.organization_path}/events/", params, self.deadline)
        return parse_count(reply.body)

    # https://docs.sentry.io/api/events/list-an-issues-events/
    def issue_events(self, issue_id: str, search: str, scope: Scope) -> Iterator[list[object]]:
        """Full events of one issue, newest first, ten a page (Sentry caps full pages at ten)."""
        params = [
            *scope.params(),
            ("query", search),
            ("full", "1"),
            ("per_page", str(FULL_PER_PAGE)),
        ]
        path = f"{self.organization_path}/issues/{segment(issue_id)}/events/"
        for page in self._pages(path, params):
            yield list_of(page)

    # https://docs.sentry.io/api/events/retrieve-an-event-for-a-project/
    def project_event(self, project: str, event_id: str) -> object:
        """The full body of one event. Raises `SentryNotFound` when it is gone."""
        path = (
            f"/projects/{segment(self.config.organization)}/{segment(project)}/events/{event_id}/"
        )
        return self._transport.get(path, [], self.deadline).body

    # https://docs.sentry.io/api/organizations/resolve-an-event-id/
    def event_by_id(self, event_id: str, identity_fields: Sequence[str]) -> Event | None:
        """The event of that id anywhere in the organization; None when there is none."""
        try:
            path = f"{self.organization_path}/eventids/{event_id}/"
            body = mapping(self._transport.get(path, [], self.deadline).body)
        except SentryUnknownRoute:
            raise  # not Sentry's word: this says nothing about the event
        except SentryNotFound:
            return None
        full = {"projectSlug": body.get("projectSlug"), "groupID": body.get("groupId")}
        known = {name: value for name, value in mapping(body.get("event")).items() if value}
        event = parse_full_event({**full, **known}, identity_fields)
        if event is None:
            raise SentryBadResponse("Sentry found the event but did not send it.")
        return event

    # https://docs.sentry.io/api/events/list-an-organizations-issues/ (`group` is not documented)
    def issues(self, issue_ids: Sequence[str], project_ids: Sequence[str] = ()) -> list[Issue]:
        """Facts of up to 100 issues in one call; issues that Sentry leaves out are left out."""
        params = [("group", issue_id) for issue_id in issue_ids[:ISSUES_PER_CALL]]
        params += [("project", project_id) for project_id in project_ids or ("-1",)]
        params += [("query", ""), ("limit", str(ISSUES_PER_CALL))]
        reply = self._transport.get(f"{self.organization_path}/issues/", params, self.deadline)
        wanted = set(issue_ids)
        found = (parse_issue(row) for row in list_of(reply))
        return [issue for issue in found if issue and issue.id in wanted]

    def get(self, path: str, params: Params, deadline: Deadline | None = None) -> Reply:
        """Any other address below the API's root. Raises a `SentryError`."""
        return self._transport.get(path, params, deadline or self.deadline)

    def _table_params(self, search: str, scope: Scope) -> list[tuple[str, str]]:
        return [
            ("dataset", "errors"),
            ("query", search),
            *scope.params(),
            *scope.project_params(),
        ]

    def _pages(self, path: str, params: Params) -> Iterator[Reply]:
        """Follow `Link` by its cursor, resending the same parameters; its URL is never used."""
        cursor: list[tuple[str, str]] = []
        for _page in range(MOST_PAGES):
            reply = self._transport.get(path, [*params, *cursor], self.deadline)
            yield reply
            link = reply.headers.get("link", "")
            following = next_cursor(link)
            if following is None and not is_last(link, rows_in(reply), PER_PAGE):
                raise SentryBadResponse("Sentry does not say whether its list goes on.")
            if following is None:
                return
            cursor = [("cursor", following)]
        raise SentryBadResponse(f"The list did not end after {MOST_PAGES} pages.")


def _table_fields(identity_fields: Sequence[str]) -> list[str]:
    """At most 20 fields: the identity fields, which every row is checked by, always fit."""
    room = MOST_FIELDS - len(identity_fields)
    return [*_ROW_FIELDS[:room], *identity_fields]


def next_cursor(link: str) -> str | None:
    """The cursor of the `rel="next"` entry when it says there are results.

    Found by pattern: addresses hold commas, and GlitchTip wraps the header in braces and quotes.
    """
    entry = _NEXT.search(link)
    if entry is None or not _RESULTS.search(entry.group(0)):
        return None
    cursor = _CURSOR.search(entry.group(0))
    return cursor.group(1) if cursor else None


def is_last(link: str, rows: int, full_page: int) -> bool:
    """Whether a page without a next cursor surely is the last one.

    Sentry always writes both links, the next one with `results="false"` at the end. A page that
    is not full needs no link to be believed.
    """
    entry = _NEXT.search(link)
    if entry is not None:
        return _NO_RESULTS.search(entry.group(0)) is not None
    return not link and rows < full_page


def rows_in(reply: Reply) -> int:
    """How many rows a page holds, in either of the two forms that pages have."""
    body = reply.body if isinstance(reply.body, list) else mapping(reply.body).get("data")
    return len(items(body))


def list_of(reply: Reply) -> list[object]:
    """The rows of a plain list. Raises `SentryBadResponse` when it is something else."""
    if not isinstance(reply.body, list):
        raise SentryBadResponse("Sentry sent something else than a list.")
    return items(reply.body)


def segment(value: str) -> str:
    """A path segment: a slug or id as it is, anything else percent-encoded."""
    return quote(value, safe="")


# Addresses in Sentry's web pages, for people.


def web_root(config: SentryConfig) -> str:
    """Where people open the organization in a browser; the cloud's regions only serve programs."""
    host = urlsplit(config.base_url).hostname or ""
    is_cloud = host == "sentry.io" or host.endswith(".sentry.io")
    root = "https://sentry.io" if is_cloud else config.base_url.rstrip("/")
    return f"{root}/organizations/{segment(config.organization)}"


def with_link(event: Event, issue_links: dict[str, str], config: SentryConfig) -> Event:
    """The event with its page in Sentry: below its issue's link, else built from the ids."""
    if event.issue_id is None:
        return replace(event, permalink=None)
    built = f"{web_root(config)}/issues/{segment(event.issue_id)}/"
    issue_link = issue_links.get(event.issue_id, built)
    return replace(event, permalink=f"{issue_link.split('?')[0].rstrip('/')}/events/{event.id}/")
