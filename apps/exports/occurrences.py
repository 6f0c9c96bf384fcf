"""The facts of issues and events: each issue told once in full, its other events by a line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from apps.events.answer import KnownMatch
from apps.events.event import Event, ExceptionInfo, Frame
from apps.events.grouping import Group, nearest_first
from apps.events.releases import fix_of, last_day_of
from apps.events.rules.rule import device_of
from apps.events.summary import summarize_group
from apps.exports.facts import (
    EventFacts,
    ExceptionFacts,
    FrameFacts,
    IssueFacts,
    StandingFacts,
)
from apps.exports.known import known_facts
from apps.exports.selection import Selection


@dataclass(frozen=True, slots=True)
class Telling:
    """How an issue is told: by one event in full, and by the others that are listed."""

    group: Group
    lead: Event
    further: tuple[Event, ...]

    @property
    def name(self) -> str:
        """What the issue is called."""
        issue = self.group.issue
        return (issue and issue.short_id) or self.group.issue_id


def tell(group: Group, moment: datetime, selection: Selection) -> Telling:
    """Choose the event nearest the moment that was read in full, and the others nearest to it."""
    nearest = nearest_first(group.events, moment)
    lead = next((event for event in nearest if event.body), nearest[0])
    others = [event for event in nearest if event is not lead]
    telling = Telling(group, lead, ())
    where = selection.text(f"issue {telling.name}", 60, "")
    further = selection.first(others, selection.detail.occurrences, "further events", where)
    return Telling(group, lead, further)


def issue_facts(
    group: Group, selection: Selection, known: Sequence[KnownMatch], today: date
) -> IssueFacts:
    """One row of the summary, with the known errors that the issue is taken for on this day."""
    issue = group.issue
    short_id = selection.name(issue.short_id if issue else None, "summary")
    issue_id = selection.text(group.issue_id, 40, "summary")
    where = f"issue {short_id or issue_id}"
    detail = selection.detail
    last_seen = issue.last_seen if issue else None
    if last_seen and not detail.last_seen:
        selection.leave_out("times of last sight", 1, where)
        last_seen = None
    return IssueFacts(
        id=issue_id,
        short_id=short_id,
        title=selection.text(group.title, detail.issue_titles, where),
        summary=summarize_group(group),
        level=selection.name((issue and issue.level) or group.newest.level, where),
        project=selection.name((issue and issue.project) or group.newest.project, where),
        handled=group.handled,
        events=len(group.events),
        users_affected=issue.users_affected if issue else None,
        first_seen=issue.first_seen if issue else None,
        last_seen=last_seen,
        permalink=selection.link(
            issue.permalink if issue else None, where, wanted=detail.references
        ),
        standing=_standing(group, selection, where),
        known=known_facts(group, known, selection, today),
    )


def _standing(group: Group, selection: Selection, where: str) -> StandingFacts | None:
    """None where nothing of it is known, or there is no room."""
    issue, day = group.issue, last_day_of(group)
    if issue is None or not (issue.status or issue.substatus or issue.fixed_in or day):
        return None
    if not selection.detail.standings:
        selection.leave_out("standings of issues", 1, where)
        return None
    return StandingFacts(
        status=selection.name(issue.status, where),
        substatus=selection.name(issue.substatus, where),
        fixed_in=selection.name(issue.fixed_in, where),
        fix=selection.name(fix_of(group, in_full=True), where),
        last_day=day.total if day else None,
    )


def event_facts(event: Event, lead: Event, moment: datetime, selection: Selection) -> EventFacts:
    """One event; a further one without what it has in common with the event that leads."""
    where = f"event {event.id[:8]}"
    where = selection.text(where, 20, where)
    leads = event is lead
    body, detail = event.body, selection.detail
    request = body.request if body else None
    if request and not leads and not detail.plain and lead.body and request == lead.body.request:
        selection.leave_out("requests equal to the one told", 1, where)
        request = None
    told = EventFacts(
        id=selection.text(event.id, 40, where),
        issue_id=selection.maybe_text(event.issue_id, 40, where),
        project=selection.name(event.project, where),
        timestamp=event.timestamp,
        seconds=(event.timestamp - moment).total_seconds(),
        leads=leads,
        title=_title(event, selection, where),
        culprit=_place((body and body.culprit) or event.culprit, event, selection, where),
        transaction=_place(event.transaction, event, selection, where),
        level=selection.name(event.level, where),
        handled=body.handled if body and body.handled is not None else event.handled,
        release=selection.name((body and body.release) or event.release, where),
        environment=selection.name((body and body.environment) or event.environment, where),
        device=selection.maybe_text(_device(event, lead, selection, where), 60, where),
        trace_id=selection.reference(
            (body and body.trace_id) or event.trace_id,
            "trace ids",
            where,
            wanted=detail.references if leads else detail.ids,
        ),
        method=selection.name(request.method if request else None, where),
        url=selection.maybe_text(request.url if request else None, detail.names, where),
        permalink=selection.link(event.permalink, where, wanted=detail.ids),
        exceptions=_chain(event, lead, selection, where),
    )
    if not detail.bare:
        return told
    selection.leave_out("circumstances of events", 1, where)
    return replace(
        told, project=None, level=None, release=None, environment=None, method=None, url=None
    )


def _place(place: str | None, event: Event, selection: Selection, where: str) -> str | None:
    """Where it broke, in the program's words; the crash frame says it too, and better."""
    told = event.body and any(exception.frames for exception in event.body.exceptions)
    if told and not selection.detail.culprits:
        selection.leave_out("culprits", 1 if place else 0, where)
        return None
    return selection.name(place, where)


