"""Variables of escalations, as Markdown.

Facts are selected and neutralized like an export's, and put in code spans, so that text from
events can't act as markup.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apps.answers.templates import About, to_markdown
from apps.events.answer import Answer, KnownMatch
from apps.events.event import LogEntry
from apps.events.grouping import Group, groups_in, problems_of
from apps.events.observations import BY_TRACE, Observation, troubles_of
from apps.events.releases import (
    affects_only_customer,
    describe_fix,
    issue_status_text,
    issue_trends,
    last_day_of,
)
from apps.events.summary import headline
from apps.exports.blocks import UNKNOWN, caught, counts, frame_line, inline, seconds
from apps.exports.document import DocumentBuilder, Setting
from apps.exports.facts import (
    BreadcrumbFacts,
    Detail,
    Document,
    EventFacts,
    ExceptionFacts,
    IssueFacts,
    RelatedFacts,
)

# URLs that Markdown turns into links, without characters that could end the link or act as markup.
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9./:?=&%~+-]{1,600}")


def format_time(at: datetime) -> str:
    """Format a time in its own zone: 20 Nov 2026, 14:05."""
    return f"{at.day} {at:%b %Y, %H:%M}"


def format_link(address: str | None) -> str:
    """Return the URL, in a code span if it contains unusual characters."""
    if not address:
        return ""
    return address if _PLAIN_ADDRESS.fullmatch(address) else inline(address)


def format_problem(issue: IssueFacts, events: tuple[EventFacts, ...], *, shared: str = "") -> str:
    """Return a problem as a heading and a list of facts; `shared` ones aren't of one customer."""
    times = "once" if issue.events == 1 else f"{issue.events} times"
    lines = [
        f"### {inline(issue.name)}: {issue.summary}",
        *(f"- Same failure as {inline(cause)}: {reason}" for cause, reason in issue.half_of),
        f"- Issue: {inline(issue.title)} {format_link(issue.permalink)}".rstrip(),
        f"- Project {inline(issue.project)}, level {inline(issue.level)}, "
        f"caught by the program: {caught(issue.handled)}",
        *([] if shared else [f"- This customer hit it {times} in the window"]),
    ]
    for event in events[:1]:
        lines += _event(event)
    return "\n".join(lines)


def _event(event: EventFacts) -> list[str]:
    at = event.timestamp.astimezone(UTC)
    where = (("release", event.release), ("environment", event.environment))
    known = ((*where, ("device", event.device)), (("trace", event.trace_id),))
    facts = [
        f"- Event nearest the reported time: {inline(event.id)}, {format_time(at)}:{at:%S} UTC "
        f"{format_link(event.permalink)}".rstrip()
    ]
    for pairs in known:
        text = ", ".join(f"{name} {inline(value)}" for name, value in pairs if value)
        facts += [f"- {text[0].upper()}{text[1:]}"] if text else []
    request = " ".join(filter(None, (event.method, event.url)))
    facts += [f"- Request {inline(request)}"] if request else []
    facts += [f"- Where: {inline(event.culprit)}"] if event.culprit else []
    facts += [f"- {event.delay}"] if event.delay else []
    for exception in event.exceptions:
        facts += _exception(exception)
    return facts


def _exception(exception: ExceptionFacts) -> list[str]:
    text = ": ".join(filter(None, (exception.type, exception.value))) or UNKNOWN
    frames = (f"  - {inline(frame_line(frame))}" for frame in exception.frames)
    return [f"- Error: {inline(text)}", *frames]


def format_impact(issue: IssueFacts, group: Group, moment: datetime) -> str:
    """Return how many customers are affected, since when, and the trend, according to Sentry."""
    users, day = issue.users_affected, last_day_of(group)
    if affects_only_customer(group):
        who = "only this customer so far"
    elif users is None:
        who = "the number of affected customers is unknown"
    else:
        who = "1 customer" if users == 1 else f"{users:,} customers"
    seen = issue.first_seen
    since = f"first seen {format_time(seen.astimezone(UTC))} UTC" if seen else ""
    lately = ""
    if day:
        events = "1 event" if day.total == 1 else f"{day.total:,} events"
        lately = f"{events} across all customers in the last day"
    news = issue_trends(group.issue, moment) if group.issue else ()
    state = issue_status_text(group.issue) if group.issue else None
    fix = issue.status.fix if issue.status else None
    parts = (who, since, lately, *news, state, fix and inline(fix))
    return f"{inline(issue.name)}: {'; '.join(part for part in parts if part)}"


