"""One problem as the result page shows it: known errors, impact, and events with their steps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, partial
from itertools import groupby, islice
from types import MappingProxyType
from zoneinfo import ZoneInfo

from apps.events import releases, summary
from apps.events.answer import Answer, KnownMatch
from apps.events.breadcrumb_text import Actor, breadcrumb_phrase
from apps.events.event import Breadcrumb, Event, ExceptionInfo, Frame, Request, breadcrumb_message
from apps.events.grouping import Group, Joined, Problem, nearest_first
from apps.events.identifier import field_name
from apps.events.observations import troubles_of
from apps.events.query import counted, listed, lower_first
from apps.events.rules.rule import Place
from apps.known_errors.catalogue import with_reply
from apps.web.presenters import formatting as fmt
from apps.web.presenters.formatting import Clock

# Known errors. The support team writes them; they contain no text from events.

# By issue ID and slug, whether the known error helped.
GivenFeedback = Mapping[tuple[str, str], bool]

Row = tuple[str, str]


class KnownView:
    """A known error that a problem matches. `same_as` is the anchor of the same one further up.

    `links` are labels and addresses. `is_left_out` means that a reply or workaround may be wrong
    for this customer.
    """

    def __init__(
        self,
        answer: Answer,
        match: KnownMatch,
        release: str | None,
        *,
        zone: ZoneInfo,
        today: date,
        feedback: GivenFeedback | None,
        anchor: str,
        same_as: str = "",
    ) -> None:
        known, safe = match.known, with_reply(match, answer, zone=zone, today=today)
        links = ((link.label or link.address, fmt.safe_link(link.address)) for link in known.links)
        self.match = match
        self.anchor = anchor
        self.same_as = same_as
        self.fix = fmt.typeset(releases.describe_fix(known, release, today))
        self.workaround = safe.workaround
        self.links = [(label, address) for label, address in links if address]
        self.why = listed(match.why)
        self.reply = safe.reply
        self.helped = (feedback or {}).get((match.issue_id, known.slug))
        is_unsafe = self.workaround != known.workaround
        self.is_left_out = is_unsafe or bool(known.reply and not self.reply)


def known_views(
    answer: Answer,
    problems: Iterable[Problem],
    *,
    zone: ZoneInfo,
    today: date,
    feedback: GivenFeedback | None = None,
    hidden: Collection[int] = (),
) -> dict[str, tuple[KnownView, ...]]:
    """Return the known errors of problems by issue. `hidden` problems are not on the page."""
    view = partial(KnownView, answer, zone=zone, today=today, feedback=feedback)
    first_anchors: dict[str, str] = {}
    views: dict[str, tuple[KnownView, ...]] = {}
    for problem in problems:
        for place, match in enumerate(problem.known_in(answer.known), 1):
            anchor, slug = f"known-{problem.number}-{place}", match.known.slug
            release = releases.customer_release(problem.group_of(match.issue_id))
            known = view(match, release, anchor=anchor, same_as=first_anchors.get(slug, ""))
            if problem.number not in hidden:
                first_anchors.setdefault(slug, anchor)
            views[problem.issue_id] = (*views.get(problem.issue_id, ()), known)
    return views


def known_troubles(
    answer: Answer, *, zone: ZoneInfo, today: date, feedback: GivenFeedback | None = None
) -> tuple[tuple[str, KnownView], ...]:
    """Return the known errors of what failed without an error, each once, with its sentence."""
    view = partial(KnownView, answer, zone=zone, today=today, feedback=feedback)
    views: dict[str, tuple[str, KnownView]] = {}
    for trouble in troubles_of(answer):
        row = trouble.rows[0]
        for match in answer.known.for_issue(row.id):
            if match.known.slug not in views:
                anchor = f"known-without-error-{len(views) + 1}"
                known = view(match, row.release, anchor=anchor)
                views[match.known.slug] = (trouble.sentence, known)
    return tuple(views.values())


# A chain of exceptions: our own code open, libraries folded.


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an event is shown."""

    own_frames: int
    library_frames: int
    steps: int
    text: int
    raw_steps: bool = False


BRIEF = Limits(own_frames=8, library_frames=20, steps=20, text=600)
FULL = Limits(own_frames=500, library_frames=500, steps=500, text=20_000, raw_steps=True)


