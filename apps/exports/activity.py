"""Selecting logs and requests for an export: what failed, was refused, or took long comes first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, Signal
from apps.events.event import LogEntry, Span
from apps.events.observations import Observation, Row, time_of, troubles_of
from apps.events.summary import headline
from apps.exports.content import known_facts
from apps.exports.facts import ActivityFacts, Selection

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