def format_step(crumb: BreadcrumbFacts) -> str:
    """Return a breadcrumb with its distance to the reported time."""
    level = f" {crumb.level}" if crumb.level and crumb.level != "info" else ""
    text = f"{crumb.category or UNKNOWN}{level}: {crumb.message or ''}"
    return f"{seconds(crumb.seconds)} {inline(text)}"


def format_signal(one: RelatedFacts) -> str:
    """Return a message from the customer or a session replay with its time and link."""
    name = {"feedback": "The customer wrote", "session replay": "Session replay"}[one.kind]
    at = one.timestamp.astimezone(UTC)
    return f"{name}, {at:%H:%M:%S} UTC: {inline(one.text)} {format_link(one.permalink)}".rstrip()


_SIGNALS = ("feedback", "session replay")


def format_observation(one: Observation) -> str:
    """Return what logs and spans show as a heading and a list of facts."""
    at = one.at.astimezone(UTC)
    logs = [row.message for row in one.rows if isinstance(row, LogEntry) and row.message]
    rests_on = ", ".join(
        f"{'log' if isinstance(row, LogEntry) else 'span'} {inline(row.id)}"
        for row in one.rows[:_MAX_ROWS]
    )
    trace = one.rows[0].trace_id
    lines = [
        f"### {one.sentence}",
        f"- {format_time(at)}:{at:%S} UTC{f', {one.times} times' if one.times > 1 else ''}",
        *(f"- {text}" for text in (*one.also, *([] if one.names_customer else [BY_TRACE]))),
        *([] if one.target in logs else [f"- Request {inline(one.target[: _DETAIL.texts])}"]),
        *(f"- Log {inline(text[: _DETAIL.texts])}" for text in dict.fromkeys(logs[:_MAX_ROWS])),
        *([f"- Trace {inline(trace)}"] if trace else []),
        f"- Based on {rests_on}",
    ]
    return "\n".join(lines)


def _related_errors(document: Document) -> Iterator[str]:
    """Yield the errors of the same traces that name no customer: one of them may be the cause."""
    errors = [one for one in document.related if one.kind == "error of the same trace"]
    if errors:
        yield "\n".join(("### Related errors (same traces)", *map(_related_error, errors)))


def _related_error(one: RelatedFacts) -> str:
    at, where = one.timestamp.astimezone(UTC), f" in {inline(one.project)}" if one.project else ""
    return f"- {at:%H:%M:%S} UTC: {inline(one.text)}{where} {format_link(one.permalink)}".rstrip()


_MAX_OBSERVATIONS = 5
_MAX_ROWS = 6

_DETAIL = Detail(
    crumbs=12,
    further_crumbs=0,
    crumb_texts=160,
    library_frames=0,
    in_app_frames=4,
    exceptions=2,
    issues=8,
    summary_rows=8,
    further_events=0,
    texts=400,
    names=160,
    related=12,
    places=False,
)


