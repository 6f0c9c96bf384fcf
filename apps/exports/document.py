"""Building the document of an export from a result, and fitting it to a token limit.

Each issue has one lead event in full; its further events list only what differs from that one.
"""

import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, groupby
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, CatalogEntry, Feedback, Link, Notice, Replay, Signal
from apps.events.breadcrumb_text import merge_breadcrumbs, place_breadcrumbs
from apps.events.event import (
    Breadcrumb,
    Event,
    EventBody,
    ExceptionInfo,
    Frame,
    Issue,
    LogEntry,
    Request,
    Span,
    breadcrumb_message,
    is_message_from_data,
    time_of,
)
from apps.events.grouping import Group, Problem, find_problem, groups_in, nearest_first, problems_of
from apps.events.observations import Observation, Row, troubles_of
from apps.events.once import found_once
from apps.events.query import format_duration
from apps.events.releases import customer_release, describe_fix, issue_fix_text, last_day_of
from apps.events.rules.rule import device_of
from apps.events.summary import delay_text, headline, summarize, summarize_group
from apps.exports import facts
from apps.exports.escaping import Neutralizer
from apps.exports.markdown import seconds
from apps.exports.tokens import MAX_TOKENS, estimate_tokens, tokens_within

_NO_REQUEST = Request()


@dataclass
class DocumentBuilder:
    """Builds documents of one result in different levels of detail.

    `render` describes the fields. Raises `ValueError` for a marker that is not 8 to 40 ASCII
    letters and digits, and `ZoneInfoNotFoundError` for an unknown zone.
    """

    answer: Answer
    marker: str
    customer: str = "<customer>"
    lookup_id: str | None = None
    from_cache: bool = False
    zone: str = "UTC"
    preset: facts.Preset = facts.NO_PRESET
    issue_id: str | None = None
    event_id: str | None = None
    today: date | None = None
    datamarking: bool = False

    def __post_init__(self) -> None:
        """Find the problems, or only the one with the chosen issue."""
        self._neutralizer = Neutralizer(self.marker)
        fetched_on = self.answer.fetched_at.astimezone(ZoneInfo(self.zone)).date()
        self._today = self.today or fetched_on
        problems = problems_of(self.answer)
        self._issues_total = len({one for problem in problems for one in problem.issue_ids})
        if self.issue_id:
            only = find_problem(problems, self.issue_id)
            problems = [only] if only else []
        self._problems = problems
        self._groups = groups_in(problems)
        if self.event_id:
            ids = {event.id: group for group in self._groups for event in group.events}
            self._groups = [ids[self.event_id]]

    def build(self, detail: facts.Detail) -> facts.Document:
        """Select the facts of the result within the limits of `detail`."""
        answer, groups = self.answer, self._groups
        selection = facts.Selection(answer, self._today, detail, self._neutralizer)
        rows = selection.at("summary").first(groups, detail.summary_rows, "issues")
        detailed = rows[: detail.issues]
        selected = [_select_events(group, selection, self.event_id) for group in detailed]
        included = sum(len(group.events) for group in groups)
        listed = sum(len(group.events) for group in detailed)
        selection.leave_to_page("events of other issues", len(answer.events) - included)
        selection.at("other issues").leave_out("events", included - listed)
        issues = [_issue_facts(group, selection) for group in rows]
        position = {id(event): number for number, event in enumerate(answer.events)}
        events = sorted(
            ((event, chosen[0]) for chosen in selected for event in chosen),
            key=lambda pair: position[id(pair[0])],
        )
        shown = {group.issue_id for group in rows}
        problems = [
            _problem_facts(problem, [event for event, _lead in events], selection)
            for problem in self._problems
            if problem.issue_id in shown
        ]
        return facts.Document(
            answer=answer,
            preset=self.preset,
            marker=self.marker,
            header=self._header(selection),
            problems=tuple(problems),
            issues=tuple(issues),
            events=tuple(_event_facts(event, lead, selection) for event, lead in events),
            breadcrumbs=_breadcrumb_facts(selected, selection),
            related=() if self.issue_id else _related_facts(selection),
            activity=() if self.issue_id else _all_activity(selection),
            note=no_errors_note(answer),
            other_occurrences=_other_occurrences_facts(selection),
            omitted=selection.omitted,
            elsewhere=selection.elsewhere,
            hidden=selection.counted(answer.redaction),
            neutralized=selection.neutralized,
            slim=detail.slim,
            datamarking=self.datamarking,
        )

    def _header(self, selection: facts.Selection) -> facts.Header:
        answer, here, detail = self.answer, selection.at("header"), selection.detail
        if detail.slim:
            here.leave_out("facts about the lookup", 3)

        def names(raw: Sequence[str], what: str) -> tuple[str, ...]:
            return tuple(
                here.text(name, detail.names) for name in here.first(raw, detail.searched, what)
            )

        def explained(message: str) -> str:
            if detail.notice_texts:
                return selection.at("notices").text(message, detail.notice_texts)
            here.leave_out("explanations of notices", 1)
            return ""

        return facts.Header(
            lookup_id=None if detail.slim else here.optional_text(self.lookup_id, 40),
            only_issue=here.optional_text(self.issue_id, 40),
            customer=here.text(self.customer, max(detail.names, 12)),
            matched_on=() if detail.slim else names(answer.matched_on, "fields"),
            zone="UTC" if detail.slim else self.zone,
            organization=here.text(answer.searched.organization, detail.names),
            projects=names(answer.searched.projects, "projects searched"),
            environments=names(answer.searched.environments, "environments searched"),
            only_fields=names(answer.question.customer.only_fields, "fields searched"),
            notices=tuple(
                Notice(notice.code, explained(notice.message)) for notice in answer.all_notices
            ),
            from_cache=self.from_cache,
            issues_total=self._issues_total,
        )


