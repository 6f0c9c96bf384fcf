"""Look up many customers at once: in few calls, as reliably as one by one.

With n customers, r of their events, e customers without events, f other customers with failures
before, and i issues, an incident in Sentry costs about

    B + r / 100    lists: B batches, each as many customers as fit into a URL, and their pages
    + E            customers without events: the batches of these e, grouped, over all time
    + f / 100      baseline: up to 10 pages of other customers and their issues before the window
    + i / 100      issues, at most 2 calls
    + min(i, 32)   bodies: one call for each issue that most customers have, for all its releases

B is n / 100 for short numeric IDs and about n / 40 for email addresses. A customer with more than
100 events costs one more call, and so does each half of a batch that Sentry refuses.

GlitchTip's lists can't be searched, so there, each customer costs a lookup.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from math import ceil
from sys import maxsize
from typing import Any, Final

from apps.events.answer import Notice, NoticeCode
from apps.events.event import Event, EventBody, Issue
from apps.events.incident import (
    MIN_BASELINE,
    Baseline,
    BatchAnswer,
    Finding,
    FindingState,
    IncidentCustomer,
    Rest,
    representative_events,
)
from apps.events.query import Customer, Question, counted
from apps.sentry import errors, listing, search
from apps.sentry.client import ISSUES_PER_CALL, Scope, SentryClient
from apps.sentry.config import Flavor
from apps.sentry.fetch import choose_projects, issue_calls
from apps.sentry.glitchtip import list_glitchtip_events
from apps.sentry.parsing import Identities, Project, is_partial, parse_counts, parse_groups

INCIDENT_DEADLINE_S: Final = 120.0
MAX_SEARCH: Final = 6600  # bytes; servers take addresses of 8 KB, with the columns
MAX_IN_BATCH: Final = 100
MAX_IN_GLITCHTIP_BATCH: Final = 5
MAX_EVENTS: Final = 100
MAX_BASELINE_PAGES: Final = 10
MIN_OTHERS: Final = 100
MAX_ISSUES: Final = 2 * ISSUES_PER_CALL
MAX_REPRESENTED: Final = 32

_NO_SEARCH = "this server can't be searched by customer and time."
_MAX_ROUNDS = 5
_MAX_DOUBTS = 12
_MAX_FAILED = 3
_MAX_REFUSED = 6
_SECOND = timedelta(seconds=1)
_PROGRESS_S = 10
_TEMPORARY = (errors.SentryRateLimited, errors.SentryResting, errors.SentryCrowded)
_SPLIT = (
    errors.SentryRejectedQuery,
    errors.SentryBadResponse,
    errors.SentryServerError,
    errors.SentryTimeout,
)


@dataclass(frozen=True, slots=True)
class IncidentSource:
    """What an incident is read from. `question` is asked about each customer.

    `visible` are the projects of the token. `on_progress` is called repeatedly.
    """

    client: SentryClient
    question: Question
    visible: Sequence[Project]
    now: datetime
    on_progress: Callable[[], None] = lambda: None


def plan_batches(
    customers: Sequence[IncidentCustomer], fields: Sequence[str], *, flavor: Flavor = Flavor.AUTO
) -> tuple[tuple[IncidentCustomer, ...], ...]:
    """Return the customers in batches that fit into one search each, in their order."""
    most = MAX_IN_GLITCHTIP_BATCH if flavor == Flavor.GLITCHTIP else MAX_IN_BATCH
    batches: list[list[IncidentCustomer]] = []
    size = 0
    for one in customers:
        own = search.part_for(one.customer, fields).size
        if not batches or size + own > MAX_SEARCH or len(batches[-1]) == most:
            batches.append([])
            size = 0
        batches[-1].append(one)
        size += own
    return tuple(map(tuple, batches))


def fetch_batch(source: IncidentSource, batch: Sequence[IncidentCustomer]) -> BatchAnswer:
    """Return a finding for each customer of a batch.

    Raise a `SentryError` if the whole batch should be tried again later.
    """
    client = source.client
    question = replace(source.question, customer=batch[0].customer)
    searched, skipped = choose_projects(question, client.config, source.visible)
    work = _Batch(client, question, searched, source.on_progress)
    findings = work.findings(batch)
    events = [event for finding in findings for event in finding.events]
    notices = (
        *skipped,
        *work.skipped,
        *([listing.PARTLY_SEARCHED] if client.is_partial else []),
        *listing.environment_notices(question, searched, events),
        *listing.window_notices(question, client.config, source.now),
    )
    issues = tuple(work.issues.values())
    return BatchAnswer(findings, issues, tuple(dict.fromkeys(notices)), len(client.call_log))


def in_projects(
    client: SentryClient, searched: Sequence[Project], scope: Scope, read: Callable[[Scope], None]
) -> tuple[Notice, ...]:
    """Read all projects at once, or else one by one; return notices on those that are missing.

    Servers refuse a search for several projects if they search one at a time, and if the token
    can't read one of them. Raise a `SentryError` if it can read none.
    """
    if not client.one_project or len(searched) < 2:
        try:
            read(scope)
            return ()
        except (errors.SentryOneProjectOnly, errors.SentryPermissionMissing):
            if len(searched) < 2:
                raise
            client.one_project = True
    refused: dict[str, errors.SentryError] = {}
    for number, project in enumerate(searched, 1):
        try:
            read(replace(scope, project_ids=(project.id,)))
        except errors.SentryPermissionMissing as error:
            refused[project.slug] = error
            if len(refused) == number and number in (len(searched), _MAX_REFUSED):
                raise
    return listing.skipped_notices(refused)


@dataclass(eq=False, slots=True)
class _Reading:
    """What was read of one customer; some events may be missing, unless they are `ANSWERED`.

    `others` counts the rows of others that their `part` of a search finds.
    """

    line: int
    customer: Customer
    part: search.Part
    events: dict[str, Event] = field(default_factory=dict)
    others: int = 0
    state: FindingState = FindingState.ANSWERED
    why: str = ""
    is_alone: bool = False


_Readings = Sequence[_Reading]


@dataclass
class _Batch:
    """The search for the customers of a batch."""

    client: SentryClient
    question: Question
    searched: Sequence[Project]
    on_progress: Callable[[], None]
    issues: dict[str, Issue] = field(default_factory=dict)
    skipped: tuple[Notice, ...] = ()
    failed: int = 0
    refused: int = 0
    has_answer: bool = False
    doubts: int = 0

    def findings(self, batch: Sequence[IncidentCustomer]) -> tuple[Finding, ...]:
        """Search for all customers and return what was found. Raise a `SentryError`."""
        fields = self.question.fields
        readings = [
            _Reading(one.line, one.customer, search.part_for(one.customer, fields)) for one in batch
        ]
        if self.client.flavor != Flavor.GLITCHTIP:
            try:
                self._read_all(readings)
            except errors.SentryUnknownRoute:
                if self.client.flavor != Flavor.AUTO:
                    raise
                self.client.flavor = Flavor.GLITCHTIP
        if self.client.flavor == Flavor.GLITCHTIP:
            for one in readings:
                self._read_alone(one, list_glitchtip_events)
        findings = []
        for one in readings:
            events = listing.newest_first(one.events.values())
            was_seen = True if events else None
            findings.append(Finding(one.line, events, one.state, one.why, was_seen=was_seen))
        return tuple(findings)

    def _read_all(self, readings: _Readings) -> None:
        def read(scope: Scope) -> None:
            if rest := [one for one in readings if not one.is_alone]:
                self._read(rest, scope)

        scope = listing.scope_of(self.client, self.question, self.searched)
        self.skipped = in_projects(self.client, self.searched, scope, read)

    def _read(self, part: _Readings, scope: Scope) -> None:
        """Read the list of these customers, or of half of them at a time if Sentry can't answer."""
        try:
            unreadable = self._read_pages(part, scope)
        except (errors.SentryOneProjectOnly, errors.SentryRetired, errors.SentryCrowded):
            raise
        except errors.SentryOutsideRetention:
            why = listing.retention_notice(self.client.config).message
            for one in part:
                one.state, one.why = FindingState.UNANSWERABLE, why
        except _SPLIT as error:
            if self.client.deadline.left() <= 0:
                raise
            self._read_less(part, scope, error)
        else:
            self.has_answer = True
            if unreadable:
                self._doubt(part, scope, unreadable)

    def _read_less(self, part: _Readings, scope: Scope, error: errors.SentryError) -> None:
        """Read the halves. A single customer that is refused can't be looked up.

        If six are refused and no search was ever answered, smaller ones won't be either.
        """
        is_hopeless = self.refused >= _MAX_REFUSED and not self.has_answer
        if len(part) > 1 and not is_hopeless:
            self._halve(part, scope)
            return
        for one in part:
            one.state = FindingState.CAPPED if one.events else FindingState.UNANSWERABLE
            one.why = error.message
        if isinstance(error, errors.SentryServerError | errors.SentryTimeout):
            self.failed += 1
            if not self.has_answer and self.failed >= _MAX_FAILED:
                raise error
        else:
            self.refused += 1

    def _halve(self, part: _Readings, scope: Scope) -> None:
        middle = len(part) // 2
        self._read(part[:middle], scope)
        self._read(part[middle:], scope)

    def _doubt(self, part: _Readings, scope: Scope, unreadable: int) -> None:
        """Find out whose rows could not be read, or say that it's unknown."""
        self.doubts += 1
        if len(part) > 1 and self.doubts <= _MAX_DOUBTS:
            self._halve(part, scope)
            return
        why = f"{counted(unreadable, 'row')} of Sentry's list could not be read."
        for one in part:
            if one.state == FindingState.ANSWERED:
                one.state, one.why = FindingState.CAPPED, why

    def _read_pages(self, part: _Readings, scope: Scope) -> int:
        """Read page after page, and continue without customers who would fill all the pages.

        Return the number of rows that could not be read.
        """
        unreadable = 0
        named: dict[str, list[_Reading]] = defaultdict(list)
        for one in part:
            for name in {one.customer.identifier.casefold(), one.customer.hex_id or ""} - {""}:
                named[name].append(one)
        times: list[datetime] = []
        self.on_progress()
        text = search.search_for_all(one.part for one in part)
        for page, continues in self._rows(text, scope):
            self.on_progress()
            for row in page:
                unreadable += not self._add(row, part, named)
            times += (row.timestamp for row in page if row)
            if continues and (noisy := [one for one in part if self._is_noisy(one)]):
                is_sorted = times == sorted(times, reverse=True)
                rest = replace(scope, end=times[-1] + _SECOND) if is_sorted else scope
                self._go_on_without(noisy, part, rest)
                break
        return unreadable

    def _add(self, row: Event | None, part: _Readings, named: Mapping[str, _Readings]) -> bool:
        """Add a row to those it belongs to; return False if that can't be known."""
        if row is None:
            return False
        if not self.question.window.contains(row.timestamp):
            return True
        is_known = False
        names = {*(value.casefold() for _name, value in row.identities), row.trace_id or "", row.id}
        for one in (one for name in names if name in named for one in named[name]):
            if search.matched_fields(row, one.customer):
                is_known = True
                one.events.setdefault(row.id, search.with_match(row, one.customer))
        if is_known:
            return True
        for one in part:
            one.others += search.may_find(one.part, row.identities)
        return any(search.has_identity(row, one.customer) for one in part)

    def _is_noisy(self, one: _Reading) -> bool:
        is_full = len(one.events) >= min(MAX_EVENTS, self.client.config.max_events)
        return is_full or one.others >= listing.MAX_OTHERS

    def _go_on_without(self, noisy: _Readings, part: _Readings, scope: Scope) -> None:
        """Read what is left of the others' lists, and then of each of these."""
        rest = [one for one in part if one not in noisy]
        if rest:
            self._read(rest, scope)
        for one in noisy:
            if one.others >= listing.MAX_OTHERS:
                self._read_alone(one, listing.list_events)
            else:
                self._read_other_issues(one, scope)

    def _read_other_issues(self, one: _Reading, scope: Scope) -> None:
        """Read older events only of unseen issues, so that one with many events hides no other."""
        text = search.search_for_all([one.part])
        own = one.events
        listed = len(own)
        is_whole = False
        for _round in range(_MAX_ROUNDS):
            self.on_progress()
            known = {event.issue_id for event in own.values() if event.issue_id}
            try:
                page, continues = next(self._rows(f"{text} {_without(known)}", scope))
            except (errors.SentryRejectedQuery, errors.SentryBadResponse):
                break
            for row in page:
                if row and self.question.window.contains(row.timestamp):
                    event = search.with_match(row, one.customer)
                    if event.matched_on:
                        own.setdefault(row.id, event)
            if not continues:
                is_whole = None not in page
                break
        others = "and those of other problems" if is_whole else "and perhaps not all problems"
        one.state = FindingState.CAPPED
        one.why = f"Only the newest {listed} events {others} are listed."

    def _rows(self, text: str, scope: Scope) -> Iterator[tuple[list[Event | None], bool]]:
        return self.client.event_rows(text, scope, self.question.fields)

    def _read_alone(self, one: _Reading, read: Callable[[listing.Fetch], listing.Listing]) -> None:
        self.on_progress()
        one.is_alone = True
        question = replace(self.question, customer=one.customer)
        try:
            with closing(listing.Fetch(self.client, question, self.searched)) as fetch:
                found = read(fetch)
        except (errors.SentryRejectedQuery, errors.SentryBadResponse) as error:
            one.state, one.why = FindingState.UNANSWERABLE, error.message
            return
        one.events |= {event.id: replace(event, body=None) for event in found.events}
        self.issues |= {issue.id: issue for issue in found.issues}
        if found.notices:
            one.state, one.why = FindingState.CAPPED, found.notices[0].message


