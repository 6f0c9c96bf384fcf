"""Selecting the facts of a result for an export, and wording that the formats share.

Each issue has one lead event in full; its further events list only what differs from that one.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby

from apps.events.answer import Answer, CatalogEntry, Deploy, Feedback, KnownMatch, Replay
from apps.events.breadcrumb_text import PlacedBreadcrumb, merge_breadcrumbs, place_breadcrumbs
from apps.events.event import (
    Breadcrumb,
    Event,
    EventBody,
    ExceptionInfo,
    Frame,
    breadcrumb_message,
    is_message_from_data,
)
from apps.events.grouping import Group, Problem, nearest_first
from apps.events.query import Window, format_duration
from apps.events.releases import describe_fix, issue_fix_text, last_day_of
from apps.events.rules.rule import device_of
from apps.events.summary import delay_text, summarize, summarize_group
from apps.exports.facts import (
    BreadcrumbFacts,
    DetailFacts,
    Document,
    EventFacts,
    ExceptionFacts,
    FrameFacts,
    Header,
    IssueFacts,
    KnownFacts,
    LinkFacts,
    OccurrenceFacts,
    OtherOccurrencesFacts,
    ProblemFacts,
    RelatedFacts,
    Selection,
    StatusFacts,
)

Row = tuple[str, str | None]
Quote = Callable[[str], str]

# Known errors

WRITTEN_BY = "written by the support team, not by the event"


def known_facts(
    group: Group, matches: Sequence[KnownMatch], selection: Selection, today: date
) -> tuple[KnownFacts, ...]:
    """Return the best known errors of an issue, as many as fit."""
    if not matches:
        return ()
    where = selection.text(f"issue {group.issue_id}", 60, "")
    selected = selection.first(matches, selection.detail.known, "known errors", where)
    return tuple(_known_facts(match, group, selection, today) for match in selected)


def _known_facts(match: KnownMatch, group: Group, selection: Selection, today: date) -> KnownFacts:
    known, detail = match.known, selection.detail
    where = f"known error {known.slug}"

    def text(raw: str, limit: int) -> str:
        return selection.text(raw, limit, where)

    return KnownFacts(
        slug=text(known.slug, 80),
        title=text(known.title, detail.names),
        explanation=text(known.explanation, detail.known_texts),
        reply=text(known.reply, detail.known_texts),
        workaround=text(known.workaround, detail.known_texts),
        state=known.state.value,
        planned_for=known.planned_for,
        fixed_in=text(known.fixed_in, detail.names),
        owner=text(known.owner, detail.names),
        links=tuple(_links(known, selection, where)),
        fix=text(describe_fix(known, group, today), max(detail.names, 160)),
        why=tuple(text(reason, detail.names) for reason in match.why),
    )


def _links(known: CatalogEntry, selection: Selection, where: str) -> Iterator[LinkFacts]:
    detail = selection.detail
    for link in selection.first(known.links, detail.known_links, "links", where):
        if not link.address.lower().startswith(("https://", "http://")):
            continue
        address = selection.link(link.address, where, wanted=detail.references)
        if address is not None:
            yield LinkFacts(selection.text(link.label, detail.names, where), address)


def known_rows(known: KnownFacts) -> Iterator[tuple[str, str]]:
    """Yield the labeled texts of a known error for Markdown and plain text, without empty ones."""
    rows = (
        ("explanation", known.explanation),
        ("tell the customer", known.reply),
        ("workaround", known.workaround),
        ("state", known.state),
        ("planned for", known.planned_for.isoformat() if known.planned_for else ""),
        ("fixed in", known.fixed_in),
        ("owner", known.owner),
        *(("matched because", reason) for reason in known.why),
        *(("link", f"{link.label}: {link.address}") for link in known.links),
    )
    return ((name, value) for name, value in rows if value)


# Issues and events


@dataclass(frozen=True, slots=True)
class SelectedIssue:
    """An issue with its lead event, which is exported in full, and the further events listed."""

    group: Group
    lead: Event
    further: tuple[Event, ...]


def select_events(group: Group, moment: datetime, selection: Selection) -> SelectedIssue:
    """Select the lead, the nearest event that has a body, and the nearest further events."""
    nearest = nearest_first(group.events, moment)
    lead = next((event for event in nearest if event.body), nearest[0])
    others = [event for event in nearest if event is not lead]
    name = (group.issue and group.issue.short_id) or group.issue_id
    where = selection.text(f"issue {name}", 60, "")
    further = selection.first(others, selection.detail.further_events, "further events", where)
    return SelectedIssue(group, lead, further)


def problem_facts(problem: Problem, events: Iterable[Event], selection: Selection) -> ProblemFacts:
    """Return the facts of a problem, whose issues and exported events have facts of their own."""
    own = problem.event_ids

    def name(issue_id: str) -> str:
        return selection.text(issue_id, 40, "summary")

    return ProblemFacts(
        sentence=summarize_group(problem),
        cause=name(problem.issue_id),
        joined=tuple((name(one.group.issue_id), one.reason.value) for one in problem.others),
        events=tuple(selection.text(one.id, 40, "") for one in events if one.id in own),
        times=problem.times,
        is_noise=problem.is_noise,
    )


def name_halves(
    issues: Iterable[IssueFacts], problems: Iterable[ProblemFacts]
) -> Iterator[IssueFacts]:
    """Yield the issues; a half of failures names the issues that caused them."""
    by_id = {issue.id: issue for issue in issues}
    causes: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for problem in problems:
        cause = by_id.get(problem.cause)
        for half, reason in problem.joined:
            causes[half].append((cause.name if cause else problem.cause, reason))
    return (replace(issue, half_of=tuple(causes[issue.id])) for issue in by_id.values())


def issue_facts(
    group: Group, selection: Selection, known: Sequence[KnownMatch], today: date
) -> IssueFacts:
    """Return the facts of an issue; `today` decides the wording about a planned fix."""
    issue = group.issue
    short_id = selection.name(issue.short_id if issue else None, "summary")
    issue_id = selection.text(group.issue_id, 40, "summary")
    where = f"issue {short_id or issue_id}"
    detail = selection.detail
    last_seen = issue.last_seen if issue else None
    if last_seen and not detail.last_seen:
        selection.leave_out("last-seen times", 1, where)
        last_seen = None
    facts = IssueFacts(
        id=issue_id,
        short_id=short_id,
        title=selection.text(group.title, detail.issue_titles, where),
        summary=summarize_group(group),
        level=selection.name((issue and issue.level) or group.worst_level, where),
        project=selection.name((issue and issue.project) or group.newest.project, where),
        handled=group.handled,
        events=len(group.events),
        users_affected=issue.users_affected if issue else None,
        first_seen=issue.first_seen if issue else None,
        last_seen=last_seen,
        permalink=selection.link(
            issue.permalink if issue else None, where, wanted=detail.references
        ),
        status=_status(group, selection, where),
        known=known_facts(group, known, selection, today),
    )
    if not detail.slim:
        return facts
    selection.leave_out("impacts", 1 if facts.users_affected or facts.first_seen else 0, where)
    return replace(facts, users_affected=None, first_seen=None, level=None, project=None)


def _status(group: Group, selection: Selection, where: str) -> StatusFacts | None:
    """Return the status, or None if it is unknown or does not fit."""
    issue, day = group.issue, last_day_of(group)
    if issue is None or not (issue.status or issue.substatus or issue.fixed_in or day):
        return None
    if not selection.detail.statuses:
        selection.leave_out("issue statuses", 1, where)
        return None
    return StatusFacts(
        status=selection.name(issue.status, where),
        substatus=selection.name(issue.substatus, where),
        fixed_in=selection.name(issue.fixed_in, where),
        fix=selection.name(issue_fix_text(group, in_full=True), where),
        last_day=day.total if day else None,
    )


def event_facts(event: Event, lead: Event, moment: datetime, selection: Selection) -> EventFacts:
    """Return the facts of an event; a further event omits what it shares with the lead."""
    where = f"event {event.id[:8]}"
    where = selection.text(where, 20, where)
    is_lead = event is lead
    body, detail = event.body, selection.detail
    request = body.request if body else None
    if request and not is_lead and not detail.plain and lead.body and request == lead.body.request:
        selection.leave_out("repeated requests", 1, where)
        request = None
    facts = EventFacts(
        id=selection.text(event.id, 40, where),
        issue_id=selection.optional_text(event.issue_id, 40, where),
        project=selection.name(event.project, where),
        timestamp=event.timestamp,
        seconds=(event.timestamp - moment).total_seconds(),
        is_lead=is_lead,
        title=_title(event, selection, where),
        culprit=_place((body and body.culprit) or event.culprit, event, selection, where),
        transaction=_place(event.transaction, event, selection, where),
        level=selection.name(event.level, where),
        handled=body.handled if body and body.handled is not None else event.handled,
        release=selection.name((body and body.release) or event.release, where),
        environment=selection.name((body and body.environment) or event.environment, where),
        device=selection.optional_text(_device(event, lead, selection, where), 60, where),
        trace_id=selection.reference(
            (body and body.trace_id) or event.trace_id,
            "trace IDs",
            where,
            wanted=detail.references if is_lead else detail.ids,
        ),
        method=selection.name(request.method if request else None, where),
        url=selection.optional_text(request.url if request else None, detail.names, where),
        permalink=selection.link(event.permalink, where, wanted=detail.ids),
        exceptions=_chain(event, lead, selection, where),
        message=_message_beside(event, lead, selection, where),
        received=body.received_at if body and delay_text(event) else None,
        delay=delay_text(event) if is_lead or detail.plain else None,
    )
    facts = replace(
        facts,
        details=_details(event, lead, facts, selection),
        exceptions=_without_repeats(facts),
    )
    if not detail.bare:
        return facts
    selection.leave_out("event details", 1, where)
    facts = replace(facts, project=None, level=None, method=None, url=None, delay=None)
    return replace(facts, release=None, environment=None, handled=None)


def _place(place: str | None, event: Event, selection: Selection, where: str) -> str | None:
    """Return a culprit or transaction, which is dispensable if there is a crash frame."""
    has_frames = event.body and any(exception.frames for exception in event.body.exceptions)
    if has_frames and not selection.detail.culprits:
        selection.leave_out("culprits", 1 if place else 0, where)
        return None
    return selection.name(place, where)


def _device(event: Event, lead: Event, selection: Selection, where: str) -> str | None:
    """Return the device, unless it is that of the lead event."""
    device = device_of(event.body) if event.body else None
    if selection.detail.plain or device is None:
        return device
    if event is not lead and lead.body and device_of(lead.body) == device:
        return None
    if not selection.detail.devices:
        selection.leave_out("devices", 1, where)
        return None
    return device


def _title(event: Event, selection: Selection, where: str) -> str | None:
    title, has_exception = event.title, _has_exception(event)
    if not has_exception and not selection.detail.plain:
        title = _with_message(event)
    if has_exception and not selection.detail.titles:
        selection.leave_out("titles", 1 if title else 0, where)
        return None
    limit = selection.detail.texts if selection.detail.plain else min(selection.detail.texts, 160)
    return selection.optional_text(title, limit, where)


def _has_exception(event: Event) -> bool:
    """Return whether an exception describes the event, rather than a bare stack trace."""
    return any(one.type or one.value for one in (event.body.exceptions if event.body else ()))


def _with_message(event: Event) -> str | None:
    """Return the title, followed by the message unless one includes the other."""
    message = (event.body and event.body.message) or event.message
    if not message or not event.title or message in event.title:
        return event.title or message
    return message if message.startswith(event.title) else f"{event.title}: {message}"


def _message_beside(event: Event, lead: Event, selection: Selection, where: str) -> str | None:
    """Return the message, unless the title, the exception, or the lead event has it."""
    message = event.body.message if event.body else None
    if selection.detail.plain or not message:
        return message
    if not _has_exception(event):
        return None  # the title ends with it
    texts = [one.value or "" for one in event.body.exceptions] if event.body else []
    shared = lead.body.message if lead.body and event is not lead else None
    if message == shared or any(message in text for text in (*texts, event.title or "")):
        return None
    return selection.text(message, selection.detail.texts, where)


def _chain(
    event: Event, lead: Event, selection: Selection, where: str
) -> tuple[ExceptionFacts, ...]:
    chain = event.body.exceptions if event.body else ()
    detail = selection.detail
    if event is not lead and not detail.plain:
        selection.leave_out("stack traces of further events", 1 if chain else 0, where)
        return _raised_if_different(chain, lead, selection, where)
    selected = list(chain[: detail.exceptions])
    if len(chain) > len(selected) > 1:
        selected[-1] = chain[-1]  # the root cause says more than those in between
    selection.leave_out("chained exceptions", len(chain) - len(selected), where)
    return tuple(_exception(exception, selection, where) for exception in selected)


def _without_repeats(facts: EventFacts) -> tuple[ExceptionFacts, ...]:
    """Return the exceptions, which say whether they were caught only if that differs."""
    return tuple(
        replace(one, handled=None) if one.handled == facts.handled else one
        for one in facts.exceptions
    )


def _raised_if_different(
    chain: Sequence[ExceptionInfo], lead: Event, selection: Selection, where: str
) -> tuple[ExceptionFacts, ...]:
    raised = chain[0] if chain else None
    other = lead.body.exceptions[0] if lead.body and lead.body.exceptions else None
    if raised is None or (other and (raised.type, raised.value) == (other.type, other.value)):
        return ()
    value = selection.optional_text(raised.value, min(selection.detail.texts, 200), where)
    return (ExceptionFacts(selection.name(raised.type, where), value, ()),)


def _exception(exception: ExceptionInfo, selection: Selection, where: str) -> ExceptionFacts:
    crash, is_bare = exception.crash_frame, selection.detail.bare
    return ExceptionFacts(
        type=selection.optional_text(exception.type, max(selection.detail.names, 40), where),
        value=selection.optional_text(exception.value, selection.detail.texts, where),
        frames=tuple(
            _frame(frame, frame is crash, selection, where)
            for frame in _frames(exception, crash, selection, where)
        ),
        module=None if is_bare else selection.name(exception.module, where),
        mechanism=None if is_bare else selection.name(exception.mechanism, where),
        handled=None if is_bare else exception.handled,
    )


def _frames(
    exception: ExceptionInfo, crash: Frame | None, selection: Selection, where: str
) -> list[Frame]:
    """Return the crash frame and the frames nearest to the crash, in stack order."""
    if selection.detail.plain:
        return list(exception.frames)
    once: dict[tuple[object, ...], Frame] = {}
    for frame in exception.frames:
        once.setdefault((frame.file, frame.line, frame.function, frame.in_app), frame)
    distinct = list(once.values())
    selection.leave_out("repeated frames", len(exception.frames) - len(distinct), where)
    room = {True: selection.detail.library_frames, False: selection.detail.in_app_frames}
    if crash:
        room[crash.in_app is False] -= 1
    selected = []
    for frame in distinct:
        if frame is not crash:
            room[frame.in_app is False] -= 1
        if frame is crash or room[frame.in_app is False] >= 0:
            selected.append(frame)
    selection.leave_out("frames", len(distinct) - len(selected), where)
    return selected


def _frame(frame: Frame, crash: bool, selection: Selection, where: str) -> FrameFacts:
    code = frame.crash_code
    if code is not None and not selection.detail.plain:
        code = code.strip()
    return FrameFacts(
        file=selection.path(frame.file or frame.module, where),
        line=frame.line,
        function=selection.name(frame.function, where),
        in_app=frame.in_app,
        code=selection.optional_text(code, selection.detail.codes, where),
        crash=crash,
        around=tuple(_around(frame, selection, where)) if crash else (),
    )


def _around(frame: Frame, selection: Selection, where: str) -> Iterator[tuple[int, str]]:
    """Yield the lines next to the frame's own, as many on each side as fit."""
    for number, text in frame.code:
        away = abs(number - frame.line) if frame.line is not None else 0
        if away and away <= selection.detail.around and text.strip():
            code = text if selection.detail.plain else text.strip()
            yield number, selection.text(code, selection.detail.codes, where)


