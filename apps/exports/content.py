"""Selecting the facts of a result for an export, and wording that the formats share.

Each issue has one lead event in full; its further events list only what differs from that one.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
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
from apps.events.once import once
from apps.events.query import Window, format_duration
from apps.events.releases import customer_release, describe_fix, issue_fix_text, last_day_of
from apps.events.rules.rule import device_of
from apps.events.summary import delay_text, summarize
from apps.exports.blocks import seconds
from apps.exports.facts import (
    BreadcrumbFacts,
    DetailFacts,
    EventFacts,
    ExceptionFacts,
    FrameFacts,
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

# Known errors


def known_facts(
    name: str,
    release: str | None,
    matches: Sequence[KnownMatch],
    selection: Selection,
    today: date,
) -> tuple[KnownFacts, ...]:
    """Return the best known errors of what has this name, as many as fit.

    `release` is the customer's.
    """
    if not matches:
        return ()
    where = selection.text(name, selection.at_most(60), "")
    selected = selection.first(matches, selection.detail.known, "known errors", where)
    return tuple(_known_facts(match, release, selection, today) for match in selected)


def _known_facts(
    match: KnownMatch, release: str | None, selection: Selection, today: date
) -> KnownFacts:
    known, detail = match.known, selection.detail
    where = f"known error {known.slug}"

    def text(raw: str, limit: int) -> str:
        return selection.text(raw, limit, where)

    return KnownFacts(
        slug=text(known.slug, selection.at_most(80)),
        title=text(known.title, detail.names),
        explanation=text(known.explanation, detail.known_texts),
        reply=text(known.reply, detail.known_texts),
        workaround=text(known.workaround, detail.known_texts),
        state=known.state.value,
        planned_for=known.planned_for,
        fixed_in=text(known.fixed_in, detail.names),
        owner=text(known.owner, detail.names),
        links=tuple(_links(known, selection, where)),
        fix=text(describe_fix(known, release, today), max(detail.names, selection.at_most(160))),
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


# Issues and events


@dataclass(frozen=True, slots=True)
class SelectedIssue:
    """An issue with its lead event, which is exported in full, and the further events listed."""

    group: Group
    lead: Event
    further: tuple[Event, ...]


def select_events(
    group: Group, moment: datetime, selection: Selection, event_id: str | None = None
) -> SelectedIssue:
    """Select the lead, the nearest event that has a body, and the nearest further events.

    With `event_id`, select only that event.
    """
    nearest = nearest_first(group.events, moment)
    if event_id:
        selection.leave_to_page("other events of the issue", len(nearest) - 1)
        return SelectedIssue(group, next(one for one in nearest if one.id == event_id), ())
    lead = next((event for event in nearest if event.body), nearest[0])
    others = [event for event in nearest if event is not lead]
    name = (group.issue and group.issue.short_id) or group.issue_id
    where = selection.text(f"issue {name}", selection.at_most(60), "")
    further = selection.first(others, selection.detail.further_events, "further events", where)
    return SelectedIssue(group, lead, further)


def problem_facts(
    problem: Problem, sentence: str, events: Iterable[Event], selection: Selection
) -> ProblemFacts:
    """Return the facts of a problem, whose issues and exported events have facts of their own."""
    own = problem.event_ids

    def name(issue_id: str) -> str:
        return selection.text(issue_id, selection.at_most(40), "summary")

    return ProblemFacts(
        sentence=sentence,
        cause=name(problem.issue_id),
        joined=tuple((name(one.group.issue_id), one.reason.value) for one in problem.others),
        events=tuple(
            selection.text(one.id, selection.at_most(40), "") for one in events if one.id in own
        ),
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
    group: Group, sentence: str, selection: Selection, known: Sequence[KnownMatch], today: date
) -> IssueFacts:
    """Return the facts of an issue; `today` decides the wording about a planned fix."""
    issue = group.issue
    short_id = selection.name(issue.short_id if issue else None, "summary")
    issue_id = selection.text(group.issue_id, selection.at_most(40), "summary")
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
        summary=sentence,
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
        known=known_facts(
            f"issue {group.issue_id}", customer_release(group), known, selection, today
        ),
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
        selection.leave_to_page("repeated requests", 1)
        request = None
    trace = (body and body.trace_id) or event.trace_id
    facts = EventFacts(
        id=selection.text(event.id, selection.at_most(40), where),
        issue_id=selection.optional_text(event.issue_id, selection.at_most(40), where),
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
        device=selection.optional_text(
            _device(event, lead, selection, where), selection.at_most(60), where
        ),
        trace_id=selection.reference(
            trace,
            "trace IDs",
            where,
            wanted=detail.references if is_lead else selection.takes_id(trace),
        ),
        method=selection.name(request.method if request else None, where),
        url=selection.optional_text(request.url if request else None, detail.names, where),
        permalink=selection.link(
            event.permalink, where, wanted=selection.takes_id(event.permalink)
        ),
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
    device = once(device_of, event.body) if event.body else None
    if selection.detail.plain or device is None:
        return device
    if event is not lead and lead.body and once(device_of, lead.body) == device:
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
    limit = min(selection.detail.texts, selection.at_most(160))
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
    shared = lead.body.message if lead.body and event is not lead else None
    if message == shared or _repeats(message, event):
        return None
    return selection.text(message, selection.detail.texts, where)


def _repeats(message: str, event: Event) -> bool:
    """Return whether the export has each word of the message at another place."""
    body = event.body or EventBody()
    texts = [event.title, event.culprit, event.transaction, body.culprit]
    for raised in body.exceptions:
        texts += [raised.type, raised.value]
        texts += [text for frame in raised.frames for text in (frame.file, frame.function)]
    return set(message.split()) <= set(" ".join(filter(None, texts)).split())


def _chain(
    event: Event, lead: Event, selection: Selection, where: str
) -> tuple[ExceptionFacts, ...]:
    chain = event.body.exceptions if event.body else ()
    detail = selection.detail
    if event is not lead and not detail.plain:
        selection.leave_to_page("stack traces of further events", 1 if chain else 0)
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
    value = selection.optional_text(
        raised.value, min(selection.detail.texts, selection.at_most(200)), where
    )
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
    distinct = once(_distinct_frames, exception)
    selection.leave_to_page("repeated frames", len(exception.frames) - len(distinct))
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


def _distinct_frames(exception: ExceptionInfo) -> list[Frame]:
    first: dict[tuple[object, ...], Frame] = {}
    for frame in exception.frames:
        first.setdefault((frame.file, frame.line, frame.function, frame.in_app), frame)
    return list(first.values())


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

_Detail = tuple[str, str | None, str]
_DETAILS = "events"
_MAIN_CONTEXTS = ("runtime", "browser", "os", "client_os", "app", "sdk")
_USUAL_HEADERS = (
    *("accept", "accept-encoding", "cache-control", "connection", "content-length", "dnt"),
    *("host", "pragma", "te", "upgrade-insecure-requests"),
)
_MAX_COMPARED = 2_000  # characters of a subject in which a value can repeat
_SIDE_CONTEXTS = ("device", "gpu", "culture", "state", "trace", "request environment")


def _details(
    event: Event, lead: Event, facts: EventFacts, selection: Selection
) -> tuple[DetailFacts, ...]:
    """Return the details of a lead event, as many of each section as fit."""
    detail, body = selection.detail, event.body
    if body is None:
        return ()
    if event is not lead and not detail.plain:
        selection.leave_to_page("details of further events", 1 if body.tags or body.extra else 0)
        return ()
    for what, count in body.unread.items():
        selection.leave_to_page(selection.text(what, selection.at_most(80), ""), count)
    rows = once(_all_details, body)
    if not detail.plain:
        telling = once(_telling, body)
        selection.leave_to_page("usual headers and packages", len(rows) - len(telling))
        rows = list(_once(telling, _known_texts(facts)))
    found = []
    listed = selection.first(
        [row for row in rows if row[0] not in body.lists],
        detail.details,
        "tags, extra, and other details",
        _DETAILS,
    )
    for section, lines in groupby(rows, key=lambda row: row[0]):
        if section in body.lists:
            listed += selection.first(list(lines), detail.lists, section, _DETAILS)
    for section, name, value in listed:
        shown = selection.text(value, detail.detail_texts, _DETAILS)
        found.append(DetailFacts(section, selection.name(name, _DETAILS), shown))
    return tuple(found)


def _once(rows: list[_Detail], known: frozenset[str]) -> Iterator[_Detail]:
    """Yield the details without tags and contexts that repeat a fact or one another."""
    seen, by_subject = set(known), defaultdict[str, str](str)
    for section, name, value in rows:
        if section in ("tags", "contexts"):
            subject = re.split(r"[. ]", name or "")[0]
            if value in seen or value in by_subject[subject]:
                continue
            seen.add(value)
            if len(by_subject[subject]) < _MAX_COMPARED:
                by_subject[subject] += f"{value[:_MAX_COMPARED]}\n"
        yield section, name, value


def _telling(body: EventBody) -> list[_Detail]:
    """Return the details without headers that say little and packages outside the stack trace."""
    modules = _modules(body) if "packages" in body.lists else ()
    headers = {*_USUAL_HEADERS, *(["user-agent"] if "browser" in body.contexts else [])}

    def is_telling(row: _Detail) -> bool:
        section, name, value = row
        if section == "packages":
            return re.split(r"[ /]", value)[0].lower().replace("-", "_") in modules
        header = name.lower() if section == "headers" and name else ""
        return header not in headers and not header.startswith("sec-")

    return list(filter(is_telling, once(_all_details, body)))


def _modules(body: EventBody) -> frozenset[str]:
    """Return the parts of the names of modules and files in the stack traces."""
    frames = (frame for exception in body.exceptions for frame in exception.frames)
    names = {name for frame in frames for name in (frame.module, frame.file) if name}
    return frozenset(part.lower() for name in names for part in re.split(r"[./\\,]", name))


def _known_texts(facts: EventFacts) -> frozenset[str]:
    """Return the values that would only repeat a fact of the event."""
    names = ("level", "release", "environment", "transaction", "culprit", "url", "method", "title")
    texts = {getattr(facts, name) for name in (*names, "trace_id", "device", "project")}
    parts = (facts.device or "").split(", ")
    words = {word for part in parts for word in (part, *part.rsplit(" ", 1))}
    raised = {text for one in facts.exceptions for text in (one.type, one.mechanism)}
    answers = {"yes", "no"} if facts.handled is not None else set()
    return frozenset(filter(None, texts | words | raised | answers))


def _all_details(body: EventBody) -> list[_Detail]:
    return list(_sections(body))


def _sections(body: EventBody) -> Iterator[_Detail]:
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
        id=selection.optional_text(entry_id, selection.at_most(40), _RELATED),
        timestamp=at,
        seconds=(at - moment).total_seconds(),
        project=selection.name(project, _RELATED),
        text=selection.text(text, min(detail.texts, selection.at_most(600)), _RELATED),
        permalink=selection.link(permalink, _RELATED, wanted=selection.takes_id(permalink)),
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
        ("error", "errors", replay.errors),
        ("click that did nothing", "clicks that did nothing", replay.dead_clicks),
        ("rage click", "rage clicks", replay.rage_clicks),
    )
    yield from (f"{count} {one if count == 1 else many}" for one, many, count in counts if count)
    if replay.urls:
        yield f"pages {', '.join(dict.fromkeys(replay.urls))}"


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
        id=selection.text(event.id, selection.at_most(40), _OTHER_TIMES),
        timestamp=event.timestamp,
        distance=_distance(event, window),
        project=selection.name(event.project, _OTHER_TIMES),
        level=selection.name(event.level, _OTHER_TIMES),
        title=selection.optional_text(event.title, detail.issue_titles, _OTHER_TIMES),
        summary=summarize(event),
        permalink=selection.link(
            event.permalink, _OTHER_TIMES, wanted=selection.takes_id(event.permalink)
        ),
    )


def _distance(event: Event, window: Window) -> str:
    if event.timestamp < window.start:
        before = (window.start - event.timestamp).total_seconds()
        return f"{format_duration(before)} before the window"
    return f"{format_duration((event.timestamp - window.end).total_seconds())} after the window"


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
    at, message = crumb.timestamp, once(_message, crumb)
    return BreadcrumbFacts(
        event_id=selection.text(entry.event.id, selection.at_most(40), _STEPS),
        timestamp=at,
        seconds=None if at is None else (at - moment).total_seconds(),
        category=selection.name(crumb.category or crumb.type, _STEPS),
        level=selection.name(crumb.level, _STEPS),
        message=selection.optional_text(message, selection.detail.crumb_texts, _STEPS),
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
