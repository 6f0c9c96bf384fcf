"""What an escalation tells engineering, as Markdown in which no text of an event can act.

Facts are chosen and made harmless as an export's are, and stand in code spans.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apps.answers.about import About
from apps.answers.draft_text import markdown_of
from apps.answers.escalated import impact, problem, shown_at, step
from apps.events.answer import Answer
from apps.events.fixes import told_fix
from apps.events.headline import headline
from apps.events.known import KnownMatch
from apps.events.timeline import UNGROUPED, Group
from apps.exports.as_markdown import inline
from apps.exports.detail import Detail
from apps.exports.document import Setting, build
from apps.exports.facts import Document, IssueFacts
from apps.exports.wording import counts

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