def _without(issue_ids: Collection[str]) -> str:
    """Return clauses that leave out these issues, which newer rows name by their short IDs."""
    numbers = sorted(one for one in issue_ids if one.isdecimal())
    names = sorted(one for one in issue_ids if not one.isdecimal())
    clauses = [f"!issue.id:[{','.join(numbers)}]" if numbers else ""]
    clauses.append(f"!issue:[{','.join(names)}]" if names else "")
    return " ".join(filter(None, clauses))


# What is read once the batches have ended.


def fetch_rest(
    source: IncidentSource,
    customers: Sequence[IncidentCustomer],
    findings: Sequence[Finding],
    known: Rest | None = None,
) -> Rest:
    """Return what else an incident needs: who was ever seen, the baseline, issues, and bodies.

    Who was seen and the baseline can be `known` from the two functions below. Everything that could
    not be read has a notice. Raise a `SentryError` only for a limit that will end, so that
    everything should be tried again later.
    """
    if not customers:
        return known or Rest()
    return _Rest(source, customers).read(findings, known)


def fetch_baseline(source: IncidentSource, customers: Sequence[IncidentCustomer]) -> Rest:
    """Return only the baseline, which needs no batch to be read first."""
    baseline = _Rest(source, customers).read_baseline()
    return Rest(baseline=baseline, calls=len(source.client.call_log))


