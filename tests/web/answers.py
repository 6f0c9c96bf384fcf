"""Factories for answers, so that every page state can be rendered without Sentry."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from apps.events.answer import (
    Answer,
    Notice,
    NoticeCode,
    OtherOccurrences,
    RelatedData,
    SearchScope,
    Signal,
)
from apps.events.event import (
    Breadcrumb,
    Event,
    EventBody,
    ExceptionInfo,
    Frame,
    Issue,
    LogEntry,
    Request,
    Span,
)
from apps.events.identifier import parse_customer
from apps.events.query import Question, Window
from apps.lookups.models import Lookup, Origin, TypedCustomer

MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
FETCHED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEVELS = ("fatal", "error", "warning", "info")
HOSTILE = "<script>alert('x')</script> \u202egpj.exe\u202c " + "w" * 10_000


def frame(number: int = 1, *, in_app: bool = True) -> Frame:
    """Return a frame with three lines of code."""
    line = number + 100
    return Frame(
        file=f"checkout/pay{number}.py" if in_app else f"site-packages/http{number}.py",
        line=line,
        function=f"charge_{number}",
        in_app=in_app,
        code=tuple((line + offset, f"step({offset})") for offset in (-1, 0, 1)),
        variables={"amount": 12, "voucher": None},
    )


def body(**changes: object) -> EventBody:
    """Return a body with every part filled."""
    parts: dict[str, object] = {
        "exceptions": (
            ExceptionInfo(
                type="PaymentDeclined",
                value="Card issuer declined the charge",
                handled=False,
                frames=(frame(1), frame(2, in_app=False), frame(3)),
            ),
        ),
        "breadcrumbs": (
            Breadcrumb(MOMENT - timedelta(seconds=14), category="ui.click", message="Pay"),
            Breadcrumb(
                MOMENT - timedelta(seconds=2),
                category="fetch",
                message="POST /pay",
                data={"status_code": 500},
            ),
        ),
        "request": Request(method="POST", url="https://shop.example/pay", data={"cart": 7}),
        "tags": (("browser", "Firefox 133"),),
    }
    return EventBody(**{**parts, **changes})  # type: ignore[arg-type]


def event(seconds: int = 0, **changes: object) -> Event:
    """Return an event that many seconds after the reported time."""
    fields: dict[str, object] = {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, f"{seconds} {changes.get('issue_id')}").hex,
        "timestamp": MOMENT + timedelta(seconds=seconds),
        "project": "checkout-api",
        "issue_id": "9001",
        "title": "PaymentDeclined: Card issuer declined the charge",
        "level": "error",
        "handled": False,
        "release": "2.14.0",
        "permalink": "https://sentry.example/organizations/acme/issues/9001/",
        "matched_on": ("user.id",),
        "body": body(),
    }
    return Event(**{**fields, **changes})  # type: ignore[arg-type]


def bare_event(seconds: int = 0) -> Event:
    """Return an event with only an ID and a time."""
    return Event(
        id=uuid.uuid5(uuid.NAMESPACE_OID, f"bare {seconds}").hex,
        timestamp=MOMENT + timedelta(seconds=seconds),
        body=EventBody(exceptions=(ExceptionInfo(frames=(Frame(),)),), breadcrumbs=(Breadcrumb(),)),
    )


def hostile_event() -> Event:
    """Return an event with hostile text in every text field."""
    broken = Frame(file=HOSTILE, line=1, function=HOSTILE, in_app=True, code=((1, HOSTILE),))
    return event(
        30,
        issue_id="666",
        title=HOSTILE,
        message=HOSTILE,
        release=HOSTILE,
        project=HOSTILE,
        permalink="javascript:alert(1)",
        body=body(
            message=HOSTILE,
            exceptions=(ExceptionInfo(type=HOSTILE, value=HOSTILE, frames=(broken,)),),
            breadcrumbs=(Breadcrumb(MOMENT, category=HOSTILE, message=HOSTILE),),
            request=Request(method=HOSTILE, url=HOSTILE, headers=((HOSTILE, HOSTILE),)),
            tags=((HOSTILE, HOSTILE),),
        ),
    )


def recursion_event() -> Event:
    """Return an event with 250 frames that repeat five different ones."""
    frames = tuple(frame(number % 5, in_app=number % 2 == 0) for number in range(250))
    return event(5, body=body(exceptions=(ExceptionInfo(type="RecursionError", frames=frames),)))


def many_events(count: int, issues: int = 6) -> tuple[Event, ...]:
    """Return that many events of all levels, spread over several problems, newest first."""
    spread = (
        event(
            (number * 37) % 590 - 295,
            id=f"{number:032x}",
            issue_id=str(number % issues),
            title=f"Problem {number % issues}: something broke",
            level=LEVELS[number % 4],
            body=body() if number < 50 else None,
        )
        for number in range(count)
    )
    return tuple(sorted(spread, key=lambda event: event.timestamp, reverse=True))


def answer(
    *events: Event, minutes: int = 5, notices: tuple[Notice, ...] = (), complete: bool = True
) -> Answer:
    """Return an answer for customer 4711 around the reported time."""
    ids = dict.fromkeys(event.issue_id for event in events if event.issue_id)
    return Answer(
        question=Question(parse_customer("4711"), Window(MOMENT, minutes)),
        searched=SearchScope("acme", projects=("checkout-api", "web")),
        events=events,
        issues=tuple(
            Issue(
                id=issue_id,
                short_id=f"WEB-{issue_id}",
                status="unresolved",
                users_affected=57,
                first_seen=MOMENT - timedelta(days=3),
                permalink="https://sentry.example/issue/",
            )
            for issue_id in ids
        ),
        complete=complete,
        fetched_at=FETCHED,
        events_total=len(events),
        notices=notices,
        redaction={"email": 3, "card": 1, "customer": 12},
    )


def errors_at_other_times(*, problem: str | None = None) -> Answer:
    """Return an empty answer with a hostile error before the window and a bare one after it."""
    before = replace(hostile_event(), timestamp=MOMENT - timedelta(minutes=19), body=None)
    after = replace(bare_event(), timestamp=MOMENT + timedelta(days=1), body=None)
    since = FETCHED - timedelta(days=30)
    nearby = OtherOccurrences(
        since, FETCHED, before=before, after=after, last=after, problem=problem
    )
    return replace(answer(), nearby=nearby)


def hostile_activity() -> Answer:
    """Return an answer without errors, with hostile text in every text field of logs and spans."""
    text = {"project": HOSTILE, "trace_id": HOSTILE, "attributes": ((HOSTILE, HOSTILE),)}
    return without_errors(
        log(-3, "error", HOSTILE, **text),
        span(-2, "http.client", HOSTILE, 9, status="internal_error", transaction=HOSTILE, **text),
        span(-1, HOSTILE, HOSTILE, 9e9, status=HOSTILE, **text),
    )


def never_seen() -> Answer:
    """Return an empty answer for a customer without any errors."""
    return replace(answer(), nearby=OtherOccurrences(FETCHED - timedelta(days=30), FETCHED))


def without_errors(*rows: LogEntry | Span) -> Answer:
    """Return an answer without errors whose logs and spans were read completely."""
    both = (Signal.LOGS, Signal.SPANS)
    beside = RelatedData(
        logs=tuple(row for row in rows if isinstance(row, LogEntry)),
        spans=tuple(row for row in rows if isinstance(row, Span)),
        asked=both,
        surely=both,
    )
    return replace(answer(), beside=beside)


def span(seconds: float, op: str, description: str, ms: float, **changes: object) -> Span:
    """Return a span of the customer that many seconds after the reported time."""
    fields: dict[str, object] = {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, f"{seconds} {op}").hex[:16],
        "started_at": MOMENT + timedelta(seconds=seconds),
        "duration_ms": ms,
        "op": op,
        "description": description,
        "trace_id": "5" * 32,
        "project": "web",
        "names_customer": True,
    }
    return Span(**{**fields, **changes})  # type: ignore[arg-type]


def log(seconds: float, severity: str, message: str, **changes: object) -> LogEntry:
    """Return a log entry of the customer that many seconds after the reported time."""
    fields: dict[str, object] = {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, f"{seconds} {message}").hex,
        "timestamp": MOMENT + timedelta(seconds=seconds),
        "severity": severity,
        "message": message,
        "trace_id": "5" * 32,
        "project": "checkout-api",
        "names_customer": True,
    }
    return LogEntry(**{**fields, **changes})  # type: ignore[arg-type]


def slow_and_refused() -> Answer:
    """Return an answer without errors: a slow search, a refused upload, and what worked."""
    return without_errors(
        span(-130, "pageload", "/documents", 1_800, is_segment=True, usual_ms=1_700),
        span(-120, "http.client", "GET /api/documents", 200, http_status=200),
        span(-95, "http.client", "GET /api/search", 41_300, http_status=200),
        span(
            -94.9,
            "http.server",
            "GET /api/search",
            41_000,
            http_status=200,
            transaction="GET /api/search",
            is_segment=True,
            usual_ms=420,
            project="checkout-api",
        ),
        *(
            span(at, "http.client", "POST /api/files/upload", 900, http_status=413)
            for at in (-20, -12, -3)
        ),
        log(-2.9, "warn", "client intended to send too large body: 31457280 bytes"),
        log(70, "error", "reconcile: state 17 in step 4", trace_id="5" * 32, names_customer=False),
    )


def partial_answer() -> Answer:
    """Return an answer with every kind of notice."""
    notices = tuple(Notice(code, f"What {code} means, in a sentence.") for code in NoticeCode)
    return answer(event(-60), notices=notices, complete=False)


def lookup(**changes: object) -> Lookup:
    """Return an unsaved lookup for that answer."""
    fields: dict[str, object] = {
        "customer": "anna <b>@example.org",
        "moment": MOMENT,
        "minutes": 5,
        "zone": "Europe/Berlin",
        "origin": Origin.WEB,
    }
    customer = str({**fields, **changes}["customer"])
    values = {name: value for name, value in {**fields, **changes}.items() if name != "customer"}
    record = Lookup(**values)
    TypedCustomer.of(record, customer)
    return record
