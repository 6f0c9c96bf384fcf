"""What an export costs and keeps, compared with the raw JSON and plain dumps of events."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.rules.rule import device_of
from apps.exports import render
from apps.redaction.engine import redact
from tests import samples
from tests.exports.sample_answers import raw_answer, sample_answer

MARKER = "k7Qm2xT9vLpW"
CRUMBS = 10


@dataclass(frozen=True)
class Kept:
    """How many facts of each kind there are, and how many of them a text holds."""

    wanted: Counter[str]
    found: Counter[str]


def spread(count: int) -> list[str]:
    """So many samples, as varied as there are: platform by platform in turn."""
    by_platform: dict[str, list[str]] = {}
    for name in samples.known():
        by_platform.setdefault(samples.index()[name]["platform"], []).append(name)
    rows = zip_longest(*by_platform.values())
    return [name for row in rows for name in row if name][:count]


def ours(answer: Answer, budget: int | None = None) -> str:
    """Our export for people."""
    return render(answer, format="markdown", marker=MARKER, budget=budget).text


def raw(names: Iterable[str]) -> str:
    """The events as Sentry's API sends them, without blanks between."""
    bodies = (json.dumps(samples.load(name), separators=(",", ":")) for name in names)
    return "\n".join(bodies)


def dump(answer: Answer) -> str:
    """Each event in turn, written out plainly: same facts, same redaction, nothing merged."""
    return "\n\n".join(map(_dumped, answer.events))


def _dumped(event: Event) -> str:
    body = event.body
    if body is None:
        return event.id
    lines = [
        f"Event {event.id}",
        f"Title: {event.title}",
        f"Time: {event.timestamp.isoformat()}",
        f"Level: {event.level}",
        f"Handled: {event.handled}",
        f"Culprit: {event.culprit}",
        f"Transaction: {event.transaction}",
        f"Release: {event.release}",
        f"Environment: {event.environment}",
        f"Device: {device_of(body)}",
        f"Trace: {event.trace_id}",
        f"Link: {event.permalink}",
    ]
    lines += [f"Request: {body.request.method} {body.request.url}"] if body.request else []
    for exception in body.exceptions:
        lines.append(f"{exception.type}: {exception.value}")
        lines += [
            f"  {frame.file}:{frame.line} in {frame.function}: {(frame.crash_code or '').strip()}"
            for frame in exception.frames
            if frame.in_app or frame is exception.crash_frame
        ]
    for crumb in body.breadcrumbs[-CRUMBS:]:
        at = crumb.timestamp.isoformat() if crumb.timestamp else ""
        sent = json.dumps(crumb.data, default=str) if crumb.data else ""
        lines.append(f"  {at} {crumb.category} {crumb.level}: {crumb.message or ''} {sent}")
    return "\n".join(lines)


def kept_in(answer: Answer, text: str) -> Kept:
    """Which facts of the answer's events stand in the text, each in its first line."""
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    flat = " ".join(text.replace("\n| ", "\n").split())
    for event in answer.events:
        for kind, fact in _facts(event):
            wanted[kind] += 1
            found[kind] += " ".join(fact.split())[:60] in f"{flat} "
    return Kept(wanted, found)


def _facts(event: Event) -> list[tuple[str, str]]:
    body = event.body
    if body is None:
        return []
    known: list[tuple[str, str | None]] = [
        ("release", event.release),
        ("environment", event.environment),
        ("trace", event.trace_id),
        ("link", event.permalink),
        ("request", body.request.url if body.request else None),
    ]
    if body.exceptions:
        raised = body.exceptions[0]
        known += [("type", raised.type), ("value", raised.value)]
        crash = raised.crash_frame
        if crash:
            known += [("crash frame", f"{crash.file}:{crash.line}" if crash.line else crash.file)]
            known += [("crash code", crash.crash_code)]
        known += [
            ("in-app frames", f":{frame.line} ")  # the file stands before the first of its frames
            for frame in raised.frames
            if frame.in_app and frame.file and frame.line
        ]
    known += [("last crumbs", crumb.message) for crumb in body.breadcrumbs[-CRUMBS:]]
    return [(kind, fact) for kind, fact in known if fact]


def seconds_for(names: Sequence[str], events: int) -> float:
    """How long an export of so many events takes."""
    answer = sample_answer([names[number % len(names)] for number in range(events)])
    started = time.perf_counter()
    ours(answer, 6000)
    return time.perf_counter() - started


def redaction_speeds() -> tuple[float, float]:
    """Megabytes of raw events a second through the redaction, for new events and for known ones.

    The process has seen other events before, as it mostly has. It remembers which texts held
    nothing, and events repeat most of theirs.
    """
    _redaction_seconds(samples.known())
    names = samples.held_out()
    size = sum(len(raw([name])) for name in names) / 1e6
    return size / _redaction_seconds(names), size / _redaction_seconds(names)


def _redaction_seconds(names: Sequence[str]) -> float:
    answers = [raw_answer([name]) for name in names]
    started = time.perf_counter()
    for answer in answers:
        redact(answer)
    return time.perf_counter() - started