def fetch_seen(source: IncidentSource, customers: Sequence[IncidentCustomer]) -> Rest:
    """Return only who was ever seen, of customers without events."""
    source.on_progress()
    rest = _Rest(source, customers)
    was_seen = rest.was_seen(customers)
    return Rest(was_seen, notices=tuple(rest.notices), calls=len(source.client.call_log))


class _Rest:
    def __init__(self, source: IncidentSource, customers: Sequence[IncidentCustomer]) -> None:
        self.client, self.now, self.on_progress = source.client, source.now, source.on_progress
        self.customers = customers
        self.notices: list[Notice] = []
        question = replace(source.question, customer=customers[0].customer)
        self.fields = question.fields
        self.searched, _skipped = choose_projects(question, self.client.config, source.visible)
        self.fetch = listing.Fetch(self.client, question, self.searched)

    def read(self, findings: Sequence[Finding], known: Rest | None) -> Rest:
        with_events = {one.line for one in findings if one.events}
        empty = [one for one in self.customers if one.line not in with_events and not known]
        with ThreadPoolExecutor(2, thread_name_prefix="sentry") as pool:
            seen = pool.submit(self.was_seen, empty)
            baseline = known.baseline if known else self.read_baseline()
            issues = pool.submit(self._issues, findings)
            bodies = self._bodies(representative_events(findings, baseline, most=MAX_REPRESENTED))
            beside: tuple[Future[Any], ...] = (seen, issues)
            while wait(beside, timeout=_PROGRESS_S).not_done:
                self.on_progress()
        was_seen = {**dict.fromkeys(with_events, True), **seen.result()}
        notices = (*(known.notices if known else ()), *self.notices)
        calls = len(self.client.call_log) + (known.calls if known else 0)
        return Rest(was_seen, baseline, issues.result(), bodies, notices, calls)

    def was_seen(self, empty: Sequence[IncidentCustomer]) -> dict[int, bool | None]:
        """Return whether customers without events in the window have any at another time."""
        seen: dict[int, bool | None] = {one.line: None for one in empty}
        named = [one for one in empty if one.customer.is_named]
        problem = ""
        if self.client.flavor == Flavor.GLITCHTIP and named:
            problem = _NO_SEARCH
        for part in [] if problem else plan_batches(named, self.fields):
            try:
                seen |= self._seen_anywhere(part)
            except _TEMPORARY:
                raise
            except errors.SentryError as error:
                problem = error.message
                if isinstance(error, errors.SentryTimeout):
                    break
        if problem:
            self._note(f"We couldn’t check for everyone whether we have seen them: {problem}")
        return seen

    def _seen_anywhere(self, part: Sequence[IncidentCustomer]) -> dict[int, bool | None]:
        """Ask in all environments of the projects; those not found may be in an unread one."""
        until = self.now.replace(microsecond=0) + _SECOND
        since = until - timedelta(days=self.client.config.retention_days)
        seen: dict[int, bool | None] = {one.line: False for one in part}

        def read(scope: Scope) -> None:
            pending = [one for one in part if not seen[one.line]]
            found = self._seen_in(scope, pending)
            seen.update({line: own for line, own in found.items() if own is not False})

        scope = replace(self.fetch.scope, start=since, end=until, environments=())
        if skipped := in_projects(self.client, self.searched, scope, read):
            self.notices += skipped
            return {line: own or None for line, own in seen.items()}
        return seen

    def _seen_in(self, scope: Scope, part: Sequence[IncidentCustomer]) -> dict[int, bool | None]:
        """Search for all, and once more for those who are not among the first groups."""
        fields = self.fields
        seen: dict[int, bool | None] = {}
        pending = list(part)
        while pending:
            parts = [search.part_for(one.customer, fields, with_ids=False) for one in pending]
            page = self.client.table_page(
                "errors", search.search_for_all(parts), scope, (*fields, "count()")
            )
            groups = [identities for identities, _count in parse_counts(page.body, fields)]
            found = [
                one for one in pending if any(search.fields_naming(one.customer, g) for g in groups)
            ]
            seen |= {one.line: True for one in found}
            pending = [one for one in pending if one not in found]
            if page.is_last_page() or not found:
                is_sure = page.is_last_page() and all(groups) and not is_partial(page.body)
                return seen | {one.line: False if is_sure else None for one in pending}
        return seen

    def read_baseline(self) -> Baseline:
        """Read which issues other customers had in the same length of time before the window."""
        scope = self.fetch.scope
        before = replace(scope, start=scope.start - (scope.end - scope.start), end=scope.start)
        problem = ""
        if self.client.flavor == Flavor.GLITCHTIP:
            problem = _NO_SEARCH
        elif before.start < self.now - timedelta(days=self.client.config.retention_days):
            problem = "Sentry no longer keeps the time before the window."
        try:
            if not problem:
                try:
                    return self._read_baseline(before)
                except errors.SentryRejectedQuery:
                    return self._read_baseline(before, is_plain=True)
        except _TEMPORARY:
            raise
        except errors.SentryError as error:
            problem = error.message
            if isinstance(error, errors.SentryUnknownRoute) and self.client.flavor == Flavor.AUTO:
                self.client.flavor = Flavor.GLITCHTIP
                problem = _NO_SEARCH
        message = (
            "We don’t know how common these failures were before, so we can’t tell which of them "
            f"are noise: {problem}"
        )
        return Baseline(notices=(Notice(NoticeCode.SIGNAL_MISSING, message),))

    def _read_baseline(self, scope: Scope, *, is_plain: bool = False) -> Baseline:
        """Read groups by customer and issue; a customer cut off by the end of a page is left out.

        They are sorted by customer, so that each has all of their issues, however few are read.
        If the server refuses that (`is_plain`), or searches one project at a time, all groups are
        needed: a customer's issues are on several pages.
        """
        listed = frozenset(one.customer.identifier.casefold() for one in self.customers)
        wanted = max(len(self.customers), MIN_OTHERS)
        found = _People(listed, wanted, min(MAX_BASELINE_PAGES, ceil(wanted / 30)))
        is_whole = False

        def read(place: Scope) -> None:
            nonlocal is_whole
            needs_all = is_plain or place is not scope
            if needs_all and found.wanted < maxsize:
                found.wanted, found.pages_left = maxsize, MAX_BASELINE_PAGES
            is_whole = self._read_people(found, place, is_sorted=not is_plain)
            if needs_all and not is_whole:
                raise errors.SentryBadResponse("Too many customers had errors before.")

        in_projects(self.client, self.searched, scope, read)
        return found.baseline(is_whole=is_whole)

    # https://docs.sentry.io/api/explore/query-explore-events-in-table-format/
    def _read_people(self, found: "_People", scope: Scope, *, is_sorted: bool) -> bool:
        """Read page after page until there are enough; return whether that was the last."""
        fields = self.fields
        named = [f'!{one}:""' if one.startswith("tags[") else f"has:{one}" for one in fields]
        named_by = f"({' OR '.join(named)})" if is_sorted else ""
        sort = [("sort", name) for name in (*fields, "issue.id")] if is_sorted else []
        columns = (*fields, "issue.id", "issue", "count()")
        cursor: list[tuple[str, str]] = []
        while found.needs_more:
            self.on_progress()
            page = self.client.table_page("errors", named_by, scope, columns, [*sort, *cursor])
            if is_partial(page.body):
                raise errors.SentryBadResponse("Sentry searched only a part of its events.")
            found.add(parse_groups(page.body, fields))
            if page.is_last_page() or not page.next_cursor:
                return page.is_last_page()
            cursor = [("cursor", page.next_cursor)]
        return False

    def _issues(self, findings: Sequence[Finding]) -> tuple[Issue, ...]:
        had = Counter(
            issue_id
            for finding in findings
            for issue_id in {event.issue_id for event in finding.events if event.issue_id}
        )
        wanted = {issue_id for issue_id, _count in had.most_common(MAX_ISSUES)}
        slugs = {
            event.issue_id: event.project
            for finding in findings
            for event in finding.events
            if event.issue_id in wanted
        }
        if (further := len(had) - MAX_REPRESENTED) > 0:
            self._note(
                f"The details of {counted(further, 'issue')} that fewer customers have weren’t "
                "read, so some of them may be parts of one failure."
            )
        found: list[Issue] = []
        for call in issue_calls(self.fetch, slugs):
            try:
                found += call()
            except _TEMPORARY:
                raise
            except errors.SentryError as error:
                self._note(f"We couldn’t read how many customers have these problems: {error}")
        return tuple(found)

    def _bodies(self, events: Sequence[Event]) -> dict[str, EventBody]:
        submit = self.fetch.pool.submit
        try:
            batches = [
                (one, submit(listing.read_batch, self.client, one))
                for one in listing.batches_of(events)
            ]
            self.on_progress()
            bodies = listing.collect_bodies(self.fetch, events, batches)
        finally:
            self.fetch.close()
        if bodies.failed:
            reason = next(iter(bodies.failed.values()))
            self._note(
                f"The details of {counted(len(bodies.failed), 'event')} could not be read: {reason}"
            )
        return bodies.by_id

    def _note(self, message: str) -> None:
        self.notices.append(Notice(NoticeCode.SIGNAL_MISSING, message))


