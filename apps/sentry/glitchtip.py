"""A customer's events from GlitchTip, which has no events table.

Each project's list is read back to the window. Where that is a long way, the issues that carry
the customer as a tag are found first and only their lists are read.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import parse_qs, quote

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event, Issue
from apps.events.grouping import nearest_first
from apps.events.query import CustomerKind, Question
from apps.sentry.client import (
    ISSUES_PER_CALL,
    MOST_PAGES,
    SentryClient,
    list_of,
    next_cursor,
    segment,
)
from apps.sentry.config import (
    Flavor,
    SentryBadResponse,
    SentryError,
    SentryNotFound,
    SentryRejectedQuery,
    SentryUnknownRoute,
)
from apps.sentry.http import Params
from apps.sentry.listing import Listing, capped, newest_first, outcomes, skipped_notices, with_event
from apps.sentry.parsing import Project, integer, mapping, moment, parse_full_event, parse_issue
from apps.sentry.search import EMAIL_FIELDS, matched_fields, spellings

# GlitchTip's way of the API, as observed on its 5.2 line: lists of full events, no events table.
#
# Its event lists know no search and no window, so whoever reads them filters each row.

PER_PAGE = 100
MOST_HITS = 1000

# One of the two lists of events names its fields in another way.
_CAMEL = {
    "event_id": "eventID",
    "group_id": "groupID",
    "project_id": "projectID",
    "date_created": "dateCreated",
    "date_received": "dateReceived",
}
_STANDARD = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list and the cursor that leads on; `has_link` tells whether a way on was named.

    `hits` is how many rows the whole list has, None when that is not known: it stops at 1000.
    """

    rows: list[object]
    cursor: str | None
    has_link: bool
    hits: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A full event, and when the server got it, which is what its lists are ordered by."""

    event: Event
    at: datetime | None


class GlitchTip:
    """The endpoints of GlitchTip that answer a lookup. Each method raises a `SentryError`."""

    def __init__(self, client: SentryClient) -> None:
        self._client = client
        self._organization = segment(client.config.organization)

    def project_events(self, slug: str, cursor: str | None = None) -> Page:
        """Full events of a project, last received first; an unknown slug gives an empty page."""
        return self._page(f"/projects/{self._organization}/{segment(slug)}/events/", [], cursor)

    def issue_events(self, issue_id: str, cursor: str | None = None) -> Page:
        """Full events of an issue, last received first."""
        return self._page(f"/issues/{segment(issue_id)}/events/", [], cursor)

    def issues(
        self, query: str, project_ids: Sequence[str] = (), cursor: str | None = None
    ) -> Page:
        """Issues one of whose events carries the tag; `first_seen` is an order that stays."""
        params = [("query", query), ("sort", "-first_seen")]
        params += [("project", project_id) for project_id in project_ids]
        return self._page(f"{self._client.organization_path}/issues/", params, cursor)

    def issue_facts(self, issue_ids: Sequence[str]) -> list[Issue]:
        """Facts of up to 100 issues."""
        params = [("id", issue_id) for issue_id in issue_ids[:ISSUES_PER_CALL]]
        page = self._page(f"{self._client.organization_path}/issues/", [*params, ("query", "")])
        wanted = set(issue_ids)
        found = (self.issue_of(row) for row in page.rows)
        return [issue for issue in found if issue and issue.id in wanted]

    def issue_of(self, row: object) -> Issue | None:
        """An issue without the number of users, always 0 here, and with a link that leads to it."""
        issue = parse_issue(row)
        if issue is None:
            return None
        config = self._client.config
        link = f"{config.base_url.rstrip('/')}/{self._organization}/issues/{issue.id}"
        return replace(issue, users_affected=None, permalink=link)

    def _page(self, path: str, params: Params, cursor: str | None = None) -> Page:
        onward = [("cursor", cursor)] if cursor else []
        reply = self._client.get(path, [*params, ("limit", str(PER_PAGE)), *onward])
        link = reply.headers.get("link", "")
        if link.startswith("{"):
            self._client.flavor_is_sure = self._client.flavor == Flavor.GLITCHTIP
        hits = integer(reply.headers.get("x-hits"))
        known = hits if hits is not None and hits < MOST_HITS else None
        return Page(list_of(reply), next_cursor(link), 'rel="next"' in link, known)


def received_event(
    row: object, identity_fields: Sequence[str], slugs: Mapping[str, str], project: str | None
) -> Received | None:
    """A row of either list of events; None when it is unreadable.

    `slugs` names projects by id, `project` is the slug where the id is not among them.
    """
    raw = {_CAMEL.get(name, name): value for name, value in mapping(row).items()}
    event = parse_full_event(raw, identity_fields)
    if event is None:
        return None
    slug = slugs.get(str(integer(raw.get("projectID"))), project)
    return Received(replace(event, project=slug), moment(raw.get("dateReceived")))


def cursor_before(at: datetime) -> str:
    """A cursor to what was received strictly before that moment."""
    return base64.b64encode(f"p={quote(at.isoformat())}".encode()).decode()


def wider(cursor: str) -> str | None:
    """The cursor to the same place with a millisecond of the last page again.

    The server goes on strictly before the last row's time and would skip rows of that very time.
    None when the cursor's form is not known.
    """
    padded = cursor.translate(_STANDARD) + "=" * (-len(cursor) % 4)
    try:
        told = parse_qs(base64.b64decode(padded, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    place = moment(told.get("p", [""])[0])
    return cursor_before(place + timedelta(milliseconds=1)) if place else None


# Finding one event in GlitchTip by its id.

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


# Going through one of GlitchTip's lists without losing a row between two pages.

AskPage = Callable[[str | None], Page]


@dataclass
class Pager:
    """Asks for page after page of one list; `limits` says what could hide rows."""

    ask: AskPage
    pages: int = 0
    has_ended: bool = False
    limits: list[str] = field(default_factory=list)
    _cursor: str | None = None
    _plain: str | None = None

    def read(self) -> Page:
        """The next page. Raises a `SentryError`."""
        try:
            page = self.ask(self._cursor)
        except SentryRejectedQuery:
            if self._cursor == self._plain:
                raise
            self._edge_is_unsure()
            page = self.ask(self._plain)
        self.pages += 1
        return page

    def turn(self, page: Page, *, has_moved: bool) -> None:
        """Get ready for the page after this one, which brought something new or did not.

        The last row's moment is read once more, because the server goes on strictly before it.
        """
        if page.cursor is None:
            self.has_ended = True
            if len(page.rows) >= PER_PAGE and not page.has_link:
                self.limits.append("The server didn't say whether a list continues.")
            return
        self._plain = page.cursor
        self._cursor = wider(page.cursor) if has_moved else None
        if self._cursor is None:
            self._edge_is_unsure()
            self._cursor = page.cursor

    def jump(self, cursor: str) -> None:
        """Go on at another place of the list."""
        self._cursor = self._plain = cursor

    def _edge_is_unsure(self) -> None:
        self.limits.append(
            "Some of what the server received at exactly the same moment may be missing."
        )


# Finding a customer's issues in GlitchTip by the tags it keeps of each event's user.

MOST_ISSUE_PAGES: Final = 10
_WORDS_OF_THE_SEARCH = frozenset(("is", "has", "level"))


@dataclass
class Tagged:
    """The issues that carry a tag; `limits` says what could hide others."""

    issues: dict[str, Issue] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    unreadable: int = 0


def tag_terms(question: Question) -> tuple[str, ...]:
    """What to search for, a term a call; none where a term would miss what is there.

    GlitchTip drops quotes at the edges of a value and takes the first colon for the end of a key.
    """
    customer = question.customer
    if not customer.is_named:
        return ()
    if customer.identifier.startswith('"') or customer.identifier.endswith('"'):
        return ()
    keys = [name[5:-1] if name.startswith("tags[") else name for name in question.fields]
    if any(":" in key or key in _WORDS_OF_THE_SEARCH for key in keys):
        return ()
    return tuple(
        f"{key}:{_quoted(value)}"
        for key, name in zip(keys, question.fields, strict=True)
        for value in spellings(name, customer.identifier)
    )


def tag_limits(question: Question) -> list[str]:
    """What a search by tags cannot find, in sentences."""
    limits = []
    identifier = question.customer.identifier
    has_case = identifier.lower() != identifier.upper()
    if EMAIL_FIELDS & set(question.fields) and "@" in identifier and has_case:
        limits.append("The address was looked for as typed and in small letters only.")
    if question.customer.hex_id:
        limits.append("What was typed was not looked for as the id of a trace.")
    return limits


def tagged_issues(server: GlitchTip, term: str, project_ids: Sequence[str]) -> Tagged:
    """All issues one of whose events carries the tag. Raises a `SentryError`."""
    tagged = Tagged()
    pager = Pager(partial(server.issues, term, project_ids), limits=tagged.limits)
    while not pager.has_ended and pager.pages < MOST_ISSUE_PAGES:
        page = pager.read()
        found = {issue.id: issue for row in page.rows if (issue := server.issue_of(row))}
        tagged.unreadable += sum(server.issue_of(row) is None for row in page.rows)
        has_moved = bool(found.keys() - tagged.issues.keys())
        tagged.issues.update(found)
        pager.turn(page, has_moved=has_moved)
    if not pager.has_ended:
        tagged.limits.append("The customer has more problems than we checked.")
    return tagged


def _quoted(value: str) -> str:
    """A value in a shell's double quotes, which is how GlitchTip splits its search."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


