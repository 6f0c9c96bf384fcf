"""One problem as the result page shows it: known errors, impact, and events with their steps."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby, islice
from types import MappingProxyType
from zoneinfo import ZoneInfo

from apps.events import releases, summary
from apps.events.answer import Answer, KnownMatch
from apps.events.breadcrumb_text import Actor, breadcrumb_phrase
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, breadcrumb_message
from apps.events.grouping import Group, Problem, nearest_first
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


@dataclass(frozen=True, slots=True)
class KnownView:
    """A known error that a problem matches, without or with its place on the page.

    `links` are labels and addresses. `same_as` is the anchor of the same one further up, or "".
    `is_left_out` means that a reply or workaround may be wrong for this customer.
    """

    match: KnownMatch
    fix: str
    workaround: str
    links: tuple[Row, ...]
    why: str
    reply: str
    helped: bool | None
    is_left_out: bool
    anchor: str = ""
    same_as: str = ""


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
    first_anchors: dict[str, str] = {}
    views: dict[str, tuple[KnownView, ...]] = {}
    for problem in problems:
        for place, match in enumerate(problem.known_in(answer.known), 1):
            anchor, slug = f"known-{problem.number}-{place}", match.known.slug
            release = releases.customer_release(problem.group_of(match.issue_id))
            known = _known_view(answer, match, release, zone, today, feedback)
            known = replace(known, anchor=anchor, same_as=first_anchors.get(slug, ""))
            if problem.number not in hidden:
                first_anchors.setdefault(slug, anchor)
            views[problem.issue_id] = (*views.get(problem.issue_id, ()), known)
    return views


def known_troubles(
    answer: Answer, *, zone: ZoneInfo, today: date, feedback: GivenFeedback | None = None
) -> tuple[tuple[str, KnownView], ...]:
    """Return the known errors of what failed without an error, each once, with its sentence."""
    views: dict[str, tuple[str, KnownView]] = {}
    for trouble in troubles_of(answer):
        row = trouble.rows[0]
        for match in answer.known.for_issue(row.id):
            if match.known.slug not in views:
                known = _known_view(answer, match, row.release, zone, today, feedback)
                known = replace(known, anchor=f"known-without-error-{len(views) + 1}")
                views[match.known.slug] = (trouble.sentence, known)
    return tuple(views.values())


def _known_view(
    answer: Answer,
    match: KnownMatch,
    release: str | None,
    zone: ZoneInfo,
    today: date,
    feedback: GivenFeedback | None,
) -> KnownView:
    known = match.known
    safe = with_reply(match, answer, zone=zone, today=today)
    links = ((link.label or link.address, fmt.safe_link(link.address)) for link in known.links)
    return KnownView(
        match=match,
        fix=fmt.typeset(releases.describe_fix(known, release, today)),
        workaround=safe.workaround,
        links=tuple((label, address) for label, address in links if address),
        why=listed(match.why),
        reply=safe.reply,
        helped=(feedback or {}).get((match.issue_id, known.slug)),
        is_left_out=bool(known.reply and not safe.reply) or safe.workaround != known.workaround,
    )


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


@dataclass(frozen=True, slots=True)
class FrameView:
    """A frame; `times` counts repeats. `lines` are numbers, code, and whether it failed there."""

    place: str
    function: str
    lines: tuple[tuple[int, str, bool], ...]
    variables: tuple[Row, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """An exception. `origin` is where it comes from and who caught it; `left_out` counts frames."""

    type: str
    value: str
    origin: str
    is_cause: bool
    crash: FrameView | None
    own: tuple[FrameView, ...]
    library: tuple[FrameView, ...]
    left_out: int


def exception_view(exception: ExceptionInfo, *, is_cause: bool, limits: Limits) -> ExceptionView:
    """Return the exception with its frames sorted by relevance."""
    crash = exception.crash_frame
    rest = list(exception.frames)
    if crash is not None:
        rest.remove(crash)
    own = _frames([f for f in rest if f.in_app is not False], limits.own_frames, limits)
    library = _frames([f for f in rest if f.in_app is False], limits.library_frames, limits)
    is_stack = exception.type is None and exception.value is None
    caught = "caught by the program" if exception.handled else "not caught by the program"
    origin = (
        exception.module and f"from {exception.module}",
        exception.mechanism and f"recorded by {exception.mechanism}",
        None if exception.handled is None else caught,
    )
    return ExceptionView(
        type="Stack trace" if is_stack else fmt.clipped(exception.type or "Error", 200),
        value=fmt.clipped(exception.value or "", limits.text),
        origin=fmt.clipped(", ".join(filter(None, origin)), 300),
        is_cause=is_cause,
        crash=None if crash is None else _frame(crash, limits),
        own=own,
        library=library,
        left_out=len(rest) - sum(frame.times for frame in (*own, *library)),
    )


def _rows(pairs: Iterable[tuple[object, str | None]], longest: int) -> tuple[Row, ...]:
    """Return names and values, without those that are empty."""
    return tuple(
        (fmt.clipped(str(name), 100), fmt.clipped(value, longest)) for name, value in pairs if value
    )


def _frames(frames: Sequence[Frame], limit: int, limits: Limits) -> tuple[FrameView, ...]:
    """Return up to `limit` frames, with repetitions in a row as one."""
    runs = groupby(frames, key=lambda frame: (frame.file, frame.line, frame.function))
    first_runs = (list(run) for _place, run in islice(runs, limit))
    return tuple(replace(_frame(run[0], limits), times=len(run)) for run in first_runs)


def _frame(frame: Frame, limits: Limits) -> FrameView:
    variables = islice(frame.variables.items(), 40)
    return FrameView(
        place=_place(frame) or "an unknown location",
        function=fmt.clipped(frame.function or "", 200),
        lines=tuple(
            (number, fmt.clipped(text, 300), number == frame.line) for number, text in frame.code
        ),
        variables=_rows(_plain(variables), min(limits.text, 400)),
    )


def _plain(values: Iterable[tuple[str, object]]) -> Iterator[tuple[str, str]]:
    return ((name, fmt.plain_value(value)) for name, value in values)


def _place(frame: Frame) -> str:
    file = fmt.clipped(frame.file or frame.module or "", 200)
    if frame.line is None:
        return file
    return f"{file}:{frame.line}" if file else f"line {frame.line}"


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

    relative: str
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


def _event_step(crumb: Breadcrumb, event: Event, zone: ZoneInfo, limits: Limits) -> Step:
    happened = (event.body and event.body.happened_at) or event.timestamp
    step = step_of(crumb, event, Clock(happened, zone), at="just then", longest=limits.text)
    raw = (breadcrumb_message(crumb) or "") if limits.raw_steps else ""
    is_other = raw.lower() != step.text.lower()
    return replace(step, raw=fmt.clipped(raw, limits.text)) if is_other else step


def step_of(crumb: Breadcrumb, event: Event, clock: Clock, *, at: str, longest: int) -> Step:
    """Return the breadcrumb in words. The clock's moment is called `at`."""
    phrase, when = breadcrumb_phrase(crumb, event), crumb.timestamp
    return Step(
        relative=fmt.relative(when, clock.moment, at=at) if when else "",
        time=clock.time(when) if when else None,
        words=f"{_ACTORS[phrase.actor]}{phrase.words}",
        text=fmt.clipped(phrase.text, longest),
        outcome=phrase.outcome,
        has_failed=phrase.has_failed,
        is_customers=phrase.actor is Actor.CUSTOMER,
    )


