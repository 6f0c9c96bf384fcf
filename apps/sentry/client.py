"""One method for each endpoint of Sentry's web API that is asked, and paging by `Link`.

Reference: https://docs.sentry.io/api/
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from apps.events.answer import Call, Signal
from apps.events.event import Event, Issue
from apps.sentry.config import Flavor, SentryConfig, cloud_root
from apps.sentry.course import Course
from apps.sentry.deadline import Deadline
from apps.sentry.errors import SentryBadResponse, SentryNotFound, SentryUnknownRoute
from apps.sentry.lenient import items, mapping, text
from apps.sentry.pace import AlonePace, FirstPace, Pace
from apps.sentry.parsing import (
    Project,
    parse_count,
    parse_full_event,
    parse_issue,
    parse_project,
    parse_rows,
)
from apps.sentry.replies import Reply
from apps.sentry.transport import TRIES, Params, Transport

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
