"""The result of an incident as JSON, CSV, and Markdown, which name customers by their lines."""

import csv
import io
import json
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from apps.events.answer import Answer, Notice, NoticeCode
from apps.events.event import Event
from apps.events.incident import Failure
from apps.events.query import counted, format_utc
from apps.exports import ExportRefused, render
from apps.exports.escaping import Neutralizer, enclose
from apps.exports.markdown import inline
from apps.exports.tokens import DEFAULT_BUDGET, GPT, MIN_TOKENS, Family, estimate_tokens
from apps.incidents.models import Incident
from apps.incidents.reading import account_of
from apps.incidents.services import IncidentResult, KnownFailure

Format = Literal["json", "csv", "markdown"]
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv", "markdown": "text/markdown"}
SUFFIXES: dict[str, Format] = {"json": "json", "csv": "csv", "md": "markdown"}
_MAX_TITLE = 200
_MAX_RELEASE = 200


def export_incident(
    result: IncidentResult, format: Format, *, budget: int = DEFAULT_BUDGET, family: Family = GPT
) -> str:
    """Return the result as text. Raise `ExportRefused` if Markdown doesn't fit the `budget`."""
    if format == "json":
        return json.dumps(as_json(result), ensure_ascii=False)
    return _csv(result) if format == "csv" else _markdown(result, family.room(budget))


def _span(failure: Failure) -> tuple[str, str]:
    """Return the times of the first and the last event."""
    events = failure.problem.events
    return format_utc(events[-1].timestamp), format_utc(events[0].timestamp)


# JSON


def as_json(result: IncidentResult) -> dict[str, object]:
    """Return the result as `triage.incident/1`."""
    incident, lines = result.incident, result.lines
    window = incident.window
    clean = Neutralizer(incident.marker).clean
    return {
        "schema": "triage.incident/1",
        "incident_id": str(incident.uuid),
        "state": incident.state,
        "window": {
            "moment": format_utc(window.moment),
            "start": format_utc(window.start),
            "end": format_utc(window.end),
            "minutes": window.minutes,
        },
        "searched": {"projects": result.projects, "environments": incident.environments},
        "input": {
            "lines": result.asked + sum(incident.left_out.values()),
            "customers": result.asked,
            **incident.left_out,
        },
        "asked": result.asked,
        "answered": result.answered,
        "not_asked": lines["not_asked"],
        "unanswerable": [{"line": n, "why": result.notes[n]} for n in lines["unanswerable"]],
        "capped": lines["capped"],
        "complete": result.complete,
        "notices": [{"code": one.code, "message": one.message} for one in result.notices],
        "baseline_customers": result.others,
        "failures": [_failure(one, clean) for one in result.failures],
        "without_errors": lines["without_errors"],
        "never_seen": lines["never_seen"],
        "calls": result.calls,
    }


def _failure(one: KnownFailure, clean: Callable[[str], str]) -> dict[str, object]:
    failure, problem = one.failure, one.failure.problem
    first, last = _span(failure)
    known = one.known[0].known if one.known else None
    return {
        "sentence": failure.sentence,
        "issues": problem.issue_ids,
        "problems_joined": len(problem.issue_ids),
        "lines": failure.lines,
        "customers": len(failure.lines),
        "first_event": first,
        "last_event": last,
        "releases": [clean(release) for release in failure.releases],
        "baseline": failure.baseline,
        "is_noise": problem.is_noise,
        "known": {"slug": known.slug, "title": known.title} if known else None,
        "representatives": failure.representatives,
    }


# CSV, which spreadsheets open: no cell may be a formula, nor a part of one where they split cells
# at semicolons.

_FORMULA = re.compile(
    r"(^|;) ?(?=[=+\-@|%\u2212\ufe62\ufe63\ufe66\ufe6a\ufe6b\uff05\uff0b\uff0d\uff1d\uff20\uff5c])"
)


def _csv(result: IncidentResult) -> str:
    clean = Neutralizer(result.incident.marker).clean
    states = {line: state for state, lines in result.lines.items() for line in lines}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = ("line", "state", "failures", "sentence", "errors", "first_error", "last_error")
    writer.writerow((*names, "releases", "note"))
    for line in result.customers:
        finding = result.findings.get(line)
        events = finding.events if finding else ()
        had = [
            (number, one.failure)
            for number, one in enumerate(result.failures, 1)
            if line in one.failure.lines
        ]
        releases = dict.fromkeys(event.release for event in events if event.release)
        row = (
            line,
            states[line],
            " ".join(str(number) for number, _failure in had),
            had[0][1].sentence if had else "",
            len(events) if finding else "",
            format_utc(events[-1].timestamp) if events else "",
            format_utc(events[0].timestamp) if events else "",
            " ".join(release[:_MAX_RELEASE] for release in releases),
            result.notes[line],
        )
        cells = (" ".join(clean(str(value)).split()) for value in row)
        writer.writerow([_FORMULA.sub(r"\1'", cell) for cell in cells])
    return out.getvalue()


