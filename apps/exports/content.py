"""The facts of issues and events: each issue told once in full, its other events by a line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby

from apps.events.answer import Answer, Deploy, Feedback, Known, KnownMatch, Replay
from apps.events.breadcrumb_text import Told, all_told, merged
from apps.events.event import Breadcrumb, Event, ExceptionInfo, Frame, is_told_by_data, told_by
from apps.events.grouping import Group, nearest_first
from apps.events.query import Window, duration
from apps.events.releases import fix_of, last_day_of, told_fix
from apps.events.rules.rule import device_of
from apps.events.summary import summarize, summarize_group
from apps.exports.facts import (
    AsideFacts,
    CrumbFacts,
    Document,
    EventFacts,
    ExceptionFacts,
    FrameFacts,
    Header,
    IssueFacts,
    KnownFacts,
    LinkFacts,
    NearbyFacts,
    Omission,
    Selection,
    SightFacts,
    StandingFacts,
)

# What is known already of a problem, as an export tells it. People wrote it, no event did.

WRITTEN_BY = "written by the support team, not by the event"


def known_facts(
    group: Group, matches: Sequence[KnownMatch], selection: Selection, today: date
) -> tuple[KnownFacts, ...]:
    """The known errors of one issue, the best first, as many as there is room for."""
    if not matches:
        return ()
    where = selection.text(f"issue {group.issue_id}", 60, "")
    kept = selection.first(matches, selection.detail.known, "known errors", where)
    return tuple(_known_facts(match, group, selection, today) for match in kept)


def _known_facts(match: KnownMatch, group: Group, selection: Selection, today: date) -> KnownFacts:
    known, detail = match.known, selection.detail
    where = f"known error {known.slug}"

    def told(text: str, limit: int) -> str:
        return selection.text(text, limit, where)

    return KnownFacts(
        slug=told(known.slug, 80),
        title=told(known.title, detail.names),
        explanation=told(known.explanation, detail.known_texts),
        reply=told(known.reply, detail.known_texts),
        workaround=told(known.workaround, detail.known_texts),
        state=known.state.value,
        planned_for=known.planned_for,
        fixed_in=told(known.fixed_in, detail.names),
        owner=told(known.owner, detail.names),
        links=tuple(_links(known, selection, where)),
        fix=told(told_fix(known, group, today), max(detail.names, 160)),
        why=tuple(told(reason, detail.names) for reason in match.why),
    )


def _links(known: Known, selection: Selection, where: str) -> Iterator[LinkFacts]:
    detail = selection.detail
    for link in selection.first(known.links, detail.known_links, "links", where):
        if not link.address.lower().startswith(("https://", "http://")):
            continue
        address = selection.link(link.address, where, wanted=detail.references)
        if address is not None:
            yield LinkFacts(selection.text(link.label, detail.names, where), address)


def known_rows(known: KnownFacts) -> Iterator[tuple[str, str]]:
    """What formats for people say of it, each under its name; what is empty is left away."""
    planned = known.planned_for.isoformat() if known.planned_for else ""
    rows = (
        ("explanation", known.explanation),
        ("tell the customer", known.reply),
        ("workaround", known.workaround),
        ("state", known.state),
        ("planned for", planned),
        ("fixed in", known.fixed_in),
        ("owner", known.owner),
        *(("matched because", reason) for reason in known.why),
        *(("link", f"{link.label}: {link.address}") for link in known.links),
    )
    return ((name, value) for name, value in rows if value)


def unchecked(header: Header) -> str:
    """That there was no time for some of the known errors; empty where all were looked at."""
    if not header.known_unchecked:
        return ""
    return (
        f"{header.known_unchecked} known errors could not be checked in time: "
        "an issue without one may still be known."
    )


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


# What stands beside the errors, as an export tells it: one entry each, oldest first.

_Entry = Deploy | Event | Feedback | Replay
_RELATED = "beside the errors"


def asides(answer: Answer, selection: Selection) -> tuple[AsideFacts, ...]:
    """When space is short, recordings are left out first and the customer's own words last."""
    beside, moment = answer.beside, answer.question.window.moment
    entries: list[tuple[datetime, _Entry]] = [
        *((one.sent_at, one) for one in beside.feedback),
        *((one.timestamp, one) for one in beside.trace_errors),
        *((one.at, one) for one in sorted(beside.deploys, key=lambda one: abs(one.at - moment))),
        *((one.started_at, one) for one in beside.replays),
    ]
    kept = selection.first(entries, selection.detail.asides, "entries", _RELATED)
    told = [_related_facts(at, entry, moment, selection) for at, entry in kept]
    return tuple(sorted(told, key=lambda one: (one.timestamp, one.kind, one.id or "", one.text)))


