"""The result of a lookup: what Sentry returned, and how far it can be trusted."""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from apps.events.event import Event, Issue, LogEntry, Span, time_of
from apps.events.query import Question, Window

MAX_REPLAY_LENGTH = timedelta(hours=1)
DEPLOY_LOOKBACK = timedelta(days=1)


class Signal(StrEnum):
    """An optional kind of data that Sentry may have about the customer's window."""

    REPLAYS = "replays"
    FEEDBACK = "feedback"
    TRACES = "traces"
    DEPLOYS = "deploys"
    LOGS = "logs"
    SPANS = "spans"


_ACTIVITY = frozenset((Signal.LOGS, Signal.SPANS))


@dataclass(frozen=True, slots=True)
class Replay:
    """A session replay. Times are UTC; unknown counts are None.

    `identities` are the customer's identifiers in it; redaction removes them.
    """

    id: str
    started_at: datetime
    finished_at: datetime | None = None
    urls: tuple[str, ...] = ()
    event_ids: tuple[str, ...] = ()
    errors: int | None = None
    dead_clicks: int | None = None
    rage_clicks: int | None = None
    permalink: str | None = None
    identities: tuple[tuple[str, str], ...] = ()

    def overlaps(self, window: Window) -> bool:
        """Return whether it overlaps the window; without a known end it may run for an hour."""
        if self.started_at > window.end:
            return False
        return (self.finished_at or self.started_at + MAX_REPLAY_LENGTH) >= window.start


@dataclass(frozen=True, slots=True)
class Feedback:
    """A message from the application's feedback form. `id` is that of its issue.

    `identities` are the customer's identifiers in it; redaction removes them.
    """

    id: str
    sent_at: datetime
    message: str
    name: str | None = None
    email: str | None = None
    url: str | None = None
    project: str | None = None
    permalink: str | None = None
    identities: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Deploy:
    """A release that went live at `at` (UTC).

    `is_told` is false if no deploy was reported to Sentry: it first saw the release at `at`.
    """

    version: str
    at: datetime
    project: str | None = None
    environment: str | None = None
    is_told: bool = True


def deploys_around(
    deploys: Sequence[Deploy], window: Window, projects: Collection[str | None]
) -> tuple[Deploy, ...]:
    """Return the window's deploys and each project's last one of the day before, oldest first."""
    ordered = sorted(
        (deploy for deploy in deploys if deploy.project in projects),
        key=lambda deploy: (deploy.at, deploy.project or "", deploy.version),
    )
    earliest = window.start - DEPLOY_LOOKBACK
    latest_before = {one.project: one for one in ordered if earliest <= one.at < window.start}
    return tuple(
        deploy
        for deploy in ordered
        if window.contains(deploy.at) or latest_before.get(deploy.project) == deploy
    )


