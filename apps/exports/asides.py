"""What stands beside the errors, as an export tells it: one entry each, oldest first."""

from collections.abc import Iterator
from datetime import datetime

from apps.events.answer import Answer, Deploy, Feedback, Replay
from apps.events.event import Event
from apps.events.query import duration
from apps.exports.facts import AsideFacts
from apps.exports.selection import Selection

_Entry = Deploy | Event | Feedback | Replay
_WHERE = "beside the errors"


def asides(answer: Answer, selection: Selection) -> tuple[AsideFacts, ...]:
    """When space is short, recordings are left out first and the customer's own words last."""
    beside, moment = answer.beside, answer.question.window.moment
    entries: list[tuple[datetime, _Entry]] = [
        *((one.sent_at, one) for one in beside.feedback),
        *((one.timestamp, one) for one in beside.trace_errors),
        *((one.at, one) for one in sorted(beside.deploys, key=lambda one: abs(one.at - moment))),
        *((one.started_at, one) for one in beside.replays),
    ]
    kept = selection.first(entries, selection.detail.asides, "entries", _WHERE)
    told = [_facts(at, entry, moment, selection) for at, entry in kept]
    return tuple(sorted(told, key=lambda one: (one.timestamp, one.kind, one.id or "", one.text)))


def _facts(at: datetime, entry: _Entry, moment: datetime, selection: Selection) -> AsideFacts:
    kind, project, text = _told(entry, moment)
    own = (None, None) if isinstance(entry, Deploy) else (entry.id, entry.permalink)
    detail = selection.detail
    return AsideFacts(
        kind=kind,
        id=selection.maybe_text(own[0], 40, _WHERE),
        timestamp=at,
        seconds=(at - moment).total_seconds(),
        project=selection.name(project, _WHERE),
        text=selection.text(text, min(detail.texts, 600), _WHERE),
        permalink=selection.link(own[1], _WHERE, wanted=detail.ids),
    )


def _told(entry: _Entry, moment: datetime) -> tuple[str, str | None, str]:
    if isinstance(entry, Deploy):
        return "release", entry.project, _went_live(entry, moment)
    if isinstance(entry, Feedback):
        where = f" (on {entry.url})" if entry.url else ""
        return "feedback", entry.project, f"{entry.message}{where}"
    if isinstance(entry, Event):
        where = f" in {entry.culprit}" if entry.culprit else ""
        return "error of the same trace", entry.project, f"{entry.title or 'error'}{where}"
    return "session replay", None, "; ".join(_replay(entry))


def _went_live(deploy: Deploy, moment: datetime) -> str:
    """`release shop@2.14.0 went live in production 35 min before the moment`."""
    where = f" in {deploy.environment}" if deploy.environment else ""
    what = f"went live{where}" if deploy.is_told else "first appeared in Sentry"
    away = (deploy.at - moment).total_seconds()
    when = f"{duration(away)} {'before' if away < 0 else 'after'} the moment"
    return f"release {deploy.version} {what} {when}"


def _replay(replay: Replay) -> Iterator[str]:
    if replay.finished_at:
        yield f"{(replay.finished_at - replay.started_at).total_seconds():.0f} s"
    counts = (
        ("errors", replay.errors),
        ("clicks that did nothing", replay.dead_clicks),
        ("rage clicks", replay.rage_clicks),
    )
    yield from (f"{count} {name}" for name, count in counts if count)
    if replay.urls:
        yield f"pages {', '.join(dict.fromkeys(replay.urls))}"
