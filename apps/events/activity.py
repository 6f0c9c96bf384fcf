"""Logs and spans as plain data: what a customer did where nothing raised an error.

Unknown values are None. `identities` are the customer's identifiers in a row; redaction removes
them. A row that doesn't name the customer belongs to one of their traces.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A structured log entry. `timestamp` is UTC; `attributes` are its others, as text."""

    id: str
    timestamp: datetime
    severity: str | None = None
    message: str | None = None
    trace_id: str | None = None
    project: str | None = None
    environment: str | None = None
    release: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    names_customer: bool = False
    identities: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A timed operation: a request, a query, a task. `started_at` is UTC, durations are in ms.

    `is_segment` means that it is the root span of its service. `usual_ms` is the median duration
    of the same transaction over all customers, as Sentry computes it.
    """

    id: str
    started_at: datetime
    duration_ms: float | None = None
    op: str | None = None
    description: str | None = None
    status: str | None = None
    http_status: int | None = None
    transaction: str | None = None
    trace_id: str | None = None
    project: str | None = None
    environment: str | None = None
    release: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    is_segment: bool = False
    usual_ms: float | None = None
    names_customer: bool = False
    identities: tuple[tuple[str, str], ...] = ()
