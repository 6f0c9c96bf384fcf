"""Small results and catalogs for the matching tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.events.answer import Answer, CatalogEntry, KnownErrors, RelatedData, SearchScope
from apps.events.event import Event, EventBody, ExceptionInfo, Issue, LogEntry, Span
from apps.events.identifier import parse_customer
from apps.events.query import Question, Window
from apps.known_errors.matching import Catalogue, Entry, build_catalogue, match
from apps.known_errors.patterns import parse_pattern

MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
PLENTY_S = 60.0


def event(number: int = 0, **fields: object) -> Event:
    """Return a declined payment without a body; each number gives a different event."""
    values: dict[str, object] = {
        "id": f"{number:032x}",
        "timestamp": MOMENT - timedelta(seconds=number),
        "project": "web",
        "issue_id": "9001",
        "title": "PaymentDeclined: Card issuer declined order 17",
        "culprit": "checkout.pay in charge",
        "release": "web@2.14.0",
    }
    return Event(**{**values, **fields})  # type: ignore[arg-type]


def raised(kind: str, value: str) -> EventBody:
    """Return an event body with this exception."""
    return EventBody(exceptions=(ExceptionInfo(type=kind, value=value),))


def answer(*events: Event, short_ids: dict[str, str] | None = None) -> Answer:
    """Return a complete result with these events and their issues."""
    ids = dict.fromkeys(event.issue_id or "" for event in events)
    short = short_ids or {}
    return Answer(
        question=Question(parse_customer("4711"), Window(MOMENT, 5)),
        searched=SearchScope("acme"),
        events=events,
        issues=tuple(Issue(id=one, short_id=short.get(one)) for one in ids if one),
        complete=True,
        fetched_at=MOMENT,
        events_total=len(events),
    )


def activity() -> RelatedData:
    """Return a refused coupon with its log, an error in a log alone, and what went well."""
    refused = Span(
        "1" * 16,
        MOMENT,
        duration_ms=120,
        op="http.server",
        description="POST /cart/coupon",
        transaction="/cart/coupon",
        status="invalid_argument",
        http_status=422,
        is_segment=True,
        project="web",
        release="web@2.14.0",
        trace_id="a" * 32,
        names_customer=True,
    )
    went_well = replace(
        refused,
        id="2" * 16,
        description="GET /cart",
        transaction="/cart",
        status="ok",
        http_status=200,
        trace_id="b" * 32,
    )
    log = LogEntry(
        "3" * 32,
        MOMENT + timedelta(milliseconds=50),
        severity="info",
        message="Coupon SPRING expired on 31 October",
        project="web",
        trace_id="a" * 32,
        names_customer=True,
    )
    alone = replace(log, id="4" * 32, severity="error", message="Index broken", trace_id="c" * 32)
    saved = replace(log, id="5" * 32, message="Cart saved", trace_id="b" * 32)
    return RelatedData(logs=(log, alone, saved), spans=(refused, went_well))


def entry(slug: str, pattern: dict[str, object], **fields: object) -> Entry:
    """Return a known error with this name and pattern."""
    return Entry(CatalogEntry(slug, slug, "It is known."), parse_pattern(pattern), **fields)  # type: ignore[arg-type]


def catalogue(**patterns: dict[str, object]) -> Catalogue:
    """Return a catalog with these patterns, by entry name."""
    return build_catalogue(entry(name, pattern) for name, pattern in patterns.items())


def found(known: Catalogue, one: Answer, zone: ZoneInfo = UTC_ZONE) -> KnownErrors:
    """Match without an effective time limit."""
    return match(known, one, zone=zone, seconds=PLENTY_S)


def names(known: KnownErrors, issue_id: str = "9001") -> list[str]:
    """Return the names of an issue's matches, best first."""
    return [match.known.slug for match in known.for_issue(issue_id)]
