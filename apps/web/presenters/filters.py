"""The filter of a result: read from a form or session, and rendered as a form again."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.filtering import (
    LEVELS,
    UNKNOWN,
    EventFilter,
    NumberedProblem,
    TimeRange,
    environment_of,
    events_in,
    level_of,
    number_problems,
    project_of,
)
from apps.events.grouping import problems_of
from apps.events.query import Window, counted
from apps.events.summary import summarize_group
from apps.web.presenters.formatting import clipped, grouped, typeset
from apps.web.presenters.timeline import (
    TimeLabels,
    range_around,
    round_times,
    tick_step,
    window_range,
)

MAX_TEXT_LENGTH = 200
MAX_STORED = 20
ZOOM_MINUTES = (1, 5, 15)

_KEY = "shown"
_MAX_TIMES = 40
_MIN_RANGE = timedelta(seconds=2)
_ALL = {"project": "All projects", "environment": "All environments", "level": "All levels"}
_LABELS = {"project": "Project", "environment": "Environment", "level": "Level"}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A select. One of its options leaves nothing out."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class HiddenNotice:
    """How many events are hidden, with further sentences about the search."""

    sentence: str
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filter form.

    `zooms` are minutes around the reported time with their labels. `hidden` is None if every event
    is visible. `status` announces the number of visible events to screen readers.
    """

    selects: tuple[Select, ...]
    text: str
    zooms: tuple[tuple[int, str], ...]
    is_zoomed: bool
    is_used: bool
    hidden: HiddenNotice | None
    status: str


def read_filter(values: Mapping[str, str], answer: Answer) -> EventFilter:
    """Return the posted or stored filter. Values that the answer does not have are ignored."""
    problems = number_problems(problems_of(answer))
    choices = _choices(events_in(problems))
    chosen = {name: values.get(name, "") for name in choices}
    issue_id = values.get("problem", "")
    return EventFilter(
        **{name: value for name, value in chosen.items() if value in choices[name]},
        issue_id=issue_id if issue_id in {one.issue_id for _number, one in problems} else "",
        text=values.get("text", "").strip()[:MAX_TEXT_LENGTH],
        span=_read_span(values, answer.question.window),
    )


def store_filter(session: MutableMapping[str, Any], lookup: str, event_filter: EventFilter) -> None:
    """Store the filter of this lookup, unless it is empty; those of the last 20 lookups are stored.

    They are in the session, because the text may name a customer.
    """
    stored = session.get(_KEY)
    filters = dict(stored) if isinstance(stored, dict) else {}
    filters.pop(lookup, None)
    if not event_filter.is_empty:
        filters[lookup] = _values(event_filter)
    session[_KEY] = dict(list(filters.items())[-MAX_STORED:])


def stored_filter(session: Mapping[str, Any], lookup: str, answer: Answer) -> EventFilter:
    """Return the stored filter of this lookup, as far as it still fits the answer."""
    values = stored_values(session, lookup)
    return read_filter(values, answer) if values else EventFilter()


def stored_values(session: Mapping[str, Any], lookup: str) -> dict[str, str]:
    """Return the values that the filter of this lookup was stored as."""
    stored = session.get(_KEY)
    values = stored.get(lookup) if isinstance(stored, dict) else None
    return {name: str(text) for name, text in values.items()} if isinstance(values, dict) else {}


def filter_form(
    answer: Answer,
    problems: Sequence[NumberedProblem],
    event_filter: EventFilter,
    visible_problems: Sequence[NumberedProblem],
    zone: ZoneInfo,
) -> FilterForm:
    """Return the form for an answer with all of its problems and those that are visible."""
    events = events_in(problems)
    window = answer.question.window
    hidden = _hidden(events, events_in(visible_problems), event_filter)
    everything = f"{counted(len(events), 'event')} shown. Nothing is hidden."
    return FilterForm(
        selects=(
            *_problem_select(problems, event_filter),
            *(_select(name, values, event_filter) for name, values in _choices(events).items()),
            *_range_selects(window, event_filter.span, zone),
        ),
        text=event_filter.text,
        zooms=tuple(
            (minutes, f"± {minutes} min") for minutes in ZOOM_MINUTES if minutes < window.minutes
        ),
        is_zoomed=event_filter.span is not None,
        is_used=not event_filter.is_empty,
        hidden=hidden,
        status=hidden.sentence if hidden else everything,
    )


def _choices(events: Sequence[Event]) -> dict[str, tuple[str, ...]]:
    """Return the fields in which the events differ, each with its values."""
    found = {
        "level": tuple(sorted({level_of(event) for event in events}, key=(*LEVELS, UNKNOWN).index)),
        "project": tuple(sorted({project_of(event) for event in events})),
        "environment": tuple(sorted({environment_of(event) for event in events})),
    }
    short = {
        name: tuple(value for value in values if len(value) <= MAX_TEXT_LENGTH)
        for name, values in found.items()
    }
    return {name: values for name, values in short.items() if len(found[name]) > 1}