def _related_facts(
    at: datetime, entry: _Entry, moment: datetime, selection: Selection
) -> AsideFacts:
    kind, project, text = _told(entry, moment)
    own = (None, None) if isinstance(entry, Deploy) else (entry.id, entry.permalink)
    detail = selection.detail
    return AsideFacts(
        kind=kind,
        id=selection.maybe_text(own[0], 40, _RELATED),
        timestamp=at,
        seconds=(at - moment).total_seconds(),
        project=selection.name(project, _RELATED),
        text=selection.text(text, min(detail.texts, 600), _RELATED),
        permalink=selection.link(own[1], _RELATED, wanted=detail.ids),
    )


def _told(entry: _Entry, moment: datetime) -> tuple[str, str | None, str]:
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
    """`release shop@2.14.0 went live in production 35 min before the moment`."""
    where = f" in {deploy.environment}" if deploy.environment else ""
    what = f"went live{where}" if deploy.is_told else "first appeared in Sentry"
    away = (deploy.at - moment).total_seconds()
    when = f"{duration(away)} {'before' if away < 0 else 'after'} the moment"
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


# Words and figures that the formats for people share: times, yes and no, lists of counts.

UNKNOWN = "unknown"
_ALIKE = ("culprit", "transaction", "level", "release", "environment", "project")


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with a `Z`; milliseconds only where there are any."""
    if at is None:
        return None
    precision = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def clock(at: datetime, day_of: datetime) -> str:
    """ISO 8601 in UTC, without the date where it is the other one's."""
    told = iso(at) or ""
    return told.partition("T")[2] if at.date() == day_of.date() else told


def seconds(value: float | None) -> str:
    """Seconds from the moment, with their sign: `-12.5 s`."""
    if value is None:
        return "? s"
    return f"{value:+.1f}".removesuffix(".0") + " s"


def moment_and_window(header: Header) -> str:
    """The moment in UTC and in the zone asked for, and how far around it was looked."""
    local = f"{header.local_moment:%Y-%m-%d %H:%M:%S} {header.zone}"
    both = iso(header.moment) or ""
    both = both if header.zone == "UTC" else f"{both} ({local})"
    return f"{both}, {header.minutes} min each side"


def completeness(header: Header) -> str:
    """Whether the list of events is complete, and what it holds, in one sentence."""
    state = "complete" if header.complete else "not complete"
    total = UNKNOWN if header.events_total is None else header.events_total
    cached = ", from the cache" if header.from_cache else ""
    return (
        f"The list of events is {state}: {total} events in all, {header.events_listed} listed in "
        f"{header.issues_total} issues, {header.bodies_read} read in full; "
        f"asked at {iso(header.fetched_at)}{cached}."
    )


def caught(handled: bool | None) -> str:
    """Whether the application caught the error."""
    return UNKNOWN if handled is None else "yes" if handled else "no"


def counts(by_kind: dict[str, int]) -> str:
    """`email 3, card 1`."""
    return ", ".join(f"{kind} {count}" for kind, count in by_kind.items())


