"""The events table: `GET /organizations/{org}/events/`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from apps.demo.columns import column, type_of
from apps.demo.exchange import Answer, Ask, bad
from apps.demo.finding import found_events
from apps.demo.model import Event, Json, iso_offset
from apps.demo.paging import page_of, per_page_of

MAX_FIELDS = 20
ERROR_DATASETS = ("errors", "discover")
OTHER_DATASETS = (
    "logs",
    "ourlogs",
    "profile_functions",
    "spans",
    "tracemetrics",
    "transactions",
    "uptime_results",
)
AGGREGATE = re.compile(r"(\w+)\(([^()]*)\)")
NO_PROJECT: Json = {
    "data": [],
    "meta": {"tips": {"query": "Need at least one valid project to query."}},
}

Row = Json
Group = Sequence[Event]


def events_table(ask: Ask) -> Answer:
    """Rows of the requested fields, or one row a group when a field is an aggregate."""
    if not ask.settings.events_table:
        return Answer(status=404, text="")
    projects = ask.chosen_projects()
    if not projects:
        return Answer(NO_PROJECT)
    fields = _fields(ask)
    size = per_page_of(ask)
    dataset = _dataset(ask)
    events = found_events(ask, projects, ask.one("query") or "")
    if dataset not in ERROR_DATASETS:
        events = []
    rows = _grouped(events, fields) if _aggregates(fields) else _plain(events, fields)
    page = page_of(ask, _sorted(rows, _sort_keys(ask, fields)), _cap(ask, size))
    data = [_printed(row) for row in page.items]
    return Answer({"data": data, "meta": _meta(fields, dataset)}, headers=page.headers)


def _cap(ask: Ask, size: int) -> int:
    return min(size, ask.settings.row_page_cap or size)


def _dataset(ask: Ask) -> str:
    told = ask.one("dataset") or "errors"
    names = sorted(ERROR_DATASETS + OTHER_DATASETS)
    if told not in names:
        raise bad(f"dataset must be one of: {', '.join(names)}")
    return told


def _fields(ask: Ask) -> list[str]:
    fields = [name for name in ask.many("field") if name]
    if not fields:
        raise bad("No columns selected")
    if len(fields) > MAX_FIELDS:
        raise bad(
            f"You can view up to {MAX_FIELDS} fields at a time. Please delete some and try again."
        )
    return fields


def _sort_keys(ask: Ask, fields: list[str]) -> list[str]:
    keys = [key for key in (ask.many("sort") or ask.many("orderby")) if key]
    if any(key.removeprefix("-") not in fields for key in keys):
        raise bad("Cannot sort by a field that is not selected.")
    return keys


def _aggregates(fields: list[str]) -> list[str]:
    return [name for name in fields if AGGREGATE.fullmatch(name)]


def _plain(events: list[Event], fields: list[str]) -> list[Row]:
    """One row an event. `id` and `project.name` come along unasked."""
    wanted = [*fields, *(name for name in ("id", "project.name") if name not in fields)]
    ordered = sorted(events, key=lambda event: event.id)
    return [{name: column(event, name) for name in wanted} for event in ordered]


def _grouped(events: list[Event], fields: list[str]) -> list[Row]:
    """One row a combination of the plain fields, with the aggregates over its events."""
    plain = [name for name in fields if not AGGREGATE.fullmatch(name)]
    computed = {name: _aggregate(name) for name in _aggregates(fields)}
    groups: dict[str, list[Event]] = {} if plain else {"": []}
    for event in events:
        key = repr([column(event, name) for name in plain]) if plain else ""
        groups.setdefault(key, []).append(event)
    rows = []
    for members in groups.values():
        facts = {name: column(members[0], name) for name in plain}
        facts |= {name: compute(members) for name, compute in computed.items()}
        rows.append({name: facts[name] for name in fields})
    return rows


def _aggregate(name: str) -> Callable[[Group], Any]:
    match = AGGREGATE.fullmatch(name)
    function, argument = match.groups() if match else ("", "")
    known: dict[str, Callable[[Group], Any]] = {
        "count": len,
        "count_unique": lambda events: len({str(column(one, argument)) for one in events}),
        "last_seen": lambda events: max((one.second for one in events), default=None),
        "min": lambda events: min((column(one, argument) for one in events), default=None),
        "max": lambda events: max((column(one, argument) for one in events), default=None),
    }
    if function not in known:
        raise bad(f"{function} is not a valid function")
    return known[function]


def _sorted(rows: list[Row], keys: list[str]) -> list[Row]:
    """Sorted by the keys, the first weighing most. Ties keep the order of their ids."""
    for key in reversed(keys):
        name = key.removeprefix("-")
        rows = sorted(rows, key=lambda row: _weight(row[name]), reverse=key.startswith("-"))
    return rows


def _weight(value: Any) -> tuple[bool, Any]:
    if value is None:
        return (False, 0)
    return (True, tuple(value) if isinstance(value, list) else value)


def _printed(row: Row) -> Row:
    return {
        name: iso_offset(value) if hasattr(value, "astimezone") else value
        for name, value in row.items()
    }


def _meta(fields: list[str], dataset: str) -> Json:
    kinds = {name: "integer" if AGGREGATE.fullmatch(name) else type_of(name) for name in fields}
    kinds |= {name: "date" for name in fields if name == "last_seen()"}
    return {
        "fields": kinds,
        "units": dict.fromkeys(fields),
        "isMetricsData": False,
        "isMetricsExtractedData": False,
        "tips": {"query": None, "columns": None},
        "datasetReason": "unchanged",
        "dataset": dataset,
    }
