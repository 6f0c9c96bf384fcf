"""Read the customer's logs and spans: what they did where nothing raised an error.

Both are found by person and by trace. An SDK may leave the person out, so rows that name no one
count if they are in a trace of the customer's events or of their own rows.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event as Flag
from threading import RLock
from time import monotonic
from typing import Literal

from apps.events.answer import RelatedData, Signal, UnreadSignal
from apps.events.event import Event, LogEntry, Span, time_of
from apps.events.grouping import nearest_first
from apps.events.query import CustomerKind, counted
from apps.sentry import errors
from apps.sentry.client import Scope
from apps.sentry.config import Flavor, Quirks
from apps.sentry.datasets import (
    KINDS,
    NONE_IN_GLITCHTIP,
    Row,
    TableSearch,
    is_about_dataset,
    without_what_was_refused,
)
from apps.sentry.http import ApiResponse
from apps.sentry.listing import Fetch
from apps.sentry.parsing import check_table, integer, is_partial, mapping, mappings, number, text
from apps.sentry.search import covers_any_case, fields_naming, id_fields, quote
from apps.sentry.signals import RelatedReader

ACTIVITY_TIMEOUT_S = 10.0

# With errors, the calls for logs and spans; each reads a single page.
MAX_CALLS = 3

# Without errors, as many rows are read as errors would be, and the traces of found rows searched.
MAX_PAGES = 100
MAX_HOPS = 3
MAX_TRACES = 50

# Without errors, a result waits this long for the customer's own rows, and for the rest up to a
# part of the time it took anyway.
PATIENCE_S = 1.0
PATIENCE_SHARE = 0.1

# A request is slow from this time on if it usually takes less.
SLOW_MS = 1000.0
MAX_TRANSACTIONS = 10
MIN_FOR_USUAL = 5

_USUAL = "p50(span.duration)"
_COUNT = "count()"
_DAY = timedelta(days=1)


@dataclass(eq=False)
class _Table:
    """The rows of one kind read so far, and what is known to be missing."""

    signal: Signal
    rows: dict[tuple[str | None, str], Row] = field(default_factory=dict)
    futures: list[Future[None]] = field(default_factory=list)
    is_started: bool = False
    is_resumed: bool = False
    known_gaps: list[UnreadSignal] = field(default_factory=list)
    has_person: Flag = field(default_factory=Flag)
    searched_traces: set[str] = field(default_factory=set)
    rest: list["_List"] = field(default_factory=list)
    has_more: bool = False
    is_sampled: bool = False
    lacks_fields: bool = False
    lacks_spellings: bool = False
    moved: bool = False
    unreadable: int = 0
    error: errors.SentryError | None = None


@dataclass
class _List:
    """A list of rows by person, by traces, or both; `cursor` is where it continues."""

    table: _Table
    by_person: bool
    traces: Sequence[str] = ()
    scope: Scope | None = None
    cursor: str | None = None
    seen: set[tuple[str | None, str]] = field(default_factory=set)


class ActivityReader(RelatedReader):
    """Reads logs and spans for one lookup.

    With errors they accompany the result: up to three calls, which yield to those of the lookup.
    Without errors they are the result: once that is known, their calls have priority.
    """

    def __init__(self, fetch: Fetch, signals: Collection[Signal]) -> None:
        super().__init__(fetch, ACTIVITY_TIMEOUT_S, lanes=2, threads=5)
        self._lock = RLock()
        self._tables = {signal: _Table(signal) for signal in KINDS if signal in signals}
        self._started: list[_Table] = []
        self._usual: dict[tuple[str | None, str | None], float] = {}
        self._names: dict[str, set[str]] = {}
        customer = fetch.question.customer
        self._event_traces = [customer.hex_id or ""] if "trace" in id_fields(customer) else []
        self._is_answer = False
        self._is_alone = False
        self._all_hops: Future[None] | None = None

    # Which calls, and when

    def start(self, *, both: bool) -> None:
        """Start reading by person, along with the list of errors.

        Start with `both` if nothing will be read after an empty list. Otherwise, logs wait for that
        list: then, one call can search its traces as well.
        """
        self._is_alone = both
        for signal, table in self._tables.items():
            if self._can_ask_by_person and (both or signal == Signal.SPANS):
                self._started.append(table)
                self._submit_list(_List(table, by_person=True), 1)

    def resume(self, known: RelatedData) -> None:
        """Start from the spans that were found with errors before: they need no second search."""
        spans = self._tables.get(Signal.SPANS)
        if spans and known.spans:
            spans.rows = {(span.trace_id, span.id): span for span in known.spans}
            spans.is_started = spans.is_resumed = True
            spans.has_person.set()
            own = (one for one in known.unread if one.signal == Signal.SPANS)
            spans.known_gaps = [one for one in own if not one.is_late]

    def follow(self, events: Sequence[Event], *, is_answer: bool) -> None:
        """Continue after the list of errors: with their traces, or as the result itself."""
        if self._main.flavor != Flavor.SENTRY:
            return
        nearest = nearest_first(tuple(events), self._question.window.moment)
        traces = (event.trace_id for event in nearest if event.trace_id)
        self._event_traces = list(dict.fromkeys((*self._event_traces, *traces)))
        for name, value in (pair for event in events for pair in event.identities):
            self._names.setdefault(name, set()).add(value.casefold())
        self._is_answer = is_answer
        if not is_answer:
            self._follow_errors()
        elif not self._is_alone or self._main.config.signals_wait_s >= self._fastest_call_s():
            self._slots.prioritize()
            self._all_hops = self._pool.submit(self._read_all)
            if spans := self._tables.get(Signal.SPANS):
                self._submit(spans, self._read_usual, spans)

    def _follow_errors(self) -> None:
        left = MAX_CALLS - sum(table.is_started for table in self._tables.values())
        for wanted in self._still_wanted():
            if wanted.by_person or wanted.table.signal == Signal.LOGS:
                wanted.table.is_started |= wanted.by_person
                self._submit(wanted.table, self._read_once, wanted)
                left -= 1
        spans = self._tables.get(Signal.SPANS)
        if spans and left > 0:
            self._submit(spans, self._read_one_more, spans, tuple(spans.futures))

    def _read_once(self, wanted: _List) -> None:
        """Read a page by person, and by the traces known by then."""
        self._wait_for_start()
        wanted.traces = self._new_traces(wanted.table)
        self._read(wanted, 1)

    def _read_all(self) -> None:
        """Continue reading by person, and by all traces found along the way."""
        self._wait_for_start()
        for _hop in range(MAX_HOPS):
            lists: list[_List] = []
            for table in self._tables.values():
                if len(table.rows) < self._main.config.max_events:
                    rest, table.rest = table.rest, []
                    lists += rest
            lists += self._still_wanted()
            futures = [self._submit_list(one, MAX_PAGES) for one in lists]
            if not futures:
                return
            wait(futures, self._client.deadline.left())

    def _still_wanted(self) -> list[_List]:
        wanted = []
        for table in self._tables.values():
            by_person = self._can_ask_by_person and not table.is_started
            traces = self._new_traces(table)
            if not table.error and (by_person or traces):
                wanted.append(_List(table, by_person, traces))
        return wanted

    def _read_one_more(self, spans: _Table, before: Collection[Future[None]]) -> None:
        """Spend the last call on the usual times of slow requests, or else on traces."""
        wait(before, ACTIVITY_TIMEOUT_S)
        traces = self._new_traces(spans)
        if self._slow(spans):
            self._read_usual(spans)
        elif traces:
            self._read(_List(spans, by_person=False, traces=traces), 1)

    def _wait_for_start(self) -> None:
        for table in self._started:
            table.has_person.wait(ACTIVITY_TIMEOUT_S)

    def _new_traces(self, table: _Table) -> list[str]:
        """Return traces of the events and of the customer's own rows that were not searched."""
        with self._lock:
            traces = self._all_traces()[:MAX_TRACES]
        return [one for one in traces if one not in table.searched_traces]

    def _all_traces(self) -> list[str]:
        rows = [row for one in self._tables.values() for row in one.rows.values()]
        own = (row.trace_id for row in rows if row.names_customer and row.trace_id)
        return [*dict.fromkeys((*self._event_traces, *own))]

    @property
    def _can_ask_by_person(self) -> bool:
        return self._main.flavor == Flavor.SENTRY and self._question.customer.is_named

    def _submit_list(self, wanted: _List, pages: int) -> Future[None]:
        wanted.table.is_started |= wanted.by_person
        wanted.table.searched_traces.update(wanted.traces)
        return self._submit(wanted.table, self._read, wanted, pages)

    def _submit(self, table: _Table, task: Callable[..., None], *args: object) -> Future[None]:
        def run() -> None:
            try:
                task(*args)
            except errors.SentryError as error:
                table.error = table.error or error
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                table.error = errors.SentryBadResponse("The response could not be understood.")

        self._client.one_project = self._main.one_project
        future = self._pool.submit(run)
        table.futures.append(future)
        return future

    # Lists

    def _read(self, wanted: _List, pages: int) -> None:
        """Read a list from its start, or from where it left off. Raise a `SentryError`."""
        wanted.table.searched_traces.update(wanted.traces)
        try:
            if wanted.scope:
                self._read_pages(wanted, pages)
            else:
                self._read_scopes(
                    lambda scope: self._read_pages(replace(wanted, scope=scope, seen=set()), pages)
                )
        finally:
            if wanted.by_person:
                wanted.table.has_person.set()

    def _read_pages(self, wanted: _List, pages: int) -> None:
        table = wanted.table
        for _number in range(pages):
            search, page = self._page(wanted)
            wanted.cursor = page.next_cursor
            with self._lock:
                self._add(wanted, search, page.body)
            if wanted.by_person:
                table.has_person.set()
            if wanted.cursor is None:
                table.has_more |= not page.is_last_page()
                return
            if len(table.rows) >= self._main.config.max_events:
                break
        table.rest.append(wanted)

    def _page(self, wanted: _List) -> tuple[TableSearch, ApiResponse]:
        """Return a page, without requesting what the server refuses; that is remembered."""
        signal = wanted.table.signal
        kind = KINDS[signal]
        scope = wanted.scope or self._scope
        cursor = (("cursor", wanted.cursor),) if wanted.cursor else ()
        while True:
            quirks = self._main.quirks.get(signal) or Quirks(kind.datasets[0])
            search = TableSearch(kind, quirks, self._question)
            params = (*search.params, *cursor)
            query = search.query_for(wanted.traces, by_person=wanted.by_person)
            try:
                page = self._client.table_page(quirks.dataset, query, scope, search.columns, params)
            except (errors.SentryRejectedQuery, errors.SentryNotFound) as error:
                changed = _is_refusal(error) and without_what_was_refused(search, error)
                if not changed:
                    raise
                self._main.quirks[signal] = changed
            else:
                return search, page

    def _add(self, wanted: _List, search: TableSearch, body: object) -> None:
        """Add the rows that are the customer's; each of them is checked."""
        table, seen = wanted.table, wanted.seen
        table.is_sampled |= is_partial(body)
        table.lacks_fields |= not search.has_all_fields
        table.lacks_spellings |= not covers_any_case(self._question.customer.identifier)
        searched = (one.searched_traces for one in self._tables.values())
        traces = set(self._event_traces).union(*searched)
        for raw in check_table(body):
            row = search.row(mapping(raw))
            owned = row and self._owned(row, traces)
            if row is None or owned is None:
                table.unreadable += 1
                continue
            key = row.trace_id, row.id
            table.moved |= key in seen
            seen.add(key)
            if owned:
                table.rows.setdefault(key, owned)

    def _owned(self, row: Row, traces: Collection[str]) -> Row | Literal[False] | None:
        """Return the row if it is the customer's, False if not, and None if that is unclear."""
        if not self._question.window.contains(time_of(row)):
            return False
        customer = self._question.customer
        if customer.is_named and fields_naming(customer, row.identities):
            return replace(row, names_customer=True)
        is_in_trace = row.trace_id in traces
        if not row.identities:
            return row if is_in_trace else None
        return row if is_in_trace and self._names_no_one_else(row.identities) else False

    def _names_no_one_else(self, identities: Iterable[tuple[str, str]]) -> bool:
        """Return whether the customer's events have these identities, or a trace is looked up."""
        known = [
            value.casefold() in self._names[name]
            for name, value in identities
            if name in self._names
        ]
        is_trace = self._question.customer.kind == CustomerKind.TRACE
        return is_trace or (bool(known) and all(known))

    # The usual duration of slow requests

    def _slow(self, spans: _Table) -> list[Span]:
        with self._lock:
            rows = list(spans.rows.values())
        slow = [
            row
            for row in rows
            if isinstance(row, Span)
            and row.is_segment
            and row.transaction
            and (row.duration_ms or 0) >= SLOW_MS
            and row.usual_ms is None
        ]
        return sorted(slow, key=lambda span: -(span.duration_ms or 0))

    def _read_usual(self, spans: _Table) -> None:
        """Read the median durations of the slow transactions on the day before the window.

        They are no part of the rows, which are complete without them.
        """
        if self._can_ask_by_person:
            spans.has_person.wait(ACTIVITY_TIMEOUT_S)
        names = dict.fromkeys(span.transaction for span in self._slow(spans) if span.transaction)
        if not names:
            return
        clauses = [f"transaction:{quote(name)}" for name in [*names][:MAX_TRANSACTIONS]]
        start = self._scope.start
        scope = replace(self._scope, start=start - _DAY, end=start)
        try:
            page = self._client.table_page(
                KINDS[Signal.SPANS].datasets[0],
                f"is_transaction:true ({' OR '.join(clauses)})",
                scope,
                ("transaction", "project", _USUAL, _COUNT),
            )
        except errors.SentryError:
            return
        for raw in mappings(check_table(page.body)):
            usual, count = number(raw.get(_USUAL)), integer(raw.get(_COUNT)) or 0
            if usual is not None and count >= MIN_FOR_USUAL:
                project = text(raw.get("project")) or text(raw.get("project.name"))
                self._usual[project, text(raw.get("transaction"))] = usual

    # The end

    def collect(self, patience_s: float, *, elapsed_s: float = 0.0) -> RelatedData:
        """Return what arrives in time, and abort the rest.

        With errors, that is `patience_s`. Without, rows are also waited for a part of the time
        that the result took, and those found by person for a second.
        """
        if not self._is_answer and patience_s < self._fastest_call_s():
            self._slots.cancel()
        self._slots.stop_yielding()
        if self._is_answer:
            patience_s = max(patience_s, elapsed_s * PATIENCE_SHARE)
        started = monotonic()
        for table in self._tables.values() if self._is_answer and self._can_ask_by_person else ():
            table.has_person.wait(max(0.0, started + PATIENCE_S - monotonic()))
        hops = [self._all_hops] if self._all_hops else []
        futures = [*hops, *(one for table in self._tables.values() for one in table.futures)]
        wait(futures, max(0.0, started + patience_s - monotonic()))
        late = {table for table in self._tables.values() if self._is_late(table)}
        with self._lock:
            related = self._related(late)
        self.close()
        return related

    def _is_late(self, table: _Table) -> bool:
        """Return whether something is still being read, or was not started for lack of time."""
        is_stopped = self._is_answer and not (self._all_hops and self._all_hops.done())
        is_wanted = table.rest or any(one.table is table for one in self._still_wanted())
        return bool(is_stopped and is_wanted) or not all(one.done() for one in table.futures)

    def _related(self, late: Collection[_Table]) -> RelatedData:
        """Return what was found. Nothing is complete if a list that may show traces isn't."""
        unread: list[UnreadSignal] = []
        whole: list[Signal] = []
        absent = self._known_absences()
        requested = [table for table in self._tables.values() if table.futures]
        for table in requested:
            missing, error = self._missing(table, is_late=table in late), table.error
            if _is_refusal(error) and not table.rows:
                absent.append(missing[0])
                is_general = isinstance(
                    error, errors.SentryPermissionMissing | errors.SentryNotFound
                )
                if error and (is_general or is_about_dataset(error)):
                    self._main.absent_signals[table.signal] = missing[0].message
                continue
            unread += missing
            is_requested = table.is_started or not self._question.customer.is_named
            if is_requested and not table.is_resumed and not self._new_traces(table):
                whole.append(table.signal)
        rows = sorted(
            (row for table in self._tables.values() for row in table.rows.values()),
            key=lambda row: (time_of(row), row.id),
        )
        return RelatedData(
            asked=tuple(table.signal for table in requested),
            surely=() if unread else tuple(whole),
            unread=tuple(unread),
            absent=tuple(absent),
            calls=len(self._client.call_log),
            logs=tuple(row for row in rows if isinstance(row, LogEntry)),
            spans=tuple(self._with_usual(row) for row in rows if isinstance(row, Span)),
        )

    def _with_usual(self, span: Span) -> Span:
        usual = self._usual.get((span.project, span.transaction)) if span.is_segment else None
        return span if usual is None else replace(span, usual_ms=usual)

    def _missing(self, table: _Table, *, is_late: bool) -> list[UnreadSignal]:
        signal, error = table.signal, table.error
        label = KINDS[signal].label
        if error and not isinstance(error, errors.SentryCrowded):
            can_retry = not isinstance(error, errors.SentryOneProjectOnly)
            message = f"{label} could not be read: {error.message}"
            return [UnreadSignal(signal, message, can_retry)]
        missing = [*table.known_gaps]
        if is_late or error:
            message = f"{label} could not be read in time."
            missing.append(UnreadSignal(signal, message, is_late=True))
        has_more = table.has_more or bool(table.rest) or len(self._all_traces()) > MAX_TRACES
        has_more |= self._is_answer and not is_late and bool(self._new_traces(table))
        reasons = (
            (has_more, "Sentry has more than we read."),
            (table.is_sampled, "Sentry searched only a sample."),
            (table.lacks_fields, "this server can't search some of the customer's fields."),
            (table.lacks_spellings, "spellings with different capitals may be missing."),
            (table.moved, "the list changed while we read it."),
            (table.unreadable, f"{counted(table.unreadable, 'row')} could not be read."),
        )
        reason = next((reason for applies, reason in reasons if applies), None)
        if reason:
            message = f"{label} could be read only in part: {reason}"
            missing.append(UnreadSignal(signal, message, can_retry=table.moved))
        return missing

    def _known_absences(self) -> list[UnreadSignal]:
        known = [(one, reason) for one, reason in self._main.config.absent if one in KINDS]
        if self._main.flavor == Flavor.GLITCHTIP:
            known += [(one, f"{KINDS[one].label}: {NONE_IN_GLITCHTIP}") for one in self._tables]
        return [UnreadSignal(one, reason, can_retry=False) for one, reason in known]


_REFUSALS = (errors.SentryPermissionMissing, errors.SentryNotFound, errors.SentryRejectedQuery)
_NO_REFUSALS = (
    errors.SentryOneProjectOnly,
    errors.SentryOutsideRetention,
    errors.SentryRetired,
    errors.SentryUnknownRoute,
)


def _is_refusal(error: errors.SentryError | None) -> bool:
    """Return whether the server refuses this kind of data, rather than failing."""
    return isinstance(error, _REFUSALS) and not isinstance(error, _NO_REFUSALS)
