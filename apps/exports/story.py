"""The customer's story as exports tell it: as many breadcrumbs as there is room for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from apps.events.breadcrumb_text import Told, all_told, merged
from apps.events.event import Breadcrumb, Event, is_told_by_data, told_by
from apps.exports.facts import CrumbFacts
from apps.exports.selection import Selection
from apps.exports.wording import seconds


def story(
    events: Sequence[tuple[Event, bool]], moment: datetime, selection: Selection
) -> tuple[CrumbFacts, ...]:
    """Merge the crumbs of the events, oldest first.

    `events` say of each whether its issue is told by it. Events of one visit carry the same
    crumbs; each is kept once, with the event it is nearest to. What is cut are the oldest crumbs
    of each event.
    """
    entries = list(all_told(events)) if selection.detail.plain else merged(all_told(events))
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


def _room(entry: Told, selection: Selection) -> int:
    return selection.detail.crumbs if entry.leads else selection.detail.further_crumbs


def _facts(entry: Told, moment: datetime, selection: Selection) -> CrumbFacts:
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
