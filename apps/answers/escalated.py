"""The parts of an escalation: one problem, what it means for others, one step before it."""

import re
from datetime import UTC, datetime

from apps.events.impact import is_only_theirs, last_day_of, news_of, state_of
from apps.events.timeline import Group
from apps.exports.as_markdown import frame_line, inline
from apps.exports.facts import CrumbFacts, EventFacts, ExceptionFacts, IssueFacts
from apps.exports.wording import UNKNOWN, caught, seconds

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