class FrameView:
    """A frame; `times` counts repeats. `lines` are numbers, code, and whether it failed there."""

    def __init__(self, frame: Frame, limits: Limits, times: int = 1) -> None:
        variables = islice(frame.variables.items(), 40)
        self.place = _place(frame) or "an unknown location"
        self.function = fmt.clipped(frame.function or "", 200)
        self.lines = [
            (number, fmt.clipped(text, 300), number == frame.line) for number, text in frame.code
        ]
        self.variables = _rows(_plain(variables), min(limits.text, 400))
        self.times = times


class ExceptionView:
    """An exception with its frames sorted by relevance; `left_out` counts those not shown.

    `origin` is where it comes from and who caught it.
    """

    def __init__(self, exception: ExceptionInfo, limits: Limits, *, is_cause: bool) -> None:
        crash = exception.crash_frame
        rest = list(exception.frames)
        if crash is not None:
            rest.remove(crash)
        own = [frame for frame in rest if frame.in_app is not False]
        library = [frame for frame in rest if frame.in_app is False]
        is_stack = exception.type is None and exception.value is None
        caught = "caught by the program" if exception.handled else "not caught by the program"
        origin = (
            exception.module and f"from {exception.module}",
            exception.mechanism and f"recorded by {exception.mechanism}",
            None if exception.handled is None else caught,
        )
        self.type = "Stack trace" if is_stack else fmt.clipped(exception.type or "Error", 200)
        self.value = fmt.clipped(exception.value or "", limits.text)
        self.origin = fmt.clipped(", ".join(filter(None, origin)), 300)
        self.is_cause = is_cause
        self.crash = FrameView(crash, limits) if crash else None
        self.own = _frames(own, limits.own_frames, limits)
        self.library = _frames(library, limits.library_frames, limits)
        self.left_out = len(rest) - sum(frame.times for frame in (*self.own, *self.library))


def _frames(frames: Sequence[Frame], limit: int, limits: Limits) -> list[FrameView]:
    """Return up to `limit` frames, with repetitions in a row as one."""
    runs = groupby(frames, key=lambda frame: (frame.file, frame.line, frame.function))
    first_runs = (list(run) for _place, run in islice(runs, limit))
    return [FrameView(run[0], limits, times=len(run)) for run in first_runs]


def _place(frame: Frame) -> str:
    file = fmt.clipped(frame.file or frame.module or "", 200)
    if frame.line is None:
        return file
    return f"{file}:{frame.line}" if file else f"line {frame.line}"


def _rows(pairs: Iterable[tuple[object, str | None]], longest: int) -> tuple[Row, ...]:
    """Return names and values, without those that are empty."""
    return tuple(
        (fmt.clipped(str(name), 100), fmt.clipped(value, longest)) for name, value in pairs if value
    )


def _plain(values: Iterable[tuple[str, object]]) -> Iterator[tuple[str, str]]:
    return ((name, fmt.plain_value(value)) for name, value in values)


# Breadcrumbs in words, with relative times.