@dataclass(frozen=True, slots=True)
class UnreadSignal:
    """A signal that was not read completely, with a sentence for the agent.

    `can_retry` means another request can help, `is_late` that the request only took too long.
    """

    signal: Signal
    message: str
    can_retry: bool = True
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class RelatedData:
    """Data that Sentry has about the customer in addition to the events.

    `asked` are the requested signals. `surely` are those that were read completely: only for them
    does an empty list mean that nothing exists. `absent` are those that the server doesn't have
    for us, with the reason. `trace_errors` are events of the customer's traces that name no
    customer.
    """

    replays: tuple[Replay, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    trace_errors: tuple[Event, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    logs: tuple[LogEntry, ...] = ()
    spans: tuple[Span, ...] = ()
    asked: tuple[Signal, ...] = ()
    surely: tuple[Signal, ...] = ()
    unread: tuple[UnreadSignal, ...] = ()
    absent: tuple[UnreadSignal, ...] = ()
    calls: int = 0

    @property
    def activity(self) -> tuple[LogEntry | Span, ...]:
        return (*self.logs, *self.spans)

    @property
    def has_all_activity(self) -> bool:
        """Whether the logs and spans that the server has for us were read completely."""
        absent = {one.signal for one in self.absent}
        return _ACTIVITY & {*self.asked} - absent <= {*self.surely}

    def to_read_again(self, *, has_events: bool) -> tuple[Signal, ...]:
        """Return the signals to read once more.

        Without events, logs and spans are searched by each other's traces: neither is complete
        without the other.
        """
        wanted = {one.signal for one in self.unread if one.can_retry}
        if not has_events and wanted & _ACTIVITY:
            wanted |= _ACTIVITY & {*self.asked} - {one.signal for one in self.absent}
        return tuple(one for one in Signal if one in wanted)

    def within(self, window: Window, events: Sequence[Event]) -> "RelatedData":
        """Return the part in a narrower window and in the traces of that window's events."""
        projects = {event.project for event in events}
        return replace(
            _related_part(self, events, lambda at, _project: window.contains(at)),
            replays=tuple(replay for replay in self.replays if replay.overlaps(window)),
            deploys=deploys_around(self.deploys, window, projects),
        )

    def merged_with(self, later: "RelatedData") -> "RelatedData":
        """Add the signals that were read in a later request."""
        retried = set(later.asked)
        still_unread = tuple(one for one in self.unread if one.signal not in retried)
        return RelatedData(
            replays=later.replays or self.replays,
            feedback=later.feedback or self.feedback,
            trace_errors=later.trace_errors or self.trace_errors,
            deploys=later.deploys or self.deploys,
            logs=later.logs or self.logs,
            spans=later.spans or self.spans,
            asked=tuple(dict.fromkeys((*self.asked, *later.asked))),
            surely=tuple(dict.fromkeys((*self.surely, *later.surely))),
            unread=(*still_unread, *later.unread),
            absent=tuple(dict.fromkeys((*self.absent, *later.absent))),
            calls=self.calls + later.calls,
        )


def _related_part(
    related: RelatedData,
    events: Sequence[Event],
    belongs: Callable[[datetime, str | None], bool],
) -> RelatedData:
    """Return what belongs by its time and project; the whole replays and deploys.

    Logs, spans, and errors that don't name the customer must share a trace with what is left.
    """
    traces = {event.trace_id for event in events}
    rows = [row for row in related.activity if belongs(time_of(row), row.project)]
    own = {*traces, *(row.trace_id for row in rows if row.names_customer)} - {None}
    kept = [row for row in rows if row.names_customer or row.trace_id in own]
    return replace(
        related,
        feedback=tuple(one for one in related.feedback if belongs(one.sent_at, one.project)),
        trace_errors=tuple(
            error
            for error in related.trace_errors
            if belongs(error.timestamp, error.project) and error.trace_id in traces
        ),
        logs=tuple(row for row in kept if isinstance(row, LogEntry)),
        spans=tuple(row for row in kept if isinstance(row, Span)),
    )


@dataclass(frozen=True, slots=True)
class OtherOccurrences:
    """The errors nearest to an empty window, and the customer's newest error.

    The search covered `since` to `until` (UTC). A None field means that no such error exists in
    that time, unless `problem` says why the search failed; errors found despite a problem are
    reliable. `last` is also None if the nearest ones were found in a part of Sentry's retention.
    """

    since: datetime
    until: datetime
    before: Event | None = None
    after: Event | None = None
    last: Event | None = None
    problem: str | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        found = (self.before, self.after, self.last)
        return tuple({event.id: event for event in found if event}.values())

    @property
    def is_never(self) -> bool:
        """Whether the customer has no errors at all in the searched time."""
        return not self.events and self.problem is None

    @property
    def covers_retention(self) -> bool:
        """Whether the search went back as far as Sentry stores events."""
        return self.last is not None or not self.events

    def map_events(self, change: Callable[[Event], Event]) -> "OtherOccurrences":
        """Return a copy with `change` applied once to each distinct event."""
        by_id = {event.id: change(event) for event in self.events}
        before, after, last = (
            event and by_id[event.id] for event in (self.before, self.after, self.last)
        )
        return replace(self, before=before, after=after, last=last)


# Known errors. Written by people here, never copied from an event: a match names its rules, not
# the text they matched.


class FixState(StrEnum):
    """The state of a known error's fix."""

    OPEN = "open"
    PLANNED = "planned"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Link:
    """A link to further reading; `address` is http or https."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A known error. `reply` is text for the customer."""

    slug: str
    title: str
    explanation: str
    reply: str = ""
    workaround: str = ""
    state: FixState = FixState.OPEN
    planned_for: date | None = None
    fixed_in: str = ""
    owner: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """A known error that matches an issue. `why` lists the matching rules, most certain first.

    For one that matches logs or requests, `issue_id` is the ID of their observation's first row.
    """

    known: CatalogEntry
    issue_id: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownErrors:
    """The catalog's matches for a result, best first for each issue.

    `unchecked` counts entries skipped for lack of time; while there are any, an issue without a
    match may still be a known error.
    """

    matches: tuple[KnownMatch, ...] = ()
    unchecked: int = 0

    def for_issue(self, issue_id: str) -> tuple[KnownMatch, ...]:
        """Return the matches of one issue, best first."""
        return tuple(match for match in self.matches if match.issue_id == issue_id)


class NoticeCode(StrEnum):
    """Why a result is incomplete or could be misread."""

    STALE = "stale"
    PARTIAL_BODIES = "partial_bodies"
    CAPPED = "capped"
    WINDOW_OPEN = "window_open"
    RETENTION = "retention"
    PROJECT_SKIPPED = "project_skipped"
    ENVIRONMENT_UNKNOWN = "environment_unknown"
    SIGNAL_MISSING = "signal_missing"
    OUTSIDE_WINDOW = "outside_window"
    INCOMPLETE_LIST = "incomplete_list"
    FLAVOR_LIMITS = "flavor_limits"
    OTHER_PROJECTS = "other_projects"
    UNCLEAR_CUSTOMER = "unclear_customer"
    OTHER_SPELLING = "other_spelling"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the agent about the result."""

    code: NoticeCode
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request to Sentry. `status` is None if there was no response."""

    path: str
    status: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class SearchScope:
    """Where the lookup searched. `projects` are slugs, `server` is the product's name."""

    organization: str
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    server: str = "Sentry"


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one lookup. `events` are newest first.

    `complete` is true only if every page of every project was read, nothing was capped, and the
    window is over and within Sentry's retention. `events_total` is None if more events exist than
    were listed and Sentry did not count them. `notices` and `call_log` cover the events only, not
    `beside`. `nearby` is None if there was no such search: there are events, or it is not certain
    that there are none. `known` is filled in on reading and never stored.
    """

    question: Question
    searched: SearchScope
    events: tuple[Event, ...]
    issues: tuple[Issue, ...]
    complete: bool
    fetched_at: datetime
    events_total: int | None
    notices: tuple[Notice, ...] = ()
    call_log: tuple[Call, ...] = ()
    duration_ms: int = 0
    redaction: dict[str, int] = field(default_factory=dict)
    redaction_version: int = 0
    beside: RelatedData = field(default_factory=RelatedData)
    nearby: OtherOccurrences | None = None
    known: KnownErrors = field(default_factory=KnownErrors)

    @property
    def bodies_read(self) -> int:
        """The number of listed events that were read in full."""
        return sum(event.body is not None for event in self.events)

    @property
    def calls(self) -> int:
        return len(self.call_log)

    @property
    def matched_on(self) -> tuple[str, ...]:
        """The distinct fields the customer was found in, in order of appearance."""
        return tuple(dict.fromkeys(name for event in self.events for name in event.matched_on))

    @property
    def spellings(self) -> tuple[str, ...]:
        """The customer's identifier as found with other capitals, for a result not redacted."""
        nearby = self.nearby.events if self.nearby else ()
        found = (event.spelling for event in (*self.events, *nearby))
        return tuple(dict.fromkeys(spelling for spelling in found if spelling))

    @property
    def is_unknown_customer(self) -> bool:
        """Whether nothing is the customer's: no error at any time, and nothing else in the window.

        What could not be read may be theirs.
        """
        related = self.beside
        is_never = self.nearby is not None and self.nearby.is_never
        is_seen = related.activity or related.replays or related.feedback
        return is_never and not is_seen and not related.unread

    @property
    def all_notices(self) -> tuple[Notice, ...]:
        """The notices about the events, then those about unread signals."""
        missing = (Notice(NoticeCode.SIGNAL_MISSING, one.message) for one in self.beside.unread)
        return (*self.event_notices(), *missing)

    def event_notices(self, typed: str = "") -> tuple[Notice, ...]:
        """Return the notices about the events, with spellings restored from what was typed."""
        if not self.spellings:
            return self.notices
        spellings = ", ".join(f"“{restore_case(one, typed)}”" for one in self.spellings[:3])
        message = (
            f"Sentry spells this customer with different capitals: {spellings}. If capitals matter "
            "in your IDs, check that it’s the same customer."
        )
        return (*self.notices, Notice(NoticeCode.OTHER_SPELLING, message))

    @property
    def is_only_pending(self) -> bool:
        """Whether only events that may still come in are missing."""
        return {notice.code for notice in self.notices} == {NoticeCode.WINDOW_OPEN}

    def has_notice(self, code: NoticeCode) -> bool:
        """Return whether there is a notice of this kind about the events."""
        return any(notice.code == code for notice in self.notices)


# The spelling of an identifier: its capitals can be shown where the identifier can't.


def case_pattern(value: str) -> str:
    """Return the value with its letters and digits hidden: Ann-7@x becomes Xxx-0@x."""
    return "".join(
        "X" if char.isupper() else "0" if char.isdigit() else "x" if char.isalnum() else char
        for char in value
    )


def restore_case(pattern: str, typed: str) -> str:
    """Return what was typed with the capitals of the pattern, or the pattern if it can't be."""
    restored = "".join(
        char.upper() if case == "X" else char.lower()
        for char, case in zip(typed, pattern, strict=False)
    )
    fits = len(restored) == len(typed) == len(pattern) and case_pattern(restored) == pattern
    return restored if fits else pattern


# Progress of a running lookup. It is shown before redaction, so it contains no text of an event.

MAX_PREVIEWS = 50

_LIST_SHARE = 0.3  # listing the events counts as this part of the work
_INITIAL_PAGES = 0.2  # head start on the first page, so that the bar never starts at zero


@dataclass(frozen=True, slots=True)
class EventPreview:
    """A listed event. `timestamp` is UTC; `sentence` is in our own words."""

    id: str
    timestamp: datetime
    level: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a lookup. `known` and `problems` are None until all events are listed.

    `done` counts finished steps out of `known`, `pages` the listed pages, `read` the problems that
    are completely read. `newest` are up to `MAX_PREVIEWS` events, newest first.
    """

    done: int = 0
    known: int | None = None
    pages: int = 0
    read: int = 0
    problems: int | None = None
    events_found: int = 0
    newest: tuple[EventPreview, ...] = ()

    @property
    def share(self) -> float:
        """The finished part, from 0 to 1. It never decreases and is below 1 while listing."""
        if self.known is None:
            return _LIST_SHARE * (1 - math.pow(0.5, self.pages + _INITIAL_PAGES))
        if self.known <= 1:
            return 1.0
        return _LIST_SHARE + (1 - _LIST_SHARE) * ((self.done - 1) / (self.known - 1))


_ALIAS = re.compile(r"<([a-z][a-z-]*?)(?:-\d+)?>")


def narrow_to_window(answer: Answer, question: Question) -> Answer:
    """Return the part of a complete result in the question's window, which lies inside its own.

    `fetched_at` stays, as Sentry was not queried again; the redaction counts are recomputed. An
    empty part names the errors next to it.
    """
    window, wider = question.window, answer.question.window
    events = tuple(event for event in answer.events if window.contains(event.timestamp))
    nearby = None if events else answer.nearby
    if answer.events and not events:
        # Without `last`: it may be a later one.
        before = next((event for event in answer.events if event.timestamp < window.start), None)
        after = next((one for one in answer.events[::-1] if one.timestamp > window.end), None)
        nearby = OtherOccurrences(wider.start, wider.end, before, after)
        nearby = nearby.map_events(lambda event: replace(event, body=None))  # as a search does
    part = _part_with(answer, events, answer.beside.within(window, events), nearby)
    return replace(part, question=replace(answer.question, window=window), events_total=len(events))


def _part_with(
    answer: Answer,
    events: tuple[Event, ...],
    beside: RelatedData,
    nearby: OtherOccurrences | None = None,
) -> Answer:
    """Return a part of a result, with the counts of the aliases that are left in it."""
    issue_ids = {event.issue_id for event in events}
    issues = tuple(issue for issue in answer.issues if issue.id in issue_ids)
    text = repr((events, issues, beside, nearby.events if nearby else ()))
    counts = Counter(kind for kind in _ALIAS.findall(text) if kind in answer.redaction)
    return replace(
        answer,
        events=events,
        issues=issues,
        call_log=(),
        beside=beside,
        nearby=nearby,
        redaction=dict(sorted(counts.items())),
    )


_LEFT_OUT = Notice(
    NoticeCode.OTHER_PROJECTS,
    "This lookup searched projects you don't have access to. Anything found there is left out.",
)
# The messages of these contain no project names and no counts.
_NEUTRAL_NOTICES = frozenset((NoticeCode.STALE, NoticeCode.WINDOW_OPEN, NoticeCode.RETENTION))
_NEUTRAL_MESSAGES = {NoticeCode.CAPPED: "There are more events than were listed."}


def restrict_to_projects(answer: Answer, projects: Collection[str] | None) -> Answer:
    """Return the result for a reader with access to these projects (slugs); None means all.

    If other projects were searched, the part is always incomplete, so that it does not reveal
    whether anything was left out. It then also omits everything without a project, other
    occurrences, the call log, and the signals that were read completely.
    """
    if projects is None or _is_within(answer, projects):
        return answer
    events = tuple(event for event in answer.events if event.project in projects)
    issues = tuple(one for one in answer.issues if one.project in (None, *projects))
    is_whole_list = answer.events_total == len(answer.events)
    asked, searched = (
        tuple(slug for slug in one.projects if slug in projects)
        for one in (answer.question, answer.searched)
    )
    beside = _restrict_related(answer.beside, events, projects)
    return replace(
        _part_with(replace(answer, issues=issues), events, beside),
        question=replace(answer.question, projects=asked),
        searched=replace(answer.searched, projects=searched),
        complete=False,
        events_total=len(events) if is_whole_list else None,
        notices=(_LEFT_OUT, *dict.fromkeys(_neutral_notices(answer))),
    )


def _is_within(answer: Answer, projects: Collection[str]) -> bool:
    """Return whether the search and everything found are limited to these projects.

    Something without a project belongs to those that were searched, if they are known.
    """
    beside = answer.beside
    nearby = answer.nearby.events if answer.nearby else ()
    found = (
        *(event.project for event in (*answer.events, *beside.trace_errors, *nearby)),
        *(issue.project for issue in answer.issues),
        *(one.project for one in beside.feedback),
        *(deploy.project for deploy in beside.deploys),
        *(row.project for row in beside.activity),
    )
    searched = answer.searched.projects
    return all(
        project in projects or (project is None and bool(searched))
        for project in (*searched, *found)
    )


def _neutral_notices(answer: Answer) -> Iterator[Notice]:
    for notice in answer.notices:
        if notice.code in _NEUTRAL_NOTICES:
            yield notice
        elif notice.code != NoticeCode.OUTSIDE_WINDOW:  # it is about one event, maybe a hidden one
            message = "Part of this result could not be read."
            yield Notice(notice.code, _NEUTRAL_MESSAGES.get(notice.code, message))


def _restrict_related(
    beside: RelatedData, events: tuple[Event, ...], projects: Collection[str]
) -> RelatedData:
    """Return the data of these projects; replays name no project, so all are dropped."""
    return replace(
        _related_part(beside, events, lambda _at, project: project in projects),
        replays=(),
        deploys=tuple(deploy for deploy in beside.deploys if deploy.project in projects),
        surely=(),
        unread=tuple(
            replace(one, message=f"Not all {one.signal} could be read.") for one in beside.unread
        ),
        calls=0,
    )