def _known_facts(
    match_id: str, name: str, release: str | None, selection: facts.Selection
) -> tuple[facts.KnownError, ...]:
    """Return the best known errors of an issue or a row of a customer on this release."""
    matches = selection.answer.known.for_issue(match_id)
    if not matches:
        return ()
    here = selection.at(selection.text(name, selection.at_most(60)))
    exported, detail = [], selection.detail
    for match in here.first(matches, detail.known, "known errors"):
        known, here = match.known, selection.at(f"known error {match.known.slug}")
        fix = describe_fix(known, release, selection.today)
        exported.append(
            facts.KnownError(
                entry=CatalogEntry(
                    slug=here.text(known.slug, here.at_most(80)),
                    title=here.text(known.title, detail.names),
                    explanation=here.text(known.explanation, detail.known_texts),
                    reply=here.text(known.reply, detail.known_texts),
                    workaround=here.text(known.workaround, detail.known_texts),
                    state=known.state,
                    planned_for=known.planned_for,
                    fixed_in=here.text(known.fixed_in, detail.names),
                    owner=here.text(known.owner, detail.names),
                    links=tuple(_links(known, here)),
                ),
                fix=here.text(fix, max(detail.names, here.at_most(160))),
                why=tuple(here.text(reason, detail.names) for reason in match.why),
            )
        )
    return tuple(exported)


def _links(known: CatalogEntry, here: facts.Selection) -> Iterator[Link]:
    for link in here.first(known.links, here.detail.known_links, "links"):
        if not link.address.lower().startswith(("https://", "http://")):
            continue
        address = here.link(link.address, wanted=here.detail.references)
        if address is not None:
            yield Link(here.text(link.label, here.detail.names), address)


def _select_events(
    group: Group, selection: facts.Selection, event_id: str | None
) -> tuple[Event, ...]:
    """Return the nearest event with a body, the lead, then others; or only the requested one."""
    nearest = nearest_first(group.events, selection.answer.question.window.moment)
    if event_id:
        selection.leave_to_page("other events of the issue", len(nearest) - 1)
        return tuple(one for one in nearest if one.id == event_id)[:1]
    lead = next((event for event in nearest if event.body), nearest[0])
    others = [event for event in nearest if event is not lead]
    name = (group.issue and group.issue.short_id) or group.issue_id
    here = selection.at(selection.text(f"issue {name}", selection.at_most(60)))
    return (lead, *here.first(others, here.detail.further_events, "further events"))


def _problem_facts(
    problem: Problem, events: Iterable[Event], selection: facts.Selection
) -> facts.Problem:
    """Return the facts of a problem, whose issues and exported events have facts of their own."""
    own, here = problem.event_ids, selection.at("summary")
    return facts.Problem(
        sentence=summarize_group(problem),
        cause=here.id(problem.issue_id),
        joined=tuple((here.id(one.group.issue_id), one.reason.value) for one in problem.others),
        events=tuple(selection.id(one.id) for one in events if one.id in own),
        times=problem.times,
        is_noise=problem.is_noise,
    )


