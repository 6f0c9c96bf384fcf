"""Variables of escalations, as Markdown.

Facts are selected and neutralized like an export's, and put in code spans, so that text from
events can't act as markup.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from apps.answers.templates import About, to_markdown
from apps.events.answer import Answer
from apps.events.event import LogEntry
from apps.events.grouping import Group, groups_in, problems_of
from apps.events.observations import BY_TRACE, Observation, troubles_of
from apps.events.query import counted
from apps.events.releases import (
    affects_only_customer,
    describe_fix,
    issue_status_text,
    issue_trends,
    last_day_of,
)
from apps.events.summary import headline
from apps.exports import facts
from apps.exports.document import DocumentBuilder
from apps.exports.markdown import UNKNOWN, caught, counts, frame_line, inline, seconds, step_text

# URLs that Markdown turns into links, without characters that could end the link or act as markup.
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9./:?=&%~+-]{1,600}")
_SIGNALS = {"feedback": "The customer wrote", "session replay": "Session replay"}
_TRACED = "error of the same trace"
_MAX_OBSERVATIONS = 5
_MAX_ROWS = 6
_DETAIL = facts.Detail(
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
    answer, problems = about.answer, about.problems
    chosen = frozenset().union(*(problem.event_ids for problem in problems))
    events = tuple(event for event in answer.events if event.id in chosen)
    only_chosen = replace(answer, events=events)
    builder = DocumentBuilder(only_chosen, about.marker, zone=about.zone.key)
    document = builder.build(_DETAIL)
    pairs = list(zip(document.issues, groups_in(problems_of(only_chosen)), strict=False))
    moment = answer.question.window.moment
    traced = [one for one in document.related if one.kind == _TRACED]  # one may be the cause
    paragraphs = (
        *(_problem(issue, document, about) for issue, _ in pairs),
        *map(_observation, troubles_of(answer)[:_MAX_OBSERVATIONS]),
        *([f"### Related errors (same traces)\n{_list(map(_related, traced))}"] if traced else []),
    )
    return {
        "title": _title(document.issues, answer),
        "summary": about.shared or headline(answer, about.zone),
        "moment": f"{_time(moment)} UTC"
        if about.zone.key == "UTC"
        else f"{_time(moment, about.zone)} {about.zone.key} ({moment.astimezone(UTC):%H:%M} UTC)",
        "completeness": _completeness(about),
        "notices": _list(to_markdown(one.message) for one in document.header.notices),
        "problems": "\n\n".join(paragraphs),
        "impact": _list(_impact(issue, group, moment) for issue, group in pairs),
        "known": _known(about),
        "messages": _list(
            f"{_SIGNALS[one.kind]}, {_related(one)}"
            for one in document.related
            if one.kind in _SIGNALS
        ),
        "steps": _list(
            f"{seconds(crumb.timestamp, moment)} {inline(step_text(crumb))}"
            for crumb in document.breadcrumbs
        ),
        "releases": _names(event.release for event in document.events),
        "environments": _names(event.environment for event in document.events),
        "lookup": about.lookup_link,
        "hidden": _hidden(document),
        "agent": to_markdown(about.agent),
    }


def _time(at: datetime, zone: tzinfo = UTC) -> str:
    """Format a time: 20 Nov 2026, 14:05."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def _link(address: str | None) -> str:
    """Return the URL after a space, in a code span if it contains unusual characters."""
    if not address:
        return ""
    return f" {address if _PLAIN_ADDRESS.fullmatch(address) else inline(address)}"


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _names(names: Iterable[str | None]) -> str:
    return ", ".join(inline(one) for one in dict.fromkeys(filter(None, names)))


def _title(issues: tuple[facts.Issue, ...], answer: Answer) -> str:
    if issues:
        first = issues[0]
        where = ", ".join(inline(one) for one in (first.short_id, first.project) if one)
        return f"{first.summary.rstrip('.')}{f' ({where})' if where else ''}"
    for trouble in troubles_of(answer):
        if not trouble.is_note:
            return f"{trouble.sentence[:-1]} (no errors)"
    shows_none = f"{answer.searched.server} shows no errors"
    found = shows_none if answer.complete else "no errors have been found yet"
    return f"A customer reports a problem, and {found}"


def _completeness(about: About) -> str:
    answer = about.answer
    checked = f"Checked on {_time(answer.fetched_at)} UTC."
    if about.shared:
        return checked
    if answer.complete and answer.events:
        return f"The list of this customer's events in the window is complete. {checked}"
    if answer.complete:
        return (
            f"The list is complete: {answer.searched.server} has no errors for this customer in "
            f"the window. {checked}"
        )
    if answer.events:
        total = answer.events_total
        found = f"{len(answer.events)} of {total if total is not None else 'an unknown number of'}"
        return f"The list is incomplete ({found} events), so there may be more. {checked}"
    return f"No errors are listed, but the list is incomplete. There may have been some. {checked}"


