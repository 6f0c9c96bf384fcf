"""Results to export: an ordinary afternoon, and hostile ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from apps.events.answer import Answer, Notice, NoticeCode, RelatedData, SearchScope, Signal
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
from apps.events.query import Customer, Question, Window
from apps.exports.document import DocumentBuilder, fit
from apps.exports.facts import Document, Preset
from apps.exports.json_format import render_block

MARKER = "k7Qm2xT9vLpW"
EXPLAIN = Preset("explain", "What happened?", "Explain to a support agent what went wrong.")
REPLY = Preset("reply", "Reply to the customer", "Write a short, friendly reply. " * 6)
MOMENT = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


def fitting_json(result: Answer, budget: int) -> Document:
    """Return the document of which JSON for a language model fits the budget."""
    return fit(DocumentBuilder(result, MARKER).build, render_block, budget, int)[0]


def frame(number: int, *, in_app: bool = True, file: str = "shop/checkout/views.py") -> Frame:
    """Return a stack frame with its line of code."""
    return Frame(
        file=file,
        line=number,
        function=f"step_{number}",
        in_app=in_app,
        code=(
            (number - 1, "    before()"),
            (number, f"    total_{number} = cart.total"),
            (number + 1, "    after()"),
        ),
    )


def crumbs(before: datetime, count: int = 12) -> tuple[Breadcrumb, ...]:
    """Return breadcrumbs of the last seconds before a time, oldest first."""
    return tuple(
        Breadcrumb(
            timestamp=before - timedelta(seconds=3 * (count - number)),
            type="http",
            category="fetch",
            level="info",
            data={
                "method": "GET",
                "url": f"https://shop.example/api/cart/{number}",
                "status_code": 200,
            },
        )
        for number in range(count)
    )


def event(number: int, issue: int, *, value: str | None = None, body: bool = True) -> Event:
    """Return event `number` of issue `issue`, 20 seconds before event `number - 1`."""
    at = MOMENT + timedelta(seconds=30 - 20 * number)
    raised = ExceptionInfo(
        type="PaymentDeclined",
        value=value or f"Card was declined by the bank for order {number}",
        handled=False,
        frames=(
            frame(12, in_app=False, file="stripe/api.py"),
            *(frame(line) for line in (101, 88, 54, 31)),
            *(frame(line, in_app=False, file="django/core/handlers/base.py") for line in (197, 55)),
        ),
    )
    cause = ExceptionInfo(
        type="HTTPError", value="402 Client Error", frames=(frame(7, in_app=False),)
    )
    return Event(
        id=f"{number:032x}",
        timestamp=at,
        project="web",
        issue_id=f"90{issue:02d}",
        title=f"PaymentDeclined: Card was declined by the bank for order {number}",
        culprit="shop.checkout.views.pay",
        level="error",
        handled=False,
        release="shop@2.14.0",
        environment="production",
        trace_id=f"{number + 4096:032x}",
        permalink=f"https://acme.sentry.io/issues/90{issue:02d}/events/{number:032x}/",
        matched_on=("user.id",),
        body=EventBody(
            exceptions=(raised, cause),
            breadcrumbs=crumbs(at),
            request=Request(method="POST", url="https://shop.example/checkout/pay"),
        )
        if body
        else None,
    )


def issue(number: int) -> Issue:
    """Return the issue with this number: odd ones are fixed, even ones have regressed."""
    is_fixed = number % 2 == 1
    hours = (MOMENT.replace(minute=0) - timedelta(hours=23 - back) for back in range(24))
    return Issue(
        id=f"90{number:02d}",
        short_id=f"WEB-{number}",
        title="PaymentDeclined: Card was declined by the bank",
        project="web",
        level="error",
        users_affected=57,
        first_seen=datetime(2026, 11, 18, 9, 0, tzinfo=UTC),
        last_seen=MOMENT,
        permalink=f"https://acme.sentry.io/issues/90{number:02d}/",
        status="resolved" if is_fixed else "unresolved",
        substatus=None if is_fixed else "regressed",
        fixed_in="shop@2.15.0" if is_fixed else None,
        last_day=tuple((hour, hour.hour * 17) for hour in hours),
    )


def answer(*events: Event, issues: tuple[Issue, ...] = (), complete: bool = True) -> Answer:
    """Return a result with these events."""
    return Answer(
        question=Question(Customer("4711"), Window(MOMENT, 5)),
        searched=SearchScope("acme", ("web",)),
        events=tuple(sorted(events, key=lambda one: one.timestamp, reverse=True)),
        issues=issues,
        complete=complete,
        fetched_at=MOMENT + timedelta(minutes=9),
        events_total=len(events) if complete else None,
        notices=()
        if complete
        else (Notice(NoticeCode.CAPPED, "There were more events than are listed."),),
        redaction={"email": 3, "customer": 5},
    )


def afternoon(events: int = 5, issues: int = 2) -> Answer:
    """Return a result with this many events and issues, all with bodies."""
    return answer(
        *(event(number, number % issues + 1) for number in range(events)),
        issues=tuple(issue(number + 1) for number in range(issues)),
    )


def detailed() -> Answer:
    """Return a result with everything that an SDK adds to an error, received three days late."""
    one = event(1, 1)
    body = one.body or EventBody()
    raised, *causes = body.exceptions
    frames = tuple(replace(one, variables={"total": 19.99}) for one in raised.frames)
    raised = replace(raised, module="shop.errors", mechanism="django", handled=True, frames=frames)
    return answer(
        replace(
            one,
            platform="python",
            body=replace(
                body,
                exceptions=(raised, *causes),
                message="Charging order 9917 failed at step 3",
                tags=(("tenant", "acme-eu"), ("job", "nightly-import"), ("release", "shop@2.14.0")),
                extra={"feature": "new-basket", "attempts": [2, 3], "final": False},
                contexts={
                    "device": {"memory_size": 4096},
                    "runtime": {"name": "CPython", "version": "3.11.7", "build": "3.11.7 (main)"},
                },
                lists={"threads": "7 worker: pool.py:55 wait\n8 idle", "packages": "django 4.2"},
                unread={"entries of the type hologram": 1},
                request=Request(
                    method="POST",
                    url="https://shop.example/checkout/pay",
                    query=(("page", "2"), ("page", "3")),
                    headers=(("Accept-Language", "de-AT"),),
                    data={"voucher": "SPRING"},
                ),
                happened_at=one.timestamp,
                received_at=one.timestamp + timedelta(days=3),
            ),
        ),
        issues=(issue(1),),
    )


def hostile(text: str) -> Answer:
    """Return a result in which this text is every text that an application controls."""
    at = MOMENT
    raised = ExceptionInfo(
        type=text,
        value=text,
        module=text,
        mechanism=text,
        frames=(
            Frame(
                file=text,
                line=3,
                function=text,
                in_app=True,
                code=((2, text), (3, text)),
                variables={text: text},
            ),
        ),
    )
    lead = Event(
        id="a" * 32,
        timestamp=at,
        project=text,
        issue_id="9001",
        title=text,
        culprit=text,
        level=text,
        release=text,
        environment=text,
        trace_id=text,
        permalink=text,
        matched_on=(text,),
        body=EventBody(
            exceptions=(raised,),
            breadcrumbs=(Breadcrumb(at, "default", text, text, text, {text: text}),),
            request=Request(
                method=text, url=text, query=((text, text),), headers=((text, text),), data=text
            ),
            message=f"not in the title: {text}",
            tags=((text, text),),
            extra={text: text},
            contexts={text: {text: text}},
            lists={"threads": text},
            unread={text: 1},
        ),
    )
    further = Event(
        id="b" * 32, timestamp=at - timedelta(seconds=9), issue_id="9001", title=text, release=text
    )
    group = Issue(id="9001", short_id=text, title=text, project=text, level=text, permalink=text)
    log = LogEntry(
        id="c" * 32,
        timestamp=at,
        severity="error",
        message=text,
        trace_id=text,
        project=text,
        environment=text,
        release=text,
        attributes=((text, text),),
        names_customer=True,
    )
    span = Span(
        id="d" * 16,
        started_at=at,
        duration_ms=9_000_000,
        op="http.client",
        description=text,
        status=text,
        transaction=text,
        trace_id=text,
        project=text,
        attributes=((text, text),),
        names_customer=True,
    )
    related = RelatedData(logs=(log,), spans=(span,))
    return replace(answer(lead, further, issues=(group,)), beside=related)


def quiet(ordinary: int = 3) -> Answer:
    """Return a result without errors: a refused upload, its log, and this many rows of no account.

    The log is linked to the customer by the trace alone.
    """
    refused = Span(
        id="1" * 16,
        started_at=MOMENT,
        duration_ms=4180,
        op="http.server",
        description="POST /claims/77/upload",
        status="failed_precondition",
        http_status=413,
        transaction="/claims/{id}/upload",
        trace_id="e" * 32,
        project="office",
        release="office@3.19.5",
        attributes=(("url.scheme", "https"),),
        is_segment=True,
        names_customer=True,
    )
    log = LogEntry(
        id="2" * 32,
        timestamp=MOMENT + timedelta(seconds=4),
        severity="warn",
        message="31 MB is more than the limit of 10 MB",
        trace_id="e" * 32,
        project="office",
        attributes=(("limit", "10485760"),),
    )
    page = Span(
        id="",
        started_at=MOMENT,
        duration_ms=900,
        op="http.server",
        description="GET /claims",
        status="ok",
        http_status=200,
        transaction="/claims",
        project="office",
        is_segment=True,
        usual_ms=870,
        names_customer=True,
    )
    pages = (
        replace(page, id=f"{number + 16:016x}", started_at=MOMENT - timedelta(seconds=60 + number))
        for number in range(ordinary)
    )
    asked = (Signal.LOGS, Signal.SPANS)
    related = RelatedData(logs=(log,), spans=(refused, *pages), asked=asked, surely=asked)
    return replace(answer(), beside=related)


def recursion(calls: int = 250) -> Answer:
    """Return a result with an event from an infinite recursion."""
    again = tuple(frame(40 + number % 3) for number in range(calls))
    endless = ExceptionInfo(
        type="RecursionError", value="maximum recursion depth exceeded", frames=again
    )
    one = event(1, 1)
    body = EventBody(exceptions=(endless,), breadcrumbs=crumbs(MOMENT, 100))
    return answer(
        Event(
            id=one.id,
            timestamp=one.timestamp,
            issue_id="9001",
            project="web",
            title="RecursionError",
            body=body,
        ),
        issues=(issue(1),),
    )
