"""What Sentry answered, and how far the answer can be trusted."""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from apps.events.event import Event, Issue
from apps.events.query import Question, Window

# What Sentry holds beside the customer's errors: replays, feedback, errors of the same traces,
# and the releases that went live.

LONGEST_REPLAY = timedelta(hours=1)
LONGEST_BEFORE = timedelta(days=1)


class Signal(StrEnum):
    """A further thing that Sentry may know about the customer's minutes. Each is optional."""

    REPLAYS = "replays"
    FEEDBACK = "feedback"
    TRACES = "traces"
    DEPLOYS = "deploys"


@dataclass(frozen=True, slots=True)
class Replay:
    """A recording of the customer's screen. Times are UTC; counts are None where not known.

    `identities` are what it names the customer by, until it is redacted.
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

    def runs_in(self, window: Window) -> bool:
        """Whether it overlaps the window; one whose end is not known may run for an hour."""
        if self.started_at > window.end:
            return False
        return (self.finished_at or self.started_at + LONGEST_REPLAY) >= window.start


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the customer wrote into the application's own feedback form. `id` is its issue's.

    `identities` are what it names the customer by, until it is redacted.
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
    """A release that went live at `at` (UTC); the environment where Sentry was told of it.

    Where `is_told` is false nobody told Sentry that it went live: it first knew of it then.
    """

    version: str
    at: datetime
    project: str | None = None
    environment: str | None = None
    is_told: bool = True


def deploys_around(
    deploys: Sequence[Deploy], window: Window, projects: Collection[str | None]
) -> tuple[Deploy, ...]:
    """Those of the window, and of each project the last one in the day before it, oldest first."""
    ordered = sorted(
        (deploy for deploy in deploys if deploy.project in projects),
        key=lambda deploy: (deploy.at, deploy.project or "", deploy.version),
    )
    earliest = window.start - LONGEST_BEFORE
    before = {one.project: one for one in ordered if earliest <= one.at < window.start}
    return tuple(
        deploy
        for deploy in ordered
        if window.contains(deploy.at) or before.get(deploy.project) == deploy
    )


@dataclass(frozen=True, slots=True)
class Unread:
    """A signal that could not be read, or not whole, in a plain sentence.

    `can_retry` is whether asking again can help, `is_late` that it only took too long.
    """

    signal: Signal
    message: str
    can_retry: bool = True
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """What was found beside the events.

    `surely` names the signals of which all there is was read: of those alone an empty list means
    that there is nothing. `trace_errors` happened in a trace of the customer and name nobody.
    """

    replays: tuple[Replay, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    trace_errors: tuple[Event, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    asked: tuple[Signal, ...] = ()
    surely: tuple[Signal, ...] = ()
    unread: tuple[Unread, ...] = ()
    calls: int = 0

    def in_window(self, window: Window, events: Sequence[Event]) -> "Beside":
        """What of it belongs to a narrower window, and to the traces of the events in it."""
        traces = {event.trace_id for event in events}
        projects = {event.project for event in events}
        return replace(
            self,
            replays=tuple(replay for replay in self.replays if replay.runs_in(window)),
            feedback=tuple(one for one in self.feedback if window.contains(one.sent_at)),
            trace_errors=tuple(
                error
                for error in self.trace_errors
                if window.contains(error.timestamp) and error.trace_id in traces
            ),
            deploys=deploys_around(self.deploys, window, projects),
        )

    def with_later(self, later: "Beside") -> "Beside":
        """Together with what was read later of signals that were not read before."""
        again = set(later.asked)
        still = tuple(one for one in self.unread if one.signal not in again)
        return Beside(
            replays=later.replays or self.replays,
            feedback=later.feedback or self.feedback,
            trace_errors=later.trace_errors or self.trace_errors,
            deploys=later.deploys or self.deploys,
            asked=tuple(dict.fromkeys((*self.asked, *later.asked))),
            surely=tuple(dict.fromkeys((*self.surely, *later.surely))),
            unread=(*still, *later.unread),
            calls=self.calls + later.calls,
        )


# The customer's errors nearest to a window in which there are none.


@dataclass(frozen=True, slots=True)
class Nearby:
    """The nearest error before and after the window, and the newest of all.

    It was looked from `since` to `until` (UTC). None means that there surely is no such error in
    that time, unless a `problem` says in a plain sentence why it could not be found out; what was
    found is sure all the same. `last` is None too where only a part of the time was looked
    through, which then found the nearest ones.
    """

    since: datetime
    until: datetime
    before: Event | None = None
    after: Event | None = None
    last: Event | None = None
    problem: str | None = None

    @property
    def events(self) -> tuple[Event, ...]:
        """What was found, each once."""
        found = (self.before, self.after, self.last)
        return tuple({event.id: event for event in found if event}.values())

    @property
    def is_never(self) -> bool:
        """Whether the customer surely has no error at all in that time."""
        return not self.events and self.problem is None

    @property
    def is_of_all_time(self) -> bool:
        """Whether it was looked back to where Sentry's memory ends."""
        return self.last is not None or not self.events

    def with_each(self, change: Callable[[Event], Event]) -> "Nearby":
        """The same with each event changed, the change made once for each of them."""
        by_id = {event.id: change(event) for event in self.events}
        before, after, last = (
            event and by_id[event.id] for event in (self.before, self.after, self.last)
        )
        return replace(self, before=before, after=after, last=last)


