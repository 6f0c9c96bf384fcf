"""The result of an incident as JSON, CSV, and Markdown, which name customers by their lines."""

import csv
import io
import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import Literal

from apps.events.answer import Answer, Notice, NoticeCode
from apps.events.incident import Failure
from apps.events.query import counted
from apps.exports import DEFAULT_BUDGET, GPT, ExportRefused, Family, estimate_tokens, render
from apps.exports.blocks import inline
from apps.exports.document import MIN_TOKENS
from apps.exports.escaping import Neutralizer, enclose
from apps.incidents.reading import account_of
from apps.incidents.services import IncidentResult, KnownFailure

Format = Literal["json", "csv", "markdown"]
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv", "markdown": "text/markdown"}
SUFFIXES: dict[str, Format] = {"json": "json", "csv": "csv", "md": "markdown"}
_MAX_LISTED = 40  # line numbers in a sentence for a model
_MAX_RELEASE = 200


def export_incident(
    result: IncidentResult,
    format: Format,
    *,
    budget: int = DEFAULT_BUDGET,
    family: Family = GPT,
) -> str:
    """Return the result as a text; only Markdown has a token limit.

    Raise `ExportRefused` for a limit that is too low.
    """
    if format == "json":
        return json.dumps(as_json(result), ensure_ascii=False)
    return _csv(result) if format == "csv" else _markdown(result, family.room(budget), family)