# Details: what an SDK adds to an error, without what the facts of the event already say

_DETAILS = "events"
_MAIN_CONTEXTS = ("runtime", "browser", "os", "client_os", "app", "sdk")
_SIDE_CONTEXTS = ("device", "gpu", "culture", "state", "trace", "request environment")


def _details(
    event: Event, lead: Event, facts: EventFacts, selection: Selection
) -> tuple[DetailFacts, ...]:
    """Return the details of a lead event, as many of each section as fit."""
    detail, body = selection.detail, event.body
    if body is None:
        return ()
    if event is not lead and not detail.plain:
        selection.leave_out(
            "details of further events", 1 if body.tags or body.extra else 0, _DETAILS
        )
        return ()
    for what, count in body.unread.items():
        selection.leave_out(selection.text(what, 80, ""), count, _DETAILS)
    known = () if detail.plain else _known_texts(facts)
    agent = "user-agent" if "browser" in body.contexts and not detail.plain else ""
    rows = [
        (section, name, value)
        for section, name, value in _sections(body)
        if not (section in ("tags", "contexts") and value in known)
        if not (section == "headers" and name and name.lower() == agent)  # the browser is named
    ]
    if not detail.details:
        selection.leave_out("tags, extra, and other details", len(rows), _DETAILS)
        return ()
    found = []
    for section, group in groupby(rows, key=lambda row: row[0]):
        limit = detail.lists if section in body.lists else detail.details
        for _section, name, value in selection.first(list(group), limit, section, _DETAILS):
            found.append(
                DetailFacts(
                    section,
                    selection.name(name, _DETAILS),
                    selection.text(value, detail.detail_texts, _DETAILS),
                )
            )
    return tuple(found)