def omission(left_out: Omission) -> str:
    """`40 frames (event 1a2b3c4d)`."""
    return f"{left_out.count} {left_out.what} ({left_out.where})"


def how_to_get_it(document: Document) -> str:
    """Where what was left out can be had."""
    if document.budget is None:
        return "The lookup page and the events in Sentry have it."
    return (
        f"This export has a budget of {document.budget} tokens; "
        "a larger one, the lookup page or Sentry has the rest."
    )


def own_link(event: EventFacts, issue: IssueFacts) -> str | None:
    """A further event's link, unless it is made of the issue's as `rule_of_links` tells."""
    is_made = issue.permalink and event.permalink == f"{issue.permalink}events/{event.id}/"
    return None if is_made else event.permalink


def rule_of_links(document: Document) -> str:
    """How the link of an event is made, where that is not written out; else nothing."""
    made = (
        event.permalink and own_link(event, issue) is None
        for issue in document.issues
        for event in document.events_of(issue)[1:]
    )
    return "The link of an event is that of its issue, events/ and its id." if any(made) else ""


def title_if_more(event: EventFacts) -> str | None:
    """The event's title, unless the exception that is told says the same."""
    raised = event.exceptions[0] if event.exceptions else None
    told = f"{raised.type}: {raised.value}" if raised else ""
    return None if event.title is None or event.title in told else event.title


def differences(event: EventFacts, lead: EventFacts) -> list[tuple[str, str]]:
    """What is different about a further event, as names and values."""
    pairs = [
        (name, getattr(event, name))
        for name in (*_ALIKE, "method")
        if getattr(event, name) != getattr(lead, name)
    ]
    title = None if event.title == lead.title else title_if_more(event)
    handled = None if event.handled == lead.handled else caught(event.handled)
    pairs += [("title", title), ("caught", handled), ("url", event.url)]
    trace = None if event.trace_id == lead.trace_id else event.trace_id
    pairs += [("device", event.device), ("trace", trace)]
    pairs += [("error", f"{raised.type}: {raised.value}") for raised in event.exceptions]
    return [(name, value) for name, value in pairs if value]


def nothing_listed(header: Header) -> str:
    """What an empty list means: nothing happened only where the answer is complete."""
    if header.complete:
        return "There were no errors for this customer in this window."
    return "No errors are listed, but the list isn't complete. There may have been some."


# Where a customer without errors in the window had some, as an export tells it.

_OTHER_TIMES = "errors at other times"


def nearby_facts(answer: Answer, selection: Selection) -> NearbyFacts | None:
    """The nearest errors around an empty window; None where they are not known, or do not fit.

    An answer that is not complete claims nothing, whatever was known before it grew stale.
    """
    nearby, window = answer.nearby, answer.question.window
    if nearby is None or not answer.complete:
        return None
    if selection.detail.bare and nearby.events:
        selection.leave_out("errors", len(nearby.events), _OTHER_TIMES)
        return None  # a part of it would look as if there were no others
    before, after, last = (
        _sight(event, window, selection) if event else None
        for event in (nearby.before, nearby.after, nearby.last)
    )
    return NearbyFacts(
        since=nearby.since,
        until=nearby.until,
        before=before,
        after=after,
        last=last,
        fields=tuple(
            selection.text(field, selection.detail.names, _OTHER_TIMES)
            for field in answer.question.fields
        ),
        is_never=nearby.is_never,
        problem=selection.maybe_text(nearby.problem, selection.detail.notice_texts, _OTHER_TIMES),
    )


def _sight(event: Event, window: Window, selection: Selection) -> SightFacts:
    detail = selection.detail
    return SightFacts(
        id=selection.text(event.id, 40, _OTHER_TIMES),
        timestamp=event.timestamp,
        distance=_distance(event, window),
        project=selection.name(event.project, _OTHER_TIMES),
        level=selection.name(event.level, _OTHER_TIMES),
        title=selection.maybe_text(event.title, detail.issue_titles, _OTHER_TIMES),
        summary=summarize(event),
        permalink=selection.link(event.permalink, _OTHER_TIMES, wanted=detail.ids),
    )


