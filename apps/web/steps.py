"""What the customer did before an event: its breadcrumbs in words and relative time."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from apps.events.breadcrumbs import told_by
from apps.events.event import Breadcrumb, Event
from apps.web.clock import LocalTime, local_clock, relative
from apps.web.stack_view import Limits
from apps.web.wording import clipped, plain_value

_KINDS = (
    ("ui.click", "clicked"),
    ("ui.input", "typed"),
    ("ui", "did"),
    ("touch", "tapped"),
    ("navigation", "went to"),
    ("http", "asked a server"),
    ("fetch", "asked a server"),
    ("xhr", "asked a server"),
    ("query", "asked the database"),
    ("db", "asked the database"),
    ("console", "program noted"),
    ("log", "program noted"),
    ("exception", "error"),
    ("error", "error"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `has_failed` is said in words and marked."""

    relative: str
    time: LocalTime | None
    kind: str
    text: str
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Story:
    """The steps, oldest first; `left_out` earlier ones are not printed."""

    steps: tuple[Step, ...]
    left_out: int


def story_of(
    crumbs: Sequence[Breadcrumb], *, event: Event, zone: ZoneInfo, limits: Limits
) -> Story:
    """The last steps before the event."""
    telling = [crumb for crumb in crumbs if crumb.message or crumb.data or crumb.category]
    shown = telling[-limits.steps :]
    return Story(
        steps=tuple(_step(crumb, event, zone, limits) for crumb in shown),
        left_out=len(telling) - len(shown),
    )


def _step(crumb: Breadcrumb, event: Event, zone: ZoneInfo, limits: Limits) -> Step:
    when = crumb.timestamp
    happened = (event.body and event.body.happened_at) or event.timestamp
    return Step(
        relative=relative(when, happened, at="just then") if when else "",
        time=local_clock(when, zone, day_of=event.timestamp) if when else None,
        kind=_kind(crumb),
        text=clipped(_text(crumb), limits.text),
        has_failed=_has_failed(crumb),
    )


def _kind(crumb: Breadcrumb) -> str:
    for name in (crumb.category or "", crumb.type or ""):
        for start, word in _KINDS:
            if name.lower().startswith(start):
                return word
    return clipped(crumb.category or "noted", 40)


def _text(crumb: Breadcrumb) -> str:
    told = told_by(crumb)
    if told:
        return told
    known = (f"{name}: {plain_value(value)}" for name, value in crumb.data.items())
    return ", ".join(known) or "nothing more is known"


def _has_failed(crumb: Breadcrumb) -> bool:
    status = str(crumb.data.get("status_code") or "")
    refused = status.isascii() and status.isdigit() and int(status) >= 400
    return refused or crumb.level in ("error", "fatal", "critical")