def _select(name: str, values: Sequence[str], event_filter: EventFilter) -> Select:
    chosen = getattr(event_filter, name)
    options = (
        Option(value, "unknown" if value == UNKNOWN else clipped(value, 60), value == chosen)
        for value in values
    )
    return Select(name, _LABELS[name], (Option("", _ALL[name], not chosen), *options))


def _problem_select(
    problems: Sequence[NumberedProblem], event_filter: EventFilter
) -> tuple[Select, ...]:
    if len(problems) < 2:
        return ()
    chosen = event_filter.issue_id
    options = (
        Option(one.issue_id, f"{number} {typeset(summarize_group(one))}", one.issue_id == chosen)
        for number, one in problems
        if len(one.issue_id) <= MAX_TEXT_LENGTH
    )
    return (Select("problem", "Problem", (Option("", "All problems", not chosen), *options)),)


def _range_selects(window: Window, span: TimeRange | None, zone: ZoneInfo) -> tuple[Select, Select]:
    """Return selects for the two ends: round times of the window, and the chosen time."""
    whole = window_range(window)
    step = tick_step(whole, _MAX_TIMES)
    times = set(round_times(whole, zone, step)) - {whole.start, whole.end}
    chosen = span or whole
    seconds = step < 60 or any(edge.second for edge in (chosen.start, chosen.end, whole.start))
    names = TimeLabels(whole, zone, seconds=seconds)
    selects = []
    for name, label, edge, at in (
        ("from", "From", whole.start, chosen.start),
        ("to", "To", whole.end, chosen.end),
    ):
        inner = sorted(times | ({at} - {edge}))
        options = (Option(_epoch(when), names.full(when), when == at) for when in inner)
        first = Option(
            "", f"{names.full(edge)} ({'start' if name == 'from' else 'end'})", at == edge
        )
        ordered = (first, *options) if name == "from" else (*options, first)
        selects.append(Select(name, label, ordered))
    return (selects[0], selects[1])


def _hidden(
    events: Sequence[Event], visible: Sequence[Event], event_filter: EventFilter
) -> HiddenNotice | None:
    if len(visible) == len(events):
        return None
    if visible:
        sentence = f"{grouped(len(visible))} of {counted(len(events), 'event')} shown."
    elif len(events) == 1:
        sentence = "The only event doesn’t match."
    else:
        sentence = f"None of the {counted(len(events), 'event')} match."
    more = []
    if event_filter.text:
        brief = sum(1 for event in events if event.body is None)
        if brief:
            more.append(f"For {counted(brief, 'event')}, we searched only the title and location.")
        if not visible:
            more.append("You can’t search for redacted values, such as an email.")
    more.append("The text for copying still includes all events.")
    return HiddenNotice(sentence, tuple(more))


def _read_span(values: Mapping[str, str], window: Window) -> TimeRange | None:
    """Return the chosen part of the window, or None for the whole window."""
    zoom = values.get("zoom", "")
    if zoom == "all":
        return None
    if zoom in {str(minutes) for minutes in ZOOM_MINUTES}:
        span = range_around(window, int(zoom))
    else:
        start = _time(values.get("from", ""), window) or window.start
        end = _time(values.get("to", ""), window) or window.end
        span = _wide_enough(min(start, end), max(start, end), window)
    return None if span == window_range(window) else span


def _wide_enough(start: datetime, end: datetime, window: Window) -> TimeRange:
    """Return the range, widened to the two seconds that can still be drawn."""
    if end - start >= _MIN_RANGE:
        return TimeRange(start, end)
    start = min(start, window.end - _MIN_RANGE)
    return TimeRange(start, start + _MIN_RANGE)


def _time(typed: str, window: Window) -> datetime | None:
    """Return typed epoch seconds as a time, clamped to the window; None if unreadable."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 11):
        return None
    when = datetime.fromtimestamp(int(typed), UTC)
    return min(max(when, window.start), window.end)


def _epoch(when: datetime) -> str:
    return str(int(when.timestamp()))


def _values(event_filter: EventFilter) -> dict[str, str]:
    """Return the filter as a form would post it."""
    values = {
        "project": event_filter.project,
        "level": event_filter.level,
        "environment": event_filter.environment,
        "problem": event_filter.issue_id,
        "text": event_filter.text,
    }
    if span := event_filter.span:
        values |= {"from": _epoch(span.start), "to": _epoch(span.end)}
    return {name: value for name, value in values.items() if value}