def _distance(event: Event, window: Window) -> str:
    if event.timestamp < window.start:
        return f"{duration((window.start - event.timestamp).total_seconds())} before the window"
    return f"{duration((event.timestamp - window.end).total_seconds())} after the window"


def sights(nearby: NearbyFacts) -> Iterator[tuple[str, SightFacts]]:
    """What was found, each once, under its name."""
    for name, sight in (("before", nearby.before), ("after", nearby.after)):
        if sight:
            newest = ", the newest of all" if sight == nearby.last else ""
            yield f"Nearest error {name}{newest}", sight
    if nearby.last and nearby.last not in (nearby.before, nearby.after):
        yield "Newest error of all", nearby.last


def looked_through(nearby: NearbyFacts) -> str:
    """How far was looked around the window, and what it means that nothing more is told."""
    who = f"this customer, as {', '.join(nearby.fields)},"
    time = f"from {iso(nearby.since)} to {iso(nearby.until)}"
    if nearby.problem:
        return nearby.problem
    if nearby.is_never:
        return f"No errors found for {who} where we searched, {time}."
    return f"Errors for {who} were searched for {time}."


# The customer's story as exports tell it: as many breadcrumbs as there is room for.


def story(
    events: Sequence[tuple[Event, bool]], moment: datetime, selection: Selection
) -> tuple[CrumbFacts, ...]:
    """Merge the crumbs of the events, oldest first.

    `events` say of each whether its issue is told by it. Events of one visit carry the same
    crumbs; each is kept once, with the event it is nearest to. What is cut are the oldest crumbs
    of each event.
    """
    entries = list(all_told(events)) if selection.detail.plain else merged(all_told(events))
    kept = [entry for entry in entries if entry.behind < _room(entry, selection)]
    selection.leave_out("breadcrumbs", len(entries) - len(kept), "the story")
    kept.sort(key=lambda entry: entry.place)
    told = [_crumb_facts(entry, moment, selection) for entry in kept]
    return tuple(told if selection.detail.plain else _folded(told))


def _folded(crumbs: Sequence[CrumbFacts]) -> Iterator[CrumbFacts]:
    """Three or more of the same in a row as one, which says how often and until when."""
    for _same, run in groupby(crumbs, key=lambda one: (one.category, one.level, one.message)):
        first, *more = run
        if len(more) < 2:
            yield from (first, *more)
        else:
            until = f", the last {seconds(more[-1].seconds)}" if more[-1].timestamp else ""
            times = f"({len(more) + 1} times{until})"
            yield replace(first, message=" ".join(filter(None, (first.message, times))))


def _room(entry: Told, selection: Selection) -> int:
    return selection.detail.crumbs if entry.leads else selection.detail.further_crumbs


def _crumb_facts(entry: Told, moment: datetime, selection: Selection) -> CrumbFacts:
    crumb = entry.crumb
    at = crumb.timestamp
    return CrumbFacts(
        event_id=selection.text(entry.event.id, 40, "the story"),
        timestamp=at,
        seconds=None if at is None else (at - moment).total_seconds(),
        category=selection.name(crumb.category or crumb.type, "the story"),
        level=selection.name(crumb.level, "the story"),
        message=selection.maybe_text(_message(crumb), selection.detail.crumb_texts, "the story"),
    )


def _message(crumb: Breadcrumb) -> str | None:
    """What the application noted, with what it sent along: `GET /cart 200`."""
    told = told_by(crumb)
    if is_told_by_data(crumb):
        return told
    rest = {name: value for name, value in crumb.data.items() if value not in (None, "")}
    return " ".join(part for part in (told, _pairs(rest)) if part) or None


def _pairs(sent: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sent.items())