def _device(event: Event, lead: Event, selection: Selection, where: str) -> str | None:
    """The device, unless the event that leads was on the same one."""
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
    title = event.title
    raised = event.body.exceptions if event.body else ()
    if not raised and not selection.detail.plain:
        title = _with_message(event)
    if raised and not selection.detail.titles:
        selection.leave_out("titles", 1 if title else 0, where)
        return None
    limit = selection.detail.texts if selection.detail.plain else min(selection.detail.texts, 160)
    return selection.maybe_text(title, limit, where)


def _with_message(event: Event) -> str | None:
    """What happened, where no exception tells it: the title with what it does not say itself."""
    message = (event.body and event.body.message) or event.message
    if not message or not event.title or message in event.title:
        return event.title or message
    return message if message.startswith(event.title) else f"{event.title}: {message}"


def _chain(
    event: Event, lead: Event, selection: Selection, where: str
) -> tuple[ExceptionFacts, ...]:
    chain = event.body.exceptions if event.body else ()
    detail = selection.detail
    if event is not lead and not detail.plain:
        selection.leave_out("stack traces of further events", 1 if chain else 0, where)
        return _raised_if_different(chain, lead, selection, where)
    kept = list(chain[: detail.exceptions])
    if len(chain) > len(kept) > 1:
        kept[-1] = chain[-1]  # the first cause says more than those between
    selection.leave_out("exceptions of a chain", len(chain) - len(kept), where)
    return tuple(_exception(exception, selection, where) for exception in kept)


def _raised_if_different(
    chain: Sequence[ExceptionInfo], lead: Event, selection: Selection, where: str
) -> tuple[ExceptionFacts, ...]:
    raised = chain[0] if chain else None
    told = lead.body.exceptions[0] if lead.body and lead.body.exceptions else None
    if raised is None or (told and (raised.type, raised.value) == (told.type, told.value)):
        return ()
    value = selection.maybe_text(raised.value, min(selection.detail.texts, 200), where)
    return (ExceptionFacts(selection.name(raised.type, where), value, ()),)


def _exception(exception: ExceptionInfo, selection: Selection, where: str) -> ExceptionFacts:
    crash = exception.crash_frame
    return ExceptionFacts(
        type=selection.name(exception.type, where),
        value=selection.maybe_text(exception.value, selection.detail.texts, where),
        frames=tuple(
            _frame(frame, frame is crash, selection, where)
            for frame in _frames(exception, crash, selection, where)
        ),
    )


def _frames(
    exception: ExceptionInfo, crash: Frame | None, selection: Selection, where: str
) -> list[Frame]:
    """The crash frame, then the frames nearest to the crash site, in the order of the stack."""
    if selection.detail.plain:
        return list(exception.frames)
    once: dict[tuple[object, ...], Frame] = {}
    for frame in exception.frames:
        once.setdefault((frame.file, frame.line, frame.function, frame.in_app), frame)
    distinct = list(once.values())
    selection.leave_out("repeated frames", len(exception.frames) - len(distinct), where)
    room = {True: selection.detail.in_app_frames, False: selection.detail.library_frames}
    if crash:
        room[crash.in_app] -= 1
    kept = []
    for frame in distinct:
        if frame is not crash:
            room[frame.in_app] -= 1
        if frame is crash or room[frame.in_app] >= 0:
            kept.append(frame)
    selection.leave_out("frames", len(distinct) - len(kept), where)
    return kept


def _frame(frame: Frame, crash: bool, selection: Selection, where: str) -> FrameFacts:
    code = frame.crash_code
    if code is not None and not selection.detail.plain:
        code = code.strip()
    return FrameFacts(
        file=selection.name(frame.file or frame.module, where),
        line=frame.line,
        function=selection.name(frame.function, where),
        in_app=frame.in_app,
        code=selection.maybe_text(code, selection.detail.codes, where),
        crash=crash,
    )
