"""List a customer's events from GlitchTip, which has no events table.

Read each project's list back to the window. If that takes too many pages, search the issues
tagged with the customer first, and read only their lists.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from time import monotonic
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, quote

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event, Issue
from apps.events.grouping import nearest_first
from apps.events.query import CustomerKind, Question, counted
from apps.sentry import errors
from apps.sentry.client import ISSUES_PER_CALL, MAX_PAGES, SentryClient, path_segment
from apps.sentry.config import Flavor
from apps.sentry.http import PER_PAGE, ApiResponse, Params
from apps.sentry.listing import (
    Fetch,
    Listing,
    capped,
    event_id_notice,
    newest_first,
    skipped_notices,
    with_event,
)
from apps.sentry.parsing import (
    Project,
    integer,
    mapping,
    moment,
    parse_full_event,
    parse_issue,
    parse_level,
)
from apps.sentry.search import has_case, matched_fields, with_match

T = TypeVar("T")

# GlitchTip's API as of 5.2. Its lists of full events have no search and no time range, so their
# callers filter the rows.

MAX_TOTAL = 1000

# One of the two lists of events uses snake case.
_CAMEL = {
    "event_id": "eventID",
    "group_id": "groupID",
    "project_id": "projectID",
    "date_created": "dateCreated",
    "date_received": "dateReceived",
}
_STANDARD = str.maketrans("-_", "+/")


def total_of(page: ApiResponse) -> int | None:
    """Return the length of the whole list; None if unknown, as GlitchTip counts only to 1000."""
    total = integer(page.headers.get("x-hits"))
    return total if page.rows and total is not None and total < MAX_TOTAL else None


class GlitchTip:
    """The endpoints of GlitchTip that a lookup needs. Each method raises a `SentryError`."""

    def __init__(self, client: SentryClient) -> None:
        self._client = client
        self._organization = path_segment(client.config.organization)

    def project_events(self, slug: str, cursor: str | None = None) -> ApiResponse:
        """Return full events of a project, last received first; none for an unknown slug."""
        return self._page(
            f"/projects/{self._organization}/{path_segment(slug)}/events/", [], cursor
        )

    def issue_events(self, issue_id: str, cursor: str | None = None) -> ApiResponse:
        """Return full events of an issue, last received first."""
        return self._page(f"/issues/{path_segment(issue_id)}/events/", [], cursor)

    def issues(
        self, query: str, project_ids: Sequence[str] = (), cursor: str | None = None
    ) -> ApiResponse:
        """Return issues, in a stable order (`first_seen`): those with an event that has the tag."""
        params = [("query", query), ("sort", "-first_seen")]
        params += [("project", project_id) for project_id in project_ids]
        return self._page(f"{self._client.organization_path}/issues/", params, cursor)

    def event_count(self, project_id: str) -> int | None:
        """Return how many events a project's issues have had, or None if it has too many issues."""
        page = self.issues("", [project_id])
        counts = [issue.events_total if issue else None for issue in map(self.issue_of, page.rows)]
        known = [count for count in counts if count is not None]
        return None if page.next_cursor or len(known) < len(counts) else sum(known)

    def _issues_by_id(self, issue_ids: Sequence[str]) -> list[Issue]:
        params = [("id", issue_id) for issue_id in issue_ids]
        page = self._page(f"{self._client.organization_path}/issues/", [*params, ("query", "")])
        wanted = set(issue_ids)
        found = (self.issue_of(row) for row in page.rows)
        return [issue for issue in found if issue and issue.id in wanted]

    def issue_calls(self, issue_ids: Sequence[str]) -> list[Callable[[], list[Issue]]]:
        """Return the calls, as few as possible, for these issues."""
        starts = range(0, len(issue_ids), ISSUES_PER_CALL)
        chunks = [issue_ids[start : start + ISSUES_PER_CALL] for start in starts]
        return [partial(self._issues_by_id, chunk) for chunk in chunks]

    def level(self, event: Event) -> str | None:
        """Return the level of an event, which no list has."""
        issue = path_segment(event.issue_id or "")
        path = f"{self._client.organization_path}/issues/{issue}/events/{event.id}/json/"
        return parse_level(mapping(self._client.get(path).body).get("level"))

    def users_affected(self, issue: Issue) -> int | None:
        """Return how many customers have had it, or None if not all of its events have an ID."""
        params = [("key", "user.id")]
        tags = self._client.get(f"/issues/{path_segment(issue.id)}/tags/", params).rows
        tag = next((mapping(row) for row in tags if mapping(row).get("key") == "user.id"), {})
        users, events = integer(tag.get("uniqueValues")), integer(tag.get("totalValues"))
        if not events:
            return None
        # Up to 4.1, the issue's own count lacks events that arrived along with its first one.
        total = total_of(self._page(f"/issues/{path_segment(issue.id)}/events/", [], per_page=1))
        if events < (issue.events_total or 0) or events < (total or MAX_TOTAL):
            return None
        return users

    def issue_of(self, row: object) -> Issue | None:
        """Parse an issue, with a working permalink.

        Its level is that of the first event only, and its number of users is always 0.
        """
        issue = parse_issue(row)
        if issue is None:
            return None
        config = self._client.config
        link = f"{config.base_url.rstrip('/')}/{self._organization}/issues/{issue.id}"
        return replace(issue, level=None, users_affected=None, permalink=link)

    def _page(
        self, path: str, params: Params, cursor: str | None = None, per_page: int = PER_PAGE
    ) -> ApiResponse:
        cursor_params = [("cursor", cursor)] if cursor else []
        response = self._client.get(path, [*params, ("limit", str(per_page)), *cursor_params])
        if response.is_from_glitchtip:
            self._client.flavor_is_sure = self._client.flavor == Flavor.GLITCHTIP
        return response