# One event.


@dataclass(frozen=True, slots=True)
class EventView:
    """An event for its page or card. Empty texts and rows are not shown.

    `arrival` and `delay` say in short and in full that Sentry received it at another time. The
    `steps` are the last ones before it, oldest first, without as many as are `left_out`.
    """

    id: str
    time: fmt.LocalTime
    relative: str
    arrival: str
    delay: str
    level: fmt.LevelMark
    title: str
    message: str
    what: str
    is_read: bool
    exceptions: tuple[ExceptionView, ...]
    steps: tuple[Step, ...]
    left_out: int
    request: tuple[Row, ...]
    facts: tuple[Row, ...]
    details: tuple[Row, ...]
    lists: tuple[Row, ...]
    permalink: str


def says_something(crumb: Breadcrumb) -> bool:
    """Return whether a breadcrumb isn't empty."""
    return bool(crumb.category or crumb.message or crumb.data)


def present_event(event: Event, clock: Clock, limits: Limits) -> EventView:
    """Return the event in the agent's zone, as far as it was read, within the limits."""
    body, zone = event.details, clock.zone
    raised = body.exceptions[0] if body.exceptions else None
    title = fmt.clipped(event.title or (raised and raised.type) or "Untitled error", 200)
    message = fmt.clipped(body.message or event.message or "", limits.text)
    crash = raised.crash_frame if raised else None
    function = f"{fmt.clipped(crash.function, 80)}()" if crash and crash.function else ""
    crashed_in = ", ".join(filter(None, (function, _place(crash) if crash else "")))
    steps = [crumb for crumb in body.breadcrumbs if says_something(crumb)]
    return EventView(
        id=event.id,
        time=clock.time(event.timestamp),
        relative=clock.relative(event.timestamp),
        arrival=summary.arrival_text(event) or "",
        delay=summary.delay_text(event) or "",
        level=fmt.level_mark(event.level),
        title=title,
        message="" if message in title else message,
        what=f"failed in {crashed_in}" if crashed_in else title,
        is_read=event.body is not None,
        exceptions=tuple(
            exception_view(exception, is_cause=place > 0, limits=limits)
            for place, exception in enumerate(body.exceptions)
        ),
        steps=tuple(_event_step(crumb, event, zone, limits) for crumb in steps[-limits.steps :]),
        left_out=max(0, len(steps) - limits.steps),
        request=_rows(_request(body), limits.text),
        facts=_rows(_facts(event, body, zone), 300),
        details=_rows(_plain(_details(body)), limits.text),
        lists=_rows(_lists(body), limits.text),
        permalink=fmt.safe_link(event.permalink),
    )