def _issue_facts(group: Group, selection: facts.Selection) -> facts.Issue:
    issue, detail = group.issue or Issue(group.issue_id), selection.detail
    summary = selection.at("summary")
    short_id, issue_id = summary.name(issue.short_id), summary.id(group.issue_id)
    here = selection.at(f"issue {short_id or issue_id}")
    last_seen = here.keep(issue.last_seen, "last-seen times", wanted=detail.last_seen)
    exported = facts.Issue(
        id=issue_id,
        short_id=short_id,
        title=here.text(group.title, detail.issue_titles),
        summary=summarize_group(group),
        level=here.name(issue.level or group.worst_level),
        project=here.name(issue.project or group.newest.project),
        handled=group.handled,
        events=len(group.events),
        users_affected=issue.users_affected,
        first_seen=issue.first_seen,
        last_seen=last_seen,
        permalink=here.link(issue.permalink, wanted=detail.references),
        status=_status(issue, group, here),
        known=_known_facts(
            group.issue_id, f"issue {group.issue_id}", customer_release(group), selection
        ),
    )
    if not detail.slim:
        return exported
    here.leave_out("impacts", 1 if exported.users_affected or exported.first_seen else 0)
    return replace(exported, users_affected=None, first_seen=None, level=None, project=None)


def _status(issue: Issue, group: Group, here: facts.Selection) -> facts.IssueStatus | None:
    day = last_day_of(group)
    if not (issue.status or issue.substatus or issue.fixed_in or day):
        return None
    if not here.detail.statuses:
        here.leave_out("issue statuses", 1)
        return None
    return facts.IssueStatus(
        status=here.name(issue.status),
        substatus=here.name(issue.substatus),
        fixed_in=here.name(issue.fixed_in),
        fix=here.name(issue_fix_text(group, in_full=True)),
        last_day=day.total if day else None,
    )


def _event_facts(event: Event, lead: Event, selection: facts.Selection) -> facts.Event:
    """Return the facts of an event; a further event omits what it shares with the lead."""
    here, detail = selection.at(selection.text(f"event {event.id[:8]}", 20)), selection.detail
    body, is_lead = event.details, event is lead
    request = body.request or _NO_REQUEST
    is_repeated = not is_lead and body.request == lead.details.request
    if body.request and is_repeated and not detail.plain:
        here.leave_to_page("repeated requests", 1)
        request = _NO_REQUEST
    trace = body.trace_id or event.trace_id
    handled = event.handled if body.handled is None else body.handled
    delay = delay_text(event)
    exported = facts.Event(
        id=here.id(event.id),
        issue_id=here.id(event.issue_id) if event.issue_id is not None else None,
        project=here.name(event.project),
        timestamp=event.timestamp,
        is_lead=is_lead,
        title=_title(event, here),
        culprit=_place(body.culprit or event.culprit, body, here),
        transaction=_place(event.transaction, body, here),
        level=here.name(event.level),
        handled=handled,
        release=here.name(body.release or event.release),
        environment=here.name(body.environment or event.environment),
        device=here.optional_text(_device(event, lead, here), here.at_most(60)),
        trace_id=here.trace(trace, wanted=detail.references if is_lead else here.takes_id(trace)),
        method=here.name(request.method),
        url=here.name(request.url),
        permalink=here.link(event.permalink, wanted=here.takes_id(event.permalink)),
        exceptions=tuple(
            replace(one, handled=None) if one.handled == handled else one
            for one in _chain(event, lead, here)
        ),
        message=_message_beside(event, lead, here),
        received=body.received_at if delay else None,
        delay=delay if is_lead or detail.plain else None,
    )
    exported = replace(exported, details=_details(event, lead, exported, selection))
    if not detail.bare:
        return exported
    here.leave_out("event details", 1)
    exported = replace(exported, project=None, level=None, method=None, url=None, delay=None)
    return replace(exported, release=None, environment=None, handled=None)


def _place(place: str | None, body: EventBody, here: facts.Selection) -> str | None:
    """Return a culprit or transaction, which is dispensable if there is a crash frame."""
    has_frames = any(exception.frames for exception in body.exceptions)
    wanted = here.detail.culprits or not has_frames
    return here.name(here.keep(place, "culprits", wanted=wanted))


def _device(event: Event, lead: Event, here: facts.Selection) -> str | None:
    device = device_of(event.details)
    if here.detail.plain or device is None:
        return device
    if event is not lead and device_of(lead.details) == device:
        return None
    return here.keep(device, "devices", wanted=here.detail.devices)