def received_event(
    row: object, identity_fields: Sequence[str], slugs: Mapping[str, str], project: str | None
) -> tuple[Event | None, datetime | None]:
    """Return the event in a row of either list, and when the server received it.

    The event is None if it is unreadable. `slugs` are project slugs by ID; `project` is the slug
    for any other ID.
    """
    raw = {_CAMEL.get(name, name): value for name, value in mapping(row).items()}
    event = parse_full_event(raw, identity_fields)
    if event is None:
        return None, None
    slug = slugs.get(str(integer(raw.get("projectID"))), project)
    named = replace(event, project=slug, transaction=event.transaction or _transaction_of(event))
    return named, moment(raw.get("dateReceived"))


def _transaction_of(event: Event) -> str | None:
    """Return the culprit if it is the transaction, and not made of a frame or the URL."""
    culprit, body = event.culprit, event.body
    if culprit is None or body is None:
        return None
    frames = [frame for exception in body.exceptions for frame in exception.frames]
    made = {body.request.url} if body.request else set()
    made |= {f"{frame.module or frame.file} in {frame.function or '?'}" for frame in frames}
    made |= {f"{frame.function or '?'}({frame.module or frame.file})" for frame in frames}
    made |= {frame.function or "?" for frame in frames}
    return None if culprit in made else culprit


def cursor_before(at: datetime) -> str:
    """Return a cursor to events received strictly before that time."""
    return base64.b64encode(f"p={quote(at.isoformat())}".encode()).decode()


