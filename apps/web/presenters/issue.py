"""One problem as the result page shows it: the plain sentence, then the facts, then its events."""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, KnownMatch
from apps.events.breadcrumb_text import Actor, spoken
from apps.events.event import (
    Breadcrumb,
    Event,
    EventBody,
    ExceptionInfo,
    Frame,
    Issue,
    Request,
    told_by,
)
from apps.events.filtering import Numbered
from apps.events.grouping import Group, nearest_first
from apps.events.query import Window
from apps.events.releases import (
    LastDay,
    fix_of,
    is_only_theirs,
    last_day_of,
    news_of,
    release_had,
    short_release,
    state_of,
    told_fix,
)
from apps.events.summary import caught_in, place_of, summarize_group
from apps.lookups.known_errors import greeting, reply_of
from apps.web.presenters.formatting import (
    LevelMark,
    LocalTime,
    clipped,
    counted,
    field_name,
    grouped,
    in_both,
    level_mark,
    listed,
    local_clock,
    local_minute,
    plain_value,
    relative,
    safe_link,
)

# Known errors as the result page tells them: on top of their problem, and in a line at its head.
#
# People of the staff wrote the entries; no text of an event gets into them.

Said = Mapping[tuple[str, str], bool]
_MOST_LINES = 3


@dataclass(frozen=True, slots=True)
class KnownView:
    """One entry that a problem is taken for.

    `reply` are the parts of the reply around its greetings. `helped` is what the reader said,
    None where nothing. `same_as` is where the page has the same entry before, empty where nowhere.
    """

    anchor: str
    same_as: str
    slug: str
    issue_id: str
    title: str
    fix: str
    explanation: str
    workaround: str
    owner: str
    links: tuple[tuple[str, str], ...]
    why: str
    reply: tuple[str, ...]
    helped: bool | None


@dataclass(frozen=True, slots=True)
class KnownLine:
    """That a problem is known, for the head of the page."""

    lead: str
    title: str
    fix: str
    link: str
    anchor: str


@dataclass(frozen=True, slots=True)
class KnownSummary:
    """What the head of the page tells; `unchecked` says that there was no time for everything."""

    lines: tuple[KnownLine, ...]
    more: str
    unchecked: str
    unnamed: str = greeting("")
    named: str = greeting("{name}")  # as a script fills the name in


def known_views(
    answer: Answer,
    problems: Sequence[Numbered],
    *,
    zone: ZoneInfo,
    now: datetime,
    said: Said | None = None,
    hidden: Collection[int] = (),
) -> dict[str, tuple[KnownView, ...]]:
    """The entries of each issue that has any, the best first.

    `zone` is the agent's, `said` what they said, `hidden` the problems that the page leaves out.
    """
    telling = _Telling(answer, zone, now.astimezone(zone).date(), said or {}, hidden)
    return {
        group.issue_id: tuple(telling.views(number, group))
        for number, group in problems
        if answer.known.of(group.issue_id)
    }


@dataclass(frozen=True, slots=True)
class _Telling:
    """One page's known errors; `told` is where each entry stands first."""

    answer: Answer
    zone: ZoneInfo
    today: date
    said: Said
    hidden: Collection[int]
    told: dict[str, str] = field(default_factory=dict)

    def views(self, number: int, group: Group) -> Iterator[KnownView]:
        """The entries of one problem, the best first."""
        for place, match in enumerate(self.answer.known.of(group.issue_id), 1):
            anchor = f"known-{number}-{place}"
            first = self.told.get(match.known.slug, "")
            if not first and number not in self.hidden:
                self.told[match.known.slug] = anchor
            yield self._view(match, group, anchor, first)

    def _view(self, match: KnownMatch, group: Group, anchor: str, same_as: str) -> KnownView:
        known = match.known
        links = ((link.label or link.address, safe_link(link.address)) for link in known.links)
        return KnownView(
            anchor=anchor,
            same_as=same_as,
            slug=known.slug,
            issue_id=match.issue_id,
            title=known.title,
            fix=told_fix(known, group, self.today),
            explanation=known.explanation,
            workaround=known.workaround,
            owner=known.owner,
            links=tuple((label, address) for label, address in links if address),
            why=listed(match.why),
            reply=_around_greetings(match, self.answer, self.zone, self.today),
            helped=self.said.get((match.issue_id, known.slug)),
        )