def _problem(issue: facts.Issue, document: facts.Document, about: About) -> str:
    times = "once" if issue.events == 1 else f"{issue.events} times"
    lines = [
        f"### {inline(issue.name)}: {issue.summary}",
        *(
            f"- Same failure as {inline(cause)}: {reason}"
            for cause, reason in document.causes_of(issue)
        ),
        f"- Issue: {inline(issue.title)}{_link(issue.permalink)}",
        f"- Project {inline(issue.project)}, level {inline(issue.level)}, "
        f"caught by the program: {caught(issue.handled)}",
        *([] if about.shared else [f"- This customer hit it {times} in the window"]),
    ]
    for event in document.events_of(issue)[:1]:
        lines += _event(event)
    return "\n".join(lines)


def _event(event: facts.Event) -> list[str]:
    at = event.timestamp.astimezone(UTC)
    where = (("release", event.release), ("environment", event.environment))
    lines = [
        f"- Event nearest the reported time: {inline(event.id)}, {_time(at)}:{at:%S} UTC"
        f"{_link(event.permalink)}"
    ]
    for pairs in ((*where, ("device", event.device)), (("trace", event.trace_id),)):
        text = ", ".join(f"{name} {inline(value)}" for name, value in pairs if value)
        lines += [f"- {text[0].upper()}{text[1:]}"] if text else []
    request = " ".join(filter(None, (event.method, event.url)))
    lines += [f"- Request {inline(request)}"] if request else []
    lines += [f"- Where: {inline(event.culprit)}"] if event.culprit else []
    lines += [f"- {event.delay}"] if event.delay else []
    for exception in event.exceptions:
        text = ": ".join(filter(None, (exception.type, exception.value))) or UNKNOWN
        lines.append(f"- Error: {inline(text)}")
        lines += (f"  - {inline(frame_line(frame))}" for frame in exception.frames)
    return lines


def _observation(one: Observation) -> str:
    at = one.at.astimezone(UTC)
    logs = [row.message for row in one.rows if isinstance(row, LogEntry) and row.message]
    rests_on = ", ".join(
        f"{'log' if isinstance(row, LogEntry) else 'span'} {inline(row.id)}"
        for row in one.rows[:_MAX_ROWS]
    )
    trace = one.rows[0].trace_id
    lines = [
        f"### {one.sentence}",
        f"- {_time(at)}:{at:%S} UTC{f', {one.times} times' if one.times > 1 else ''}",
        *(f"- {text}" for text in (*one.also, *([] if one.names_customer else [BY_TRACE]))),
        *([] if one.target in logs else [f"- Request {inline(one.target[: _DETAIL.texts])}"]),
        *(f"- Log {inline(text[: _DETAIL.texts])}" for text in dict.fromkeys(logs[:_MAX_ROWS])),
        *([f"- Trace {inline(trace)}"] if trace else []),
        f"- Based on {rests_on}",
    ]
    return "\n".join(lines)


def _related(one: facts.RelatedEntry) -> str:
    where = f" in {inline(one.project)}" if one.kind == _TRACED and one.project else ""
    at = one.timestamp.astimezone(UTC)
    return f"{at:%H:%M:%S} UTC: {inline(one.text)}{where}{_link(one.permalink)}"


def _impact(issue: facts.Issue, group: Group, moment: datetime) -> str:
    users, day = issue.users_affected, last_day_of(group)
    if affects_only_customer(group):
        who = "only this customer so far"
    elif users is None:
        who = "the number of affected customers is unknown"
    else:
        who = counted(users, "customer")
    parts = [who, f"first seen {_time(issue.first_seen)} UTC" if issue.first_seen else ""]
    if day:
        parts.append(f"{counted(day.total, 'event')} across all customers in the last day")
    if group.issue:
        parts += (*issue_trends(group.issue, moment), issue_status_text(group.issue) or "")
    if issue.status and issue.status.fix:
        parts.append(inline(issue.status.fix))
    return f"{inline(issue.name)}: {'; '.join(filter(None, parts))}"


def _known(about: About) -> str:
    lines = []
    for release, match in about.best_known:
        known = match.known
        why = f" ({', '.join(match.why)})" if match.why else ""
        text = f"{known.title}: {describe_fix(known, release, about.today)}{why}"
        owner = f" Owner: {known.owner}." if known.owner else ""
        links = "".join(f" {one.label}: {one.address}" for one in known.links)
        lines.append(to_markdown(" ".join(f"{text}{owner}{links}".split())))
    if about.answer.known.unchecked:
        lines.append("Not every known error could be checked, so this may still be a known error.")
    return _list(lines)


def _hidden(document: facts.Document) -> str:
    parts = []
    if document.hidden:
        parts.append(f"Hidden: {counts(document.hidden)}.")
    if document.neutralized:
        parts.append(f"Neutralized: {counts(document.neutralized)}.")
    if document.omitted:
        server = document.answer.searched.server
        parts.append(f"Not all details are included here. The lookup and {server} have the rest.")
    return " ".join(parts)