@dataclass
class _People:
    """Customers and their issues. `listed` are identifiers of the list, in lowercase."""

    listed: frozenset[str]
    wanted: int
    pages_left: int
    issues: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    of_list: set[str] = field(default_factory=set)
    last: str = ""

    def add(self, rows: Iterable[tuple[Identities, Collection[str]]]) -> None:
        self.pages_left -= 1
        for identities, issue_ids in rows:
            if identities:
                name, value = identities[0]
                self.last = f"{name}:{value.casefold()}"
                self.issues[self.last].update(issue_ids)
                if any(value.casefold() in self.listed for _name, value in identities):
                    self.of_list.add(self.last)

    @property
    def needs_more(self) -> bool:
        return self.pages_left > 0 and len(self.issues) - len(self.of_list) <= self.wanted

    def baseline(self, *, is_whole: bool) -> Baseline:
        """Return how many others had each issue, without the last one if they may be cut off."""
        left_out = self.of_list if is_whole else self.of_list | {self.last}
        others = [ids for person, ids in self.issues.items() if person not in left_out]
        failures = Counter(chain.from_iterable(others))
        few: tuple[Notice, ...] = ()
        if len(others) < MIN_BASELINE:
            count = f"only {counted(len(others), 'other customer')}" if others else "no one else"
            message = f"We can’t tell which failures are noise: {count} had errors before."
            few = (Notice(NoticeCode.SIGNAL_MISSING, message),)
        return Baseline(len(others), dict(failures), few)
