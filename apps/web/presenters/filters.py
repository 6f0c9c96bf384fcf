"""The filter of a result: read from a form or session, and rendered as a form again."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from apps.events import filtering
from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.grouping import Problem, problems_of
from apps.events.query import Window, counted
from apps.events.summary import summarize_group
from apps.web.presenters import formatting as fmt
from apps.web.presenters import timeline

MAX_TEXT_LENGTH = 200
MAX_STORED = 20
ZOOM_MINUTES = (1, 5, 15)

_KEY = "shown"
_MIN_RANGE = timedelta(seconds=2)  # as much as can still be drawn


class Select(NamedTuple):
    """A field to filter by. `options` are values, of which one is chosen, and labels."""

    name: str
    chosen: str
    options: list[tuple[str, str]]


def read_filter(values: Mapping[str, str], answer: Answer) -> filtering.EventFilter:
    """Return the posted or stored filter. Values that the answer does not have are ignored."""
    choices = _choices(answer.events)
    chosen = {name: values.get(name, "") for name in choices}
    issue_id = values.get("problem", "")
    return filtering.EventFilter(
        **{name: value for name, value in chosen.items() if value in choices[name]},
        issue_id=issue_id if issue_id in {one.issue_id for one in problems_of(answer)} else "",
        text=values.get("text", "").strip()[:MAX_TEXT_LENGTH],
        span=_read_span(values, answer.question.window),
    )


def store_filter(
    session: MutableMapping[str, Any], lookup: str, event_filter: filtering.EventFilter
) -> None:
    """Store the filter in the session, as its text may name a customer; the last 20 are kept."""
    stored = session.get(_KEY)
    filters = dict(stored) if isinstance(stored, dict) else {}
    filters.pop(lookup, None)
    if not event_filter.is_empty:
        values = {
            "project": event_filter.project,
            "level": event_filter.level,
            "environment": event_filter.environment,
            "problem": event_filter.issue_id,
            "text": event_filter.text,
        }
        if span := event_filter.span:
            values |= {"from": _epoch(span.start), "to": _epoch(span.end)}
        filters[lookup] = {name: value for name, value in values.items() if value}
    session[_KEY] = dict(list(filters.items())[-MAX_STORED:])


def stored_filter(session: Mapping[str, Any], lookup: str, answer: Answer) -> filtering.EventFilter:
    """Return the stored filter of this lookup, as far as it still fits the answer."""
    values = stored_values(session, lookup)
    return read_filter(values, answer) if values else filtering.EventFilter()


def stored_values(session: Mapping[str, Any], lookup: str) -> dict[str, str]:
    """Return the values that the filter of this lookup was stored as."""
    stored = session.get(_KEY)
    values = stored.get(lookup) if isinstance(stored, dict) else None
    return {name: str(text) for name, text in values.items()} if isinstance(values, dict) else {}


def filter_form(
    answer: Answer,
    event_filter: filtering.EventFilter,
    visible_problems: Sequence[Problem],
    zone: ZoneInfo,
) -> dict[str, Any]:
    """Return the `filter` of `lookups/_filter.html`, for all problems and the visible ones.

    `zooms` are minutes around the reported time with their labels. `hidden` are sentences about the
    events that don't match. `status` announces the number of visible events to screen readers.
    """
    events = answer.events
    window = answer.question.window
    hidden = list(_hidden(events, filtering.events_in(visible_problems), event_filter))
    everything = f"{counted(len(events), 'event')} shown. Nothing is hidden."
    return {
        "selects": [
            *_selects(problems_of(answer), _choices(events), event_filter),
            *_range_selects(window, event_filter.span, zone),
        ],
        "text": event_filter.text,
        "zooms": [(one, f"± {one} min") for one in ZOOM_MINUTES if one < window.minutes],
        "is_zoomed": event_filter.span is not None,
        "is_used": not event_filter.is_empty,
        "hidden": hidden,
        "status": hidden[0] if hidden else everything,
    }


def _choices(events: Sequence[Event]) -> dict[str, list[str]]:
    """Return the fields in which the events differ, each with its values."""
    found = {
        "level": sorted(
            set(map(filtering.level_of, events)), key=(*filtering.LEVELS, filtering.UNKNOWN).index
        ),
        "project": sorted(set(map(filtering.project_of, events))),
        "environment": sorted(set(map(filtering.environment_of, events))),
    }
    return {
        name: [value for value in values if len(value) <= MAX_TEXT_LENGTH]
        for name, values in found.items()
        if len(values) > 1
    }


def _selects(
    problems: Sequence[Problem],
    choices: Mapping[str, Sequence[str]],
    event_filter: filtering.EventFilter,
) -> Iterator[Select]:
    """Yield the selects for problems and fields; the first option of each leaves nothing out."""
    offered = {
        name: [
            (one, "unknown" if one == filtering.UNKNOWN else fmt.clipped(one, 60)) for one in values
        ]
        for name, values in choices.items()
    }
    if len(problems) > 1:
        rows = [
            (one.issue_id, f"{one.number} {fmt.typeset(summarize_group(one))}")
            for one in problems
            if len(one.issue_id) <= MAX_TEXT_LENGTH
        ]
        offered = {"problem": rows, **offered}
    for name, options in offered.items():
        chosen = getattr(event_filter, "issue_id" if name == "problem" else name)
        yield Select(name, chosen, [("", f"All {name}s"), *options])


def _range_selects(
    window: Window, span: filtering.TimeRange | None, zone: ZoneInfo
) -> Iterator[Select]:
    """Yield selects for the two ends: round times of the window, and the chosen time."""
    step = timeline.tick_step(window, 40)
    times = set(timeline.round_times(window, zone, step)) - {window.start, window.end}
    chosen = span or window
    seconds = step < 60 or any(edge.second for edge in (chosen.start, chosen.end, window.start))
    names = timeline.TimeLabels(window, zone, seconds=seconds)
    for name, edge, at in (("from", window.start, chosen.start), ("to", window.end, chosen.end)):
        options = [(_epoch(when), names.full(when)) for when in sorted(times | ({at} - {edge}))]
        if name == "from":
            options.insert(0, ("", f"{names.full(edge)} (start)"))
        else:
            options.append(("", f"{names.full(edge)} (end)"))
        yield Select(name, "" if at == edge else _epoch(at), options)


def _hidden(
    events: Sequence[Event], visible: Sequence[Event], event_filter: filtering.EventFilter
) -> Iterator[str]:
    """Yield how many events are visible, and what to know about the search, unless all are."""
    if len(visible) == len(events):
        return
    if visible:
        yield f"{fmt.grouped(len(visible))} of {counted(len(events), 'event')} shown."
    elif len(events) == 1:
        yield "The only event doesn’t match."
    else:
        yield f"None of the {counted(len(events), 'event')} match."
    if event_filter.text:
        if brief := sum(event.body is None for event in events):
            yield f"For {counted(brief, 'event')}, we searched only the title and location."
        if not visible:
            yield "You can’t search for redacted values, such as an email."
    yield "The text for copying still includes all events."


def _read_span(values: Mapping[str, str], window: Window) -> filtering.TimeRange | None:
    """Return the chosen part of the window, or None for the whole window."""
    zoom = values.get("zoom", "")
    if zoom == "all":
        return None
    if zoom in {str(minutes) for minutes in ZOOM_MINUTES}:
        half = timedelta(minutes=min(int(zoom), window.minutes))
        span = filtering.TimeRange(window.moment - half, window.moment + half)
    else:
        edges = (
            _time(values.get("from", ""), window) or window.start,
            _time(values.get("to", ""), window) or window.end,
        )
        start, end = min(edges), max(edges)
        if end - start < _MIN_RANGE:
            start = min(start, window.end - _MIN_RANGE)
            end = start + _MIN_RANGE
        span = filtering.TimeRange(start, end)
    return None if (span.start, span.end) == (window.start, window.end) else span


def _time(typed: str, window: Window) -> datetime | None:
    """Return typed epoch seconds as a time, clamped to the window; None if unreadable."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 11):
        return None
    when = datetime.fromtimestamp(int(typed), UTC)
    return min(max(when, window.start), window.end)


def _epoch(when: datetime) -> str:
    return str(int(when.timestamp()))