def _has_exception(event: Event) -> bool:
    return any(one.type or one.value for one in event.details.exceptions)


def _title(event: Event, here: facts.Selection) -> str | None:
    """Return the title; without an exception, with the message unless one includes the other."""
    title, detail = event.title, here.detail
    message = event.details.message or event.message
    if _has_exception(event):
        title = here.keep(title, "titles", wanted=detail.titles)
    elif not detail.plain and message and message not in (title or ""):
        is_longer = not title or message.startswith(title)
        title = message if is_longer else f"{title}: {message}"
    return here.optional_text(title, min(detail.texts, here.at_most(160)))


def _message_beside(event: Event, lead: Event, here: facts.Selection) -> str | None:
    """Return the message, unless the title, the exception, or the lead event has it."""
    body = event.details
    if here.detail.plain or not body.message:
        return body.message
    if not _has_exception(event):
        return None  # the title ends with it
    if event is not lead and body.message == lead.details.message:
        return None
    texts = [event.title, event.culprit, event.transaction, body.culprit]
    for raised in body.exceptions:
        texts += [raised.type, raised.value]
        texts += [text for frame in raised.frames for text in (frame.file, frame.function)]
    repeats = set(body.message.split()) <= set(" ".join(filter(None, texts)).split())
    return None if repeats else here.text(body.message, here.detail.texts)


def _chain(event: Event, lead: Event, here: facts.Selection) -> tuple[ExceptionInfo, ...]:
    chain, detail = event.details.exceptions, here.detail
    if event is not lead and not detail.plain:
        here.leave_to_page("stack traces of further events", 1 if chain else 0)
        leads = [(one.type, one.value) for one in lead.details.exceptions[:1]]
        return tuple(
            ExceptionInfo(
                type=here.name(raised.type),
                value=here.optional_text(raised.value, min(detail.texts, here.at_most(200))),
            )
            for raised in chain[:1]
            if (raised.type, raised.value) not in leads
        )
    selected = list(chain[: detail.exceptions])
    if len(chain) > len(selected) > 1:
        selected[-1] = chain[-1]  # the root cause says more than those in between
    here.leave_out("chained exceptions", len(chain) - len(selected))
    return tuple(_exception(exception, here) for exception in selected)


def _exception(exception: ExceptionInfo, here: facts.Selection) -> ExceptionInfo:
    is_bare = here.detail.bare
    return ExceptionInfo(
        type=here.optional_text(exception.type, max(here.detail.names, 40)),
        value=here.optional_text(exception.value, here.detail.texts),
        frames=tuple(_frames(exception, here)),
        module=None if is_bare else here.name(exception.module),
        mechanism=None if is_bare else here.name(exception.mechanism),
        handled=None if is_bare else exception.handled,
    )


def _frames(exception: ExceptionInfo, here: facts.Selection) -> Iterator[Frame]:
    crash, detail, selected = exception.crash_frame, here.detail, list(exception.frames)
    if not detail.plain:
        distinct = _distinct_frames(exception)
        here.leave_to_page("repeated frames", len(exception.frames) - len(distinct))
        room = {True: detail.library_frames, False: detail.in_app_frames}
        if crash:
            room[crash.in_app is False] -= 1
        selected = []
        for frame in distinct:
            if frame is not crash:
                room[frame.in_app is False] -= 1
            if frame is crash or room[frame.in_app is False] >= 0:
                selected.append(frame)
        here.leave_out("frames", len(distinct) - len(selected))
    for frame in selected:
        yield Frame(
            file=here.path(frame.file or frame.module),
            line=frame.line,
            function=here.name(frame.function),
            in_app=frame.in_app,
            code=tuple(_code(frame, here, detail.around if frame is crash else 0)),
        )


@found_once
def _distinct_frames(exception: ExceptionInfo) -> list[Frame]:
    first: dict[tuple[object, ...], Frame] = {}
    for frame in exception.frames:
        first.setdefault((frame.file, frame.line, frame.function, frame.in_app), frame)
    return list(first.values())


def _code(frame: Frame, here: facts.Selection, around: int) -> Iterator[tuple[int, str]]:
    """Yield the frame's line, and so many lines on each side of it without empty ones."""
    for number, text in frame.code:
        away = None if frame.line is None else abs(number - frame.line)
        if away == 0 or (away is not None and away <= around and text.strip()):
            code = text if here.detail.plain else text.strip()
            yield number, here.text(code, here.detail.codes)


