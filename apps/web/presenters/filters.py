"""The choice of what a result shows: read from a form or a session, and printed as a form again."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apps.events.answer import Answer
from apps.events.event import Event
from apps.events.filtering import (
    LEVELS,
    NOT_KNOWN,
    Numbered,
    Shown,
    Span,
    environment_of,
    events_of,
    level_of,
    numbered,
    project_of,
)
from apps.events.grouping import group_by_issue
from apps.events.query import Window
from apps.events.summary import summarize_group
from apps.web.presenters.formatting import clipped, counted, grouped
from apps.web.presenters.timeline import ClockNames, around, fitting_step, round_times, whole_of

LONGEST_TEXT = 200
MOST_KEPT = 20
ZOOMS_MIN = (1, 5, 15)

_KEY = "shown"
_MOST_TIMES = 40
_NARROWEST = timedelta(seconds=2)
_ALL = {"project": "All projects", "environment": "All environments", "level": "All levels"}
_LABELS = {"project": "Project", "environment": "Environment", "level": "Level"}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a field."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """A field with its choices; the first leaves nothing out."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """That something is not shown, and what to know of how it was looked for."""

    sentence: str
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The form. `zooms` are minutes around the moment with their words; `hidden` is None where
    every event is shown, `said` tells how many are for who cannot see it.
    """

    selects: tuple[Select, ...]
    text: str
    zooms: tuple[tuple[int, str], ...]
    is_zoomed: bool
    is_used: bool
    hidden: Hidden | None
    said: str


def read_shown(values: Mapping[str, str], answer: Answer) -> Shown:
    """The choice as it was posted or kept. What the answer does not have leaves nothing out."""
    problems = numbered(group_by_issue(answer))
    offered = _offered(events_of(problems))
    chosen = {name: values.get(name, "") for name in offered}
    issue_id = values.get("problem", "")
    return Shown(
        **{name: value for name, value in chosen.items() if value in offered[name]},
        issue_id=issue_id if issue_id in {group.issue_id for _n, group in problems} else "",
        text=values.get("text", "").strip()[:LONGEST_TEXT],
        span=_read_span(values, answer.question.window),
    )


def remember(session: MutableMapping[str, Any], lookup: str, shown: Shown) -> None:
    """Keep the choice for this lookup; of the last 20 lookups, and only what leaves something out.

    It stays in the session, because the text may name a customer.
    """
    kept = session.get(_KEY)
    others = {} if not isinstance(kept, dict) else {k: v for k, v in kept.items() if k != lookup}
    if not shown.is_everything:
        others[lookup] = _values(shown)
    session[_KEY] = dict(list(others.items())[-MOST_KEPT:])


def remembered(session: Mapping[str, Any], lookup: str, answer: Answer) -> Shown:
    """The choice kept for this lookup, as far as the answer still has it."""
    kept = session.get(_KEY)
    values = kept.get(lookup) if isinstance(kept, dict) else None
    if not isinstance(values, dict):
        return Shown()
    return read_shown({name: str(value) for name, value in values.items()}, answer)


def filter_form(
    answer: Answer,
    problems: Sequence[Numbered],
    shown: Shown,
    left: Sequence[Numbered],
    zone: ZoneInfo,
) -> FilterForm:
    """The form for an answer; `problems` are all it has, `left` those that are shown."""
    events = events_of(problems)
    window = answer.question.window
    hidden = _hidden(events, events_of(left), shown)
    return FilterForm(
        selects=(
            *_problem_select(problems, shown),
            *(_select(name, values, shown) for name, values in _offered(events).items()),
            *_range_selects(window, shown.span, zone),
        ),
        text=shown.text,
        zooms=tuple(
            (minutes, f"± {minutes} min") for minutes in ZOOMS_MIN if minutes < window.minutes
        ),
        is_zoomed=shown.span is not None,
        is_used=not shown.is_everything,
        hidden=hidden,
        said=hidden.sentence
        if hidden
        else f"{counted(len(events), 'event')} shown. Nothing is hidden.",
    )