def _known_texts(facts: EventFacts) -> frozenset[str]:
    """Return the values that would only repeat a fact of the event."""
    names = ("level", "release", "environment", "transaction", "culprit", "url", "method", "title")
    texts = {getattr(facts, name) for name in (*names, "trace_id", "device", "project")}
    parts = (facts.device or "").split(", ")
    words = {word for part in parts for word in (part, *part.rsplit(" ", 1))}
    raised = {text for one in facts.exceptions for text in (one.type, one.mechanism)}
    answers = {"yes", "no"} if facts.handled is not None else set()
    return frozenset(filter(None, texts | words | raised | answers))


def _sections(body: EventBody) -> Iterator[tuple[str, str | None, str]]:
    """Yield section, name, and value of all details, the most telling sections first."""
    request = body.request
    crash = body.exceptions[0].crash_frame if body.exceptions else None
    sent = request.data if request else None
    named = (
        ("extra", body.extra.items()),
        ("tags", body.tags),
        ("variables", crash.variables.items() if crash else ()),
        ("parameters", request.query if request else ()),
        ("sent", sent.items() if isinstance(sent, dict) else [("body", sent)]),
        ("contexts", _contexts(body)),
        ("headers", request.headers if request else ()),
        ("cookies", request.cookies if request else ()),
        ("user", body.user.items()),
    )
    for section, pairs in named:
        for name, value in pairs:
            if text := _detail_text(value):
                yield section, str(name), text
    for section, lines in body.lists.items():
        for line in lines.split("\n"):
            yield section, None, line


