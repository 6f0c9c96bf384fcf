"""Building the document of an export from a result, and fitting it to a token limit."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.grouping import find_problem, group_by_issue, groups_in, problems_of
from apps.exports.content import (
    SelectedIssue,
    breadcrumb_facts,
    event_facts,
    issue_facts,
    name_halves,
    other_occurrences_facts,
    problem_facts,
    related_facts,
    select_events,
)
from apps.exports.facts import (
    LADDER,
    NO_PRESET,
    Detail,
    Document,
    Header,
    NoticeFacts,
    Preset,
    Selection,
)
from apps.exports.tokens import is_within

MIN_TOKENS = 400
MAX_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """Settings of an export that do not depend on the level of detail.

    `marker` is the nonce that delimits the data. With `issue_id`, only the problem with that issue
    is included. `today` decides the wording about planned fixes; it defaults to the day Sentry was
    queried.
    """

    marker: str
    customer: str = "<customer>"
    lookup_id: str | None = None
    from_cache: bool = False
    zone: str = "UTC"
    preset: Preset = NO_PRESET
    budget: int | None = None
    issue_id: str | None = None
    today: date | None = None


def build(answer: Answer, *, setting: Setting, detail: Detail) -> Document:
    """Select the facts of a result within the limits of `detail`.

    Raises `ValueError` for a marker that is not 8 to 40 ASCII letters and digits, and
    `ZoneInfoNotFoundError` for an unknown zone.
    """
    selection = Selection(detail, setting.marker)
    moment = answer.question.window.moment
    problems = problems_of(answer)
    if setting.issue_id:
        only = find_problem(problems, setting.issue_id)
        problems = [only] if only else []
    groups = groups_in(problems)
    rows = selection.first(groups, detail.summary_rows, "issues", "summary")
    selected = [select_events(group, moment, selection) for group in rows[: detail.issues]]
    selection.leave_out(
        "events",
        len(answer.events) - sum(len(issue.group.events) for issue in selected),
        "other issues",
    )
    today = setting.today or answer.fetched_at.astimezone(ZoneInfo(setting.zone)).date()
    issues = tuple(
        issue_facts(group, selection, answer.known.for_issue(group.issue_id), today)
        for group in rows
    )
    events = _newest_first(answer, selected)
    shown = {group.issue_id for group in rows}
    failures = tuple(
        problem_facts(problem, [event for event, _issue in events], selection)
        for problem in problems
        if problem.issue_id in shown
    )
    return Document(
        preset=setting.preset,
        marker=setting.marker,
        header=_header(answer, setting, selection),
        problems=failures,
        issues=tuple(name_halves(issues, failures)),
        events=tuple(event_facts(event, issue.lead, moment, selection) for event, issue in events),
        breadcrumbs=breadcrumb_facts(
            [(event, event is issue.lead) for event, issue in events], moment, selection
        ),
        related=() if setting.issue_id else related_facts(answer, selection),
        other_occurrences=other_occurrences_facts(answer, selection),
        omitted=selection.omitted,
        hidden=selection.counted(answer.redaction),
        neutralized=selection.neutralized,
        budget=setting.budget,
        slim=detail.slim,
    )


def _newest_first(
    answer: Answer, selected: list[SelectedIssue]
) -> list[tuple[Event, SelectedIssue]]:
    events = [(event, issue) for issue in selected for event in (issue.lead, *issue.further)]
    position = {id(event): number for number, event in enumerate(answer.events)}
    return sorted(events, key=lambda pair: position[id(pair[0])])


def _header(answer: Answer, setting: Setting, selection: Selection) -> Header:
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
            NoticeFacts(notice.code, selection.text(notice.message, detail.notice_texts, "notices"))
            for notice in selection.first(answer.all_notices, detail.notices, "notices", "header")
        ),
        fetched_at=answer.fetched_at,
        from_cache=setting.from_cache,
        events_total=answer.events_total,
        issues_total=len(group_by_issue(answer)),
        events_listed=len(answer.events),
        bodies_read=answer.bodies_read,
        known_unchecked=answer.known.unchecked,
    )


def _names(names: tuple[str, ...], what: str, selection: Selection) -> tuple[str, ...]:
    selected = selection.first(names, selection.detail.searched, what, "header")
    return tuple(selection.text(name, selection.detail.names, "header") for name in selected)


def fit(
    build: Callable[[Detail], Document], write: Callable[[Document], str], budget: int
) -> Document:
    """Return the most detailed document whose text fits `budget`, in estimated tokens.

    `build` makes the document of a level of detail, and `write` its text. Raises `ValueError` if
    even the bare header is too long, which cannot happen from `MIN_TOKENS` up.
    """
    documents: dict[Detail, Document] = {}

    def fits(detail: Detail) -> bool:
        documents[detail] = build(detail)
        return is_within(write(documents[detail]), budget)

    # Most results fit as a whole.
    level = 0 if fits(LADDER[0]) else bisect_left(LADDER, True, lo=1, key=fits)
    if level == len(LADDER):
        raise ValueError(f"The header alone is longer than {budget} tokens.")
    return documents[LADDER[level]]