_USUAL_HEADERS = (
    *("accept", "accept-encoding", "cache-control", "connection", "content-length", "dnt"),
    *("host", "pragma", "te", "upgrade-insecure-requests"),
)
_MAX_COMPARED = 2_000  # characters of a subject in which a value can repeat
_MAIN_CONTEXTS = ("runtime", "browser", "os", "client_os", "app", "sdk")
_SIDE_CONTEXTS = ("device", "gpu", "culture", "state", "trace", "request environment")
_CONTEXT_PLACES = {name: place for place, name in enumerate(_MAIN_CONTEXTS, -len(_MAIN_CONTEXTS))}
_CONTEXT_PLACES |= dict.fromkeys(_SIDE_CONTEXTS, 1)


def _details(
    event: Event, lead: Event, exported: facts.Event, selection: facts.Selection
) -> tuple[facts.EventDetail, ...]:
    """Return the details of a lead event, as many of each section as fit."""
    here, detail, body = selection.at("events"), selection.detail, event.body
    if body is None:
        return ()
    if event is not lead and not detail.plain:
        here.leave_to_page("details of further events", 1 if body.tags or body.extra else 0)
        return ()
    for what, count in body.unread.items():
        here.leave_to_page(selection.text(what, here.at_most(80)), count)
    rows = _all_details(body)
    if not detail.plain:
        telling = _telling(body)
        here.leave_to_page("usual headers and packages", len(rows) - len(telling))
        rows = list(_without_repeats(telling, _known_texts(exported)))
    named = [row for row in rows if row.section not in body.lists]
    listed = here.first(named, detail.details, "tags, extra, and other details")
    for section, lines in groupby(rows, key=lambda row: row.section):
        if section in body.lists:
            listed += here.first(list(lines), detail.lists, section)
    return tuple(
        facts.EventDetail(section, here.name(name), here.text(value, detail.detail_texts))
        for section, name, value in listed
    )


def _without_repeats(
    rows: list[facts.EventDetail], known: frozenset[str]
) -> Iterator[facts.EventDetail]:
    """Yield the details without tags and contexts that repeat a fact or one another."""
    seen, by_subject = set(known), defaultdict[str, str](str)
    for row in rows:
        if row.section in ("tags", "contexts"):
            subject = re.split(r"[. ]", row.name or "")[0]
            if row.value in seen or row.value in by_subject[subject]:
                continue
            seen.add(row.value)
            if len(by_subject[subject]) < _MAX_COMPARED:
                by_subject[subject] += f"{row.value[:_MAX_COMPARED]}\n"
        yield row


@found_once
def _telling(body: EventBody) -> list[facts.EventDetail]:
    """Return the details without headers that say little and packages outside the stack trace."""
    frames = (frame for exception in body.exceptions for frame in exception.frames)
    names = {name for frame in frames for name in (frame.module, frame.file) if name}
    modules = {part.lower() for name in names for part in re.split(r"[./\\,]", name)}
    headers = {*_USUAL_HEADERS, *(["user-agent"] if "browser" in body.contexts else [])}

    def is_telling(row: facts.EventDetail) -> bool:
        section, name, value = row
        if section == "packages":
            return re.split(r"[ /]", value)[0].lower().replace("-", "_") in modules
        header = name.lower() if section == "headers" and name else ""
        return header not in headers and not header.startswith("sec-")

    return list(filter(is_telling, _all_details(body)))


def _known_texts(exported: facts.Event) -> frozenset[str]:
    names = ("level", "release", "environment", "transaction", "culprit", "url", "method", "title")
    texts = {getattr(exported, name) for name in (*names, "trace_id", "device", "project")}
    parts = (exported.device or "").split(", ")
    words = {word for part in parts for word in (part, *part.rsplit(" ", 1))}
    raised = {text for one in exported.exceptions for text in (one.type, one.mechanism)}
    answers = {"yes", "no"} if exported.handled is not None else set()
    return frozenset(filter(None, texts | words | raised | answers))