def _around_greetings(
    match: KnownMatch, answer: Answer, zone: ZoneInfo, today: date
) -> tuple[str, ...]:
    """The reply cut at its greetings, so that a name can be put in; empty where there is none."""
    nobody = secrets.token_hex(16)
    reply = reply_of(match, answer, name=nobody, zone=zone, today=today)
    return tuple(reply.split(greeting(nobody))) if reply else ()


def known_summary(
    answer: Answer, problems: Sequence[Numbered], known: Mapping[str, Sequence[KnownView]]
) -> KnownSummary:
    """The best match of each problem that has one, each entry once, in the order of the page."""
    best: dict[str, KnownLine] = {}
    for number, group in problems:
        for view in known.get(group.issue_id, ())[:1]:
            lead = f"Problem {number} is known" if len(problems) > 1 else "Known"
            link = "What to tell the customer" if view.reply else "More"
            line = KnownLine(lead, view.title, view.fix, link, view.anchor)
            best.setdefault(view.slug, line)
    lines, missing = tuple(best.values()), answer.known.unchecked
    more = len(lines) - _MOST_LINES
    return KnownSummary(
        lines=lines[:_MOST_LINES],
        more=f"{counted(more, 'more known error')} below" if more > 0 else "",
        unchecked=_unchecked(missing) if missing else "",
    )


def _unchecked(count: int) -> str:
    return (
        f"{counted(count, 'known error')} could not be checked in time. A problem without the "
        "word “Known” may be known all the same. Please reload the page to check again."
    )


# A chain of exceptions as the pages show it: our own code open, libraries folded.

Row = tuple[str, str]

