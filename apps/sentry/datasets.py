"""The datasets of logs and spans: their columns, what servers refuse of them, and their rows.

Names as in getsentry/sentry, `search/eap/ourlogs/attributes.py` and `spans/attributes.py`. Any
other name is an attribute that an SDK may have sent.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apps.events.answer import Signal
from apps.events.event import LogEntry, Span
from apps.events.query import Question, as_hex_id
from apps.sentry.client import ID_FIELDS, MAX_FIELDS
from apps.sentry.config import Quirks
from apps.sentry.errors import SentryError, SentryNotFound
from apps.sentry.parsing import flag, integer, moment, number, text
from apps.sentry.search import NUMERIC_ID, attributes_of, person_clauses

Row = LogEntry | Span

_USER = ("user.id", "user.email", "user.username")
_MAX_TEXT = 4000
_NANOSECONDS = 1e17
_SECOND = timedelta(seconds=1)
_MAX_REFUSED = 5
_DISTINCT = re.compile(r"[._\[]")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data: its datasets, newest name first, and columns, most important first.

    Sentry itself asks for the `plain` columns, so no server refuses them.
    """

    signal: Signal
    label: str
    datasets: tuple[str, ...]
    plain: tuple[str, ...]
    more: tuple[str, ...]
    attributes: tuple[str, ...]
    parse: Callable[[Mapping[str, object]], Row | None]


def _log(raw: Mapping[str, object]) -> LogEntry | None:
    log_id = as_hex_id(text(raw.get("id")) or text(raw.get("sentry.item_id")) or "")
    at = moment(raw.get("timestamp"))
    if log_id is None or at is None:
        return None
    return LogEntry(
        id=log_id,
        timestamp=_precise(at, raw.get("timestamp_precise")),
        severity=text(raw.get("severity")),
        message=_clipped(raw.get("message")),
        trace_id=as_hex_id(text(raw.get("trace")) or ""),
        project=_project(raw),
        environment=text(raw.get("environment")),
        release=text(raw.get("release")),
    )


def _span(raw: Mapping[str, object]) -> Span | None:
    span_id, at = text(raw.get("id")), moment(raw.get("timestamp"))
    if span_id is None or at is None:
        return None
    duration = number(raw.get("span.duration"))
    codes = (integer(raw.get(name)) for name in ("span.status_code", "http.response.status_code"))
    return Span(
        id=span_id,
        started_at=_precise(at, raw.get("precise.start_ts")),
        duration_ms=duration if duration is None or duration >= 0 else None,
        op=text(raw.get("span.op")),
        description=_clipped(raw.get("span.description")),
        status=text(raw.get("span.status")),
        http_status=next((code for code in codes if code), None),
        transaction=_clipped(raw.get("transaction")),
        trace_id=as_hex_id(text(raw.get("trace")) or ""),
        project=_project(raw),
        environment=text(raw.get("environment")),
        release=text(raw.get("release")),
        is_segment=flag(raw.get("is_transaction")) is True,
    )


def _project(raw: Mapping[str, object]) -> str | None:
    return text(raw.get("project")) or text(raw.get("project.name"))


def _clipped(value: object) -> str | None:
    return (text(value) or "")[:_MAX_TEXT] or None


def _precise(at: datetime, value: object) -> datetime:
    """Return the time with its fraction, if epoch seconds or nanoseconds of that second follow."""
    sent = number(value)
    exact = moment(sent / 1e9 if sent and sent > _NANOSECONDS else sent)
    return exact if exact and abs(exact - at) <= _SECOND else at


KINDS = {
    Signal.LOGS: Kind(
        signal=Signal.LOGS,
        label="Logs",
        datasets=("logs", "ourlogs"),
        plain=("id", "timestamp", "trace", "severity", "message"),
        more=("project", "timestamp_precise", "sentry.item_id", "environment", "release"),
        attributes=(
            "http.response.status_code", "http.request.method", "url.path", "error.type",
            "logger.name",
        ),
        parse=_log,
    ),
    Signal.SPANS: Kind(
        signal=Signal.SPANS,
        label="Requests",
        datasets=("spans",),
        plain=(
            "id", "timestamp", "trace", "span.duration", "span.op", "span.description",
            "span.status", "transaction",
        ),
        more=(
            "is_transaction", "project", "span.status_code", "environment", "release",
            "http.response.status_code", "precise.start_ts",
        ),
        attributes=("http.request.method",),
        parse=_span,
    ),
}  # fmt: skip