# What is known already about a problem, and why it is taken for that one. Written by people here.
#
# None of it comes from an event: a match says which rule fitted, never the text that it fitted.


class FixState(StrEnum):
    """How far the fix is."""

    OPEN = "open"
    PLANNED = "planned"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read more; `address` is http or https."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of the catalogue. `reply` is what to tell the customer, `planned_for` a day."""

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
    """That this issue is known. `why` are the rules that fitted, in words, the surest first."""

    known: Known
    issue_id: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownErrors:
    """What the catalogue says of an answer: for each issue the best match first.

    `unchecked` counts the entries that there was no time for; then nothing surely is unknown.
    """

    matches: tuple[KnownMatch, ...] = ()
    unchecked: int = 0

    def of(self, issue_id: str) -> tuple[KnownMatch, ...]:
        """The matches of one issue, the best first."""
        return tuple(match for match in self.matches if match.issue_id == issue_id)


class NoticeCode(StrEnum):
    """Why an answer is less than complete, or not what one might take it for."""

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


@dataclass(frozen=True, slots=True)
class Notice:
    """A plain sentence for the agent about the answer."""

    code: NoticeCode
    message: str


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to Sentry, for the admin. `status` is None when no answer came."""

    path: str
    status: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Searched:
    """Where was looked. `projects` are slugs, every one that was asked."""

    organization: str
    projects: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything Sentry said to one question. `events` are newest first.

    `complete` is true only when each page of each project was read, nothing was capped, and the
    window is over and inside what Sentry keeps. `events_total` is `None` when more events exist
    than were listed and Sentry could not count them. `notices` and `call_log` are about the events
    alone; what was found beside them speaks for itself. `nearby` is None where it was not asked:
    there are events, or it is not sure that there are none. `known` is what the catalogue says of
    it when it is read, and is kept nowhere.
    """

    question: Question
    searched: Searched
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
    beside: Beside = field(default_factory=Beside)
    nearby: Nearby | None = None
    known: KnownErrors = field(default_factory=KnownErrors)

    @property
    def bodies_read(self) -> int:
        """How many of the listed events were read in full."""
        return sum(1 for event in self.events if event.body is not None)

    @property
    def calls(self) -> int:
        """How many requests were sent for it, tries included."""
        return len(self.call_log)

    @property
    def matched_on(self) -> tuple[str, ...]:
        """The fields the customer was found in, each once, in order of first sight."""
        return tuple(dict.fromkeys(name for event in self.events for name in event.matched_on))

    @property
    def all_notices(self) -> tuple[Notice, ...]:
        """What to know about the events, then which of the things beside them were not read."""
        missing = (Notice(NoticeCode.SIGNAL_MISSING, one.message) for one in self.beside.unread)
        return (*self.notices, *missing)

    @property
    def only_waits(self) -> bool:
        """Whether nothing is missing but what may still come in."""
        return {notice.code for notice in self.notices} == {NoticeCode.WINDOW_OPEN}

    def has_notice(self, code: NoticeCode) -> bool:
        """Whether a notice of this kind is part of the answer."""
        return any(notice.code == code for notice in self.notices)


