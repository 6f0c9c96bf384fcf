"""What the customer did, and the data related to their errors, as the result page shows them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from typing import Any
from zoneinfo import ZoneInfo

from apps.events.activity_text import A_REQUEST, PAGE_OPS, Kind, duration_text
from apps.events.answer import Answer, Feedback, Replay, Signal
from apps.events.breadcrumb_text import (
    Actor,
    PlacedBreadcrumb,
    bare_url,
    breadcrumb_phrase,
    place_breadcrumbs,
    recorded_breadcrumbs,
)
from apps.events.event import Event, LogEntry, Span
from apps.events.grouping import Problem, nearest_first
from apps.events.observations import BY_TRACE, Observation, observations_of, times_text
from apps.events.query import counted, format_duration, lower_first
from apps.events.releases import short_release
from apps.events.rules.rule import CLIENT, side_of
from apps.events.summary import summarize, summarize_group
from apps.web.presenters import formatting as fmt
from apps.web.presenters.formatting import Clock
from apps.web.presenters.issue import Step, says_something, step_of
from apps.web.presenters.timeline import observation_anchor

MAX_STEPS = 150

_MAX_CRUMB_TEXT = 200
_PAUSE = timedelta(minutes=2)
_SAME_TIME = timedelta(seconds=2)
_BY_ITSELF = frozenset(("went to", "saw", "left", "scrolled"))
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # the direction of an event's text


_Error = tuple[Event, Problem]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step from `at` to `until`. Steps with the same `key` are repeats of each other.

    An error has its `problem`, and an `occurrence`: the ID that it and those it caused share.
    """

    at: datetime
    step: Step
    key: tuple[object, ...]
    problem: Problem | None = None
    occurrence: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoryPart:
    """Steps in a row. Uneventful ones and rounds are behind a click and have a `summary`.

    A round is a series of steps that ended in the same failure several times; `time` is its start.
    """

    steps: tuple[Step, ...]
    summary: str = ""
    time: fmt.LocalTime | None = None
    is_round: bool = False


@dataclass(frozen=True, slots=True)
class StoryView:
    """The parts, oldest first. `left_out` counts steps too far from the reported time."""

    parts: tuple[StoryPart, ...]
    left_out: int
    read_of: str
    has_own: bool


def story_view(answer: Answer, problems: Sequence[Problem], zone: ZoneInfo) -> StoryView | None:
    """Return steps, errors, observations, and related data; None if there are only errors."""
    moment = answer.question.window.moment
    clock = Clock(moment, zone)
    breadcrumbs = [one for one in recorded_breadcrumbs(answer) if says_something(one.crumb)]
    signals = [_Placed(at, step, (at, step.words)) for at, step in _signals(answer, clock)]
    signals += [
        _Placed(one.at, _observation(one, clock), (one.at, one.sentence), until=one.until)
        for one in observations_of(answer)
        if one.is_trouble or not answer.events
    ]
    if not breadcrumbs and not signals:
        return None
    has_more = bool(breadcrumbs) or any(one.step.kind != "release" for one in signals)
    happened: list[tuple[datetime, PlacedBreadcrumb | _Error]] = [
        (one.position[0], one) for one in breadcrumbs
    ]
    happened += [
        (event.details.happened_at or event.timestamp, (event, problem))
        for problem in problems
        if has_more and not problem.is_noise
        for event in problem.events
    ]
    nearest = sorted(happened, key=lambda pair: (abs(pair[0] - moment), pair[0]))[:MAX_STEPS]
    shown = sorted(nearest, key=lambda pair: pair[0])
    read, total = answer.bodies_read, len(answer.events)
    steps = [_placed(at, one, clock) for at, one in shown]
    line = sorted((*steps, *signals), key=lambda placed: placed.at)
    return StoryView(
        parts=_parts_near(_add_pauses(line, answer), moment),
        left_out=len(happened) - len(shown),
        read_of=f"From {read} of {counted(total, 'event')}." if has_more and read < total else "",
        has_own=any(placed.step.is_customers or placed.step.kind == "replay" for placed in line),
    )


# A step of the customer and its time.
OwnStep = tuple[datetime, Step]


def own_steps(answer: Answer, clock: Clock) -> list[OwnStep]:
    """Return the customer's steps that any event recorded with their times, oldest first."""
    return [
        (one.crumb.timestamp, _step_at(one, clock))
        for one in recorded_breadcrumbs(answer)
        if one.crumb.timestamp and breadcrumb_phrase(one.crumb, one.event).actor is Actor.CUSTOMER
    ]