def _utc(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# JSON


def as_json(result: IncidentResult) -> dict[str, object]:
    """Return the result as `triage.incident/1`."""
    incident = result.incident
    window = incident.window
    clean = Neutralizer(incident.marker).clean
    return {
        "schema": "triage.incident/1",
        "incident_id": str(incident.uuid),
        "state": result.state,
        "window": {
            "moment": _utc(window.moment),
            "start": _utc(window.start),
            "end": _utc(window.end),
            "minutes": window.minutes,
        },
        "searched": {"projects": result.projects, "environments": incident.environments},
        "input": {
            "lines": result.asked + sum(incident.left_out.values()),
            "customers": result.asked,
            **incident.left_out,
        },
        "asked": result.asked,
        "answered": len(result.answered),
        "not_asked": [line for line, _why in result.not_asked],
        "unanswerable": [{"line": line, "why": why} for line, why in result.unanswerable],
        "capped": list(result.capped),
        "complete": result.complete,
        "notices": [{"code": one.code, "message": one.message} for one in result.notices],
        "baseline_customers": result.others,
        "failures": [_failure(one, clean) for one in result.failures],
        "without_errors": list(result.without_errors),
        "never_seen": list(result.never_seen),
        "calls": result.calls,
    }


def _failure(one: KnownFailure, clean: Callable[[str], str]) -> dict[str, object]:
    failure = one.failure
    known = one.known[0].known if one.known else None
    return {
        "sentence": failure.sentence,
        "issues": list(failure.issues),
        "problems_joined": len(failure.issues),
        "lines": list(failure.lines),
        "customers": len(failure.lines),
        "first_event": _utc(failure.first_event.timestamp),
        "last_event": _utc(failure.last_event.timestamp),
        "releases": [clean(release) for release in failure.releases],
        "baseline": failure.baseline,
        "is_noise": failure.is_noise,
        "known": {"slug": known.slug, "title": known.title} if known else None,
        "representatives": list(failure.representatives),
    }


# CSV, which spreadsheets open: no cell may be a formula, nor a part of one where they split cells
# at semicolons.

_HEADER = (
    *("line", "state", "failures", "sentence", "errors", "first_error", "last_error"),
    *("releases", "note"),
)
_FORMULA = re.compile(
    r"(^|;) ?(?=[=+\-@|%\u2212\ufe62\ufe63\ufe66\ufe6a\ufe6b\uff05\uff0b\uff0d\uff1d\uff20\uff5c])"
)


def _csv(result: IncidentResult) -> str:
    clean = Neutralizer(result.incident.marker).clean
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for row in _rows(result):
        writer.writerow([_cell(" ".join(clean(str(value)).split())) for value in row])
    return out.getvalue()


def _cell(text: str) -> str:
    return _FORMULA.sub(r"\1'", text)


def _rows(result: IncidentResult) -> list[tuple[object, ...]]:
    notes = dict((*result.not_asked, *result.unanswerable))
    rows: list[tuple[object, ...]] = []
    for line in result.customers:
        finding = result.findings.get(line)
        events = finding.events if finding else ()
        had = [
            (number, one.failure)
            for number, one in enumerate(result.failures, 1)
            if line in one.failure.lines
        ]
        releases = dict.fromkeys(event.release for event in events if event.release)
        rows.append(
            (
                line,
                result.state_of(line),
                " ".join(str(number) for number, _failure in had),
                had[0][1].sentence if had else "",
                len(events) if finding else "",
                _utc(events[-1].timestamp) if events else "",
                _utc(events[0].timestamp) if events else "",
                " ".join(release[:_MAX_RELEASE] for release in releases),
                notes.get(line) or (finding.why if finding else ""),
            )
        )
    return rows


# Markdown, for a model


def _markdown(result: IncidentResult, room: int, family: Family) -> str:
    summary = "\n".join(_summary(result))
    listed = _fitting(result, room - estimate_tokens(summary) - 2 * _HEADING_TOKENS)
    head = f"{summary}\n{enclose(listed, result.incident.marker)}"
    left = room - estimate_tokens(head) - _HEADING_TOKENS
    if not listed or left < 0:
        raise ExportRefused("The token limit is too low for the list of failures.")
    shown = [one for one in result.failures if not one.failure.is_noise]
    parts = [head]
    while shown and left // len(shown) < MIN_TOKENS + _HEADING_TOKENS:
        shown.pop()
    for number, one in enumerate(shown, 1):
        budget = left // (len(shown) - number + 1) - _HEADING_TOKENS
        rendered = render(
            representing(one),
            format="markdown",
            budget=budget,
            marker=result.incident.marker,
            zone=result.incident.zone,
        )
        text = f"\n# Events that represent failure {number}\n{rendered.text}"
        parts.append(text)
        left -= estimate_tokens(text)
    hidden = len(result.failures) - len(shown)
    if hidden:
        parts.append(f"\nLeft out: the events of {counted(hidden, 'failure')}.")
    return "\n".join(parts) + "\n"


_HEADING_TOKENS = 30


def _fitting(result: IncidentResult, room: int) -> str:
    """Return the list of as many failures as fit. Releases are texts of events."""
    clean = Neutralizer(result.incident.marker).clean
    parts = [f"{clean(part)}\n" for part in _list_of_failures(result)]
    fitting = bisect_right(list(accumulate(map(estimate_tokens, parts))), room)
    hidden = len(parts) - fitting
    more = f"Left out: {counted(hidden, 'more failure')}." if hidden else ""
    return "".join([*parts[:fitting], more]).rstrip() if fitting else ""


def representing(one: KnownFailure) -> Answer:
    """Return the answer with the notice that its events are those of several customers."""
    total = len(one.failure.problem.events)
    message = (
        f"These {len(one.answer.events)} of {total} events represent a failure of "
        f"{counted(len(one.failure.lines), 'customer')}. Each has the alias <customer>."
    )
    notice = Notice(NoticeCode.CAPPED, message)
    return replace(one.answer, complete=False, events_total=total, notices=(notice,))


def _summary(result: IncidentResult) -> list[str]:
    incident = result.incident
    window = f"{_utc(incident.window.start)} to {_utc(incident.window.end)}"
    lines = [
        "# Failures that many customers share",
        f"- {account_of(result.asked, incident.left_out)}; failures name customers by line",
        f"- Window: {window}",
        f"- Complete: {'yes' if result.complete else 'no'}",
        f"- Without errors: {_numbers(result.without_errors)}",
        f"- Never seen in the time that Sentry stores: {_numbers(result.never_seen)}",
        f"- Not asked: {_numbers([line for line, _why in result.not_asked])}",
        f"- Not answerable: {_numbers([line for line, _why in result.unanswerable])}",
    ]
    return [*lines, *(f"- Notice: {one.message}" for one in result.notices)]


def _list_of_failures(result: IncidentResult) -> list[str]:
    """Return the heading and the text of each failure."""
    parts = ["# Failures, those that stand out first"]
    for number, one in enumerate(result.failures, 1):
        failure = one.failure
        lines = [
            f"{number}. {failure.sentence}",
            f"   - customers: {_numbers(failure.lines)}, {result.share_text(failure)}",
            f"   - from {_utc(failure.first_event.timestamp)} to "
            f"{_utc(failure.last_event.timestamp)}",
            f"   - usual: {usual_text(failure, result)}"
            f"{', so it’s probably noise' if failure.is_noise else ''}",
        ]
        if failure.releases:
            names = ", ".join(inline(name[:_MAX_RELEASE]) for name in failure.releases[:10])
            lines.append(f"   - releases: {names}")
        lines += [f"   - known error: {inline(match.known.title)}" for match in one.known[:1]]
        parts.append("\n".join(lines))
    return parts if result.failures else [*parts, "None was found so far."]


def _numbers(lines: "list[int] | tuple[int, ...]") -> str:
    if not lines:
        return "0"
    listed = ", ".join(map(str, lines[:_MAX_LISTED]))
    more = f", and {len(lines) - _MAX_LISTED} more" if len(lines) > _MAX_LISTED else ""
    return f"{len(lines)} (lines {listed}{more})"


def usual_text(failure: Failure, result: IncidentResult) -> str:
    """Return how many other customers had the failure before the window, in words."""
    if result.is_part:
        return "about as common" if failure.is_noise else "not shown, as it counts other projects"
    if failure.baseline is None and result.state == "running":
        return "not compared yet"
    before = _before(result.incident.minutes)
    if failure.baseline is None and result.is_compared:
        return f"unknown, as no other customer had errors in {before}"
    if failure.baseline is None:
        return "unknown, so this may be noise"
    had = round(failure.baseline * result.others)
    of = f"{result.others:,} other customers with errors had it in {before}"
    return f"{f'{had:,}' if had else 'none'} of {of}"


def shared_text(failure: Failure, result: IncidentResult) -> str:
    """Return what is known about a failure in a sentence or two, for an escalation."""
    first, last = (_utc(one.timestamp) for one in (failure.first_event, failure.last_event))
    when = f"at {first}" if first == last else f"from {first} to {last}"
    usual = usual_text(failure, result)
    share = result.share_text(failure)
    return f"{failure.sentence} Customers who had it: {share}; {when}. Usual: {usual}."


def _before(minutes: int) -> str:
    """Return the time before a window of so many minutes around the reported time, in words."""
    hours, rest = divmod(2 * minutes, 60)
    length = f"{hours} hours" if hours > 1 and not rest else f"{2 * minutes} minutes"
    return f"the {'hour' if 2 * minutes == 60 else length} before"