def _offered(events: Sequence[Event]) -> dict[str, tuple[str, ...]]:
    """The fields in which the events differ, each with what there is to choose."""
    found = {
        "level": tuple(sorted({level_of(event) for event in events}, key=LEVELS.index)),
        "project": tuple(sorted({project_of(event) for event in events})),
        "environment": tuple(sorted({environment_of(event) for event in events})),
    }
    short = {
        name: tuple(value for value in values if len(value) <= LONGEST_TEXT)
        for name, values in found.items()
    }
    return {name: values for name, values in short.items() if len(found[name]) > 1}


def _select(name: str, values: Sequence[str], shown: Shown) -> Select:
    chosen = getattr(shown, name)
    options = (
        Option(value, "not known" if value == NOT_KNOWN else clipped(value, 60), value == chosen)
        for value in values
    )
    return Select(name, _LABELS[name], (Option("", _ALL[name], not chosen), *options))


def _problem_select(problems: Sequence[Numbered], shown: Shown) -> tuple[Select, ...]:
    if len(problems) < 2:
        return ()
    options = (
        Option(
            group.issue_id, f"{number} {summarize_group(group)}", group.issue_id == shown.issue_id
        )
        for number, group in problems
        if len(group.issue_id) <= LONGEST_TEXT
    )
    return (
        Select("problem", "Problem", (Option("", "All problems", not shown.issue_id), *options)),
    )


def _range_selects(window: Window, span: Span | None, zone: ZoneInfo) -> tuple[Select, Select]:
    """The ends of what is drawn: round times of the window, and what was chosen otherwise."""
    whole = whole_of(window)
    step = fitting_step(whole, _MOST_TIMES)
    times = set(round_times(whole, zone, step)) - {whole.start, whole.end}
    chosen = span or whole
    seconds = step < 60 or any(edge.second for edge in (chosen.start, chosen.end, whole.start))
    names = ClockNames(whole, zone, seconds=seconds)
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


def _hidden(events: Sequence[Event], left: Sequence[Event], shown: Shown) -> Hidden | None:
    if len(left) == len(events):
        return None
    if left:
        sentence = f"{grouped(len(left))} of {counted(len(events), 'event')} shown."
    else:
        sentence = f"None of the {counted(len(events), 'event')} match."
        if len(events) == 1:
            sentence = "The only event does not match."
    more = []
    if shown.text:
        brief = sum(1 for event in events if event.body is None)
        if brief:
            more.append(
                f"Of {counted(brief, 'event')} we read and searched only the title and location."
            )
        if not left:
            more.append("You can't search for redacted values, such as an email.")
    more.append("The text for copying still includes all events.")
    return Hidden(sentence, tuple(more))


def _read_span(values: Mapping[str, str], window: Window) -> Span | None:
    """The part of the window that was chosen; None for the whole of it."""
    zoom = values.get("zoom", "")
    if zoom == "all":
        return None
    if zoom in {str(minutes) for minutes in ZOOMS_MIN}:
        span = around(window, int(zoom))
    else:
        start = _time(values.get("from", ""), window) or window.start
        end = _time(values.get("to", ""), window) or window.end
        span = _wide_enough(min(start, end), max(start, end), window)
    return None if span == whole_of(window) else span


def _wide_enough(start: datetime, end: datetime, window: Window) -> Span:
    """What was chosen, or two seconds, which can still be drawn."""
    if end - start >= _NARROWEST:
        return Span(start, end)
    start = min(start, window.end - _NARROWEST)
    return Span(start, start + _NARROWEST)


def _time(typed: str, window: Window) -> datetime | None:
    """An epoch second inside the window; None for anything else."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 11):
        return None
    when = datetime.fromtimestamp(int(typed), UTC)
    return min(max(when, window.start), window.end)


def _epoch(when: datetime) -> str:
    return str(int(when.timestamp()))


def _values(shown: Shown) -> dict[str, str]:
    """A choice as a form would post it."""
    values = {
        "project": shown.project,
        "level": shown.level,
        "environment": shown.environment,
        "problem": shown.issue_id,
        "text": shown.text,
    }
    if shown.span:
        values |= {"from": _epoch(shown.span.start), "to": _epoch(shown.span.end)}
    return {name: value for name, value in values.items() if value}
