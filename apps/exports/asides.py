"""What stands beside the errors, as an export tells it: one entry each, oldest first."""

from collections.abc import Iterator
from datetime import datetime

from apps.events.answer import Answer
from apps.events.beside import Feedback, Replay
from apps.events.event import Event
from apps.exports.facts import AsideFacts
from apps.exports.selection import Selection

_WHERE = "beside the errors"


def asides(answer: Answer, selection: Selection) -> tuple[AsideFacts, ...]:
    """When space is short, recordings are left out first and the customer's own words last."""
    beside, moment = answer.beside, answer.question.window.moment
    entries: list[tuple[datetime, Feedback | Event | Replay]] = [
        *((one.sent_at, one) for one in beside.feedback),
        *((one.timestamp, one) for one in beside.trace_errors),
        *((one.started_at, one) for one in beside.replays),
    ]
    kept = selection.first(entries, selection.detail.asides, "entries", _WHERE)
    told = [_facts(at, entry, moment, selection) for at, entry in kept]
    return tuple(sorted(told, key=lambda one: (one.timestamp, one.kind, one.id)))


def _facts(
    at: datetime, entry: Feedback | Event | Replay, moment: datetime, selection: Selection
) -> AsideFacts:
    kind, project, text = _told(entry)
    detail = selection.detail
    return AsideFacts(
        kind=kind,
        id=selection.text(entry.id, 40, _WHERE),
        timestamp=at,
        seconds=(at - moment).total_seconds(),
        project=selection.name(project, _WHERE),
        text=selection.text(text, min(detail.texts, 600), _WHERE),
        permalink=selection.link(entry.permalink, _WHERE, wanted=detail.ids),
    )


def _told(entry: Feedback | Event | Replay) -> tuple[str, str | None, str]:
    if isinstance(entry, Feedback):
        where = f" (on {entry.url})" if entry.url else ""
        return "feedback", entry.project, f"{entry.message}{where}"
    if isinstance(entry, Event):
        where = f" in {entry.culprit}" if entry.culprit else ""
        return "error of the same trace", entry.project, f"{entry.title or 'error'}{where}"
    return "screen recording", None, "; ".join(_replay(entry))


def _replay(replay: Replay) -> Iterator[str]:
    if replay.finished_at:
        yield f"{(replay.finished_at - replay.started_at).total_seconds():.0f} s"
    counts = (
        ("errors", replay.errors),
        ("clicks without effect", replay.dead_clicks),
        ("angry clicks", replay.rage_clicks),
    )
    yield from (f"{count} {name}" for name, count in counts if count)
    if replay.urls:
        yield f"pages {', '.join(dict.fromkeys(replay.urls))}"