def just_before(answer: Answer, problem: Problem, recorded: Sequence[OwnStep], clock: Clock) -> str:
    """Return the last two steps in the minute before the problem's event nearest to the moment.

    The customer's own come first, then their last one that other events recorded, the program's
    steps, and the request or page that failed. Only the steps of one event are in a certain order.
    """
    nearest, *others = nearest_first(problem.events, clock.moment)
    joined = (one for one in others if abs(one.timestamp - nearest.timestamp) <= _SAME_TIME)
    events = (nearest, *joined)
    steps = [list(_steps_before(event, clock)) for event in events]
    own = ([step for step in run if step.is_customers] for run in steps)
    before = [step for at, step in recorded if -_PAUSE <= at - nearest.timestamp <= _SAME_TIME]
    found = next(filter(None, (*own, before[-1:], *steps)), [])
    if found:
        return _in_a_row(found[-2:])
    if requested := _requested_before(answer, nearest):
        return observation_phrase(requested, clock)
    requests = filter(None, (_requested(event, clock) for event in events))
    is_all = answer.bodies_read == len(answer.events)
    no_steps = "no steps recorded" if is_all else "no steps in the events that were read"
    none = "none in the 2 minutes before" if recorded else no_steps
    return next(requests, none if nearest.body else "unknown; not read in full")


def _requested_before(answer: Answer, event: Event) -> Observation | None:
    """Return the last page opened or changed by the customer, up to ten minutes before it."""
    earlier = (
        one
        for one in observations_of(answer)
        if one.kind is Kind.WORKED
        and one.names_customer
        and isinstance(one.rows[0], Span)
        and event.timestamp - timedelta(minutes=10) <= one.at < event.timestamp - _SAME_TIME
        and ((one.rows[0].op or "").startswith(PAGE_OPS) or not one.target.startswith("GET "))
    )
    return max(earlier, key=lambda one: one.at, default=None)


def _steps_before(event: Event, clock: Clock) -> Iterator[Step]:
    """Yield the steps in the minute before the event, without the error itself."""
    since, until = event.timestamp - timedelta(minutes=1), event.timestamp + _SAME_TIME
    for one in place_breadcrumbs([event]):
        if since <= one.position[0] <= until:
            step = _step_at(one, clock)
            if step.is_customers or (step.text and not step.words.endswith("an error")):
                yield step


def _step_at(one: PlacedBreadcrumb, clock: Clock) -> Step:
    return step_of(one.crumb, one.event, clock, longest=_MAX_CRUMB_TEXT)


def _in_a_row(steps: Sequence[Step]) -> str:
    words = ", then ".join(f"{one.words} {_isolated(one.text)}".strip() for one in steps)
    last = steps[-1].time
    return f"{words}{f' ({last.text})' if last else ''}"


def _isolated(text: str) -> str:
    return f"{_ISOLATE}{fmt.clipped(text, 60)}{_END_ISOLATE}" if text else ""


def _requested(event: Event, clock: Clock) -> str:
    """Return the request that the server was answering, or the page that was open."""
    request = event.body.request if event.body else None
    if request is None or not request.url:
        return ""
    page = bare_url(request.url)
    if side_of(event) in CLIENT:
        return f"was on {_isolated(page)}"
    requested = _isolated(" ".join(filter(None, (request.method, page))))
    return f"a request: {requested} ({clock.text(event.timestamp)})"


def just_after(problem: Problem, recorded: Iterable[OwnStep]) -> str:
    """Return the customer's first step after the last event, ignoring what pages do alone."""
    last = problem.newest.timestamp
    before: set[tuple[str, str]] = set()
    for at, step in recorded:
        if step.words in _BY_ITSELF:
            continue
        if at <= last + _SAME_TIME:
            before.add((step.words, step.text))
        elif (step.words, step.text) in before and step.time:
            return f"tried again ({step.time.text})"
        else:
            return _in_a_row([step])
    return ""


def _placed(at: datetime, one: PlacedBreadcrumb | _Error, clock: Clock) -> _Placed:
    if isinstance(one, PlacedBreadcrumb):
        step = _step_at(one, clock)
        said = step.text if step.is_customers else ""
        return _Placed(at, step, (step.words, said, step.outcome))
    event, problem = one
    words = fmt.typeset(summarize(event))
    step = Step(clock.time(at), words, has_failed=True, is_error=True)
    occurrence = problem.twins.get(event.id, event.id)
    return _Placed(at, step, (summarize_group(problem),), problem, occurrence)


