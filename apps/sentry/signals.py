"""The readers of what stands beside the errors. Each raises a `SentryError` when it fails."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Generic, TypeVar

from apps.events.answer import (
    LONGEST_BEFORE,
    Beside,
    Deploy,
    Feedback,
    Nearby,
    Notice,
    NoticeCode,
    Replay,
    Signal,
    Unread,
    deploys_around,
)
from apps.events.event import Event, Issue
from apps.events.grouping import nearest_first
from apps.events.query import Customer, Question, as_hex_id
from apps.sentry.client import (
    Scope,
    SentryClient,
    is_last,
    list_of,
    next_cursor,
    segment,
    web_root,
    with_link,
)
from apps.sentry.config import (
    Deadline,
    Flavor,
    SentryBadResponse,
    SentryConfig,
    SentryError,
    SentryNotFound,
    SentryOneProjectOnly,
    SentryPermissionMissing,
    SentryRejectedQuery,
)
from apps.sentry.http import Reply
from apps.sentry.listing import newest_first, outcomes
from apps.sentry.parsing import (
    Project,
    integer,
    items,
    mapping,
    mappings,
    moment,
    parse_full_event,
    parse_issue,
    parse_rows,
    text,
)
from apps.sentry.search import (
    Search,
    fields_naming,
    identity_clauses,
    matched_fields,
    names_anybody,
)

T = TypeVar("T")

MOST_REPLAYS = 20
MOST_FEEDBACK = 3
MOST_TRACES = 50
MOST_TRACE_ERRORS = 100

_MOST_URLS = 30
_LONGEST_URL = 500
_USER = ("user.id", "user.email", "user.username")
_REPLAY_FIELDS = (
    "id", "started_at", "finished_at", "urls", "error_ids", "user", "count_errors",
    "count_dead_clicks", "count_rage_clicks", "is_archived",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was read. `is_whole`: there surely is no more; `has_more`: there surely is."""

    rows: tuple[T, ...]
    is_whole: bool = True
    has_more: bool = False


# https://docs.sentry.io/api/replays/list-an-organizations-replays/
def read_replays(client: SentryClient, question: Question, scope: Scope) -> Found[Replay]:
    """The customer's screen recordings that run in the window, oldest first.

    Replays know the user's own fields, and no tags as the events table has them.
    """
    fields = [name for name in question.fields if name in _USER]
    if not fields:
        return Found((), is_whole=False)
    clauses = identity_clauses(question.customer.identifier, fields)
    params = [
        ("query", f"({' OR '.join(clauses)})"),
        *scope.params(),
        *scope.project_params(),
        *(("field", name) for name in _REPLAY_FIELDS),
        ("sort", "-started_at"),
        ("per_page", str(MOST_REPLAYS)),
    ]
    reply = client.get(f"{client.organization_path}/replays/", params)
    rows = mapping(reply.body).get("data")
    if not isinstance(rows, list):
        raise SentryBadResponse("The list of replays came without rows.")
    present = [row for row in rows if mapping(row).get("is_archived") is not True]
    theirs = [row for row in present if _names_somebody_else(row, question.customer)]
    own = [_replay(row, client.config) for row in mappings(present) if row not in theirs]
    known = [replay for replay in own if replay]
    found = sorted(
        (replay for replay in known if replay.runs_in(question.window)),
        key=lambda replay: (replay.started_at, replay.id),
    )
    is_read = len(known) + len(theirs) == len(present)
    has_more, is_last_page = _goes_on(reply, len(rows), MOST_REPLAYS)
    is_whole = is_read and is_last_page and len(fields) == len(question.fields)
    return Found(tuple(found), is_whole=is_whole, has_more=has_more)


def _goes_on(reply: Reply, rows: int, full_page: int) -> tuple[bool, bool]:
    """Whether the list surely goes on, and whether it surely does not."""
    link = reply.headers.get("link", "")
    return next_cursor(link) is not None, is_last(link, rows, full_page)


def _names_somebody_else(row: object, customer: Customer) -> bool:
    """Whether a row names people, and the customer is none of them."""
    identities = _user_of(mapping(row))
    return bool(identities) and not fields_naming(customer, identities)