# Markdown, for a model


@dataclass(frozen=True, slots=True)
class _Extent:
    """How much is listed: failures, those in one line only, lines for each, titles of events."""

    failures: int
    briefly: int = 0
    lines: int = 40
    titles: int = 0


def _markdown(result: IncidentResult, room: int) -> str:
    """Return what fits: the list of failures, their events, and then more of the list."""
    every, sections = len(result.failures), list[str]()

    def text(extent: _Extent) -> str:
        hidden = every - len(sections)
        note = f"\nLeft out: the events of {counted(hidden, 'failure')}." if hidden else ""
        return "\n".join((_head(result, extent), *sections, note)) + "\n"

    def grown(extent: _Extent, name: str, most: int) -> _Extent:
        """Return the extent with as much of one part as fits."""
        steps = [replace(extent, **{name: n}) for n in range(getattr(extent, name), most + 1)]
        found = bisect_left(steps[1:], True, key=lambda one: estimate_tokens(text(one)) > room)
        return steps[found] if steps else extent

    extents = (_Extent(every, lines=most) for most in (40, 10, 3))
    extent = next((one for one in extents if estimate_tokens(text(one)) <= room), None)
    extent = extent or grown(_Extent(0, lines=3), "failures", every)
    if (every and not extent.failures) or estimate_tokens(text(extent)) > room:
        raise ExportRefused("The token limit is too low for the list of failures.")
    if extent.failures == every:
        sections += _sections(result, room - estimate_tokens(text(extent)) - _HEADING_TOKENS)
    extent = grown(extent, "briefly", every - extent.failures)
    extent = grown(extent, "lines", result.asked)
    titles = sum(len(one.answer.events) for one in result.failures[: extent.failures])
    return text(grown(extent, "titles", titles) if len(sections) < every else extent)


_HEADING_TOKENS = 30


def _head(result: IncidentResult, extent: _Extent) -> str:
    """Return the summary and the list. Releases and titles are texts of events."""
    clean = Neutralizer(result.incident.marker).clean
    left = extent.titles
    parts = ["# Failures, starting with those that stand out"]
    for number, one in enumerate(result.failures[: extent.failures], 1):
        parts.append(_listed(number, one, result, extent.lines, one.answer.events[: max(left, 0)]))
        left -= len(one.answer.events)
    shown = extent.failures + extent.briefly
    for number, one in enumerate(result.failures[extent.failures : shown], extent.failures + 1):
        share = result.share_text(one.failure)
        parts.append(f"{number}. {one.failure.sentence} {share}")
    parts += [] if result.failures else ["None was found so far."]
    if hidden := len(result.failures) - shown:
        parts.append(f"Left out: {counted(hidden, 'more failure')}.")
    listed = enclose(clean("\n".join(parts)), result.incident.marker)
    return "\n".join((*_summary(result, extent.lines), listed))