NONE_IN_GLITCHTIP = "GlitchTip has none that can be searched by customer."


@dataclass(frozen=True, slots=True)
class TableSearch:
    """A search for rows by person, by trace, or by both, in the words that the server knows."""

    kind: Kind
    quirks: Quirks
    question: Question

    def query_for(self, traces: Sequence[str], *, by_person: bool) -> str:
        """Return the search; a list of traces would be refused by older servers."""
        by_trace = [f"trace:{trace}" for trace in traces]
        known = {name for field in self.question.searched_fields for name in self._names(field)}
        clauses = [*(person_clauses(self.question, known) if by_person else []), *by_trace]
        return f"({' OR '.join(clauses)})" if clauses else ""

    def _names(self, field: str) -> list[str]:
        """Return the attributes that a field can be in, as far as the server knows them."""
        sends_numbers = self.kind.signal == Signal.LOGS and not self.quirks.is_older
        return [
            name
            for name in attributes_of(field)
            if name not in self.quirks.refused and (name != NUMERIC_ID or sends_numbers)
        ]

    @property
    def has_all_fields(self) -> bool:
        """Whether all attributes of the customer can be searched and read."""
        names = {one for field in self.question.searched_fields for one in attributes_of(field)}
        return names - {NUMERIC_ID} <= {*self.columns}

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        """The parameters that make a list complete and its order certain."""
        newest_first = ("sort", "-timestamp")
        whole = (newest_first, ("sort", "id"), ("sampling", "HIGHEST_ACCURACY"))
        return (newest_first,) if self.quirks.is_older else whole

    @property
    def identity_columns(self) -> tuple[tuple[str, str], ...]:
        """Each column that may name a person, with the field that it represents."""
        fields = dict.fromkeys((*self.question.fields, *self.question.searched_fields, *_USER))
        return tuple((name, field) for field in fields for name in self._names(field))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns to request, starting with those that identify whose row it is."""
        kind = self.kind
        rest = () if self.quirks.is_plain else (*kind.more, *kind.attributes)
        people = (name for name, _field in self.identity_columns)
        wanted = dict.fromkeys((*ID_FIELDS, *people, *kind.plain, *rest))
        return tuple(one for one in wanted if one not in self.quirks.refused)[:MAX_FIELDS]

    def row(self, raw: Mapping[str, object]) -> Row | None:
        """Parse a row, with its identities and attributes; return None without ID or time."""
        row = self.kind.parse(raw)
        if row is None:
            return None
        attributes = ((name, _clipped(raw.get(name))) for name in self.kind.attributes)
        identities: dict[tuple[str, str], None] = {}
        for name, field in self.identity_columns:
            value = raw.get(name)
            whole = integer(value) if name == NUMERIC_ID else None
            identity = value if isinstance(value, str) and value else text(value)
            identity = str(whole) if whole is not None else identity
            if identity:
                identities[field, identity] = None
        return replace(
            row,
            attributes=tuple((name, value) for name, value in attributes if value),
            identities=tuple(identities),
        )


def without_what_was_refused(search: TableSearch, error: SentryError) -> Quirks | None:
    """Return what to request instead after a 400 or 404, or None if nothing is left to try."""
    kind, quirks, detail = search.kind, search.quirks, error.detail
    if isinstance(error, SentryNotFound) or is_about_dataset(error):
        place = kind.datasets.index(quirks.dataset) + 1 if quirks.dataset in kind.datasets else 0
        return Quirks(kind.datasets[place]) if place < len(kind.datasets) else None
    words = set(re.findall(r"[\w.\[\]-]+\w\]?", detail))
    named = tuple(one for one in search.columns if one in words and _DISTINCT.search(one))
    if named and len(quirks.refused) < _MAX_REFUSED:
        return replace(quirks, refused=(*quirks.refused, *named))
    if not quirks.is_older:
        return replace(quirks, is_older=True)
    return None if quirks.is_plain else replace(quirks, is_plain=True)


def is_about_dataset(error: SentryError) -> bool:
    """Return whether the server says that it doesn't know the dataset."""
    return "dataset" in error.detail.lower()