def _user_of(row: Mapping[str, object]) -> list[tuple[str, str]]:
    user = mapping(row.get("user"))
    known = ((field, text(user.get(field.removeprefix("user.")))) for field in _USER)
    return [(field, value) for field, value in known if value]


def _replay(row: Mapping[str, object], config: SentryConfig) -> Replay | None:
    replay_id = as_hex_id(text(row.get("id")) or "")
    started = moment(row.get("started_at"))
    identities = tuple(_user_of(row))
    if replay_id is None or started is None or not identities:
        return None
    error_ids = (as_hex_id(text(value) or "") for value in items(row.get("error_ids")))
    urls = (text(value) for value in items(row.get("urls"))[: 10 * _MOST_URLS])
    return Replay(
        id=replay_id,
        started_at=started,
        finished_at=moment(row.get("finished_at")),
        urls=tuple(dict.fromkeys(url[:_LONGEST_URL] for url in urls if url))[:_MOST_URLS],
        event_ids=tuple(event_id for event_id in error_ids if event_id)[:MOST_TRACE_ERRORS],
        errors=integer(row.get("count_errors")),
        dead_clicks=integer(row.get("count_dead_clicks")),
        rage_clicks=integer(row.get("count_rage_clicks")),
        permalink=f"{web_root(config)}/replays/{replay_id}/",
        identities=identities,
    )


# https://docs.sentry.io/api/events/list-an-organizations-issues/ (`issue.category:feedback`)
def read_feedback(client: SentryClient, question: Question, scope: Scope) -> Found[Feedback]:
    """What the customer wrote into the application's feedback form, oldest first.

    The list of issues takes no OR, so that one field is asked: the e-mail for what looks like
    one, else the first field. Whose feedback it is, is read from the feedback itself. As other
    fields were not asked, nothing found is no proof unless there is but one.
    """
    fields = [field for field in question.fields if field in _USER]
    if not fields:
        return Found((), is_whole=False)
    params = [
        ("query", f"issue.category:feedback {_feedback_clause(question.customer, fields)}"),
        *scope.params(),
        *scope.project_params(),
        ("limit", str(MOST_FEEDBACK)),
    ]
    try:
        reply = client.get(f"{client.organization_path}/issues/", params)
    except SentryRejectedQuery as error:
        if "category" in error.detail:
            raise SentryNotFound("This server knows no feedback.") from error
        raise
    rows = list_of(reply)
    read = [_read_one(client, question, row) for row in rows[:MOST_FEEDBACK]]
    found = sorted(
        (feedback for feedback, _is_judged in read if feedback),
        key=lambda feedback: (feedback.sent_at, feedback.id),
    )
    has_more, is_last_page = _goes_on(reply, len(rows), MOST_FEEDBACK)
    is_judged = all(is_judged for _feedback, is_judged in read) and len(rows) == len(read)
    is_whole = is_judged and is_last_page and len(question.fields) == 1
    return Found(tuple(found), is_whole=is_whole, has_more=has_more)


def _feedback_clause(customer: Customer, fields: Sequence[str]) -> str:
    by_email = "@" in customer.identifier and "user.email" in fields
    field = "user.email" if by_email else fields[0]
    clauses = identity_clauses(customer.identifier, (field,))
    if len(clauses) == 1:
        return clauses[0]
    return f"{field}:[{','.join(clause.removeprefix(f'{field}:') for clause in clauses)}]"


def _read_one(
    client: SentryClient, question: Question, row: object
) -> tuple[Feedback | None, bool]:
    """The customer's feedback in the window, and whether it could be told that it is or is not.

    Where the issue says it all itself, its event need not be asked for.
    """
    issue = parse_issue(row)
    if issue is None:
        return None, False
    told = mapping(mapping(row).get("metadata"))
    email = text(told.get("contact_email"))
    identities = [("user.email", email)] if email else []
    sent_at = issue.first_seen
    if not fields_naming(question.customer, identities) or not text(told.get("message")):
        path = f"{client.organization_path}/issues/{segment(issue.id)}/events/latest/"
        try:
            event = parse_full_event(client.get(path, []).body, _USER)
        except SentryNotFound:
            return None, True  # removed since it was listed
        if event is None or event.body is None:
            return None, False
        told = mapping(event.body.contexts.get("feedback"))
        email = text(told.get("contact_email"))
        identities = [*event.identities, *([("user.email", email)] if email else [])]
        sent_at = event.timestamp
    message = text(told.get("message"))
    if sent_at is None or not message or not identities:
        return None, False
    own = fields_naming(question.customer, identities) and question.window.contains(sent_at)
    return (_feedback(issue, told, identities, sent_at) if own else None), True