def escalation_values(about: About) -> dict[str, str]:
    """Return the values of an escalation's variables; see `VARIABLES`."""
    answer = about.answer
    chosen = _only_chosen(about)
    setting = Setting(marker=about.marker, zone=about.zone.key)
    document = DocumentBuilder(chosen, setting).build(_DETAIL)
    pairs = list(zip(document.issues, groups_in(problems_of(chosen)), strict=False))
    moment = answer.question.window.moment
    return {
        "title": _title(document.issues, answer),
        "summary": about.shared or headline(answer, about.zone),
        "moment": _moment(moment, about.zone),
        "completeness": _checked(answer) if about.shared else _completeness(answer),
        "notices": _list(to_markdown(one.message) for one in document.header.notices),
        "problems": "\n\n".join(
            (
                *(
                    format_problem(issue, document.events_of(issue), shared=about.shared)
                    for issue, _ in pairs
                ),
                *map(format_observation, troubles_of(answer)[:_MAX_OBSERVATIONS]),
                *_related_errors(document),
            )
        ),
        "impact": _list(format_impact(issue, group, moment) for issue, group in pairs),
        "known": _known(about),
        "messages": _list(format_signal(one) for one in document.related if one.kind in _SIGNALS),
        "steps": _list(format_step(crumb) for crumb in document.breadcrumbs),
        "releases": _names(event.release for event in document.events),
        "environments": _names(event.environment for event in document.events),
        "lookup": about.lookup_link,
        "hidden": _hidden(document),
        "agent": to_markdown(about.agent),
    }


def _only_chosen(about: About) -> Answer:
    """Return the result with the events of the chosen problems only."""
    chosen = frozenset().union(*(problem.event_ids for problem in about.problems))
    events = (event for event in about.answer.events if event.id in chosen)
    return replace(about.answer, events=tuple(events))


def _title(issues: tuple[IssueFacts, ...], answer: Answer) -> str:
    troubles = [one for one in troubles_of(answer) if not one.is_note]
    if troubles and not issues:
        return f"{troubles[0].sentence[:-1]} (no errors)"
    if not issues:
        shows_none = f"{answer.searched.server} shows no errors"
        found = shows_none if answer.complete else "no errors have been found yet"
        return f"A customer reports a problem, and {found}"
    first = issues[0]
    where = ", ".join(inline(one) for one in (first.short_id, first.project) if one)
    return f"{first.summary.rstrip('.')}{f' ({where})' if where else ''}"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    utc = f"{format_time(moment)} UTC"
    if zone.key == "UTC":
        return utc
    return f"{format_time(moment.astimezone(zone))} {zone.key} ({moment.astimezone(UTC):%H:%M} UTC)"


def _checked(answer: Answer) -> str:
    return f"Checked on {format_time(answer.fetched_at.astimezone(UTC))} UTC."


def _completeness(answer: Answer) -> str:
    checked = _checked(answer)
    total = answer.events_total
    found = f"{len(answer.events)} of {total if total is not None else 'an unknown number of'}"
    if answer.complete and answer.events:
        return f"The list of this customer's events in the window is complete. {checked}"
    if answer.complete:
        return (
            f"The list is complete: {answer.searched.server} has no errors for this customer in "
            f"the window. {checked}"
        )
    if answer.events:
        return f"The list is incomplete ({found} events), so there may be more. {checked}"
    return f"No errors are listed, but the list is incomplete. There may have been some. {checked}"


def _known(about: About) -> str:
    lines = [_known_one(release, match, about) for release, match in about.best_known]
    if about.answer.known.unchecked:
        lines.append("Not every known error could be checked, so this may still be a known error.")
    return _list(lines)


def _known_one(release: str | None, match: KnownMatch, about: About) -> str:
    known = match.known
    why = f" ({', '.join(match.why)})" if match.why else ""
    text = f"{known.title}: {describe_fix(known, release, about.today)}{why}"
    owner = f" Owner: {known.owner}." if known.owner else ""
    links = "".join(f" {one.label}: {one.address}" for one in known.links)
    return to_markdown(" ".join(f"{text}{owner}{links}".split()))


def _hidden(document: Document) -> str:
    parts = []
    if document.hidden:
        parts.append(f"Hidden: {counts(document.hidden)}.")
    if document.neutralized:
        parts.append(f"Neutralized: {counts(document.neutralized)}.")
    if document.omitted:
        server = document.header.server
        parts.append(f"Not all details are included here. The lookup and {server} have the rest.")
    return " ".join(parts)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _names(names: Iterable[str | None]) -> str:
    return ", ".join(inline(one) for one in dict.fromkeys(filter(None, names)))
