"""Read what Sentry has besides the customer's errors in the window.

These are replays, feedback, related errors, deploys, and errors at other times. Each is optional.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Generic, TypeVar

from apps.events.answer import (
    DEPLOY_LOOKBACK,
    Deploy,
    Feedback,
    Notice,
    NoticeCode,
    OtherOccurrences,
    RelatedData,
    Replay,
    Signal,
    UnreadSignal,
    deploys_around,
)
from apps.events.event import Event
from apps.events.grouping import nearest_first
from apps.events.query import Customer, Question, as_hex_id
from apps.sentry import errors
from apps.sentry.client import Scope, SentryClient, path_segment, web_root, with_permalink
from apps.sentry.config import Deadline, Flavor, SentryConfig
from apps.sentry.listing import Fetch, newest_first
from apps.sentry.parsing import (
    Project,
    check_table,
    integer,
    items,
    mapping,
    mappings,
    moment,
    parse_full_event,
    parse_issue,
    parse_row,
    text,
)
from apps.sentry.search import fields_naming, has_case, identity_clauses, judged

T = TypeVar("T")

MAX_REPLAYS = 20
MAX_FEEDBACK = 3
MAX_TRACES = 50
MAX_TRACE_ERRORS = 100

_MAX_URLS = 30
_MAX_URL_LENGTH = 500
_USER = ("user.id", "user.email", "user.username")
_REPLAY_FIELDS = (
    "id", "started_at", "finished_at", "urls", "error_ids", "user", "count_errors",
    "count_dead_clicks", "count_rage_clicks", "is_archived",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignalRows(Generic[T]):
    """The rows of a signal, and whether there certainly are no more, or certainly are more.

    `withheld` rows may be the customer's but show someone else.
    """

    rows: tuple[T, ...]
    is_complete: bool = True
    has_more: bool = False
    withheld: int = 0


# https://docs.sentry.io/api/replays/list-an-organizations-replays/
def read_replays(client: SentryClient, question: Question, scope: Scope) -> SignalRows[Replay]:
    """Return the customer's session replays that overlap the window, oldest first.

    Replays can be searched by user fields, but not by tags. The list is never complete: Sentry's
    search misses some (sentry#48957). A replay of several people shows only one of them
    (sentry#100436).
    """
    fields = [name for name in question.searched_fields if name in _USER]
    if not fields:
        return SignalRows((), is_complete=False)
    clauses = identity_clauses(question.customer.identifier, fields)
    params = [
        ("query", f"({' OR '.join(clauses)})"),
        *scope.params(),
        *(("field", name) for name in _REPLAY_FIELDS),
        ("sort", "-started_at"),
        ("per_page", str(MAX_REPLAYS)),
    ]
    response = client.get(f"{client.organization_path}/replays/", params)
    rows = mapping(response.body).get("data")
    if not isinstance(rows, list):
        raise errors.SentryBadResponse("The list of replays came without rows.")
    found, withheld = [], 0
    for row in mappings(rows):
        user = mapping(row.get("user"))
        named = ((name, text(user.get(name.removeprefix("user.")))) for name in _USER)
        identities = [(name, value) for name, value in named if value]
        if row.get("is_archived") is True:
            continue
        if identities and not fields_naming(question.customer, identities):
            withheld += 1
            continue
        replay = _replay(row, identities, client.config)
        if replay and replay.overlaps(question.window):
            found.append(replay)
    found.sort(key=lambda replay: (replay.started_at, replay.id))
    has_more = response.next_cursor is not None
    return SignalRows(tuple(found), is_complete=False, has_more=has_more, withheld=withheld)


def _replay(
    row: Mapping[str, object], identities: Sequence[tuple[str, str]], config: SentryConfig
) -> Replay | None:
    replay_id = as_hex_id(text(row.get("id")) or "")
    started = moment(row.get("started_at"))
    if replay_id is None or started is None or not identities:
        return None
    error_ids = (as_hex_id(text(value) or "") for value in items(row.get("error_ids")))
    urls = (text(value) for value in items(row.get("urls"))[: 10 * _MAX_URLS])
    return Replay(
        id=replay_id,
        started_at=started,
        finished_at=moment(row.get("finished_at")),
        urls=tuple(dict.fromkeys(url[:_MAX_URL_LENGTH] for url in urls if url))[:_MAX_URLS],
        event_ids=tuple(event_id for event_id in error_ids if event_id)[:MAX_TRACE_ERRORS],
        errors=integer(row.get("count_errors")),
        dead_clicks=integer(row.get("count_dead_clicks")),
        rage_clicks=integer(row.get("count_rage_clicks")),
        permalink=f"{web_root(config)}/replays/{replay_id}/",
        identities=tuple(identities),
    )


# https://docs.sentry.io/api/events/list-an-organizations-issues/ (`issue.category:feedback`)
def read_feedback(client: SentryClient, question: Question, scope: Scope) -> SignalRows[Feedback]:
    """Return what the customer wrote in the application's feedback form, oldest first.

    A search for issues takes no OR, so this searches one field: the email address if the
    identifier looks like one, else the first field. With other fields left, the result is
    incomplete, and with other capitals to search too. The identities in each feedback decide
    whether it is the customer's.
    """
    fields = [field for field in question.searched_fields if field in _USER]
    if not fields:
        return SignalRows((), is_complete=False)
    params = [
        ("query", f"issue.category:feedback {_feedback_clause(question.customer, fields)}"),
        *scope.params(),
        ("limit", str(MAX_FEEDBACK)),
    ]
    try:
        response = client.get(f"{client.organization_path}/issues/", params)
    except errors.SentryRejectedQuery as error:
        if "category" in error.detail:
            raise errors.SentryNotFound("This server has no feedback.") from error
        raise
    rows = response.rows
    read = [_read_feedback_row(client, question, row) for row in rows[:MAX_FEEDBACK]]
    found = sorted(
        (feedback for feedback, _is_judged in read if feedback),
        key=lambda feedback: (feedback.sent_at, feedback.id),
    )
    has_more, at_end = response.next_cursor is not None, response.is_last_page(MAX_FEEDBACK)
    is_judged = all(is_judged for _feedback, is_judged in read) and len(rows) == len(read)
    is_sure = len(question.searched_fields) == 1 and not has_case(question.customer.identifier)
    is_complete = is_judged and at_end and is_sure
    return SignalRows(tuple(found), is_complete=is_complete, has_more=has_more)


def _feedback_clause(customer: Customer, fields: Sequence[str]) -> str:
    by_email = "@" in customer.identifier and "user.email" in fields
    field = "user.email" if by_email else fields[0]
    clauses = identity_clauses(customer.identifier, (field,))
    if len(clauses) == 1:
        return clauses[0]
    return f"{field}:[{','.join(clause.removeprefix(f'{field}:') for clause in clauses)}]"


def _read_feedback_row(
    client: SentryClient, question: Question, row: object
) -> tuple[Feedback | None, bool]:
    """Return the row's feedback if it is the customer's, and whether that could be judged.

    Request its event only if the issue itself doesn't have the message and the customer.
    """
    issue = parse_issue(row)
    if issue is None:
        return None, False
    details = mapping(mapping(row).get("metadata"))
    email = text(details.get("contact_email"))
    identities = [("user.email", email)] if email else []
    sent_at = issue.first_seen
    if not fields_naming(question.customer, identities) or not text(details.get("message")):
        path = f"{client.organization_path}/issues/{path_segment(issue.id)}/events/latest/"
        try:
            event = parse_full_event(client.get(path).body, _USER)
        except errors.SentryNotFound:
            return None, True  # deleted since it was listed
        if event is None or event.body is None:
            return None, False
        details = mapping(event.body.contexts.get("feedback"))
        email = text(details.get("contact_email"))
        identities = [*event.identities, *([("user.email", email)] if email else [])]
        sent_at = event.timestamp
    message = text(details.get("message"))
    if sent_at is None or not message or not identities:
        return None, False
    if not fields_naming(question.customer, identities) or not question.window.contains(sent_at):
        return None, True
    feedback = Feedback(
        id=issue.id,
        sent_at=sent_at,
        message=message,
        name=text(details.get("name")),
        email=email,
        url=text(details.get("url")),
        project=issue.project,
        permalink=issue.permalink,
        identities=tuple(identities),
    )
    return feedback, True


def read_trace_errors(
    client: SentryClient, question: Question, scope: Scope, events: Sequence[Event]
) -> SignalRows[Event]:
    """Return errors without an identity in the traces of these events, mostly from servers.

    `events` are sorted by distance to the reported time; the first 50 traces are searched. In the
    same trace, an error with another identity is someone else's; an IP address is no identity.
    Sentry doesn't check tags here, as older servers misread `!has:tags[x]`.
    """
    traces = tuple(dict.fromkeys(event.trace_id for event in events if event.trace_id))
    searched = traces[:MAX_TRACES]
    fields = tuple(dict.fromkeys((*question.fields, *_USER)))
    no_identity = " ".join(f"!has:{field}" for field in _USER)
    listed = {event.id for event in events}
    search = f"trace:[{','.join(searched)}] {no_identity}"
    page, continues = next(client.event_rows(search, scope, fields), ([], False))
    own = [
        replace(row, matched_on=("trace",))
        for row in page
        if row
        and row.trace_id in searched
        and not row.identities
        and row.id not in listed
        and question.window.contains(row.timestamp)
    ]
    has_more = continues or len(searched) < len(traces) or len(page) >= MAX_TRACE_ERRORS
    linked = (with_permalink(error, {}, client.config) for error in newest_first(own))
    return SignalRows(
        tuple(linked), is_complete=not has_more and None not in page, has_more=has_more
    )


# Deploys around the window, in the projects with events.

MAX_RELEASES = 100

# Releases are listed by their creation; a deploy up to this much later is found.
_MAX_DEPLOY_DELAY = timedelta(days=7)


# https://docs.sentry.io/api/releases/list-an-organizations-releases/ (`start`, `end` undocumented)
def read_deploys(
    client: SentryClient,
    question: Question,
    scope: Scope,
    *,
    events: Sequence[Event],
    projects: Sequence[Project],
) -> SignalRows[Deploy]:
    """Return releases of the events' projects deployed in the window, and the last before it.

    This reads one page, newest releases first. It is never complete, because Sentry reports only
    the last deploy of a release; there are more if the page ends before the window's releases.
    """
    affected = {event.project for event in events}
    searched = [
        one
        for one in projects
        if one.slug in affected and (not scope.project_ids or one.id in scope.project_ids)
    ]
    if not searched:
        return SignalRows((), is_complete=False)
    window = question.window
    since = window.start - DEPLOY_LOOKBACK - _MAX_DEPLOY_DELAY
    place = Scope(since, scope.end, tuple(one.id for one in searched))
    params = [*place.params(), ("per_page", str(MAX_RELEASES))]
    response = client.get(f"{client.organization_path}/releases/", params)
    rows = mappings(response.rows)
    slugs = {one.slug for one in searched}
    deploys = [deploy for row in rows for deploy in _deploys(row, question.environments, scope.end)]
    found = deploys_around(deploys, window, slugs)
    slugs_without_deploy = slugs - {deploy.project for deploy in found if deploy.at < window.start}
    wanted_since = window.start - DEPLOY_LOOKBACK if slugs_without_deploy else window.start
    reaches_far_enough = any(
        # Sentry sorts releases by this time.
        (moment(row.get("dateReleased")) or moment(row.get("dateCreated")) or scope.end)
        < wanted_since
        for row in rows
    )
    is_last = response.is_last_page(MAX_RELEASES)
    return SignalRows(found, is_complete=False, has_more=not (is_last or reaches_far_enough))


def _deploys(
    row: Mapping[str, object], environments: Sequence[str], end: datetime
) -> Iterator[Deploy]:
    """Yield the release's last deploy before `end`, for each of its projects.

    Without a deploy, that is its release, or when Sentry first saw it, which no one reported.
    """
    version, last = text(row.get("version")), mapping(row.get("lastDeploy"))
    deployed, where = moment(last.get("dateFinished")), text(last.get("environment"))
    released, created = moment(row.get("dateReleased")), moment(row.get("dateCreated"))
    is_elsewhere = where and environments and where not in environments
    times = (
        (None if is_elsewhere else deployed, where, True),
        (released, None, True),
        (None if deployed or released else created, None, False),
    )
    for at, environment, is_reported in times:
        if version and at and at < end:
            slugs = (text(project.get("slug")) for project in mappings(row.get("projects")))
            yield from (Deploy(version, at, one, environment, is_reported) for one in slugs if one)
            return


# Read the signals along with a lookup.

SIGNALS_TIMEOUT_S = 10.0

_NAMES = {
    Signal.REPLAYS: "Session replays",
    Signal.FEEDBACK: "Messages from the customer",
    Signal.TRACES: "Related errors",
    Signal.DEPLOYS: "Releases that went live",
}
_PARTLY = "could be read only in part: Sentry has more than we read."
_WITHHELD = (
    "Sentry’s search found them for this customer, but they show someone else. One can "
    "show several people, so check in Sentry."
)


_MAX_PROJECTS = 3


class RelatedReader:
    """Reads data besides the events of a lookup, on its own connections."""

    def __init__(self, fetch: Fetch, timeout_s: float, *, lanes: int, threads: int) -> None:
        self._main = fetch.client
        timeout_s = min(timeout_s, self._main.deadline.left())
        self._slots = self._main.slots.for_related(lanes)
        self._client = self._main.for_related(timeout_s, self._slots)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="related")
        self._question = fetch.question
        self._scope = fetch.scope
        self._projects = fetch.searched

    def _read_scopes(self, read: Callable[[Scope], T]) -> list[T]:
        """Read all projects in one call, or one by one if the server requires it."""
        if not self._client.one_project or len(self._projects) < 2:
            try:
                return [read(self._scope)]
            except errors.SentryOneProjectOnly:
                self._client.one_project = True
        if len(self._projects) > _MAX_PROJECTS:
            raise errors.SentryOneProjectOnly("This Sentry searches one project at a time.")
        return [read(replace(self._scope, project_ids=(one.id,))) for one in self._projects]

    def _fastest_call_s(self) -> float:
        calls = self._client.call_log or self._main.call_log
        return min((call.duration_ms / 1000 for call in calls), default=0.0)

    def close(self) -> None:
        """Abort the calls under way."""
        self._slots.cancel()
        self._client.abort()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()


class SignalReader(RelatedReader):
    """Reads optional signals for one lookup.

    Its calls yield to those of the lookup. A signal that fails, or isn't there when `collect`
    stops waiting, becomes an `UnreadSignal`.
    """

    def __init__(self, fetch: Fetch, signals: Sequence[Signal]) -> None:
        super().__init__(fetch, SIGNALS_TIMEOUT_S, lanes=1, threads=1)
        self._signals = signals
        self._futures: dict[Signal, Future[SignalRows[Any]]] = {}

    def start_customer_signals(self) -> None:
        """Start reading the signals that only need the customer, from a Sentry only."""
        if self._main.flavor == Flavor.SENTRY and self._question.customer.is_named:
            self._start(Signal.REPLAYS, read_replays)
            self._start(Signal.FEEDBACK, read_feedback)

    def start_event_signals(self, events: Sequence[Event]) -> None:
        """Start reading the errors in these events' traces, and their projects' deploys."""
        if self._main.flavor != Flavor.SENTRY or not events:
            return
        if any(event.trace_id for event in events):
            nearest = nearest_first(tuple(events), self._question.window.moment)
            self._start(Signal.TRACES, partial(read_trace_errors, events=nearest))
        read = partial(read_deploys, events=events, projects=self._projects)
        self._start(Signal.DEPLOYS, read)

    def collect(self, patience_s: float) -> RelatedData:
        """Return what arrives within `patience_s` seconds, and abort the rest.

        If none was as fast as that so far, start no more.
        """
        if patience_s >= self._fastest_call_s():
            self._slots.stop_yielding()
        else:
            self._slots.cancel()
        end = monotonic() + patience_s
        found: dict[Signal, SignalRows[Any]] = {}
        unread: list[UnreadSignal] = []
        for signal, future in self._futures.items():
            try:
                found[signal] = future.result(timeout=max(0.0, end - monotonic()))
            except (FutureTimeout, errors.SentryCrowded):
                message = f"{_NAMES[signal]} could not be read in time."
                unread.append(UnreadSignal(signal, message, is_late=True))
            except (errors.SentryNotFound, errors.SentryPermissionMissing) as error:
                if signal == Signal.TRACES:
                    unread.append(_failed(signal, error))
                else:
                    self._main.absent_signals[signal] = error.message  # the product is off
            except errors.SentryError as error:
                unread.append(_failed(signal, error))
        partly = [signal for signal, part in found.items() if part.has_more]
        unread += [UnreadSignal(one, f"{_NAMES[one]} {_PARTLY}", can_retry=False) for one in partly]
        for signal, part in found.items():
            if part.withheld:
                message = f"{_NAMES[signal]} left out: {part.withheld}. {_WITHHELD}"
                unread.append(UnreadSignal(signal, message, can_retry=False))
        self.close()
        rows = {signal: part.rows for signal, part in found.items()}
        return RelatedData(
            replays=rows.get(Signal.REPLAYS, ()),
            feedback=rows.get(Signal.FEEDBACK, ()),
            trace_errors=rows.get(Signal.TRACES, ()),
            deploys=rows.get(Signal.DEPLOYS, ()),
            asked=tuple(self._futures),
            surely=tuple(signal for signal, part in found.items() if part.is_complete),
            unread=tuple(unread),
            calls=len(self._client.call_log),
        )

    def _start(self, signal: Signal, read: Callable[..., SignalRows[Any]]) -> None:
        is_used = any(signal not in project.unused for project in self._projects)
        if is_used and signal in self._signals and signal not in self._futures:
            self._client.one_project = self._main.one_project
            self._futures[signal] = self._pool.submit(self._read, read)

    def _read(self, read: Callable[..., SignalRows[Any]]) -> SignalRows[Any]:
        try:
            parts = self._read_scopes(partial(read, self._client, self._question))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise errors.SentryBadResponse("The response could not be understood.") from error
        return SignalRows(
            tuple(row for part in parts for row in part.rows),
            is_complete=all(part.is_complete for part in parts),
            has_more=any(part.has_more for part in parts),
            withheld=sum(part.withheld for part in parts),
        )


def _failed(signal: Signal, error: errors.SentryError) -> UnreadSignal:
    can_retry = not isinstance(error, errors.SentryOneProjectOnly)
    return UnreadSignal(signal, f"{_NAMES[signal]} could not be read: {error.message}", can_retry)


# Other occurrences: when the customer had errors, if not in the window.

MAX_ROWS = 25
OTHER_TIMES_TIMEOUT_S = 5.0

_SECOND = timedelta(seconds=1)
_NEWEST_FIRST = "-timestamp"
_OLDEST_FIRST = "timestamp"
_UNDECIDED = "The first rows that Sentry sent don't show it."
_AS_TYPED = "too many other customers have similar IDs to search for different capitals."


class OccurrenceSearch:
    """Finds the customer's errors nearest to an empty window, in one call or up to three.

    A failure becomes the `problem` of the occurrences and affects nothing else.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._client = fetch.client
        self._question = fetch.question
        self._deadline = Deadline(min(OTHER_TIMES_TIMEOUT_S, fetch.client.deadline.left()))
        self._is_as_typed = False

    def find(self, now: datetime) -> tuple[OtherOccurrences | None, tuple[Notice, ...]]:
        """Return the occurrences, or only a notice if an error in the window has arrived since."""
        until = now.replace(microsecond=0)
        retention = timedelta(days=self._client.config.retention_days)
        since = min(until - retention, self._question.window.start)
        occurrences = OtherOccurrences(since=since, until=until)
        if self._client.flavor == Flavor.GLITCHTIP:
            reason = "this server can't be searched by customer and time."
            return _with_problem(occurrences, reason), ()
        if self._client.one_project and len(self._fetch.searched) > 1:
            reason = "this Sentry searches only one project at a time."
            return _with_problem(occurrences, reason), ()
        try:
            newest = self._fetch.result(
                self._fetch.pool.submit(self._read, _NEWEST_FIRST, since, until)
            )
        except errors.SentryError as error:
            return _with_problem(occurrences, error.message), ()
        if any(self._question.window.contains(event.timestamp) for event in newest.rows):
            message = "A new error came in while we were looking. Refresh to see it."
            return None, (Notice(NoticeCode.INCOMPLETE_LIST, message),)
        occurrences = self._with_neighbors(occurrences, newest)
        if self._is_as_typed and not occurrences.problem:
            occurrences = _with_problem(occurrences, _AS_TYPED)
        return occurrences, ()

    def _with_neighbors(
        self, occurrences: OtherOccurrences, newest: SignalRows[Event]
    ) -> OtherOccurrences:
        """Take the occurrences from the newest rows, or from further calls if necessary."""
        if not newest.rows:
            return occurrences if newest.is_complete else _with_problem(occurrences, _UNDECIDED)
        window = self._question.window
        later = [event for event in newest.rows if event.timestamp > window.end]
        earlier = [event for event in newest.rows if event.timestamp < window.start]
        occurrences = replace(occurrences, last=newest.rows[0])
        if earlier or newest.is_complete:
            before, after = next(iter(earlier), None), next(reversed(later), None)
            return replace(occurrences, before=before, after=after)
        since, until = occurrences.since, occurrences.until
        calls = {"after": partial(self._first, _OLDEST_FIRST, window.end + _SECOND, until)}
        if since < window.start:
            calls["before"] = partial(self._first, _NEWEST_FIRST, since, window.start - _SECOND)
        found, failed = self._fetch.run_all(calls)
        for error in failed.values():
            occurrences = _with_problem(occurrences, error.message)
        return replace(occurrences, after=found.get("after"), before=found.get("before"))

    def _first(self, sort: str, start: datetime, end: datetime) -> Event | None:
        """Return the customer's first error, if any. Raise a `SentryError` if it's uncertain."""
        first = self._read(sort, start, end)
        if not first.rows and not first.is_complete:
            raise errors.SentryBadResponse(_UNDECIDED)
        return next(iter(first.rows), None)

    def _read(self, sort: str, start: datetime, end: datetime) -> SignalRows[Event]:
        """Return the first rows, of a narrower search if those of others take all the places."""
        search = self._fetch.search
        first = self._read_rows(search.text, sort, start, end)
        while search.narrower and not first.rows and not first.is_complete:
            search = search.narrower
            self._is_as_typed |= search.exact
            first = self._read_rows(search.text, sort, start, end)
        return first

    # https://docs.sentry.io/api/explore/query-explore-events-in-table-format/
    def _read_rows(
        self, search: str, sort: str, start: datetime, end: datetime
    ) -> SignalRows[Event]:
        """Return the customer's first rows from `start` to `end`, both included.

        They end before the first that can't be judged. Raise a `SentryError`. Trust no row if one
        is outside this time or out of order.
        """
        params = [
            *self._client.row_params(
                search,
                replace(self._fetch.scope, start=start, end=end + _SECOND),
                self._question.fields,
            ),
            ("sort", sort),
            ("per_page", str(MAX_ROWS)),
        ]
        path = f"{self._client.organization_path}/events/"
        response = self._client.get(path, params, self._deadline)
        fields = self._question.fields
        rows = [parse_row(row, fields) for row in check_table(response.body)]
        times = [row.timestamp.replace(microsecond=0) for row in rows if row]
        if any(not start <= at <= end for at in times):
            raise errors.SentryBadResponse("Sentry sent events from another time.")
        if times != sorted(times, reverse=sort == _NEWEST_FIRST):
            raise errors.SentryBadResponse("Sentry sent its list in another order.")
        own: list[Event] = []
        for row in rows:
            event = judged(row, self._question.customer)
            if event is None:
                return SignalRows(tuple(own), is_complete=False)
            if event.matched_on:
                own.append(with_permalink(event, {}, self._client.config))
        return SignalRows(tuple(own), is_complete=response.is_last_page(MAX_ROWS))


def _with_problem(occurrences: OtherOccurrences, reason: str) -> OtherOccurrences:
    message = f"We couldn't check whether this customer had errors at other times: {reason}"
    return replace(occurrences, problem=message)