def _feedback(
    issue: Issue,
    told: Mapping[str, object],
    identities: Sequence[tuple[str, str]],
    sent_at: datetime,
) -> Feedback:
    return Feedback(
        id=issue.id,
        sent_at=sent_at,
        message=text(told.get("message")) or "",
        name=text(told.get("name")),
        email=text(told.get("contact_email")),
        url=text(told.get("url")),
        project=issue.project,
        permalink=issue.permalink,
        identities=tuple(identities),
    )


def read_trace_errors(
    client: SentryClient, question: Question, scope: Scope, events: Sequence[Event]
) -> Found[Event]:
    """Errors in the traces of these events that name nobody: mostly the server's half of them.

    `events` come nearest to the moment first, as many traces as fit are asked. An error that
    names somebody else is somebody else's, also in the same trace; an IP address names nobody.
    """
    traces = tuple(dict.fromkeys(event.trace_id for event in events if event.trace_id))
    asked = traces[:MOST_TRACES]
    fields = tuple(dict.fromkeys((*question.fields, *_USER)))
    nobody = " ".join(f"!has:{field}" for field in fields)
    listed = {event.id for event in events}
    page = next(client.event_rows(f"trace:[{','.join(asked)}] {nobody}", scope, fields), [])
    own = [
        replace(row, matched_on=("trace",))
        for row in page
        if row
        and row.trace_id in asked
        and not row.identities
        and row.id not in listed
        and question.window.contains(row.timestamp)
    ]
    has_more = len(asked) < len(traces) or len(page) >= MOST_TRACE_ERRORS
    linked = (with_link(error, {}, client.config) for error in newest_first(own))
    return Found(tuple(linked), is_whole=not has_more and None not in page, has_more=has_more)


# The releases that went live around a question, in the projects where something broke.

MOST_RELEASES = 100

# A release is listed by the day it was made, and may have waited so long until it went live.
_LONGEST_WAIT = timedelta(days=7)


# https://docs.sentry.io/api/releases/list-an-organizations-releases/ (`start`, `end` undocumented)
def read_deploys(
    client: SentryClient,
    question: Question,
    scope: Scope,
    *,
    events: Sequence[Event],
    asked: Sequence[Project],
) -> Found[Deploy]:
    """Releases of the events' projects that went live in the window, or last in the day before it.

    One page, the newest releases first. It is never whole: Sentry tells of a release only where it
    went live last. There surely is more where the page ends before the releases that are wanted.
    """
    homes = {event.project for event in events}
    searched = scope.project_ids
    ids = [one.id for one in asked if one.slug in homes and (not searched or one.id in searched)]
    if not ids:
        return Found((), is_whole=False)
    window = question.window
    since = window.start - LONGEST_BEFORE - _LONGEST_WAIT
    params = [
        *(("project", project_id) for project_id in ids),
        ("start", f"{since:%Y-%m-%dT%H:%M:%S}"),
        ("end", f"{scope.end:%Y-%m-%dT%H:%M:%S}"),
        ("per_page", str(MOST_RELEASES)),
    ]
    reply = client.get(f"{client.organization_path}/releases/", params)
    rows = list_of(reply)
    slugs = {one.slug for one in asked if one.id in ids}
    known = [deploy for row in mappings(rows) for deploy in _deploys(row, question, scope.end)]
    found = deploys_around(known, window, slugs)
    link = reply.headers.get("link", "")
    goes_on = next_cursor(link) is not None or not is_last(link, len(rows), MOST_RELEASES)
    unfound = slugs - {deploy.project for deploy in found if deploy.at < window.start}
    wanted_since = window.start - LONGEST_BEFORE if unfound else window.start
    reaches_back = any((_listed_by(row) or scope.end) < wanted_since for row in mappings(rows))
    return Found(found, is_whole=False, has_more=goes_on and not reaches_back)


def _listed_by(row: Mapping[str, object]) -> datetime | None:
    """The time by which Sentry puts releases in order."""
    return moment(row.get("dateReleased")) or moment(row.get("dateCreated"))