# Reading one of GlitchTip's lists of full events back to a moment, page by page.

# Events are received after they happened, as far as clocks agree that well.
SKEW: Final = timedelta(minutes=15)
# A device that takes its local time for UTC is at most 14 hours ahead.
MOST_SKEW: Final = timedelta(hours=15)
# How late an event may come in when a list is entered in its middle.
LATE: Final = timedelta(days=1)


@dataclass
class Strip:
    """One list, last received first, read back to before the window.

    `found` are the customer's events in the window, `failed` is the error that broke it off, and
    `saw` is told of what was found after each page.
    """

    pager: Pager
    question: Question
    slugs: Mapping[str, str]
    project: str | None
    saw: Callable[[Iterable[Event]], None]
    found: dict[str, Event] = field(default_factory=dict)
    failed: SentryError | None = None
    unreadable: int = 0
    is_done: bool = False
    since: datetime = field(init=False)
    _oldest: datetime | None = None
    _newest: datetime | None = None
    _hits: int | None = None
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.since = self.question.window.start - SKEW

    @property
    def limits(self) -> list[str]:
        """What could hide events, in sentences."""
        return self.pager.limits

    @property
    def is_empty(self) -> bool:
        """Whether the list has no event at all."""
        return not self._seen and not self.unreadable

    @property
    def pages_ahead(self) -> float:
        """About how many pages it is to the beginning of the window, going on like so far."""
        if self.is_done or self._oldest is None or self._newest is None:
            return 0.0
        read = max((self._newest - self._oldest).total_seconds(), 1.0)
        guess = self.pager.pages * (self._oldest - self.since).total_seconds() / read
        return guess if self._hits is None else min(guess, self._hits / PER_PAGE)

    def start(self) -> None:
        """Read the first page. Raises a `SentryError`."""
        self._take(self.pager.read())

    def read_on(self) -> None:
        """Read to the end, entering near the window where the way there is too long.

        An error is kept in `failed`: what was read before it counts.
        """
        try:
            if not self.pager.pages:
                self.start()
            if self.pages_ahead > MOST_PAGES:
                self._enter_near_the_window()
            while not self.is_done and self.pager.pages < MOST_PAGES:
                self._take(self.pager.read())
        except SentryError as error:
            self.failed = error
        if not self.is_done and self.failed is None:
            self.limits.append(f"Of one long list only {MOST_PAGES} pages were read.")

    def _enter_near_the_window(self) -> None:
        until = self.question.window.end + LATE
        if self._oldest is None or until >= self._oldest:
            return
        self.pager.jump(cursor_before(until))
        self.limits.append("Events that arrived more than a day late were not searched.")

    def _take(self, page: Page) -> None:
        self._hits = page.hits
        fresh = [row for row in page.rows if self._add(row)]
        self.saw(self.found.values())
        self.pager.turn(page, has_moved=bool(fresh))
        reached = self._oldest is not None and self._oldest < self.since
        self.is_done = reached or self.pager.has_ended

    def _add(self, row: object) -> bool:
        """Whether this row was not there before."""
        received = received_event(row, self.question.fields, self.slugs, self.project)
        if received is None:
            self.unreadable += 1
            return True
        if received.event.id in self._seen:
            return False
        self._seen.add(received.event.id)
        self._note_time(received)
        if self._is_wanted(received.event):
            self.found[received.event.id] = received.event
        return True

    def _note_time(self, received: Received) -> None:
        """How far back the list has been read; a clock that runs ahead makes us read further."""
        if received.at is None:
            return
        self._oldest = min(received.at, self._oldest or received.at)
        self._newest = max(received.at, self._newest or received.at)
        ahead = received.event.timestamp - received.at
        if SKEW < ahead <= MOST_SKEW:
            self.since = min(self.since, self.question.window.start - ahead - SKEW)

    def _is_wanted(self, event: Event) -> bool:
        question = self.question
        return (
            question.window.contains(event.timestamp)
            and (not question.environments or (event.environment or "") in question.environments)
            and bool(matched_fields(event, question.customer))
        )