def _contexts(body: EventBody) -> Iterator[tuple[str, object]]:
    """Yield what the contexts say: versions first, then custom ones, then devices and the like."""

    def place(name: str) -> int:
        if name in _MAIN_CONTEXTS:
            return _MAIN_CONTEXTS.index(name) - len(_MAIN_CONTEXTS)
        return 1 if name in _SIDE_CONTEXTS else 0

    for context in sorted(body.contexts, key=place):
        for name, value in body.contexts[context].items():
            if name != "type":
                yield f"{context} {name}", value


def _detail_text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(value, ensure_ascii=False, default=str) if value else ""


# Related entries: feedback, errors of the same traces, releases, and session replays

_Entry = Deploy | Event | Feedback | Replay
_RELATED = "related entries"


def related_facts(answer: Answer, selection: Selection) -> tuple[RelatedFacts, ...]:
    """Return the related entries, oldest first; replays are left out first, and feedback last."""
    beside, moment = answer.beside, answer.question.window.moment
    entries: list[tuple[datetime, _Entry]] = [
        *((one.sent_at, one) for one in beside.feedback),
        *((one.timestamp, one) for one in beside.trace_errors),
        *((one.at, one) for one in sorted(beside.deploys, key=lambda one: abs(one.at - moment))),
        *((one.started_at, one) for one in beside.replays),
    ]
    selected = selection.first(entries, selection.detail.related, "entries", _RELATED)
    facts = [_related_facts(at, entry, moment, selection) for at, entry in selected]
    return tuple(sorted(facts, key=lambda one: (one.timestamp, one.kind, one.id or "", one.text)))


