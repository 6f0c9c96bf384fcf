"""Building the document of an export from a result, and fitting it to a token limit."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Signal
from apps.events.event import Event, LogEntry, Span, time_of
from apps.events.grouping import Group, Problem, find_problem, groups_in, problems_of
from apps.events.observations import Observation, Row, troubles_of
from apps.events.once import once
from apps.events.summary import headline, summarize_group
from apps.exports.content import (
    SelectedIssue,
    breadcrumb_facts,
    event_facts,
    issue_facts,
    known_facts,
    name_halves,
    other_occurrences_facts,
    problem_facts,
    related_facts,
    select_events,
)
from apps.exports.escaping import Neutralizer
from apps.exports.facts import (
    GPT,
    NO_LIMITS,
    NO_PRESET,
    ActivityFacts,
    Detail,
    Document,
    Family,
    Header,
    NoticeFacts,
    Preset,
    Selection,
    ladder,
)
from apps.exports.tokens import estimate_tokens, tokens_within

MIN_TOKENS = 400
MAX_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """Settings of an export that do not depend on the level of detail.

    `marker` is the nonce that delimits the data. With `issue_id`, only the problem with that issue
    is included, and with `event_id`, only that event of it. `today` decides the wording about
    planned fixes; it defaults to the day Sentry was queried.
    """

    marker: str
    customer: str = "<customer>"
    lookup_id: str | None = None
    from_cache: bool = False
    zone: str = "UTC"
    preset: Preset = NO_PRESET
    budget: int | None = None
    issue_id: str | None = None
    event_id: str | None = None
    today: date | None = None
    datamarking: bool = False
    family: Family = GPT


@dataclass(frozen=True, slots=True)
class Prepared:
    """What all levels of detail have in common."""

    neutralizer: Neutralizer
    problems: Sequence[Problem]
    groups: Sequence[Group]
    issues_total: int


def prepare(answer: Answer, setting: Setting) -> Prepared:
    """Find the problems of a result, or only the one with the issue of the setting.

    Raises `ValueError` for a marker that is not 8 to 40 ASCII letters and digits.
    """
    neutralizer, issue_id = Neutralizer(setting.marker), setting.issue_id
    problems = problems_of(answer)
    total = len({issue for problem in problems for issue in problem.issue_ids})
    if issue_id:
        only = find_problem(problems, issue_id)
        problems = [only] if only else []
    groups = groups_in(problems)
    if setting.event_id:
        ids = {event.id: group for group in groups for event in group.events}
        groups = [ids[setting.event_id]]
    return Prepared(neutralizer, problems, groups, total)


def build(
    answer: Answer,
    *,
    setting: Setting,
    detail: Detail,
    prepared: Prepared | None = None,
) -> Document:
    """Select the facts of a result within the limits of `detail`.

    What all levels have in common can be `prepared` once.

    Raises `ValueError` for a marker that is not 8 to 40 ASCII letters and digits, and
    `ZoneInfoNotFoundError` for an unknown zone.
    """
    common = prepared or prepare(answer, setting)
    selection = Selection(detail, common.neutralizer)
    moment = answer.question.window.moment
    problems, groups = common.problems, common.groups
    rows = selection.first(groups, detail.summary_rows, "issues", "summary")
    selected = [
        select_events(group, moment, selection, setting.event_id) for group in rows[: detail.issues]
    ]
    included = sum(len(group.events) for group in groups)
    listed = sum(len(issue.group.events) for issue in selected)
    selection.leave_to_page("events of other issues", len(answer.events) - included)
    selection.leave_out("events", included - listed, "other issues")
    today = setting.today or answer.fetched_at.astimezone(ZoneInfo(setting.zone)).date()
    issues = tuple(
        issue_facts(
            group,
            once(summarize_group, group),
            selection,
            answer.known.for_issue(group.issue_id),
            today,
        )
        for group in rows
    )
    events = _newest_first(answer, selected)
    shown = {group.issue_id for group in rows}
    failures = tuple(
        problem_facts(
            problem,
            once(summarize_group, problem),
            [event for event, _issue in events],
            selection,
        )
        for problem in problems
        if problem.issue_id in shown
    )
    return Document(
        preset=setting.preset,
        marker=setting.marker,
        header=_header(answer, setting, selection, common.issues_total),
        problems=failures,
        issues=tuple(name_halves(issues, failures)),
        events=tuple(event_facts(event, issue.lead, moment, selection) for event, issue in events),
        breadcrumbs=breadcrumb_facts(
            [(event, event is issue.lead) for event, issue in events], moment, selection
        ),
        related=() if setting.issue_id else related_facts(answer, selection),
        activity=() if setting.issue_id else activity_facts(answer, selection, today),
        note=no_errors_note(answer),
        other_occurrences=other_occurrences_facts(answer, selection),
        omitted=selection.omitted,
        elsewhere=selection.elsewhere,
        hidden=selection.counted(answer.redaction),
        neutralized=selection.neutralized,
        budget=setting.budget,
        slim=detail.slim,
        datamarking=setting.datamarking,
    )


def _newest_first(
    answer: Answer, selected: list[SelectedIssue]
) -> list[tuple[Event, SelectedIssue]]:
    events = [(event, issue) for issue in selected for event in (issue.lead, *issue.further)]
    position = {id(event): number for number, event in enumerate(answer.events)}
    return sorted(events, key=lambda pair: position[id(pair[0])])


def _header(answer: Answer, setting: Setting, selection: Selection, issues_total: int) -> Header:
    window, detail = answer.question.window, selection.detail
    if detail.slim:
        selection.leave_out("facts about the lookup", 3, "header")
        setting = replace(setting, lookup_id=None, zone="UTC")
    return Header(
        lookup_id=selection.optional_text(setting.lookup_id, 40, "header"),
        only_issue=selection.optional_text(setting.issue_id, 40, "header"),
        customer=selection.text(setting.customer, max(detail.names, 12), "header"),
        matched_on=() if detail.slim else _names(answer.matched_on, "fields", selection),
        moment=window.moment,
        local_moment=window.moment.astimezone(ZoneInfo(setting.zone)),
        zone=setting.zone,
        start=window.start,
        end=window.end,
        minutes=window.minutes,
        server=answer.searched.server,
        organization=selection.text(answer.searched.organization, detail.names, "header"),
        projects=_names(answer.searched.projects, "projects searched", selection),
        environments=_names(answer.searched.environments, "environments searched", selection),
        only_fields=_names(answer.question.customer.only_fields, "fields searched", selection),
        complete=answer.complete,
        notices=tuple(
            NoticeFacts(notice.code, _explained(notice.message, selection))
            for notice in answer.all_notices
        ),
        fetched_at=answer.fetched_at,
        from_cache=setting.from_cache,
        events_total=answer.events_total,
        issues_total=issues_total,
        events_listed=len(answer.events),
        bodies_read=answer.bodies_read,
        known_unchecked=answer.known.unchecked,
    )


def _explained(message: str, selection: Selection) -> str:
    """Return the message of a notice, of which the code remains where no text fits."""
    if selection.detail.notice_texts:
        return selection.text(message, selection.detail.notice_texts, "notices")
    selection.leave_out("explanations of notices", 1, "header")
    return ""


def _names(names: tuple[str, ...], what: str, selection: Selection) -> tuple[str, ...]:
    selected = selection.first(names, selection.detail.searched, what, "header")
    return tuple(selection.text(name, selection.detail.names, "header") for name in selected)


# A document is full enough with this part of its limit, and is not improved in more steps.
_FULL = 0.97
_MAX_STEPS = 60


def fit(
    build: Callable[[Detail], Document],
    write: Callable[[Document], str],
    room: int,
    least: Callable[[int], int],
) -> tuple[Document, str, int]:
    """Return the most detailed document whose text has at most `room` tokens, and both.

    `build` makes the document of a level of detail, `write` its text, and `least` the limit to
    choose for a number of tokens. Raises `ValueError` if even the bare header is too long, which
    cannot happen from `MIN_TOKENS` up.
    """
    whole = build(NO_LIMITS)
    text = write(whole)
    needed = estimate_tokens(text)
    if needed <= room:
        return whole, text, needed
    least_budget = least(needed) if least(needed) <= MAX_TOKENS else None
    fitting: dict[Detail, tuple[Document, str, int]] = {}

    def fits(detail: Detail) -> bool:
        document = replace(build(detail), least_budget=least_budget)
        text = write(document)
        tokens = tokens_within(text, room)
        if tokens is not None:
            fitting[detail] = document, text, tokens
        return tokens is not None

    # High levels are the slowest, so that far too long a text rules most of them out at once.
    rungs, _changed = ladder()
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


def _fuller(level: int, fits: Callable[[Detail], bool]) -> Iterator[Detail]:
    """Yield ever more detailed levels that fit, from a rung of the ladder on.

    What was cut last comes back first: each limit as far up as it fits, then the next one. Of what
    was cut last of all, the limit of the rung before is too high already.
    """
    rungs, changed = ladder()
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


_ACTIVITY = "logs and requests"


def no_errors_note(answer: Answer) -> str:
    """Return what logs and requests show instead of errors, or "" if they weren't requested."""
    beside = answer.beside
    were_requested = {Signal.LOGS, Signal.SPANS} & {*beside.asked, *beside.surely}
    if answer.events or not (were_requested or beside.logs or beside.spans):
        return ""
    return headline(answer, ZoneInfo("UTC"))


