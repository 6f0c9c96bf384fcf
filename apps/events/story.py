"""The customer's story: the breadcrumbs of all events in one line of time, each of them once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.events.event import Breadcrumb, Event

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A breadcrumb in its place: when, and the how manieth of all that were read.

    It stands with the event it is nearest to; `behind` crumbs of that event come after it.
    `leads` is whether its issue is told by that event.
    """

    crumb: Breadcrumb
    event: Event
    place: tuple[datetime, int]
    behind: int
    leads: bool


def all_told(events: Sequence[tuple[Event, bool]]) -> Iterator[Told]:
    """Every crumb of these events; of each event is said whether its issue is told by it.

    A crumb without a time stands where the one before it does, the first with its event.
    """
    number = 0
    for event, leads in sorted(events, key=lambda pair: (pair[0].timestamp, pair[0].id)):
        crumbs = event.body.breadcrumbs if event.body else ()
        dated = next((crumb.timestamp for crumb in crumbs if crumb.timestamp), event.timestamp)
        for index, crumb in enumerate(crumbs):
            dated = crumb.timestamp or dated
            number += 1
            yield Told(crumb, event, (dated, number), len(crumbs) - 1 - index, leads)


def merged(told: Iterable[Told]) -> list[Told]:
    """Each crumb once, oldest first: events of one visit carry the same ones.

    Equal ones inside one event happened more than once, and stay.
    """
    best: dict[_Key, Told] = {}
    seen: Counter[_Key] = Counter()
    for one in told:
        crumb = one.crumb
        same = (crumb.timestamp, crumb.category, crumb.level, crumb.message, str(crumb.data))
        seen[(one.event.id, *same)] += 1
        key = (*same, seen[(one.event.id, *same)])
        known = best.get(key)
        if known is None or (one.leads, -one.behind) > (known.leads, -known.behind):
            best[key] = one
    return sorted(best.values(), key=lambda one: one.place)


def step_times(events: Sequence[Event]) -> tuple[datetime, ...]:
    """When the customer did something (UTC, in order); a step without a time cannot be placed."""
    told = merged(all_told([(event, False) for event in events]))
    return tuple(sorted(one.crumb.timestamp for one in told if one.crumb.timestamp))