def _parts_near(line: Sequence[_Placed], moment: datetime) -> tuple[StoryPart, ...]:
    """Return the parts; of a long story, only those nearest the reported time are open."""
    parts = tuple(_parts(line))
    if sum(1 if part.summary else len(part.steps) for part in parts) <= 30:
        return parts
    near = sorted(range(len(line)), key=lambda place: abs(line[place].at - moment))[:20]
    start, end = min(near), max(near) + 1
    return (
        *_folded(line[:start], "earlier"),
        *_parts(line[start:end]),
        *_folded(line[end:], "later"),
    )


def _folded(line: Sequence[_Placed], which: str) -> Iterator[StoryPart]:
    """Yield one part with all these steps, if there are any."""
    steps = [step for part in _parts(line) for step in part.steps]
    if steps:
        errors = sum(step.is_error for step in steps)
        words = counted(len(steps), f"{which} step")
        words += f", including {counted(errors, 'error')}" if errors else ""
        yield StoryPart(tuple(steps), words, steps[0].time)


def _parts(line: Sequence[_Placed]) -> Iterator[StoryPart]:
    """Yield the rounds and what lies between them."""
    start = place = 0
    while place < len(line):
        size, times = _rounds_at(line, place)
        if times == 1:
            place += 1
            continue
        end = place + size * times
        yield from _fold(_join_repeats(line[start:place]))
        yield _round_part(line[place:end], line[place : place + size])
        start = place = end
    yield from _fold(_join_repeats(line[start:]))