@found_once
def _all_details(body: EventBody) -> list[facts.EventDetail]:
    """Return section, name, and value of all details, the most telling sections first."""
    request = body.request or _NO_REQUEST
    crash, sent = body.crash_frame, request.data
    # Versions first, then custom contexts, then devices and the like
    contexts = (
        (f"{context} {name}", value)
        for context in sorted(body.contexts, key=lambda name: _CONTEXT_PLACES.get(name, 0))
        for name, value in body.contexts[context].items()
        if name != "type"
    )
    named = (
        ("extra", body.extra.items()),
        ("tags", body.tags),
        ("variables", crash.variables.items() if crash else ()),
        ("parameters", request.query),
        ("sent", sent.items() if isinstance(sent, dict) else [("body", sent)]),
        ("contexts", contexts),
        ("headers", request.headers),
        ("cookies", request.cookies),
        ("user", body.user.items()),
    )
    rows: list[facts.EventDetail] = [
        facts.EventDetail(section, str(name), text)
        for section, pairs in named
        for name, value in pairs
        if (text := _detail_text(value))
    ]
    for section, lines in body.lists.items():
        rows += [facts.EventDetail(section, None, line) for line in lines.split("\n")]
    return rows


def _detail_text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(value, ensure_ascii=False, default=str) if value else ""


def _related_facts(selection: facts.Selection) -> tuple[facts.RelatedEntry, ...]:
    here, detail = selection.at("related entries"), selection.detail
    exported = [
        replace(
            one,
            id=one.id and here.id(one.id),
            project=here.name(one.project),
            text=here.text(one.text, min(detail.texts, here.at_most(600))),
            permalink=here.link(one.permalink, wanted=here.takes_id(one.permalink)),
        )
        for one in here.first(list(_related(selection)), detail.related, "entries")
    ]
    return tuple(
        sorted(exported, key=lambda one: (one.timestamp, one.kind, one.id or "", one.text))
    )


def _related(selection: facts.Selection) -> Iterator[facts.RelatedEntry]:
    """Yield all related entries with their texts as they were recorded, the ones to keep first."""
    beside, seconds_to = selection.answer.beside, selection.seconds

    def entry(
        kind: str, at: datetime, one: Event | Feedback | Replay, text: str
    ) -> facts.RelatedEntry:
        project = None if isinstance(one, Replay) else one.project
        return facts.RelatedEntry(kind, one.id, at, project, text, one.permalink)

    for message in beside.feedback:
        where = f" (on {message.url})" if message.url else ""
        yield entry("feedback", message.sent_at, message, f"{message.message}{where}")
    for error in beside.trace_errors:
        text = f"{error.title or 'error'}{f' in {error.culprit}' if error.culprit else ''}"
        yield entry("error of the same trace", error.timestamp, error, text)
    for deploy in sorted(beside.deploys, key=lambda one: abs(seconds_to(one.at))):
        away = seconds_to(deploy.at)
        where = f" in {deploy.environment}" if deploy.environment else ""
        what = f"went live{where}" if deploy.is_told else "first appeared in Sentry"
        when = f"{format_duration(away)} {'before' if away < 0 else 'after'} the reported time"
        text = f"release {deploy.version} {what} {when}"
        yield facts.RelatedEntry("release", None, deploy.at, deploy.project, text)
    for replay in beside.replays:
        yield entry("session replay", replay.started_at, replay, "; ".join(_replay(replay)))


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


def _other_occurrences_facts(selection: facts.Selection) -> facts.OtherOccurrences | None:
    """Return the errors nearest to an empty window; None if they are unknown or do not fit.

    An incomplete result claims nothing, even if it is a stale one that was complete before.
    """
    answer, here = selection.answer, selection.at("errors at other times")
    nearby, detail = answer.nearby, selection.detail
    if nearby is None or not answer.complete:
        return None
    if detail.bare and nearby.events:
        here.leave_out("errors", len(nearby.events))
        return None  # a part of them would look as if there were no others
    before, after, last = (
        _occurrence(event, here) if event else None
        for event in (nearby.before, nearby.after, nearby.last)
    )
    return facts.OtherOccurrences(
        since=nearby.since,
        until=nearby.until,
        before=before,
        after=after,
        last=last,
        fields=tuple(here.text(name, detail.names) for name in answer.question.searched_fields),
        is_never=nearby.is_never,
        problem=here.optional_text(nearby.problem, detail.notice_texts),
    )


def _occurrence(event: Event, here: facts.Selection) -> facts.Occurrence:
    at, window = event.timestamp, here.answer.question.window
    edge, side = (window.start, "before") if at < window.start else (window.end, "after")
    return facts.Occurrence(
        id=here.id(event.id),
        timestamp=at,
        distance=f"{format_duration((at - edge).total_seconds())} {side} the window",
        project=here.name(event.project),
        level=here.name(event.level),
        title=here.optional_text(event.title, here.detail.issue_titles),
        summary=summarize(event),
        permalink=here.link(event.permalink, wanted=here.takes_id(event.permalink)),
    )