def overlapping_cursor(cursor: str) -> str | None:
    """Return the cursor that repeats a millisecond of the last page, or None for another format.

    The server continues strictly before the last row's time and would skip rows of that time.
    """
    padded = cursor.translate(_STANDARD) + "=" * (-len(cursor) % 4)
    try:
        params = parse_qs(base64.b64decode(padded, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    position = moment(params.get("p", [""])[0])
    return cursor_before(position + timedelta(milliseconds=1)) if position else None


# Find one event by its ID.

# With more projects than this, search for the event's project first.
_FEW_PROJECTS = 2


def find_event(fetch: Fetch, listing: Listing) -> Listing:
    """Return the listing with the event whose ID was entered, or unchanged if there is none.

    Raise a `SentryError` if the lookup is for an event and it could not be searched.
    """
    hex_id, kind = fetch.question.customer.hex_id, fetch.question.customer.kind
    if hex_id is None or kind == CustomerKind.TRACE:
        return listing
    failed: dict[str, errors.SentryError] = {}
    for projects in (_likely_projects(fetch, hex_id), fetch.searched):
        calls = {one.slug: partial(_read_event, fetch, one, hex_id) for one in projects}
        found, failed = fetch.run_all(calls)
        if event := next(filter(None, found.values()), None):
            return with_event(listing, event, fetch.question)
    if not failed:
        return listing
    error = next(iter(failed.values()))
    if kind == CustomerKind.EVENT:
        raise error
    return replace(listing, total=None, notices=(*listing.notices, event_id_notice(error)))


def _likely_projects(fetch: Fetch, hex_id: str) -> list[Project]:
    """Return projects that a search suggests: only a hint, which saves calls."""
    if len(fetch.searched) <= _FEW_PROJECTS:
        return []
    server = GlitchTip(fetch.client)
    try:
        issues = [server.issue_of(row) for row in server.issues(hex_id).rows]
    except errors.SentryError:
        return []
    slugs = {issue.project for issue in issues if issue}
    return [project for project in fetch.searched if project.slug in slugs][:_FEW_PROJECTS]


def _read_event(fetch: Fetch, project: Project, hex_id: str) -> Event | None:
    try:
        body = fetch.client.project_event(project.slug, hex_id)
    except errors.SentryUnknownRoute:
        raise
    except errors.SentryNotFound:
        return None
    event, _received_at = received_event(body, fetch.question.fields, {}, project.slug)
    if event is None or event.id != hex_id:
        raise errors.SentryBadResponse("The event has no ID or no time.")
    return event


# Page through a list without losing rows between two pages.


@dataclass
class Pager:
    """Reads a list page by page. `limits` are sentences on rows it may miss."""

    fetch_page: Callable[[str | None], ApiResponse]
    pages: int = 0
    has_ended: bool = False
    limits: list[str] = field(default_factory=list)
    _cursor: str | None = None
    _exact_cursor: str | None = None

    def read(self) -> ApiResponse:
        """Return the next page. Raise a `SentryError`."""
        try:
            page = self.fetch_page(self._cursor)
        except errors.SentryRejectedQuery:
            if self._cursor == self._exact_cursor:
                raise
            self._note_uncertain_edge()
            page = self.fetch_page(self._exact_cursor)
        self.pages += 1
        return page

    def turn(self, page: ApiResponse, *, has_new_rows: bool) -> None:
        """Set the cursor for the page after this one.

        It repeats the last row's time, unless this page had no new rows and would come again.
        """
        following = page.next_cursor
        if following is None:
            self.has_ended = True
            if len(page.rows) >= PER_PAGE and 'rel="next"' not in page.headers.get("link", ""):
                self.limits.append("The server didn't say whether a list continues.")
            return
        self._exact_cursor = following
        self._cursor = overlapping_cursor(following) if has_new_rows else None
        if self._cursor is None:
            self._note_uncertain_edge()
            self._cursor = following

    def jump(self, cursor: str) -> None:
        """Continue at another place of the list."""
        self._cursor = self._exact_cursor = cursor

    def _note_uncertain_edge(self) -> None:
        self.limits.append(
            "Some events that the server received at exactly the same time may be missing."
        )


# Find a customer's issues by the tags that GlitchTip stores of each event's user.

MAX_ISSUE_PAGES: Final = 10
_SEARCH_KEYWORDS = frozenset(("is", "has", "level"))


def tag_terms(question: Question) -> tuple[str, ...]:
    """Return the search terms, one per call; none if a term could miss events.

    GlitchTip compares values with their capitals, so the terms have the usual spellings. It strips
    quotes from the ends of a value, and the first colon ends the key.
    """
    typed = question.customer.identifier
    if not question.customer.is_named or typed.startswith('"') or typed.endswith('"'):
        return ()
    fields = question.searched_fields
    keys = [name[5:-1] if name.startswith("tags[") else name for name in fields]
    if any(":" in key or key in _SEARCH_KEYWORDS for key in keys):
        return ()
    values = dict.fromkeys((typed, typed.lower(), typed.upper()))
    # It splits the search like a shell.
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return tuple(f'{key}:"{value}"' for key in keys for value in quoted)


def tag_search_limits(question: Question) -> list[str]:
    """Return sentences on what a search by tags can't find, each with what can."""
    limits = []
    if has_case(question.customer.identifier):
        limits.append(
            "The list of events is too long to read, so we searched for the identifier only as "
            "typed, in lowercase, and in uppercase. If the app might spell it differently, look up "
            "that spelling or an ID without letters."
        )
    if question.customer.hex_id:
        limits.append(
            "The list of events is too long to read, so we didn’t search for what you typed as a "
            "trace ID. If it is one, look up the ID of one of its events instead."
        )
    return limits


def tagged_issues(
    server: GlitchTip, term: str, project_ids: Sequence[str]
) -> tuple[dict[str, Issue], int, list[str]]:
    """Return all issues with an event that has the tag. Raise a `SentryError`.

    With them come the number of unreadable rows and sentences on issues that may be missing.
    """
    tagged: dict[str, Issue] = {}
    unreadable = 0
    pager = Pager(partial(server.issues, term, project_ids))
    while not pager.has_ended and pager.pages < MAX_ISSUE_PAGES:
        page = pager.read()
        issues = [server.issue_of(row) for row in page.rows]
        found = {issue.id: issue for issue in issues if issue}
        unreadable += issues.count(None)
        has_new_rows = bool(found.keys() - tagged.keys())
        tagged.update(found)
        pager.turn(page, has_new_rows=has_new_rows)
    if not pager.has_ended:
        pager.limits.append("The customer has more problems than we checked.")
    return tagged, unreadable, pager.limits


# Read a list of full events back to the window.

# Events are received after they happened, as far as clocks agree.
SKEW: Final = timedelta(minutes=15)
# A device that reports its local time as UTC is up to 14 hours ahead.
MAX_SKEW: Final = timedelta(hours=15)
# How late an event can arrive and still be found when reading starts in the middle of a list.
MAX_DELAY: Final = timedelta(days=1)


@dataclass
class ListReader:
    """Reads one list, last received first, back to before the window.

    `found` are the customer's events in the window, `failed` is the error that ended the reading.
    `event_count` is the length of the list or more, if it is known.
    """

    fetch: Fetch
    pager: Pager
    project: str | None
    found: dict[str, Event] = field(default_factory=dict)
    failed: errors.SentryError | None = None
    unreadable: int = 0
    is_done: bool = False
    event_count: int | None = None
    page_seconds: float = 0.0
    _oldest: datetime | None = None
    _newest: datetime | None = None
    _total: int | None = None
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.question = self.fetch.question
        self.since = self.question.window.start - SKEW
        self._slugs = {project.id: project.slug for project in self.fetch.searched}

    @property
    def is_empty(self) -> bool:
        """Return whether the list has no event at all."""
        return not self._seen and not self.unreadable

    @property
    def pages_ahead(self) -> float:
        """Estimate from the pages read so far how many more it takes to the window's start."""
        if self.is_done or self._oldest is None or self._newest is None:
            return 0.0
        read = max((self._newest - self._oldest).total_seconds(), 1.0)
        guess = self.pager.pages * (self._oldest - self.since).total_seconds() / read
        totals = (total for total in (self._total, self.event_count) if total is not None)
        return min([guess, *(total / PER_PAGE for total in totals)])

    def start(self) -> None:
        """Read the first page. Raise a `SentryError`."""
        started = monotonic()
        self._read_page(self.pager.read())
        self.page_seconds = monotonic() - started

    def read_on(self) -> None:
        """Read back to the window, or jump near it if that takes too many pages.

        An error ends the reading and is stored in `failed`; what was read before it counts.
        """
        try:
            if not self.pager.pages:
                self.start()
            until = self.question.window.end + MAX_DELAY
            if self.pages_ahead > MAX_PAGES and self._oldest and until < self._oldest:
                self.pager.jump(cursor_before(until))
                self.pager.limits.append(
                    "Events that arrived more than a day late were not searched."
                )
            while not self.is_done and self.pager.pages < MAX_PAGES:
                self._read_page(self.pager.read())
        except errors.SentryError as error:
            self.failed = error
        if not self.is_done and self.failed is None:
            self.pager.limits.append(f"Only {MAX_PAGES} pages of one long list were read.")

    def _read_page(self, page: ApiResponse) -> None:
        self._total = total_of(page)
        fresh = [row for row in page.rows if self._add(row)]
        self.fetch.client.progress_tracker.record_page(self.found.values())
        self.pager.turn(page, has_new_rows=bool(fresh))
        reached = self._oldest is not None and self._oldest < self.since
        self.is_done = reached or self.pager.has_ended

    def _add(self, row: object) -> bool:
        """Add an event of the customer, and return whether the row is new."""
        event, at = received_event(row, self.question.fields, self._slugs, self.project)
        if event is None:
            self.unreadable += 1
            return True
        if event.id in self._seen:
            return False
        self._seen.add(event.id)
        if at:
            self._track_time(event, at)
        if self._is_wanted(event):
            self.found[event.id] = event
        return True

    def _track_time(self, event: Event, at: datetime) -> None:
        """Track how far back the list was read; a clock that is ahead extends the reading."""
        self._oldest = min(at, self._oldest or at)
        self._newest = max(at, self._newest or at)
        ahead = event.timestamp - at
        if SKEW < ahead <= MAX_SKEW:
            self.since = min(self.since, self.question.window.start - ahead - SKEW)

    def _is_wanted(self, event: Event) -> bool:
        question = self.question
        return (
            question.window.contains(event.timestamp)
            and (not question.environments or (event.environment or "") in question.environments)
            and bool(matched_fields(event, question.customer))
        )


# With more pages to read in a project, search its issues first.
SCAN_PAGES: Final = 10
# With up to so many pages, and in this share of the time, read them all the same if the search
# could miss something.
FULL_PAGES: Final = 30
FULL_SHARE: Final = 0.7


def list_glitchtip_events(fetch: Fetch) -> Listing:
    """Return the customer's events in the window, those nearest to the reported time with bodies.

    Raise a `SentryError` if nothing at all could be read.
    """
    if not fetch.searched:
        raise errors.SentryNotFound("The token can't see any of the projects.")
    if fetch.question.customer.kind == CustomerKind.EVENT:
        return find_event(fetch, Listing())
    listing = _ListingReader(fetch).listing()
    return listing if listing.events else find_event(fetch, listing)


@dataclass
class _ListingReader:
    fetch: Fetch
    readers: list[ListReader] = field(default_factory=list)
    issues: dict[str, Issue] = field(default_factory=dict)
    skipped: dict[str, errors.SentryError] = field(default_factory=dict)
    failed: list[errors.SentryError] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    unreadable: int = 0

    def __post_init__(self) -> None:
        self.client = self.fetch.client
        self.question = self.fetch.question
        self.searched = self.fetch.searched
        self.server = GlitchTip(self.client)

    def listing(self) -> Listing:
        """Read each project by its own list or by its issues, whichever is shorter."""
        self._read_first_pages()
        self._check_empty_projects()
        terms = tag_terms(self.question)
        if terms and tag_search_limits(self.question):
            self._count_events()
        long = [reader for reader in self.readers if terms and self._is_long(reader)]
        readers = [reader for reader in self.readers if reader not in long and not reader.is_done]
        if long:
            readers += self._issue_readers(terms, long)
        _read, failed = self.fetch.run_all(dict(enumerate(one.read_on for one in readers)))
        self.failed += [*failed.values(), *(one.failed for one in readers if one.failed)]
        return self._result()

    def _count_events(self) -> None:
        ids = {project.slug: project.id for project in self.searched}
        readers = [one for one in self.readers if one.pages_ahead > FULL_PAGES]
        slugs = [one.project or "" for one in readers]
        calls = {slug: partial(self.server.event_count, ids[slug]) for slug in slugs}
        counts, _failed = self.fetch.run_all(calls)
        for reader, slug in zip(readers, slugs, strict=True):
            reader.event_count = counts.get(slug)

    def _is_long(self, reader: ListReader) -> bool:
        if not tag_search_limits(self.question):
            return reader.pages_ahead > SCAN_PAGES
        time_for_pages = FULL_SHARE * self.client.deadline.left()
        seconds_ahead = reader.pages_ahead * reader.page_seconds
        return reader.pages_ahead > FULL_PAGES or seconds_ahead > time_for_pages

    def _read_first_pages(self) -> None:
        lists = {one.slug: partial(self.server.project_events, one.slug) for one in self.searched}
        readers = {slug: ListReader(self.fetch, Pager(read), slug) for slug, read in lists.items()}
        started, self.skipped = self.fetch.run_all({slug: readers[slug].start for slug in readers})
        self.readers += [readers[slug] for slug in started]
        if not started:
            raise next(iter(self.skipped.values()))

    def _check_empty_projects(self) -> None:
        """Skip deleted projects: their list is empty, like that of a project without events."""
        empty = [reader.project for reader in self.readers if reader.project and reader.is_empty]
        if not empty or self.client.projects_are_fresh:
            return
        try:
            present = {project.slug for project in self.client.projects(environments=False)}
        except errors.SentryError as error:
            self.skipped |= dict.fromkeys(empty, error)
            return
        missing = errors.SentryNotFound("the server no longer has it.")
        self.skipped |= {slug: missing for slug in empty if slug not in present}

    def _issue_readers(self, terms: Sequence[str], long: Sequence[ListReader]) -> list[ListReader]:
        slugs = {reader.project for reader in long}
        project_ids = [project.id for project in self.searched if project.slug in slugs]
        since = min(reader.since for reader in long)
        self.limits += tag_search_limits(self.question)
        calls = {term: partial(tagged_issues, self.server, term, project_ids) for term in terms}
        found, failed = self.fetch.run_all(calls)
        self.failed += failed.values()
        for issues, unreadable, limits in found.values():
            self.issues.update(issues)
            self.unreadable += unreadable
            self.limits += limits
        readers = [
            ListReader(
                self.fetch, Pager(partial(self.server.issue_events, issue.id)), issue.project
            )
            for issue in self.issues.values()
            if issue.last_seen is None or issue.last_seen >= since
        ]
        for reader in readers:
            reader.since = since
        self.readers += readers
        return readers

    def _result(self) -> Listing:
        found = {
            event.id: event for reader in self.readers for event in tuple(reader.found.values())
        }
        if not found and self.failed:
            raise self.failed[0]
        intro = "GlitchTip can't be searched the way Sentry can."
        limits = [*self.limits, *(one for reader in self.readers for one in reader.pager.limits)]
        gaps = [f"A list ended early: {error.message}" for error in self.failed]
        unreadable = self.unreadable + sum(reader.unreadable for reader in self.readers)
        if unreadable:
            gaps.append(f"{counted(unreadable, 'row')} of the server's lists could not be read.")
        notices = (
            *skipped_notices(self.skipped),
            *(Notice(NoticeCode.FLAVOR_LIMITS, f"{intro} {one}") for one in dict.fromkeys(limits)),
            *(Notice(NoticeCode.INCOMPLETE_LIST, one) for one in dict.fromkeys(gaps)),
        )
        own = {event.issue_id for event in found.values()}
        listing = Listing(
            events=self._with_nearest_bodies(newest_first(found.values())),
            total=None if notices else len(found),
            notices=notices,
            issues=tuple(issue for issue in self.issues.values() if issue.id in own),
        )
        limit = self.client.config.max_events
        return capped(listing, limit) if len(found) > limit else listing

    def _with_nearest_bodies(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Keep only as many bodies, nearest first, as a lookup reads from any server."""
        nearest = nearest_first(events, self.question.window.moment)
        with_body = {event.id for event in nearest[: self.client.config.max_bodies]}
        customer = self.question.customer
        return tuple(
            replace(with_match(event, customer), body=event.body if event.id in with_body else None)
            for event in events
        )


# Read what no list of events has.

MAX_COUNTED_ISSUES: Final = 20


def with_details(fetch: Fetch, listing: Listing) -> Listing:
    """Return the listing with issues, and with the levels of the events nearest to the time.

    The others' level is unknown, and so is the number of customers with issues further away.
    """
    client, server = fetch.client, GlitchTip(fetch.client)
    nearest = nearest_first(listing.events, fetch.question.window.moment)
    issues = {issue.id: issue for issue in listing.issues}
    ids = list(dict.fromkeys(event.issue_id for event in nearest if event.issue_id))
    unread = [issue_id for issue_id in ids if issue_id not in issues]
    found, issues_failed = fetch.run_all(dict(enumerate(server.issue_calls(unread))))
    issues |= {issue.id: issue for issue in chain.from_iterable(found.values())}
    failed = [*issues_failed.values()]
    with_level = nearest[: client.config.max_bodies]
    with_users = [issues[issue_id] for issue_id in ids if issue_id in issues][:MAX_COUNTED_ISSUES]
    calls: dict[str, Callable[[], Any]] = {
        **{event.id: partial(server.level, event) for event in with_level},
        **{issue.id: partial(server.users_affected, issue) for issue in with_users},
    }
    tracker = client.progress_tracker
    tracker.record_list(listing.events, (), others=len(calls))
    read, not_read = fetch.run_all(
        {key: tracker.tracked(_unless_failed(call, failed)) for key, call in calls.items()}
    )
    failed += not_read.values()
    notices = [
        Notice(
            NoticeCode.SIGNAL_MISSING,
            "We couldn’t read the levels of all events or how many customers have these "
            f"problems: {error.message}",
        )
        for error in failed[:1]
    ]
    return replace(
        listing,
        events=tuple(replace(event, level=read.get(event.id)) for event in listing.events),
        issues=tuple(
            replace(
                issue,
                users_affected=read.get(issue.id),
                first_seen=_first_seen(issue, listing.events),
            )
            for issue in issues.values()
        ),
        notices=(*listing.notices, *notices),
    )


def _unless_failed(call: Callable[[], T], failed: list[errors.SentryError]) -> Callable[[], T]:
    """Return a call that isn't made after another has failed: a server may lack its endpoint."""

    def run() -> T:
        if failed:
            raise failed[0]
        try:
            return call()
        except errors.SentryError as error:
            failed.append(error)
            raise

    return run


def _first_seen(issue: Issue, events: Iterable[Event]) -> datetime | None:
    """Return the time of the earliest event: GlitchTip's is that of the receipt."""
    times = [event.timestamp for event in events if event.issue_id == issue.id]
    return issue.first_seen and min([issue.first_seen, *times])
