"""Where a customer without errors in the window had some, as an export tells it."""

from collections.abc import Iterator

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.query import Window, duration
from apps.events.summary import summarize
from apps.exports.facts import NearbyFacts, SightFacts
from apps.exports.selection import Selection
from apps.exports.wording import iso

_WHERE = "errors at other times"


def nearby_facts(answer: Answer, selection: Selection) -> NearbyFacts | None:
    """The nearest errors around an empty window; None where they are not known, or do not fit.

    An answer that is not complete claims nothing, whatever was known before it grew stale.
    """
    nearby, window = answer.nearby, answer.question.window
    if nearby is None or not answer.complete:
        return None
    if selection.detail.bare and nearby.events:
        selection.leave_out("errors", len(nearby.events), _WHERE)
        return None  # a part of it would look as if there were no others
    before, after, last = (
        _sight(event, window, selection) if event else None
        for event in (nearby.before, nearby.after, nearby.last)
    )
    return NearbyFacts(
        since=nearby.since,
        until=nearby.until,
        before=before,
        after=after,
        last=last,
        fields=tuple(
            selection.text(field, selection.detail.names, _WHERE)
            for field in answer.question.fields
        ),
        is_never=nearby.is_never,
        problem=selection.maybe_text(nearby.problem, selection.detail.notice_texts, _WHERE),
    )


def _sight(event: Event, window: Window, selection: Selection) -> SightFacts:
    detail = selection.detail
    return SightFacts(
        id=selection.text(event.id, 40, _WHERE),
        timestamp=event.timestamp,
        distance=_distance(event, window),
        project=selection.name(event.project, _WHERE),
        level=selection.name(event.level, _WHERE),
        title=selection.maybe_text(event.title, detail.issue_titles, _WHERE),
        summary=summarize(event),
        permalink=selection.link(event.permalink, _WHERE, wanted=detail.ids),
    )


def _distance(event: Event, window: Window) -> str:
    if event.timestamp < window.start:
        return f"{duration((window.start - event.timestamp).total_seconds())} before the window"
    return f"{duration((event.timestamp - window.end).total_seconds())} after the window"


def sights(nearby: NearbyFacts) -> Iterator[tuple[str, SightFacts]]:
    """What was found, each once, under its name."""
    for name, sight in (("before", nearby.before), ("after", nearby.after)):
        if sight:
            newest = ", the newest of all" if sight == nearby.last else ""
            yield f"Nearest error {name}{newest}", sight
    if nearby.last and nearby.last not in (nearby.before, nearby.after):
        yield "Newest error of all", nearby.last


def looked_through(nearby: NearbyFacts) -> str:
    """How far was looked around the window, and what it means that nothing more is told."""
    who = f"this customer, as {', '.join(nearby.fields)},"
    time = f"from {iso(nearby.since)} to {iso(nearby.until)}"
    if nearby.problem:
        return nearby.problem
    if nearby.is_never:
        return f"No errors found for {who} where we searched, {time}."
    return f"Errors for {who} were searched for {time}."