_ACTORS = {
    Actor.CUSTOMER: "",
    Actor.PAGE: "the page ",
    Actor.APP: "the app ",
    Actor.SERVER: "our server ",
    Actor.PROGRAM: "the program ",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `has_failed` is in words and marked.

    `raw` is the program's own message, if shown and different; `is_error` means that the step is
    an event; `pause` is how long nothing is known to have happened before it. Steps of a
    `kind` are messages, session replays, and releases, with a `quote`, `notes`, and a `link`, and
    observations with their `basis`: the logs and spans that they rest on.
    """

    time: fmt.LocalTime | None
    words: str
    text: str = ""
    outcome: str = ""
    has_failed: bool = False
    is_customers: bool = False
    raw: str = ""
    is_error: bool = False
    pause: str = ""
    kind: str = ""
    quote: str = ""
    notes: tuple[str, ...] = ()
    permalink: str = ""
    link: str = ""
    anchor: str = ""
    basis: tuple[str, ...] = ()


def step_of(crumb: Breadcrumb, event: Event, clock: Clock, *, longest: int) -> Step:
    """Return the breadcrumb in words."""
    phrase, when = breadcrumb_phrase(crumb, event), crumb.timestamp
    return Step(
        time=clock.time(when) if when else None,
        words=f"{_ACTORS[phrase.actor]}{phrase.words}",
        text=fmt.clipped(phrase.text, longest),
        outcome=phrase.outcome,
        has_failed=phrase.has_failed,
        is_customers=phrase.actor is Actor.CUSTOMER,
    )


# One event.


def says_something(crumb: Breadcrumb) -> bool:
    """Return whether a breadcrumb isn't empty."""
    return bool(crumb.category or crumb.message or crumb.data)


class EventView:
    """An event for its page or card, as far as it was read. Empty texts and rows are not shown.

    `arrival` and `delay` say in short and in full that Sentry received it at another time. What
    only an open event shows is not computed for the others on a page.
    """

    def __init__(self, event: Event, clock: Clock, limits: Limits) -> None:
        body = event.details
        self._event, self._body, self._zone, self._limits = event, body, clock.zone, limits
        self._crumbs = list(filter(says_something, body.breadcrumbs))
        raised = body.exceptions[0] if body.exceptions else None
        crash = raised.crash_frame if raised else None
        function = f"{fmt.clipped(crash.function, 80)}()" if crash and crash.function else ""
        crashed_in = ", ".join(filter(None, (function, _place(crash) if crash else "")))
        title = event.title or (raised and raised.type) or "Untitled error"
        message = fmt.clipped(body.message or event.message or "", limits.text)
        self.id = event.id
        self.time = clock.time(event.timestamp)
        self.arrival = summary.arrival_text(event)
        self.delay = summary.delay_text(event)
        self.level = fmt.level_mark(event.level)
        self.title = fmt.clipped(title, 200)
        self.message = "" if message in self.title else message
        self.what = f"failed in {crashed_in}" if crashed_in else self.title
        self.is_read = event.body is not None
        self.left_out = max(0, len(self._crumbs) - limits.steps)
        self.permalink = fmt.safe_link(event.permalink)

    @cached_property
    def exceptions(self) -> list[ExceptionView]:
        """The raised exception, then its causes."""
        return [
            ExceptionView(exception, self._limits, is_cause=place > 0)
            for place, exception in enumerate(self._body.exceptions)
        ]

    @cached_property
    def steps(self) -> list[Step]:
        """The last steps before it, oldest first, without as many as are `left_out`."""
        happened = self._body.happened_at or self._event.timestamp
        clock, limits = Clock(happened, self._zone, at="just then"), self._limits
        steps = []
        for crumb in self._crumbs[-limits.steps :]:
            step = step_of(crumb, self._event, clock, longest=limits.text)
            raw = (breadcrumb_message(crumb) or "") if limits.raw_steps else ""
            is_other = raw.lower() != step.text.lower()
            steps.append(replace(step, raw=fmt.clipped(raw, limits.text)) if is_other else step)
        return steps

    @cached_property
    def facts(self) -> tuple[Row, ...]:
        """What it is and where it happened."""
        event, body, zone = self._event, self._body, self._zone
        culprit = event.culprit or body.culprit
        facts = (
            ("Time", fmt.in_both(event.timestamp, zone)),
            ("Received", fmt.in_both(body.received_at, zone) if body.received_at else None),
            ("Project", event.project),
            ("Release", event.release or body.release),
            ("Environment", event.environment or body.environment),
            ("Page or task", event.transaction),
            ("Where in the code", None if culprit == event.transaction else culprit),
            ("Platform", event.platform),
            ("Matched by", listed(field_name(field) for field in event.matched_on)),
            ("Trace", event.trace_id or body.trace_id),
            ("Event", event.id),
        )
        return _rows(facts, 300)

    @cached_property
    def request(self) -> tuple[Row, ...]:
        """The request during which it happened."""
        request = self._body.request or Request()
        sent = "" if request.data in (None, "", {}, []) else fmt.plain_value(request.data)
        pairs = (
            ("Address", " ".join(filter(None, (request.method, request.url)))),
            *((f"?{name}", value) for name, value in request.query),
            ("Sent", sent),
            *request.headers,
            *((f"Cookie {name}", value) for name, value in request.cookies),
        )
        return _rows(pairs, self._limits.text)

    @cached_property
    def lists(self) -> tuple[Row, ...]:
        """The threads, spans, and so on with their names, then what is only in Sentry."""
        shown = [(f"{name[0].upper()}{name[1:]}", text) for name, text in self._body.lists.items()]
        unread = self._body.unread.items()
        only = listed(f"{name} ({fmt.grouped(count)})" for name, count in unread)
        return _rows((*shown, ("Only in Sentry", only)), self._limits.text)

    @cached_property
    def details(self) -> tuple[Row, ...]:
        """The tags, contexts, and extra data."""
        sent: dict[str, object] = dict(self._body.tags)
        for context, values in (("user", self._body.user), *self._body.contexts.items()):
            sent |= {f"{context}: {name}": value for name, value in values.items()}
        sent |= self._body.extra
        filled = ((name, value) for name, value in sent.items() if value not in (None, ""))
        return _rows(_plain(filled), self._limits.text)


# The impact of a problem on all customers: "Is it just them?"

CHART_WIDTH, CHART_HEIGHT = 240, 40

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of the chart, in chart units. `is_then` marks the hour of the reported time."""

    x: int
    y: int
    width: int
    height: int
    is_then: bool


@dataclass(frozen=True, slots=True)
class DayView:
    """The last day in a sentence and, if anything happened, as bars."""

    text: str
    bars: tuple[Bar, ...]

    @property
    def shows_moment(self) -> bool:
        """Whether the reported time is within the chart, even in an hour without events."""
        return any(bar.is_then for bar in self.bars)


@dataclass(frozen=True, slots=True)
class ImpactView:
    """The impact on a card: in a line, in a few words, and in full. `news` is its trend."""

    line: str
    short: str
    news: str
    first_seen: fmt.LocalTime | None
    sentences: tuple[str, ...]
    day: DayView | None


def impact_view(group: Group, clock: Clock) -> ImpactView | None:
    """Return the impact of the group's issue, in the agent's zone; None if nothing is known."""
    issue = group.issue
    if issue is None:
        return None
    day, release = releases.last_day_of(group), releases.customer_release(group)
    short, fix = customers_text(group), releases.issue_fix_text(group)
    status = releases.issue_status_text(issue)
    assigned = issue.assignee and f"assigned to {issue.assignee}"
    version = fix or (release and f"the customer was on release {releases.short_release(release)}")
    sentences = (_sentence(", ".join(filter(None, (status, assigned)))), _sentence(version or ""))
    view = ImpactView(
        line=_sentence("; ".join(filter(None, (short, status or fix)))) or "How widespread is it?",
        short=short,
        news=_sentence(listed(releases.issue_trends(issue, clock.moment))),
        first_seen=fmt.local_minute(issue.first_seen, clock.zone) if issue.first_seen else None,
        sentences=tuple(fmt.clipped(one, 300) for one in sentences if one),
        day=_day(day, clock) if day else None,
    )
    return view if any((short, view.news, view.first_seen, status, fix, view.day)) else None


def customers_text(group: Group) -> str:
    """Return how many customers have had it. Sentry counts all of them, not just the window."""
    users = group.issue.users_affected if group.issue else None
    if not users:
        return ""
    if releases.affects_only_customer(group):
        return "only this customer so far"
    return counted(users, "customer")


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _day(day: releases.LastDay, clock: Clock) -> DayView:
    since = f"from {fmt.local_minute(day.hours[0][0], clock.zone).text} until we checked"
    if day.busiest is None:
        return DayView(f"Not once {since}.", ())
    began, until = (hour.astimezone(clock.zone) for hour in (day.busiest, day.busiest + _HOUR))
    times = "Once" if day.total == 1 else f"{fmt.grouped(day.total)} times"
    mostly = "" if day.total == 1 else " most"
    text = f"{times} {since},{mostly} between {began:%H:%M} and {until:%H:%M}."
    highest = max(count for _hour, count in day.hours)
    step, bars = CHART_WIDTH // len(day.hours), []
    for place, (start, count) in enumerate(day.hours):
        height = max(2, round(CHART_HEIGHT * count / highest)) if count else 0
        is_then = start <= clock.moment < start + _HOUR
        bars.append(Bar(place * step, CHART_HEIGHT - height, step - 2, height, is_then))
    return DayView(text, tuple(bars))


_MAX_OPEN_EVENTS = 8


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue of a problem: its cause, or one that was joined to it for a `reason`.

    Each of the `rows` is one event, or several that failed in the same place. `folded` events are
    further from the reported time.
    """

    sentence: str
    title: str
    count: str
    facts: tuple[str, ...]
    impact: ImpactView | None
    permalink: str
    rows: tuple[list[EventView], ...]
    folded: tuple[EventView, ...]
    reason: str = ""


class IssueCard:
    """A problem. `nearest` is the ID of the event to open, and `clock` is when it happened.

    `totals` counts the events of each issue in all problems. `hint` distinguishes it from problems
    with the same sentence.
    """

    def __init__(
        self,
        problem: Problem,
        clock: Clock,
        *,
        known: tuple[KnownView, ...] = (),
        totals: Mapping[str, int] = MappingProxyType({}),
        hint: str = "",
    ) -> None:
        is_first = problem.number == 1  # the top of the page says where and how it failed
        handling = None if is_first else summary.worst_handling(problem)
        first, last = (
            clock.text(event.timestamp)[:-3] for event in (problem.events[-1], problem.newest)
        )
        self.number = problem.number
        self.issue_id = problem.issue_id
        self.level = fmt.level_mark(problem.worst_level)
        self.clock = first if first == last else f"{first} to {last}"
        self.broke = problem.handled is False
        self.nearest = nearest_first(problem.cause.events, clock.moment)[0].id
        self.cause = replace(
            _issue_view(problem.cause, handling, not is_first, clock, totals),
            sentence=fmt.typeset(summary.summarize_group(problem)),
            count=_count(problem.times),
        )
        self.others = [_joined_view(joined, clock, totals) for joined in problem.others]
        self.known = known
        self.hint = hint


def _joined_view(joined: Joined, clock: Clock, totals: Mapping[str, int]) -> IssueView:
    group = joined.group
    handling = summary.handling_of(replace(group.newest, handled=group.handled))
    view = _issue_view(group, handling, True, clock, totals)
    return replace(view, title=fmt.clipped(group.title, 200), reason=joined.reason.value)


_WITHIN = {
    **dict.fromkeys((Place.SERVER, Place.SERVER_OR_SERVICE, Place.DEVICE), "on "),
    **dict.fromkeys((Place.SERVICE, Place.NETWORK, Place.BROWSER), "in "),
    **dict.fromkeys((Place.APP, Place.APP_OR_DEVICE), "in "),
    Place.BANK: "at ",
}


def _issue_view(
    group: Group, handling: str | None, has_place: bool, clock: Clock, totals: Mapping[str, int]
) -> IssueView:
    """Return a group as an issue. Its facts leave out what the page states already."""
    by_distance = nearest_first(group.events, clock.moment)
    near, far = (
        [
            EventView(event, clock, BRIEF)
            for event in sorted(part, key=lambda event: (event.timestamp, event.id))
        ]
        for part in (by_distance[:_MAX_OPEN_EVENTS], by_distance[_MAX_OPEN_EVENTS:])
    )
    rows: dict[tuple[object, ...], list[EventView]] = {}
    for event in near:
        key = (event.what, event.level, event.arrival) if event.is_read else (event.id,)
        rows.setdefault(key, []).append(event)
    issue, impact = group.issue, impact_view(group, clock)
    own, total = len(group.events), totals.get(group.issue_id, 0)
    counts = f"{fmt.grouped(own)} of this issue’s {fmt.grouped(total)} events"
    place = summary.place_of(group.newest) if has_place else None
    release = None if impact else releases.customer_release(group)
    facts = (
        f"{counts}; the rest belong to other problems" if own < total else "",
        place and f"{_WITHIN.get(place, '')}{place.value}",
        handling and lower_first(handling)[:-1],
        release and f"in release {release}",
        (issue and issue.project) or group.newest.project,
        issue and issue.short_id,
    )
    return IssueView(
        sentence=fmt.typeset(summary.summarize_group(group)),
        title=fmt.clipped(group.title, 400),
        count=_count(own),
        facts=tuple(fmt.clipped(fact, 80) for fact in facts if fact),
        impact=impact,
        permalink=fmt.safe_link(issue.permalink if issue else None),
        rows=tuple(rows.values()),
        folded=tuple(far),
    )


def _count(times: int) -> str:
    return "once" if times == 1 else f"{fmt.grouped(times)} times"