def _related_facts(
    at: datetime, entry: _Entry, moment: datetime, selection: Selection
) -> RelatedFacts:
    kind, project, text = _described(entry, moment)
    entry_id, permalink = (None, None) if isinstance(entry, Deploy) else (entry.id, entry.permalink)
    detail = selection.detail
    return RelatedFacts(
        kind=kind,
        id=selection.optional_text(entry_id, 40, _RELATED),
        timestamp=at,
        seconds=(at - moment).total_seconds(),
        project=selection.name(project, _RELATED),
        text=selection.text(text, min(detail.texts, 600), _RELATED),
        permalink=selection.link(permalink, _RELATED, wanted=detail.ids),
    )


def _described(entry: _Entry, moment: datetime) -> tuple[str, str | None, str]:
    """Return the kind, the project, and the text of an entry."""
    if isinstance(entry, Deploy):
        return "release", entry.project, _went_live(entry, moment)
    if isinstance(entry, Feedback):
        where = f" (on {entry.url})" if entry.url else ""
        return "feedback", entry.project, f"{entry.message}{where}"
    if isinstance(entry, Event):
        where = f" in {entry.culprit}" if entry.culprit else ""
        return "error of the same trace", entry.project, f"{entry.title or 'error'}{where}"
    return "session replay", None, "; ".join(_replay(entry))


def _went_live(deploy: Deploy, moment: datetime) -> str:
    """Return `release shop@2.14.0 went live in production 35 min before the reported time`."""
    where = f" in {deploy.environment}" if deploy.environment else ""
    what = f"went live{where}" if deploy.is_told else "first appeared in Sentry"
    away = (deploy.at - moment).total_seconds()
    when = f"{format_duration(away)} {'before' if away < 0 else 'after'} the reported time"
    return f"release {deploy.version} {what} {when}"


def _replay(replay: Replay) -> Iterator[str]:
    if replay.finished_at:
        yield f"{(replay.finished_at - replay.started_at).total_seconds():.0f} s"
    counts = (
        ("errors", replay.errors),
        ("clicks that did nothing", replay.dead_clicks),
        ("rage clicks", replay.rage_clicks),
    )
    yield from (f"{count} {name}" for name, count in counts if count)
    if replay.urls:
        yield f"pages {', '.join(dict.fromkeys(replay.urls))}"


# Wording that Markdown and plain text share

UNKNOWN = "unknown"
_COMPARED = ("culprit", "transaction", "level", "release", "environment", "project")


def iso(at: datetime | None) -> str | None:
    """Format as ISO 8601 in UTC with a `Z`, and milliseconds unless they are zero."""
    if at is None:
        return None
    precision = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def clock(at: datetime, day_of: datetime) -> str:
    """Format as ISO 8601 in UTC, without the date if `day_of` has the same one."""
    text = iso(at) or ""
    return text.partition("T")[2] if at.date() == day_of.date() else text


