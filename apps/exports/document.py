"""Building the document of an export from a result, and fitting it to a token limit."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Signal
from apps.events.grouping import find_problem, groups_in, problems_of
from apps.events.summary import headline
from apps.exports.content import (
    activity_facts,
    breadcrumb_facts,
    event_facts,
    issue_facts,
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


class DocumentBuilder:
    """Builds documents of one result in different levels of detail."""

    def __init__(self, answer: Answer, setting: Setting) -> None:
        """Find the problems, or only the one with the issue of the setting.

        Raise `ValueError` for a marker that is not 8 to 40 ASCII letters and digits, and
        `ZoneInfoNotFoundError` for an unknown zone.
        """
        self._answer, self._setting = answer, setting
        self._neutralizer = Neutralizer(setting.marker)
        self._today = setting.today or answer.fetched_at.astimezone(ZoneInfo(setting.zone)).date()
        problems = problems_of(answer)
        self._issues_total = len({one for problem in problems for one in problem.issue_ids})
        if setting.issue_id:
            only = find_problem(problems, setting.issue_id)
            problems = [only] if only else []
        self._problems = problems
        self._groups = groups_in(problems)
        if setting.event_id:
            ids = {event.id: group for group in self._groups for event in group.events}
            self._groups = [ids[setting.event_id]]

    def build(self, detail: Detail) -> Document:
        """Select the facts of the result within the limits of `detail`."""
        answer, setting, groups = self._answer, self._setting, self._groups
        selection = Selection(answer, self._today, detail, self._neutralizer)
        rows = selection.at("summary").first(groups, detail.summary_rows, "issues")
        detailed = rows[: detail.issues]
        selected = [select_events(group, selection, setting.event_id) for group in detailed]
        included = sum(len(group.events) for group in groups)
        listed = sum(len(group.events) for group in detailed)
        selection.leave_to_page("events of other issues", len(answer.events) - included)
        selection.at("other issues").leave_out("events", included - listed)
        issues = [issue_facts(group, selection) for group in rows]
        position = {id(event): number for number, event in enumerate(answer.events)}
        events = sorted(
            ((event, chosen[0]) for chosen in selected for event in chosen),
            key=lambda pair: position[id(pair[0])],
        )
        shown = {group.issue_id for group in rows}
        problems = tuple(
            problem_facts(problem, [event for event, _lead in events], selection)
            for problem in self._problems
            if problem.issue_id in shown
        )
        return Document(
            preset=setting.preset,
            marker=setting.marker,
            header=_header(setting, selection, self._issues_total),
            problems=problems,
            issues=tuple(name_halves(issues, problems)),
            events=tuple(event_facts(event, lead, selection) for event, lead in events),
            breadcrumbs=breadcrumb_facts(
                [(event, event is lead) for event, lead in events], selection
            ),
            related=() if setting.issue_id else related_facts(selection),
            activity=() if setting.issue_id else activity_facts(selection),
            note=no_errors_note(answer),
            other_occurrences=other_occurrences_facts(selection),
            omitted=selection.omitted,
            elsewhere=selection.elsewhere,
            hidden=selection.counted(answer.redaction),
            neutralized=selection.neutralized,
            slim=detail.slim,
            datamarking=setting.datamarking,
        )


def _header(setting: Setting, selection: Selection, issues_total: int) -> Header:
    answer, here, detail = selection.answer, selection.at("header"), selection.detail
    if detail.slim:
        here.leave_out("facts about the lookup", 3)
        setting = replace(setting, lookup_id=None, zone="UTC")

    def names(raw: Sequence[str], what: str) -> tuple[str, ...]:
        return tuple(
            here.text(name, detail.names) for name in here.first(raw, detail.searched, what)
        )

    def explained(message: str) -> str:
        if detail.notice_texts:
            return selection.at("notices").text(message, detail.notice_texts)
        here.leave_out("explanations of notices", 1)
        return ""

    return Header(
        lookup_id=here.optional_text(setting.lookup_id, 40),
        only_issue=here.optional_text(setting.issue_id, 40),
        customer=here.text(setting.customer, max(detail.names, 12)),
        matched_on=() if detail.slim else names(answer.matched_on, "fields"),
        window=answer.question.window,
        zone=setting.zone,
        server=answer.searched.server,
        organization=here.text(answer.searched.organization, detail.names),
        projects=names(answer.searched.projects, "projects searched"),
        environments=names(answer.searched.environments, "environments searched"),
        only_fields=names(answer.question.customer.only_fields, "fields searched"),
        complete=answer.complete,
        notices=tuple(
            NoticeFacts(notice.code, explained(notice.message)) for notice in answer.all_notices
        ),
        fetched_at=answer.fetched_at,
        from_cache=setting.from_cache,
        events_total=answer.events_total,
        issues_total=issues_total,
        events_listed=len(answer.events),
        bodies_read=answer.bodies_read,
        known_unchecked=answer.known.unchecked,
    )


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


def no_errors_note(answer: Answer) -> str:
    """Return what logs and requests show instead of errors, or "" if they weren't requested."""
    beside = answer.beside
    were_requested = {Signal.LOGS, Signal.SPANS} & {*beside.asked, *beside.surely}
    if answer.events or not (were_requested or beside.logs or beside.spans):
        return ""
    return headline(answer, ZoneInfo("UTC"))