# Pages of one project beyond which its issues are asked for first.
SCAN_PAGES: Final = 10


def list_glitchtip_events(
    client: SentryClient,
    pool: ThreadPoolExecutor,
    question: Question,
    asked: Sequence[Project],
) -> Listing:
    """The customer's events in the window, those nearest the moment with their bodies.

    Raises a `SentryError` when nothing could be read at all.
    """
    if not asked:
        raise SentryNotFound("The token sees none of the projects.")
    if question.customer.kind == CustomerKind.EVENT:
        return find_event(client, pool, question, asked, Listing())
    listing = _Reading(client, pool, question, tuple(asked)).listing()
    if not listing.events and question.customer.hex_id:
        return find_event(client, pool, question, asked, listing)
    return listing


@dataclass
class _Reading:
    """What one question has read so far."""

    client: SentryClient
    pool: ThreadPoolExecutor
    question: Question
    asked: tuple[Project, ...]
    strips: list[Strip] = field(default_factory=list)
    issues: dict[str, Issue] = field(default_factory=dict)
    skipped: list[tuple[str, SentryError]] = field(default_factory=list)
    failed: list[SentryError] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    unreadable: int = 0

    def __post_init__(self) -> None:
        self.server = GlitchTip(self.client)
        self.slugs = {project.id: project.slug for project in self.asked}

    def listing(self) -> Listing:
        """All events, by the shorter of both ways for each project."""
        self._read_first_pages()
        self._check_empty_projects()
        terms = tag_terms(self.question)
        far = [strip for strip in self.strips if strip.pages_ahead > SCAN_PAGES] if terms else []
        near = [strip for strip in self.strips if strip not in far and not strip.is_done]
        if far:
            near += self._issue_strips(terms, far)
        ended = outcomes(self.client, self.pool, [strip.read_on for strip in near])
        self.failed += [outcome for outcome in ended if isinstance(outcome, SentryError)]
        self.failed += [strip.failed for strip in near if strip.failed]
        return self._result()

    def _strip(self, ask: AskPage, project: str | None) -> Strip:
        return Strip(Pager(ask), self.question, self.slugs, project, self.client.course.saw_page)

    def _read_first_pages(self) -> None:
        strips = [
            self._strip(partial(self.server.project_events, project.slug), project.slug)
            for project in self.asked
        ]
        started = outcomes(self.client, self.pool, [strip.start for strip in strips])
        for project, strip, outcome in zip(self.asked, strips, started, strict=True):
            if isinstance(outcome, SentryError):
                self.skipped.append((project.slug, outcome))
            else:
                self.strips.append(strip)
        if not self.strips:
            raise self.skipped[0][1]

    def _check_empty_projects(self) -> None:
        """A project that is gone answers with an empty list, as does one without any event."""
        empty = [strip.project for strip in self.strips if strip.project and strip.is_empty]
        if not empty or self.client.projects_are_fresh:
            return
        try:
            present = {project.slug for project in self.client.projects()}
        except SentryError as error:
            self.skipped += [(slug, error) for slug in empty]
            return
        gone = SentryNotFound("the server does not know it any more.")
        self.skipped += [(slug, gone) for slug in empty if slug not in present]

    def _issue_strips(self, terms: Sequence[str], far: Sequence[Strip]) -> list[Strip]:
        """The lists of the customer's issues in the projects that are too long to read."""
        wanted = {strip.project for strip in far}
        project_ids = [project.id for project in self.asked if project.slug in wanted]
        since = min(strip.since for strip in far)
        self.limits += tag_limits(self.question)
        calls = [partial(tagged_issues, self.server, term, project_ids) for term in terms]
        for outcome in outcomes(self.client, self.pool, calls):
            if isinstance(outcome, SentryError):
                self.failed.append(outcome)
                continue
            self.issues.update(outcome.issues)
            self.limits += outcome.limits
            self.unreadable += outcome.unreadable
        strips = [
            self._strip(partial(self.server.issue_events, issue.id), issue.project)
            for issue in self.issues.values()
            if issue.last_seen is None or issue.last_seen >= since
        ]
        for strip in strips:
            strip.since = since
        self.strips += strips
        return strips

    def _result(self) -> Listing:
        found = {event.id: event for strip in self.strips for event in tuple(strip.found.values())}
        if not found and self.failed:
            raise self.failed[0]
        own = {event.issue_id for event in found.values()}
        notices = (*skipped_notices(self.skipped), *self._flavor_notices(), *self._gaps())
        listing = Listing(
            events=self._lightened(newest_first(found.values())),
            total=None if notices else len(found),
            notices=notices,
            issues=tuple(issue for issue in self.issues.values() if issue.id in own),
        )
        limit = self.client.config.max_events
        return capped(listing, limit) if len(found) > limit else listing

    def _flavor_notices(self) -> list[Notice]:
        told = [*self.limits, *(limit for strip in self.strips for limit in strip.limits)]
        return [
            Notice(NoticeCode.FLAVOR_LIMITS, f"GlitchTip cannot be searched like Sentry. {limit}")
            for limit in dict.fromkeys(told)
        ]

    def _gaps(self) -> list[Notice]:
        told = [f"A list broke off: {error.message}" for error in self.failed]
        unreadable = self.unreadable + sum(strip.unreadable for strip in self.strips)
        if unreadable:
            told.append(f"{unreadable} rows of the server's lists could not be read.")
        return [Notice(NoticeCode.INCOMPLETE_LIST, sentence) for sentence in dict.fromkeys(told)]

    def _lightened(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """With the bodies of as many events as are kept of any answer; the rest waits."""
        nearest = nearest_first(events, self.question.window.moment)
        kept = {event.id for event in nearest[: self.client.config.max_bodies]}
        customer = self.question.customer
        return tuple(
            replace(
                event,
                matched_on=matched_fields(event, customer),
                body=event.body if event.id in kept else None,
            )
            for event in events
        )