def seconds(value: float | None) -> str:
    """Format seconds from the reported time, with their sign: `-12.5 s`."""
    if value is None:
        return "? s"
    return f"{value:+.1f}".removesuffix(".0") + " s"


def moment_and_window(header: Header) -> str:
    """Format the reported time, in UTC and in the zone of the header, and the window."""
    local = f" ({header.local_moment:%Y-%m-%d %H:%M:%S} {header.zone})"
    times = f"{iso(header.moment)}{'' if header.zone == 'UTC' else local}"
    return f"{times}, {header.minutes} min each side"


def completeness(header: Header) -> str:
    """Return a sentence about whether the list of events is complete, with its totals."""
    state = "complete" if header.complete else "incomplete"
    total = UNKNOWN if header.events_total is None else header.events_total
    cached = ", from cache" if header.from_cache else ""
    return (
        f"The list of events is {state}: {total} events in all, {header.events_listed} listed in "
        f"{header.issues_total} issues, {header.bodies_read} read in full; "
        f"queried at {iso(header.fetched_at)}{cached}."
    )


def caught(handled: bool | None) -> str:
    """Say whether the application caught the error."""
    return UNKNOWN if handled is None else "yes" if handled else "no"


def counts(by_kind: dict[str, int]) -> str:
    """Format counts by kind: `email 3, card 1`."""
    return ", ".join(f"{kind} {count}" for kind, count in by_kind.items())


def unchecked_note(header: Header) -> str:
    """Return a note about known errors that were not checked in time."""
    return (
        f"{header.known_unchecked} known errors could not be checked in time, "
        "so more of them may match."
    )


def omission_note(document: Document) -> str:
    """Return a sentence about where to find what was left out."""
    where = f"The lookup page and {document.header.server} have the rest."
    if document.budget is None:
        return where
    return f"This export is limited to {document.budget:,} tokens. {where}"


def empty_list_note(header: Header) -> str:
    """Say what an empty list means: no errors only if the result is complete."""
    if header.complete:
        return "There were no errors for this customer in this window."
    return "No errors are listed, but the list isn't complete. There may have been some."


def explicit_permalink(event: EventFacts, issue: IssueFacts) -> str | None:
    """Return a further event's link, unless it follows from the issue's (see `permalink_note`)."""
    is_derived = issue.permalink and event.permalink == f"{issue.permalink}events/{event.id}/"
    return None if is_derived else event.permalink


def permalink_note(document: Document) -> str:
    """Return how to derive the links of events, if any were left out; else an empty string."""
    derived = (
        event.permalink and explicit_permalink(event, issue) is None
        for issue in document.issues
        for event in document.events_of(issue)[1:]
    )
    if not any(derived):
        return ""
    return "An event's link is its issue's link followed by events/ and the event ID."


def distinct_title(event: EventFacts) -> str | None:
    """Return the title, unless it repeats the exception."""
    raised = event.exceptions[0] if event.exceptions else None
    headline = f"{raised.type}: {raised.value}" if raised else ""
    return None if event.title is None or event.title in headline else event.title


def event_rows(event: EventFacts) -> tuple[Row, ...]:
    """Return the labeled facts of a lead event, without its exceptions."""
    return (
        ("event", event.id),
        ("title", distinct_title(event)),
        ("culprit", event.culprit),
        ("transaction", None if event.transaction == event.culprit else event.transaction),
        ("release", event.release),
        ("environment", event.environment),
        ("device", event.device),
        ("trace", event.trace_id),
        ("request", " ".join(filter(None, (event.method, event.url)))),
        ("link", event.permalink),
        ("received", iso(event.received)),
    )


def further_rows(event: EventFacts, lead: EventFacts, issue: IssueFacts) -> tuple[Row, ...]:
    """Return the labeled facts of a further event: its ID and what differs from the lead."""
    link = explicit_permalink(event, issue)
    late = ("received", iso(event.received))
    return (("event", event.id), *differences(event, lead), ("link", link), late)


def detail_lines(event: EventFacts, quote: Quote) -> list[str]:
    """Return what a late receipt means, the message, and a line for each section of details."""
    lines = [event.delay] if event.delay else []
    lines += [f"message: {quote(event.message)}"] if event.message else []
    for section, group in groupby(event.details, key=lambda one: one.section):
        rows = (
            quote(one.value) if one.name is None else f"{quote(one.name)} {quote(one.value)}"
            for one in group
        )
        lines.append(f"{section}: {'; '.join(rows)}")
    return lines


def caught_by(exception: ExceptionFacts) -> list[Row]:
    """Return the labeled facts about how the exception was caught."""
    return [
        ("module", exception.module),
        ("mechanism", exception.mechanism),
        ("caught", None if exception.handled is None else caught(exception.handled)),
    ]


def join_rows(rows: Iterable[Row], quote: Quote = str) -> str:
    """Join labeled facts, without empty ones: `release 2.14.0; device iPhone`."""
    return "; ".join(f"{label} {quote(value)}" for label, value in rows if value)