def _breadcrumb_facts(
    events: Sequence[Sequence[Event]], selection: facts.Selection
) -> tuple[facts.Breadcrumb, ...]:
    """Return the breadcrumbs of the selected events of each issue, oldest first.

    Events of one visit share breadcrumbs; each appears once, with the nearest event. The oldest of
    an event are cut first.
    """
    detail, here = selection.detail, selection.at("steps")
    leads = {lead.id for lead, *_further in events}
    placed = place_breadcrumbs(chain(*events), leads)
    entries = list(placed) if detail.plain else merge_breadcrumbs(placed)
    selected = [
        entry
        for entry in entries
        if entry.remaining < (detail.crumbs if entry.is_representative else detail.further_crumbs)
    ]
    here.leave_out("breadcrumbs", len(entries) - len(selected))
    exported = []
    for entry in sorted(selected, key=lambda entry: entry.position):
        crumb = entry.crumb
        exported.append(
            facts.Breadcrumb(
                event_id=here.id(entry.event.id),
                timestamp=crumb.timestamp,
                category=here.name(crumb.category or crumb.type),
                level=here.name(crumb.level),
                message=here.optional_text(_message(crumb), detail.crumb_texts),
            )
        )
    moment = selection.answer.question.window.moment
    return tuple(exported if detail.plain else _collapse_repeats(exported, moment))


def _collapse_repeats(
    crumbs: Sequence[facts.Breadcrumb], moment: datetime
) -> Iterator[facts.Breadcrumb]:
    """Collapse a run of three or more equal breadcrumbs into one with their count."""
    for _key, run in groupby(crumbs, key=lambda one: (one.category, one.level, one.message)):
        first, *more = run
        if len(more) < 2:
            yield from (first, *more)
        else:
            last = more[-1].timestamp
            until = f", the last {seconds(last, moment)}" if last else ""
            times = f"({len(more) + 1} times{until})"
            yield replace(first, message=" ".join(filter(None, (first.message, times))))


@found_once
def _message(crumb: Breadcrumb) -> str | None:
    """Return the message with the data that it does not include, such as `paid amount=12`."""
    message = breadcrumb_message(crumb)
    if is_message_from_data(crumb):
        return message
    data = ", ".join(
        f"{name}={value}" for name, value in crumb.data.items() if value not in (None, "")
    )
    return " ".join(filter(None, (message, data))) or None


def _all_activity(selection: facts.Selection) -> tuple[facts.RelatedEntry, ...]:
    """Return logs and requests: those that show trouble, the most serious first, then the others.

    Without errors, these are what the export is about, so that even a small limit has some.
    """
    answer, here = selection.answer, selection.at("logs and requests")
    troubles, detail = troubles_of(answer), selection.detail
    said = {trouble.rows[0].id: trouble for trouble in troubles}
    telling = {one.rows[0].id: one.rows[0] for one in troubles}
    telling |= {row.id: row for one in troubles for row in one.rows}
    others = sorted(
        (row for row in answer.beside.activity if row.id not in telling),
        key=lambda row: (abs(here.seconds(time_of(row))), row.id),
    )
    limit, details = detail.activity, detail.details
    if not answer.events:
        limit, details = max(limit, detail.summary_rows), max(details, 0 if detail.bare else 6)
    first = here.first([*telling.values()], limit, "log entries and requests")
    rest = here.first(others, detail.ordinary, "ordinary log entries and requests")
    found = [
        _activity_facts(row, said.get(row.id), details, here, wanted=detail.references)
        for row in first
    ]
    few = detail.details // 10
    for row in rest:
        wanted = here.takes_id(row.trace_id)
        found.append(_activity_facts(row, None, few, here, wanted=wanted))
    return tuple(found)