def _facts(event: Event, body: EventBody, zone: ZoneInfo) -> Iterator[tuple[str, str | None]]:
    culprit = event.culprit or body.culprit
    yield "Time", fmt.in_both(event.timestamp, zone)
    yield "Received", fmt.in_both(body.received_at, zone) if body.received_at else None
    yield "Project", event.project
    yield "Release", event.release or body.release
    yield "Environment", event.environment or body.environment
    yield "Page or task", event.transaction
    yield "Where in the code", None if culprit == event.transaction else culprit
    yield "Platform", event.platform
    yield "Matched by", listed(field_name(field) for field in event.matched_on)
    yield "Trace", event.trace_id or body.trace_id
    yield "Event", event.id


def _request(body: EventBody) -> Iterator[tuple[str, str]]:
    request = body.request
    if request is None:
        return
    yield "Address", " ".join(filter(None, (request.method, request.url)))
    yield from ((f"?{name}", value) for name, value in request.query)
    yield "Sent", "" if request.data in (None, "", {}, []) else fmt.plain_value(request.data)
    yield from request.headers
    yield from ((f"Cookie {name}", value) for name, value in request.cookies)


def _lists(body: EventBody) -> Iterator[tuple[str, str]]:
    """Yield threads, spans, and so on with their names, then what is only in Sentry."""
    yield from ((f"{name[0].upper()}{name[1:]}", lines) for name, lines in body.lists.items())
    unread = body.unread.items()
    yield "Only in Sentry", listed(f"{name} ({fmt.grouped(count)})" for name, count in unread)


def _details(body: EventBody) -> Iterator[tuple[str, object]]:
    sent: dict[str, object] = dict(body.tags)
    for context, values in (("user", body.user), *body.contexts.items()):
        sent |= {f"{context}: {name}": value for name, value in values.items()}
    sent |= body.extra
    yield from ((name, value) for name, value in sent.items() if value not in (None, ""))


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


@dataclass(frozen=True, slots=True)
class IssueCard:
    """A problem. `nearest` is the ID of the event to open, and `clock` is when it happened.

    `hint` distinguishes it from problems with the same sentence.
    """

    number: int
    issue_id: str
    level: fmt.LevelMark
    clock: str
    broke: bool
    nearest: str
    cause: IssueView
    others: tuple[IssueView, ...]
    known: tuple[KnownView, ...]
    hint: str


def issue_card(
    problem: Problem,
    clock: Clock,
    *,
    known: tuple[KnownView, ...] = (),
    totals: Mapping[str, int] = MappingProxyType({}),
    hint: str = "",
) -> IssueCard:
    """Return the card of a problem. `totals` counts the events of each issue in all problems."""
    is_first = problem.number == 1  # the top of the page says where and how it failed
    handling = None if is_first else summary.handling_text_of(problem)
    cause = _issue_view(problem.cause, handling, not is_first, clock, totals)
    others = []
    for joined in problem.others:
        group = joined.group
        handling = summary.handling_text(replace(group.newest, handled=group.handled))
        other = _issue_view(group, handling, True, clock, totals)
        title = fmt.clipped(group.title, 200)
        others.append(replace(other, title=title, reason=joined.reason.value))
    first, last = (clock.text(one.timestamp)[:-3] for one in (problem.events[-1], problem.newest))
    return IssueCard(
        number=problem.number,
        issue_id=problem.issue_id,
        level=fmt.worst_level(event.level for event in problem.events),
        clock=first if first == last else f"{first} to {last}",
        broke=problem.handled is False,
        nearest=nearest_first(problem.cause.events, clock.moment)[0].id,
        cause=replace(
            cause,
            sentence=fmt.typeset(summary.summarize_group(problem)),
            count=_count(problem.times),
        ),
        others=tuple(others),
        known=known,
        hint=hint,
    )


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
            present_event(event, clock, BRIEF)
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