# How far an answer under way is: steps, counts, and the events seen so far in plain words.
#
# Nothing of an event's own text is in it, so that it may be shown before anything was redacted.

MOST_SIGHTINGS = 50

# How much of the work the list of events is taken for, and how far into it the beginning is.
_SHARE_OF_LIST = 0.3
_BEGUN = 0.2


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event that was listed: when (UTC), how bad, and what failed in words of our own."""

    id: str
    timestamp: datetime
    level: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an answer is. `known` and `problems` are None until the list has ended.

    `done` counts finished steps of `known`; `pages` those of the list so far; `read` are the
    problems of which nothing is left to read. `newest` holds at most 50 events, newest first.
    """

    done: int = 0
    known: int | None = None
    pages: int = 0
    read: int = 0
    problems: int | None = None
    events_found: int = 0
    newest: tuple[Sighting, ...] = ()

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1. It never goes back, nor is it 1 before the list ended."""
        if self.known is None:
            return _SHARE_OF_LIST * (1 - math.pow(0.5, self.pages + _BEGUN))
        if self.known <= 1:
            return 1.0
        return _SHARE_OF_LIST + (1 - _SHARE_OF_LIST) * ((self.done - 1) / (self.known - 1))


# The part of a complete answer that lies in a narrower window.

_ALIAS = re.compile(r"<([a-z][a-z-]*?)(?:-\d+)?>")


def narrowed(answer: Answer, question: Question) -> Answer:
    """The answer to the same question in a window inside the answer's own.

    Only for complete answers: all events of the narrower window are among theirs. Nothing new is
    known, so the time of asking stays; what was hidden is counted anew.
    """
    events = tuple(event for event in answer.events if question.window.contains(event.timestamp))
    issue_ids = {event.issue_id for event in events}
    part = replace(
        answer,
        question=replace(answer.question, window=question.window),
        events=events,
        issues=tuple(issue for issue in answer.issues if issue.id in issue_ids),
        events_total=len(events),
        call_log=(),
        beside=answer.beside.in_window(question.window, events),
        nearby=None if events else _nearby(answer, question.window),
    )
    return replace(part, redaction=hidden_in(part, set(answer.redaction)))


def _nearby(answer: Answer, window: Window) -> Nearby | None:
    """The nearest errors among those of the wider window; what lies beyond is known if it had none.

    The newest of all times may be a later one, and is not told.
    """
    if not answer.events:
        return answer.nearby
    before = next((event for event in answer.events if event.timestamp < window.start), None)
    after = next((event for event in answer.events[::-1] if event.timestamp > window.end), None)
    wider = answer.question.window
    found = Nearby(since=wider.start, until=wider.end, before=before, after=after)
    return found.with_each(_without_body)


def _without_body(event: Event) -> Event:
    """As it would have come, had it been looked for."""
    return replace(event, body=None)


def hidden_in(answer: Answer, kinds: set[str]) -> dict[str, int]:
    """How often each kind of alias stands in the answer."""
    nearby = answer.nearby.events if answer.nearby else ()
    text = repr((answer.events, answer.issues, answer.beside, nearby))
    counts = Counter(kind for kind in _ALIAS.findall(text) if kind in kinds)
    return dict(sorted(counts.items()))


# The part of an answer that lies in its reader's projects, and that says it is a part.

_LEFT_OUT = (
    "This lookup searched projects you don't have access to. Anything found there is left out."
)
# Of these the sentence names no place and counts nothing.
_SAID_AS_IT_IS = frozenset((NoticeCode.STALE, NoticeCode.WINDOW_OPEN, NoticeCode.RETENTION))
_SAID_INSTEAD = {NoticeCode.CAPPED: "There are more events than were listed."}
_SAID_OF_OTHERS = "Part of this result could not be read."


def allowed_part(answer: Answer, projects: Collection[str] | None) -> Answer:
    """The answer as somebody may read it who sees these projects (slugs); None stands for all.

    Where more was searched the part is never complete, whether or not something was left out: from
    what is said nobody can tell which. What names no project is left out then too. Nothing is said
    of errors at other times, of calls, or of what there surely is not.
    """
    if projects is None or _lies_within(answer, projects):
        return answer
    events = tuple(event for event in answer.events if event.project in projects)
    issue_ids = {event.issue_id for event in events}
    is_whole_list = answer.events_total == len(answer.events)
    part = replace(
        answer,
        question=replace(answer.question, projects=_in(answer.question.projects, projects)),
        searched=replace(answer.searched, projects=_in(answer.searched.projects, projects)),
        events=events,
        issues=tuple(
            issue
            for issue in answer.issues
            if issue.id in issue_ids and (issue.project is None or issue.project in projects)
        ),
        complete=False,
        events_total=len(events) if is_whole_list else None,
        notices=(Notice(NoticeCode.OTHER_PROJECTS, _LEFT_OUT), *_notices(answer)),
        call_log=(),
        beside=_beside(answer.beside, events, projects),
        nearby=None,
    )
    return replace(part, redaction=hidden_in(part, set(answer.redaction)))


def _lies_within(answer: Answer, projects: Collection[str]) -> bool:
    """Whether only these projects were searched, and all that was found lies in them."""
    beside = answer.beside
    nearby = answer.nearby.events if answer.nearby else ()
    named = (
        *(event.project for event in (*answer.events, *beside.trace_errors, *nearby)),
        *(issue.project for issue in answer.issues),
        *(one.project for one in beside.feedback),
        *(deploy.project for deploy in beside.deploys),
    )
    return all(
        project is None or project in projects for project in (*answer.searched.projects, *named)
    )


def _in(slugs: tuple[str, ...], projects: Collection[str]) -> tuple[str, ...]:
    return tuple(slug for slug in slugs if slug in projects)


def _notices(answer: Answer) -> tuple[Notice, ...]:
    """What is to be known about the answer, without the names and counts of other projects."""
    told = (
        notice
        if notice.code in _SAID_AS_IT_IS
        else Notice(notice.code, _SAID_INSTEAD.get(notice.code, _SAID_OF_OTHERS))
        for notice in answer.notices
        if notice.code != NoticeCode.OUTSIDE_WINDOW  # it tells of one event, which may be hidden
    )
    return tuple(dict.fromkeys(told))


def _beside(beside: Beside, events: tuple[Event, ...], projects: Collection[str]) -> Beside:
    """A recording can run through several projects and names none, so none is kept."""
    traces = {event.trace_id for event in events}
    return replace(
        beside,
        replays=(),
        feedback=tuple(one for one in beside.feedback if one.project in projects),
        trace_errors=tuple(
            error
            for error in beside.trace_errors
            if error.project in projects and error.trace_id in traces
        ),
        deploys=tuple(deploy for deploy in beside.deploys if deploy.project in projects),
        surely=(),
        unread=tuple(
            replace(one, message=f"Not all {one.signal} could be read.") for one in beside.unread
        ),
        calls=0,
    )