def _activity_facts(
    row: Row, trouble: Observation | None, details: int, here: facts.Selection, *, wanted: bool
) -> facts.RelatedEntry:
    """Return the facts of a row, with up to so many details, and its trace if it is wanted."""
    detail = here.detail
    columns: list[tuple[str, str | None]] = [
        ("release", row.release),
        ("environment", row.environment),
    ]
    if isinstance(row, LogEntry):
        text, state = row.message or "", row.severity
    else:
        text = row.description or row.transaction or row.op or ""
        state = " ".join(filter(None, (str(row.http_status or ""), row.status))) or None
        columns = [("op", row.op), ("transaction", row.transaction), *columns]
    pairs = [(name, value) for name, value in columns if value and value != text]
    return facts.RelatedEntry(
        kind="log" if isinstance(row, LogEntry) else "span",
        id=here.id(row.id),
        timestamp=time_of(row),
        project=here.name(row.project),
        text=here.text(text, min(detail.texts, here.at_most(600))),
        state=here.name(state),
        trace_id=here.trace(row.trace_id, wanted=wanted),
        names_customer=row.names_customer,
        details=tuple(
            (here.text(name, detail.names), here.text(value, detail.detail_texts))
            for name, value in here.first([*pairs, *row.attributes], details, "attributes")
        ),
        duration_ms=row.duration_ms if isinstance(row, Span) else None,
        usual_ms=row.usual_ms if isinstance(row, Span) else None,
        sentence=trouble.full_text if trouble else None,
        times=trouble.times if trouble else None,
        known=_known_facts(row.id, row.id, row.release, here) if trouble else (),
    )


def no_errors_note(answer: Answer) -> str:
    """Return what logs and requests show instead of errors, or "" if they weren't requested."""
    beside = answer.beside
    were_requested = {Signal.LOGS, Signal.SPANS} & {*beside.asked, *beside.surely}
    if answer.events or not (were_requested or beside.logs or beside.spans):
        return ""
    return headline(answer, ZoneInfo("UTC"))


# A document is full enough with this part of its limit, and is not improved in more steps.
_FULL = 0.97
_MAX_STEPS = 60


def fit(
    build: Callable[[facts.Detail], facts.Document],
    write: Callable[[facts.Document], str],
    room: int,
    least: Callable[[int], int],
) -> tuple[facts.Document, str, int]:
    """Return the most detailed document whose text has at most `room` tokens, and both.

    `build` makes the document of a level of detail, `write` its text, and `least` the limit to
    choose for a number of tokens. Raises `ValueError` if even the bare header is too long, which
    cannot happen from `MIN_TOKENS` up.
    """
    whole = build(facts.NO_LIMITS)
    text = write(whole)
    needed = estimate_tokens(text)
    if needed <= room:
        return whole, text, needed
    least_budget = least(needed) if least(needed) <= MAX_TOKENS else None
    fitting: dict[facts.Detail, tuple[facts.Document, str, int]] = {}

    def fits(detail: facts.Detail) -> bool:
        document = replace(build(detail), least_budget=least_budget)
        text = write(document)
        tokens = tokens_within(text, room)
        if tokens is not None:
            fitting[detail] = document, text, tokens
        return tokens is not None

    # High levels are the slowest, so that far too long a text rules most of them out at once.
    rungs, _changed = facts.ladder()
    far = len(rungs) * 7 // 8 + 1
    low = far + 1 if needed > 3 * room and not fits(rungs[far]) else 1
    level = bisect_left(rungs, True, low, key=fits)
    if level == len(rungs):
        raise ValueError(f"The header alone is longer than {room} tokens.")
    best = rungs[level]
    for _step, detail in zip(range(_MAX_STEPS), _fuller(level, fits), strict=False):
        best = detail
        if fitting[best][2] >= _FULL * room:
            break
    return fitting[best]


def _fuller(level: int, fits: Callable[[facts.Detail], bool]) -> Iterator[facts.Detail]:
    """Yield ever more detailed levels that fit, from a rung of the ladder on.

    What was cut last comes back first: each limit is raised as far as it fits, then the next one.
    For the limit that was cut last of all, the value of the rung before is already too high.
    """
    rungs, changed = facts.ladder()
    best = rungs[level]
    for name in dict.fromkeys(changed[level:0:-1]):
        values = [*dict.fromkeys(getattr(rung, name) for rung in reversed(rungs[:level]))]
        at = len(values) - 1
        if name == changed[level]:
            values = _between(getattr(best, name), values[0])
            at = len(values) // 2
        while values:
            raised = replace(best, **{name: values[at]})
            if fits(raised):
                best, values = raised, values[at + 1 :]
            else:
                values = values[:at] or _between(getattr(best, name), values[at])
            at = len(values) // 2
            yield best


def _between(low: int, high: int) -> list[int]:
    """Return up to seven values between two limits; none if they are close or switches."""
    return list(range(low, high, max(1, (high - low) // 8)))[1:] if high - low > low // 25 else []
