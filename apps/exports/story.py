"""The customer's story: the breadcrumbs of all events in one line of time, each of them once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from apps.events.breadcrumbs import is_told_by_data, told_by
from apps.events.event import Breadcrumb, Event
from apps.exports.facts import CrumbFacts
from apps.exports.selection import Selection
from apps.exports.wording import seconds

_Key = tuple[object, ...]


@dataclass(slots=True)
class _Entry:
    crumb: Breadcrumb
    event: Event
    place: tuple[datetime, int]
    behind: int  # how many crumbs of the same event come after this one
    leads: bool


def story(
    events: Sequence[tuple[Event, bool]], moment: datetime, selection: Selection
) -> tuple[CrumbFacts, ...]:
    """Merge the crumbs of the events, oldest first.

    `events` say of each whether its issue is told by it. Events of one visit carry the same
    crumbs; each is kept once, with the event it is nearest to. What is cut are the oldest crumbs
    of each event.
    """
    entries = list(_entries(events) if selection.detail.plain else _merged(_entries(events)))
    kept = [entry for entry in entries if entry.behind < _room(entry, selection)]
    selection.leave_out("breadcrumbs", len(entries) - len(kept), "the story")
    kept.sort(key=lambda entry: entry.place)
    told = [_facts(entry, moment, selection) for entry in kept]
    return tuple(told if selection.detail.plain else _folded(told))


def _folded(crumbs: Sequence[CrumbFacts]) -> Iterator[CrumbFacts]:
    """Three or more of the same in a row as one, which says how often and until when."""
    for _same, run in groupby(crumbs, key=lambda one: (one.category, one.level, one.message)):
        first, *more = run
        if len(more) < 2:
            yield from (first, *more)
        else:
            until = f", the last {seconds(more[-1].seconds)}" if more[-1].timestamp else ""
            times = f"({len(more) + 1} times{until})"
            yield replace(first, message=" ".join(filter(None, (first.message, times))))


def _room(entry: _Entry, selection: Selection) -> int:
    return selection.detail.crumbs if entry.leads else selection.detail.further_crumbs


def _entries(events: Sequence[tuple[Event, bool]]) -> Iterable[_Entry]:
    number = 0
    for event, leads in sorted(events, key=lambda pair: (pair[0].timestamp, pair[0].id)):
        crumbs = event.body.breadcrumbs if event.body else ()
        dated = next((crumb.timestamp for crumb in crumbs if crumb.timestamp), event.timestamp)
        for index, crumb in enumerate(crumbs):
            dated = crumb.timestamp or dated
            number += 1
            yield _Entry(crumb, event, (dated, number), len(crumbs) - 1 - index, leads)


def _merged(entries: Iterable[_Entry]) -> Iterable[_Entry]:
    """Each crumb once. Equal ones inside one event happened more than once, and stay."""
    best: dict[_Key, _Entry] = {}
    seen: Counter[_Key] = Counter()
    for entry in entries:
        crumb = entry.crumb
        same = (crumb.timestamp, crumb.category, crumb.level, crumb.message, str(crumb.data))
        seen[(entry.event.id, *same)] += 1
        key = (*same, seen[(entry.event.id, *same)])
        known = best.get(key)
        if known is None or (entry.leads, -entry.behind) > (known.leads, -known.behind):
            best[key] = entry
    return best.values()


def _facts(entry: _Entry, moment: datetime, selection: Selection) -> CrumbFacts:
    crumb = entry.crumb
    at = crumb.timestamp
    return CrumbFacts(
        event_id=selection.text(entry.event.id, 40, "the story"),
        timestamp=at,
        seconds=None if at is None else (at - moment).total_seconds(),
        category=selection.name(crumb.category or crumb.type, "the story"),
        level=selection.name(crumb.level, "the story"),
        message=selection.maybe_text(_message(crumb), selection.detail.crumb_texts, "the story"),
    )


def _message(crumb: Breadcrumb) -> str | None:
    """What the application noted, with what it sent along: `GET /cart 200`."""
    told = told_by(crumb)
    if is_told_by_data(crumb):
        return told
    rest = {name: value for name, value in crumb.data.items() if value not in (None, "")}
    return " ".join(part for part in (told, _pairs(rest)) if part) or None


def _pairs(sent: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sent.items())