# Lines that Markdown and plain text share; `quote` makes a text safe for the format


def header_lines(header: Header, quote: Quote) -> list[str]:
    """Return the lines about the lookup and the search."""

    def listed(names: tuple[str, ...], nothing: str) -> str:
        return ", ".join(map(quote, names)) or nothing

    found = f", found in {listed(header.matched_on, '')}" if header.matched_on else ""
    return [
        f"Customer: {quote(header.customer)}{found}",
        f"Reported time: {moment_and_window(header)}",
        f"Searched: {quote(header.organization)}, projects {listed(header.projects, 'none')}, "
        f"environments {listed(header.environments, 'all')}"
        + (f", only in {listed(header.only_fields, '')}" if header.only_fields else ""),
        completeness(header),
        *([f"Only issue {quote(header.only_issue)} is included."] if header.only_issue else []),
        *(f"Notice {notice.code}: {quote(notice.message)}" for notice in header.notices),
        *([unchecked_note(header)] if header.known_unchecked else []),
        *([f"Lookup: {quote(header.lookup_id)}"] if header.lookup_id else []),
    ]


def other_occurrences_lines(times: OtherOccurrencesFacts | None, quote: Quote) -> list[str]:
    """Return the lines about errors at other times."""
    if times is None:
        return []
    lines = []
    for label, error in labeled_occurrences(times):
        rows = (
            ("title", error.title),
            ("level", error.level),
            ("project", error.project),
            ("event", error.id),
            ("link", error.permalink),
        )
        at = f"{iso(error.timestamp)}, {error.distance}"
        lines.append(f"{label}: {at}: {error.summary} {join_rows(rows, quote)}")
    return [*lines, quote(searched_range(times))]


def step_lines(document: Document, quote: Quote) -> list[str]:
    """Return a line for each breadcrumb."""
    lines = []
    for crumb in document.breadcrumbs:
        level = f" {crumb.level}" if crumb.level else ""
        step = f"{crumb.category or UNKNOWN}{level}: {crumb.message or ''}"
        lines.append(f"{seconds(crumb.seconds)} {quote(step)}")
    return lines


def related_lines(document: Document, quote: Quote) -> list[str]:
    """Return a line for each related entry."""
    lines = []
    for entry in document.related:
        rows = (("project", entry.project), ("id", entry.id), ("link", entry.permalink))
        at = f"{iso(entry.timestamp)} ({seconds(entry.seconds)})"
        lines.append(f"{at} {entry.kind}: {quote(entry.text)}; {join_rows(rows, quote)}")
    return lines


def closing_lines(document: Document, quote: Quote) -> list[str]:
    """Return the lines about redaction, neutralized characters, and omissions."""
    lines = []
    if document.hidden:
        lines.append(f"Hidden personal data and secrets: {quote(counts(document.hidden))}.")
    if document.neutralized:
        lines.append(f"Neutralized: {quote(counts(document.neutralized))}.")
    if document.omitted:
        omissions = ", ".join(
            quote(f"{omission.count} {omission.what} ({omission.where})")
            for omission in document.omitted
        )
        lines.append(f"Left out: {omissions}. {omission_note(document)}")
    return lines


def differences(event: EventFacts, lead: EventFacts) -> list[tuple[str, str]]:
    """Return the labeled facts in which a further event differs from the lead."""
    pairs = [
        (name, getattr(event, name))
        for name in (*_COMPARED, "method")
        if getattr(event, name) != getattr(lead, name)
    ]
    title = None if event.title == lead.title else distinct_title(event)
    handled = None if event.handled == lead.handled else caught(event.handled)
    pairs += [("title", title), ("caught", handled), ("url", event.url)]
    trace = None if event.trace_id == lead.trace_id else event.trace_id
    pairs += [("device", event.device), ("trace", trace)]
    pairs += [("error", f"{raised.type}: {raised.value}") for raised in event.exceptions]
    return [(name, value) for name, value in pairs if value]


# Errors at other times, for a customer without any in the window

_OTHER_TIMES = "errors at other times"


def other_occurrences_facts(answer: Answer, selection: Selection) -> OtherOccurrencesFacts | None:
    """Return the errors nearest to an empty window; None if they are unknown or do not fit.

    An incomplete result claims nothing, even if it is a stale one that was complete before.
    """
    nearby, window = answer.nearby, answer.question.window
    if nearby is None or not answer.complete:
        return None
    if selection.detail.bare and nearby.events:
        selection.leave_out("errors", len(nearby.events), _OTHER_TIMES)
        return None  # a part of them would look as if there were no others
    before, after, last = (
        _occurrence(event, window, selection) if event else None
        for event in (nearby.before, nearby.after, nearby.last)
    )
    return OtherOccurrencesFacts(
        since=nearby.since,
        until=nearby.until,
        before=before,
        after=after,
        last=last,
        fields=tuple(
            selection.text(field, selection.detail.names, _OTHER_TIMES)
            for field in answer.question.searched_fields
        ),
        is_never=nearby.is_never,
        problem=selection.optional_text(
            nearby.problem, selection.detail.notice_texts, _OTHER_TIMES
        ),
    )