_LONGEST_LINE = 300
_MOST_VARIABLES = 40


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one event is printed."""

    own_frames: int
    library_frames: int
    steps: int
    text: int
    raw_steps: bool = False


BRIEF = Limits(own_frames=8, library_frames=20, steps=20, text=600)
FULL = Limits(own_frames=500, library_frames=500, steps=500, text=20_000, raw_steps=True)


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of source; `is_hit` marks the one that failed."""

    number: int
    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class FrameView:
    """One call: where it stands, the code around it, what the variables held.

    `times` counts the same call in a row, as in a recursion.
    """

    place: str
    function: str
    lines: tuple[CodeLine, ...]
    variables: tuple[Row, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """One exception. `crash` comes first, then `own` code, then `library` code.

    `left_out` counts the calls that are not printed.
    """

    type: str
    value: str
    is_cause: bool
    crash: FrameView | None
    own: tuple[FrameView, ...]
    library: tuple[FrameView, ...]
    left_out: int


def exception_view(exception: ExceptionInfo, *, is_cause: bool, limits: Limits) -> ExceptionView:
    """The exception with its frames sorted into what matters and what does not."""
    crash = exception.crash_frame
    rest = list(exception.frames)
    if crash is not None:
        rest.remove(crash)
    own = _frames([frame for frame in rest if frame.in_app], limits.own_frames, limits)
    library = _frames([f for f in rest if not f.in_app], limits.library_frames, limits)
    return ExceptionView(
        type=clipped(exception.type or "Error", 200),
        value=clipped(exception.value or "", limits.text),
        is_cause=is_cause,
        crash=None if crash is None else _frame(crash, limits),
        own=own,
        library=library,
        left_out=len(rest) - sum(frame.times for frame in (*own, *library)),
    )


def crash_line(exception: ExceptionInfo) -> str:
    """Where it broke in one line: charge(), checkout/pay.py:118."""
    frame = exception.crash_frame
    if frame is None:
        return ""
    function = f"{clipped(frame.function, 80)}()" if frame.function else ""
    return ", ".join(part for part in (function, _place(frame)) if part)


def rows(values: Mapping[str, object], *, longest: int) -> tuple[Row, ...]:
    """Names and values as text."""
    return tuple(
        (clipped(str(name), 100), clipped(plain_value(value), longest))
        for name, value in values.items()
    )


def _frames(frames: Sequence[Frame], most: int, limits: Limits) -> tuple[FrameView, ...]:
    """The first calls, the same one in a row only once."""
    shown: list[FrameView] = []
    for _place_and_name, same in groupby(frames, key=lambda f: (f.file, f.line, f.function)):
        if len(shown) == most:
            break
        calls = list(same)
        shown.append(replace(_frame(calls[0], limits), times=len(calls)))
    return tuple(shown)


def _frame(frame: Frame, limits: Limits) -> FrameView:
    lines = tuple(
        CodeLine(number, clipped(text, _LONGEST_LINE), number == frame.line)
        for number, text in frame.code
    )
    known = dict(list(frame.variables.items())[:_MOST_VARIABLES])
    return FrameView(
        place=_place(frame) or "an unknown location",
        function=clipped(frame.function or "", 200),
        lines=lines,
        variables=rows(known, longest=min(limits.text, 400)),
    )


def _place(frame: Frame) -> str:
    file = clipped(frame.file or frame.module or "", 200)
    if frame.line is None:
        return file
    return f"{file}:{frame.line}" if file else f"line {frame.line}"


# Breadcrumbs in words and relative time: one by itself, and those before an event.

_ACTORS = {
    Actor.CUSTOMER: "",
    Actor.PAGE: "the page ",
    Actor.APP: "the app ",
    Actor.SERVER: "our server ",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `has_failed` is said in words and marked.

    `raw` is what the program itself noted, where it is printed and says something else; `href`
    leads to the event where the step is an error. `pause` is said before it where nothing is known
    to have happened for a while.
    """

    relative: str
    time: LocalTime | None
    words: str
    text: str = ""
    outcome: str = ""
    has_failed: bool = False
    is_customers: bool = False
    raw: str = ""
    href: str = ""
    pause: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """The steps, oldest first; `left_out` earlier ones are not printed."""

    steps: tuple[Step, ...]
    left_out: int


def story_of(
    crumbs: Sequence[Breadcrumb], *, event: Event, zone: ZoneInfo, limits: Limits
) -> Story:
    """The last steps before the event."""
    telling = [crumb for crumb in crumbs if crumb.message or crumb.data or crumb.category]
    shown = telling[-limits.steps :]
    return Story(
        steps=tuple(_step(crumb, event, zone, limits) for crumb in shown),
        left_out=len(telling) - len(shown),
    )


def _step(crumb: Breadcrumb, event: Event, zone: ZoneInfo, limits: Limits) -> Step:
    happened = (event.body and event.body.happened_at) or event.timestamp
    step = step_of(crumb, event, origin=happened, at="just then", zone=zone, longest=limits.text)
    raw = (told_by(crumb) or "") if limits.raw_steps else ""
    is_other = raw.lower() != step.text.lower()
    return replace(step, raw=clipped(raw, limits.text)) if is_other else step


def step_of(
    crumb: Breadcrumb, event: Event, *, origin: datetime, at: str, zone: ZoneInfo, longest: int
) -> Step:
    """The crumb of an event in words, told from the origin; `at` is the word for that itself."""
    said, when = spoken(crumb, event), crumb.timestamp
    return Step(
        relative=relative(when, origin, at=at) if when else "",
        time=local_clock(when, zone, day_of=origin) if when else None,
        words=f"{_ACTORS[said.actor]}{said.words}",
        text=clipped(said.text, longest),
        outcome=said.outcome,
        has_failed=said.has_failed,
        is_customers=said.actor is Actor.CUSTOMER,
    )


# One event as the pages show it.


@dataclass(frozen=True, slots=True)
class EventView:
    """Everything the pages print of one event. Empty text and empty rows are not printed."""

    id: str
    anchor: str
    time: LocalTime
    relative: str
    level: LevelMark
    title: str
    message: str
    crash: str
    is_read: bool
    exceptions: tuple[ExceptionView, ...]
    story: Story
    request: tuple[Row, ...]
    facts: tuple[Row, ...]
    details: tuple[Row, ...]
    permalink: str


_NO_BODY = EventBody()


def view_of_event(event: Event, *, window: Window, zone: ZoneInfo, limits: Limits) -> EventView:
    """The event in the agent's zone, as far as it was read, cut to the limits."""
    body = event.body or _NO_BODY
    raised = body.exceptions[0] if body.exceptions else None
    title = clipped(event.title or (raised and raised.type) or "Untitled error", 200)
    message = clipped(body.message or event.message or "", limits.text)
    return EventView(
        id=event.id,
        anchor=f"event-{event.id}",
        time=local_clock(event.timestamp, zone, day_of=window.moment),
        relative=relative(event.timestamp, window.moment, at="at that moment"),
        level=level_mark(event.level),
        title=title,
        message="" if message in title else message,
        crash=crash_line(raised) if raised else "",
        is_read=event.body is not None,
        exceptions=tuple(
            exception_view(exception, is_cause=place > 0, limits=limits)
            for place, exception in enumerate(body.exceptions)
        ),
        story=story_of(body.breadcrumbs, event=event, zone=zone, limits=limits),
        request=_request_rows(body.request, limits),
        facts=(("Time", in_both(event.timestamp, zone)), *_event_facts(event, body)),
        details=_details(body, limits),
        permalink=safe_link(event.permalink),
    )


def _event_facts(event: Event, body: EventBody) -> tuple[Row, ...]:
    """What is known of the event in short, each with its name."""
    culprit = event.culprit or body.culprit
    known = (
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
    return tuple((name, clipped(value, 300)) for name, value in known if value)


def _request_rows(request: Request | None, limits: Limits) -> tuple[Row, ...]:
    if request is None:
        return ()
    address = " ".join(part for part in (request.method, request.url) if part)
    data = plain_value(request.data) if request.data not in (None, "", {}, []) else ""
    sent = (("Address", address), *_named("?", request.query), ("Sent", data))
    also = (*request.headers, *_named("Cookie ", request.cookies))
    return tuple(
        (clipped(name, 100), clipped(value, limits.text)) for name, value in (*sent, *also) if value
    )


def _named(prefix: str, pairs: Iterable[Row]) -> tuple[Row, ...]:
    return tuple((f"{prefix}{name}", value) for name, value in pairs)


def _details(body: EventBody, limits: Limits) -> tuple[Row, ...]:
    """Tags first, then what the program sent along."""
    contexts = (
        (f"{context}: {name}", value)
        for context, inner in body.contexts.items()
        for name, value in inner.items()
    )
    sent: Mapping[str, object] = {
        **dict(body.tags),
        **{f"user: {name}": value for name, value in body.user.items()},
        **dict(contexts),
        **body.extra,
    }
    return rows({n: v for n, v in sent.items() if v not in (None, "")}, longest=limits.text)


# Is it just them? How a problem stands among all customers, as its card says and draws it.

WIDTH, HEIGHT = 240, 40

_GAP = 2
_LEAST = 2
_LONGEST = 300
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of the chart, in its own units; `is_then` marks the hour of the moment."""

    x: int
    y: int
    width: int
    height: int
    is_then: bool


@dataclass(frozen=True, slots=True)
class DayView:
    """The last day in a sentence, and as bars where there is anything to draw."""

    text: str
    bars: tuple[Bar, ...]

    @property
    def shows_moment(self) -> bool:
        """Whether one of the bars, which may have no height, is that of the moment."""
        return any(bar.is_then for bar in self.bars)


@dataclass(frozen=True, slots=True)
class ImpactView:
    """The block of a card. `answer` is to its title's question, empty where that is not known;
    `news` is what is special about the problem's course.
    """

    answer: str
    news: str
    first_seen: LocalTime | None
    sentences: tuple[str, ...]
    day: DayView | None


def impact_view(group: Group, moment: datetime, zone: ZoneInfo) -> ImpactView | None:
    """What is known of the group's issue, in the agent's zone; None when that is nothing."""
    issue = group.issue
    if issue is None:
        return None
    day = last_day_of(group)
    view = ImpactView(
        answer=_answer(group),
        news=_sentence(listed(news_of(issue, moment))),
        first_seen=local_minute(issue.first_seen, zone) if issue.first_seen else None,
        sentences=tuple(clipped(one, _LONGEST) for one in _sentences(group, issue) if one),
        day=_day(day, moment, zone) if day else None,
    )
    parts = (view.answer, view.news, view.first_seen, state_of(issue), fix_of(group), view.day)
    return view if any(parts) else None


def _answer(group: Group) -> str:
    """How many customers have it; Sentry counts all of them, not those of the window."""
    users = group.issue.users_affected if group.issue else None
    if not users:
        return ""
    if is_only_theirs(group):
        return "So far, yes: only this customer has had it."
    if users == 1:
        return "So far, only one customer has had it."
    return f"No: {counted(users, 'customer')} have had it."


def _sentences(group: Group, issue: Issue) -> tuple[str, ...]:
    """What is done about it and by whom, then the release, each said once."""
    fix, release = fix_of(group), release_had(group)
    assigned = issue.assignee and f"assigned to {issue.assignee}"
    told = fix or (release and f"the customer was on release {short_release(release)}")
    return (
        _sentence(", ".join(filter(None, (state_of(issue), assigned)))),
        _sentence(told or ""),
    )


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _day(day: LastDay, moment: datetime, zone: ZoneInfo) -> DayView:
    if day.busiest is None:
        return DayView("Not once in the 24 hours before we checked.", ())
    began = day.busiest.astimezone(zone)
    until = (day.busiest + _HOUR).astimezone(zone)
    times = "Once" if day.total == 1 else f"{grouped(day.total)} times"
    most = "" if day.total == 1 else " most"
    text = (
        f"{times} in the 24 hours before we checked,{most} between {began:%H:%M} and {until:%H:%M}."
    )
    return DayView(text, _bars(day, moment))


def _bars(day: LastDay, moment: datetime) -> tuple[Bar, ...]:
    highest = max(count for _hour, count in day.hours)
    step = WIDTH // len(day.hours)
    heights = [
        max(_LEAST, round(HEIGHT * count / highest)) if count else 0 for _hour, count in day.hours
    ]
    return tuple(
        Bar(place * step, HEIGHT - height, step - _GAP, height, start <= moment < start + _HOUR)
        for place, ((start, _count), height) in enumerate(zip(day.hours, heights, strict=True))
    )


_MOST_OPEN_EVENTS = 8


@dataclass(frozen=True, slots=True)
class IssueCard:
    """A problem. `issue_id` is as exports take it, `nearest` is the id of the event to open;
    `folded` events stand behind a click.
    """

    number: int
    issue_id: str
    anchor: str
    sentence: str
    title: str
    level: LevelMark
    count: str
    facts: tuple[str, ...]
    broke: bool
    impact: ImpactView | None
    permalink: str
    nearest: str
    events: tuple[EventView, ...]
    folded: tuple[EventView, ...]
    known: tuple[KnownView, ...] = ()


def issue_card(
    number: int,
    group: Group,
    *,
    window: Window,
    zone: ZoneInfo,
    known: tuple[KnownView, ...] = (),
) -> IssueCard:
    """The card of one group: the events nearest the moment, each part in order of time."""
    by_distance = nearest_first(group.events, window.moment)
    near, far = (
        tuple(
            view_of_event(event, window=window, zone=zone, limits=BRIEF)
            for event in sorted(part, key=lambda event: (event.timestamp, event.id))
        )
        for part in (by_distance[:_MOST_OPEN_EVENTS], by_distance[_MOST_OPEN_EVENTS:])
    )
    levels = [level_mark(event.level) for event in group.events]
    impact = impact_view(group, window.moment, zone)
    return IssueCard(
        number=number,
        issue_id=group.issue_id,
        anchor=f"issue-{number}",
        sentence=summarize_group(group),
        title=clipped(group.title, 400),
        level=min(levels, key=lambda level: level.rank),
        count="once" if len(group.events) == 1 else f"{grouped(len(group.events))} times",
        facts=_issue_facts(group, has_impact=impact is not None),
        broke=group.handled is False,
        impact=impact,
        permalink=safe_link(group.issue.permalink if group.issue else None),
        nearest=by_distance[0].id,
        events=near,
        folded=far,
        known=known,
    )


def _issue_facts(group: Group, *, has_impact: bool) -> tuple[str, ...]:
    """Short facts, the most useful first; unknown ones, and what the impact says, are left out."""
    issue = group.issue
    release = None if has_impact else release_had(group)
    caught, place = caught_in(group), place_of(group.newest)
    known = (
        place and f"in {place.value}",
        caught and f"{caught[0].lower()}{caught[1:-1]}",
        release and f"in release {release}",
        (issue and issue.project) or group.newest.project,
        issue and issue.short_id,
    )
    return tuple(clipped(fact, 80) for fact in known if fact)