def _deploys(row: Mapping[str, object], question: Question, end: datetime) -> Iterator[Deploy]:
    """The release in each of its projects, as it last went live before the window's end."""
    version = text(row.get("version"))
    times = (one for one in _times(row, question.environments) if one[0] < end)
    at, environment, is_told = next(times, (None, None, False))
    if version is None or at is None:
        return
    for project in mappings(row.get("projects")):
        slug = text(project.get("slug"))
        if slug:
            yield Deploy(version, at, slug, environment, is_told)


def _times(
    row: Mapping[str, object], environments: Sequence[str]
) -> Iterator[tuple[datetime, str | None, bool]]:
    """When and where it went live, the last time first; else when Sentry first knew of it."""
    last = mapping(row.get("lastDeploy"))
    deployed, where = moment(last.get("dateFinished")), text(last.get("environment"))
    released, created = moment(row.get("dateReleased")), moment(row.get("dateCreated"))
    if deployed and not (where and environments and where not in environments):
        yield deployed, where, True
    if released:
        yield released, None, True
    elif created and not deployed:
        yield created, None, False


# Replays, feedback, errors of the same traces, and releases: asked beside an answer, never waited
# for long.
#
# Each is optional: one that fails costs itself a sentence, and nothing else.

SIGNALS_TIMEOUT_S = 10.0

_MOST_PROJECTS = 3
_NAMES = {
    Signal.REPLAYS: "Session replays",
    Signal.FEEDBACK: "Messages from the customer",
    Signal.TRACES: "Errors in the same traces",
    Signal.DEPLOYS: "Releases that went live",
}


class Asides:
    """What is asked beside one answer, on connections of its own.

    Its calls let those of the answer go first, and those that are not back when the answer is
    ready are hung up on after `signals_wait_s`.
    """

    def __init__(
        self, client: SentryClient, question: Question, scope: Scope, asked: Sequence[Project]
    ) -> None:
        self._main = client
        self._client = client.aside(min(SIGNALS_TIMEOUT_S, client.deadline.left()))
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="aside")
        self._question = question
        self._scope = scope
        self._asked = asked
        self._futures: dict[Signal, Future[Found[Any]]] = {}

    def ask_of_customer(self, signals: Sequence[Signal]) -> None:
        """Ask for what needs nothing but the question. Servers without these are left alone."""
        if self._main.flavor == Flavor.SENTRY and self._question.customer.is_named:
            self._ask(signals, Signal.REPLAYS, read_replays)
            self._ask(signals, Signal.FEEDBACK, read_feedback)

    def ask_of_traces(self, signals: Sequence[Signal], events: Sequence[Event]) -> None:
        """Ask for what stands behind these events."""
        if self._main.flavor == Flavor.SENTRY and any(event.trace_id for event in events):
            nearest = nearest_first(tuple(events), self._question.window.moment)
            self._ask(signals, Signal.TRACES, partial(read_trace_errors, events=nearest))

    def ask_of_releases(self, signals: Sequence[Signal], events: Sequence[Event]) -> None:
        """Ask what went live in the projects of these events."""
        if self._main.flavor == Flavor.SENTRY and events:
            read = partial(read_deploys, events=events, asked=self._asked)
            self._ask(signals, Signal.DEPLOYS, read)

    def gather(self, patience_s: float) -> Beside:
        """What came back in so many seconds; the rest is named, and ended."""
        give_up = monotonic() + patience_s
        found: dict[Signal, Found[Any]] = {}
        unread: list[Unread] = []
        for signal, future in self._futures.items():
            try:
                found[signal] = future.result(timeout=max(0.0, give_up - monotonic()))
            except FutureTimeout:
                message = f"{_NAMES[signal]} could not be read in time."
                unread.append(Unread(signal, message, is_late=True))
            except (SentryNotFound, SentryPermissionMissing) as error:
                if signal == Signal.TRACES:
                    unread.append(_failed(signal, error))
                else:
                    self._main.absent_signals.add(signal)  # the product is off: nothing to say
            except SentryError as error:
                unread.append(_failed(signal, error))
        unread += [_in_part(signal) for signal, part in found.items() if part.has_more]
        self.close()
        return Beside(
            replays=_rows(found, Signal.REPLAYS),
            feedback=_rows(found, Signal.FEEDBACK),
            trace_errors=_rows(found, Signal.TRACES),
            deploys=_rows(found, Signal.DEPLOYS),
            asked=tuple(self._futures),
            surely=tuple(signal for signal, part in found.items() if part.is_whole),
            unread=tuple(unread),
            calls=len(self._client.call_log),
        )

    def close(self) -> None:
        """End what is still under way."""
        self._client.hang_up()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _ask(
        self, signals: Sequence[Signal], signal: Signal, read: Callable[..., Found[Any]]
    ) -> None:
        if signal in signals and signal not in self._futures:
            self._client.one_project = self._main.one_project
            self._futures[signal] = self._pool.submit(self._read, read)

    def _read(self, read: Callable[..., Found[Any]]) -> Found[Any]:
        """In one call, or in one for each project where several at once are refused."""
        try:
            return self._read_everywhere(read)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise SentryBadResponse("The answer could not be understood.") from error

    def _read_everywhere(self, read: Callable[..., Found[Any]]) -> Found[Any]:
        if not self._client.one_project or len(self._asked) < 2:
            try:
                return read(self._client, self._question, self._scope)
            except SentryOneProjectOnly:
                self._client.one_project = True
        if len(self._asked) > _MOST_PROJECTS:
            raise SentryOneProjectOnly("This Sentry searches one project at a time.")
        scopes = (replace(self._scope, project_ids=(project.id,)) for project in self._asked)
        parts = [read(self._client, self._question, scope) for scope in scopes]
        return Found(
            tuple(row for part in parts for row in part.rows),
            is_whole=all(part.is_whole for part in parts),
            has_more=any(part.has_more for part in parts),
        )