def _occurrence(event: Event, window: Window, selection: Selection) -> OccurrenceFacts:
    detail = selection.detail
    return OccurrenceFacts(
        id=selection.text(event.id, 40, _OTHER_TIMES),
        timestamp=event.timestamp,
        distance=_distance(event, window),
        project=selection.name(event.project, _OTHER_TIMES),
        level=selection.name(event.level, _OTHER_TIMES),
        title=selection.optional_text(event.title, detail.issue_titles, _OTHER_TIMES),
        summary=summarize(event),
        permalink=selection.link(event.permalink, _OTHER_TIMES, wanted=detail.ids),
    )


def _distance(event: Event, window: Window) -> str:
    if event.timestamp < window.start:
        before = (window.start - event.timestamp).total_seconds()
        return f"{format_duration(before)} before the window"
    return f"{format_duration((event.timestamp - window.end).total_seconds())} after the window"


def labeled_occurrences(nearby: OtherOccurrencesFacts) -> Iterator[tuple[str, OccurrenceFacts]]:
    """Yield each error once, with its label."""
    for side, error in (("before", nearby.before), ("after", nearby.after)):
        if error:
            newest = ", the newest of all" if error == nearby.last else ""
            yield f"Nearest error {side}{newest}", error
    if nearby.last and nearby.last not in (nearby.before, nearby.after):
        yield "Newest error of all", nearby.last


def searched_range(nearby: OtherOccurrencesFacts) -> str:
    """Return a sentence about the fields and the time range that were searched."""
    if nearby.problem:
        return nearby.problem
    fields = ", ".join(nearby.fields)
    time = f"from {iso(nearby.since)} to {iso(nearby.until)}"
    if nearby.is_never:
        return f"We found no errors for this customer where we searched, in {fields}, {time}."
    return f"We searched {fields} for this customer's errors {time}."


# Breadcrumbs

_STEPS = "steps"


def breadcrumb_facts(
    events: Sequence[tuple[Event, bool]], moment: datetime, selection: Selection
) -> tuple[BreadcrumbFacts, ...]:
    """Return the breadcrumbs of the events, oldest first.

    `events` pairs each event with whether it is the lead of its issue. Events of one visit share
    breadcrumbs; each appears once, with the nearest event. The oldest of an event are cut first.
    """
    detail = selection.detail
    placed = place_breadcrumbs(events)
    entries = list(placed) if detail.plain else merge_breadcrumbs(placed)
    selected = [
        entry
        for entry in entries
        if entry.remaining < (detail.crumbs if entry.is_representative else detail.further_crumbs)
    ]
    selection.leave_out("breadcrumbs", len(entries) - len(selected), _STEPS)
    selected.sort(key=lambda entry: entry.position)
    facts = [_crumb_facts(entry, moment, selection) for entry in selected]
    return tuple(facts if detail.plain else _collapse_repeats(facts))


def _collapse_repeats(crumbs: Sequence[BreadcrumbFacts]) -> Iterator[BreadcrumbFacts]:
    """Collapse a run of three or more equal breadcrumbs into one with their count."""
    for _key, run in groupby(crumbs, key=lambda one: (one.category, one.level, one.message)):
        first, *more = run
        if len(more) < 2:
            yield from (first, *more)
        else:
            until = f", the last {seconds(more[-1].seconds)}" if more[-1].timestamp else ""
            times = f"({len(more) + 1} times{until})"
            yield replace(first, message=" ".join(filter(None, (first.message, times))))


def _crumb_facts(
    entry: PlacedBreadcrumb, moment: datetime, selection: Selection
) -> BreadcrumbFacts:
    crumb = entry.crumb
    at = crumb.timestamp
    return BreadcrumbFacts(
        event_id=selection.text(entry.event.id, 40, _STEPS),
        timestamp=at,
        seconds=None if at is None else (at - moment).total_seconds(),
        category=selection.name(crumb.category or crumb.type, _STEPS),
        level=selection.name(crumb.level, _STEPS),
        message=selection.optional_text(_message(crumb), selection.detail.crumb_texts, _STEPS),
    )


def _message(crumb: Breadcrumb) -> str | None:
    """Return the message with the data that it does not include, such as `paid amount=12`."""
    message = breadcrumb_message(crumb)
    if is_message_from_data(crumb):
        return message
    data = ", ".join(
        f"{name}={value}" for name, value in crumb.data.items() if value not in (None, "")
    )
    return " ".join(filter(None, (message, data))) or None
