"""One event as the pages show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.events.event import Event, EventBody, Request
from apps.events.query import Window
from apps.web.clock import LocalTime, in_both, local_clock, relative
from apps.web.level import LevelMark, level_mark
from apps.web.stack_view import ExceptionView, Limits, Row, crash_line, exception_view, rows
from apps.web.steps import Story, story_of
from apps.web.wording import clipped, field_name, listed, plain_value, safe_link


@dataclass(frozen=True, slots=True)
class EventView:
    """Everything the pages print of one event. Empty text and empty rows are not printed."""

    id: str
    anchor: str
    time: LocalTime
    relative: str
    level: LevelMark
    title: str
    message: str
    crash: str
    is_read: bool
    exceptions: tuple[ExceptionView, ...]
    story: Story
    request: tuple[Row, ...]
    facts: tuple[Row, ...]
    details: tuple[Row, ...]
    permalink: str


_NO_BODY = EventBody()


def view_of_event(event: Event, *, window: Window, zone: ZoneInfo, limits: Limits) -> EventView:
    """The event in the agent's zone, as far as it was read, cut to the limits."""
    body = event.body or _NO_BODY
    raised = body.exceptions[0] if body.exceptions else None
    title = clipped(event.title or (raised and raised.type) or "Untitled error", 200)
    message = clipped(body.message or event.message or "", limits.text)
    return EventView(
        id=event.id,
        anchor=f"event-{event.id}",
        time=local_clock(event.timestamp, zone, day_of=window.moment),
        relative=relative(event.timestamp, window.moment, at="at that moment"),
        level=level_mark(event.level),
        title=title,
        message="" if message in title else message,
        crash=crash_line(raised) if raised else "",
        is_read=event.body is not None,
        exceptions=tuple(
            exception_view(exception, is_cause=place > 0, limits=limits)
            for place, exception in enumerate(body.exceptions)
        ),
        story=story_of(body.breadcrumbs, event=event, zone=zone, limits=limits),
        request=_request_rows(body.request, limits),
        facts=(("Time", in_both(event.timestamp, zone)), *_facts(event, body)),
        details=_details(body, limits),
        permalink=safe_link(event.permalink),
    )


def _facts(event: Event, body: EventBody) -> tuple[Row, ...]:
    """What is known of the event in short, each with its name."""
    culprit = event.culprit or body.culprit
    known = (
        ("Project", event.project),
        ("Release", event.release or body.release),
        ("Environment", event.environment or body.environment),
        ("Page or task", event.transaction),
        ("Where in the code", None if culprit == event.transaction else culprit),
        ("Platform", event.platform),
        ("Matched by", listed(field_name(field) for field in event.matched_on)),
        ("Trace", event.trace_id or body.trace_id),
        ("Event", event.id),
    )
    return tuple((name, clipped(value, 300)) for name, value in known if value)


def _request_rows(request: Request | None, limits: Limits) -> tuple[Row, ...]:
    if request is None:
        return ()
    address = " ".join(part for part in (request.method, request.url) if part)
    data = plain_value(request.data) if request.data not in (None, "", {}, []) else ""
    sent = (("Address", address), *_named("?", request.query), ("Sent", data))
    also = (*request.headers, *_named("Cookie ", request.cookies))
    return tuple(
        (clipped(name, 100), clipped(value, limits.text)) for name, value in (*sent, *also) if value
    )


def _named(prefix: str, pairs: Iterable[Row]) -> tuple[Row, ...]:
    return tuple((f"{prefix}{name}", value) for name, value in pairs)


def _details(body: EventBody, limits: Limits) -> tuple[Row, ...]:
    """Tags first, then what the program sent along."""
    contexts = (
        (f"{context}: {name}", value)
        for context, inner in body.contexts.items()
        for name, value in inner.items()
    )
    sent: Mapping[str, object] = {
        **dict(body.tags),
        **{f"user: {name}": value for name, value in body.user.items()},
        **dict(contexts),
        **body.extra,
    }
    return rows({n: v for n, v in sent.items() if v not in (None, "")}, longest=limits.text)