def _failed(signal: Signal, error: SentryError) -> Unread:
    can_retry = not isinstance(error, SentryOneProjectOnly)
    return Unread(signal, f"{_NAMES[signal]} could not be read: {error.message}", can_retry)


def _in_part(signal: Signal) -> Unread:
    message = f"{_NAMES[signal]} could be read only in part: Sentry has more than we asked for."
    return Unread(signal, message, can_retry=False)


def _rows(found: dict[Signal, Found[Any]], signal: Signal) -> tuple[Any, ...]:
    return found[signal].rows if signal in found else ()


# When the customer had errors, if not in the window: the nearest before and after, and the last.
#
# Asked only when a sure nothing was found, in one call mostly and in three at most. Failing costs
# itself a sentence, and neither the answer nor its completeness.

MOST_ROWS = 25
OTHER_TIMES_TIMEOUT_S = 5.0

_SECOND = timedelta(seconds=1)
_NEWEST_FIRST = "-timestamp"
_OLDEST_FIRST = "timestamp"


@dataclass(frozen=True, slots=True)
class Around:
    """What to look for, and where and when in all. `scope` is that of the empty answer."""

    question: Question
    search: Search
    scope: Scope
    asked: Sequence[Project]
    now: datetime

    def since(self, days: int) -> datetime:
        """As far back as Sentry is taken to keep events, at least to the window's start."""
        edge = (self.now - timedelta(days=days)).replace(microsecond=0)
        return min(edge, self.scope.start)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The customer's rows from the front of a list, up to one that cannot be judged.

    `is_whole`: there surely are no more.
    """

    events: tuple[Event, ...]
    is_whole: bool


def find_nearby(
    client: SentryClient, pool: ThreadPoolExecutor, around: Around
) -> tuple[Nearby | None, tuple[Notice, ...]]:
    """The errors nearest the window; or only a notice, when one lies inside it after all.

    Raises nothing of Sentry's: what fails is told by `Nearby.problem`.
    """
    until = around.now.replace(microsecond=0)
    nearby = Nearby(since=around.since(client.config.retention_days), until=until)
    if client.flavor == Flavor.GLITCHTIP:
        return _unknown(nearby, "this server cannot be searched by customer and time."), ()
    if client.one_project and len(around.asked) > 1:
        return _unknown(nearby, "this Sentry searches only one project at a time."), ()
    deadline = Deadline(min(OTHER_TIMES_TIMEOUT_S, client.deadline.left()))
    look = _Look(client, around, deadline)
    [newest] = outcomes(client, pool, [partial(look.read, _NEWEST_FIRST, nearby.since, until)])
    if isinstance(newest, SentryError):
        return _unknown(nearby, newest.message), ()
    if any(around.question.window.contains(event.timestamp) for event in newest.events):
        message = "A new error came in while we were looking. Refresh to see it."
        return None, (Notice(NoticeCode.INCOMPLETE_LIST, message),)
    return _told(look, pool, nearby, newest), ()


def _told(look: "_Look", pool: ThreadPoolExecutor, nearby: Nearby, newest: _Rows) -> Nearby:
    """What the newest rows tell, and the other calls where they do not tell it all."""
    if not newest.events:
        return nearby if newest.is_whole else _unknown(nearby, _UNJUDGED)
    window = look.around.question.window
    later = [event for event in newest.events if event.timestamp > window.end]
    earlier = [event for event in newest.events if event.timestamp < window.start]
    nearby = replace(nearby, last=newest.events[0])
    if earlier or newest.is_whole:
        before, after = next(iter(earlier), None), next(reversed(later), None)
        return replace(nearby, before=before, after=after)
    calls = [partial(look.first, _OLDEST_FIRST, window.end + _SECOND, nearby.until)]
    if nearby.since < window.start:
        calls.append(partial(look.first, _NEWEST_FIRST, nearby.since, window.start - _SECOND))
    after_found, *before_found = outcomes(look.client, pool, calls)
    for found in (after_found, *before_found):
        if isinstance(found, SentryError):
            nearby = _unknown(nearby, found.message)
    return replace(nearby, after=_known(after_found), before=_known(*before_found))


def _known(found: Event | SentryError | None = None) -> Event | None:
    return None if isinstance(found, SentryError) else found


_UNJUDGED = "The first rows that Sentry sent don't show it."


def _unknown(nearby: Nearby, reason: str) -> Nearby:
    message = f"We couldn't check whether this customer had errors at other times: {reason}"
    return replace(nearby, problem=message)


@dataclass(frozen=True, slots=True)
class _Look:
    """Reads the fronts of lists: one customer, one place, any time."""

    client: SentryClient
    around: Around
    deadline: Deadline

    def first(self, sort: str, start: datetime, end: datetime) -> Event | None:
        """The first of the customer's errors in this order; None when there surely is none.

        Raises a `SentryError`, also when it cannot be told.
        """
        rows = self.read(sort, start, end)
        if not rows.events and not rows.is_whole:
            raise SentryBadResponse(_UNJUDGED)
        return rows.events[0] if rows.events else None

    # https://docs.sentry.io/api/explore/query-explore-events-in-table-format/
    def read(self, sort: str, start: datetime, end: datetime) -> _Rows:
        """The first rows from `start` to `end` (both included). Raises a `SentryError`.

        Rows outside of that time, or in another order, were not what was asked for: then none of
        them is believed.
        """
        question, client = self.around.question, self.client
        scope = replace(self.around.scope, start=start, end=end + _SECOND)
        params = [
            *client.row_params(self.around.search.text, scope, question.fields),
            ("sort", sort),
            ("per_page", str(MOST_ROWS)),
        ]
        reply = client.get(f"{client.organization_path}/events/", params, self.deadline)
        rows = parse_rows(reply.body, question.fields)
        known = [row for row in rows if row]
        times = [row.timestamp.replace(microsecond=0) for row in known]
        if any(not start <= at <= end for at in times):
            raise SentryBadResponse("Sentry sent events of another time.")
        if times != sorted(times, reverse=sort == _NEWEST_FIRST):
            raise SentryBadResponse("Sentry sent its list in another order.")
        judged = self._judged(rows)
        is_end = is_last(reply.headers.get("link", ""), len(rows), MOST_ROWS)
        own = tuple(row for row in judged if row.matched_on)
        return _Rows(own, is_whole=is_end and len(judged) == len(rows))

    def _judged(self, rows: Sequence[Event | None]) -> list[Event]:
        """The rows up to the first that cannot be judged, with the fields that matched."""
        customer, search = self.around.question.customer, self.around.search
        judged: list[Event] = []
        for row in rows:
            matched = matched_fields(row, customer) if row else ()
            if row is None or (not matched and search.exact and not names_anybody(row, customer)):
                break
            linked = with_link(row, {}, self.client.config)
            judged.append(replace(linked, matched_on=matched))
        return judged
