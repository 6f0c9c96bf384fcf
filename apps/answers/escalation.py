"""What an escalation tells engineering, as Markdown in which no text of an event can act.

Facts are chosen and made harmless as an export's are, and stand in code spans.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apps.answers.templates import About, markdown_of
from apps.events.answer import Answer, KnownMatch
from apps.events.grouping import UNGROUPED, Group
from apps.events.releases import is_only_theirs, last_day_of, news_of, state_of, told_fix
from apps.events.summary import headline
from apps.exports.content import UNKNOWN, caught, counts, seconds
from apps.exports.document import Setting, build
from apps.exports.facts import CrumbFacts, Detail, Document, EventFacts, ExceptionFacts, IssueFacts
from apps.exports.markdown import frame_line, inline

# The parts of an escalation: one problem, what it means for others, one step before it.

# What a Markdown reader makes a link of, without a sign that could end it or mean something else.
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9./:?=&%~+-]{1,600}")


def shown_at(at: datetime) -> str:
    """Day and time on the clock that the time is on: 20 Nov 2026, 14:05."""
    return f"{at.day} {at:%b %Y, %H:%M}"


def link(address: str | None) -> str:
    """An address that can be followed; in a code span where it holds anything odd."""
    if not address:
        return ""
    return address if _PLAIN_ADDRESS.fullmatch(address) else inline(address)


def problem(issue: IssueFacts, events: tuple[EventFacts, ...]) -> str:
    """One problem: a heading, then its facts as a list."""
    lines = [
        f"### {inline(issue.name)}: {issue.summary}",
        f"- Issue: {inline(issue.title)} {link(issue.permalink)}".rstrip(),
        f"- Project {inline(issue.project)}, level {inline(issue.level)}, "
        f"caught by the program: {caught(issue.handled)}",
        f"- This customer had it {_times(issue.events)} in the window",
    ]
    for event in events[:1]:
        lines += _event(event)
    return "\n".join(lines)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"


def _event(event: EventFacts) -> list[str]:
    at = event.timestamp.astimezone(UTC)
    where = (("release", event.release), ("environment", event.environment))
    known = ((*where, ("device", event.device)), (("trace", event.trace_id),))
    facts = [
        f"- Event nearest the moment: {inline(event.id)}, {shown_at(at)}:{at:%S} UTC "
        f"{link(event.permalink)}".rstrip()
    ]
    for pairs in known:
        told = ", ".join(f"{name} {inline(value)}" for name, value in pairs if value)
        facts += [f"- {told[0].upper()}{told[1:]}"] if told else []
    request = " ".join(filter(None, (event.method, event.url)))
    facts += [f"- Request {inline(request)}"] if request else []
    facts += [f"- Where: {inline(event.culprit)}"] if event.culprit else []
    for exception in event.exceptions:
        facts += _exception(exception)
    return facts


def _exception(exception: ExceptionFacts) -> list[str]:
    said = ": ".join(filter(None, (exception.type, exception.value))) or UNKNOWN
    frames = (f"  - {inline(frame_line(frame))}" for frame in exception.frames)
    return [f"- Error: {inline(said)}", *frames]


def impact(issue: IssueFacts, group: Group, moment: datetime) -> str:
    """How many customers have it, since when, and how it goes on, as Sentry counted."""
    users, day = issue.users_affected, last_day_of(group)
    if is_only_theirs(group):
        who = "only this customer so far"
    elif users is None:
        who = "the number of affected customers is unknown"
    else:
        who = "1 customer" if users == 1 else f"{users} customers"
    seen = issue.first_seen
    since = f"first seen {shown_at(seen.astimezone(UTC))} UTC" if seen else ""
    lately = f"{_events(day.total)} of all customers in the last day" if day else ""
    news = news_of(group.issue, moment) if group.issue else ()
    state = state_of(group.issue) if group.issue else None
    fix = issue.standing.fix if issue.standing else None
    told = (who, since, lately, *news, state, fix and inline(fix))
    return f"{inline(issue.name)}: {'; '.join(part for part in told if part)}"


def step(crumb: CrumbFacts) -> str:
    """One thing that the program noted, with its distance to the moment."""
    level = f" {crumb.level}" if crumb.level and crumb.level != "info" else ""
    said = f"{crumb.category or UNKNOWN}{level}: {crumb.message or ''}"
    return f"{seconds(crumb.seconds)} {inline(said)}"


_DETAIL = Detail(
    crumbs=12,
    further_crumbs=0,
    crumb_texts=160,
    library_frames=0,
    in_app_frames=4,
    exceptions=2,
    issues=8,
    summary_rows=8,
    occurrences=0,
    texts=400,
    names=160,
    asides=0,
    places=False,
)


def escalation_values(about: About) -> dict[str, str]:
    """The variables of an escalation, as `draft_text.VARIABLES` tells them."""
    answer = about.answer
    document = _document(about)
    told = list(zip(document.issues, about.groups, strict=False))
    moment = answer.question.window.moment
    return {
        "title": _title(document.issues, answer),
        "summary": headline(answer, about.zone),
        "moment": _moment(moment, about.zone),
        "completeness": _completeness(answer),
        "notices": _list(markdown_of(one.message) for one in document.header.notices),
        "problems": "\n\n".join(problem(issue, document.events_of(issue)) for issue, _ in told),
        "impact": _list(impact(issue, group, moment) for issue, group in told),
        "known": _known(about),
        "steps": _list(step(crumb) for crumb in document.story),
        "releases": _names(event.release for event in document.events),
        "environments": _names(event.environment for event in document.events),
        "lookup": about.lookup_link,
        "hidden": _hidden(document),
        "agent": markdown_of(about.agent),
    }


def _document(about: About) -> Document:
    """The facts of the chosen problems; of the others nothing is told."""
    chosen = set(about.issue_ids)
    events = (one for one in about.answer.events if (one.issue_id or UNGROUPED) in chosen)
    setting = Setting(marker=about.marker, zone=about.zone.key)
    return build(replace(about.answer, events=tuple(events)), setting=setting, detail=_DETAIL)


def _title(issues: tuple[IssueFacts, ...], answer: Answer) -> str:
    if not issues:
        found = "Sentry shows no errors" if answer.complete else "no errors have been found yet"
        return f"A customer reports a problem, and {found}"
    first = issues[0]
    where = ", ".join(inline(one) for one in (first.short_id, first.project) if one)
    return f"{first.summary.rstrip('.')}{f' ({where})' if where else ''}"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    utc = f"{shown_at(moment)} UTC"
    if zone.key == "UTC":
        return utc
    return f"{shown_at(moment.astimezone(zone))} {zone.key} ({moment.astimezone(UTC):%H:%M} UTC)"


def _completeness(answer: Answer) -> str:
    asked = f"Checked at {shown_at(answer.fetched_at.astimezone(UTC))} UTC."
    total = answer.events_total
    found = f"{len(answer.events)} of {total if total is not None else 'an unknown number of'}"
    if answer.complete and answer.events:
        return f"The list of this customer's events in the window is complete. {asked}"
    if answer.complete:
        return (
            f"The list is complete: Sentry has no errors for this customer in the window. {asked}"
        )
    if answer.events:
        return f"The list is not complete ({found} events), so there may be more. {asked}"
    return f"No errors are listed, but the list isn't complete. There may have been some. {asked}"


def _known(about: About) -> str:
    lines = [_known_one(group, match, about) for group, match in about.best_known]
    if about.answer.known.unchecked:
        lines.append("Not every known error could be checked, so this may still be a known error.")
    return _list(lines)


def _known_one(group: Group, match: KnownMatch, about: About) -> str:
    known = match.known
    why = f" ({', '.join(match.why)})" if match.why else ""
    told = f"{known.title}: {told_fix(known, group, about.today)}{why}"
    owner = f" Owner: {known.owner}." if known.owner else ""
    links = "".join(f" {one.label}: {one.address}" for one in known.links)
    return markdown_of(" ".join(f"{told}{owner}{links}".split()))


def _hidden(document: Document) -> str:
    parts = []
    if document.hidden:
        parts.append(f"Hidden: {counts(document.hidden)}.")
    if document.neutralised:
        parts.append(f"Neutralized: {counts(document.neutralised)}.")
    if document.omitted:
        parts.append("Not all details are included here. The lookup and Sentry have the rest.")
    return " ".join(parts)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _names(names: Iterable[str | None]) -> str:
    return ", ".join(inline(one) for one in dict.fromkeys(filter(None, names)))