def activity_facts(answer: Answer, selection: Selection, today: date) -> tuple[ActivityFacts, ...]:
    """Return logs and requests: those that show trouble, the most serious first, then the others.

    Without errors, these are what the export is about, so that even a small limit has some.
    """
    moment, troubles = answer.question.window.moment, troubles_of(answer)
    said = {trouble.rows[0].id: trouble for trouble in troubles}
    telling = {trouble.rows[0].id: trouble.rows[0] for trouble in troubles}
    telling |= {row.id: row for trouble in troubles for row in trouble.rows}
    rows: tuple[Row, ...] = (*answer.beside.logs, *answer.beside.spans)
    others = sorted(
        (row for row in rows if row.id not in telling),
        key=lambda row: (abs(time_of(row) - moment), row.id),
    )
    detail = selection.detail
    limit, details = detail.activity, detail.details
    if not answer.events:
        limit, details = max(limit, detail.summary_rows), max(details, 0 if detail.bare else 6)
    first = selection.first([*telling.values()], limit, "log entries and requests", _ACTIVITY)
    rest = selection.first(others, detail.ordinary, "ordinary log entries and requests", _ACTIVITY)
    context = _Context(answer, selection, today)
    return (
        *(context.facts(row, said.get(row.id), details, wanted=detail.references) for row in first),
        *(
            context.facts(row, None, detail.details // 10, wanted=selection.takes_id(row.trace_id))
            for row in rest
        ),
    )


@dataclass(frozen=True, slots=True)
class _Context:
    """What all rows of an export have in common."""

    answer: Answer
    selection: Selection
    today: date

    def facts(
        self, row: Row, trouble: Observation | None, details: int, *, wanted: bool
    ) -> ActivityFacts:
        """Return the facts of a row, with up to so many details, and its trace if it is wanted."""
        selection, at = self.selection, time_of(row)
        text, state = _said(row)
        limit = min(selection.detail.texts, selection.at_most(600))
        known = self.answer.known.for_issue(row.id) if trouble else ()
        return ActivityFacts(
            kind="log" if isinstance(row, LogEntry) else "span",
            id=selection.text(row.id, selection.at_most(40), _ACTIVITY),
            timestamp=at,
            seconds=(at - self.answer.question.window.moment).total_seconds(),
            project=selection.name(row.project, _ACTIVITY),
            text=selection.text(text, limit, _ACTIVITY),
            state=selection.name(state, _ACTIVITY),
            trace_id=selection.reference(row.trace_id, "trace IDs", _ACTIVITY, wanted=wanted),
            names_customer=row.names_customer,
            details=_details(row, details, selection),
            duration_ms=row.duration_ms if isinstance(row, Span) else None,
            usual_ms=row.usual_ms if isinstance(row, Span) else None,
            sentence=trouble.full_text if trouble else None,
            times=trouble.times if trouble else None,
            known=known_facts(row.id, row.release, known, selection, self.today),
        )


def _said(row: Row) -> tuple[str, str | None]:
    """Return the text of a row and its state: a severity, or a response and a status."""
    if isinstance(row, LogEntry):
        return row.message or "", row.severity
    status = " ".join(filter(None, (str(row.http_status or ""), row.status)))
    return row.description or row.transaction or row.op or "", status or None


def _details(row: Row, limit: int, selection: Selection) -> tuple[tuple[str, str], ...]:
    """Return the other columns and the attributes of a row, as many as fit."""
    detail = selection.detail
    return tuple(
        (
            selection.text(name, detail.names, _ACTIVITY),
            selection.text(value, detail.detail_texts, _ACTIVITY),
        )
        for name, value in selection.first(list(_attributes(row)), limit, "attributes", _ACTIVITY)
    )


def _attributes(row: Row) -> Iterator[tuple[str, str]]:
    columns: Sequence[tuple[str, str | None]] = (
        ("release", row.release),
        ("environment", row.environment),
    )
    if isinstance(row, Span):
        columns = (("op", row.op), ("transaction", row.transaction), *columns)
    text, _state = _said(row)
    yield from ((name, value) for name, value in columns if value and value != text)
    yield from row.attributes