def _sections(result: IncidentResult, left: int) -> list[str]:
    """Return the events of as many failures as fit; the rest of a share is left for the others."""
    pending = dict(enumerate(result.failures, 1))
    while pending and left // len(pending) < _LEAST:
        pending.popitem()
    found: dict[int, str] = {}
    while pending:
        rendered = {n: _section(n, one, result, left // len(pending)) for n, one in pending.items()}
        whole = {n: text for n, (text, is_whole) in rendered.items() if is_whole}
        found |= whole
        left -= sum(map(estimate_tokens, whole.values()))
        pending = {n: one for n, one in pending.items() if n not in whole}
        if not whole:
            break
    for number, one in enumerate(result.failures, 1):
        if number not in found:
            share = left // max(len(pending.keys() - found.keys()), 1)
            if share < _LEAST:
                break
            found[number], _is_whole = _section(number, one, result, share)
            left -= estimate_tokens(found[number])
    return [found[number] for number in sorted(found)]


_LEAST = MIN_TOKENS + _HEADING_TOKENS


def _section(
    number: int, one: KnownFailure, result: IncidentResult, budget: int
) -> tuple[str, bool]:
    """Return the events that represent a failure, and whether nothing is left out."""
    rendered = render(
        representing(one),
        format="markdown",
        budget=budget - _HEADING_TOKENS,
        marker=result.incident.marker,
        zone=result.incident.zone,
    )
    text = f"\n# Events that represent failure {number}\n{rendered.text}"
    return text, not rendered.omitted


def representing(one: KnownFailure) -> Answer:
    """Return the answer with the notice that its events are those of several customers."""
    total = len(one.failure.problem.events)
    message = (
        f"These {len(one.answer.events)} of {total} events represent a failure of "
        f"{counted(len(one.failure.lines), 'customer')}. Each has the alias <customer>."
    )
    notice = Notice(NoticeCode.CAPPED, message)
    return replace(one.answer, complete=False, events_total=total, notices=(notice,))


def _summary(result: IncidentResult, most: int) -> list[str]:
    incident = result.incident
    window = f"{format_utc(incident.window.start)} to {format_utc(incident.window.end)}"
    numbers = {state: _numbers(lines, most) for state, lines in result.lines.items()}
    lines = [
        "# Failures that many customers share",
        f"- {account_of(result.asked, incident.left_out)}; failures refer to customers by line",
        f"- Window: {window}",
        f"- Complete: {'yes' if result.complete else 'no'}",
        f"- Without errors: {numbers['without_errors']}",
        f"- {never_seen_title(incident)}: {numbers['never_seen']}",
        f"- Not checked: {numbers['not_asked']}",
        f"- Couldn’t be checked: {numbers['unanswerable']}",
    ]
    return [*lines, *(f"- Notice: {one.message}" for one in result.notices)]


def _listed(
    number: int, one: KnownFailure, result: IncidentResult, most: int, events: Sequence[Event]
) -> str:
    """Return a failure in the list, with the titles of these events."""
    failure = one.failure
    first, last = _span(failure)
    noise = ", so it’s probably noise" if failure.problem.is_noise else ""
    lines = [
        f"{number}. {failure.sentence}",
        f"   - customers: {_numbers(failure.lines, most)}, {result.share_text(failure)}",
        f"   - from {first} to {last}",
        f"   - usual: {usual_text(failure, result)}{noise}",
    ]
    if failure.releases:
        names = ", ".join(inline(name[:_MAX_RELEASE]) for name in failure.releases[:10])
        lines.append(f"   - releases: {names}")
    lines += [f"   - known error: {inline(match.known.title)}" for match in one.known[:1]]
    for event in events:
        where = f" in {inline(event.culprit[:_MAX_TITLE])}" if event.culprit else ""
        title = inline((event.title or "(no title)")[:_MAX_TITLE])
        lines.append(f"   - event {inline(event.id)}: {title}{where}")
    return "\n".join(lines)


def _numbers(lines: Sequence[int], most: int) -> str:
    if not lines:
        return "0"
    listed = ", ".join(map(str, lines[:most]))
    more = f", and {len(lines) - most} more" if len(lines) > most else ""
    return f"{len(lines)} ({'lines' if len(lines) > 1 else 'line'} {listed}{more})"


def never_seen_title(incident: Incident) -> str:
    """Return what is known about customers who were never seen where Triage searched."""
    where = " in these projects" if incident.projects else ""
    return f"Never seen{where}, as far back as Sentry keeps events"


def usual_text(failure: Failure, result: IncidentResult) -> str:
    """Return how many other customers had the failure before the window, in words."""
    if result.is_part:
        return (
            "about as common"
            if failure.problem.is_noise
            else "not shown: it includes other projects"
        )
    if failure.baseline is None and result.incident.state == "running":
        return "not compared yet"
    minutes = 2 * result.incident.minutes
    length = "hour" if minutes == 60 else f"{minutes} minutes"
    if minutes > 60 and minutes % 60 == 0:
        length = f"{minutes // 60} hours"
    before = f"the {length} before"
    if failure.baseline is None and result.is_compared:
        return f"unknown, because no other customer had errors in {before}"
    if failure.baseline is None:
        return "unknown, so this may be noise"
    had = round(failure.baseline * result.others)
    of = f"{counted(result.others, 'other customer')} with errors had it in {before}"
    return f"{f'{had:,}' if had else 'none'} of {of}"


def shared_text(failure: Failure, result: IncidentResult) -> str:
    """Return what is known about a failure in a sentence or two, for an escalation."""
    first, last = _span(failure)
    when = f"at {first}" if first == last else f"from {first} to {last}"
    usual = usual_text(failure, result)
    share = result.share_text(failure)
    return f"{failure.sentence} Customers who had it: {share}; {when}. Usual: {usual}."