def _rounds_at(line: Sequence[_Placed], start: int) -> tuple[int, int]:
    """Return the length and number of the rounds that begin here and cover most; else (1, 1)."""
    best = (1, 1)
    for size in range(2, min(15, (len(line) - start) // 2) + 1):
        keys = [placed.key for placed in line[start : start + size]]
        if not any(placed.step.is_error for placed in line[start + 1 : start + size]):
            continue
        times = 1
        while [one.key for one in line[start + times * size : start + (times + 1) * size]] == keys:
            times += 1
        if times > 1 and size * times > best[0] * best[1]:
            best = (size, times)
    return best


def _round_part(run: Sequence[_Placed], first: Sequence[_Placed]) -> StoryPart:
    """Return the rounds as one part, with the number of failures, as the headline counts them."""
    times = len({placed.occurrence for placed in run if placed.step.is_error})
    own = [placed.step for placed in first if placed.step.is_customers]
    did = f"{own[-1].words} {own[-1].text}, then: " if own else ""
    problems = (placed.problem for placed in first if placed.problem)
    failure = fmt.typeset(summarize_group(min(problems, key=lambda one: one.number)))
    began, ended = run[0].step.time, run[-1].step.time
    until = f", until {ended.text}" if ended else ""
    return StoryPart(
        steps=tuple(placed.step for placed in run),
        summary=f"{times} times{until}: {did}{failure}",
        time=began,
        is_round=True,
    )


def _join_repeats(line: Sequence[_Placed]) -> Iterator[Step]:
    """Join three or more equal steps in a row into one that says how often."""
    breaks = accumulate(bool(placed.step.pause) for placed in line)
    for _same, run in groupby(
        zip((placed.step for placed in line), breaks, strict=True),
        key=lambda pair: (pair[0].words, pair[0].text, pair[0].outcome, pair[1]),
    ):
        first, *more = (step for step, _break in run)
        if len(more) < 2:
            yield from (first, *more)
            continue
        until = more[-1].time
        times = f"{len(more) + 1} times{f', until {until.text}' if until else ''}"
        yield replace(first, outcome=", ".join(filter(None, (first.outcome, times))))


def _add_pauses(line: Sequence[_Placed], answer: Answer) -> list[_Placed]:
    """Return the steps with the pauses before them. None are known if not all was read."""
    beside = answer.beside
    is_all = answer.complete and answer.bodies_read == len(answer.events)
    if not is_all or not beside.has_all_activity:
        return list(line)
    logs = ((log.timestamp, log.timestamp) for log in beside.logs)
    lengths = (min(max(one.duration_ms or 0, 0), 86_400_000) for one in beside.spans)
    spans = (
        (one.started_at, one.started_at + timedelta(milliseconds=length))
        for one, length in zip(beside.spans, lengths, strict=True)
    )
    times = sorted((*logs, *spans))
    shown: list[_Placed] = []
    place, last = 0, None
    for one in line:
        if one.step.kind == "release":
            shown.append(one)
            continue
        while last and place < len(times) and times[place][0] < one.at - _SAME_TIME:
            last = max(last, times[place][1])
            place += 1
        gap = one.at - last if last else timedelta()
        pause = format_duration(gap.total_seconds()) if gap >= _PAUSE else ""
        shown.append(replace(one, step=replace(one.step, pause=pause)))
        last = max(filter(None, (last, one.until, one.at)))
    return shown


def _fold(steps: Iterator[Step]) -> Iterator[StoryPart]:
    """Keep failures and the steps just before them open; fold long uneventful runs."""
    line = list(steps)

    def is_open(place: int) -> bool:
        has_failed = any(step.has_failed for step in line[place : place + 4])
        return line[place].kind != "release" and bool(line[place].kind or has_failed)

    open_steps: list[Step] = []
    for stays_open, run in groupby(range(len(line)), key=is_open):
        part = tuple(line[place] for place in run)
        only_releases = all(step.kind == "release" for step in part)
        if stays_open or len(part) < (2 if only_releases else 4):
            open_steps += part
            continue
        if open_steps:
            yield StoryPart(tuple(open_steps))
            open_steps = []
        last = part[-1].time
        until = f", until {last.text}" if last else ""
        count = counted(len(part), "release" if only_releases else "step")
        yield StoryPart(part, f"{count}{until}", part[0].time)
    if open_steps:
        yield StoryPart(tuple(open_steps))


# Messages, session replays, and releases in the story.

_MAX_PAGES = 5
_MAX_RELEASES = 5
MAX_QUOTE = 300  # at the top of a page with errors
MAX_MESSAGE = 2000


def _signals(answer: Answer, clock: Clock) -> Iterator[tuple[datetime, Step]]:
    related, server = answer.beside, answer.searched.server
    quoted = next(iter(messages(answer)), None)
    for one in related.feedback if answer.events else ():
        step = feedback_step(one, clock, server)
        if one is quoted and len(one.message) <= MAX_QUOTE:
            step = replace(step, outcome="(quoted above)", quote="", notes=(), permalink="")
        yield one.sent_at, step
    for replay in related.replays:
        yield replay.started_at, _replay(replay, clock, server)
    nearest = sorted(related.deploys, key=lambda deploy: abs(deploy.at - clock.moment))
    for deploy in nearest[:_MAX_RELEASES]:
        name = " ".join(filter(None, (deploy.project, short_release(deploy.version))))
        where = f" in {deploy.environment}" if deploy.environment else ""
        # Without a deploy in Sentry, only a release's first appearance is known.
        what = f"went live{where}" if deploy.is_told else "first appeared in Sentry"
        time, text = clock.time(deploy.at), fmt.clipped(name, 200)
        yield deploy.at, Step(time, "", text=text, outcome=what, kind="release")


def messages(answer: Answer) -> tuple[Feedback, ...]:
    """Return the customer's messages at the top of the page: the nearest, or all without errors."""
    moment = answer.question.window.moment
    nearest = sorted(answer.beside.feedback, key=lambda one: abs(one.sent_at - moment))
    return tuple(nearest[:1] if answer.events else nearest)


def feedback_step(
    feedback: Feedback, clock: Clock, server: str, longest: int = MAX_MESSAGE
) -> Step:
    """Return a message from the customer."""
    about = filter(None, (feedback.name and f"as {feedback.name}", feedback.url))
    return Step(
        clock.time(feedback.sent_at),
        "the customer wrote",
        kind="feedback",
        is_customers=True,
        quote=fmt.clipped(feedback.message, longest),
        notes=tuple(filter(None, [fmt.clipped(", on ".join(about), 300)])),
        permalink=fmt.safe_link(feedback.permalink),
        link=f"Open in {server}",
    )


def _replay(replay: Replay, clock: Clock, server: str) -> Step:
    ended, dead = replay.finished_at, replay.dead_clicks
    words = "session replay"
    if ended:
        length = format_duration((ended - replay.started_at).total_seconds())
        words = f"session replay, until {clock.text(ended)} ({length})"
    facts = (
        counted(replay.errors, "error") if replay.errors else "",
        counted(replay.rage_clicks, "rage click") if replay.rage_clicks else "",
        counted(dead, "click that did nothing", "clicks that did nothing") if dead else "",
    )
    pages = tuple(dict.fromkeys(fmt.clipped(url, 200) for url in replay.urls))
    hidden = len(pages) - _MAX_PAGES
    return Step(
        clock.time(replay.started_at),
        words,
        kind="replay",
        outcome=", ".join(filter(None, facts)),
        notes=(*pages[:_MAX_PAGES], *([f"and {hidden} more"] if hidden > 0 else [])),
        permalink=fmt.safe_link(replay.permalink),
        link=f"Watch in {server}",
    )


# Observations.

UNNAMED = (A_REQUEST, "Opening a page", "A click")  # sentences that don't say what it was
_MAX_BASIS = 12


def _observation(one: Observation, clock: Clock) -> Step:
    """Return what logs and spans show; what simply worked is an ordinary step."""
    row, target = one.rows[0], fmt.clipped(one.target, _MAX_CRUMB_TEXT)
    if isinstance(row, Span) and not one.is_trouble:
        is_page = (row.op or "").startswith(PAGE_OPS)
        words = "opened" if is_page else "requested"
        done = "it was accepted" if row.http_status == 202 else "it worked"
        time = clock.time(one.at)
        return Step(time, words, text=target, outcome=done, is_customers=is_page)
    hidden = len(one.rows) - _MAX_BASIS
    times = f"({times_text(one.times)}, until {clock.text(one.until)})" if one.times > 1 else ""
    return Step(
        clock.time(one.at),
        " ".join((one.sentence, *one.also)),
        kind="seen",
        text=target if isinstance(row, Span) else "",
        outcome=" ".join(filter(None, (times, "" if one.names_customer else BY_TRACE))),
        anchor=observation_anchor(one),
        basis=(
            *(_basis(row, clock) for row in one.rows[:_MAX_BASIS]),
            *([f"and {hidden} more"] if hidden > 0 else []),
        ),
    )


def observation_phrase(one: Observation, clock: Clock) -> str:
    """Return what it shows as a clause with its last time: `opened /cart (14:03:20)`."""
    row, worked = one.rows[0], one.kind is Kind.WORKED
    what = lower_first(one.sentence).removesuffix(".")
    is_plain = one.sentence.startswith(UNNAMED) or one.target.startswith("GET ")
    if isinstance(row, Span) and worked and is_plain:
        verb = "opened" if (row.op or "").startswith(PAGE_OPS) else "requested"
        what = f"{verb} {_isolated(bare_url(one.target))}"
    return f"{what} ({clock.text(one.moments[-1])})"


def _basis(row: LogEntry | Span, clock: Clock) -> str:
    """Return a row as Sentry has it: what it is, its time, and what it says."""
    if isinstance(row, LogEntry):
        at, words = row.timestamp, f"log, {row.severity or 'no level'}: {row.message or 'no text'}"
    else:
        facts = (
            row.op,
            row.description or row.transaction,
            row.duration_ms is not None and duration_text(row.duration_ms),
            row.http_status and f"HTTP {row.http_status}",
            row.status,
        )
        at, words = row.started_at, f"span, {', '.join(str(fact) for fact in facts if fact)}"
    where = f" ({row.project})" if row.project else ""
    return fmt.clipped(f"{clock.text(at)} {words}{where}, {row.id}", 400)


# Related errors, and what is missing.


def related_view(answer: Answer, zone: ZoneInfo) -> dict[str, Any] | None:
    """Return the `related` of `lookups/_beside.html`, or None if there is nothing to say.

    `trace_errors` are of the same traces, without a customer. `more_releases` counts releases
    further from the reported time. `has_no_feedback` says that Sentry certainly has none. `unread`
    are sentences about what could not be read, `absent` about what the server doesn't have for us.
    """
    related, clock = answer.beside, Clock(answer.question.window.moment, zone)
    is_surely_read = Signal.FEEDBACK in related.surely and answer.complete
    view = {
        "trace_errors": [
            {
                "id": one.id,
                "time": clock.time(one.timestamp),
                "level": fmt.level_mark(one.level),
                "title": fmt.clipped(one.title or "Untitled error", 200),
                "project": fmt.clipped(one.project or "", 80),
            }
            for one in related.trace_errors
        ],
        "more_releases": max(0, len(related.deploys) - _MAX_RELEASES),
        # Of replays, Sentry's search can miss some.
        "has_no_feedback": is_surely_read and not related.feedback,
        "unread": [fmt.typeset(one.message) for one in related.unread],
        "absent": list(dict.fromkeys(fmt.typeset(one.message) for one in related.absent)),
        "can_retry": any(one.can_retry for one in related.unread),
        "is_late": any(one.is_late for one in related.unread),
    }
    return view if any(view.values()) else None
